"""The certificate: coverage by simulation, sharpness, and that it fails where its assumption does."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from kb.arrays import Numbers
from learning.people.certificate import (
    FLOOR,
    certify,
    contradictions,
    divergences,
    floored,
    imitation_loss,
    most_divergence,
    upper_mean,
    upper_share,
)


def population(rng: np.random.Generator, n: int = 600) -> Numbers:
    """Divergences as they are: most cases near, some far."""
    return np.where(rng.random(n) < 0.15, rng.random(n), 0.1 * rng.random(n))


@pytest.mark.parametrize(("n", "known"), [(20, True), (100, True), (100, False)])
def test_the_bound_is_above_the_mean_in_95_of_100_draws(n: int, known: bool) -> None:
    rng = np.random.default_rng(n)
    held = 0
    for _ in range(200):
        values = population(rng)
        drawn = rng.choice(values, n, replace=False)
        held += upper_mean(drawn, population=len(values) if known else None) >= values.mean()

    assert held >= binom.ppf(0.01, 200, 0.95)


def test_the_bound_fails_where_cases_were_sorted_instead_of_drawn() -> None:
    rng = np.random.default_rng(0)
    values = [np.sort(population(rng)) for _ in range(50)]

    held = [upper_mean(v[:100], population=600) >= v.mean() for v in values]

    assert np.mean(held) < 0.5


def test_the_bound_holds_whenever_one_stops_to_look() -> None:
    rng = np.random.default_rng(1)
    failed = 0
    for _ in range(100):
        values = population(rng)
        drawn = rng.permutation(values)[:60]
        bounds = [upper_mean(drawn[:t], population=600, planned=60) for t in range(5, 61, 5)]
        failed += min(bounds) < values.mean()

    assert failed <= binom.ppf(0.99, 100, 0.05)


def test_more_cases_and_less_spread_make_it_sharper() -> None:
    rng = np.random.default_rng(2)
    drawn = population(rng, 400)

    few = upper_mean(drawn[:50]) - drawn[:50].mean()
    many = upper_mean(drawn) - drawn.mean()

    assert 0.0 < many < few
    assert many < np.sqrt(np.log(20.0) / 800.0)  # Hoeffding's bound, which knows nothing of spread


def test_all_cases_drawn_leaves_nothing_to_guess() -> None:
    values = population(np.random.default_rng(3), 80)

    assert upper_mean(values, population=80) == pytest.approx(values.mean(), abs=2e-3)


def test_no_case_bounds_nothing() -> None:
    assert upper_mean(np.zeros(0)) == 1.0
    with pytest.raises(ValueError, match="must lie in"):
        upper_mean(np.array([1.2]))


@pytest.mark.parametrize(("hits", "n"), [(0, 20), (3, 40), (20, 100)])
def test_a_share_is_bounded_as_clopper_and_pearson_do(hits: int, n: int) -> None:
    p = upper_share(hits, n)

    assert binom.cdf(hits, n, p) == pytest.approx(0.05, abs=1e-9)
    assert upper_share(n, n) == 1.0


def test_a_divergence_is_bounded_and_nothing_where_f_says_what_people_say() -> None:
    people = np.array([[0.3, 0.7], [1.0, 0.0], [1.0, 0.0]])
    f = np.array([[0.3, 0.7], [0.0, 1.0], [1.0, 0.0]])

    found = divergences(people, f)

    assert found[0] == pytest.approx(0.0, abs=1e-12)
    assert found[1] == pytest.approx(most_divergence(2))
    assert floored(f).min() >= FLOOR / (1.0 + FLOOR)
    entropy = -(people[0] * np.log(people[0])).sum()
    assert imitation_loss(people, f) == pytest.approx((found.sum() + entropy) / 3.0)


def test_a_contradiction_needs_one_favourite() -> None:
    people = np.array([[0.5, 0.5], [0.9, 0.1], [0.2, 0.8]])
    f = np.array([[0.1, 0.9], [0.1, 0.9], [0.1, 0.9]])

    assert contradictions(people, f).tolist() == [False, True, False]


def test_what_people_skip_counts_as_the_worst_and_what_they_have_not_reached_does_not() -> None:
    said = np.tile([0.8, 0.2], (30, 1))
    f = said.copy()
    full = certify(said, f, planned=40, population=500)
    skipped = said.copy()
    skipped[4] = np.nan
    unreached = np.vstack([said, np.full((10, 2), np.nan)])

    certified = certify(skipped, f, planned=40, population=500)

    assert certified.skipped == 1
    assert certified.nats > full.nats
    assert certified.contradicted > full.contradicted
    assert certify(unreached, np.tile([0.8, 0.2], (40, 1)), planned=40, population=500) == full
    assert "counted as the worst" in certified.sentence
