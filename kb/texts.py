"""Texts: which word or phrase stands in which text, as a sparse matrix."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kb.arrays import Codes, Mask
from kb.tokens import canonical_phrase, marks, split_phrase, tokens

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["TextIndex", "passage", "text_index"]

_END = -1  # between two texts, so that no phrase reaches over


class TextIndex:
    """The tokens of some texts.

    Args:
        texts: Shape (n,); None where there is no text, which contains nothing.
        flat: Places in the vocabulary, text after text, each behind an end mark.
        starts: Where each text starts in ``flat``, shape (n + 1,).
        vocabulary: Token → its place, in the order in which tokens were first met.
    """

    def __init__(
        self, texts: NDArray[np.object_], flat: NDArray[np.int32], starts: Codes, vocabulary: dict[str, int]
    ) -> None:
        self.texts, self._flat, self._starts, self.vocabulary = texts, flat, starts, vocabulary
        self.n = len(texts)

    @cached_property
    def matrix(self) -> csr_array:
        """Ones where a token stands in a text, shape (n, tokens)."""
        lengths = np.diff(self._starts)
        rows = np.repeat(np.arange(self.n), lengths)
        is_token = self._flat != _END
        return _ones(rows[is_token], self._flat[is_token], (self.n, len(self.vocabulary)))

    @cached_property
    def _marked(self) -> tuple[csr_array, dict[str, int]]:
        return _of_sets(marks(text) if text else () for text in self.texts)

    @property
    def marked_phrases(self) -> list[str]:
        """Marks that occur, see ``kb.tokens.marks``, but for negation, which is a token of its own."""
        return list(self._marked[1])

    @property
    def missing(self) -> Mask:
        """Where there is no text, shape (n,)."""
        return np.array([text is None for text in self.texts], dtype=np.bool_)

    def lengths(self) -> Codes:
        """Words per text, shape (n,)."""
        found: Codes = np.maximum(np.diff(self._starts) - 1, 0)
        return found

    def counts(self, phrases: Sequence[str] | None = None) -> Codes:
        """How many texts contain each phrase; all tokens of the vocabulary if None."""
        found = self.matrix if phrases is None else self.pattern(phrases)
        return np.bincount(found.indices, minlength=found.shape[1]).astype(np.int64)

    def contains(self, phrase: str) -> Mask:
        """Which texts contain a phrase, shape (n,)."""
        found = np.zeros(self.n, dtype=np.bool_)
        if said := canonical_phrase(phrase):
            found[self._rows(said)] = True
        return found

    def pattern(self, phrases: Sequence[str]) -> csr_array:
        """Ones where a text contains a phrase, shape (n, phrases).

        Args:
            phrases: In the form that ``canonical_phrase`` gives, each once.
        """
        column = {phrase: k for k, phrase in enumerate(phrases)}
        if len(column) < len(phrases):
            raise ValueError("a phrase is asked for twice")
        found = [_picked(self.matrix, self.vocabulary, column)]
        others = [phrase for phrase in phrases if phrase not in self.vocabulary]
        marked = [phrase for phrase in others if _is_marked(phrase)]
        if marked:
            found.append(_picked(*self._marked, {phrase: column[phrase] for phrase in marked}))
        for phrase in others:
            if not _is_marked(phrase):
                rows = self._rows(phrase)
                found.append((rows, np.full(len(rows), column[phrase])))
        rows, columns = (np.concatenate(ends) for ends in zip(*found, strict=True))
        return _ones(rows, columns, (self.n, len(phrases)))

    def take(self, rows: NDArray[np.int64] | Mask) -> TextIndex:
        """The texts at ``rows``, indices or a mask; nothing is read again."""
        places = np.flatnonzero(rows) if rows.dtype == np.bool_ else np.asarray(rows, dtype=np.int64)
        lengths = np.diff(self._starts)[places]
        starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        shift = np.repeat(self._starts[:-1][places] - starts[:-1], lengths)
        return TextIndex(
            self.texts[places], self._flat[np.arange(starts[-1]) + shift], starts, self.vocabulary
        )

    def _rows(self, phrase: str) -> Codes:
        """Texts that contain one phrase, in order."""
        if phrase in self.vocabulary:
            return self._rows_of(np.flatnonzero(self._flat == self.vocabulary[phrase]))
        if _is_marked(phrase):
            return np.sort(_picked(*self._marked, {phrase: 0})[0])
        if len(phrase) == 1 and not phrase.isascii():  # one letter of a script that is read in pairs
            some = [place for token, place in self.vocabulary.items() if phrase in token and len(token) == 2]
            return self._rows_of(np.flatnonzero(np.isin(self._flat, some)))
        wanted = [self.vocabulary.get(token, _END - 1) for token in tokens(phrase)]
        if len(wanted) < 2 or min(wanted) < 0:
            return np.zeros(0, dtype=np.int64)
        at = np.flatnonzero(self._flat[: len(self._flat) - len(wanted) + 1] == wanted[0])
        for step, place in enumerate(wanted[1:], start=1):
            at = at[self._flat[at + step] == place]
        return self._rows_of(at)

    def _rows_of(self, at: NDArray[np.integer]) -> Codes:
        """Texts that hold these places of ``flat``, each once."""
        return np.unique(np.searchsorted(self._starts, at, side="right") - 1).astype(np.int64)


def _is_marked(phrase: str) -> bool:
    """Whether it is none of the tokens that stand in a text as they are."""
    return split_phrase(phrase).mark not in {"", "not"}


def _picked(matrix: csr_array, places: Mapping[str, int], columns: Mapping[str, int]) -> tuple[Codes, Codes]:
    """Rows and new columns of the entries whose phrase has a new column."""
    target = np.full(matrix.shape[1], -1, dtype=np.int64)
    for phrase, column in columns.items():
        if phrase in places:
            target[places[phrase]] = column
    entries = matrix.tocoo()
    at = target[entries.col]
    return entries.row[at >= 0].astype(np.int64), at[at >= 0]


def text_index(texts: Iterable[str | None]) -> TextIndex:
    """The index of some texts, each read once."""
    vocabulary: dict[str, int] = {}
    flat, starts, kept = array("i"), [0], []
    for text in texts:
        kept.append(text)
        if text is not None:
            flat.extend(vocabulary.setdefault(token, len(vocabulary)) for token in tokens(text))
        flat.append(_END)
        starts.append(len(flat))
    given = np.empty(len(kept), dtype=np.object_)
    given[:] = kept
    return TextIndex(given, np.array(flat, dtype=np.int32), np.array(starts, dtype=np.int64), vocabulary)


def passage(text: str, phrase: str, *, letters: int = 160) -> str:
    """A part of a text, around the first place where a phrase stands; its start where none does.

    >>> passage("It began well. In the end it was not a good film at all.", "not good", letters=32)
    '… it was not a good film at …'
    """
    text = " ".join(text.split())
    if len(text) <= letters:
        return text
    words = split_phrase(phrase).words.split()
    found = re.search(_standing(words), text, re.IGNORECASE) if words else None
    middle = (found.start() + found.end()) // 2 if found else 0
    start = max(0, min(middle - letters // 2, len(text) - letters + 2))
    end = min(len(text), start + letters - 2 * (start > 0))
    if start > 0:
        start = text.find(" ", start) + 1 or start
    if end < len(text):
        end = max(text.rfind(" ", start, end - 1), start + 1)
    return ("… " if start else "") + text[start:end] + (" …" if end < len(text) else "")


def _standing(words: Sequence[str]) -> str:
    """A pattern for words that follow each other and are no part of longer ones."""
    inside = r"\W+".join(map(re.escape, words))
    return rf"(?<!\w){inside}(?!\w)" if words[0][0].isascii() else inside


def _of_sets(found: Iterable[Iterable[str]]) -> tuple[csr_array, dict[str, int]]:
    places: dict[str, int] = {}
    rows, columns = array("i"), array("i")
    n = 0
    for row, phrases in enumerate(found):
        n = row + 1
        for phrase in sorted(phrases):
            rows.append(row)
            columns.append(places.setdefault(phrase, len(places)))
    return _ones(np.array(rows), np.array(columns), (n, len(places))), places


def _ones(rows: NDArray[np.integer], columns: NDArray[np.integer], shape: tuple[int, int]) -> csr_array:
    """Ones at these places, once each however often they are named."""
    from scipy import sparse

    found = sparse.coo_array((np.ones(len(rows)), (rows, columns)), shape=shape).tocsr()
    found.sum_duplicates()
    found.data[:] = 1.0
    return found
