"""Full-text search along current slots."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import TypeVar

from kb.address import address_of, slot_of
from kb.records import Page
from kb.statements import Statement
from kb.stores.cursors import decode, encode
from kb.stores.sqlite.connections import Database
from kb.stores.sqlite.queries import QUERIES, marks
from kb.stores.sqlite.rows import chunks, statement, tree_pk
from kb.stores.sqlite.statements import SEGMENT, current_slots
from kb.stores.values import limit_of

__all__ = ["MATCHES", "in_order", "on_the_walk", "search"]

# Shortest first: where all words match, they are the larger share of a short text. Unlike bm25 this order
# doesn't change with every insert, so pages neither repeat nor skip.
MATCHES = (
    "SELECT s.size, s.path FROM statement_text t JOIN statement s ON s.pk = t.rowid "
    "WHERE statement_text MATCH ? AND s.tree = ? AND (s.size, s.path) > (?, ?) ORDER BY s.size, s.path"
)
Rank = TypeVar("Rank")


def search(db: Database, tree_id: str, text: str, *, after: str | None, limit: int) -> Page[Statement]:
    """One page of the statements that have all the words."""
    query = f"search {tree_id} {text}"
    size, path = (-1, "") if after is None else decode(query, after, int, str)
    words = _quoted(text)
    if not words:
        return Page(())
    with db.reading() as conn:
        tree = tree_pk(db, conn, tree_id)
        found = on_the_walk(conn, tree, conn.execute(MATCHES, (words, tree, size, path)))
        kept: list[tuple[int, str]] = []
        has_more = False
        for each in found:
            if len(kept) == limit_of(limit):
                has_more = True
                break
            kept.append(each)
        items = in_order(conn, tree, [path for _, path in kept])
    return Page(items, encode(query, *kept[-1]) if has_more else None)


def _quoted(text: str) -> str:
    """Each word as a string of FTS5, in which nothing is an operator."""
    words = text.replace("\0", " ").split()
    return " ".join('"' + word.replace('"', '""') + '"' for word in words)


def on_the_walk(
    conn: sqlite3.Connection, tree: int, matches: Iterator[tuple[Rank, str]]
) -> Iterator[tuple[Rank, str]]:
    """Those of the matches, given by rank and path, that lie along current slots."""
    current: dict[str, int | None] = {}
    for rank, path in matches:
        levels = [path[:at] for at in range(SEGMENT, len(path) + 1, SEGMENT)]
        current.update(current_slots(conn, tree, [level for level in levels if level not in current]))
        slots = (slot_of(address_of(level)) for level in levels[1:])
        if all(current.get(up) == slot for up, slot in zip(levels, slots, strict=False)):
            yield rank, path


def in_order(conn: sqlite3.Connection, tree: int, paths: list[str]) -> tuple[Statement, ...]:
    """The statements at the paths, in the order of the paths."""
    found: dict[str, Statement] = {}
    for part in chunks(paths):
        for row in conn.execute(QUERIES["statements"].format(marks(len(part))), (tree, *part)):
            found[row[0]] = statement(row)
    return tuple(found[path] for path in paths)
