"""Writing trees and statements."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from kb.address import ROOT, Address, child, key, last_ordinal, parent, path_of, slot_of
from kb.errors import InputError
from kb.records import TreeRecord
from kb.statements import Draft, Measures, Statement
from kb.stores.protocol import TreeExistsError
from kb.stores.refusals import tree_among
from kb.stores.sqlite.connections import Database
from kb.stores.sqlite.queries import QUERIES, marks
from kb.stores.sqlite.rows import chunks, place, statement, tree_pk, unknown_address
from kb.stores.values import canonical

__all__ = [
    "append_child",
    "create_tree",
    "insert_statements",
    "next_ordinal",
    "put_measures",
    "put_statements",
    "set_dropped",
    "tree_named",
    "trees",
    "update_spec",
]

_INSERT = (
    "INSERT INTO statement (pk, key, tree, path, parent, slot, ordinal, is_dropped, kind, condition, side, "
    "columns, origin, replaces, created, size, text) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_INSERT_MEASURE = "INSERT INTO measure (statement, tree, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_TREES = "SELECT tree_id, name, spec, created FROM tree "


def trees(db: Database) -> list[TreeRecord]:
    """All trees, by name."""
    with db.reading() as conn:
        rows = conn.execute(_TREES + "ORDER BY name").fetchall()
    return [TreeRecord(tree_id, name, json.loads(spec), created) for tree_id, name, spec, created in rows]


def tree_named(db: Database, name: str) -> TreeRecord:
    """The tree of that name."""
    return tree_among(trees(db), name, where=db.where)


def create_tree(db: Database, tree: TreeRecord, root: Draft) -> None:
    """Store a tree with its root, or nothing."""
    spec = canonical(dict(tree.spec), what=f"the spec of {tree.name}")
    created = tree.created or db.clock()
    with db.writing() as conn:
        rows = conn.execute(
            "SELECT tree_id, name FROM tree WHERE tree_id = ? OR name = ?", (tree.tree_id, tree.name)
        ).fetchall()
        if rows == [(tree.tree_id, tree.name)]:
            return
        if rows:
            raise TreeExistsError(
                f"there is a tree {rows[0][1]!r} already, made from another task.",
                where=db.where,
                remedy="Choose another name.",
            )
        pk = conn.execute(
            "INSERT INTO tree (tree_id, name, spec, created) VALUES (?, ?, ?, ?)",
            (tree.tree_id, tree.name, spec, created),
        ).lastrowid
        insert_statements(conn, (int(pk or 0), tree.tree_id), [(ROOT, root, None)], created=created)


def update_spec(db: Database, tree_id: str, changes: Mapping[str, object]) -> None:
    """Merge into the top level of the spec."""
    with db.writing() as conn:
        pk = tree_pk(db, conn, tree_id)
        spec = json.loads(conn.execute("SELECT spec FROM tree WHERE pk = ?", (pk,)).fetchone()[0])
        merged = canonical({**spec, **changes}, what="the spec")
        conn.execute("UPDATE tree SET spec = ? WHERE pk = ?", (merged, pk))


def insert_statements(
    conn: sqlite3.Connection,
    tree: tuple[int, str],
    new: Iterable[tuple[Address, Draft, int | None]],
    *,
    created: float,
) -> None:
    """Insert statements that are not there, given with their parents' numbers."""
    pk = 1 + int(conn.execute("SELECT coalesce(max(pk), 0) FROM statement").fetchone()[0])
    rows = [
        _row(pk + at, tree, parent_pk, Statement(address, draft, created=created))
        for at, (address, draft, parent_pk) in enumerate(new)
    ]
    conn.executemany(_INSERT, rows)


def _row(pk: int, tree: tuple[int, str], parent_pk: int | None, new: Statement) -> tuple[object, ...]:
    draft, address = new.draft, new.address
    return (
        pk,
        bytes.fromhex(key(tree[1], address)),
        tree[0],
        path_of(address),
        parent_pk,
        slot_of(address),
        last_ordinal(address),
        new.is_dropped,
        draft.kind,
        draft.when,
        draft.side,
        "[]" if not draft.columns else canonical(list(draft.columns), what=address),
        draft.origin,
        draft.replaces,
        new.created,
        len(draft.text),
        draft.text,
    )


def next_ordinal(conn: sqlite3.Connection, parent_pk: int, slot: int) -> int:
    """The ordinal of the next child in the slot."""
    last = conn.execute(QUERIES["last ordinal"], (parent_pk, slot)).fetchone()[0]
    return 0 if last is None else int(last) + 1


def append_child(db: Database, tree_id: str, of: Address, draft: Draft) -> Statement:
    """Append one statement to the current slot and return it."""
    created = db.clock()
    with db.writing() as conn:
        tree = tree_pk(db, conn, tree_id)
        pk, current, _ = place(conn, tree, of)
        slot = current or 0
        address = child(of, next_ordinal(conn, pk, slot), slot=slot)
        insert_statements(conn, (tree, tree_id), [(address, draft, pk)], created=created)
        conn.execute(
            "UPDATE statement SET current_slot = ?, n_children = n_children + 1 WHERE pk = ?", (slot, pk)
        )
    return Statement(address, draft, created=created)


def set_dropped(db: Database, tree_id: str, address: Address, *, is_dropped: bool) -> None:
    """Take a statement out of Z, or back in."""
    with db.writing() as conn:
        pk = place(conn, tree_pk(db, conn, tree_id), address)[0]
        conn.execute("UPDATE statement SET is_dropped = ? WHERE pk = ?", (is_dropped, pk))


def put_measures(db: Database, tree_id: str, measures: Mapping[Address, Measures]) -> None:
    """Replace the measures of all statements of the tree."""
    bodies = {path_of(at): canonical(each.to_dict(), what=at) for at, each in measures.items()}
    with db.writing() as conn:
        tree = tree_pk(db, conn, tree_id)
        pks = _present(conn, tree, sorted(bodies))
        for address in measures:
            if path_of(address) not in pks:
                raise unknown_address(conn, tree, address)
        conn.execute("DELETE FROM measure WHERE tree = ?", (tree,))
        conn.executemany(_INSERT_MEASURE, [(pks[path], tree, body) for path, body in bodies.items()])


def _present(conn: sqlite3.Connection, tree: int, paths: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in chunks(paths):
        found.update(conn.execute(QUERIES["present"].format(marks(len(part))), (tree, *part)))
    return found


def put_statements(db: Database, tree_id: str, statements: Sequence[Statement]) -> int:
    """Store statements at their addresses, all or none; returns how many were new."""
    ordered = sorted({each.address: each for each in statements}.values(), key=lambda s: path_of(s.address))
    measures = {
        each.address: canonical(each.measures.to_dict(), what=each.address)
        for each in ordered
        if each.measures
    }
    ups = {each.address: parent(each.address) for each in ordered}
    paths = {path_of(each.address) for each in ordered} | {path_of(up) for up in ups.values() if up}
    with db.writing() as conn:
        tree = tree_pk(db, conn, tree_id)
        pks = _present(conn, tree, sorted(paths))
        known = [each for each in ordered if path_of(each.address) in pks]
        _refuse_others(conn, tree, known)
        new = [each for each in ordered if path_of(each.address) not in pks]
        rows = _new_rows(conn, (tree, tree_id), [(each, ups[each.address]) for each in new], pks, db.clock())
        conn.executemany(_INSERT, rows)
        _count_children(conn, rows)
        bodies = [(pks[path_of(at)], tree, body) for at, body in measures.items()]
        conn.executemany(_INSERT_MEASURE, bodies)
    return len(new)


def _new_rows(
    conn: sqlite3.Connection,
    tree: tuple[int, str],
    new: list[tuple[Statement, Address | None]],
    pks: dict[str, int],
    now: float,
) -> list[tuple[object, ...]]:
    """Rows to insert; their numbers are added to ``pks``."""
    pk = 1 + int(conn.execute("SELECT coalesce(max(pk), 0) FROM statement").fetchone()[0])
    rows: list[tuple[object, ...]] = []
    for each, up in new:
        parent_pk = None if up is None else pks.get(path_of(up))
        if parent_pk is None:
            raise unknown_address(conn, tree[0], up or ROOT)
        pks[path_of(each.address)] = pk + len(rows)
        dated = each if each.created else replace(each, created=now)
        rows.append(_row(pk + len(rows), tree, parent_pk, dated))
    return rows


def _refuse_others(conn: sqlite3.Connection, tree: int, known: list[Statement]) -> None:
    stored: dict[Address, Draft] = {}
    for part in chunks([path_of(each.address) for each in known]):
        for row in conn.execute(QUERIES["statements"].format(marks(len(part))), (tree, *part)):
            there = statement(row)
            stored[there.address] = there.draft
    for each in known:
        if stored[each.address] != each.draft:
            raise InputError(
                "another statement is stored there; it stays as it is.",
                where=each.address,
                remedy="Use a knowledge base without this tree.",
            )


def _count_children(conn: sqlite3.Connection, rows: Iterable[tuple[object, ...]]) -> None:
    """Bring the parents of new rows up to date; a parent without a slot gets the first one."""
    more: dict[tuple[object, object], int] = {}
    for row in rows:
        more[row[4], row[5]] = more.get((row[4], row[5]), 0) + 1
    for (pk, slot), n in sorted(more.items()):
        conn.execute(
            "UPDATE statement SET current_slot = ? WHERE pk = ? AND current_slot IS NULL", (slot, pk)
        )
        conn.execute(
            "UPDATE statement SET n_children = n_children + ? WHERE pk = ? AND current_slot = ?",
            (n, pk, slot),
        )
