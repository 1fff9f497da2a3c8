"""Judgements and moves: what is only ever appended.

The order of appending is a number: the server's clock in nanoseconds, or the last number plus one where the
clock is behind. No counter is kept, so those who append to one tree at once don't wait for each other; two
who take the same number are told apart by its uniqueness, and one of them takes another.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from neo4j import ManagedTransaction, Record

from kb.address import Address, key
from kb.records import Judgement, Move, Page
from kb.stores.cursors import decode, encode
from kb.stores.neo4j.connections import Database, run
from kb.stores.neo4j.queries import QUERIES
from kb.stores.neo4j.rows import chunks, known_tree, short, unknown_address
from kb.stores.values import canonical, limit_of

__all__ = ["append_judgements", "append_moves", "judgements", "moves"]


def append_judgements(db: Database, tree_id: str, new: Sequence[Judgement]) -> int:
    """Append all or none; returns how many were new."""
    first = {short(each.id, what="the id of a judgement"): each for each in reversed(new)}
    wanted = list(reversed(first.values()))
    for each in wanted:
        short(each.rater, what="a rater")
        _body(each.to_dict(), f"judgement {each.id} on {each.address}")

    def work(tx: ManagedTransaction) -> int:
        known_tree(db, tree_id, tx)
        keys = sorted({key(tree_id, each.address) for each in new})
        (before,) = run(
            tx, QUERIES["before judgements"], tree=tree_id, keys=keys, ids=list(first), now=db.now
        )
        if len(before["keys"]) != len(keys):
            raise unknown_address(tx, tree_id, [each.address for each in new])
        known, start = set(before["ids"]), _next(before)
        rows = [
            _judgement_row(tree_id, each, start + n, before["now"])
            for n, each in enumerate(each for each in wanted if each.id not in known)
        ]
        for part in chunks(rows):
            run(tx, QUERIES["new judgements"], tree=tree_id, rows=part)
        return len(rows)

    return db.writing(work) if new else 0


def _judgement_row(tree_id: str, new: Judgement, seq: int, now: float) -> dict[str, Any]:
    dated = new if new.created else replace(new, created=now)
    return {
        "seq": seq,
        "id": new.id,
        "key": key(tree_id, new.address),
        "kind": new.kind,
        "rater": new.rater,
        "value": None if new.value is None else float(new.value),
        "created": dated.created,
        "body": _body(dated.to_dict(), f"judgement {new.id} on {new.address}"),
    }


def _body(record: dict[str, Any], what: str) -> str:
    return canonical(record, what=what)


def _next(before: Record) -> int:
    """The number of the first record that is appended now."""
    last = before["last"]
    return max(int(before["clock"]), last[0] + 1 if last else 0)


def judgements(
    db: Database, tree_id: str, about: Address | None, rater: str | None, after: str | None, limit: int
) -> Page[Judgement]:
    """One page of judgements in the order in which they were appended."""
    query = f"judgements {tree_id} {about} {rater}"
    last = 0 if after is None else int(decode(query, after, int)[0])
    known_tree(db, tree_id)
    name = "judgements" if about is None else "judgements about"
    if rater is not None:
        name += " by rater"
    rows = db.read(
        QUERIES[name],
        tree=tree_id,
        key=None if about is None else key(tree_id, about),
        rater=rater,
        after=last,
        limit=limit_of(limit) + 1,
    )
    items = tuple(Judgement.from_dict(json.loads(row["j.body"])) for row in rows[:limit])
    return Page(items, encode(query, rows[limit - 1]["j.seq"]) if len(rows) > limit else None)


def append_moves(db: Database, tree_id: str, new: Sequence[Move]) -> int:
    """Append all or none; returns how many were new."""
    named = [each if each.id else replace(each, id=uuid.uuid4().hex) for each in new]
    wanted = list({short(each.id, what="the id of a move"): each for each in reversed(named)}.values())[::-1]
    for each in wanted:
        _body(each.to_dict(), f"a move at {each.address}")
        key(tree_id, each.address)  # refuses what is no address

    def work(tx: ManagedTransaction) -> int:
        known_tree(db, tree_id, tx)
        ids = [each.id for each in wanted]
        (before,) = run(tx, QUERIES["before moves"], tree=tree_id, ids=ids, now=db.now)
        known, start = set(before["ids"]), _next(before)
        rows = [
            _move_row(each, start + n, before["now"])
            for n, each in enumerate(each for each in wanted if each.id not in known)
        ]
        for part in chunks(rows):
            run(tx, QUERIES["new moves"], tree=tree_id, rows=part)
        return len(rows)

    return db.writing(work) if new else 0


def _move_row(new: Move, seq: int, now: float) -> dict[str, Any]:
    dated = new if new.created else replace(new, created=now)
    return {
        "seq": seq,
        "id": new.id,
        "address": new.address,
        "kind": new.kind,
        "created": dated.created,
        "body": _body(dated.to_dict(), f"a move at {new.address}"),
    }


def moves(db: Database, tree_id: str, *, after: str | None, limit: int) -> Page[Move]:
    """One page of moves in the order in which they were appended."""
    query = f"moves {tree_id}"
    last = 0 if after is None else int(decode(query, after, int)[0])
    known_tree(db, tree_id)
    rows = db.read(QUERIES["moves"], tree=tree_id, after=last, limit=limit_of(limit) + 1)
    items = tuple(_move(row["m.body"]) for row in rows[:limit])
    return Page(items, encode(query, rows[limit - 1]["m.seq"]) if len(rows) > limit else None)


def _move(body: str) -> Move:
    stored = json.loads(body)
    return Move(**{**stored, "address": Address(stored["address"])})
