"""The queue: most wanted first, nothing twice, nothing lost."""

from __future__ import annotations

import pytest

from kb.address import ROOT, Address
from kb.errors import InputError
from kb.records import WorkItem
from kb.stores.protocol import StaleLeaseError, Store, UnknownAddressError
from tests.contract.building import expansion, grow, sound, unpack
from tests.contract.conftest import Clock


def ask(store: Store, tree: str, *wanted: tuple[str, float]) -> int:
    return store.enqueue(tree, [(Address(address), 0, priority) for address, priority in wanted])


def take(store: Store, tree: str, *, limit: int = 1, seconds: float = 60) -> list[WorkItem]:
    return store.take(tree, worker="w", seconds=seconds, limit=limit)


@pytest.fixture(autouse=True)
def _four_children(store: Store, tree: str) -> None:
    grow(store, tree, levels=1, width=4)


def test_the_most_wanted_comes_first_and_the_older_among_equals(store: Store, tree: str) -> None:
    assert ask(store, tree, ("0.0", -2), ("0.1", 3), ("0.2", 3), ("0.3", 1)) == 4
    assert [item.address for item in take(store, tree, limit=3)] == ["0.1", "0.2", "0.3"]
    (last,) = take(store, tree, limit=3)
    assert (last.address, last.priority, last.attempts, last.slot) == ("0.0", -2.0, 1, 0)
    assert take(store, tree) == []
    assert store.waiting(tree) == 4


def test_asking_again_changes_nothing(store: Store, tree: str) -> None:
    assert ask(store, tree, ("0.0", 1), ("0.1", 2)) == 2
    assert ask(store, tree, ("0.0", 9), ("0.1", 9), ("0.2", 0)) == 1
    assert [item.priority for item in take(store, tree, limit=9)] == [2.0, 1.0, 0.0]
    assert ask(store, tree, ("0.0", 9)) == 0


def test_what_is_committed_is_not_asked_for(store: Store, tree: str) -> None:
    assert ask(store, tree, ("0", 1)) == 0
    unpack(store, tree, Address("0.0"), "done by hand")
    assert ask(store, tree, ("0.0", 1)) == 0
    assert store.waiting(tree) == 0


def test_all_are_asked_for_or_none(store: Store, tree: str) -> None:
    with pytest.raises(UnknownAddressError):
        ask(store, tree, ("0.0", 1), ("0.9", 1))
    with pytest.raises(InputError, match="NaN"):
        ask(store, tree, ("0.0", 1), ("0.1", float("nan")))
    assert store.waiting(tree) == 0


def test_a_commit_finishes_an_item(store: Store, tree: str) -> None:
    ask(store, tree, ("0.0", 1))
    (item,) = take(store, tree)
    store.commit(item.lease, expansion(item.address, "found"))
    assert store.waiting(tree) == 0
    assert take(store, tree) == []
    sound(store)


def test_a_commit_beside_the_queue_finishes_an_item_too(store: Store, tree: str) -> None:
    ask(store, tree, ("0.0", 1))
    unpack(store, tree, Address("0.0"), "a person was faster")
    assert take(store, tree) == []
    assert store.waiting(tree) == 0
    sound(store)


def test_an_item_whose_lease_ran_out_waits_again(store: Store, tree: str, clock: Clock) -> None:
    ask(store, tree, ("0.0", 1))
    (first,) = take(store, tree, seconds=10)
    clock.now += 9
    assert take(store, tree) == []
    clock.now += 1
    (second,) = take(store, tree, seconds=10)
    assert (second.attempts, second.lease.fence) == (2, first.lease.fence + 1)
    with pytest.raises(StaleLeaseError):
        store.commit(first.lease, expansion(first.address, "too late"))
    store.commit(second.lease, expansion(second.address, "in time"))
    sound(store)


def test_an_expired_worker_that_nobody_replaced_goes_on(store: Store, tree: str, clock: Clock) -> None:
    ask(store, tree, ("0.0", 1), ("0.1", 0))
    (first,) = take(store, tree, seconds=10)
    clock.now += 20
    renewed = store.renew(first.lease, seconds=10)
    (other,) = take(store, tree, seconds=10)
    assert other.address == "0.1"
    store.commit(renewed, expansion(first.address, "slow but sole"))


def test_a_released_item_waits_again(store: Store, tree: str) -> None:
    ask(store, tree, ("0.0", 1))
    (first,) = take(store, tree)
    store.release(first.lease)
    (second,) = take(store, tree)
    assert (second.address, second.attempts) == ("0.0", 2)


def test_what_is_given_up_is_tried_no_more(store: Store, tree: str) -> None:
    ask(store, tree, ("0.0", 1))
    (item,) = take(store, tree)
    store.give_up(item, reason="the model refused")
    assert store.waiting(tree) == 0
    assert take(store, tree) == []
    assert ask(store, tree, ("0.0", 1)) == 0
    with pytest.raises(StaleLeaseError):
        store.commit(item.lease, expansion(item.address, "after all"))
    unpack(store, tree, Address("0.0"), "asked for directly")
    sound(store)


def test_only_the_holder_gives_up(store: Store, tree: str) -> None:
    ask(store, tree, ("0.0", 1))
    (slow,) = take(store, tree, seconds=0)
    (quick,) = take(store, tree)
    store.give_up(slow, reason="too slow")
    assert store.waiting(tree) == 1
    store.commit(quick.lease, expansion(quick.address, "in time"))


def test_a_leased_slot_is_not_handed_out(store: Store, tree: str) -> None:
    held = store.lease(tree, Address("0.0"), 0, worker="explorer", seconds=60)
    assert held is not None
    assert ask(store, tree, ("0.0", 5), ("0.1", 1)) == 2
    assert [item.address for item in take(store, tree, limit=2)] == ["0.1"]
    store.release(held)
    assert [item.address for item in take(store, tree, limit=2)] == ["0.0"]


def test_slots_of_one_statement_are_items_of_their_own(store: Store, tree: str) -> None:
    assert store.enqueue(tree, [(ROOT, 1, 1.0), (ROOT, 2, 2.0), (ROOT, 1, 3.0)]) == 2
    items = take(store, tree, limit=5)
    assert [item.slot for item in items] == [2, 1]
    for item in items:
        store.commit(item.lease, expansion(ROOT, "again", slot=item.slot))
    sound(store)


def test_given_up_items_are_listed_and_can_be_asked_for_again(store: Store, tree: str) -> None:
    ask(store, tree, ("0.0", 3), ("0.1", 2), ("0.2", 1))
    for item in take(store, tree, limit=2):
        store.give_up(item, reason=f"no answer about {item.address}")
    first = store.given_up(tree, limit=1)
    second = store.given_up(tree, limit=1, after=first.after)
    failed = [*first.items, *second.items]
    assert [(each.address, each.slot, each.attempts) for each in failed] == [("0.0", 0, 1), ("0.1", 0, 1)]
    assert failed[1].reason == "no answer about 0.1"
    assert second.after is None
    assert store.ask_again(tree, Address("0.0"), 0)
    assert not store.ask_again(tree, Address("0.0"), 0)
    assert not store.ask_again(tree, Address("0.2"), 0)
    assert [item.address for item in take(store, tree, limit=3)] == ["0.0", "0.2"]
    assert [each.address for each in store.given_up(tree).items] == ["0.1"]
