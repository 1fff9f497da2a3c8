"""The lines of an export: one JSON object each, ``{kind: record}``, in ASCII.

The first line is the ``priory`` header, the last the ``end``. A ``checkpoint`` holds the checksum of every
byte before it and where the export goes on; statements come behind what speaks about them, so that whatever
an exported record speaks about is in the file even while others go on writing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kb.address import Address, parse_address
from kb.records import JUDGEMENT_KINDS, Document, Expansion, Judgement, Move, QueueEntry, TreeRecord
from kb.statements import KINDS, Draft, Measures, Statement
from kb.transfer.sections import Item, Vector

__all__ = [
    "FORMAT",
    "KINDS_OF_LINE",
    "LONGEST_LINE",
    "READABLE",
    "Progress",
    "Record",
    "Transfer",
    "line_of",
    "line_of_item",
    "plain_statement",
    "read_record",
]

FORMAT = 2
READABLE = (1, 2)  # 1 had no documents, no queue, and moves without an id
LONGEST_LINE = 1 << 30
KINDS_OF_LINE = ("statement", "expansion", "judgement", "move", "document", "queue", "blob")

Record = Mapping[str, Any]
Progress = Callable[[int, int | None], None]  # lines done, lines in all (None while unknown)


@dataclass(frozen=True, slots=True)
class Transfer:
    """What went over.

    Attributes:
        tree: The tree.
        counts: Records in the file by kind of line.
    """

    tree: TreeRecord
    counts: Mapping[str, int]

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces."""
        return {"tree": self.tree.name, "tree_id": self.tree.tree_id, **self.counts}


def line_of(kind: str, record: object) -> bytes:
    """One line of the file."""
    return json.dumps({kind: record}, separators=(",", ":")).encode("ascii") + b"\n"


def plain_statement(statement: Statement) -> dict[str, Any]:
    """The record of a statement; what a store works out itself is left out."""
    return {
        "address": statement.address,
        "draft": statement.draft.to_dict(),
        "is_dropped": statement.is_dropped,
        "created": statement.created,
        "measures": statement.measures and statement.measures.to_dict(),
    }


def line_of_item(item: Item) -> tuple[str, dict[str, Any]]:
    """The kind of line and the record of what a tree holds; vectors are left out, they can be made again."""
    if isinstance(item, Statement):
        return "statement", plain_statement(item)
    if isinstance(item, Document):
        return "document", {"kind": item.kind, "key": item.key, "body": dict(item.body)}
    if isinstance(item, Vector):
        raise TypeError("no line of an export holds a vector")
    return _KINDS[type(item)], item.to_dict()


_KINDS: Mapping[type, str] = {
    Expansion: "expansion",
    Judgement: "judgement",
    Move: "move",
    QueueEntry: "queue",
}


def read_record(kind: str, record: Record) -> Item | None:
    """The record of a line; None for a part of a blob.

    Raises:
        ValueError: It is not one; so do KeyError and TypeError.
    """
    if kind == "blob":
        _see(isinstance(record["digest"], str) and isinstance(record["data"], str), "a blob")
        _see(0 <= record["part"] < record["parts"], "a part of a blob")
        return None
    if kind == "document":
        texts = (record["kind"], record["key"])
        _see(all(isinstance(each, str) for each in texts) and isinstance(record["body"], dict), "a document")
        return Document(record["kind"], record["key"], record["body"])
    address = parse_address(record["address"])
    if kind == "queue":
        return QueueEntry(**{**record, "address": address})
    if kind == "statement":
        return _statement(address, record)
    if kind == "expansion":
        _see(
            all(_is_draft(each) for plain in record["proposals"] for each in plain["children"]),
            "an expansion",
        )
        return Expansion.from_dict(record)
    if kind == "judgement":
        _see(record["kind"] in JUDGEMENT_KINDS, "a judgement")
        return Judgement.from_dict(record)
    return Move(**{**record, "address": address})


def _statement(address: Address, record: Record) -> Statement:
    _see(_is_draft(record["draft"]), "a statement")
    return Statement(
        address,
        Draft.from_dict(record["draft"]),
        is_dropped=bool(record["is_dropped"]),
        created=float(record["created"]),
        measures=Measures(**record["measures"]) if record["measures"] else None,
    )


def _is_draft(record: Record) -> bool:
    return isinstance(record["text"], str) and record["kind"] in KINDS


def _see(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(f"this is not {what}")
