"""Writing what a tree holds into a store; what is there stays, so a put may be repeated."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from kb.address import Address
from kb.records import Document, Expansion, Judgement, Move, QueueEntry
from kb.statements import Statement
from kb.stores.protocol import StaleDocumentError, Store
from kb.transfer.sections import Item, Vector

__all__ = ["put"]


def put(store: Store, tree_id: str, items: Sequence[Item]) -> int:
    """Write records of one sort, parents before children; returns how many were new.

    Raises:
        UnknownAddressError: A record is about a statement that is not stored.
        InputError: Another statement is stored at an address, or other children than an expansion names.
        ExpansionExistsError: Another expansion is in a slot.
    """
    return _PUT[type(items[0])](store, tree_id, items) if items else 0


def _put_documents(store: Store, tree_id: str, items: Iterable[Document]) -> int:
    n_new = 0
    for each in items:
        with contextlib.suppress(StaleDocumentError):  # there is one of that name
            store.put_document(tree_id, each.kind, each.key, each.body, expected=0)
            n_new += 1
    return n_new


def _put_moves(store: Store, tree_id: str, items: Sequence[Move]) -> int:
    """Moves of format 1 have no id: one that is there as often as it is to be put is not put again."""
    if all(each.id for each in items):
        return store.append_moves(tree_id, items)
    known = Counter(_without_id(each) for each in _every_move(store, tree_id))
    new: list[Move] = []
    for each in items:
        text = _without_id(each)
        known[text] -= 1
        if known[text] < 0:
            new.append(each)
    return store.append_moves(tree_id, new)


def _every_move(store: Store, tree_id: str) -> Iterable[Move]:
    after = None
    while True:
        page = store.moves(tree_id, after=after)
        yield from page.items
        after = page.after
        if after is None:
            return


def _without_id(move: Move) -> str:
    return json.dumps(replace(move, id="").to_dict(), sort_keys=True)


def _put_vectors(store: Store, tree_id: str, items: Iterable[Vector]) -> int:
    of_model: dict[str, dict[Address, Sequence[float]]] = {}
    for each in items:
        of_model.setdefault(each.model, {})[each.address] = each.numbers
    for model, vectors in of_model.items():
        store.put_vectors(tree_id, model, vectors)
    return sum(map(len, of_model.values()))


_PUT: Mapping[type, Callable[[Store, str, Any], int]] = {
    Statement: lambda store, tree_id, items: store.put_statements(tree_id, items),
    Expansion: lambda store, tree_id, items: store.put_expansions(tree_id, items),
    Judgement: lambda store, tree_id, items: store.append_judgements(tree_id, items),
    Move: _put_moves,
    Document: _put_documents,
    QueueEntry: lambda store, tree_id, items: store.put_queue(tree_id, items),
    Vector: _put_vectors,
}
