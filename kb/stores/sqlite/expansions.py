"""Expansions: leases, commits and which slot is current."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace

from kb.address import Address, child, path_of
from kb.errors import InputError
from kb.records import Expansion, Lease, Page
from kb.stores.cursors import decode, encode
from kb.stores.protocol import StaleLeaseError, UnknownAddressError
from kb.stores.refusals import expansion_exists, place_named, refuse_stale
from kb.stores.sqlite.connections import Database
from kb.stores.sqlite.growth import insert_statements, next_ordinal
from kb.stores.sqlite.queries import QUERIES
from kb.stores.sqlite.rows import Place, Row, place, statement, tree_pk
from kb.stores.sqlite.statements import BEYOND
from kb.stores.values import limit_of, recorded

__all__ = [
    "choose",
    "commit",
    "expansions",
    "expansions_within",
    "lease",
    "put_expansions",
    "release",
    "renew",
]

_GRANT = (
    "INSERT INTO work (tree, statement, slot, fence, worker, until) VALUES (?, ?, ?, 1, ?, ?) "
    "ON CONFLICT (statement, slot) DO UPDATE SET fence = fence + 1, worker = excluded.worker, "
    "until = excluded.until WHERE worker IS NULL OR until <= ? RETURNING fence"
)
_HELD = "SELECT fence, state FROM work WHERE statement = ? AND slot = ?"


def lease(
    db: Database, tree_id: str, address: Address, slot: int, *, worker: str, seconds: float
) -> Lease | None:
    """Take the slot, or None while it is held."""
    child(address, 0, slot=slot)  # refuses a slot that no address can hold
    now = db.clock()
    with db.writing(is_durable=False) as conn:
        tree = tree_pk(db, conn, tree_id)
        pk = place(conn, tree, address)[0]
        if conn.execute(QUERIES["expansion"], (pk, slot)).fetchone():
            raise expansion_exists(db.where, address, slot)
        granted = conn.execute(_GRANT, (tree, pk, slot, worker, now + seconds, now)).fetchone()
    return Lease(tree_id, address, slot, worker, granted[0], now + seconds) if granted else None


def renew(db: Database, held: Lease, *, seconds: float) -> Lease:
    """The same lease with a later end."""
    until = db.clock() + seconds
    with db.writing(is_durable=False) as conn:
        pk = place(conn, tree_pk(db, conn, held.tree_id), held.address)[0]
        _refuse_stale(conn, pk, held)
        changed = conn.execute(
            "UPDATE work SET worker = ?, until = ? WHERE statement = ? AND slot = ? AND state != 'done'",
            (held.worker, until, pk, held.slot),
        ).rowcount
        if not changed:
            raise StaleLeaseError(
                "the lease was used up by its commit.", where=place_named(held.address, held.slot)
            )
    return replace(held, until=until)


def release(db: Database, held: Lease) -> None:
    """Give the slot back; a higher fence keeps the lease from being used later."""
    with db.writing(is_durable=False) as conn:
        pk = place(conn, tree_pk(db, conn, held.tree_id), held.address)[0]
        conn.execute(
            "UPDATE work SET worker = NULL, until = NULL, fence = fence + 1 "
            "WHERE statement = ? AND slot = ? AND fence = ? AND state != 'done'",
            (pk, held.slot, held.fence),
        )


def _refuse_stale(conn: sqlite3.Connection, pk: int, held: Lease) -> None:
    row = conn.execute(_HELD, (pk, held.slot)).fetchone()
    refuse_stale(row[0] if row else 0, held)


def commit(db: Database, held: Lease, expansion: Expansion) -> Expansion:
    """Store the expansion with its children, or nothing."""
    if (held.address, held.slot) != (expansion.address, expansion.slot):
        raise ValueError(
            f"the lease is for {place_named(held.address, held.slot)}, "
            f"the expansion for {place_named(expansion.address, expansion.slot)}"
        )
    body, digest = recorded(expansion)
    with db.writing() as conn:
        tree = tree_pk(db, conn, held.tree_id)
        at = place(conn, tree, held.address)
        stored = conn.execute(QUERIES["expansion"], (at[0], held.slot)).fetchone()
        if stored and stored[0] == digest:
            return _expansion(held.slot, stored[1:], current=at[1])
        _refuse_stale(conn, at[0], held)
        if stored:
            raise expansion_exists(db.where, held.address, held.slot)
        first = next_ordinal(conn, at[0], held.slot)
        created = expansion.created or db.clock()
        addresses = [child(held.address, first + n, slot=held.slot) for n in range(len(expansion.children))]
        new = [(address, draft, at[0]) for address, draft in zip(addresses, expansion.children, strict=True)]
        insert_statements(conn, (tree, held.tree_id), new, created=created)
        current = _record(conn, at, (expansion, body, digest), first=first, created=created)
    return replace(expansion, first_ordinal=first, created=created, is_current=current == held.slot)


def _record(
    conn: sqlite3.Connection,
    at: Place,
    made: tuple[Expansion, str, bytes],
    *,
    first: int,
    created: float,
) -> int:
    """Write the record of an expansion whose children are there; returns the current slot."""
    expansion, body, digest = made
    pk, current, is_unpacked = at
    slot, n = expansion.slot, len(expansion.children)
    conn.execute(
        "INSERT INTO expansion (statement, slot, unpacker, response, first_ordinal, n_children, digest, "
        "created, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (pk, slot, expansion.unpacker, expansion.response, first, n, digest, created, body),
    )
    conn.execute(
        "UPDATE work SET state = 'done', worker = NULL, until = NULL WHERE statement = ? AND slot = ?",
        (pk, slot),
    )
    stays = current is not None and current != slot and is_unpacked
    _make_current(conn, pk, current if stays and current is not None else slot)
    return current if stays and current is not None else slot


def _make_current(conn: sqlite3.Connection, pk: int, slot: int) -> None:
    n = conn.execute(QUERIES["count children"], (pk, slot)).fetchone()[0]
    conn.execute(
        "UPDATE statement SET current_slot = ?, n_children = ?, is_unpacked = 1 WHERE pk = ?", (slot, n, pk)
    )


def _expansion(slot: int, row: Row, *, current: int | None) -> Expansion:
    """From (first ordinal, created, body)."""
    stored = {**json.loads(row[2]), "first_ordinal": row[0], "created": row[1], "is_current": slot == current}
    return Expansion.from_dict(stored)


def expansions(db: Database, tree_id: str, address: Address) -> list[Expansion]:
    """All expansions of a statement, by slot."""
    with db.reading() as conn:
        row = conn.execute(QUERIES["place"], (tree_pk(db, conn, tree_id), path_of(address))).fetchone()
        if row is None:
            return []
        rows = conn.execute(QUERIES["expansions"], (row[0],)).fetchall()
    return [_expansion(each[0], each[1:], current=row[1]) for each in rows]


def expansions_within(
    db: Database, tree_id: str, of: Address, *, after: str | None, limit: int
) -> Page[Expansion]:
    """One page of the expansions of a statement and of all below it, by address and slot."""
    query = f"expansions within {tree_id} {of}"
    top = path_of(of)
    last = None if after is None else decode(query, after, str, int)
    kept: list[Row] = []
    with db.reading() as conn:
        tree = tree_pk(db, conn, tree_id)
        start = top if last is None else str(last[0])
        for row in conn.execute(QUERIES["expansions within"], (tree, start, top + BEYOND)):
            if last is not None and (row[0], row[2]) <= last:  # the other slots of the last statement
                continue
            kept.append(row)
            if len(kept) > limit_of(limit):
                break
    items = tuple(_expansion(row[2], row[3:], current=row[1]) for row in kept[:limit])
    return Page(items, encode(query, kept[limit - 1][0], kept[limit - 1][2]) if len(kept) > limit else None)


def choose(db: Database, tree_id: str, address: Address, slot: int) -> None:
    """Make a committed slot the current one."""
    with db.writing() as conn:
        pk = place(conn, tree_pk(db, conn, tree_id), address)[0]
        if conn.execute(QUERIES["expansion"], (pk, slot)).fetchone() is None:
            raise UnknownAddressError(
                f"there is no expansion in slot {slot}.",
                where=address,
                remedy=f"Make one: priory unpack {address}",
            )
        _make_current(conn, pk, slot)


def put_expansions(db: Database, tree_id: str, records: Sequence[Expansion]) -> int:
    """Record expansions whose children are stored, all or none; returns how many were new."""
    bodies = [(each, *recorded(each)) for each in records]
    n_new = 0
    with db.writing() as conn:
        tree = tree_pk(db, conn, tree_id)
        for made in bodies:
            each = made[0]
            at = place(conn, tree, each.address)
            stored = conn.execute(QUERIES["expansion"], (at[0], each.slot)).fetchone()
            if stored and stored[0] == made[2]:
                continue
            if stored:
                raise expansion_exists(db.where, each.address, each.slot)
            _refuse_other_children(conn, at[0], each)
            _record(conn, at, made, first=each.first_ordinal, created=each.created or db.clock())
            n_new += 1
    return n_new


def _refuse_other_children(conn: sqlite3.Connection, pk: int, expansion: Expansion) -> None:
    n = len(expansion.children)
    rows = conn.execute(QUERIES["children"], (pk, expansion.slot, expansion.first_ordinal - 1, n)).fetchall()
    there = tuple(statement(row) for row in rows)
    wanted = [child(expansion.address, expansion.first_ordinal + i, slot=expansion.slot) for i in range(n)]
    if [s.address for s in there] != wanted or tuple(s.draft for s in there) != expansion.children:
        raise InputError(
            "the children of the expansion are not the statements that are stored.",
            where=place_named(expansion.address, expansion.slot),
            remedy="Store its statements first.",
        )
