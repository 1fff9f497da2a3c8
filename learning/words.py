"""Words: the statements of Z that say of a text column which word or phrase it contains.

There are thousands of them, so they never form an array with a row per case; each has a switch of its own for
every class that it may speak for. With two classes that is the same as two statements with a side each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from kb.address import Address
from kb.arrays import Codes, Numbers
from kb.cases import Cases
from kb.conditions import contained_phrase
from kb.knowledge import Tree
from kb.statements import Statement
from kb.task import Column
from kb.tokens import split_phrase
from learning.clouds import WordCard
from learning.expectation import expectation_over
from learning.matches import Matches, WordMatches, word_matches
from learning.scorecard import Points, Scorecard, fit_points, forecast
from learning.strength import choose_word_strength as choose_strength_of_words
from learning.switches import Switchboard

__all__ = [
    "Words",
    "choose_word_strength",
    "fit_words",
    "forecast_words",
    "is_word",
    "words_of",
]


@dataclass(frozen=True, slots=True)
class Words:
    """The words and phrases of Z, w of them, each once however many statements name it.

    Attributes:
        statements: Per word the first statement that names it.
        columns: Per word its text column.
        phrases: Per word the phrase.
        sides: Per word the code of the one class that a person gave it, or -1 for all, shape (w,).
        place: Address → word, of all statements that name one.
        turns: Per word the index of the word that it is a marked form of ("good" of "not good"), or -1.
        in_D: Texts of D that contain it, shape (w,).
        in_Dstar: Likewise of D*.
        usual: Median number of words that stand in a case of D.
    """

    statements: tuple[Statement, ...] = ()
    columns: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    sides: Codes = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    place: Mapping[Address, int] = field(default_factory=dict)
    turns: Codes = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    in_D: Codes = field(default_factory=lambda: np.zeros(0, dtype=np.int64))  # noqa: N815
    in_Dstar: Codes = field(default_factory=lambda: np.zeros(0, dtype=np.int64))  # noqa: N815
    usual: float = 1.0

    def __len__(self) -> int:
        return len(self.phrases)

    def matches(self, cases: Cases) -> WordMatches:
        """Which word stands in which case."""
        return word_matches(_pattern(self.columns, self.phrases, cases), self.usual)


def is_word(statement: Statement, columns: Sequence[Column]) -> bool:
    """Whether it says no more than that a text contains a word or phrase."""
    when = statement.draft.when
    return when is not None and contained_phrase(when, columns) is not None


def words_of(tree: Tree, statements: Sequence[Statement]) -> Words:
    """The words that some statements name; statements about anything else are passed over."""
    columns, phrases, firsts, sides = list[str](), list[str](), list[Statement](), list[int]()
    place: dict[Address, int] = {}
    known: dict[tuple[str, str, int], int] = {}
    codes = {name: k for k, name in enumerate(tree.task.classes)}
    for statement in statements:
        said = contained_phrase(statement.draft.when or "", tree.task.columns)
        if said is None:
            continue
        side = codes.get(statement.draft.side or "", -1)
        key = (*said, side)
        if key not in known:
            known[key] = len(known)
            columns.append(said[0])
            phrases.append(said[1])
            firsts.append(statement)
            sides.append(side)
        place[statement.address] = known[key]
    if not known:
        return Words()
    pattern = _pattern(columns, phrases, tree.D.cases)
    return Words(
        tuple(firsts),
        tuple(columns),
        tuple(phrases),
        np.array(sides, dtype=np.int64),
        place,
        _turned(columns, phrases),
        _counts(pattern),
        _counts(_pattern(columns, phrases, tree.Dstar)),
        float(np.median(np.diff(pattern.indptr))) if pattern.shape[0] else 1.0,
    )


def _turned(columns: Sequence[str], phrases: Sequence[str]) -> Codes:
    places = {(column, phrase): i for i, (column, phrase) in enumerate(zip(columns, phrases, strict=True))}
    plain = (split_phrase(phrase) for phrase in phrases)
    bases = ((column, words if mark else "") for column, (mark, words) in zip(columns, plain, strict=True))
    return np.array([places.get(base, -1) for base in bases], dtype=np.int64)


def _counts(pattern: sparse.csr_array) -> Codes:
    return np.bincount(pattern.indices, minlength=pattern.shape[1]).astype(np.int64)


def _pattern(columns: Sequence[str], phrases: Sequence[str], cases: Cases) -> sparse.csr_array:
    """Ones where a phrase stands in its column, shape (n, w)."""
    parts, order = [], []
    for column in dict.fromkeys(columns):
        here = [i for i, name in enumerate(columns) if name == column]
        unique = list(dict.fromkeys(phrases[i] for i in here))
        found = cases.texts(column).pattern(unique)
        if len(unique) < len(here):
            at = {phrase: k for k, phrase in enumerate(unique)}
            found = found[:, [at[phrases[i]] for i in here]]
        parts.append(found)
        order += here
    if not parts:
        return sparse.csr_array((cases.n, 0))
    if len(parts) == 1:
        return parts[0]
    return sparse.csr_array(sparse.hstack(parts, format="csr")[:, np.argsort(order)])


def _alone(card: WordCard) -> Scorecard:
    """A scorecard of words and nothing else."""
    return Scorecard(Switchboard((), (), (), ()), (), card.tau.shape[1], card)


def _only(A: WordMatches) -> Matches:
    return Matches(np.zeros((len(A), 0)), A)


def fit_words(
    card: WordCard, A: WordMatches, y: Codes, *, strength: float = 1.0, start: Points | None = None
) -> Points:
    """The points of words alone, without any table; ``fit_points`` fits both.

    Args:
        card: What is believed of the words.
        A: Which word stands where, n cases.
        y: Class of each case, shape (n,).
        strength: λ.
        start: Where to begin.
    """
    scorecard = _alone(card)
    expectation = expectation_over(scorecard.board, len(y), scorecard.classes, seed=0)
    return fit_points(scorecard, _only(A), y, expectation, word_strength=strength, start=start)


def choose_word_strength(card: WordCard, A: WordMatches, y: Codes, *, seed: int) -> float:
    """λ of words alone, by cross-validation on these cases."""
    fold = np.random.default_rng(seed).permutation(len(y)) % 5
    folds = [
        (np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(5 if len(y) < 2_000 else 1)
    ]
    return choose_strength_of_words(_alone(card), _only(A), y, folds, seed=seed)[0]


def forecast_words(card: WordCard, points: Points, A: WordMatches) -> Numbers:
    """P(y | x) from words alone, in expectation over their worlds, shape (n, K)."""
    scorecard, matches = _alone(card), _only(A)
    expectation = expectation_over(scorecard.board, len(A), scorecard.classes, seed=0)
    return forecast(scorecard, points, matches, expectation)
