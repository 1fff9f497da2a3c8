"""Rows to records and back."""

from __future__ import annotations

import json
import shlex
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from neo4j import ManagedTransaction

from kb.address import Address, address_of, ancestors, key, last_ordinal, parent, path_of, slot_of
from kb.errors import InputError
from kb.statements import Draft, Measures, Statement
from kb.stores.neo4j.connections import Database, run
from kb.stores.neo4j.cypher.pieces import FIELDS, MEASURED
from kb.stores.neo4j.queries import QUERIES
from kb.stores.protocol import UnknownAddressError, UnknownTreeError
from kb.stores.values import canonical

__all__ = [
    "AT_ONCE",
    "BEYOND",
    "SEGMENT",
    "Row",
    "chunks",
    "folded",
    "known_tree",
    "listed",
    "measures_row",
    "new_row",
    "short",
    "statement",
    "unknown_address",
]

Row = Mapping[str, Any]
Item = TypeVar("Item")

AT_ONCE = 5_000  # rows in one statement; 1,000 to 5,000 load equally fast
BEYOND = "~"  # sorts behind every digit of a path
SEGMENT = 5  # digits of a path per level
_INDEXED = (
    4_000  # bytes of text in an index; the server refuses more than about 8,100 with the whole transaction
)


def chunks(values: Sequence[Item]) -> list[Sequence[Item]]:
    """The values in lists short enough for one statement."""
    return [values[at : at + AT_ONCE] for at in range(0, len(values), AT_ONCE)]


def short(text: str, *, what: str) -> str:
    """The text, if an index can hold it.

    Raises:
        InputError: It is longer than 4,000 bytes.
    """
    if len(text.encode("utf-8", "surrogatepass")) > _INDEXED:
        raise InputError(
            f"it is longer than {_INDEXED:,} bytes: {text[:40]!r}…", where=what, remedy="Shorten it."
        )
    return text


def folded(text: str) -> str:
    """The text without accents, so that a search finds it with or without them."""
    if text.isascii():
        return text
    return "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")


def new_row(
    tree_id: str, new: Statement, *, token: str | None = None, keys: Mapping[Address, str] | None = None
) -> dict[str, Any]:
    """The properties that a new statement has, none of them null; ``keys`` may hold the key of its parent."""
    address, draft = new.address, new.draft
    up = parent(address)
    plain = folded(draft.text)
    properties = {
        "key": key(tree_id, address),
        "path": path_of(address),
        "address": address,
        "parent": None if up is None else (keys and keys.get(up)) or key(tree_id, up),
        "slot": slot_of(address),
        "ordinal": last_ordinal(address),
        "current_slot": None,
        "n_children": 0,
        "is_dropped": new.is_dropped,
        "kind": draft.kind,
        "condition": draft.when,
        "side": draft.side,
        "columns": list(draft.columns),
        "origin": draft.origin,
        "replaces": draft.replaces,
        "created": new.created or None,
        "size": len(draft.text),
        "text": draft.text,
        "folded": None if plain == draft.text else plain,
        "token": token,
        **(measures_row(new.measures, what=address) if new.measures else {}),
    }
    return {name: value for name, value in properties.items() if value is not None}  # less to send


def listed(row: Row) -> list[Any]:
    """The values of ``new_row`` as "new statements" reads them, the measures in a list at the end."""
    measured = [row.get(name) for name in MEASURED] if "rated" in row else None
    return [*(row.get(name) for name in FIELDS), measured]


def measures_row(measures: Measures | None, *, what: str) -> dict[str, Any]:
    """The properties of what a fit found; none of them for None.

    Raises:
        InputError: A number is NaN or infinite.
    """
    if measures is None:
        return dict.fromkeys(Measures.__slots__)
    plain: dict[str, Any] = json.loads(canonical(measures.to_dict(), what=what))
    return {**plain, "points": canonical(plain["points"], what=what)}


def statement(stored: Sequence[Any]) -> Statement:
    """The statement that was read as the list ``STORED``."""
    path, text, kind, condition, side, columns, origin, replaces, *rest = stored
    n_children, current_slot, is_unpacked, is_dropped, created, measured = rest
    draft = Draft(text, kind, condition, side, tuple(columns), origin, replaces)
    measures = None
    if measured is not None:
        measures = Measures(json.loads(measured[0]), *measured[1:])
    return Statement(
        address_of(path), draft, n_children, current_slot, is_unpacked, is_dropped, measures, created
    )


def known_tree(db: Database, tree_id: str, tx: ManagedTransaction | None = None) -> None:
    """See to it that the tree is stored.

    Raises:
        UnknownTreeError: There is none of that id.
    """
    if tree_id in db.trees:
        return
    found = run(tx, QUERIES["tree"], tree=tree_id) if tx else db.read(QUERIES["tree"], tree=tree_id)
    if not found:
        raise UnknownTreeError(
            f"no tree has the id {tree_id!r}.", where=db.where, remedy="See the trees: priory trees"
        )
    db.trees.add(tree_id)


def unknown_address(
    tx: ManagedTransaction, tree_id: str, addresses: Iterable[Address]
) -> UnknownAddressError:
    """The error for the first of the addresses that is not stored, naming the nearest ancestor that is."""
    wanted = list(addresses)
    there = _present(tx, tree_id, wanted)
    missing = next((each for each in wanted if each not in there), wanted[0])
    above = ancestors(missing)
    stored = _present(tx, tree_id, above)
    nearest = next((up for up in reversed(above) if up in stored), Address("0"))
    (tree,) = run(tx, QUERIES["tree"], tree=tree_id)
    return UnknownAddressError(
        f"no such statement; the nearest stored ancestor is {nearest}.",
        where=f"{tree['name']} {missing}",
        remedy=f"Unpack it first: priory unpack {nearest} --tree {shlex.quote(tree['name'])}",
    )


def _present(tx: ManagedTransaction, tree_id: str, addresses: Sequence[Address]) -> set[Address]:
    keys = {str(key(tree_id, address)): address for address in addresses}
    return {keys[row["key"]] for row in run(tx, QUERIES["present"], keys=list(keys))}
