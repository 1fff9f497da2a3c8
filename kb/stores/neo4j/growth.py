"""Writing trees and statements."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from neo4j import ManagedTransaction

from kb.address import ROOT, Address, child, depth, key, parent, path_of
from kb.errors import InputError
from kb.records import TreeRecord
from kb.statements import Draft, Measures, Statement
from kb.stores.neo4j.connections import Database, run
from kb.stores.neo4j.queries import QUERIES
from kb.stores.neo4j.rows import (
    chunks,
    known_tree,
    listed,
    measures_row,
    new_row,
    short,
    statement,
    unknown_address,
)
from kb.stores.protocol import TreeExistsError
from kb.stores.refusals import tree_among
from kb.stores.values import canonical

__all__ = [
    "append_child",
    "create_tree",
    "put_measures",
    "put_statements",
    "set_dropped",
    "tree_named",
    "trees",
    "update_spec",
]


def trees(db: Database) -> list[TreeRecord]:
    """All trees, by name."""
    rows = [row.values() for row in db.read(QUERIES["trees"])]
    found = [TreeRecord(tree_id, name, json.loads(spec), created) for tree_id, name, spec, created in rows]
    return sorted(found, key=lambda tree: tree.name)


def tree_named(db: Database, name: str) -> TreeRecord:
    """The tree of that name."""
    return tree_among(trees(db), name, where=db.where)


def create_tree(db: Database, tree: TreeRecord, root: Draft) -> None:
    """Store a tree with its root, or nothing."""
    spec = canonical(dict(tree.spec), what=f"the spec of {tree.name}")
    row = listed(new_row(tree.tree_id, Statement(ROOT, root, created=tree.created)))
    given = {
        "tree": short(tree.tree_id, what="the id of a tree"),
        "name": short(tree.name, what="the name of a tree"),
        "spec": spec,
        "created": tree.created or None,
        "root": row,
    }

    def work(tx: ManagedTransaction) -> None:
        found = run(tx, QUERIES["same tree"], tree=tree.tree_id, name=tree.name)
        rows = [(row["t.tree_id"], row["t.name"]) for row in found]
        if rows == [(tree.tree_id, tree.name)]:
            return
        if rows:
            raise TreeExistsError(
                f"there is a tree {rows[0][1]!r} already, made from another task.",
                where=db.where,
                remedy="Choose another name.",
            )
        run(tx, QUERIES["new tree"], now=db.now, **given)

    db.writing(work)


def update_spec(db: Database, tree_id: str, changes: Mapping[str, object]) -> None:
    """Merge into the top level of the spec."""
    canonical(dict(changes), what="the spec")

    def work(tx: ManagedTransaction) -> None:
        known_tree(db, tree_id, tx)
        (row,) = run(tx, QUERIES["hold tree"], tree=tree_id)
        merged = canonical({**json.loads(row["spec"]), **changes}, what="the spec")
        run(tx, QUERIES["set spec"], tree=tree_id, spec=merged)

    db.writing(work)


def append_child(db: Database, tree_id: str, of: Address, draft: Draft) -> Statement:
    """Append one statement to the current slot and return it."""
    token = uuid.uuid4().hex  # tells this child from one that somebody else appended at its place
    tried: list[Statement] = []

    def work(tx: ManagedTransaction) -> Statement:
        known_tree(db, tree_id, tx)
        held = run(tx, QUERIES["hold statement"], key=key(tree_id, of))
        if not held:
            raise unknown_address(tx, tree_id, [of])
        last = held[0]["last"]
        new = Statement(child(of, last[0] + 1 if last else 0, slot=held[0]["current"] or 0), draft)
        tried[:] = [new]
        row = new_row(tree_id, new, token=token)
        (made,) = run(tx, QUERIES["new child"], tree=tree_id, key=key(tree_id, of), child=row, now=db.now)
        return replace(new, created=made["created"])

    def settle() -> Statement | None:
        there = db.read(QUERIES["token"], key=key(tree_id, tried[0].address))
        is_ours = bool(there) and there[0]["token"] == token
        return replace(tried[0], created=there[0]["created"]) if is_ours else None

    return db.writing(work, settle=settle)


def set_dropped(db: Database, tree_id: str, address: Address, *, is_dropped: bool) -> None:
    """Take a statement out of Z, or back in."""

    def work(tx: ManagedTransaction) -> None:
        known_tree(db, tree_id, tx)
        if not run(tx, QUERIES["drop"], key=key(tree_id, address), is_dropped=is_dropped):
            raise unknown_address(tx, tree_id, [address])

    db.writing(work)


def put_measures(db: Database, tree_id: str, measures: Mapping[Address, Measures]) -> None:
    """Replace the measures of all statements of the tree."""
    rows = [{"key": key(tree_id, at), **measures_row(each, what=at)} for at, each in measures.items()]

    def work(tx: ManagedTransaction) -> None:
        known_tree(db, tree_id, tx)
        gone = {row["key"] for row in run(tx, QUERIES["measured"], tree=tree_id)} - {
            row["key"] for row in rows
        }
        n = 0
        for part in chunks(sorted(rows, key=lambda row: str(row["key"]))):
            n += run(tx, QUERIES["measure"], rows=part)[0]["n"]
        if n != len(rows):
            raise unknown_address(tx, tree_id, measures)
        none = measures_row(None, what="")
        for some in chunks([{"key": each, **none} for each in sorted(gone)]):
            run(tx, QUERIES["measure"], rows=some)

    db.writing(work)


def put_statements(db: Database, tree_id: str, statements: Sequence[Statement]) -> int:
    """Store statements at their addresses, all or none; returns how many were new."""
    ordered = sorted({each.address: each for each in statements}.values(), key=lambda s: path_of(s.address))
    ups = {up: str(key(tree_id, up)) for each in ordered if (up := parent(each.address)) is not None}
    rows = {each.address: new_row(tree_id, each, keys=ups) for each in ordered}
    tries: list[int] = []

    def work(tx: ManagedTransaction) -> int:
        known_tree(db, tree_id, tx)
        tries.append(1)
        there: set[str] = set()
        if len(tries) > 1 or _stored(tx, _ends(ordered, rows)):
            there = _stored(tx, sorted(row["key"] for row in rows.values()))
        _keep(tx, [each for each in ordered if rows[each.address]["key"] in there], rows)
        new = [each for each in ordered if rows[each.address]["key"] not in there]
        _create(tx, (db, tree_id), [dict(rows[each.address]) for each in new])
        return len(new)

    return db.writing(work)


def _ends(ordered: Sequence[Statement], rows: Mapping[Address, Mapping[str, Any]]) -> list[str]:
    """The keys of the first and the last: where neither is stored, most likely none is.

    Should one be, its uniqueness says so: the transaction is rolled back, and the next one looks all up.
    """
    return [rows[each.address]["key"] for each in (*ordered[:1], *ordered[-1:])]


def _stored(tx: ManagedTransaction, keys: Sequence[str]) -> set[str]:
    """Those of the keys that are stored."""
    return {row["key"] for part in chunks(keys) for row in run(tx, QUERIES["present"], keys=part)}


def _keep(
    tx: ManagedTransaction, known: Sequence[Statement], rows: Mapping[Address, Mapping[str, Any]]
) -> None:
    """Refuse what is stored otherwise; give those that are stored measures if they have none."""
    there: dict[Address, Draft] = {}
    for part in chunks([rows[each.address]["key"] for each in known]):
        for stored in map(statement, run(tx, QUERIES["statements"], keys=part)[0]["page"]):
            there[stored.address] = stored.draft
    for each in known:
        if there[each.address] != each.draft:
            raise InputError(
                "another statement is stored there; it stays as it is.",
                where=each.address,
                remedy="Use a knowledge base without this tree.",
            )
    for some in chunks([rows[each.address] for each in known if each.measures]):
        run(tx, QUERIES["measure if none"], rows=some)


def _create(tx: ManagedTransaction, tree: tuple[Database, str], rows: list[dict[str, Any]]) -> None:
    """Create statements, level by level, so that each finds its parent; parents count what they got."""
    db, tree_id = tree
    own = {row["key"]: row for row in rows}
    more: dict[str, dict[int, int]] = {}
    for row in rows:
        of = more.setdefault(row["parent"], {})
        of[row["slot"]] = of.get(row["slot"], 0) + 1
    counts = []
    for up, by_slot in sorted(more.items()):
        if up in own:
            own[up]["current_slot"] = min(by_slot)
            own[up]["n_children"] = by_slot[min(by_slot)]
        else:
            counts.append({"key": up, "first": min(by_slot), "more": [[*each] for each in by_slot.items()]})
    if sum(run(tx, QUERIES["more children"], rows=some)[0]["n"] for some in chunks(counts)) < len(counts):
        outside = [row["address"] for row in rows if row["parent"] not in own]
        raise unknown_address(tx, tree_id, [parent(address) or ROOT for address in outside])
    rows.sort(key=lambda row: depth(row["address"]))
    for _, level in groupby(rows, key=lambda row: depth(row["address"])):
        for part in chunks([listed(row) for row in level]):
            run(tx, QUERIES["new statements"], tree=tree_id, rows=part, now=db.now)
