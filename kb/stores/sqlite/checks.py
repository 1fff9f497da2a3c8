"""Every invariant of a database, walked page by page."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator

from kb.address import Address, address_of, child, key, path_of
from kb.records import Expansion, Finding
from kb.stores.invariants import (
    ABOUT,
    BLOB,
    CHILDREN,
    COUNT,
    CURRENT,
    DONE,
    KEY,
    PARENT,
    RESPONSE,
    ROOT,
    SEARCH,
    UNPACKED,
)
from kb.stores.sqlite.blobs import PART, digest_of
from kb.stores.sqlite.connections import Database
from kb.stores.sqlite.queries import QUERIES
from kb.stores.sqlite.rows import Row, draft

__all__ = [
    "INVARIANTS",
    "NODES",
    "PAGE",
    "UNDONE",
    "UNSEARCHED",
    "broken_file",
    "check",
    "found_at",
    "node_faults",
    "search_faults",
]

PAGE = 1000

FILE = "the file is whole and its references hold"
INVARIANTS = (
    FILE,
    KEY,
    PARENT,
    COUNT,
    CURRENT,
    UNPACKED,
    ROOT,
    CHILDREN,
    RESPONSE,
    ABOUT,
    DONE,
    BLOB,
    SEARCH,
)

NODES = (
    "SELECT s.pk, s.key, s.path, s.slot, s.ordinal, s.parent, p.path, p.tree, s.tree, t.tree_id, t.name, "
    "s.current_slot, s.n_children, s.is_unpacked FROM statement s LEFT JOIN statement p ON p.pk = s.parent "
    "JOIN tree t ON t.pk = s.tree WHERE s.pk > ? ORDER BY s.pk LIMIT ?"
)
_EXPANSIONS = (
    "SELECT e.pk, e.statement, e.slot, e.first_ordinal, e.created, e.body, s.path, t.name "
    "FROM expansion e JOIN statement s ON s.pk = e.statement JOIN tree t ON t.pk = s.tree "
    "WHERE e.pk > ? ORDER BY e.pk LIMIT ?"
)
_ABOUT = (
    "SELECT r.rowid, s.path, t.name FROM {} r JOIN statement s ON s.pk = r.statement "
    "JOIN tree t ON t.pk = s.tree WHERE r.rowid > ? AND s.tree != r.tree ORDER BY r.rowid LIMIT ?"
)
UNDONE = (
    "SELECT w.pk, s.path, t.name, w.slot FROM work w JOIN statement s ON s.pk = w.statement "
    "JOIN tree t ON t.pk = w.tree WHERE w.pk > ? AND (w.state = 'asked' OR w.worker IS NOT NULL) AND EXISTS "
    "(SELECT 1 FROM expansion e WHERE e.statement = w.statement AND e.slot = w.slot) ORDER BY w.pk LIMIT ?"
)
_BLOBS = "SELECT pk, digest, size, n_parts FROM blob WHERE pk > ? AND is_complete = 1 ORDER BY pk LIMIT ?"
UNSEARCHED = (
    "SELECT s.pk, s.path, t.name FROM statement s JOIN tree t ON t.pk = s.tree WHERE s.pk > ? "
    "AND NOT EXISTS (SELECT 1 FROM statement_text_docsize d WHERE d.id = s.pk) ORDER BY s.pk LIMIT ?"
)
_ROOTLESS = (
    "SELECT t.pk, t.name FROM tree t WHERE t.pk > ? AND NOT EXISTS "
    "(SELECT 1 FROM statement s WHERE s.tree = t.pk AND s.path = '00000') ORDER BY t.pk LIMIT ?"
)
_Judge = Callable[[sqlite3.Connection, Row], Iterator[Finding]]


def check(db: Database) -> Iterator[Finding]:
    """Yield what is broken; each page is one snapshot, so others may go on writing.

    Where the file itself is broken, nothing else is looked at: what was read might not be what is there.
    """
    broken = list(broken_file(db))
    yield from broken
    if broken:
        return
    yield from _references(db)
    for sql, judge in (
        (NODES, node_faults),
        (_ROOTLESS, lambda _, row: iter([Finding(ROOT, row[1], "the tree has no root.")])),
        (_EXPANSIONS, _expansion),
        *((_ABOUT.format(table), _stray) for table in ("judgement", "measure", "vector", "work")),
        (UNDONE, _undone),
        (_BLOBS, _blob),
        (UNSEARCHED, lambda _, row: iter([found_at(SEARCH, row[2], row[1], "search doesn't know it.")])),
    ):
        yield from _pages(db, sql, judge)
    yield from search_faults(db)


def _pages(db: Database, sql: str, judge: _Judge) -> Iterator[Finding]:
    last = 0
    while True:
        with db.reading() as conn:
            rows = conn.execute(sql, (last, PAGE)).fetchall()
            found = [finding for row in rows for finding in judge(conn, row)]
        yield from found
        if len(rows) < PAGE:
            return
        last = rows[-1][0]


def found_at(invariant: str, tree: str, path: str, message: str) -> Finding:
    """What is wrong with a statement, or was."""
    return Finding(invariant, f"{tree} {_shown(path)}", message)


def _shown(path: str) -> str:
    try:
        return address_of(path)
    except ValueError:
        return repr(path)


def broken_file(db: Database) -> Iterator[Finding]:
    """What SQLite itself finds wrong with the file."""
    with db.alone() as conn:
        try:
            said = [row[0] for row in conn.execute("PRAGMA integrity_check(20)")]
        except sqlite3.DatabaseError as error:
            said = [str(error)]
    for message in said:
        if message != "ok":
            yield Finding(FILE, db.where, " ".join(message.split()))


def _references(db: Database) -> Iterator[Finding]:
    with db.alone() as conn:
        broken = conn.execute("PRAGMA foreign_key_check").fetchmany(20)
    for table, rowid, target, _ in broken:
        yield Finding(FILE, f"{table} {rowid}", f"it refers to a {target} that is not there.")


def node_faults(conn: sqlite3.Connection, row: Row) -> Iterator[Finding]:
    """What is wrong with the statement of a row of NODES."""
    path, tree = row[2], row[10]
    try:
        address = address_of(path)
    except ValueError:
        yield found_at(PARENT, tree, path, "its path is not an address.")
        return
    if row[1] != bytes.fromhex(key(row[9], address)):
        yield found_at(KEY, tree, path, "its key is another one's.")
    yield from _place(row, tree, address)
    yield from _below(conn, row)


def _place(row: Row, tree: str, address: Address) -> Iterator[Finding]:
    path, slot, ordinal, parent_pk, parent_path = row[2:7]
    if parent_pk is None:
        if path != "00000":
            yield found_at(PARENT, tree, path, "it has no parent.")
        return
    if parent_path is None or row[7] != row[8]:
        yield found_at(PARENT, tree, path, "its parent is not stored in its tree.")
    elif child(address_of(parent_path), ordinal, slot=slot) != address:
        yield found_at(
            PARENT, tree, path, f"slot {slot}, place {ordinal} of {address_of(parent_path)} is elsewhere."
        )


def _below(conn: sqlite3.Connection, row: Row) -> Iterator[Finding]:
    pk, path, tree, current, n_children, is_unpacked = row[0], row[2], row[10], *row[11:14]
    slots = [each[0] for each in conn.execute("SELECT slot FROM expansion WHERE statement = ?", (pk,))]
    if bool(is_unpacked) != bool(slots):
        yield found_at(UNPACKED, tree, path, f"it has {len(slots)} expansions and says {bool(is_unpacked)}.")
    if current is None:
        has_child = conn.execute("SELECT 1 FROM statement WHERE parent = ? LIMIT 1", (pk,)).fetchone()
        if slots or has_child:
            yield found_at(CURRENT, tree, path, "no slot is current.")
        n = 0
    else:
        n = conn.execute(QUERIES["count children"], (pk, current)).fetchone()[0]
        if (slots and current not in slots) or not (slots or n):
            yield found_at(CURRENT, tree, path, f"slot {current} is current and has no expansion.")
    if n != n_children:
        yield found_at(COUNT, tree, path, f"it counts {n_children} children and has {n}.")


def _expansion(conn: sqlite3.Connection, row: Row) -> Iterator[Finding]:
    _, pk, slot, first, _, body, path, tree = row
    try:
        made = Expansion.from_dict(json.loads(body))
    except (ValueError, KeyError, TypeError):
        yield found_at(CHILDREN, tree, path, f"the record of slot {slot} can't be read.")
        return
    n = len(made.children)
    rows = conn.execute(QUERIES["children"], (pk, slot, first - 1, n)).fetchall() if n else []
    stored = [(each[0], draft(each)) for each in rows]
    at = address_of(path)
    wanted = [(path_of(child(at, first + i, slot=slot)), each) for i, each in enumerate(made.children)]
    if stored != wanted:
        yield found_at(CHILDREN, tree, path, f"the children of slot {slot} differ from what was committed.")
    if made.response is not None:
        there = conn.execute(
            "SELECT 1 FROM blob WHERE digest = ? AND is_complete = 1", (made.response,)
        ).fetchone()
        if there is None:
            yield found_at(RESPONSE, tree, path, f"the response of slot {slot} is not stored.")


def _stray(_: sqlite3.Connection, row: Row) -> Iterator[Finding]:
    yield found_at(ABOUT, row[2], row[1], "a record about it belongs to another tree.")


def _undone(_: sqlite3.Connection, row: Row) -> Iterator[Finding]:
    yield found_at(DONE, row[2], row[1], f"slot {row[3]} is committed and still asked for.")


def _blob(conn: sqlite3.Connection, row: Row) -> Iterator[Finding]:
    pk, digest, size, n_parts = row
    parts = [conn.execute(QUERIES["blob part"], (pk, part)).fetchone() for part in range(n_parts)]
    data = b"".join(part[0] for part in parts if part)
    if len(data) != size or n_parts != -(-size // PART) or digest_of(data) != digest:
        yield Finding(BLOB, f"blob {digest}", f"{len(data)} of {size} bytes are there, or they are others.")


def search_faults(db: Database) -> Iterator[Finding]:
    """Compare the index with the texts, all at once: SQLite has no way to do it by pages."""
    if db.is_read_only:  # it is asked by a statement that writes
        return
    with db.alone() as conn:
        try:
            conn.execute("INSERT INTO statement_text (statement_text, rank) VALUES ('integrity-check', 1)")
        except sqlite3.DatabaseError as error:
            if not (error.sqlite_errorname or "").startswith("SQLITE_CORRUPT"):
                raise
            broken = True
        else:
            broken = False
    if broken:
        yield Finding(SEARCH, db.where, "the index of words differs from the texts.")
