"""Vocabularies: the words and phrases of a text column that D and D* support statements about."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kb.arrays import Codes, Mask, Numbers
from kb.cases import Cases, Labelled
from kb.task import Column, Task
from kb.texts import TextIndex
from kb.tokens import split_phrase
from unpacking.counts import fold_of, nats_per_phrase, odds_of_phrases, out_of_fold_odds

__all__ = ["LEAST_TEXTS", "Vocabulary", "pieces_of", "text_pieces", "vocabulary_of"]

LEAST_TEXTS = 3  # that hold a phrase, of D, or of D and D* together where D is silent
MOST_PHRASES = 20_000  # of one column, the most frequent ones
PIECES = 5  # that the cases of one class are cut into
SHORT = 40  # words: in texts up to so long how a word is said is a statement of its own


@dataclass(frozen=True)
class Vocabulary:
    """The phrases of one text column, w of them, those that earn most on D first.

    Attributes:
        column: Which.
        phrases: As ``kb.tokens`` writes them.
        nats: What each earns on D alone, out of fold, shape (w,).
        odds: Log of how much more often it stands in cases of a class than in all, shape (w, K).
        in_D: Texts of D that hold it, shape (w,).
        in_Dstar: Likewise of D*.
        n_D: Texts of D.
        n_Dstar: Texts of D*.
    """

    column: Column
    phrases: tuple[str, ...]
    nats: Numbers
    odds: Numbers
    in_D: Codes  # noqa: N815  # D is the name of the labelled cases
    in_Dstar: Codes  # noqa: N815
    n_D: int  # noqa: N815
    n_Dstar: int  # noqa: N815

    def __len__(self) -> int:
        return len(self.phrases)

    @property
    def is_shown(self) -> Mask:
        """Which phrases D shows often enough to learn from, shape (w,)."""
        found: Mask = self.in_D >= LEAST_TEXTS
        return found

    @cached_property
    def forms(self) -> dict[str, list[int]]:
        """Word → the places of its marked forms, for words that are in the vocabulary themselves."""
        known = set(self.phrases)
        found: dict[str, list[int]] = {}
        for i, phrase in enumerate(self.phrases):
            mark, words = split_phrase(phrase)
            if mark and words in known:
                found.setdefault(words, []).append(i)
        return found


def vocabulary_of(task: Task, column: Column, labelled: Labelled, unlabelled: Cases) -> Vocabulary:
    """The phrases that a text column of D and D* supports statements about."""
    D, Dstar = labelled.cases.texts(column.name), unlabelled.texts(column.name)
    phrases = _candidates(D, Dstar)
    pattern, y, classes = D.pattern(phrases), labelled.y, len(task.classes)
    nats = nats_per_phrase(pattern, y, fold_of(len(y), task.seed), classes)
    in_D, in_Dstar = D.counts(phrases), Dstar.counts(phrases)
    order = np.lexsort((np.array(phrases, dtype=object).astype(str), -in_Dstar, -np.round(nats, 6)))
    return Vocabulary(
        column,
        tuple(phrases[i] for i in order),
        nats[order],
        odds_of_phrases(pattern, y, classes)[order],
        in_D[order],
        in_Dstar[order],
        D.n,
        Dstar.n,
    )


def _candidates(D: TextIndex, Dstar: TextIndex) -> list[str]:
    """Phrases that enough texts hold, at most so many, the most frequent ones."""
    is_short = bool(Dstar.n) and float(np.median(Dstar.lengths())) <= SHORT
    found: dict[str, int] = {}
    for index in (D, Dstar):
        names = list(index.vocabulary) + (index.marked_phrases if is_short else [])
        for phrase, n in zip(names, index.counts(names), strict=True):
            found[phrase] = found.get(phrase, 0) + int(n)
    enough = [phrase for phrase, n in found.items() if n >= LEAST_TEXTS]
    return sorted(sorted(enough), key=lambda phrase: -found[phrase])[:MOST_PHRASES]


def text_pieces(texts: TextIndex, y: Codes, fold: Codes, classes: int) -> Codes | None:
    """Cases in pieces by what their words say together, learnt on other folds, shape (n,); None if none."""
    counts = texts.counts()
    phrases = [phrase for phrase, place in texts.vocabulary.items() if counts[place] >= LEAST_TEXTS]
    if not phrases or not len(y):
        return None
    codes = pieces_of(out_of_fold_odds(texts.pattern(phrases), y, fold, classes))
    return codes if codes.max() > 0 else None


def pieces_of(odds: Numbers) -> Codes:
    """Cases in five pieces for each class that their words speak for most, by how surely, shape (n,)."""
    top = odds.argmax(axis=1)
    lead = odds.max(axis=1) - np.sort(odds, axis=1)[:, -2]
    pieces = np.zeros(len(odds), dtype=np.int64)
    for k in np.unique(top):
        here = np.flatnonzero(top == k)
        cuts = np.quantile(lead[here], np.linspace(0, 1, PIECES + 1)[1:-1])
        pieces[here] = k * PIECES + np.searchsorted(cuts, lead[here], side="right")
    return np.unique(pieces, return_inverse=True)[1].astype(np.int64)
