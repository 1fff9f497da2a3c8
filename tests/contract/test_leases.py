"""Leases and fences: one commit per slot, whatever workers do."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from kb.address import MAX_SLOT, ROOT, Address
from kb.errors import InputError
from kb.records import Expansion, Lease
from kb.statements import Draft
from kb.stores.protocol import ExpansionExistsError, StaleLeaseError, Store, UnknownAddressError
from tests.contract.building import expansion, grow, sound, unpack
from tests.contract.conftest import Clock

BODY = expansion(ROOT, "the body tells", "the wings tell")
ISLAND = expansion(ROOT, "the island tells")


def lease(store: Store, tree: str, *, worker: str = "w", seconds: float = 60, slot: int = 0) -> Lease:
    taken = store.lease(tree, ROOT, slot, worker=worker, seconds=seconds)
    assert taken is not None
    return taken


def texts(store: Store, tree: str) -> list[str]:
    return [each.text for each in store.children(tree, ROOT).items]


def test_a_held_slot_is_held_against_everyone(store: Store, tree: str) -> None:
    held = lease(store, tree, worker="a")
    assert (held.tree_id, held.address, held.slot, held.worker) == (tree, ROOT, 0, "a")
    assert store.lease(tree, ROOT, 0, worker="b", seconds=60) is None
    assert store.lease(tree, ROOT, 0, worker="a", seconds=60) is None
    assert store.lease(tree, ROOT, 1, worker="b", seconds=60) is not None


def test_a_lease_that_ran_out_cannot_overwrite_its_successor(store: Store, tree: str) -> None:
    slow = lease(store, tree, worker="slow", seconds=0)
    quick = lease(store, tree, worker="quick")
    assert quick.fence > slow.fence
    with pytest.raises(
        StaleLeaseError, match=f"lease {slow.fence} of slow is stale, {quick.fence} came after"
    ):
        store.commit(slow, ISLAND)
    assert texts(store, tree) == []
    store.commit(quick, BODY)
    with pytest.raises(StaleLeaseError):
        store.commit(slow, ISLAND)
    assert texts(store, tree) == ["the body tells", "the wings tell"]
    sound(store)


def test_a_lease_that_ran_out_still_commits_while_nobody_took_it(
    store: Store, tree: str, clock: Clock
) -> None:
    held = lease(store, tree, seconds=10)
    clock.now += 1000
    store.commit(held, BODY)
    assert len(texts(store, tree)) == 2


def test_a_renewed_lease_outlasts_its_first_end(store: Store, tree: str, clock: Clock) -> None:
    held = lease(store, tree, seconds=10)
    clock.now += 9
    renewed = store.renew(held, seconds=10)
    assert (renewed.fence, renewed.until) == (held.fence, clock.now + 10)
    clock.now += 9
    assert store.lease(tree, ROOT, 0, worker="b", seconds=9) is None
    clock.now += 1
    assert store.lease(tree, ROOT, 0, worker="b", seconds=9) is not None
    with pytest.raises(StaleLeaseError):
        store.renew(renewed, seconds=10)


def test_a_lease_given_back_is_free_and_cannot_be_used(store: Store, tree: str) -> None:
    held = lease(store, tree)
    store.release(held)
    store.release(held)
    for use in (lambda: store.commit(held, BODY), lambda: store.renew(held, seconds=9)):
        with pytest.raises(StaleLeaseError):
            use()
    other = lease(store, tree, worker="b")
    store.release(held)
    assert store.lease(tree, ROOT, 0, worker="c", seconds=9) is None
    assert other.fence > held.fence


def test_a_committed_slot_is_leased_no_more(store: Store, tree: str) -> None:
    held = lease(store, tree)
    store.commit(held, BODY)
    with pytest.raises(ExpansionExistsError, match="another expansion is committed"):
        store.lease(tree, ROOT, 0, worker="b", seconds=9)
    with pytest.raises(StaleLeaseError, match="used up"):
        store.renew(held, seconds=9)
    store.release(held)
    assert len(store.expansions(tree, ROOT)) == 1


def test_a_replayed_commit_changes_nothing(store: Store, tree: str) -> None:
    held = lease(store, tree)
    first = store.commit(held, BODY)
    store.append_child(tree, ROOT, Draft("by hand"))
    assert store.commit(held, BODY) == first
    assert store.commit(replace(held, fence=held.fence + 7), BODY) == first
    assert texts(store, tree) == ["the body tells", "the wings tell", "by hand"]


def test_a_replay_with_other_children_is_refused(store: Store, tree: str) -> None:
    held = lease(store, tree)
    store.commit(held, BODY)
    with pytest.raises(ExpansionExistsError):
        store.commit(held, ISLAND)
    assert texts(store, tree) == ["the body tells", "the wings tell"]
    sound(store)


def test_a_lease_is_for_one_slot(store: Store, tree: str) -> None:
    with pytest.raises(ValueError, match="the lease is for 0 slot 1"):
        store.commit(lease(store, tree, slot=1), BODY)


def test_what_is_not_stored_cannot_be_leased(store: Store, tree: str) -> None:
    with pytest.raises(UnknownAddressError):
        store.lease(tree, Address("0.4"), 0, worker="w", seconds=9)
    with pytest.raises(InputError, match="the largest"):
        store.lease(tree, ROOT, MAX_SLOT + 1, worker="w", seconds=9)


def test_two_workers_on_one_statement_make_one_expansion(store: Store, tree: str) -> None:
    grow(store, tree, levels=1, width=20)
    gate = threading.Barrier(4, timeout=30)
    committed: list[tuple[str, str]] = []

    def work(worker: str) -> None:
        for n in range(20):
            address = Address(f"0.{n}")
            gate.wait()
            try:
                held = store.lease(tree, address, 0, worker=worker, seconds=60)
            except ExpansionExistsError:
                continue
            if held is not None:
                store.commit(held, expansion(address, f"{worker} says"))
                committed.append((address, worker))

    workers = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()
    assert sorted(address for address, _ in committed) == sorted(f"0.{n}" for n in range(20))
    for address, worker in committed:
        (made,) = store.expansions(tree, Address(address))
        assert [draft.text for draft in made.children] == [f"{worker} says"]
    sound(store)


def test_two_workers_with_one_expired_lease_each_make_one_expansion(store: Store, tree: str) -> None:
    leases = [lease(store, tree, worker=str(n), seconds=0) for n in range(6)]
    outcomes: list[Expansion | StaleLeaseError] = []
    for held in leases:
        try:
            outcomes.append(store.commit(held, expansion(ROOT, f"by {held.worker}")))
        except StaleLeaseError as error:
            outcomes.append(error)
    assert [isinstance(outcome, Expansion) for outcome in outcomes] == [False] * 5 + [True]
    assert texts(store, tree) == ["by 5"]
    unpack(store, tree, ROOT, "another slot", slot=1)
    sound(store)
