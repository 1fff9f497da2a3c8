"""Scores against scikit-learn and closed forms; intervals against simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learning import scores
from learning.scores import (
    CLIP,
    accuracy,
    bootstrap,
    bootstrap_means,
    brier,
    expected_calibration_error,
    floored,
    log_loss,
)


def forecasts(seed: int, n: int = 400, K: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.full(K, 0.3), size=n)
    return rng.integers(K, size=n), p


@pytest.mark.parametrize("K", [2, 3, 50])
def test_log_loss_and_accuracy_are_those_of_scikit_learn(K: int) -> None:
    from sklearn import metrics

    y, p = forecasts(K, K=K)
    p[0] = np.eye(K)[(y[0] + 1) % K]

    theirs = metrics.log_loss(y, floored(p), labels=list(range(K)))

    assert log_loss(y, p) == pytest.approx(theirs, abs=1e-12)
    assert accuracy(y, p) == metrics.accuracy_score(y, p.argmax(axis=1))


def test_the_floor_is_the_clip_of_a_two_class_score_up_to_its_own_size() -> None:
    from sklearn import metrics

    y, p = forecasts(1, K=2)
    p[0] = [0.0, 1.0]
    y[0] = 0

    assert log_loss(y, p) == pytest.approx(
        metrics.log_loss(y, np.clip(p, CLIP, 1 - CLIP), labels=[0, 1]), abs=2e-4
    )


def test_brier_sums_over_classes_and_is_twice_the_one_sided_score_for_two() -> None:
    from sklearn import metrics

    y, p = forecasts(2, K=3)
    assert brier(y, p) == pytest.approx(((p - np.eye(3)[y]) ** 2).sum(axis=1).mean(), abs=1e-12)

    y, p = forecasts(2, K=2)
    assert brier(y, p) == pytest.approx(2 * metrics.brier_score_loss(y, p[:, 1]), abs=1e-12)


def test_calibration_error_of_a_hand_made_forecast() -> None:
    p = np.array([[0.75, 0.25]] * 4 + [[0.05, 0.95]] * 2)
    y = np.array([0, 0, 1, 1, 1, 1])

    assert expected_calibration_error(y, p) == pytest.approx((4 * 0.25 + 2 * 0.05) / 6)


def test_calibration_error_vanishes_for_an_honest_forecast_of_many_cases() -> None:
    rng = np.random.default_rng(0)
    p = rng.dirichlet([1.0, 1.0, 1.0], size=200_000)
    y = (rng.random(len(p))[:, None] > p.cumsum(axis=1)).sum(axis=1)

    assert expected_calibration_error(y, p) < 0.005


@pytest.mark.parametrize(
    ("y", "p", "message"),
    [
        ([0], [[0.5, 0.6]], r"p\[0\] is .* no distribution"),
        ([0, 0], [[1.0, 0.0], [np.nan, 1.0]], r"p\[1\]"),
        ([0], [[1.5, -0.5]], r"p\[0\]"),
        ([2], [[0.5, 0.5]], "codes 2"),
        ([-1], [[0.5, 0.5]], "codes -1"),
        ([0, 1], [[0.5, 0.5]], "are needed"),
    ],
)
def test_what_is_no_forecast_is_refused(y: list[int], p: list[list[float]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        log_loss(np.array(y), np.array(p))


def test_no_case_is_refused() -> None:
    with pytest.raises(ValueError, match="no case"):
        accuracy(np.zeros(0, int), np.zeros((0, 2)))
    with pytest.raises(ValueError, match="no case"):
        bootstrap(np.zeros(0), seed=0)


@given(st.lists(st.floats(-9, 9), min_size=1, max_size=60), st.integers(0, 2**32 - 1), st.floats(-5, 5))
@settings(max_examples=40, deadline=None)
def test_an_interval_lies_among_the_values_and_moves_with_them(
    values: list[float], seed: int, shift: float
) -> None:
    v = np.array(values)
    found = bootstrap(v, seed, draws=200)

    assert v.min() - 1e-9 <= found.low <= found.high <= v.max() + 1e-9
    moved = bootstrap(v + shift, seed, draws=200)
    assert (moved.low, moved.high) == pytest.approx((found.low + shift, found.high + shift), abs=1e-9)


@pytest.mark.parametrize("skewed", [False, True])
def test_95_percent_intervals_cover_the_truth_about_that_often(skewed: bool) -> None:
    rng = np.random.default_rng(3)
    truth = 0.5 if skewed else 0.8
    hit = 0
    for seed in range(400):
        v = rng.exponential(0.5, 150) if skewed else (rng.random(150) < 0.8).astype(float)
        found = bootstrap(v, seed, draws=400)
        hit += found.low <= truth <= found.high

    # 400 tries at 95 %: three standard errors are 3.3 points; skew costs the percentile method a little
    assert 0.905 <= hit / 400 <= 0.985


def test_beyond_the_limit_the_normal_interval_agrees_with_resampling(monkeypatch: pytest.MonkeyPatch) -> None:
    v = np.random.default_rng(4).exponential(1.0, 4000)
    drawn = bootstrap(v, seed=0, draws=4000)
    monkeypatch.setattr(scores, "RESAMPLED_UNTIL", 100)
    normal = bootstrap(v, seed=0)

    assert (normal.low, normal.high) == pytest.approx((drawn.low, drawn.high), abs=0.004)


def test_a_million_cases_take_a_moment() -> None:
    v = np.random.default_rng(5).random(1_000_000)
    found = bootstrap(v, seed=0)

    assert found.high - found.low == pytest.approx(2 * 1.96 * np.sqrt(1 / 12) / 1000, rel=0.01)


def test_draws_in_parts_are_the_same_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    v = np.random.default_rng(6).random((50, 3))
    at_once = bootstrap_means(v, seed=1, draws=99)
    monkeypatch.setattr(scores, "INDICES_AT_ONCE", 500)

    assert bootstrap_means(v, seed=1, draws=99) == at_once
