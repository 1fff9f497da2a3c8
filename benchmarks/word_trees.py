"""Trees over texts for the benchmarks: a statement for every word, and fits of them.

Everything here is put together from the product's own functions: the tokens, the store, Prior, the asking and
the fit. The store is a file in a temporary folder.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks.texts import Texts
from kb.address import Address
from kb.arrays import Codes, Numbers
from kb.conditions import contains
from kb.knowledge import Tree, open_kb
from kb.records import Judgement
from kb.statements import Draft, Statement
from kb.tables import TaskOptions, prepare_task_from_columns
from kb.tokens import split_phrase
from learning.background import Background, background_of
from learning.beliefs import prior_of
from learning.fitting import Fit, fit_numbers, strength_of_words, with_strength
from learning.prior import Prior
from learning.recorded import RecordedRaters
from learning.side_answers import Elsewhere, said_of_words
from learning.word_strength import WordStrength
from learning.word_vectors import Half, WordVectors
from unpacking.vocabulary import vocabulary_of

CLASSES = ("negative", "positive")
COLUMN, TARGET = "words", "verdict"
KEPT = Path(tempfile.gettempdir()) / "priory-bench-words.npz"


@dataclass(frozen=True, slots=True)
class WordTask:
    """A tree with a statement for every word, and what its fits need.

    Attributes:
        tree: In its temporary store.
        background: Its statements.
        D: The labelled texts, which are in the tree.
        Dstar: Those to predict; their classes are for scoring alone.
    """

    tree: Tree
    background: Background
    D: Texts
    Dstar: Texts

    def codes(self, texts: Texts) -> Codes:
        """Classes in the order of the tree."""
        order = [self.tree.task.classes.index(name) for name in CLASSES]
        return np.array(order)[texts.y]

    def positive(self, p: Numbers) -> Numbers:
        """P(positive), shape (n,)."""
        found: Numbers = p[:, self.tree.task.classes.index("positive")]
        return found


@contextmanager
def word_task(
    D: Texts, Dstar: Texts, rated: RecordedRaters, *, prior_only: bool = True
) -> Iterator[WordTask]:
    """A tree of words.

    Args:
        D: Labelled texts.
        Dstar: Texts to predict.
        rated: Words that people rated.
        prior_only: Also words that D shows in fewer than three texts or not at all.
    """
    prepared = prepare_task_from_columns(
        "words",
        train={COLUMN: list(D.texts), TARGET: [CLASSES[k] for k in D.y]},
        predict={COLUMN: list(Dstar.texts)},
        target=TARGET,
        options=TaskOptions(),
    )
    with tempfile.TemporaryDirectory() as folder, open_kb(f"sqlite:///{Path(folder) / 'words.db'}") as kb:
        tree = kb.create(prepared)
        phrases = _phrases(tree, rated, prior_only=prior_only)
        aspect = Statement(Address("0.0"), Draft("The words tell the verdict.", "aspect", columns=(COLUMN,)))
        said = [
            Statement(
                Address(f"0.0.{i}"),
                Draft(f"The text says “{phrase}”.", "claim", contains(COLUMN, phrase), columns=(COLUMN,)),
            )
            for i, phrase in enumerate(phrases)
        ]
        tree.store.put_statements(tree.tree_id, [aspect, *said])
        yield WordTask(tree, background_of(tree), D, Dstar)


def _phrases(tree: Tree, rated: RecordedRaters, *, prior_only: bool) -> list[str]:
    """What the unpacker would say of the column, and rated words that fewer than three texts hold."""
    column = next(c for c in tree.task.columns if c.name == COLUMN)
    words = vocabulary_of(tree.task, column, tree.D, tree.Dstar)
    if not prior_only:
        return [phrase for phrase, shown in zip(words.phrases, words.is_shown, strict=True) if shown]
    here = {*tree.D.cases.texts(COLUMN).vocabulary, *tree.Dstar.texts(COLUMN).vocabulary}
    rare = {phrase for phrase in here if split_phrase(phrase).words in rated.answers}
    return sorted(rare | set(words.phrases))


def prior_now(task: WordTask, judgements: Sequence[Judgement], elsewhere: Sequence[Elsewhere] = ()) -> Prior:
    """Prior from some judgements, with vectors that all trees of a run share."""
    said = said_of_words(judgements, task.tree.task.classes, elsewhere)
    prior = prior_of(task.tree, judgements, task.background.every)
    return replace(prior, said_of_words=said, vectors=shared_vectors())


@cache
def shared_vectors() -> WordVectors:
    """Of words, kept in the temporary folder between runs."""
    known: dict[str, Half] = {}
    if KEPT.is_file():
        with np.load(KEPT) as stored:
            known = dict(zip(stored["words"].tolist(), stored["vectors"], strict=True))
    return WordVectors(known, _keep)


def _keep(vectors: Mapping[str, Half]) -> None:
    np.savez(KEPT, words=np.array(list(vectors)), vectors=np.array(list(vectors.values())))


def fit_now(
    task: WordTask,
    prior: Prior,
    *,
    strength: float | None = 1.0,
    on: Codes | None = None,
    spread: bool = True,
) -> Fit:
    """Z with its numbers; nobody was asked about the task, so D* is taken to be another place.

    Args:
        task: Whose words.
        prior: What people said.
        strength: λ of the words; None chooses it on D.
        on: Rows of D to fit; all if None.
        spread: Count how strongly words speak on D*, and doubt it; without, as on D.
    """
    tree = task.tree
    card = task.background.scorecard(prior, tree.task.classes)
    known = strength_of_words(tree, task.background, prior) if spread else WordStrength(1.0, 0.0)
    card = with_strength(card, known)
    rows = np.arange(tree.D.n) if on is None else on
    A = task.background.matches(tree.D.cases)[rows]
    points = fit_numbers(
        card, A, tree.D.y[rows], seed=0, strength=None if strength is None else (1.0, strength)
    )
    return Fit(task.background, prior, card, points, points, 0.0, 0)
