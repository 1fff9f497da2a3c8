"""A scikit-learn-like face for notebooks: fit, rate, predict_proba."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

from kb.address import ROOT
from kb.arrays import Numbers
from kb.errors import InputError
from kb.knowledge import KnowledgeBase, Tree, open_kb
from kb.statements import Statement
from kb.tables import TaskOptions, cases_from_columns, columns_of, prepare_task_from_columns
from learning.asking import Question, answer, questions
from learning.predicting import predict
from learning.search import learn

__all__ = ["PriorClassifier"]

_TARGET = "y"


class PriorClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Classifies by background knowledge that people can read and rate.

    An estimator of scikit-learn: ``clone``, ``cross_val_score`` and ``Pipeline`` take it.

    Args:
        about_train: One sentence that describes D.
        about_predict: A noun phrase that describes the cases to predict.
        seed: For splits, folds and drawn worlds.
        kb: URL of a knowledge base to keep the tree in; a temporary one if None.
        name: Of the tree.

    Attributes:
        classes_: The classes as they were given, sorted, shape (K,).

    >>> model = PriorClassifier(about_predict="birds seen elsewhere")
    >>> model.seed
    0
    """

    def __init__(
        self,
        *,
        about_train: str = "the labelled cases",
        about_predict: str = "the cases to predict",
        seed: int = 0,
        kb: str | None = None,
        name: str = "notebook",
    ) -> None:
        self.about_train, self.about_predict = about_train, about_predict
        self.seed, self.kb, self.name = seed, kb, name
        self._give_back: weakref.finalize[..., PriorClassifier] | None = None
        self._tree: Tree | None = None

    def fit(self, X: Any, y: ArrayLike, X_predict: Any = None) -> PriorClassifier:
        """Unpack Z from labelled cases.

        Args:
            X: D without its target: a data frame, or a mapping of column to values.
            y: The labels, of any one type; ``predict`` gives them back as they are.
            X_predict: Cases as they will be predicted, without labels; X if None, so nothing differs.
        """
        self.close()
        labels = np.asarray(y)
        x, target = columns_of(X), _TARGET
        while target in x:  # a column may have that name
            target += "_"
        train = {**x, target: np.array([str(label) for label in labels], dtype=object)}
        others = columns_of(X if X_predict is None else X_predict)
        options = TaskOptions(about_train=self.about_train, about_predict=self.about_predict, seed=self.seed)
        prepared = prepare_task_from_columns(
            self.name, train=train, predict=others, target=target, options=options
        )
        folder = None if self.kb else tempfile.mkdtemp(prefix="priory-")
        kb = open_kb(self.kb or f"sqlite:///{Path(folder or '') / 'notebook.db'}")
        self._give_back = weakref.finalize(self, _give_back, kb, folder)
        self._tree = kb.create(prepared)
        self.classes_ = np.unique(labels)
        learn(self._tree, seed=self.seed)
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return self._tree is not None

    @property
    def tree(self) -> Tree:
        """Z, with all that ``priory`` can do with it.

        Raises:
            InputError: ``fit`` was not called.
        """
        if self._tree is None:
            raise InputError("the classifier is not fitted.", remedy="Call fit(X, y) first.")
        return self._tree

    def questions(self, limit: int = 7, *, rater: str = "human:me") -> list[Question]:
        """What is worth asking a person, most valuable first."""
        return questions(self.tree, rater=rater, limit=limit)

    def rate(
        self,
        ratings: Mapping[str, float],
        *,
        rater: str = "human:me",
        as_D: float | None = None,
    ) -> PriorClassifier:
        """Say how plausible it is that statements also hold for the cases to predict.

        Args:
            ratings: Address or column (its aspect) → probability in [0, 1].
            rater: Who says so.
            as_D: Probability that those cases are drawn and labelled as D was.

        Raises:
            InputError: A value outside [0, 1], or a column that no aspect is about.
        """
        for name, value in {**ratings, **({} if as_D is None else {"as_D": as_D})}.items():
            if not 0.0 <= value <= 1.0:
                raise InputError(
                    f"{value:g} is no probability.", where=name, remedy="Give one from 0 to 1, such as .9."
                )
        if as_D is not None:
            answer(self.tree, Question("task", ROOT, self.about_predict), rater=rater, value=as_D)
        for name, value in ratings.items():
            answer(self.tree, self._address(name), rater=rater, value=value)
        return self

    def _address(self, name: str) -> str:
        if name[:1] == "0" and (name == "0" or name[1:2] in (".", "@")):
            return name
        about = [s for s in self.tree.walk() if s.kind == "aspect" and name in s.draft.columns]
        if not about:
            known = sorted({c for s in self.tree.walk() if s.kind == "aspect" for c in s.draft.columns})
            raise InputError(
                f"no aspect is about {name!r}.",
                where=self.name,
                remedy=f"There are: {', '.join(known)[:300]}.",
            )
        return min(about, key=lambda s: len(s.draft.columns)).address

    def statements(self) -> list[Statement]:
        """Z in depth-first order, with points and plausibilities."""
        return list(self.tree.walk())

    def predict_proba(self, X: Any) -> Numbers:
        """Forecasts in expectation over the worlds that people believe in, shape (n, K) as ``classes_``."""
        column = {name: k for k, name in enumerate(self.tree.task.classes)}
        p = predict(self.tree, cases_from_columns(X, self.tree.task)).p
        return p[:, [column[str(label)] for label in self.classes_]]

    def predict(self, X: Any) -> NDArray[Any]:
        """The most likely class of each case, shape (n,)."""
        found: NDArray[Any] = self.classes_[self.predict_proba(X).argmax(axis=1)]
        return found

    def close(self) -> None:
        """Give the knowledge base back; a temporary one is gone then."""
        if self._give_back is not None:
            self._give_back()
        self._give_back = self._tree = None


def _give_back(kb: KnowledgeBase, folder: str | None) -> None:
    kb.close()
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
