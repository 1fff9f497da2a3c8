"""Full-text search along current slots."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from neo4j import ManagedTransaction

from kb.address import address_of, key, slot_of
from kb.records import Page
from kb.statements import Statement
from kb.stores.cursors import decode, encode
from kb.stores.neo4j.connections import Database, run
from kb.stores.neo4j.queries import QUERIES
from kb.stores.neo4j.rows import SEGMENT, chunks, folded, known_tree, statement
from kb.stores.values import limit_of

__all__ = ["in_order", "on_the_walk", "search"]

# Shortest first: where all words match, they are the larger share of a short text. Unlike a score this order
# doesn't change with every insert, so pages neither repeat nor skip. The index is brought up to date first:
# it is written behind the transactions, which makes those faster.
FRESH = "CALL db.index.fulltext.awaitEventuallyConsistentIndexRefresh()"
MATCHES = (
    "CALL db.index.fulltext.queryNodes('statement_text', $words) YIELD node AS s "
    "WITH s WHERE s.tree = $tree AND (s.size > $size OR (s.size = $size AND s.path > $path)) "
    "RETURN s.size AS size, s.path AS path ORDER BY size, path LIMIT $limit"
)
_MORE = 4  # matches are read so many times the page: some may not be on the walk


def search(db: Database, tree_id: str, text: str, *, after: str | None, limit: int) -> Page[Statement]:
    """One page of the statements that have all the words."""
    query = f"search {tree_id} {text}"
    size, path = (-1, "") if after is None else decode(query, after, int, str)
    words = _quoted(tree_id, text)
    wanted = limit_of(limit) + 1
    known_tree(db, tree_id)
    if not words:
        return Page(())
    db.alone(FRESH)

    def read(tx: ManagedTransaction) -> tuple[list[tuple[int, str]], list[Statement]]:
        last: tuple[Any, Any] = (size, path)
        kept: list[tuple[int, str]] = []
        at_once = _MORE * wanted
        while len(kept) < wanted:
            given = {"words": words, "tree": tree_id, "size": last[0], "path": last[1], "limit": at_once}
            rows = [(row["size"], row["path"]) for row in run(tx, MATCHES, **given)]
            kept += on_the_walk(tx, tree_id, rows)
            if len(rows) < at_once:
                break
            last = rows[-1]
        return kept, in_order(tx, tree_id, [at for _, at in kept[:limit]])

    kept, items = db.reading(read)
    return Page(tuple(items), encode(query, *kept[limit - 1]) if len(kept) > limit else None)


def _quoted(tree_id: str, text: str) -> str:
    """Each word as a phrase of the tree's texts, in which nothing is an operator; empty without a word."""
    words = [each for each in folded(text).replace("\0", " ").split() if any(c.isalnum() for c in each)]
    if not words:
        return ""
    escaped = (word.replace("\\", "\\\\").replace('"', '\\"') for word in words)
    return f'+tree:"{tree_id}" ' + " ".join(f'+(text:"{word}" folded:"{word}")' for word in escaped)


def on_the_walk(tx: ManagedTransaction, tree_id: str, matches: Sequence[Any]) -> Iterator[Any]:
    """Of the matches, whose last part is a path, those on current slots, in their order."""
    levels = {match[-1][:at] for match in matches for at in range(SEGMENT, len(match[-1]) + 1, SEGMENT)}
    current = _current_slots(tx, tree_id, sorted(levels))
    for match in matches:
        path = match[-1]
        above = [path[:at] for at in range(SEGMENT, len(path) + 1, SEGMENT)]
        slots = (slot_of(address_of(level)) for level in above[1:])
        if all(current.get(up) == slot for up, slot in zip(above, slots, strict=False)):
            yield match


def _current_slots(tx: ManagedTransaction, tree_id: str, paths: Sequence[str]) -> dict[str, int | None]:
    """The current slot of each of the statements that is stored."""
    keys = {str(key(tree_id, address_of(path))): path for path in paths}
    return {
        keys[row["key"]]: row["s.current_slot"]
        for part in chunks(list(keys))
        for row in run(tx, QUERIES["present"], keys=list(part))
    }


def in_order(tx: ManagedTransaction, tree_id: str, paths: Sequence[str]) -> list[Statement]:
    """The statements at the paths, in the order of the paths."""
    keys = [str(key(tree_id, address_of(path))) for path in paths]
    found = {
        str(key(tree_id, each.address)): each
        for part in chunks(keys)
        for each in map(statement, run(tx, QUERIES["statements"], keys=part)[0]["page"])
    }
    return [found[at] for at in keys if at in found]
