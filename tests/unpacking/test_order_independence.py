"""Unpacking gives the same tree in any order, twice, and whatever people say in between."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.address import Address, ancestors
from kb.knowledge import KnowledgeBase, Tree, open_kb
from kb.records import Cost, Expansion
from kb.stores.protocol import UnknownAddressError
from kb.tables import PreparedTask, prepare_task_from_columns
from learning.growing import unpack, unpack_below
from tests.tasks import grow, planted
from unpacking.induction import InductionUnpacker

TABLE = planted(3, n=120, n_star=60).without("body_2")


@pytest.fixture(scope="module")
def prepared() -> PreparedTask:
    return prepare_task_from_columns("dogs", train=TABLE.train, predict=TABLE.predict, target=TABLE.target)


@contextmanager
def empty(prepared: PreparedTask) -> Iterator[Tree]:
    with tempfile.TemporaryDirectory() as folder, open_kb(f"sqlite:///{Path(folder)}/kb.db") as kb:
        yield kb.create(prepared)


def timeless(made: Expansion) -> Expansion:
    return replace(made, cost=Cost(steps=made.cost.steps), created=0.0)


def all_of(tree: Tree) -> list[tuple[Any, ...]]:
    """Everything that was grown; times and what fits found are aside, ratings may move those."""
    return [
        (
            replace(s, created=0.0, measures=None),
            *(timeless(e) for e in tree.store.expansions(tree.tree_id, s.address)),
        )
        for s in tree.store.subtree(tree.tree_id, Address("0"), limit=1000, every_slot=True).items
    ]


def try_unpack(tree: Tree, address: str) -> None:
    """Unpack it, if the tree has it."""
    with suppress(UnknownAddressError):
        unpack(tree, address)


wishes = st.lists(
    st.sampled_from(["0", "0.0", "0.1", "0.2", "0.0.0", "0.0.1", "0.1.0", "0.1.2", "0.2.1"]),
    min_size=2,
    max_size=5,
    unique=True,
)


@given(wishes, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=5)
def test_two_orders_give_one_tree(prepared: PreparedTask, wanted: list[str], chance: Any) -> None:
    other = list(wanted)
    chance.shuffle(other)
    with empty(prepared) as one, empty(prepared) as two:
        for address in wanted:
            try_unpack(one, address)
        for address in other:
            try_unpack(two, address)

        assert all_of(one) == all_of(two)


@given(wishes, st.lists(st.floats(0.02, 0.98), min_size=5, max_size=5))
@settings(deadline=None, max_examples=3)
def test_ratings_in_between_change_nothing_that_is_committed(
    prepared: PreparedTask, wanted: list[str], values: list[float]
) -> None:
    with empty(prepared) as silent, empty(prepared) as rated:
        for address, value in zip(wanted, values, strict=False):
            try_unpack(silent, address)
            try_unpack(rated, address)
            for s in list(rated.walk()):
                rated.judge("rating", s.address, "human:ada", value=value)

        assert all_of(silent) == all_of(rated)


@given(wishes)
@settings(deadline=None, max_examples=3)
def test_the_same_again_changes_nothing(prepared: PreparedTask, wanted: list[str]) -> None:
    with empty(prepared) as tree:
        for address in wanted:
            try_unpack(tree, address)
        before, moves = all_of(tree), len(tree.moves())

        for address in wanted:
            try_unpack(tree, address)

        assert all_of(tree) == before
        assert len(tree.moves()) == moves


def test_a_run_of_many_steps_makes_what_single_steps_make(prepared: PreparedTask) -> None:
    with empty(prepared) as one, empty(prepared) as two:
        unpack_below(one, levels=2)
        for s in reversed(_after_root(two)):
            unpack(two, s)

        assert all_of(one) == all_of(two)


def _after_root(tree: Tree) -> list[Address]:
    unpack(tree, "0")
    return [s.address for s in tree.children()]


def test_another_seed_goes_to_the_next_slot(prepared: PreparedTask) -> None:
    with empty(prepared) as tree:
        first = unpack(tree, "0")
        before = list(tree.walk())

        second = unpack(tree, "0", seed=1)

        assert (first.slot, second.slot) == (0, 1)
        assert second.seed == 1
        assert list(tree.walk()) == before
        assert tree.statement("0@1.0").draft == second.children[0]


def test_another_number_of_proposals_goes_to_the_next_slot(prepared: PreparedTask) -> None:
    with empty(prepared) as tree:
        assert [unpack(tree, "0", n=n).slot for n in (3, 1, 3)] == [0, 1, 0]


def test_what_lies_below_another_slot_is_unpacked_on_its_own(prepared: PreparedTask) -> None:
    with empty(prepared) as tree:
        unpack(tree, "0")
        unpack(tree, "0", seed=1)
        before = tree.children("0.0")

        done = unpack(tree, "0@1.0")

        assert done.address == "0@1.0"
        assert tree.children("0.0") == before
        assert tree.children("0@1.0")


def test_a_deep_address_unpacks_only_the_path_to_it(prepared: PreparedTask) -> None:
    with empty(prepared) as tree:
        unpack(tree, "0.1.0")

        unpacked = [s.address for s in tree.walk() if s.is_unpacked]

        assert unpacked == ["0", "0.1", "0.1.0"]


def test_a_deep_address_is_what_the_long_way_gives(prepared: PreparedTask) -> None:
    with empty(prepared) as direct, empty(prepared) as long:
        unpack(direct, "0.1.0")
        unpack_below(long, levels=2)

        for s in direct.walk():
            found = long.statement(s.address)
            assert (found.draft, found.address) == (s.draft, s.address)


def test_a_child_that_does_not_exist_is_refused_with_what_there_is(prepared: PreparedTask) -> None:
    with empty(prepared) as tree:
        with pytest.raises(UnknownAddressError, match=r"no child 77: 0 has \d children"):
            unpack(tree, "0.77")

        assert [s.address for s in tree.walk() if s.is_unpacked] == ["0"]


def test_every_step_on_the_path_is_a_recorded_move(prepared: PreparedTask) -> None:
    with empty(prepared) as tree:
        unpack(tree, "0.1.0")

        assert [(m.kind, m.address) for m in tree.moves()] == [
            ("unpack", a) for a in [*ancestors(Address("0.1.0")), "0.1.0"]
        ]


def test_one_unpacker_for_two_tasks_keeps_their_cases_apart(kb: KnowledgeBase) -> None:
    shared = InductionUnpacker()
    first, second = grow(kb, TABLE, "first", seed=0), grow(kb, TABLE, "second", seed=5)
    alone = grow(kb, TABLE, "alone", seed=5)

    unpack(first, "0.0", unpacker=shared)

    for address in ("0", "0.0", "0.1"):
        mixed = unpack(second, address, unpacker=shared)
        assert timeless(mixed).proposals == timeless(unpack(alone, address)).proposals
