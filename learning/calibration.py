"""Reliability: how often forecasts of a given confidence come true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learning.scores import Z_95, Interval, checked

__all__ = ["ReliabilityBin", "proportion_interval", "reliability"]

CASES_PER_BIN = 10


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Cases whose top class got about the same probability.

    Attributes:
        confidence: Mean probability of the top class, in [0, 1].
        frequency: Share of these cases in which it came true, in [0, 1].
        n: How many cases.
        interval: 95 % interval of the frequency, cases counted as independent.
    """

    confidence: float
    frequency: float
    n: int
    interval: Interval

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "confidence": self.confidence,
            "frequency": self.frequency,
            "n": self.n,
            "interval": self.interval.to_dict(),
        }


def reliability(
    y: NDArray[np.integer], p: NDArray[np.floating], bins: int = 10
) -> tuple[ReliabilityBin, ...]:
    """Bins of about equally many cases, least confident first; fewer bins where there are few cases.

    Args:
        y: (n,) class codes.
        p: (n, K) probabilities.
        bins: At most so many; each wants ten cases or more. Equal confidences are never torn apart.
    """
    codes, forecast = checked(y, p)
    confidence = forecast.max(axis=1)
    hit = forecast.argmax(axis=1) == codes
    most = max(1, min(bins, len(codes) // CASES_PER_BIN))
    edges = np.unique(np.quantile(confidence, np.arange(1, most) / most))
    where = np.searchsorted(edges, confidence, side="right")
    found = []
    for place in np.unique(where):
        here = where == place
        n, right = int(here.sum()), int(hit[here].sum())
        found.append(
            ReliabilityBin(float(confidence[here].mean()), right / n, n, proportion_interval(right, n))
        )
    return tuple(found)


def proportion_interval(successes: int, n: int) -> Interval:
    """The 95 % score interval of a share; never empty, also for 0 of n and n of n.

    Reference: Wilson (1927), "Probable inference, the law of succession, and statistical inference".

    >>> proportion_interval(0, 10).low
    0.0
    """
    share, z2 = successes / n, Z_95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 / (1 + z2 / n) * np.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    low = 0.0 if successes == 0 else float(middle - half)
    return Interval(low, 1.0 if successes == n else float(middle + half))
