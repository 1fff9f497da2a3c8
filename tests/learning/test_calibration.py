"""Reliability bins hold about equally many cases and tell the truth about honest forecasts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from learning.calibration import proportion_interval, reliability


def honest(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    p = rng.dirichlet([1.0, 1.0, 1.0], size=n)
    y = (rng.random(n)[:, None] > p.cumsum(axis=1)).sum(axis=1)
    return y, p


def test_honest_forecasts_lie_on_the_diagonal() -> None:
    bins = reliability(*honest(20_000, 0))

    assert len(bins) == 10
    assert [b.confidence for b in bins] == sorted(b.confidence for b in bins)
    assert all(abs(b.frequency - b.confidence) < 0.04 for b in bins)
    assert sum(b.interval.low <= b.confidence <= b.interval.high for b in bins) >= 8


def test_bins_are_of_about_one_size_and_hold_every_case_once() -> None:
    bins = reliability(*honest(1000, 1))

    assert sum(b.n for b in bins) == 1000
    assert all(95 <= b.n <= 105 for b in bins)


def test_few_cases_make_few_bins() -> None:
    assert len(reliability(*honest(25, 2))) == 2
    assert len(reliability(*honest(3, 2))) == 1


def test_equal_confidences_share_a_bin() -> None:
    p = np.tile([0.3, 0.7], (100, 1))
    y = np.array([1] * 60 + [0] * 40)

    (only,) = reliability(y, p)

    assert only.confidence == pytest.approx(0.7)
    assert (only.frequency, only.n) == (0.6, 100)


@pytest.mark.parametrize(("successes", "n"), [(0, 7), (7, 7), (1, 40), (33, 50)])
def test_intervals_of_shares_are_wilsons(successes: int, n: int) -> None:
    theirs = binomtest(successes, n).proportion_ci(method="wilson")
    ours = proportion_interval(successes, n)

    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)
