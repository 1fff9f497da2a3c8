"""Pages: stable while others insert, and only what a page gave out goes in again."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.address import ROOT, Address
from kb.errors import InputError
from kb.records import Judgement, Move
from kb.statements import Draft
from kb.stores.cursors import decode, encode
from kb.stores.protocol import Store
from tests.contract.building import addresses, grow, pages, sound, unpack


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_pages_of_any_size_hold_the_same(store: Store, tree: str, limit: int) -> None:
    grow(store, tree, levels=3, width=3)
    whole = addresses(store.subtree(tree, ROOT, limit=1000).items)
    assert len(whole) == 40
    assert addresses(pages(lambda **page: store.subtree(tree, ROOT, **page), limit)) == whole
    every = pages(lambda **page: store.subtree(tree, ROOT, every_slot=True, **page), limit)
    assert addresses(every) == whole
    below = addresses(pages(lambda **page: store.subtree(tree, Address("0.1"), **page), limit))
    assert below == [address for address in whole if address.startswith("0.1")]
    assert sorted(addresses(pages(lambda **page: store.search(tree, "says", **page), limit))) == whole[1:]


def test_a_page_needs_room(store: Store, tree: str) -> None:
    grow(store, tree, levels=1)
    for listing in (store.children, store.subtree):
        with pytest.raises(ValueError, match="limit is 0"):
            listing(tree, ROOT, limit=0)


def test_inserts_between_pages_repeat_nothing_and_hide_nothing(store: Store, tree: str) -> None:
    grow(store, tree, levels=2, width=3)
    before = set(addresses(store.subtree(tree, ROOT, limit=1000).items))
    seen: list[str] = []
    after, n = None, 0
    while True:
        page = store.subtree(tree, ROOT, after=after, limit=2)
        seen += addresses(page.items)
        store.append_child(tree, Address(f"0.{n % 3}"), Draft(f"{n} says more"))
        after, n = page.after, n + 1
        if after is None:
            break
    assert len(seen) == len(set(seen))
    assert before <= set(seen)
    assert seen == [
        address for address in addresses(store.subtree(tree, ROOT, limit=1000).items) if address in seen
    ]


def test_pages_of_search_are_stable_while_others_insert(store: Store, tree: str) -> None:
    unpack(store, tree, ROOT, *(f"penguin {'x' * n} island" for n in range(30)))
    before = set(addresses(store.search(tree, "penguin", limit=100).items))
    seen: list[str] = []
    after, n = None, 0
    while True:
        page = store.search(tree, "penguin", after=after, limit=3)
        seen += addresses(page.items)
        store.append_child(tree, ROOT, Draft(f"a penguin on island {n} " + "penguin " * (n % 5)))
        after, n = page.after, n + 1
        if after is None or n > 60:
            break
    assert len(seen) == len(set(seen))
    assert before <= set(seen)


def test_readers_walk_while_writers_write(store: Store, tree: str) -> None:
    grow(store, tree, levels=2, width=4)
    before = addresses(store.subtree(tree, ROOT, limit=1000).items)
    failures: list[BaseException] = []

    def write(worker: int) -> None:
        try:
            for n in range(25):
                store.append_child(tree, Address(f"0.{worker}"), Draft(f"written {n} by {worker}"))
        except BaseException as error:  # noqa: BLE001  # handed to the test's own thread
            failures.append(error)

    writers = [threading.Thread(target=write, args=(worker,)) for worker in range(3)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        seen = addresses(pages(lambda **page: store.subtree(tree, ROOT, **page), limit=3))
        assert len(seen) == len(set(seen))
        assert set(before) <= set(seen)
    for writer in writers:
        writer.join()
    assert failures == []
    assert len(store.subtree(tree, ROOT, limit=1000).items) == len(before) + 75
    sound(store)


def test_a_cursor_belongs_to_its_listing(store: Store, tree: str) -> None:
    grow(store, tree, levels=2)
    store.append_moves(tree, [Move("ask", ROOT, "search", taken=False)] * 3)
    store.append_judgements(tree, [Judgement(str(n), "rating", ROOT, "human:ada", 0.5) for n in range(3)])
    listings: list[Callable[..., object]] = [
        lambda **page: store.subtree(tree, ROOT, **page),
        lambda **page: store.subtree(tree, ROOT, every_slot=True, **page),
        lambda **page: store.subtree(tree, Address("0.1"), **page),
        lambda **page: store.children(tree, ROOT, **page),
        lambda **page: store.children(tree, Address("0.1"), **page),
        lambda **page: store.search(tree, "says", **page),
        lambda **page: store.judgements(tree, **page),
        lambda **page: store.judgements(tree, rater="human:ada", **page),
        lambda **page: store.moves(tree, **page),
    ]
    cursors = [getattr(listing(limit=1), "after") for listing in listings]  # noqa: B009  # any page's
    for listing, own in zip(listings, cursors, strict=True):
        listing(after=own)
        for cursor in set(cursors) - {own}:
            with pytest.raises(InputError, match="of another listing"):
                listing(after=cursor)
        for garbage in ("", "0", "garbage", "é", own[:-2], own + "A", "Ww", "e30"):
            with pytest.raises(InputError, match="Start again without it"):
                listing(after=garbage)


@given(st.text() | st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_no_garbage_gets_through_as_a_cursor(garbage: str) -> None:
    with pytest.raises(InputError):
        decode("children", garbage, int, str)


@given(st.integers(-(2**63) + 1, 2**63 - 1), st.text())
def test_a_cursor_is_read_as_it_was_written(number: int, text: str) -> None:
    assert decode("children", encode("children", number, text), int, str) == (number, text)


@settings(max_examples=20)
@given(st.sampled_from([2**63, -(2**70), True, None, "7", 7.0, [7]]))
def test_a_forged_number_is_no_cursor(value: object) -> None:
    forged = json.loads(base64.urlsafe_b64decode(encode("q", 7) + "=="))
    forged[1] = value
    with pytest.raises(InputError):
        decode("q", base64.urlsafe_b64encode(json.dumps(forged).encode()).decode().rstrip("="), int)
