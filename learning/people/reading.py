"""What an imitator of people may look at: of each case, what Z says of it and x. No label has a door here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kb.address import depth
from kb.arrays import Codes, Numbers
from kb.cases import Cases
from kb.knowledge import Tree
from kb.task import Task
from learning.fitting import Fit
from learning.matches import Matches
from learning.people.forecasts import Forecast

__all__ = ["Reading", "Said", "reading_of", "said_of"]

_TEXT_WEIGHT = 1.0  # an embedding has unit length; a standardised number has variance one


@dataclass(frozen=True, slots=True)
class Said:
    """People's forecasts as numbers, one row each.

    Attributes:
        cases: Positions in D*, shape (n,).
        p: Probabilities, shape (n, K).
        raters: Who said it, n of them.
    """

    cases: Codes
    p: Numbers
    raters: tuple[str, ...]

    def take(self, rows: Codes) -> Said:
        """Some of them."""
        return Said(self.cases[rows], self.p[rows], tuple(self.raters[int(i)] for i in rows))

    def about(self, cases: Sequence[int]) -> Said:
        """Those about some cases, in the order in which the cases are given."""
        rows = [int(i) for case in cases for i in np.flatnonzero(self.cases == case)]
        return self.take(np.array(rows, dtype=np.int64))

    def by_case(self, cases: Sequence[int]) -> Numbers:
        """Per case the mean of all raters' forecasts, shape (len(cases), K); NaN where there is none."""
        found = np.full((len(cases), self.p.shape[1]), np.nan)
        for i, case in enumerate(cases):
            rows = self.cases == case
            if rows.any():
                found[i] = self.p[rows].mean(axis=0)
        return found


def said_of(forecasts: Sequence[Forecast], classes: Sequence[str]) -> Said:
    """Forecasts as numbers, in their order."""
    p = np.array([[f.probabilities.get(name, 0.0) for name in classes] for f in forecasts], dtype=np.float64)
    p = p.reshape(-1, len(classes))
    return Said(
        np.array([f.case for f in forecasts], dtype=np.int64),
        p / np.maximum(p.sum(axis=1, keepdims=True), 1e-12),
        tuple(f.rater for f in forecasts),
    )


@dataclass(frozen=True, slots=True)
class Reading:
    """Some cases as an imitator sees them.

    Attributes:
        fit: Z with its numbers; how they came about is nobody's business here.
        A: Which claim and which word speaks about which of the n cases.
        x: The case itself as numbers, shape (n, d).
        depth: Per claim how far below the root it stands, shape (m,).
        group: Per claim the index of the set of columns that it speaks about, shape (m,).
        word_depth: Per word how far below the root it stands, shape (w,).
    """

    fit: Fit
    A: Matches
    x: Numbers
    depth: Numbers
    group: Codes
    word_depth: Numbers

    @property
    def n(self) -> int:
        """How many cases."""
        return len(self.x)

    @property
    def statements(self) -> int:
        """How many claims and words Z has."""
        return len(self.depth) + len(self.word_depth)

    def take(self, rows: Codes) -> Reading:
        """Some of the cases."""
        return replace(self, A=self.A[rows], x=self.x[rows])


def reading_of(tree: Tree, fit: Fit, cases: Cases) -> Reading:
    """Cases of D*, or like those of D*, as an imitator sees them.

    How x becomes numbers is learnt from the unlabelled cases of D*.
    """
    claims = fit.background.stand_ins()
    groups: dict[frozenset[str], int] = {}
    group = [groups.setdefault(frozenset(s.draft.columns), len(groups)) for s in claims]
    return Reading(
        fit=fit,
        A=fit.background.matches(cases),
        x=encoded(tree.task, tree.Dstar, cases),
        depth=np.array([float(depth(s.address)) for s in claims]),
        group=np.array(group, dtype=np.int64),
        word_depth=np.array([float(depth(s.address)) for s in fit.background.words.statements]),
    )


def encoded(task: Task, like: Cases, cases: Cases) -> Numbers:
    """The cases as numbers, shape (n, d): columns as the classical rows see them, texts by meaning.

    Texts are left out where the model that reads them is not installed.
    """
    from kb.embedding import embed, is_embedding_installed
    from learning.baselines import encoding

    parts = [encoding(like).matrix(cases)]
    for column in task.columns:
        if column.type == "text" and is_embedding_installed():
            texts = ["" if text is None else str(text) for text in cases.values(column.name)]
            parts.append(_TEXT_WEIGHT * embed(texts).astype(np.float64))
    return np.hstack(parts)
