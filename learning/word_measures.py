"""What words are worth, one by one and in the groups that they stand in, from sparse matrices alone."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

import numpy as np

from kb.address import Address
from kb.arrays import Codes, Mask, Numbers
from kb.statements import Measures
from kb.task import Task
from learning.matches import WordMatches
from learning.prior import Belief
from learning.scorecard import Points, Scorecard
from learning.words import Words
from unpacking.counts import nats_per_phrase, out_of_fold_odds
from unpacking.vocabulary import pieces_of

__all__ = ["WordMeasures"]

ALARM_NATS = 5.0
ALARM_PLAUSIBILITY = 0.3


class WordMeasures:
    """Measures of the words of one fit.

    Args:
        words: The words of Z.
        on_D: Which of them stands in which of n cases of D; None without words.
        on_Dstar: Likewise for D*.
        y: Class of each of the n cases, shape (n,).
        fold: Fold of each of them, shape (n,).
        scorecard: What is believed.
        points: What was fitted.
    """

    def __init__(  # noqa: PLR0913  # what a measure is made of
        self,
        words: Words,
        on_D: WordMatches | None,
        on_Dstar: WordMatches | None,
        y: Codes,
        fold: Codes,
        scorecard: Scorecard,
        points: Points,
    ) -> None:
        self._words, self._on_D, self._on_Dstar = words, on_D, on_Dstar
        self._y, self._fold, self._card, self._points = y, fold, scorecard, points
        self._places = sorted(words.place.items())
        self._addresses = [address for address, _ in self._places]
        if on_D is not None and on_Dstar is not None:
            self._nats = nats_per_phrase(on_D.pattern, y, fold, scorecard.classes)
            self._share_D = _shares(on_D)
            self._share_Dstar = _shares(on_Dstar)

    def of_word(self, address: Address, belief: Belief, task: Task) -> Measures:
        """Of a word: its points in a usual case, its plausibility for the class that it speaks for."""
        word = self._words.place[address]
        theta = self._points.words[word]
        tau = self._card.words.tau[word] if self._card.words else np.zeros(self._card.classes)
        plausibility = float(tau[int(theta.argmax())] if theta.any() else tau.max())
        nats = float(self._nats[word])
        return Measures(
            points={name: float(v) for name, v in zip(task.classes, theta - theta.mean(), strict=True)},
            plausibility=plausibility,
            plausibility_sd=belief.sd,
            rated=belief.rated,
            nats_on_D=nats,
            carries_D=float(self._share_D[word]),
            carries_Dstar=float(self._share_Dstar[word]),
            alarm=nats >= ALARM_NATS and plausibility < ALARM_PLAUSIBILITY and belief.rated > 0,
        )

    def below(self, address: Address) -> Codes:
        """The words that stand below a statement, shape (v,)."""
        low = bisect_left(self._addresses, address)
        high = bisect_right(self._addresses, Address(f"{address}\uffff"))
        inside = [
            word for place, word in self._places[low:high] if place.startswith((f"{address}.", f"{address}@"))
        ]
        return np.unique(np.array(inside, dtype=np.int64))

    def together(self, words: Codes) -> tuple[Codes, Mask, Mask] | None:
        """Pieces of the n cases by what some words say together, out of fold; cases of D and D* with any."""
        if self._on_D is None or self._on_Dstar is None or not words.size:
            return None
        on_D, on_Dstar = self._on_D.pattern[:, words], self._on_Dstar.pattern[:, words]
        odds = out_of_fold_odds(on_D, self._y, self._fold, self._card.classes)
        return pieces_of(odds), np.diff(on_D.indptr) > 0, np.diff(on_Dstar.indptr) > 0


def _shares(matches: WordMatches) -> Numbers:
    counts = np.bincount(matches.pattern.indices, minlength=matches.pattern.shape[1])
    return counts / max(len(matches), 1)
