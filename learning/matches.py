"""Matches: which statement speaks about which case, table claims as an array, words as a sparse matrix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from kb.arrays import Codes, Mask, Numbers

__all__ = ["Matches", "WordMatches", "word_matches"]


@dataclass(frozen=True, slots=True)
class WordMatches:
    """Which word stands in which case, and how much one word counts there.

    Attributes:
        pattern: Ones, float64, shape (n, w).
        scale: What one word weighs in each case, shape (n,): long texts repeat themselves, so a case in which
            n_x words stand counts each as √(usual / n_x).
    """

    pattern: sparse.csr_array
    scale: Numbers

    def __len__(self) -> int:
        return len(self.scale)

    def __getitem__(self, rows: Codes | Mask | slice) -> WordMatches:
        return WordMatches(self.pattern[rows], self.scale[rows])


def word_matches(pattern: sparse.csr_array, usual: float) -> WordMatches:
    """Matches with their scale.

    Args:
        pattern: Ones where a word stands, shape (n, w).
        usual: Words that stand in a usual case, such as the median of D.
    """
    per_case = np.maximum(np.diff(pattern.indptr), 1).astype(np.float64)
    return WordMatches(pattern, np.sqrt(max(usual, 1.0) / per_case))


@dataclass(frozen=True, slots=True)
class Matches:
    """What Z says of some cases.

    Attributes:
        claims: Which table claim speaks about which case, 0 or 1, shape (n, m).
        words: The words of text columns; None where Z has none.
    """

    claims: Numbers
    words: WordMatches | None = None

    def __len__(self) -> int:
        return len(self.claims)

    def __getitem__(self, rows: Codes | Mask | slice) -> Matches:
        return Matches(self.claims[rows], None if self.words is None else self.words[rows])
