"""Reading statements: one, some, above, below."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

from kb.address import Address, address_of, ancestors, child, path_of
from kb.records import Page
from kb.statements import Statement
from kb.stores.cursors import decode, encode
from kb.stores.sqlite.connections import Database
from kb.stores.sqlite.queries import QUERIES, marks
from kb.stores.sqlite.rows import Row, chunks, statement, tree_pk
from kb.stores.values import limit_of

__all__ = ["BEYOND", "above", "children", "current_slots", "node", "nodes", "subtree"]

BEYOND = "~"  # sorts behind every digit of a path
SEGMENT = 5  # digits of a path per level


def node(db: Database, tree_id: str, address: Address) -> Statement | None:
    """The statement, or None."""
    with db.reading() as conn:
        row = conn.execute(QUERIES["statement"], (tree_pk(db, conn, tree_id), path_of(address))).fetchone()
    return statement(row) if row else None


def nodes(db: Database, tree_id: str, addresses: Sequence[Address]) -> list[Statement]:
    """Those of the addresses that are stored, in address order."""
    paths = sorted({path_of(address) for address in addresses})
    found: list[Statement] = []
    with db.reading() as conn:
        tree = tree_pk(db, conn, tree_id)
        for part in chunks(paths):
            rows = conn.execute(QUERIES["statements"].format(marks(len(part))), (tree, *part))
            found.extend(map(statement, rows))
    return found


def above(db: Database, tree_id: str, address: Address) -> list[Statement]:
    """Stored statements above the address, the root first."""
    return nodes(db, tree_id, ancestors(address))


def children(
    db: Database, tree_id: str, of: Address, *, slot: int | None, after: str | None, limit: int
) -> Page[Statement]:
    """One page of the children in a slot."""
    query = f"children {tree_id} {of} {slot}"
    start = None if after is None else decode(query, after, int, int)
    with db.reading() as conn:
        row = conn.execute(QUERIES["place"], (tree_pk(db, conn, tree_id), path_of(of))).fetchone()
        if row is None:
            return Page(())
        chosen = row[1] if slot is None else slot
        if start is not None:  # a walk that was begun in one slot stays in it
            chosen = start[0]
        ordinal = -1 if start is None else start[1]
        rows = conn.execute(QUERIES["children"], (row[0], chosen, ordinal, limit_of(limit) + 1)).fetchall()
    items = tuple(statement(row, of) for row in rows[:limit])
    if len(rows) <= limit:
        return Page(items)
    return Page(items, encode(query, chosen, rows[limit - 1][15]))


def subtree(
    db: Database, tree_id: str, of: Address, *, after: str | None, limit: int, every_slot: bool
) -> Page[Statement]:
    """One page of the statement and all below it, depth first."""
    query = f"subtree {tree_id} {of} {every_slot}"
    top = path_of(of)
    last = None if after is None else str(decode(query, after, str)[0])
    kept: list[Row] = []
    with db.reading() as conn:
        tree = tree_pk(db, conn, tree_id)
        found = _range(conn, tree, top, last) if every_slot else _walk(conn, tree, top, last)
        for row in found:
            if len(kept) == limit_of(limit):
                return Page(tuple(map(statement, kept)), encode(query, kept[-1][0]))
            kept.append(row)
    return Page(tuple(map(statement, kept)))


def _range(conn: sqlite3.Connection, tree: int, top: str, last: str | None) -> Iterator[Row]:
    start = top if last is None else last + "0"  # all below ``last`` begin with it and more digits
    yield from conn.execute(QUERIES["subtree"], (tree, start, top + BEYOND))


def _walk(conn: sqlite3.Connection, tree: int, top: str, last: str | None) -> Iterator[Row]:
    """Rows along current slots, jumping past the range of every slot that is not current."""
    current: dict[str, int | None] = {}
    start: str | None = top
    if last is not None:
        current.update(
            current_slots(conn, tree, [last[:at] for at in range(len(top), len(last) + 1, SEGMENT)])
        )
        start = last + "0"
    while start is not None:
        rows, start = conn.execute(QUERIES["subtree"], (tree, start, top + BEYOND)), None
        for row in rows:
            start = None if row[0] == top else _jump(row, current)
            if start is not None:
                rows.close()
                break
            current[row[0]] = row[9]
            yield row


def _jump(row: Row, current: dict[str, int | None]) -> str | None:
    """Where the walk goes on instead of ``row``; None if the row is on it."""
    parent_path = row[0][:-SEGMENT]
    slot = current.get(parent_path)
    if slot == row[14]:
        return None
    if slot is None or slot < row[14]:
        return str(parent_path) + BEYOND
    return path_of(child(address_of(parent_path), 0, slot=slot))


def current_slots(conn: sqlite3.Connection, tree: int, paths: list[str]) -> dict[str, int | None]:
    """The current slot of each of the statements that is stored."""
    found: dict[str, int | None] = {}
    for part in chunks(paths):
        found.update(conn.execute(QUERIES["walk"].format(marks(len(part))), (tree, *part)))
    return found
