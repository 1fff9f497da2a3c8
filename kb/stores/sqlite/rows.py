"""Rows to records and back."""

from __future__ import annotations

import json
import shlex
import sqlite3
from functools import lru_cache
from typing import Any

from kb.address import Address, address_of, ancestors, path_of
from kb.statements import Draft, Measures, Statement
from kb.stores.protocol import UnknownAddressError, UnknownTreeError
from kb.stores.sqlite.connections import Database
from kb.stores.sqlite.queries import QUERIES, marks

__all__ = [
    "IN_LIST",
    "Place",
    "Row",
    "chunks",
    "distinct",
    "draft",
    "place",
    "statement",
    "tree_pk",
    "unknown_address",
]

IN_LIST = 500  # places in one IN list; old builds of SQLite take at most 999 variables

Row = tuple[Any, ...]
Place = tuple[int, int | None, int]  # pk, current slot, is unpacked


def chunks(values: list[str]) -> list[list[str]]:
    """The values in lists short enough for one IN."""
    return [values[at : at + IN_LIST] for at in range(0, len(values), IN_LIST)]


def draft(row: Row) -> Draft:
    """What the statement of such a row says."""
    return Draft(
        row[1],
        row[2],
        row[3],
        row[4],
        () if row[5] == "[]" else _columns(row[5]),
        row[6],
        row[7],
    )


@lru_cache(maxsize=4_096)  # many statements are about the same few columns
def _columns(body: str) -> tuple[str, ...]:
    return tuple(json.loads(body))


def statement(row: Row, above: Address | None = None) -> Statement:
    """The statement of a row of the queries that select statements.

    Args:
        row: The row.
        above: Its parent's address where that is known, which saves reading the path.
    """
    if above is None:
        address = address_of(row[0])
    else:
        address = Address(f"{above}@{row[14]}.{row[15]}" if row[14] else f"{above}.{row[15]}")
    return Statement(
        address,
        draft(row),
        row[8],
        row[9],
        bool(row[10]),
        bool(row[11]),
        None if row[13] is None else Measures(**json.loads(row[13])),
        row[12],
    )


def distinct(conn: sqlite3.Connection, query: str, tree: int) -> tuple[str, ...]:
    """The different values of a column, by jumps in its index from each to the next."""
    found: list[str] = []
    last = ""
    while (row := conn.execute(QUERIES[query], (tree, last)).fetchone()[0]) is not None:
        last = str(row)
        found.append(last)
    return tuple(found)


def tree_pk(db: Database, conn: sqlite3.Connection, tree_id: str) -> int:
    """The number of the tree inside this file.

    Raises:
        UnknownTreeError: There is none of that id.
    """
    known = db.tree_pks.get(tree_id)
    if known is None:
        row = conn.execute("SELECT pk FROM tree WHERE tree_id = ?", (tree_id,)).fetchone()
        if row is None:
            raise UnknownTreeError(
                f"no tree has the id {tree_id!r}.", where=db.where, remedy="See the trees: priory trees"
            )
        known = db.tree_pks[tree_id] = int(row[0])
    return known


def place(conn: sqlite3.Connection, tree: int, address: Address) -> Place:
    """Where a statement is kept.

    Raises:
        UnknownAddressError: It is not stored.
    """
    row: Place | None = conn.execute(QUERIES["place"], (tree, path_of(address))).fetchone()
    if row is None:
        raise unknown_address(conn, tree, address)
    return row


def unknown_address(conn: sqlite3.Connection, tree: int, address: Address) -> UnknownAddressError:
    """The error for an address that is not stored, naming the nearest ancestor that is."""
    name = conn.execute("SELECT name FROM tree WHERE pk = ?", (tree,)).fetchone()[0]
    nearest = "0"
    for part in chunks([path_of(above) for above in ancestors(address)]):
        for path, _ in conn.execute(QUERIES["walk"].format(marks(len(part))), (tree, *part)):
            nearest = address_of(path)
    return UnknownAddressError(
        f"no such statement; the nearest stored ancestor is {nearest}.",
        where=f"{name} {address}",
        remedy=f"Unpack it first: priory unpack {nearest} --tree {shlex.quote(name)}",
    )
