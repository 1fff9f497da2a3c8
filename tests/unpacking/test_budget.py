"""Budgets: how they are written and when they are used up."""

from __future__ import annotations

import pytest

from kb.errors import InputError
from kb.records import Cost
from unpacking.budget import Budget


def test_a_budget_is_written_as_names_and_numbers() -> None:
    assert Budget.parse("steps=50, seconds=1.5,human-seconds=60") == Budget(
        steps=50, seconds=1.5, human_seconds=60.0
    )


def test_nothing_written_is_no_limit() -> None:
    assert Budget.parse("") == Budget()


@pytest.mark.parametrize("text", ["hours=2", "50", "=5", "steps:5", "Steps=5"])
def test_what_is_no_limit_is_refused_with_the_names_there_are(text: str) -> None:
    with pytest.raises(InputError, match=r"is not a limit.*steps, tokens, usd, seconds, human_seconds"):
        Budget.parse(text)


@pytest.mark.parametrize("value", ["", "many", "-1", "nan", "inf", "1e999"])
def test_what_is_no_number_of_nought_or_more_is_refused(value: str) -> None:
    with pytest.raises(InputError, match="has no number of 0 or more"):
        Budget.parse(f"steps={value}")


def test_half_a_step_is_refused() -> None:
    with pytest.raises(InputError, match=r"steps=1\.5"):
        Budget.parse("steps=1.5")


@pytest.mark.parametrize("name", ["steps", "tokens", "usd", "seconds", "human_seconds"])
def test_a_limit_is_used_up_when_it_is_reached(name: str) -> None:
    budget = Budget(**{name: 3})

    assert budget.used_up(Cost(**{name: 2})) is None
    assert "3 of 3" in (budget.used_up(Cost(**{name: 3})) or "")


def test_a_budget_of_nothing_is_used_up_before_the_first_step() -> None:
    assert Budget(steps=0).used_up(Cost()) == "steps: 0 of 0"


def test_no_limit_is_never_used_up() -> None:
    assert Budget().used_up(Cost(steps=10**9, seconds=1e12)) is None
