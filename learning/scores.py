"""Proper scores of forecasts over K classes, and intervals over cases.

Everywhere ``y`` is (n,) class codes in 0 … K − 1 and ``p`` is (n, K) probabilities whose rows sum to 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CLIP",
    "Interval",
    "accuracy",
    "bootstrap",
    "bootstrap_means",
    "brier",
    "case_briers",
    "case_hits",
    "case_log_losses",
    "expected_calibration_error",
    "floored",
    "log_loss",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CLIP = 1e-4
"""No class gets less than this when a log loss is taken, whoever forecasts; said in every report."""

RESAMPLED_UNTIL = 5_000
"""Up to so many cases they are resampled; beyond, a mean of bounded values is normal for our purpose."""

INDICES_AT_ONCE = 2_000_000
SUM_TOLERANCE = 1e-4
Z_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % interval over cases, ends included."""

    low: float
    high: float

    def to_dict(self) -> dict[str, float]:
        """The JSON form."""
        return {"low": self.low, "high": self.high}


def checked(y: NDArray[np.integer], p: NDArray[np.floating]) -> tuple[Ints, Floats]:
    """The same arrays as int64 and float64.

    Raises:
        ValueError: No case, unfit shapes, a code outside 0 … K − 1 or a row that is no distribution.
    """
    codes, forecast = np.asarray(y, dtype=np.int64), np.asarray(p, dtype=np.float64)
    if codes.ndim != 1 or forecast.ndim != 2 or len(codes) != len(forecast):
        raise ValueError(f"y is {codes.shape} and p is {forecast.shape}: (n,) and (n, K) are needed")
    if not len(codes):
        raise ValueError("no case to score")
    if codes.min() < 0 or codes.max() >= forecast.shape[1]:
        raise ValueError(
            f"y has codes {codes.min()} … {codes.max()}: 0 … {forecast.shape[1] - 1} are classes"
        )
    wrong = ~(np.abs(forecast.sum(axis=1) - 1.0) <= SUM_TOLERANCE) | (forecast < -1e-12).any(axis=1)
    if wrong.any():
        place = int(wrong.argmax())
        raise ValueError(f"p[{place}] is {forecast[place].tolist()}: no distribution")
    return codes, forecast


def floored(p: NDArray[np.floating]) -> Floats:
    """The forecast with every class at ``CLIP`` or more, summing to 1 again.

    >>> floored(np.array([[1.0, 0.0]])).round(5).tolist()
    [[0.9999, 0.0001]]
    """
    raised = np.maximum(np.asarray(p, dtype=np.float64), CLIP)
    scaled: Floats = raised / raised.sum(axis=1, keepdims=True)
    return scaled


def case_hits(y: NDArray[np.integer], p: NDArray[np.floating]) -> Floats:
    """(n,) 1.0 where the most probable class is the right one; ties go to the lower code."""
    codes, forecast = checked(y, p)
    hits: Floats = (forecast.argmax(axis=1) == codes).astype(np.float64)
    return hits


def case_log_losses(y: NDArray[np.integer], p: NDArray[np.floating]) -> Floats:
    """(n,) −log of the probability of what happened, in nats, after ``floored``."""
    codes, forecast = checked(y, p)
    losses: Floats = -np.log(floored(forecast)[np.arange(len(codes)), codes])
    return losses


def case_briers(y: NDArray[np.integer], p: NDArray[np.floating]) -> Floats:
    """(n,) Σ_k (p_k − 1[y = k])², in [0, 2]; two classes count both, twice the one-sided score."""
    codes, forecast = checked(y, p)
    hit = forecast[np.arange(len(codes)), codes]
    scores: Floats = (forecast**2).sum(axis=1) - 2.0 * hit + 1.0
    return np.maximum(scores, 0.0)


def accuracy(y: NDArray[np.integer], p: NDArray[np.floating]) -> float:
    """Share of cases whose most probable class is the right one, in [0, 1]."""
    return float(case_hits(y, p).mean())


def log_loss(y: NDArray[np.integer], p: NDArray[np.floating]) -> float:
    """Mean −log P(what happened) in nats, with every class at ``CLIP`` or more; lower is better."""
    return float(case_log_losses(y, p).mean())


def brier(y: NDArray[np.integer], p: NDArray[np.floating]) -> float:
    """Mean squared distance to what happened, summed over the classes, in [0, 2]; lower is better.

    For two classes the same sum is taken, so it is twice the score that many libraries print.

    Reference: Brier (1950), "Verification of forecasts expressed in terms of probability", eq. 2.
    """
    return float(case_briers(y, p).mean())


def expected_calibration_error(y: NDArray[np.integer], p: NDArray[np.floating], bins: int = 10) -> float:
    """Mean gap between the confidence in the top class and how often it is right, in [0, 1].

    Bins are of equal width over [0, 1]. Small samples are above 0 even for a perfect forecast, so no
    interval is given: resampling would only add to that.

    Reference: Naeini, Cooper, Hauskrecht (2015), "Obtaining well calibrated probabilities using Bayesian
    binning".
    """
    codes, forecast = checked(y, p)
    confidence = forecast.max(axis=1)
    gap = (forecast.argmax(axis=1) == codes) - confidence
    where = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    return float(np.abs(np.bincount(where, weights=gap, minlength=bins)).sum() / len(codes))


def bootstrap(values: NDArray[np.floating], seed: int, draws: int = 2000) -> Interval:
    """The 95 % interval of the mean of (n,) per-case values; see ``bootstrap_means``."""
    (interval,) = bootstrap_means(np.asarray(values, dtype=np.float64)[:, None], seed, draws)
    return interval


def bootstrap_means(values: NDArray[np.floating], seed: int, draws: int = 2000) -> list[Interval]:
    """One 95 % interval for the mean of each column of (n, m) per-case values.

    Percentiles of ``draws`` means over cases drawn with replacement; all columns share the draws, and so do
    calls with the same seed, n and draws. Cases count as independent. Beyond 5,000 cases the normal
    approximation mean ± 1.96 sd/√n replaces the draws. It holds at most ``INDICES_AT_ONCE`` indices.

    Reference: Efron, Tibshirani (1993), "An introduction to the bootstrap", section 13.3.

    Raises:
        ValueError: There is no case.
    """
    table = np.asarray(values, dtype=np.float64)
    n = len(table)
    if not n:
        raise ValueError("no case to resample")
    if n > RESAMPLED_UNTIL:
        half = Z_95 * table.std(axis=0, ddof=1) / np.sqrt(n)
        low = np.maximum(table.mean(axis=0) - half, table.min(axis=0))
        high = np.minimum(table.mean(axis=0) + half, table.max(axis=0))
    else:
        low, high = np.percentile(resampled_means(table, seed, draws), [2.5, 97.5], axis=0)
    return [Interval(float(a), float(b)) for a, b in zip(low, high, strict=True)]


def resampled_means(table: Floats, seed: int, draws: int) -> Floats:
    """(draws, m) means of the columns over n cases drawn with replacement."""
    n = len(table)
    rng = np.random.default_rng(seed)
    at_once = max(1, INDICES_AT_ONCE // n)
    parts = []
    for start in range(0, draws, at_once):
        size = min(at_once, draws - start)
        drawn = rng.integers(n, size=(size, n)) + n * np.arange(size)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n)
        parts.append(counts @ table / n)
    return np.concatenate(parts)
