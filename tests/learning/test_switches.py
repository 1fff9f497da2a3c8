"""Boards of switches and their worlds, against plain enumeration."""

from __future__ import annotations

from itertools import product
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learning.switches import MOST_ENUMERATED, Switchboard, drawn_worlds, every_world

Need = frozenset[str]

taus = st.dictionaries(
    st.sampled_from("abcde"), st.sampled_from([0.0, 0.02, 0.3, 0.5, 0.98, 1.0]), min_size=1, max_size=5
)


@st.composite
def boards(draw: st.DrawFn) -> tuple[dict[str, float], list[Need]]:
    tau = draw(taus)
    needs = draw(st.lists(st.frozensets(st.sampled_from(sorted(tau))), min_size=1, max_size=6))
    return tau, needs


@given(boards())
@settings(deadline=None, max_examples=80)
def test_every_world_has_the_probability_of_its_independent_switches(
    board: tuple[dict[str, float], list[Need]],
) -> None:
    tau, needs = board
    made = Switchboard.of(tau, needs)
    found: dict[tuple[float, ...], float] = {}
    worlds = every_world(made)
    for setting, weight in zip(worlds.switches.tolist(), worlds.weight.tolist(), strict=True):
        assert tuple(setting) not in found
        found[tuple(setting)] = weight

    for setting in product([0.0, 1.0], repeat=len(made.tau)):
        chance = prod(t if on else 1.0 - t for t, on in zip(made.tau, setting, strict=True))
        assert found.pop(setting, 0.0) == pytest.approx(chance, abs=1e-15)
    assert not found


@given(boards())
@settings(deadline=None, max_examples=80)
def test_a_statement_is_on_when_all_switches_that_it_needs_are(
    board: tuple[dict[str, float], list[Need]],
) -> None:
    tau, needs = board
    made = Switchboard.of(tau, needs)
    worlds = every_world(made)

    on = made.families_on(worlds.switches)[:, list(made.family)]

    for world, row in zip(worlds.switches, on, strict=True):
        is_on = {name for name, setting in zip(made.names, world, strict=True) if setting}
        assert [bool(v) for v in row] == [need <= is_on for need in needs]


@given(boards())
@settings(deadline=None, max_examples=60)
def test_a_family_is_on_as_often_as_its_worlds_weigh(board: tuple[dict[str, float], list[Need]]) -> None:
    made = Switchboard.of(*board)
    worlds = every_world(made)

    assert made.family_tau() == pytest.approx(worlds.weight @ made.families_on(worlds.switches), abs=1e-12)


def test_switches_that_no_statement_needs_are_left_out() -> None:
    assert Switchboard.of({"a": 0.3, "b": 0.4}, [frozenset("b")]).names == ("b",)


def test_statements_with_the_same_needs_are_one_family() -> None:
    board = Switchboard.of({"a": 0.3, "b": 0.4}, [frozenset("a"), frozenset("ab"), frozenset("a")])

    assert board.family == (0, 1, 0)


def test_a_board_is_extended_behind_what_is_there() -> None:
    board = Switchboard.of({"a": 0.3, "b": 0.4}, [frozenset("a"), frozenset("b")])

    more = board.extended({"c": 0.5, "a": 0.9}, [frozenset("ac"), frozenset("b")])

    assert more.names == ("a", "b", "c")
    assert more.tau == (0.3, 0.4, 0.5)
    assert more.needs[:2] == board.needs
    assert [more.needs[f] for f in more.family] == [{0, 2}, {1}]


def test_families_that_share_only_a_sure_switch_are_independent() -> None:
    needs = [frozenset("ax"), frozenset("bx")]

    assert Switchboard.of({"a": 0.3, "b": 0.4, "x": 1.0}, needs).are_independent
    assert not Switchboard.of({"a": 0.3, "b": 0.4, "x": 0.9}, needs).are_independent


def test_more_worlds_than_can_be_enumerated_are_refused() -> None:
    names = [f"s{i}" for i in range(MOST_ENUMERATED + 1)]
    board = Switchboard.of(dict.fromkeys(names, 0.5), [frozenset([n]) for n in names])

    with pytest.raises(ValueError, match="13 doubtful switches"):
        every_world(board)


@pytest.mark.parametrize("draws", [16, 256])
def test_drawn_worlds_have_each_switch_on_as_often_as_its_plausibility_up_to_one_draw(draws: int) -> None:
    tau = {"off": 0.0, "rare": 0.02, "some": 0.37, "on": 1.0}
    board = Switchboard.of(tau, [frozenset([name]) for name in tau])

    worlds = drawn_worlds(board, draws, np.random.default_rng(3))

    # stratified: each of the draws equal slices of [0, 1) is met once, so a share is off by less than a slice
    assert np.abs(worlds.weight @ worlds.switches - board.tau).max() < 1.0 / draws
    assert (worlds.switches[:, 0] == 0.0).all()
    assert (worlds.switches[:, 3] == 1.0).all()


def test_drawn_switches_do_not_move_together() -> None:
    board = Switchboard.of({"a": 0.5, "b": 0.5}, [frozenset("a"), frozenset("b")])

    drawn = drawn_worlds(board, 4096, np.random.default_rng(0)).switches

    # under independence the correlation of 4,096 draws has standard deviation 1/64
    a, b = (drawn - drawn.mean(axis=0)).T
    assert abs((a * b).mean()) / 0.25 < 4 / 64
