"""The nodes and relationships of a knowledge base, whichever database keeps them.

A graph store reads labels, constraints and indexes from here. The SQLite tables are written by hand as
migrations; ``tests/graph_schema`` holds them to this description, so that there is one truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["DESCRIPTION", "Description", "NodeType", "Property", "PropertyType", "Relationship"]

PropertyType = Literal["text", "integer", "real", "boolean", "json", "bytes"]


@dataclass(frozen=True, slots=True)
class Property:
    """One property of a node.

    Attributes:
        name: The same in every store.
        type: ``json`` is canonical JSON text: sorted keys, no white space.
        about: What it holds, where the name doesn't say it.
        is_required: Never null.
    """

    name: str
    type: PropertyType
    about: str = ""
    is_required: bool = True


@dataclass(frozen=True, slots=True)
class NodeType:
    """One sort of node.

    Attributes:
        label: In a graph; the table of SQLite is the label in snake case.
        about: What one such node is.
        properties: All of them.
        unique: Groups of properties or relationships that no two nodes share.
        ordered: Groups by which nodes are read in order, the equality part first.
        searched: The property that full-text search reads; None for none.
    """

    label: str
    about: str
    properties: tuple[Property, ...]
    unique: tuple[tuple[str, ...], ...]
    ordered: tuple[tuple[str, ...], ...] = ()
    searched: str | None = None


@dataclass(frozen=True, slots=True)
class Relationship:
    """A relationship; SQLite keeps it as a column of the ``start`` table.

    Attributes:
        type: In a graph.
        start: Label of the node that it leaves; it leaves each such node at most once.
        end: Label of the node that it reaches.
        column: The column of SQLite that holds it.
        is_required: Every ``start`` node has one.
    """

    type: str
    start: str
    end: str
    column: str
    is_required: bool = True


@dataclass(frozen=True, slots=True)
class Description:
    """All that a knowledge base holds."""

    nodes: tuple[NodeType, ...]
    relationships: tuple[Relationship, ...]


_TREE = NodeType(
    "Tree",
    "A tree of statements with its task.",
    (
        Property("tree_id", "text", "hash of name and task, 32 hexadecimal digits"),
        Property("name", "text"),
        Property("spec", "json", "the task and how the tree is grown"),
        Property("created", "real", "seconds since 1970, UTC, here and below"),
    ),
    unique=(("tree_id",), ("name",)),
)

_STATEMENT = NodeType(
    "Statement",
    "One node of Z. What it says never changes; an edit is another statement.",
    (
        Property("key", "bytes", "blake2b of tree id and path, 16 bytes"),
        Property("path", "text", "the order-preserving form of the address"),
        Property("slot", "integer", "the slot of its parent that it lies in"),
        Property("ordinal", "integer", "its place in that slot"),
        Property("current_slot", "integer", "which of its own slots a walk follows", is_required=False),
        Property("n_children", "integer", "in the current slot"),
        Property("is_unpacked", "boolean", "an expansion of it is committed"),
        Property("is_dropped", "boolean", "left out of Z with everything below it"),
        Property("kind", "text"),
        Property("condition", "text", "the cases it speaks about", is_required=False),
        Property("side", "text", "the class it speaks for", is_required=False),
        Property("columns", "json", "the columns it is about"),
        Property("origin", "text", "who wrote it"),
        Property("replaces", "text", "address of the statement it is an edit of", is_required=False),
        Property("created", "real"),
        Property("size", "integer", "characters of the text: search puts the shortest match first"),
        Property("text", "text"),
    ),
    unique=(("key",), ("tree", "path"), ("parent", "slot", "ordinal")),
    ordered=(("tree", "path"), ("parent", "slot", "ordinal")),
    searched="text",
)

_EXPANSION = NodeType(
    "Expansion",
    "One committed unpacking of one statement, with all proposals.",
    (
        Property("slot", "integer"),
        Property("unpacker", "text"),
        Property("response", "text", "digest of the blob with the raw response", is_required=False),
        Property("first_ordinal", "integer"),
        Property("n_children", "integer", "children that were committed with it"),
        Property("digest", "bytes", "blake2b of the body: a replayed commit is known by it"),
        Property("created", "real"),
        Property("body", "json", "the whole record"),
    ),
    unique=(("statement", "slot"),),
    ordered=(("statement", "slot"),),
)

_JUDGEMENT = NodeType(
    "Judgement",
    "What a person or a stand-in said. Append-only.",
    (
        Property("id", "text", "chosen by the caller"),
        Property("kind", "text"),
        Property("rater", "text"),
        Property("created", "real"),
        Property("body", "json", "the whole record"),
    ),
    unique=(("tree", "id"),),
    ordered=(("tree",), ("tree", "rater"), ("statement",)),
)

_MOVE = NodeType(
    "Move",
    "A change to Z that was offered or taken. Append-only.",
    (
        Property("id", "text", "chosen by the caller or the store", is_required=False),
        Property("path", "text", "what it is about; may name a statement that is not stored"),
        Property("kind", "text"),
        Property("created", "real"),
        Property("body", "json", "the whole record"),
    ),
    unique=(("tree", "id"),),
    ordered=(("tree",),),
)

_MEASURE = NodeType(
    "Measure",
    "What the newest fit found about a statement; derived.",
    (Property("body", "json"),),
    unique=(("statement",),),
    ordered=(("tree",),),
)

_VECTOR = NodeType(
    "Vector",
    "What a statement's text means to a model; derived.",
    (
        Property("model", "text"),
        Property("data", "bytes", "384 numbers of 4 bytes, the least significant first, of unit length"),
    ),
    unique=(("statement", "model"),),
    ordered=(("tree", "model"),),
)

_WORK = NodeType(
    "Work",
    "One slot that was asked for or leased; the row that serialises its workers.",
    (
        Property("slot", "integer"),
        Property("state", "text", "unasked, asked, given-up or done"),
        Property("priority", "real"),
        Property("attempts", "integer"),
        Property("fence", "integer", "grows with every grant and every giving back"),
        Property("worker", "text", "who holds the lease", is_required=False),
        Property("until", "real", "when the lease runs out", is_required=False),
        Property("reason", "text", "why it was given up", is_required=False),
    ),
    unique=(("statement", "slot"),),
    ordered=(("tree", "priority"), ("tree", "until"), ("tree",)),
)

_DOCUMENT = NodeType(
    "Document",
    "A JSON value under a kind and a key, such as a sample of D* or a rating session.",
    (
        Property("kind", "text"),
        Property("key", "text", "chosen by the caller"),
        Property("version", "integer", "counts from 1 and grows with every change"),
        Property("changed", "real"),
        Property("body", "json"),
    ),
    unique=(("tree", "kind", "key"),),
    ordered=(("tree", "kind", "key"),),
)

_BLOB = NodeType(
    "Blob",
    "Bytes under their digest, such as the cases of D or a model's raw response.",
    (
        Property("digest", "text", "blake2b, 64 hexadecimal digits"),
        Property("size", "integer", "bytes"),
        Property("n_parts", "integer"),
        Property("is_complete", "boolean", "all parts are there; nobody sees it before"),
    ),
    unique=(("digest",),),
)

_BLOB_PART = NodeType(
    "BlobPart",
    "At most one megabyte of a blob.",
    (Property("part", "integer"), Property("data", "bytes")),
    unique=(("blob", "part"),),
)

_MIGRATION = NodeType(
    "Migration",
    "One applied migration.",
    (
        Property("version", "integer"),
        Property("name", "text"),
        Property("checksum", "text"),
        Property("applied", "real"),
    ),
    unique=(("version",),),
)

DESCRIPTION = Description(
    nodes=(
        _TREE,
        _STATEMENT,
        _EXPANSION,
        _JUDGEMENT,
        _MOVE,
        _MEASURE,
        _VECTOR,
        _WORK,
        _DOCUMENT,
        _BLOB,
        _BLOB_PART,
        _MIGRATION,
    ),
    relationships=(
        Relationship("IN", "Statement", "Tree", "tree"),
        Relationship("CHILD_OF", "Statement", "Statement", "parent", is_required=False),
        Relationship("UNPACKS", "Expansion", "Statement", "statement"),
        Relationship("IN", "Judgement", "Tree", "tree"),
        Relationship("ABOUT", "Judgement", "Statement", "statement"),
        Relationship("IN", "Move", "Tree", "tree"),
        Relationship("IN", "Measure", "Tree", "tree"),
        Relationship("ABOUT", "Measure", "Statement", "statement"),
        Relationship("IN", "Vector", "Tree", "tree"),
        Relationship("ABOUT", "Vector", "Statement", "statement"),
        Relationship("IN", "Work", "Tree", "tree"),
        Relationship("ASKS_FOR", "Work", "Statement", "statement"),
        Relationship("IN", "Document", "Tree", "tree"),
        Relationship("PART_OF", "BlobPart", "Blob", "blob"),
    ),
)
