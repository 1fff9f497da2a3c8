"""What a copy reads: every expansion below a statement, the queue, the kinds of documents."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kb.address import ROOT, Address
from kb.errors import InputError
from kb.records import QueueEntry
from kb.stores.protocol import Store, UnknownAddressError
from tests.contract.building import grow, pages, sound, unpack


def test_expansions_within_a_statement_come_by_address_and_slot(store: Store, tree: str) -> None:
    grow(store, tree, levels=3, width=3)
    unpack(store, tree, ROOT, "other", slot=2)
    unpack(store, tree, Address("0.1"), "other", slot=1)
    unpack(store, tree, Address("0@2.0"), "deep in the other", slot=1)
    store.choose(tree, Address("0.1"), 1)
    every = pages(lambda **page: store.subtree(tree, ROOT, every_slot=True, **page), 50)
    wanted = [made for each in every for made in store.expansions(tree, each.address)]
    assert len(wanted) == 16
    for limit in (1, 2, 5, 100):
        assert pages(lambda **page: store.expansions_within(tree, ROOT, **page), limit) == wanted
    below = store.expansions_within(tree, Address("0.1")).items
    assert [(each.address, each.slot) for each in below] == [
        ("0.1", 0), ("0.1", 1), ("0.1.0", 0), ("0.1.1", 0), ("0.1.2", 0),
    ]  # fmt: skip
    assert [each.is_current for each in below] == [False, True, True, True, True]
    assert store.expansions_within(tree, Address("0.1.0.0")).items == ()
    assert store.expansions_within(tree, Address("0.9")).items == ()


def test_the_queue_lists_what_waits_is_held_or_was_given_up(store: Store, tree: str) -> None:
    grow(store, tree, levels=1, width=3)
    store.enqueue(tree, [(Address(f"0.{n}"), 0, float(n)) for n in range(3)])
    store.enqueue(tree, [(Address("0.0"), 1, 9.0)])
    (item,) = store.take(tree, worker="w", seconds=60)
    store.give_up(item, reason="the model said no")
    (held,) = store.take(tree, worker="w", seconds=60)
    assert held.address == "0.2"
    listed = pages(lambda **page: store.queue(tree, **page), 2)
    assert listed == [
        QueueEntry(Address("0.0"), 0, 0.0, 0),
        QueueEntry(Address("0.1"), 0, 1.0, 0),
        QueueEntry(Address("0.2"), 0, 2.0, 1),
        QueueEntry(Address("0.0"), 1, 9.0, 1, "the model said no"),
    ]
    unpack(store, tree, Address("0.1"), "done")
    assert len(store.queue(tree).items) == 3


def test_a_queue_is_put_as_another_store_had_it(store: Store, tree: str) -> None:
    grow(store, tree, levels=1, width=3)
    unpack(store, tree, Address("0.2"), "committed")
    entries = [
        QueueEntry(Address("0.0"), 0, 1.0, 2),
        QueueEntry(Address("0.1"), 1, 5.0, 3, "no answer"),
        QueueEntry(Address("0.2"), 0, 1.0, 1),
    ]
    assert store.put_queue(tree, entries) == 2
    assert store.put_queue(tree, [replace(each, priority=7.0) for each in entries]) == 0
    assert list(store.queue(tree).items) == entries[:2]
    (item,) = store.take(tree, worker="w", seconds=60, limit=5)
    assert (item.address, item.attempts) == ("0.0", 3)
    assert [each.reason for each in store.given_up(tree).items] == ["no answer"]
    assert store.ask_again(tree, Address("0.1"), 1)
    sound(store)


def test_a_queue_that_names_nothing_stored_is_refused_whole(store: Store, tree: str) -> None:
    with pytest.raises(UnknownAddressError):
        store.put_queue(tree, [QueueEntry(ROOT, 0, 1.0), QueueEntry(Address("0.7"), 0, 1.0)])
    with pytest.raises(InputError, match="priority is NaN"):
        store.put_queue(tree, [QueueEntry(ROOT, 0, float("nan"))])
    assert store.queue(tree).items == ()


def test_kinds_of_documents_are_listed_by_name(store: Store, tree: str) -> None:
    assert store.document_kinds(tree) == ()
    for kind, key in (("session", "b"), ("response", "a"), ("session", "a"), ("Übung", "a")):
        store.put_document(tree, kind, key, {})
    assert store.document_kinds(tree) == ("response", "session", "Übung")
