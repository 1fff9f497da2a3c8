"""Slots: several expansions of one statement, one of them current."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kb.address import ROOT, Address, child, parent, slot_of
from kb.statements import Draft
from kb.stores.protocol import Store, UnknownAddressError
from tests.contract.building import addresses, expansion, pages, sound, unpack


def test_the_first_expansion_is_current_and_stays_so(store: Store, tree: str) -> None:
    first = unpack(store, tree, ROOT, "a", "b")
    second = unpack(store, tree, ROOT, "c", slot=2)
    assert (first.is_current, second.is_current) == (True, False)
    assert [(e.slot, e.is_current) for e in store.expansions(tree, ROOT)] == [(0, True), (2, False)]
    assert addresses(store.children(tree, ROOT).items) == ["0.0", "0.1"]
    assert addresses(store.children(tree, ROOT, slot=2).items) == ["0@2.0"]
    assert addresses(store.subtree(tree, ROOT).items) == ["0", "0.0", "0.1"]
    assert addresses(store.subtree(tree, ROOT, every_slot=True).items) == ["0", "0.0", "0.1", "0@2.0"]


def test_choosing_a_slot_moves_the_walk(store: Store, tree: str) -> None:
    unpack(store, tree, ROOT, "a", "b")
    unpack(store, tree, ROOT, "c", slot=2)
    store.choose(tree, ROOT, 2)
    root = store.node(tree, ROOT)
    assert root is not None
    assert (root.slot, root.n_children) == (2, 1)
    assert addresses(store.subtree(tree, ROOT).items) == ["0", "0@2.0"]
    assert [e.is_current for e in store.expansions(tree, ROOT)] == [False, True]
    assert addresses(store.search(tree, "a").items) == []
    assert addresses(store.search(tree, "c").items) == ["0@2.0"]
    assert store.append_child(tree, ROOT, Draft("d")).address == "0@2.1"
    store.choose(tree, ROOT, 0)
    assert addresses(store.children(tree, ROOT).items) == ["0.0", "0.1"]
    sound(store)


def test_only_a_committed_slot_can_be_chosen(store: Store, tree: str) -> None:
    store.append_child(tree, ROOT, Draft("by hand"))
    for slot in (0, 1):
        with pytest.raises(UnknownAddressError, match=f"no expansion in slot {slot}"):
            store.choose(tree, ROOT, slot)
    with pytest.raises(UnknownAddressError):
        store.choose(tree, Address("0.7"), 0)


def test_a_machines_children_come_behind_those_of_people(store: Store, tree: str) -> None:
    store.append_child(tree, ROOT, Draft("by hand"))
    store.append_child(tree, ROOT, Draft("by hand too"))
    made = unpack(store, tree, ROOT, "by machine", "by machine too")
    assert made.first_ordinal == 2
    texts = [each.text for each in store.children(tree, ROOT).items]
    assert texts == ["by hand", "by hand too", "by machine", "by machine too"]
    assert store.append_child(tree, ROOT, Draft("by hand again")).address == "0.4"
    root = store.node(tree, ROOT)
    assert root is not None
    assert (root.n_children, root.is_unpacked) == (5, True)
    sound(store)


def test_an_expansion_beats_a_slot_that_only_people_wrote_in(store: Store, tree: str) -> None:
    store.append_child(tree, ROOT, Draft("by hand"))
    assert unpack(store, tree, ROOT, "by machine", slot=1).is_current
    assert addresses(store.subtree(tree, ROOT).items) == ["0", "0@1.0"]
    assert addresses(store.children(tree, ROOT, slot=0).items) == ["0.0"]
    sound(store)


def test_an_empty_expansion_counts(store: Store, tree: str) -> None:
    unpack(store, tree, ROOT)
    root = store.node(tree, ROOT)
    assert root is not None
    assert (root.is_unpacked, root.n_children, root.slot) == (True, 0, 0)
    unpack(store, tree, ROOT, "more after all", slot=1)
    assert addresses(store.subtree(tree, ROOT).items) == ["0"]
    sound(store)


def test_the_walk_jumps_past_nested_slots(store: Store, tree: str) -> None:
    for slot in range(4):
        unpack(store, tree, ROOT, "x", "y", slot=slot)
        for below in (child(ROOT, 0, slot=slot), child(ROOT, 1, slot=slot)):
            for inner in range(3):
                unpack(store, tree, below, "deep", slot=inner)
    store.choose(tree, ROOT, 2)
    store.choose(tree, Address("0@2.0"), 1)
    store.choose(tree, Address("0@2.1"), 2)
    wanted = ["0", "0@2.0", "0@2.0@1.0", "0@2.1", "0@2.1@2.0"]
    for limit in (1, 2, 3, 100):
        assert addresses(pages(lambda **page: store.subtree(tree, ROOT, **page), limit)) == wanted
    assert addresses(store.subtree(tree, Address("0@3.1")).items) == ["0@3.1", "0@3.1.0"]
    assert sorted(addresses(store.search(tree, "deep").items)) == ["0@2.0@1.0", "0@2.1@2.0"]
    sound(store)


def test_an_expansion_is_kept_whole(store: Store, tree: str) -> None:
    from dataclasses import replace

    from kb.records import Approval, Cost, Proposal

    response = store.put_blob(b"what the model said")
    approval = Approval(0.75, ("says more", "short"), {"gain_nats": 3.25}, "human:ada")
    made = replace(
        expansion(ROOT, "a", "b", slot=3, seed=2**70),
        unpacker="language-model",
        proposals=(
            Proposal((Draft("worse"),), "another cut", None, ("repeats its sibling",)),
            Proposal((Draft("a"), Draft("b", columns=("x",))), "by column", approval),
        ),
        committed=1,
        chosen_by="human:ada",
        spec={"model": "m", "temperature": 0.1, "nested": {"list": [1, None, "é"]}},
        cost=Cost(1, 1200, 0.02, 3.5, 1.5),
        response=response,
    )
    lease = store.lease(tree, ROOT, 3, worker="w", seconds=9)
    assert lease is not None
    stored = store.commit(lease, made)
    assert store.expansions(tree, ROOT) == [stored]
    assert replace(stored, created=0.0) == made
    assert [each.text for each in store.children(tree, ROOT).items] == ["a", "b"]
    sound(store)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_walk_is_what_following_current_slots_gives(
    store: Store, new_tree: object, data: st.DataObject
) -> None:
    assert callable(new_tree)
    tree = new_tree()
    known = [ROOT]
    for _ in range(data.draw(st.integers(0, 12))):
        at = data.draw(st.sampled_from(known))
        slot, n = data.draw(st.integers(0, 3)), data.draw(st.integers(0, 3))
        if slot in [e.slot for e in store.expansions(tree, at)]:
            store.choose(tree, at, slot)
        else:
            made = unpack(store, tree, at, *["x"] * n, slot=slot)
            known += [child(at, made.first_ordinal + k, slot=slot) for k in range(n)]
    for _ in range(data.draw(st.integers(0, 3))):
        slots = [(at, e.slot) for at in known for e in store.expansions(tree, at)]
        if slots:
            store.choose(tree, *data.draw(st.sampled_from(slots)))

    stored = {each.address: each for each in store.subtree(tree, ROOT, limit=1000, every_slot=True).items}
    assert set(stored) == set(known)

    def is_on_walk(address: Address) -> bool:
        up = parent(address)
        return up is None or (stored[up].slot == slot_of(address) and is_on_walk(up))

    wanted = [address for address in stored if is_on_walk(address)]
    limit = data.draw(st.integers(1, 9))
    assert addresses(pages(lambda **page: store.subtree(tree, ROOT, **page), limit)) == wanted
