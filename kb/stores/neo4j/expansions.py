"""Expansions: leases, commits and which slot is current."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from neo4j import ManagedTransaction, Record

from kb.address import Address, child, key, path_of
from kb.errors import InputError
from kb.records import Expansion, Lease, Page
from kb.statements import Statement
from kb.stores.cursors import decode, encode
from kb.stores.neo4j.connections import Database, run
from kb.stores.neo4j.queries import QUERIES
from kb.stores.neo4j.rows import BEYOND, chunks, known_tree, new_row, statement, unknown_address
from kb.stores.protocol import StaleLeaseError, UnknownAddressError
from kb.stores.refusals import expansion_exists, place_named, refuse_stale
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


def lease(
    db: Database, tree_id: str, address: Address, slot: int, *, worker: str, seconds: float
) -> Lease | None:
    """Take the slot, or None while it is held."""
    child(address, 0, slot=slot)  # refuses a slot that no address can hold
    at = key(tree_id, address)
    grant = uuid.uuid4().hex

    def work(tx: ManagedTransaction) -> Lease | None:
        known_tree(db, tree_id, tx)
        given = {"worker": worker, "seconds": seconds, "grant": grant, "now": db.now, "address": address}
        rows = run(tx, QUERIES["lease"], tree=tree_id, key=at, slot=slot, **given)
        if not rows:
            raise unknown_address(tx, tree_id, [address])
        if rows[0]["is_committed"]:
            raise expansion_exists(db.where, address, slot)
        return _granted(rows[0]) if rows[0]["is_free"] else None

    def settle() -> Lease | None:
        rows = db.read(QUERIES["grant"], key=at, slot=slot)
        return _granted(rows[0]) if rows and rows[0]["grant"] == grant else None

    def _granted(row: Record) -> Lease:
        return Lease(tree_id, address, slot, worker, row["fence"], row["until"])

    return db.writing(work, settle=settle)


def renew(db: Database, held: Lease, *, seconds: float) -> Lease:
    """The same lease with a later end."""
    at = {"key": key(held.tree_id, held.address), "slot": held.slot}

    def work(tx: ManagedTransaction) -> Lease:
        known_tree(db, held.tree_id, tx)
        rows = run(tx, QUERIES["hold work"], **at)
        refuse_stale(rows[0]["fence"] if rows else 0, held)
        if rows[0]["state"] == "done":
            raise StaleLeaseError(
                "the lease was used up by its commit.", where=place_named(held.address, held.slot)
            )
        (row,) = run(tx, QUERIES["renew"], worker=held.worker, seconds=seconds, now=db.now, **at)
        return replace(held, until=row["until"])

    return db.writing(work)


def release(db: Database, held: Lease) -> None:
    """Give the slot back; a higher fence keeps the lease from being used later."""

    def work(tx: ManagedTransaction) -> None:
        known_tree(db, held.tree_id, tx)
        at = key(held.tree_id, held.address)
        run(tx, QUERIES["release"], key=at, slot=held.slot, fence=held.fence)

    db.writing(work)


def commit(db: Database, held: Lease, expansion: Expansion) -> Expansion:
    """Store the expansion with its children, or nothing.

    One transaction of two statements: the first takes the locks of the work item and of the statement and
    returns what is true behind them, the second writes. A commit whose answer was lost is just done again: it
    finds the expansion by its place and knows it by its digest.
    """
    if (held.address, held.slot) != (expansion.address, expansion.slot):
        raise ValueError(
            f"the lease is for {place_named(held.address, held.slot)}, "
            f"the expansion for {place_named(expansion.address, expansion.slot)}"
        )
    body, digest = recorded(expansion)
    at = {"key": key(held.tree_id, held.address), "slot": held.slot}

    def work(tx: ManagedTransaction) -> Expansion:
        known_tree(db, held.tree_id, tx)
        held_rows = run(tx, QUERIES["hold slot"], now=db.now, **at)
        if not held_rows:
            return _without_work(tx, db, held, digest)
        facts = held_rows[0]
        if facts["stored"] and facts["stored"][0][0] == digest:
            return _expansion(held.slot, facts["stored"][0][1:], current=facts["current"])
        refuse_stale(facts["fence"], held)
        if facts["stored"]:
            raise expansion_exists(db.where, held.address, held.slot)
        return _write(tx, held, _Made(expansion, body, digest, facts))

    return db.writing(work)


@dataclass(frozen=True, slots=True)
class _Made:
    """A commit on its way: the record, how it is stored, and what is true behind the locks."""

    expansion: Expansion
    body: str
    digest: bytes
    facts: Record


def _write(tx: ManagedTransaction, held: Lease, made: _Made) -> Expansion:
    """The second statement of a commit."""
    expansion, last, current = made.expansion, made.facts["last"], made.facts["current"]
    first = last[0] + 1 if last else 0
    created = expansion.created or made.facts["now"]
    children = [
        new_row(
            held.tree_id, Statement(child(held.address, first + n, slot=held.slot), draft, created=created)
        )
        for n, draft in enumerate(expansion.children)
    ]
    stays = bool(made.facts["is_unpacked"]) and current != held.slot
    run(
        tx,
        QUERIES["commit"],
        key=key(held.tree_id, held.address),
        slot=held.slot,
        tree=held.tree_id,
        address=held.address,
        unpacker=expansion.unpacker,
        response=expansion.response,
        first=first,
        digest=made.digest,
        created=created,
        body=made.body,
        children=children,
        n_children=made.facts["n_children"] if stays else first + len(children),
        current=current if stays else held.slot,
        now=None,
    )
    return replace(expansion, first_ordinal=first, created=created, is_current=not stays)


def _without_work(tx: ManagedTransaction, db: Database, held: Lease, digest: bytes) -> Expansion:
    """A commit where nobody ever leased: a replay of one that was copied here, or a mistake."""
    at = key(held.tree_id, held.address)
    place = run(tx, QUERIES["place"], key=at)
    if not place:
        raise unknown_address(tx, held.tree_id, [held.address])
    for row in run(tx, QUERIES["expansions"], key=at):
        if row["e.slot"] == held.slot and row["e.digest"] == digest:
            return _expansion(held.slot, row.values()[1:4], current=place[0]["s.current_slot"])
        if row["e.slot"] == held.slot:
            raise expansion_exists(db.where, held.address, held.slot)
    refuse_stale(0, held)
    raise AssertionError("no lease has the fence 0")


def _expansion(slot: int, stored: Sequence[Any], *, current: int | None) -> Expansion:
    """From (first ordinal, created, body)."""
    first, created, body = stored
    return Expansion.from_dict(
        {**json.loads(body), "first_ordinal": first, "created": created, "is_current": slot == current}
    )


def expansions(db: Database, tree_id: str, address: Address) -> list[Expansion]:
    """All expansions of a statement, by slot."""
    at = key(tree_id, address)
    known_tree(db, tree_id)
    place = db.read(QUERIES["place"], key=at)
    if not place:
        return []
    rows = [row.values() for row in db.read(QUERIES["expansions"], key=at)]
    return [_expansion(row[0], row[1:4], current=place[0]["s.current_slot"]) for row in rows]


def expansions_within(
    db: Database, tree_id: str, of: Address, *, after: str | None, limit: int
) -> Page[Expansion]:
    """One page of the expansions of a statement and of all below it, by address and slot."""
    query = f"expansions within {tree_id} {of}"
    top = path_of(of)
    last = None if after is None else decode(query, after, str, int)
    wanted = limit_of(limit) + 1

    def read(tx: ManagedTransaction) -> list[tuple[str, int, Expansion]]:
        known_tree(db, tree_id, tx)
        kept: list[tuple[str, int, Expansion]] = []
        start: str | None = top if last is None else str(last[0])
        while start is not None and len(kept) < wanted:
            rows = run(tx, QUERIES["unpacked"], tree=tree_id, start=start, end=top + BEYOND, limit=wanted)
            found = _expansions_of(tx, rows)
            kept += [each for each in found if last is None or each[:2] > last]
            start = rows[-1]["s.path"] + "0" if len(rows) == wanted else None
        return kept

    kept = db.reading(read)
    items = tuple(each for _, _, each in kept[:limit])
    return Page(items, encode(query, *kept[limit - 1][:2]) if len(kept) > limit else None)


def _expansions_of(tx: ManagedTransaction, rows: Sequence[Record]) -> list[tuple[str, int, Expansion]]:
    """Path, slot and record of each expansion of the statements, in their order."""
    of = {row["s.key"]: (row["s.path"], row["s.current_slot"]) for row in rows if row["s.is_unpacked"]}
    found = [row.values() for row in run(tx, QUERIES["expansions of"], keys=list(of))]
    made = [(of[at][0], slot, _expansion(slot, stored, current=of[at][1])) for at, slot, *stored in found]
    return sorted(made, key=lambda each: each[:2])


def choose(db: Database, tree_id: str, address: Address, slot: int) -> None:
    """Make a committed slot the current one."""
    at = key(tree_id, address)

    def work(tx: ManagedTransaction) -> None:
        known_tree(db, tree_id, tx)
        if not run(tx, QUERIES["hold statement"], key=at):
            raise unknown_address(tx, tree_id, [address])
        if not run(tx, QUERIES["choose"], key=at, slot=slot):
            raise UnknownAddressError(
                f"there is no expansion in slot {slot}.",
                where=address,
                remedy=f"Make one: priory unpack {address}",
            )

    db.writing(work)


def put_expansions(db: Database, tree_id: str, records: Sequence[Expansion]) -> int:
    """Record expansions whose children are stored, all or none; returns how many were new."""
    unique = {(each.address, each.slot): each for each in reversed(records)}
    rows = [
        _row_of(tree_id, n, each)
        for n, each in enumerate(sorted(unique.values(), key=lambda e: (path_of(e.address), e.slot)))
    ]
    made = {row["at"]: unique[row["address"], row["slot"]] for row in rows}
    rows_by_key = sorted(rows, key=lambda row: str(row["key"]))  # locks are taken in one order

    def work(tx: ManagedTransaction) -> int:
        known_tree(db, tree_id, tx)
        facts = {
            f["r.at"]: f for part in chunks(rows_by_key) for f in run(tx, QUERIES["hold expanded"], rows=part)
        }
        if len(facts) != len(rows):
            raise unknown_address(tx, tree_id, [each.address for each in records])
        new = []
        for row in rows:
            digest = facts[row["at"]]["digest"]
            if digest and digest[0] != row["digest"]:
                raise expansion_exists(db.where, row["address"], row["slot"])
            if not digest:
                new.append(row)
        _refuse_other_children(tx, new, made)
        for part in chunks(new):
            run(tx, QUERIES["new expansions"], rows=part, tree=tree_id, now=db.now)
            run(tx, QUERIES["finish work"], rows=part)
        for part in chunks(_currents(new, facts)):
            run(tx, QUERIES["make current"], rows=part)
        return len(new)

    return db.writing(work)


def _row_of(tree_id: str, at: int, expansion: Expansion) -> dict[str, Any]:
    body, digest = recorded(expansion)
    return {
        "at": at,
        "key": key(tree_id, expansion.address),
        "slot": expansion.slot,
        "address": expansion.address,
        "unpacker": expansion.unpacker,
        "response": expansion.response,
        "first": expansion.first_ordinal,
        "end": expansion.first_ordinal + len(expansion.children),
        "digest": digest,
        "created": expansion.created or None,
        "body": body,
    }


def _refuse_other_children(
    tx: ManagedTransaction, rows: Sequence[Mapping[str, Any]], made: Mapping[int, Expansion]
) -> None:
    there: dict[int, list[Statement]] = {}
    for part in chunks(rows):
        for found in run(tx, QUERIES["expanded children"], rows=part):
            there.setdefault(found["r.at"], []).append(statement(found["stored"]))
    for row in rows:
        expansion = made[row["at"]]
        wanted = {
            child(expansion.address, expansion.first_ordinal + n, slot=expansion.slot): draft
            for n, draft in enumerate(expansion.children)
        }
        if {each.address: each.draft for each in there.get(row["at"], [])} != wanted:
            raise InputError(
                "the children of the expansion are not the statements that are stored.",
                where=place_named(expansion.address, expansion.slot),
                remedy="Store its statements first.",
            )


def _currents(new: Sequence[Mapping[str, Any]], facts: Mapping[int, Record]) -> list[dict[str, Any]]:
    """The slot that each statement's walk follows afterwards: the first expansion is current."""
    current: dict[str, int] = {}
    for row in new:
        fact = facts[row["at"]]
        if row["key"] not in current:
            is_kept = fact["s.is_unpacked"] and fact["s.current_slot"] is not None
            current[row["key"]] = fact["s.current_slot"] if is_kept else row["slot"]
    return [{"key": at, "slot": slot} for at, slot in sorted(current.items())]
