"""Mending what the rest of the database tells; nothing is ever removed.

A statement's place is written down three times: in its path, in its parent, slot and ordinal, and in its key,
which is the hash of its path. Where two of them agree, the third is mended.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator

from kb.address import ROOT, Address, address_of, child, key, last_ordinal, path_of, slot_of
from kb.errors import PrioryError
from kb.records import Finding
from kb.stores.invariants import COUNT, CURRENT, DONE, KEY, PARENT, SEARCH, UNPACKED
from kb.stores.sqlite.checks import (
    NODES,
    PAGE,
    UNDONE,
    UNSEARCHED,
    broken_file,
    found_at,
    node_faults,
    search_faults,
)
from kb.stores.sqlite.connections import Database
from kb.stores.sqlite.queries import QUERIES
from kb.stores.sqlite.rows import Row
from kb.stores.sqlite.statements import SEGMENT

__all__ = ["repair"]

_NEW_KEY = "UPDATE OR IGNORE statement SET key = ? WHERE pk = ?"  # ignored where another row has it
_NEW_PLACE = "UPDATE OR IGNORE statement SET parent = ?, slot = ?, ordinal = ? WHERE pk = ?"
_NEW_PATH = "UPDATE OR IGNORE statement SET path = ? WHERE pk = ?"
_COMMITTED = "SELECT slot FROM expansion WHERE statement = ? ORDER BY created, slot"
_FILLED = "SELECT DISTINCT slot FROM statement WHERE parent = ? ORDER BY slot"
_Mend = Callable[[sqlite3.Connection, Row], Iterator[Finding]]


def repair(db: Database) -> Iterator[Finding]:
    """Yield what was mended, each page of it in one transaction."""
    if next(broken_file(db), None) is not None:
        return  # what is read from it might not be what is there
    yield from _pages(db, NODES, _mend_place)  # parents first: counts go by them
    yield from _pages(db, NODES, _mend_below)
    yield from _pages(db, UNDONE, _mend_work)
    yield from _mend_search(db)


def _pages(db: Database, sql: str, mend: _Mend) -> Iterator[Finding]:
    last = 0
    while True:
        with db.writing() as conn:
            rows = conn.execute(sql, (last, PAGE)).fetchall()
            mended = [each for row in rows for each in mend(conn, row)]
        yield from mended
        if len(rows) < PAGE:
            return
        last = rows[-1][0]


def _mend_place(conn: sqlite3.Connection, row: Row) -> Iterator[Finding]:
    pk, stored_key, path, slot, ordinal, parent, above, above_tree, tree, tree_id, name = row[:11]
    by_path = _address(lambda: address_of(path))
    by_parent = None
    if above is not None and above_tree == tree:
        by_parent = _address(lambda: child(address_of(above), ordinal, slot=slot))
    given: tuple[object, ...]
    if by_path is not None and (by_path == by_parent or (by_path == ROOT and parent is None)):
        if stored_key == _key(tree_id, by_path):
            return
        sql, given = _NEW_KEY, (_key(tree_id, by_path),)
        done = found_at(KEY, name, path, "its key was computed anew from its path.")
    elif by_path is not None and stored_key == _key(tree_id, by_path):
        found = conn.execute(QUERIES["place"], (tree, path[:-SEGMENT])).fetchone()
        if found is None:
            return
        sql, given = _NEW_PLACE, (found[0], slot_of(by_path), last_ordinal(by_path))
        done = found_at(PARENT, name, path, "its parent and place were written anew from its path.")
    elif by_parent is not None and stored_key == _key(tree_id, by_parent):
        sql, given = _NEW_PATH, (path_of(by_parent),)
        done = found_at(PARENT, name, path_of(by_parent), "its path was written anew from its parent's.")
    else:
        return
    if conn.execute(sql, (*given, pk)).rowcount:
        yield done


def _address(read: Callable[[], Address]) -> Address | None:
    try:
        return read()
    except (ValueError, PrioryError):
        return None


def _key(tree_id: str, address: Address) -> bytes:
    return bytes.fromhex(key(tree_id, address))


def _mend_below(conn: sqlite3.Connection, row: Row) -> Iterator[Finding]:
    """Work out anew what a statement says of its children, where it is wrong."""
    wrong = [each for each in node_faults(conn, row) if each.invariant in {COUNT, CURRENT, UNPACKED}]
    if not wrong:
        return
    pk, path, name, current = row[0], row[2], row[10], row[11]
    committed = [each[0] for each in conn.execute(_COMMITTED, (pk,))]
    slots = committed or [each[0] for each in conn.execute(_FILLED, (pk,))]
    now_current = current if current in slots else slots[0] if slots else None
    n = conn.execute(QUERIES["count children"], (pk, now_current)).fetchone()[0]
    conn.execute(
        "UPDATE statement SET current_slot = ?, n_children = ?, is_unpacked = ? WHERE pk = ?",
        (now_current, n, bool(committed), pk),
    )
    said = {
        COUNT: f"it now counts {n} children.",
        CURRENT: "no slot is current now." if now_current is None else f"slot {now_current} is current now.",
        UNPACKED: f"it now says that it is {'' if committed else 'not '}unpacked.",
    }
    yield from (
        found_at(invariant, name, path, said[invariant]) for invariant in {w.invariant: 0 for w in wrong}
    )


def _mend_work(conn: sqlite3.Connection, row: Row) -> Iterator[Finding]:
    conn.execute("UPDATE work SET state = 'done', worker = NULL, until = NULL WHERE pk = ?", (row[0],))
    yield found_at(DONE, row[2], row[1], f"slot {row[3]} is committed, so nobody is asked for it any more.")


def _mend_search(db: Database) -> Iterator[Finding]:
    with db.reading() as conn:
        is_missing = conn.execute(UNSEARCHED, (0, 1)).fetchone() is not None
    if is_missing or next(search_faults(db), None) is not None:
        with db.writing() as conn:
            conn.execute("INSERT INTO statement_text (statement_text) VALUES ('rebuild')")
        yield Finding(SEARCH, db.where, "the index of words was made anew from the texts.")
