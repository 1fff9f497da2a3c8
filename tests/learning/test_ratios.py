"""Comparisons: one least squares with ratings, and what doesn't add up."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logit

from kb.address import Address
from kb.records import Judgement
from learning.prior import Rating, fit_prior, ratio_noise
from learning.ratios import Comparison, comparisons_of, consistency_of, least_squares

A, B, C, FAR = (Address(f"0.{i}") for i in range(4))
NOISE = ratio_noise(0.5)


def said(first: Address, second: Address, ratio: float, rater: str = "human:ada") -> Comparison:
    return Comparison(first, second, math.log(ratio), rater)


@given(
    st.lists(st.floats(0.3, 3.0), min_size=3, max_size=3),
    st.lists(st.floats(-2.0, 2.0), min_size=3, max_size=3),
)
@settings(deadline=None, max_examples=40)
def test_least_squares_is_the_minimum_of_the_sum_that_it_names(
    precision: list[float], means: list[float]
) -> None:
    pairs = [(0, 1, 1.2), (1, 2, -0.3)]
    weight, centre = np.array(precision), np.array(means)

    found, _ = least_squares(weight, weight * centre, pairs, 0.7)

    def total(m: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
        apart = sum((m[a] - m[b] - y) ** 2 for a, b, y in pairs) / 0.7**2
        return float((weight * (m - centre) ** 2).sum() + apart)

    best = total(found)
    for i in range(3):
        for step in (-1e-3, 1e-3):
            moved = found.copy()
            moved[i] += step
            assert total(moved) >= best


def test_a_ratio_moves_what_nobody_rated_and_leaves_a_stranger_alone() -> None:
    ratings = [Rating(A, "human:ada", 0.6), Rating(FAR, "human:ada", 0.3)]

    alone, compared = fit_prior(ratings), fit_prior(ratings, [said(B, A, 5.0)])

    odds = [logit(compared.rated[a].plausibility) for a in (B, A)]
    assert 0.6 * math.log(5.0) < odds[0] - odds[1] < math.log(5.0)
    assert compared.rated[FAR] == alone.rated[FAR]


def test_a_comparison_of_what_holds_only_in_d_says_nothing() -> None:
    ratings = [Rating(A, "human:ada", 0.0)]

    assert fit_prior(ratings, [said(B, A, 5.0)]) == fit_prior(ratings)


def test_a_chain_of_ratios_multiplies_up() -> None:
    prior = fit_prior([], [said(A, B, 3.0), said(B, C, 3.0)])

    odds = {a: float(logit(prior.rated[a].plausibility)) for a in (A, B, C)}
    assert odds[A] - odds[B] == pytest.approx(odds[B] - odds[C])
    assert odds[A] > odds[B] > odds[C]
    assert odds[B] == pytest.approx(0.0, abs=1e-9)


@given(st.floats(0.01, 100.0), st.floats(0.01, 100.0))
@settings(deadline=None, max_examples=40)
def test_ratios_that_multiply_up_contradict_nothing(x: float, y: float) -> None:
    found = consistency_of([said(A, B, x), said(B, C, y), said(C, A, 1.0 / (x * y))], NOISE)

    assert found.worst is not None
    assert found.worst.adds_up
    assert found.worst.off_by == pytest.approx(1.0, rel=1e-6)
    assert found.chi2_per_freedom == pytest.approx(0.0, abs=1e-9)


def test_the_triangle_that_adds_up_least_is_named_with_its_factor() -> None:
    fine = [said(A, B, 2.0), said(B, FAR, 2.0), said(A, FAR, 4.0)]
    wrong = [said(B, C, 2.0), said(A, C, 0.2)]

    found = consistency_of([*fine, *wrong], NOISE)

    assert found.worst is not None
    assert found.worst.addresses == (A, B, C)
    assert found.worst.off_by == pytest.approx(20.0)
    assert found.worst.z == pytest.approx(math.log(20.0) / (NOISE * math.sqrt(3.0)))
    assert not found.worst.adds_up


def test_squared_residuals_of_noisy_ratios_are_about_one_per_freedom() -> None:
    rng = np.random.default_rng(0)
    names, truth = [Address(f"0.{i}") for i in range(30)], rng.normal(size=30)
    pairs = [rng.choice(30, 2, replace=False) for _ in range(400)]
    comparisons = [
        Comparison(names[a], names[b], float(truth[a] - truth[b] + NOISE * rng.normal()), f"human:{i}")
        for i, (a, b) in enumerate(pairs)
    ]

    found = consistency_of(comparisons, NOISE)

    assert found.chi2_per_freedom == pytest.approx(1.0, abs=4 * math.sqrt(2 / 371))


def test_two_statements_alone_have_nothing_to_contradict() -> None:
    found = consistency_of([said(A, B, 2.0)], NOISE)

    assert found.worst is None
    assert found.chi2_per_freedom is None


def judged(number: int, ratio: float, supersedes: str | None = None, answer: str = "credence") -> Judgement:
    details = {"than": B, "ratio": ratio, "log_ratio": math.log(ratio)}
    return Judgement(
        f"j{number}", "comparison", A, "human:ada", answer=answer, details=details, supersedes=supersedes
    )


def test_the_last_comparison_of_a_rater_counts_and_one_taken_back_does_not() -> None:
    assert [c.log_ratio for c in comparisons_of([judged(0, 2.0), judged(1, 3.0)])] == [math.log(3.0)]
    undone = [judged(0, 2.0), judged(1, 3.0), judged(2, 3.0, supersedes="j1", answer="undo")]
    assert [c.log_ratio for c in comparisons_of(undone)] == [math.log(2.0)]
