"""Every invariant of a database, walked page by page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from neo4j import Record

from graph_schema import neo4j_migrations
from kb.address import ROOT as TOP
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
from kb.stores.neo4j.blobs import PART, digest_of
from kb.stores.neo4j.connections import Database
from kb.stores.neo4j.migrations import schema_of
from kb.stores.neo4j.queries import QUERIES
from kb.stores.neo4j.rows import folded, statement
from kb.stores.neo4j.schema import differences, wanted

__all__ = ["INVARIANTS", "Facts", "check", "faults_of", "pages_of_facts"]

SCHEMA = "the database has the constraints and indexes of its migrations, and no record lacks what they need"
LINKED = "what is written in a property is written in a relationship, too"
INVARIANTS = (
    SCHEMA,
    KEY,
    PARENT,
    LINKED,
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

_PAGE = 1_000
_LABELS = ("Statement", "Expansion", "Work", "Vector", "Judgement", "Move", "Document")


@dataclass(frozen=True, slots=True)
class Facts:
    """What the database says of one statement, and what the rest of it says about that."""

    row: Record
    tree: str

    @property
    def address(self) -> Address | None:
        """By its path; None where that is no address."""
        try:
            return address_of(self.row["path"])
        except ValueError:
            return None

    @property
    def where(self) -> str:
        """For a finding."""
        return f"{self.tree} {self.address or repr(self.row['path'])}"

    @property
    def slots(self) -> list[int]:
        """In which there is an expansion."""
        return [int(each[0]) for each in self.row["expansions"]]

    def found(self, invariant: str, message: str) -> Finding:
        """A finding about this statement."""
        return Finding(invariant, self.where, message)


def check(db: Database) -> Iterator[Finding]:
    """Yield what is broken; each page is read at once, so others may go on writing."""
    for message in differences(wanted(neo4j_migrations()), schema_of(db)):
        yield Finding(SCHEMA, db.where, f"{message}.")
    names = {row["t.tree_id"]: row["t.name"] for row in db.read(QUERIES["trees"])}
    yield from _roots(db, names)
    seen = dict.fromkeys(_LABELS, 0)
    for page in pages_of_facts(db, names):
        for facts in page:
            yield from faults_of(facts)
            yield from _about(facts)
        yield from _expansions(db, page)
        seen["Statement"] += len(page)
        for label, name in (("Expansion", "expansions"), ("Work", "work"), ("Vector", "vectors")):
            seen[label] += sum(len(facts.row[name]) for facts in page)
    yield from _logs(db, names, seen)
    yield from _blobs(db)
    yield from _lost(db, seen)


def pages_of_facts(db: Database, names: dict[str, str]) -> Iterator[list[Facts]]:
    """All statements that have a key, page by page; ``names`` are those of the trees by their ids."""
    last = ""
    while True:
        rows = db.read(QUERIES["facts"], after=last, limit=_PAGE)
        yield [Facts(row, names.get(row["tree"], repr(row["tree"]))) for row in rows]
        if len(rows) < _PAGE:
            return
        last = rows[-1]["key"]


def faults_of(facts: Facts) -> Iterator[Finding]:
    """What is wrong with one statement and its place."""
    row, address = facts.row, facts.address
    if address is None:
        yield facts.found(PARENT, "its path is not an address.")
        return
    if row["key"] != key(row["tree"], address):
        yield facts.found(KEY, "its key is another one's.")
    yield from _place(facts, address)
    yield from _below(facts)
    if (row["folded"] or row["text"]) != folded(row["text"]) or row["size"] != len(row["text"]):
        yield facts.found(SEARCH, "search knows it by other words.")


def _place(facts: Facts, address: Address) -> Iterator[Finding]:
    row = facts.row
    if row["address"] != address:
        yield facts.found(PARENT, f"it says that it is at {row['address']}.")
    if address == TOP:
        if row["parent"] is not None or row["above"]:
            yield facts.found(PARENT, "it is a root and has a parent.")
        return
    stored = row["stored_parent"]
    if not stored or stored[0][1] != row["tree"]:
        yield facts.found(PARENT, "its parent is not stored in its tree.")
        return
    up = stored[0][0]
    try:
        by_parent = child(address_of(up), row["ordinal"], slot=row["slot"])
    except ValueError:
        by_parent = None
    if by_parent != address:
        yield facts.found(
            PARENT, f"slot {row['slot']}, place {row['ordinal']} of {address_of(up)} is elsewhere."
        )
    if row["above"] != [row["parent"]]:
        yield facts.found(LINKED, f"{len(row['above'])} statements have it as a child, not just its parent.")


def _below(facts: Facts) -> Iterator[Finding]:
    row, slots, current = facts.row, facts.slots, facts.row["current_slot"]
    if bool(row["is_unpacked"]) != bool(slots):
        yield facts.found(UNPACKED, f"it has {len(slots)} expansions and says {bool(row['is_unpacked'])}.")
    if current is None:
        if slots or row["has_child"]:
            yield facts.found(CURRENT, "no slot is current.")
    elif (slots and current not in slots) or not (slots or row["n"]):
        yield facts.found(CURRENT, f"slot {current} is current and has no expansion.")
    if row["n"] != row["n_children"]:
        yield facts.found(COUNT, f"it counts {row['n_children']} children and has {row['n']}.")


def _about(facts: Facts) -> Iterator[Finding]:
    tree = facts.row["tree"]
    for slot, state, of, worker, address in facts.row["work"]:
        if of != tree or address != facts.row["address"]:
            yield facts.found(ABOUT, "a record about it belongs to another tree.")
        if slot in facts.slots and (state == "asked" or worker is not None):
            yield facts.found(DONE, f"slot {slot} is committed and still asked for.")
    for of, path in facts.row["vectors"]:
        if of != tree or path != facts.row["path"]:
            yield facts.found(ABOUT, "a vector of it belongs to another place.")
    for slot, is_linked in facts.row["expansions"]:
        if not is_linked:
            yield facts.found(LINKED, f"the expansion in slot {slot} is not linked to it.")


def _expansions(db: Database, page: Sequence[Facts]) -> Iterator[Finding]:
    of = {facts.row["key"]: facts for facts in page if facts.row["expansions"] and facts.address}
    made: list[tuple[Facts, int, Expansion]] = []
    for row in db.read(QUERIES["expansions of"], keys=list(of)) if of else []:
        at, slot, first, created, body = row.values()
        try:
            record = json.loads(body)
            made.append(
                (of[at], slot, Expansion.from_dict({**record, "first_ordinal": first, "created": created}))
            )
        except (ValueError, KeyError, TypeError):
            yield of[at].found(CHILDREN, f"the record of slot {slot} can't be read.")
    yield from _children(db, made)
    wanted_blobs = {each.response for _, _, each in made if each.response}
    there = {row["digest"] for row in db.read(QUERIES["whole blobs"], digests=sorted(wanted_blobs))}
    for facts, slot, each in made:
        if each.response and each.response not in there:
            yield facts.found(RESPONSE, f"the response of slot {slot} is not stored.")


def _children(db: Database, made: Sequence[tuple[Facts, int, Expansion]]) -> Iterator[Finding]:
    rows = [
        {
            "at": at,
            "key": facts.row["key"],
            "slot": slot,
            "first": each.first_ordinal,
            "end": each.first_ordinal + len(each.children),
        }
        for at, (facts, slot, each) in enumerate(made)
    ]
    stored: dict[int, dict[str, Any]] = {}
    for row in db.read(QUERIES["expanded children"], rows=rows) if rows else []:
        below = statement(row["stored"])
        stored.setdefault(row["r.at"], {})[path_of(below.address)] = below.draft
    for at, (facts, slot, each) in enumerate(made):
        top = facts.address or TOP
        want = {
            path_of(child(top, each.first_ordinal + n, slot=slot)): draft
            for n, draft in enumerate(each.children)
        }
        if stored.get(at, {}) != want:
            yield facts.found(CHILDREN, f"the children of slot {slot} differ from what was committed.")


def _roots(db: Database, names: dict[str, str]) -> Iterator[Finding]:
    keys = {key(tree_id, TOP): tree_id for tree_id in names}
    rooted = {row["key"]: row["is_linked"] for row in db.read(QUERIES["roots"], keys=list(keys))}
    for at, tree_id in keys.items():
        if at not in rooted:
            yield Finding(ROOT, names[tree_id], "the tree has no root.")
        elif not rooted[at]:
            yield Finding(LINKED, names[tree_id], "the tree is not linked to its root.")


def _logs(db: Database, names: dict[str, str], seen: dict[str, int]) -> Iterator[Finding]:
    """Judgements of every tree, and how many moves and documents there are."""
    for tree_id, name in names.items():
        last = -1
        while rows := db.read(QUERIES["judged"], tree=tree_id, after=last, limit=_PAGE):
            for seq, where, of, is_linked in (row.values() for row in rows):
                last = seq
                if of != tree_id:
                    at = repr(where) if where is None else where
                    yield Finding(ABOUT, f"{name} {at}", "a record about it belongs to another tree.")
                elif not is_linked:
                    yield Finding(LINKED, f"{name} {where}", "a judgement is not linked to it.")
            seen["Judgement"] += len(rows)
        (counted,) = db.read(QUERIES["counted"], tree=tree_id)
        seen["Move"] += counted["moves"]
        seen["Document"] += counted["documents"]


def _blobs(db: Database) -> Iterator[Finding]:
    last = ""
    while rows := db.read(QUERIES["blobs"], after=last, limit=_PAGE):
        for digest, size, n_parts in (row.values() for row in rows):
            last = digest
            parts: Iterable[list[Record]] = (
                db.read(QUERIES["blob part"], digest=digest, part=part) for part in range(n_parts)
            )
            data = b"".join(part[0]["data"] for part in parts if part)
            if len(data) != size or n_parts != -(-size // PART) or digest_of(data) != digest:
                yield Finding(
                    BLOB, f"blob {digest}", f"{len(data)} of {size} bytes are there, or they are others."
                )


def _lost(db: Database, seen: dict[str, int]) -> Iterator[Finding]:
    """Records that no index leads to: they lack a property, or belong to nothing that is stored."""
    for label in _LABELS:
        n = db.read(f"MATCH (n:{label}) RETURN count(n) AS n")[0]["n"]
        if n <= seen[label]:  # more were written meanwhile, or none is lost
            continue
        for row in db.read(QUERIES[f"lost {label.lower()}"]):
            yield Finding(SCHEMA, f"{label} {row['name']}", "it belongs to nothing that is stored.")
