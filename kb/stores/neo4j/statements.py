"""Reading statements: one, some, above, below."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from neo4j import ManagedTransaction

from kb.address import Address, address_of, ancestors, child, key, last_ordinal, path_of, slot_of
from kb.records import Page
from kb.statements import Statement
from kb.stores.cursors import decode, encode
from kb.stores.neo4j.connections import Database, run
from kb.stores.neo4j.queries import QUERIES
from kb.stores.neo4j.rows import BEYOND, SEGMENT, chunks, known_tree, statement
from kb.stores.values import limit_of

__all__ = ["above", "children", "node", "nodes", "subtree"]

_LARGEST_PAGE = 1_000  # rows of one statement of a walk; a longer page takes several


def node(db: Database, tree_id: str, address: Address) -> Statement | None:
    """The statement, or None."""
    found = nodes(db, tree_id, [address])
    return found[0] if found else None


def nodes(db: Database, tree_id: str, addresses: Sequence[Address]) -> list[Statement]:
    """Those of the addresses that are stored, in address order."""
    keys = [str(key(tree_id, address)) for address in addresses]
    known_tree(db, tree_id)
    found = [
        statement(stored)
        for part in chunks(list(dict.fromkeys(keys)))
        for stored in db.read(QUERIES["statements"], keys=part)[0]["page"]
    ]
    return sorted(found, key=lambda each: path_of(each.address))


def above(db: Database, tree_id: str, address: Address) -> list[Statement]:
    """Stored statements above the address, the root first."""
    return nodes(db, tree_id, ancestors(address))


def children(
    db: Database, tree_id: str, of: Address, *, slot: int | None, after: str | None, limit: int
) -> Page[Statement]:
    """One page of the children in a slot."""
    query = f"children {tree_id} {of} {slot}"
    start: tuple[Any, ...] = (slot, -1) if after is None else decode(query, after, int, int)
    at, wanted = key(tree_id, of), limit_of(limit) + 1
    known_tree(db, tree_id)
    if start[0] is None:
        found = db.read(QUERIES["first children"], key=at, limit=wanted)
    else:  # a walk that was begun in one slot stays in it
        found = db.read(QUERIES["children"], key=at, slot=start[0], after=start[1], limit=wanted)
    items = [statement(stored) for stored in (found[0]["page"] if found else ())]
    if len(items) <= limit:
        return Page(tuple(items))
    last = items[limit - 1].address
    return Page(tuple(items[:limit]), encode(query, slot_of(last), last_ordinal(last)))


def subtree(
    db: Database, tree_id: str, of: Address, *, after: str | None, limit: int, every_slot: bool
) -> Page[Statement]:
    """One page of the statement and all below it, depth first."""
    query = f"subtree {tree_id} {of} {every_slot}"
    top = path_of(of)
    last = None if after is None else str(decode(query, after, str)[0])
    limit_of(limit)

    def read(tx: ManagedTransaction) -> tuple[list[Found], bool]:
        known_tree(db, tree_id, tx)
        kept: list[Found] = []
        for found in (_range if every_slot else _walk)(tx, tree_id, top, last, limit):
            if len(kept) == limit:
                return kept, True
            kept.append(found)
        return kept, False

    kept, has_more = db.reading(read)
    return Page(tuple(each for _, each in kept), encode(query, kept[-1][0]) if has_more else None)


Found = tuple[str, Statement]  # with its path


def _range(tx: ManagedTransaction, tree_id: str, top: str, last: str | None, limit: int) -> Iterator[Found]:
    """Statements of every slot, as many at once as the page may still need."""
    start: str | None = (
        top if last is None else last + "0"
    )  # all below ``last`` begin with it and more digits
    size = min(limit + 1, _LARGEST_PAGE)
    while start is not None:
        rows = run(tx, QUERIES["subtree"], tree=tree_id, start=start, end=top + BEYOND, limit=size)[0]["page"]
        for stored in rows:
            yield stored[0], statement(stored)
        start = rows[-1][0] + "0" if len(rows) == size else None


def _walk(tx: ManagedTransaction, tree_id: str, top: str, last: str | None, limit: int) -> Iterator[Found]:
    """Statements along current slots, jumping past the range of every slot that is not current."""
    current: dict[str, int | None] = {}
    size = min(limit + 1, _LARGEST_PAGE)
    given: dict[str, Any] = {"tree": tree_id, "end": top + BEYOND, "limit": size}
    if last is None:
        (found,) = run(tx, QUERIES["subtree"], start=top, **given)
    else:
        above = [last[:at] for at in range(len(top), len(last) + 1, SEGMENT)]
        keys = [str(key(tree_id, address_of(path))) for path in above]
        (found,) = run(tx, QUERIES["subtree after"], above=keys, start=last + "0", **given)
        current.update(found["above"])
    while rows := found["page"]:
        start = rows[-1][0] + "0" if len(rows) == size else None
        for stored in rows:
            path, each = stored[0], statement(stored)
            jump = None if path == top else _jump(path, each, current)
            if jump is not None:
                start = jump
                break
            current[path] = each.slot
            yield path, each
        if start is None:
            return
        (found,) = run(tx, QUERIES["subtree"], start=start, **given)


def _jump(path: str, found: Statement, current: Mapping[str, int | None]) -> str | None:
    """Where the walk goes on instead of what was found; None if that is on it."""
    parent_path = path[:-SEGMENT]
    slot, its_slot = current.get(parent_path), slot_of(found.address)
    if slot == its_slot:
        return None
    if slot is None or slot < its_slot:
        return parent_path + BEYOND
    return path_of(child(address_of(parent_path), 0, slot=slot))
