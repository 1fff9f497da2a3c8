"""Growing by hand: add, edit, drop, restore."""

from __future__ import annotations

import numpy as np
import pytest

from kb.errors import InputError
from kb.knowledge import Tree
from kb.stores.protocol import UnknownAddressError
from learning.growing import add, drop, edit, preview, restore, unpack, unpack_below, unpacker_named
from learning.predicting import predict
from tests.tasks import aspect_about
from unpacking.budget import Budget


def test_points_of_a_statement_with_a_condition_are_fitted_at_once(dogs: Tree) -> None:
    made = add(dogs, "0", "Long dogs.", when="body_0 > 3", side="husky", by="human:ada")

    assert made.points["husky"] >= 0.0
    assert sum(made.points.values()) == pytest.approx(0.0)
    assert made.draft.columns == ("body_0",)
    assert made.draft.origin == "human:ada"


def test_a_statement_without_a_condition_is_kept_and_moves_no_forecast(dogs: Tree) -> None:
    before = predict(dogs).p

    made = add(dogs, "0", "  Dogs   are\nloyal. ", kind="definition")

    assert made.text == "Dogs are loyal."
    assert predict(dogs).p == pytest.approx(before, abs=1e-9)


def test_what_is_added_is_a_recorded_move_of_who_said_it(dogs: Tree) -> None:
    made = add(dogs, "0", "Dogs are loyal.", by="human:ada")

    last = dogs.moves()[-1]
    assert (last.kind, last.address, last.by, last.taken) == ("add", made.address, "human:ada", True)


def test_added_below_an_unpacked_statement_it_comes_behind_its_children(dogs: Tree) -> None:
    had = len(dogs.children("0", dropped=True))

    assert add(dogs, "0", "Dogs are loyal.").address == f"0.{had}"


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"text": ""}, "0 characters"),
        ({"text": " \n "}, "0 characters"),
        ({"text": "x" * 401}, "401 characters"),
        ({"text": "A", "kind": "rumour"}, "'rumour' is no kind"),
        ({"text": "A", "side": "cat"}, "'cat' is no class of animal"),
        ({"text": "A", "when": "tail > 1"}, "tail"),
        ({"text": "A", "when": "body_0 > 1; DROP TABLE x"}, "condition"),
        ({"text": "A", "when": "body_0 > (SELECT 1)"}, "condition"),
        ({"text": "A", "when": "snow > 3"}, "snow"),
        ({"text": "A", "when": ""}, "condition"),
    ],
)
def test_what_can_not_be_a_statement_is_refused_and_nothing_is_stored(
    dogs: Tree, options: dict[str, str], problem: str
) -> None:
    before, moves = list(dogs.walk(dropped=True)), len(dogs.moves())

    with pytest.raises(InputError, match=problem):
        add(dogs, "0", **options)  # type: ignore[arg-type]  # wrong on purpose

    assert list(dogs.walk(dropped=True)) == before
    assert len(dogs.moves()) == moves


@pytest.mark.parametrize("address", ["0.99", "0.0.99.1"])
def test_nothing_is_added_below_what_is_not_there(dogs: Tree, address: str) -> None:
    with pytest.raises(UnknownAddressError, match="no such statement"):
        add(dogs, address, "A.")


@pytest.mark.parametrize("address", ["", "1", "0.-1", "snow", "0..1"])
def test_what_is_no_address_is_refused(dogs: Tree, address: str) -> None:
    with pytest.raises(InputError):
        add(dogs, address, "A.")


def test_an_edit_stands_beside_what_it_replaces_and_both_are_kept(dogs: Tree) -> None:
    old = add(dogs, "0", "Long dogs.", when="body_0 > 1", side="husky")

    new = edit(dogs, old.address, "Very long dogs.", when="body_0 > 2", by="human:ada")

    assert new.draft.replaces == old.address
    assert (new.draft.when, new.draft.side) == ("body_0 > 2", "husky")
    assert dogs.statement(old.address).is_dropped
    assert old.address not in {s.address for s in dogs.walk()}
    assert [m.kind for m in dogs.moves()[-2:]] == ["edit", "drop"]


def test_a_bad_edit_leaves_the_old_statement_in_place(dogs: Tree) -> None:
    old = add(dogs, "0", "Long dogs.", when="body_0 > 1")

    with pytest.raises(InputError, match="tail"):
        edit(dogs, old.address, "Tails.", when="tail > 1")

    assert not dogs.statement(old.address).is_dropped


@pytest.mark.parametrize("act", [edit, drop, restore])
def test_the_root_stays(dogs: Tree, act: object) -> None:
    with pytest.raises(InputError, match="the root can't be"):
        act(dogs, "0", *(["Another."] if act is edit else []))  # type: ignore[operator]  # one of three


def test_dropped_statements_vanish_from_the_forecast_and_come_back(dogs: Tree) -> None:
    before, snow = predict(dogs).p, aspect_about(dogs, "snow")

    drop(dogs, snow)
    without = predict(dogs).p
    restore(dogs, snow)

    assert np.abs(without - before).max() > 0.05
    assert predict(dogs).p == pytest.approx(before, abs=1e-12)


def test_without_its_column_a_forecast_does_not_look_at_it(dogs: Tree) -> None:
    for s in list(dogs.walk()):
        if "snow" in s.draft.columns and not dogs.statement(s.address).is_dropped:
            drop(dogs, s.address)
    rows = np.arange(50)
    cases = dogs.Dstar.take(rows)
    turned = dogs.Dstar.take(rows)
    turned._values["snow"] = 1 - turned.values("snow")

    assert predict(dogs, cases).p.tobytes() == predict(dogs, turned).p.tobytes()


def test_dropping_what_is_not_there_is_refused(dogs: Tree) -> None:
    with pytest.raises(UnknownAddressError, match=r"0\.77"):
        drop(dogs, "0.77")


def test_a_preview_writes_nothing(planted_tree: Tree) -> None:
    made = preview(planted_tree, "0")

    assert made[0].approval is not None
    assert [s.address for s in planted_tree.walk()] == ["0"]
    assert planted_tree.moves() == []


def test_an_unpacker_that_there_is_not_is_refused_with_those_there_are() -> None:
    with pytest.raises(InputError, match=r"'crystal-ball' is no unpacker.*induction"):
        unpacker_named("crystal-ball")


@pytest.mark.parametrize(("n", "budget"), [(0, None), (-1, None), (3, Budget(steps=0))])
def test_a_step_without_a_proposal_or_a_budget_is_refused(
    planted_tree: Tree, n: int, budget: Budget | None
) -> None:
    with pytest.raises(InputError, match="at least one proposal and a budget of one step"):
        unpack(planted_tree, "0", n=n, budget=budget)

    assert not planted_tree.statement("0").is_unpacked


def test_a_used_up_budget_stops_between_two_steps_and_the_rest_follows(planted_tree: Tree) -> None:
    first = unpack_below(planted_tree, levels=2, budget=Budget(steps=2))
    rest = unpack_below(planted_tree, levels=2)

    assert first.expansions == 2
    assert first.stopped == "budget (steps: 2 of 2)"
    assert rest.stopped is None
    assert rest.expansions == len(planted_tree.children("0")) + 1 - 2
