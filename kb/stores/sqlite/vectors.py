"""What texts mean to a model, and which are nearest: exact, over all of them."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Mapping, Sequence

import numpy as np

from kb.address import Address, address_of
from kb.arrays import Codes, FloatArray
from kb.records import VECTOR_SIZE, Page
from kb.statements import Statement
from kb.stores.cursors import decode, encode
from kb.stores.sqlite.connections import Database
from kb.stores.sqlite.queries import QUERIES, marks
from kb.stores.sqlite.rows import IN_LIST, distinct, place, statement, tree_pk
from kb.stores.sqlite.search import in_order, on_the_walk
from kb.stores.values import limit_of
from kb.stores.vectors import unit_vector

__all__ = ["nearest", "put_vectors", "vector_models", "vectors", "without_vector"]

_AT_ONCE = 4_096  # vectors in memory while all are compared
_STORED = "<f4"
_INSERT = (
    "INSERT INTO vector (tree, statement, model, data) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (statement, model) DO UPDATE SET data = excluded.data"
)


def put_vectors(db: Database, tree_id: str, model: str, new: Mapping[Address, Sequence[float]]) -> None:
    """Keep vectors, all or none."""
    units = {at: unit_vector(each, where=at).astype(_STORED).tobytes() for at, each in new.items()}
    with db.writing() as conn:
        tree = tree_pk(db, conn, tree_id)
        rows = [(tree, place(conn, tree, at)[0], model, data) for at, data in units.items()]
        conn.executemany(_INSERT, rows)


def vectors(
    db: Database, tree_id: str, model: str, *, after: str | None, limit: int
) -> Page[tuple[Address, Sequence[float]]]:
    """One page of the vectors of a model, by address."""
    query = f"vectors {tree_id} {model}"
    last = "" if after is None else str(decode(query, after, str)[0])
    with db.reading() as conn:
        tree = tree_pk(db, conn, tree_id)
        rows = conn.execute(QUERIES["vectors"], (model, tree, last, model, limit_of(limit) + 1)).fetchall()
    items = tuple((address_of(path), _numbers(data)) for path, data in rows[:limit])
    return Page(items, encode(query, rows[limit - 1][0]) if len(rows) > limit else None)


def _numbers(data: bytes) -> Sequence[float]:
    return array("f", np.frombuffer(data, dtype=_STORED).astype(np.float32).tobytes())


def vector_models(db: Database, tree_id: str) -> tuple[str, ...]:
    """The models of which there is a vector, by name."""
    with db.reading() as conn:
        return distinct(conn, "a model", tree_pk(db, conn, tree_id))


def without_vector(
    db: Database, tree_id: str, model: str, *, after: str | None, limit: int
) -> Page[Statement]:
    """One page of the statements without a vector, by address."""
    query = f"without vector {tree_id} {model}"
    last = "" if after is None else str(decode(query, after, str)[0])
    with db.reading() as conn:
        tree = tree_pk(db, conn, tree_id)
        rows = conn.execute(QUERIES["without vector"], (tree, last, model, limit_of(limit) + 1)).fetchall()
    items = tuple(map(statement, rows[:limit]))
    return Page(items, encode(query, rows[limit - 1][0]) if len(rows) > limit else None)


def nearest(
    db: Database, tree_id: str, model: str, vector: Sequence[float], *, limit: int
) -> list[tuple[Statement, float]]:
    """The statements along current slots whose vectors have the largest cosine."""
    wanted = unit_vector(vector, where="the vector to search by")
    found: list[tuple[float, str]] = []
    with db.reading() as conn:
        tree = tree_pk(db, conn, tree_id)
        pks, cosines = _compared(conn, tree, model, wanted)
        order = np.argsort(-cosines, kind="stable")
        for start in range(0, len(order), IN_LIST):  # most are on the walk, so the first list is enough
            best = order[start : start + IN_LIST]
            paths = _paths(conn, pks[best])
            found += on_the_walk(conn, tree, iter(zip(cosines[best].tolist(), paths, strict=True)))
            if len(found) >= limit_of(limit):
                break
        kept = found[:limit]
        items = in_order(conn, tree, [path for _, path in kept])
    return [(each, min(cosine, 1.0)) for each, (cosine, _) in zip(items, kept, strict=True)]


def _compared(
    conn: sqlite3.Connection, tree: int, model: str, wanted: FloatArray
) -> tuple[Codes, FloatArray]:
    """The number of each statement that has a vector, and its cosine; (n,) both."""
    rows = conn.execute(QUERIES["every vector"], (tree, model))
    pks: list[int] = []
    cosines = [np.empty(0, dtype=np.float32)]
    while some := rows.fetchmany(_AT_ONCE):
        pks += [pk for pk, _ in some]
        stored = np.frombuffer(b"".join(data for _, data in some), dtype=_STORED)
        cosines.append(stored.reshape(-1, VECTOR_SIZE) @ wanted)
    return np.array(pks, dtype=np.int64), np.concatenate(cosines)


def _paths(conn: sqlite3.Connection, pks: Codes) -> list[str]:
    """The paths of at most IN_LIST statements, in the order of their numbers as given."""
    rows = conn.execute(QUERIES["paths"].format(marks(len(pks))), pks.tolist())
    path_of_pk: dict[int, str] = dict(rows.fetchall())
    return [path_of_pk[pk] for pk in pks.tolist()]
