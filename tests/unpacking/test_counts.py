"""Nats from counts, against a loop over cases."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unpacking.counts import SMOOTHING, fold_of, gain_nats, gains_per_group


@given(st.integers(0, 999), st.integers(1, 5), st.integers(2, 4), st.integers(5, 60))
@settings(deadline=None, max_examples=50)
def test_the_gain_is_what_a_loop_over_the_cases_finds(seed: int, G: int, K: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    groups, y, fold = rng.integers(G, size=n), rng.integers(K, size=n), fold_of(n, seed)

    expected = np.zeros(int(groups.max()) + 1)
    for i in range(n):
        others = [j for j in range(n) if fold[j] != fold[i]]
        base = [(sum(y[j] == k for j in others) + 1.0) / (len(others) + K) for k in range(K)]
        mates = [j for j in others if groups[j] == groups[i]]
        p = (sum(y[j] == y[i] for j in mates) + SMOOTHING * base[y[i]]) / (len(mates) + SMOOTHING)
        expected[groups[i]] += math.log(p / base[y[i]])

    assert gains_per_group(groups, y, fold, K) == pytest.approx(expected, abs=1e-9)
    assert gain_nats(groups, y, fold, K) == pytest.approx(expected.sum(), abs=1e-9)


@given(st.integers(1, 200), st.integers(0, 99))
@settings(deadline=None, max_examples=40)
def test_folds_differ_in_size_by_one_case_at_most(n: int, seed: int) -> None:
    sizes = np.bincount(fold_of(n, seed), minlength=5)

    assert sizes.sum() == n
    assert np.ptp(sizes) <= 1


def test_a_group_that_is_the_class_earns_nearly_all_there_is() -> None:
    y = np.arange(500) % 2

    gain = gain_nats(y, y, fold_of(500, 0), 2)

    # 400 cases outside a fold, 200 a group, 2 cases of smoothing at one half: p = 201/202; the base rate
    # outside a fold errs by some 4 of 100 cases within it, which costs the base a few tenths of a nat a fold
    assert gain == pytest.approx(500 * (math.log(2) + math.log(201 / 202)), abs=2.5)


def test_a_grouping_that_says_nothing_earns_nothing_on_average() -> None:
    gains = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        gains.append(gain_nats(rng.integers(4, size=200), rng.integers(2, size=200), fold_of(200, seed), 2))

    assert np.mean(gains) < 0.0


def test_no_case_earns_nothing() -> None:
    none = np.zeros(0, dtype=np.int64)

    assert gain_nats(none, none, none, 2) == 0.0
