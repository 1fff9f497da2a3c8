"""What texts mean to a model, and which are nearest: by the server's vector index, which may miss some."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from neo4j import ManagedTransaction

from kb.address import Address, address_of, key, path_of
from kb.records import Page
from kb.statements import Statement
from kb.stores.cursors import decode, encode
from kb.stores.neo4j.connections import Database, run
from kb.stores.neo4j.queries import QUERIES
from kb.stores.neo4j.rows import known_tree, short, statement, unknown_address
from kb.stores.neo4j.search import in_order, on_the_walk
from kb.stores.values import limit_of
from kb.stores.vectors import unit_vector

__all__ = ["NEAREST", "nearest", "put_vectors", "vector_models", "vectors", "without_vector"]

NEAREST = (
    "CALL db.index.vector.queryNodes('vector_values', $n, $vector) YIELD node AS v "
    "WITH v WHERE v.tree = $tree AND v.model = $model "
    ""  # the index rounds its vectors, so cosines come from these
    "RETURN 2 * vector.similarity.cosine(v.vector, $vector) - 1 AS cosine, v.path AS path ORDER BY cosine "
    "DESC"
)
_AT_ONCE = 500  # vectors in one statement: half a megabyte
_MORE = 4  # the index knows no tree and no model, so more are asked for than are wanted
_MOST = 100_000


def put_vectors(db: Database, tree_id: str, model: str, new: Mapping[Address, Sequence[float]]) -> None:
    """Keep vectors, all or none."""
    short(model, what="the name of a model")
    rows = sorted(
        (
            {"key": key(tree_id, at), "path": path_of(at), "vector": unit_vector(each, where=at).tolist()}
            for at, each in new.items()
        ),
        key=lambda row: str(row["key"]),
    )

    def work(tx: ManagedTransaction) -> None:
        known_tree(db, tree_id, tx)
        n = 0
        for at in range(0, len(rows), _AT_ONCE):
            part = rows[at : at + _AT_ONCE]
            n += run(tx, QUERIES["put vectors"], tree=tree_id, model=model, rows=part)[0]["n"]
        if n != len(rows):
            raise unknown_address(tx, tree_id, new)

    db.writing(work)


def vectors(
    db: Database, tree_id: str, model: str, *, after: str | None, limit: int
) -> Page[tuple[Address, Sequence[float]]]:
    """One page of the vectors of a model, by address."""
    query = f"vectors {tree_id} {model}"
    last = "" if after is None else str(decode(query, after, str)[0])
    known_tree(db, tree_id)
    rows = db.read(QUERIES["vectors"], tree=tree_id, model=model, after=last, limit=limit_of(limit) + 1)
    items = tuple((address_of(row["v.path"]), row["v.vector"]) for row in rows[:limit])
    return Page(items, encode(query, rows[limit - 1]["v.path"]) if len(rows) > limit else None)


def vector_models(db: Database, tree_id: str) -> tuple[str, ...]:
    """The models of which there is a vector, by name."""
    known_tree(db, tree_id)
    return db.distinct(QUERIES["a model"], tree=tree_id)


def without_vector(
    db: Database, tree_id: str, model: str, *, after: str | None, limit: int
) -> Page[Statement]:
    """One page of the statements without a vector, by address."""
    query = f"without vector {tree_id} {model}"
    last = "" if after is None else str(decode(query, after, str)[0])
    known_tree(db, tree_id)
    rows = db.read(
        QUERIES["without vector"], tree=tree_id, model=model, after=last, limit=limit_of(limit) + 1
    )
    items = tuple(statement(row["stored"]) for row in rows[:limit])
    return Page(items, encode(query, path_of(items[-1].address)) if len(rows) > limit else None)


def nearest(
    db: Database, tree_id: str, model: str, vector: Sequence[float], *, limit: int
) -> list[tuple[Statement, float]]:
    """The statements along current slots whose vectors have the largest cosine, as the index finds them."""
    wanted = unit_vector(vector, where="the vector to search by").tolist()
    known_tree(db, tree_id)
    limit_of(limit)

    def read(tx: ManagedTransaction) -> list[tuple[Statement, float]]:
        n = _MORE * limit
        while True:
            given = {"n": n, "vector": wanted, "tree": tree_id, "model": model}
            rows = run(tx, NEAREST, **given)
            kept = list(on_the_walk(tx, tree_id, [(row["cosine"], row["path"]) for row in rows]))[:limit]
            if (
                len(kept) == limit
                or n >= _MOST
                or n >= run(tx, "MATCH (v:Vector) RETURN count(v) AS n")[0]["n"]
            ):
                break
            n *= 8
        items = in_order(tx, tree_id, [path for _, path in kept])
        return [(each, min(cosine, 1.0)) for each, (cosine, _) in zip(items, kept, strict=True)]

    return db.reading(read)
