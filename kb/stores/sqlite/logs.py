"""Judgements and moves: what is only ever appended."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import replace

from kb.address import Address, path_of
from kb.records import Judgement, Move, Page
from kb.stores.cursors import decode, encode
from kb.stores.sqlite.connections import Database
from kb.stores.sqlite.queries import QUERIES
from kb.stores.sqlite.rows import place, tree_pk
from kb.stores.values import canonical, limit_of

__all__ = ["append_judgements", "append_moves", "judgements", "moves"]


def append_judgements(db: Database, tree_id: str, new: Sequence[Judgement]) -> int:
    """Append all or none; returns how many were new."""
    now = db.clock()
    n_new = 0
    with db.writing() as conn:
        tree = tree_pk(db, conn, tree_id)
        for each in new:
            dated = each if each.created else replace(each, created=now)
            body = canonical(dated.to_dict(), what=f"judgement {each.id} on {each.address}")
            pk = place(conn, tree, each.address)[0]
            n_new += conn.execute(
                "INSERT INTO judgement (tree, statement, id, kind, rater, created, body) "
                "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tree, id) DO NOTHING",
                (tree, pk, each.id, each.kind, each.rater, dated.created, body),
            ).rowcount
    return n_new


def judgements(
    db: Database, tree_id: str, about: Address | None, rater: str | None, after: str | None, limit: int
) -> Page[Judgement]:
    """One page of judgements in the order in which they were appended."""
    query = f"judgements {tree_id} {about} {rater}"
    last = 0 if after is None else int(decode(query, after, int)[0])
    with db.reading() as conn:
        tree = tree_pk(db, conn, tree_id)
        name, args = "judgements", [tree]
        if about is not None:
            row = conn.execute(QUERIES["place"], (tree, path_of(about))).fetchone()
            if row is None:
                return Page(())
            name, args = "judgements about", [row[0]]
        if rater is not None:
            name += " by rater"
        given = [*args, *([] if rater is None else [rater]), last, limit_of(limit) + 1]
        rows = conn.execute(QUERIES[name], given).fetchall()
    items = tuple(Judgement.from_dict(json.loads(body)) for _, body in rows[:limit])
    return Page(items, encode(query, rows[limit - 1][0]) if len(rows) > limit else None)


def append_moves(db: Database, tree_id: str, new: Sequence[Move]) -> int:
    """Append all or none; returns how many were new."""
    now = db.clock()
    n_new = 0
    with db.writing() as conn:
        tree = tree_pk(db, conn, tree_id)
        for each in new:
            dated = replace(each, created=each.created or now, id=each.id or uuid.uuid4().hex)
            body = canonical(dated.to_dict(), what=f"a move at {each.address}")
            n_new += conn.execute(
                "INSERT INTO move (tree, id, path, kind, created, body) VALUES (?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (tree, id) DO NOTHING",
                (tree, dated.id, path_of(each.address), each.kind, dated.created, body),
            ).rowcount
    return n_new


def moves(db: Database, tree_id: str, *, after: str | None, limit: int) -> Page[Move]:
    """One page of moves in the order in which they were appended."""
    query = f"moves {tree_id}"
    last = 0 if after is None else int(decode(query, after, int)[0])
    with db.reading() as conn:
        tree = tree_pk(db, conn, tree_id)
        rows = conn.execute(QUERIES["moves"], (tree, last, limit_of(limit) + 1)).fetchall()
    items = tuple(_move(id_, body) for _, id_, body in rows[:limit])
    return Page(items, encode(query, rows[limit - 1][0]) if len(rows) > limit else None)


def _move(id_: str, body: str) -> Move:
    stored = json.loads(body)
    return Move(**{**stored, "address": Address(stored["address"]), "id": id_})
