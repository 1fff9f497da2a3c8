"""The words' part of a fit: a sparse matrix, both of its directions, and a ridge around what people state."""

from __future__ import annotations

import numpy as np

from kb.arrays import Numbers
from learning.clouds import Cloud, WordCard, cloud_of, pull_of
from learning.matches import WordMatches

__all__ = ["WordFit"]

_ALMOST_NONE = 1e-3  # ridge on the scale of stated strengths, where nobody stated any


class WordFit:
    """The words that these cases show, as one vector of points ω ≥ 0, word by word and class by class.

    Args:
        card: What is believed of all words.
        A: Which word stands where.
        start: Points to begin with, shape (w, K); None, or points of other words, for what people state.
        strength: λ.

    Attributes:
        first: Where ω begins, shape (v K,).
        unit: What ω is measured in while it is sought, so that all its parts curve the loss alike.
    """

    def __init__(self, card: WordCard, A: WordMatches | None, start: Numbers | None, strength: float) -> None:
        if A is None:
            raise ValueError("the scorecard has words, the matches have none")
        pattern = A.pattern
        counts = np.bincount(pattern.indices, minlength=pattern.shape[1])
        self._card, self.strength = card, strength
        self.shown = np.flatnonzero(counts)
        self._shown_card = WordCard(card.tau[self.shown], card.stated[self.shown])
        self.A = WordMatches(pattern if len(self.shown) == len(counts) else pattern[:, self.shown], A.scale)
        self._back = self.A.pattern.T.tocsr()
        reach = self._back @ self.A.scale**2
        curvature = strength + 0.25 * self._shown_card.tau**2 * reach[:, None]
        self.unit: Numbers = 1.0 / np.sqrt(curvature).ravel()
        self.stated = self._shown_card.stated.ravel()
        fits = start is not None and start.shape == card.tau.shape
        self.first = start[self.shown].ravel() if start is not None and fits else self.stated.copy()

    def cloud(self, omega: Numbers) -> Cloud:
        """What these points add to each case."""
        return cloud_of(self._shown_card, self.A, self._per_word(omega))

    def pull(self, omega: Numbers, slope: Cloud) -> Numbers:
        """The gradient in ω from that in the moments, shape (v K,)."""
        return pull_of(self._shown_card, self._back, self.A.scale, self._per_word(omega), slope).ravel()

    def _per_word(self, omega: Numbers) -> Numbers:
        return omega.reshape(self._shown_card.tau.shape)

    def scale(self, omega: Numbers) -> float:
        """The best c for these points, in closed form."""
        return max(float(self.stated @ omega), 0.0) / (float(self.stated @ self.stated) + _ALMOST_NONE)

    def penalty(self, omega: Numbers) -> tuple[float, Numbers]:
        """λ/2 |ω - c r|² at the best c, and its gradient."""
        c = self.scale(omega)
        away = omega - c * self.stated
        return 0.5 * self.strength * (float(away @ away) + _ALMOST_NONE * c * c), self.strength * away

    def in_full(self, omega: Numbers) -> Numbers:
        """Points of all words; those that D doesn't show speak as strongly as people say."""
        found = self.scale(omega) * self._card.stated
        found[self.shown] = self._per_word(omega)
        return found
