"""How strongly words speak on D*, compared with D, without a label of either.

Where words speak for the same side, they agree with each other within a text, the more the more each of them
tells. With K classes and words that name the class of their text with probability (1 + (K - 1) q) / K,
independent of each other given the class,

    P(two words of a text speak for one side) = (1 + (K - 1) q²) / K,
    log-odds of one word = log((1 + (K - 1) q) / (1 - q)).

Agreement is counted on the words that people rated, in D and in D*; the ratio of the log-odds is the factor
by which D's points should be multiplied on D*. What independence gets wrong (a text has a topic, a joke, a
turn) is a doubt of its own, and where nothing can be counted the doubt is all there is.
The model of views that reveal each other's accuracy is that of Dawid and Skene (1979).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np
from scipy import sparse

from kb.arrays import Codes, Numbers

__all__ = ["UNKNOWN", "WordStrength", "word_strength"]

USUAL_SPREAD = 0.6  # of the log of the factor between two domains, before anything is counted
OWN_ERROR = 0.3  # of the log of the counted factor: what independence gets wrong
_LEAST_TEXTS = 20  # with two rated words, from which agreement is looked at
_LEAST_Q, _MOST_Q = 0.05, 0.95


@dataclass(frozen=True, slots=True)
class WordStrength:
    """How much the points of words count on D*.

    Attributes:
        factor: Expected ratio of their log-odds on D* to those on D.
        doubt: One standard deviation of that ratio.
        texts: Texts of D and of D* in which two rated words stand.
    """

    factor: float
    doubt: float
    texts: tuple[int, int] = (0, 0)


UNKNOWN = WordStrength(1.0, USUAL_SPREAD)
"""Before anything is counted: as on D, give or take."""


def word_strength(
    D: sparse.csr_array, Dstar: sparse.csr_array, side: Codes, classes: int, *, spread: float = USUAL_SPREAD
) -> WordStrength:
    """The posterior of the factor, given how far rated words agree in D and in D*.

    Args:
        D: Which word stands in which text of D, ones, shape (n, w); labels are not looked at.
        Dstar: Likewise of D*, shape (n*, w).
        side: Per word the class that people say it speaks for, -1 where they didn't, shape (w,).
        classes: K.
        spread: Standard deviation of the log of the factor before the words are looked at.
    """
    found = [_log_odds(pattern, side, classes) for pattern in (D, Dstar)]
    texts = found[0].texts, found[1].texts
    if min(texts) < _LEAST_TEXTS:
        return WordStrength(1.0, spread, texts)
    seen = found[1].log_of - found[0].log_of
    error = OWN_ERROR**2 + found[0].error ** 2 + found[1].error ** 2
    kept = spread**2 / (spread**2 + error)
    factor = exp(kept * seen)
    return WordStrength(factor, factor * sqrt(kept * error), texts)


@dataclass(frozen=True, slots=True)
class _Told:
    """Log of the log-odds of one word, its standard error, and the texts that it was counted in."""

    log_of: float
    error: float
    texts: int


def _log_odds(pattern: sparse.csr_array, side: Codes, classes: int) -> _Told:
    rated = np.flatnonzero(side >= 0)
    speaks = sparse.csr_array(
        (np.ones(len(rated)), (np.arange(len(rated)), side[rated])), shape=(len(rated), classes)
    )
    per_side: Numbers = (pattern[:, rated] @ speaks).toarray()
    words = per_side.sum(axis=1)
    several = words >= 2
    texts = int(several.sum())
    if texts < _LEAST_TEXTS:
        return _Told(0.0, 0.0, texts)
    n = words[several]
    same = (per_side[several] * (per_side[several] - 1.0)).sum(axis=1) / (n * (n - 1.0))
    P, error = float(same.mean()), float(same.std()) / sqrt(texts)
    slope = (_log_of_log_odds(P + 1e-3, classes) - _log_of_log_odds(P - 1e-3, classes)) / 2e-3
    return _Told(_log_of_log_odds(P, classes), abs(slope) * error, texts)


def _log_of_log_odds(P: float, classes: int) -> float:
    q = sqrt(max((classes * P - 1.0) / max(classes - 1, 1), 0.0))
    q = min(max(q, _LEAST_Q), _MOST_Q)
    return log(log((1.0 + (classes - 1) * q) / (1.0 - q)))
