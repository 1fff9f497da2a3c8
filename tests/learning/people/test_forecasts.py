"""Forecasts by people: what is kept, what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kb.address import ROOT, Address
from kb.errors import InputError
from kb.knowledge import Tree
from learning.people.forecasts import Forecast, Opened, forecasts, record_forecast

ADA = Forecast("human:ada", 3, {"wolf": 0.3, "husky": 0.7}, "unaided", seconds=12.0, sample="V")


def test_a_forecast_comes_back_as_it_was_given(dogs: Tree) -> None:
    children = [c.address for c in dogs.children()]
    given = replace(
        ADA,
        arm="given Z",
        first_guess={"wolf": 0.5, "husky": 0.5},
        opened=(Opened(children[0], 1.5), Opened(children[1], 4.0)),
        cited=(children[1],),
        session="s1",
    )

    kept = record_forecast(dogs, given)

    assert (kept.kind, kept.address) == ("prediction", ROOT)
    assert forecasts(dogs) == [replace(given, id=kept.id)]


def test_the_last_forecast_of_a_rater_arm_and_case_stands(planted_tree: Tree) -> None:
    record_forecast(planted_tree, ADA)
    record_forecast(planted_tree, replace(ADA, arm="from D"))
    record_forecast(planted_tree, replace(ADA, probabilities={"wolf": 1.0}))
    record_forecast(planted_tree, replace(ADA, rater="human:bo"))
    record_forecast(planted_tree, replace(ADA, rater="model:m"))

    unaided = forecasts(planted_tree, arm="unaided")
    assert [(f.rater, f.probabilities["wolf"]) for f in unaided] == [("human:ada", 1.0), ("human:bo", 0.3)]
    assert [f.arm for f in forecasts(planted_tree, rater="human:ada")] == ["from D", "unaided"]
    assert len(forecasts(planted_tree, with_models=True)) == 4


def test_a_forecast_that_was_taken_back_is_gone(planted_tree: Tree) -> None:
    kept = record_forecast(planted_tree, ADA)
    planted_tree.judge("prediction", ROOT, "human:ada", answer="undo", supersedes=kept.id)

    assert forecasts(planted_tree) == []


def test_the_same_id_again_changes_nothing(planted_tree: Tree) -> None:
    record_forecast(planted_tree, replace(ADA, id="one"))
    record_forecast(planted_tree, replace(ADA, id="one", probabilities={"wolf": 1.0}))

    assert [f.probabilities["wolf"] for f in forecasts(planted_tree)] == [0.3]


def test_warm_ups_on_labelled_cases_are_not_forecasts_of_dstar(planted_tree: Tree) -> None:
    record_forecast(planted_tree, replace(ADA, of="D", arm="from D"))

    assert forecasts(planted_tree) == []
    assert len(forecasts(planted_tree, of="D")) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"probabilities": {"wolf": 0.3, "husky": 0.6}}, "sum to 0.9, not to 1"),
        ({"probabilities": {"wolf": 0.3, "cat": 0.7}}, "'cat' is no class.*wolf"),
        ({"probabilities": {"wolf": 1.4, "husky": -0.4}}, "the probability of wolf is 1.4"),
        ({"probabilities": {"wolf": float("nan"), "husky": 1.0}}, "the probability of wolf is nan"),
        ({"first_guess": {"wolf": 0.2}}, "sum to 0.2"),
        ({"case": 200}, r"no case 200 of D\*.*0 to 199"),
        ({"case": -1}, "no case -1"),
        ({"rater": "ada"}, "'ada' is no rater"),
        ({"arm": "guess"}, "'guess' is no arm"),
        ({"opened": (Opened(ROOT),)}, "statements were opened for a forecast that is unaided"),
        ({"arm": "given Z", "cited": (ROOT,)}, "0 is cited but was not open.*No statement was open"),
        ({"arm": "given Z", "opened": (Opened(Address("0.7")),)}, "no statement is stored at 0.7"),
        (
            {"arm": "given Z", "opened": tuple(Opened(Address(f"0.{i}")) for i in range(8))},
            "8 statements were opened.*at most 7",
        ),
    ],
)
def test_what_is_no_forecast_is_refused_and_not_kept(
    planted_tree: Tree, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        record_forecast(planted_tree, replace(ADA, **change))

    assert planted_tree.judgements() == []
