"""Short ways to grow a tree in a test."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from kb.address import ROOT, Address
from kb.records import Expansion, Page, Proposal
from kb.statements import Draft, Statement
from kb.stores.protocol import Store


def drafts(*texts: str) -> tuple[Draft, ...]:
    return tuple(Draft(text, origin="induction") for text in texts)


def expansion(address: Address, *texts: str, slot: int = 0, seed: int = 0) -> Expansion:
    return Expansion(address, slot, "induction", (Proposal(drafts(*texts)),), 0, seed=seed)


def unpack(store: Store, tree: str, address: Address = ROOT, *texts: str, slot: int = 0) -> Expansion:
    lease = store.lease(tree, address, slot, worker="test", seconds=60)
    assert lease is not None
    return store.commit(lease, expansion(address, *texts, slot=slot))


def grow(store: Store, tree: str, levels: int, width: int = 2, of: Address = ROOT) -> None:
    """Unpack ``levels`` levels with ``width`` children each."""
    if levels:
        made = unpack(store, tree, of, *(f"{of} says {n}" for n in range(width)))
        for n in range(len(made.children)):
            grow(store, tree, levels - 1, width, Address(f"{of}.{n}"))


def pages(listing: Callable[..., Page[Any]], limit: int) -> list[Any]:
    """All items, page by page, each page checked for its size."""
    found: list[Any] = []
    after = None
    while True:
        page = listing(after=after, limit=limit)
        assert len(page.items) <= limit
        found.extend(page.items)
        after = page.after
        if after is None:
            return found
        assert len(page.items) == limit


def addresses(statements: Iterable[Statement]) -> list[str]:
    return [each.address for each in statements]


def sound(store: Store) -> None:
    assert list(store.check()) == []
