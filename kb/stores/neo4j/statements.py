"""Reading statements: one, some, above, below."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from neo4j import ManagedTransaction, Record

from kb.address import Address, address_of, ancestors, child, key, path_of
from kb.records import Page
from kb.statements import Statement
from kb.stores.cursors import decode, encode
from kb.stores.neo4j.connections import Database, run
from kb.stores.neo4j.queries import QUERIES
from kb.stores.neo4j.rows import BEYOND, SEGMENT, chunks, known_tree, statement
from kb.stores.values import limit_of

__all__ = ["above", "children", "current_slots", "node", "nodes", "subtree"]

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
        statement(row)
        for part in chunks(list(dict.fromkeys(keys)))
        for row in db.read(QUERIES["statements"], keys=part)
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
    start = None if after is None else decode(query, after, int, int)
    at = key(tree_id, of)
    known_tree(db, tree_id)
    if start is None:
        chosen, ordinal = slot, -1
        if chosen is None:
            place = db.read(QUERIES["place"], key=at)
            chosen = place[0]["s.current_slot"] if place else None
    else:  # a walk that was begun in one slot stays in it
        chosen, ordinal = int(start[0]), int(start[1])
    rows = (
        db.read(QUERIES["children"], key=at, slot=chosen, after=ordinal, limit=limit_of(limit) + 1)
        if chosen is not None
        else []
    )
    items = tuple(map(statement, rows[:limit]))
    if len(rows) <= limit or chosen is None:
        return Page(items)
    return Page(items, encode(query, chosen, rows[limit - 1]["s.ordinal"]))


def subtree(
    db: Database, tree_id: str, of: Address, *, after: str | None, limit: int, every_slot: bool
) -> Page[Statement]:
    """One page of the statement and all below it, depth first."""
    query = f"subtree {tree_id} {of} {every_slot}"
    top = path_of(of)
    last = None if after is None else str(decode(query, after, str)[0])
    limit_of(limit)

    def read(tx: ManagedTransaction) -> tuple[list[Record], bool]:
        known_tree(db, tree_id, tx)
        kept: list[Record] = []
        for row in (
            _range(tx, tree_id, top, last, limit) if every_slot else _walk(tx, tree_id, top, last, limit)
        ):
            if len(kept) == limit:
                return kept, True
            kept.append(row)
        return kept, False

    rows, has_more = db.reading(read)
    return Page(tuple(map(statement, rows)), encode(query, rows[-1]["s.path"]) if has_more else None)


def _range(tx: ManagedTransaction, tree_id: str, top: str, last: str | None, limit: int) -> Iterator[Record]:
    """Rows of every slot, as many at once as the page may still need."""
    start: str | None = (
        top if last is None else last + "0"
    )  # all below ``last`` begin with it and more digits
    size = min(limit + 1, _LARGEST_PAGE)
    while start is not None:
        rows = run(tx, QUERIES["subtree"], tree=tree_id, start=start, end=top + BEYOND, limit=size)
        yield from rows
        start = rows[-1]["s.path"] + "0" if len(rows) == size else None


def _walk(tx: ManagedTransaction, tree_id: str, top: str, last: str | None, limit: int) -> Iterator[Record]:
    """Rows along current slots, jumping past the range of every slot that is not current."""
    current: dict[str, int | None] = {}
    start: str | None = top
    if last is not None:
        levels = [last[:at] for at in range(len(top), len(last) + 1, SEGMENT)]
        current.update(current_slots(tree_id, levels, _runner(tx)))
        start = last + "0"
    size = min(limit + 1, _LARGEST_PAGE)
    while start is not None:
        rows = run(tx, QUERIES["subtree"], tree=tree_id, start=start, end=top + BEYOND, limit=size)
        start = rows[-1]["s.path"] + "0" if len(rows) == size else None
        for row in rows:
            jump = None if row["s.path"] == top else _jump(row, current)
            if jump is not None:
                start = jump
                break
            current[row["s.path"]] = row["s.current_slot"]
            yield row


def _jump(row: Record, current: dict[str, int | None]) -> str | None:
    """Where the walk goes on instead of ``row``; None if the row is on it."""
    parent_path: str = row["s.path"][:-SEGMENT]
    slot = current.get(parent_path)
    if slot == row["s.slot"]:
        return None
    if slot is None or slot < row["s.slot"]:
        return parent_path + BEYOND
    return path_of(child(address_of(parent_path), 0, slot=slot))


Runner = Callable[[list[str]], list[Record]]


def _runner(tx: ManagedTransaction) -> Runner:
    return lambda keys: run(tx, QUERIES["present"], keys=keys)


def current_slots(tree_id: str, paths: Sequence[str], present: Runner) -> dict[str, int | None]:
    """The current slot of each of the statements that is stored; ``present`` reads some by their keys."""
    keys = {str(key(tree_id, address_of(path))): path for path in paths}
    found: dict[str, int | None] = {}
    for part in chunks(list(keys)):
        found.update({keys[row["key"]]: row["s.current_slot"] for row in present(list(part))})
    return found
