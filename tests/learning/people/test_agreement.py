"""The agreement test: its level, its power, and that it can tell which way."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from kb.arrays import Numbers
from learning.people.agreement import agreement, lean_against_points


def utterances(rho: float, n: int, seed: int) -> tuple[Numbers, Numbers]:
    """What ratings say of n cases and what people predict of them, correlated by rho before people round."""
    rng = np.random.default_rng(seed)
    s = rng.normal(size=n)
    second = rho * s + np.sqrt(1.0 - rho**2) * rng.normal(size=n) > 0.0
    return np.stack([-s, s], axis=1), np.where(second[:, None], [0.1, 0.9], [0.9, 0.1])


def outcomes(rho: float, n: int, runs: int = 60) -> dict[str, float]:
    found = [agreement(*utterances(rho, n, seed), seed=seed).outcome for seed in range(runs)]
    return {name: found.count(name) / runs for name in ("confirmed", "contradicted", "not confirmed")}


def test_fifty_forecasts_tell_right_ratings_from_reversed_ones() -> None:
    right, wrong = outcomes(0.7, 50), outcomes(-0.7, 50)

    assert right["confirmed"] >= 0.9
    assert right["contradicted"] == 0.0
    assert wrong["contradicted"] >= 0.95


def test_ratings_that_say_nothing_are_confirmed_no_more_often_than_the_level() -> None:
    found = outcomes(0.0, 30, runs=150)

    assert found["confirmed"] <= binom.ppf(0.99, 150, 0.05) / 150
    assert found["contradicted"] <= binom.ppf(0.99, 150, 0.05) / 150


def test_turning_the_ratings_around_turns_the_test_around() -> None:
    says, people = utterances(0.4, 40, 3)

    one, other = agreement(says, people), agreement(-says, people)

    assert one.z == pytest.approx(-other.z)
    assert one.together == pytest.approx(other.against)


def test_few_forecasts_or_ratings_without_a_say_confirm_nothing() -> None:
    says, people = utterances(0.9, 7, 0)
    assert agreement(says, people).outcome == "not confirmed"

    says, people = utterances(0.9, 40, 0)
    assert agreement(np.zeros_like(says), people).outcome == "not confirmed"
    assert agreement(says, np.full_like(people, 0.5)).outcome == "not confirmed"


def test_more_classes_and_several_ways_of_being_unsure_are_heard_too() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(3, size=40)
    people = np.full((40, 3), 0.2)
    people[np.arange(40), truth] = 0.6
    says = rng.normal(size=(40, 3))
    says[np.arange(40), truth] += 1.5

    assert agreement(says, people).outcome == "confirmed"


def test_rated_sides_are_held_against_d() -> None:
    rng = np.random.default_rng(1)
    points = rng.normal(size=(60, 2))
    lean = points * (rng.random((60, 1)) < 0.85) - 0.2 * points

    z, reverse = (lean_against_points(a, points, np.ones(60)) for a in (lean, -lean))

    assert z is not None
    assert reverse is not None
    assert z > 3.0
    assert reverse < -3.0
    assert lean_against_points(lean[:5], points[:5], np.ones(5)) is None
