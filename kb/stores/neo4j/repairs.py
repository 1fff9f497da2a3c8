"""Mending what the rest of the database tells; nothing is ever removed.

A statement's place is written down four times: in its path, in its parent, slot and ordinal, in its key,
which is the hash of its path, and in a relationship. What the path and the key agree on is taken for true.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from neo4j import ManagedTransaction

from kb.address import ROOT as TOP
from kb.address import key, last_ordinal, parent, slot_of
from kb.records import Finding
from kb.stores.invariants import COUNT, CURRENT, DONE, PARENT, SEARCH, UNPACKED
from kb.stores.neo4j.checks import LINKED, Facts, faults_of, pages_of_facts
from kb.stores.neo4j.connections import Database, run
from kb.stores.neo4j.queries import QUERIES
from kb.stores.neo4j.rows import folded

__all__ = ["repair"]


def repair(db: Database) -> Iterator[Finding]:
    """Yield what was mended, each statement in a transaction of its own."""
    names = {row["t.tree_id"]: row["t.name"] for row in db.read(QUERIES["trees"])}
    for mend in (_mend_place, _mend_below):  # places first: counts go by them
        for page in pages_of_facts(db, names):
            for facts in page:
                yield from mend(db, facts)
    for tree_id, name in names.items():
        n = db.writing(lambda tx, tree_id=tree_id: run(tx, QUERIES["link judgements"], tree=tree_id)[0]["n"])  # type: ignore[misc]  # mypy can't infer a lambda with a default
        if n:
            yield Finding(LINKED, name, f"{n} judgements were linked to their statements.")


def _mend_place(db: Database, facts: Facts) -> Iterator[Finding]:
    row, address = facts.row, facts.address
    if address is None or row["key"] != key(row["tree"], address):
        return
    up = parent(address)
    place: dict[str, Any] = {
        "key": row["key"],
        "address": address,
        "parent": None if up is None else key(row["tree"], up),
        "slot": slot_of(address),
        "ordinal": last_ordinal(address),
    }
    wrong = {each.invariant for each in faults_of(facts)}
    if PARENT in wrong and (up is None or _is_stored(db, place["parent"])):
        _write(db, "mend place", place)
        yield facts.found(PARENT, "its parent and place were written anew from its path.")
    if up is not None and not row["above"] and _is_stored(db, place["parent"]):
        _write(db, "link parent", place)
        yield facts.found(LINKED, "it was linked to its parent.")
    if address == TOP:
        linked = db.read(QUERIES["roots"], keys=[row["key"]])
        if linked and not linked[0]["is_linked"]:
            _write(db, "link root", {"key": row["key"], "tree": row["tree"]})
            yield facts.found(LINKED, "the tree was linked to its root.")
    if SEARCH in wrong:
        plain = folded(row["text"])
        words = {"folded": None if plain == row["text"] else plain, "size": len(row["text"])}
        _write(db, "mend words", {"key": row["key"], **words})
        yield facts.found(SEARCH, "search knows it by its own words again.")


def _is_stored(db: Database, at: str) -> bool:
    return bool(db.read(QUERIES["place"], key=at))


def _mend_below(db: Database, facts: Facts) -> Iterator[Finding]:
    """Work out anew what a statement says of its children and of its work, where it is wrong."""
    row, slots = facts.row, facts.slots
    wrong = {
        each.invariant: each for each in faults_of(facts) if each.invariant in {COUNT, CURRENT, UNPACKED}
    }
    if wrong:
        filled = sorted(slots) or [each["slot"] for each in db.read(QUERIES["filled slots"], key=row["key"])]
        current = row["current_slot"] if row["current_slot"] in filled else filled[0] if filled else None
        _write(db, "mend below", {"key": row["key"], "slot": current, "is_unpacked": bool(slots)})
        yield from (facts.found(invariant, "it was worked out anew.") for invariant in wrong)
    for slot, state, _, worker, _ in row["work"]:
        if slot in slots and (state == "asked" or worker is not None):
            _write(db, "finish work", {"rows": [{"key": row["key"], "slot": slot}]})
            yield facts.found(DONE, f"slot {slot} is committed, so nobody is asked for it any more.")
    for slot, is_linked in row["expansions"]:
        if not is_linked:
            _write(db, "link expansion", {"key": row["key"], "slot": slot})
            yield facts.found(LINKED, f"the expansion in slot {slot} was linked to it.")


def _write(db: Database, name: str, given: dict[str, Any]) -> None:
    def work(tx: ManagedTransaction) -> None:
        run(tx, QUERIES[name], **given)

    db.writing(work)
