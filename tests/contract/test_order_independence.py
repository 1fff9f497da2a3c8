"""The same unpackings in any order, and any of them twice, give the same tree."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kb.address import ROOT, Address, child, key, parent
from kb.records import Expansion, Proposal
from kb.statements import Draft
from kb.stores.protocol import ExpansionExistsError, Store
from tests.contract.building import sound


def scripted(address: Address, slot: int) -> Expansion:
    """What a deterministic unpacker says: it depends on the address and slot alone."""
    n = sum(map(ord, address)) % 3 + 1
    drafts = tuple(Draft(f"{address} in slot {slot} says {k}") for k in range(n))
    return Expansion(address, slot, "scripted", (Proposal(drafts),), 0, seed=slot)


def requests(levels: int = 3) -> list[tuple[Address, int]]:
    """Every (statement, slot) of a small implicit tree, slot 0 before 1."""
    found: list[tuple[Address, int]] = []
    level = [ROOT]
    for _ in range(levels):
        found += [(address, slot) for address in level for slot in (0, 1)]
        level = [
            child(address, k, slot=slot)
            for address in level
            for slot in (0, 1)
            for k in range(len(scripted(address, slot).children))
        ]
    return found


REQUESTS = requests()


def _unpack(store: Store, tree: str, address: Address, slot: int) -> None:
    """Unpack what the address needs above it, then the slot; a slot that is there stays."""
    up = parent(address)
    if up is not None and store.node(tree, address) is None:
        in_slot = int(address[len(up) + 1 :].partition(".")[0]) if address[len(up)] == "@" else 0
        _unpack(store, tree, up, in_slot)
    try:
        lease = store.lease(tree, address, slot, worker="w", seconds=60)
    except ExpansionExistsError:
        return
    assert lease is not None
    store.commit(lease, scripted(address, slot))


def _content(store: Store, tree: str) -> list[tuple[str, str, str]]:
    stored = store.subtree(tree, ROOT, limit=10_000, every_slot=True).items
    return [(each.address, each.text, key("same", each.address)) for each in stored]


ORDERS = given(order=st.permutations(REQUESTS), again=st.lists(st.sampled_from(REQUESTS), max_size=10))
FEW = settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
@settings(FEW, max_examples=15)
@ORDERS
def test_any_order_and_any_repetition_give_the_same_tree(
    store: Store,
    new_tree: Callable[[], str],
    order: list[tuple[Address, int]],
    again: list[tuple[Address, int]],
) -> None:
    any_order_gives_the_same_tree(store, new_tree, order, again)


@pytest.mark.neo4j
@pytest.mark.parametrize("place", ["neo4j"], indirect=True)
@FEW
@ORDERS
def test_any_order_gives_the_same_tree_on_a_server(
    store: Store,
    new_tree: Callable[[], str],
    order: list[tuple[Address, int]],
    again: list[tuple[Address, int]],
) -> None:
    """A few orders only: each is some hundred transactions."""
    any_order_gives_the_same_tree(store, new_tree, order, again)


def any_order_gives_the_same_tree(
    store: Store,
    new_tree: Callable[[], str],
    order: list[tuple[Address, int]],
    again: list[tuple[Address, int]],
) -> None:
    straight, shuffled = new_tree(), new_tree()
    for address, slot in REQUESTS:
        _unpack(store, straight, address, slot)
    for address, slot in (*order, *again):
        _unpack(store, shuffled, address, slot)
    for address, _ in REQUESTS:
        store.choose(straight, address, 1)
        store.choose(shuffled, address, 1)
    assert _content(store, shuffled) == _content(store, straight)
    walks = [[s.address for s in store.subtree(t, ROOT, limit=10_000).items] for t in (straight, shuffled)]
    assert walks[0] == walks[1]


def test_such_trees_are_sound(store: Store, tree: str) -> None:
    for address, slot in reversed(REQUESTS):
        _unpack(store, tree, address, slot)
    assert len(_content(store, tree)) > 30
    sound(store)
