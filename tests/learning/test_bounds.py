"""Lowest and highest forecasts over joint worlds, against closed forms and other programs."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.arrays import Numbers
from kb.knowledge import Tree
from learning.bounds import bounds_over_joint_worlds
from learning.fitting import latest_fit
from learning.predicting import Predictions, explain, predict
from tests.tasks import aspect_about

probabilities = st.floats(0.0, 1.0)


def worlds(m: int) -> Numbers:
    return np.array(list(product([0.0, 1.0], repeat=m)))


@given(st.lists(probabilities, min_size=1, max_size=5))
@settings(deadline=None, max_examples=30)
def test_that_all_switches_are_on_is_bounded_as_frechet_did(tau: list[float]) -> None:
    all_on = worlds(len(tau)).all(axis=1).astype(float)[:, None]

    low, high = bounds_over_joint_worlds(np.array(tau), all_on)

    # HiGHS keeps equalities to 1e-7
    assert low[0] == pytest.approx(max(0.0, sum(tau) - (len(tau) - 1)), abs=1e-6)
    assert high[0] == pytest.approx(min(tau), abs=1e-6)


@given(st.lists(probabilities, min_size=1, max_size=5))
@settings(deadline=None, max_examples=30)
def test_that_some_switch_is_on_is_bounded_as_boole_did(tau: list[float]) -> None:
    some_on = worlds(len(tau)).any(axis=1).astype(float)[:, None]

    low, high = bounds_over_joint_worlds(np.array(tau), some_on)

    assert low[0] == pytest.approx(max(tau), abs=1e-6)
    assert high[0] == pytest.approx(min(1.0, sum(tau)), abs=1e-6)


@given(probabilities, probabilities, st.lists(probabilities, min_size=4, max_size=4))
@settings(deadline=None, max_examples=60)
def test_two_switches_leave_one_number_open_and_its_ends_are_the_bounds(
    a: float, b: float, value: list[float]
) -> None:
    low, high = bounds_over_joint_worlds(np.array([a, b]), np.array(value)[:, None])

    def expectation(both: float) -> float:
        return float(np.dot([1 - a - b + both, b - both, a - both, both], value))

    ends = sorted([expectation(max(0.0, a + b - 1.0)), expectation(min(a, b))])
    assert [low[0], high[0]] == pytest.approx(ends, abs=1e-6)


@given(st.lists(probabilities, min_size=1, max_size=4), st.integers(0, 999))
@settings(deadline=None, max_examples=30)
def test_the_bounds_hold_the_independent_forecast(tau: list[float], seed: int) -> None:
    forecasts = np.random.default_rng(seed).dirichlet(np.ones(3), size=2 ** len(tau))
    low, high = bounds_over_joint_worlds(np.array(tau), forecasts)

    chance = np.where(worlds(len(tau)) > 0, tau, 1.0 - np.array(tau)).prod(axis=1)

    assert (low - 1e-6 <= chance @ forecasts).all()
    assert (chance @ forecasts <= high + 1e-6).all()


def test_one_switch_leaves_nothing_open() -> None:
    low, high = bounds_over_joint_worlds(np.array([0.3]), np.array([[0.2, 0.8], [0.6, 0.4]]))

    assert low == pytest.approx([0.7 * 0.2 + 0.3 * 0.6, 0.7 * 0.8 + 0.3 * 0.4], abs=1e-6)
    assert high == pytest.approx(low, abs=1e-6)


def test_no_switch_at_all_is_the_forecast_itself() -> None:
    low, high = bounds_over_joint_worlds(np.zeros(0), np.array([[0.2, 0.8]]))

    assert low.tolist() == high.tolist() == [0.2, 0.8]


@pytest.mark.parametrize("name", ["dogs", "birds"])
def test_every_prediction_lies_within_its_bounds(name: str, request: pytest.FixtureRequest) -> None:
    tree: Tree = request.getfixturevalue(name)
    rows = np.arange(40)

    found = predict(tree, tree.Dstar.take(rows), bounds=True)

    assert found.low is not None
    assert found.high is not None
    assert (found.low <= found.p + 1e-6).all()
    assert (found.p <= found.high + 1e-6).all()
    assert (found.high - found.low).max() > 0.05


def test_the_explanation_of_a_case_has_the_bounds_of_its_prediction(dogs: Tree) -> None:
    found = predict(dogs, dogs.Dstar.take(np.arange(5)), bounds=True)
    assert found.low is not None

    ends = explain(dogs, 3).bounds

    assert ends is not None
    assert [ends[name][0] for name in dogs.task.classes] == pytest.approx(found.low[3].tolist(), abs=1e-6)


def test_nothing_is_open_when_people_declared_all_but_one_column_here(dogs: Tree) -> None:
    for column in ("body_0", "body_1", "body_2"):
        dogs.judge("rating", aspect_about(dogs, column), "human:ada", answer="here")

    found = predict(dogs, dogs.Dstar.take(np.arange(10)), bounds=True)

    assert found.low == pytest.approx(found.p, abs=1e-6)
    assert found.high == pytest.approx(found.p, abs=1e-6)


def predictions(low: list[float], p: list[float], high: list[float]) -> Predictions:
    return Predictions(("a", "b", "c"), np.array([p]), np.array([low]), np.array([high]))


def test_a_class_is_certain_when_its_lowest_is_above_the_highest_of_all_others() -> None:
    assert predictions([0.5, 0.1, 0.0], [0.6, 0.3, 0.1], [0.9, 0.4, 0.2]).certain() == ["a"]


def test_a_class_is_not_certain_when_another_may_overtake_it() -> None:
    assert predictions([0.3, 0.1, 0.0], [0.6, 0.3, 0.1], [0.9, 0.4, 0.2]).certain() == [None]


def test_without_bounds_nothing_is_said_to_be_certain() -> None:
    with pytest.raises(ValueError, match="without bounds"):
        Predictions(("a", "b"), np.array([[0.5, 0.5]])).certain()


def test_a_certain_class_is_the_most_likely_in_every_joint_world(dogs: Tree) -> None:
    """Any joint distribution with the rated marginals, here: all doubts move together."""
    for column, value in (("body_0", 0.9), ("body_1", 0.9), ("body_2", 0.9), ("snow", 0.1)):
        dogs.judge("rating", aspect_about(dogs, column), "human:ada", value=value)
    found = predict(dogs, bounds=True)
    fit = latest_fit(dogs)
    board = fit.scorecard.board
    A = fit.background.matches(dogs.Dstar)
    together = np.zeros((dogs.Dstar.n, 2))
    order = sorted({0.0, *board.tau, 1.0})
    for below, level in pairwise(order):
        on = np.array([[float(t >= level) for t in board.tau]])
        u = fit.points.b + np.zeros((dogs.Dstar.n, 2))
        for s, f in enumerate(board.family):
            u += board.families_on(on)[0, f] * A.claims[:, [s]] * fit.points.theta[s]
        e = np.exp(u - u.max(axis=1, keepdims=True))
        together += (level - below) * e / e.sum(axis=1, keepdims=True)
    mixed = (1.0 - fit.as_D) * together + fit.as_D * fit.forecast_as_D(A)

    certain = found.certain()

    assert sum(c is not None for c in certain) > 20
    for row, name in zip(mixed, certain, strict=True):
        assert name is None or row.argmax() == dogs.task.classes.index(name)
