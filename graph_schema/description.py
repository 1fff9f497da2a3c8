"""What a knowledge base holds, whichever database keeps it, and where SQLite and Neo4j differ.

Tables, constraints and indexes are written by hand as migrations. ``tests/graph_schema`` holds both to this
description, and what a real server keeps too, so that there is one truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "DESCRIPTION",
    "Description",
    "Kept",
    "NodeType",
    "Property",
    "PropertyType",
    "Reference",
    "Relationship",
]

PropertyType = Literal["text", "texts", "key", "integer", "real", "reals", "boolean", "json", "bytes"]
Kept = Literal["everywhere", "SQLite", "Neo4j"]


@dataclass(frozen=True, slots=True)
class Property:
    """One property of a node.

    Attributes:
        name: The same in every store.
        type: ``json`` is canonical JSON text: sorted keys, no white space. ``texts`` and ``reals`` are lists
            in Neo4j, and ``json`` in SQLite. A ``key`` is 16 bytes in SQLite, 32 hexadecimal digits in Neo4j.
        about: What it holds, where the name doesn't say it.
        is_required: Never null.
        kept: By which store.
    """

    name: str
    type: PropertyType
    about: str = ""
    is_required: bool = True
    kept: Kept = "everywhere"


@dataclass(frozen=True, slots=True)
class NodeType:
    """One sort of node.

    Attributes:
        label: In a graph; the table of SQLite is the label in snake case.
        about: What one such node is.
        properties: All of them, without its references.
        unique: Groups of properties or references that no two nodes share.
        ordered: Groups by which nodes are read in order, the equality part first.
        searched: The property that full-text search reads; None for none.
        kept: By which store.
    """

    label: str
    about: str
    properties: tuple[Property, ...]
    unique: tuple[tuple[str, ...], ...]
    ordered: tuple[tuple[str, ...], ...] = ()
    searched: str | None = None
    kept: Kept = "everywhere"


@dataclass(frozen=True, slots=True)
class Reference:
    """A node names another: in SQLite by the number of its row, in Neo4j by its id.

    Attributes:
        start: Label of the node that names.
        end: Label of what is named; its id is the ``tree_id`` of a tree, the ``key`` of a statement, the
            ``digest`` of a blob.
        name: Of the column in SQLite and of the property in Neo4j.
        is_required: Every ``start`` node has one.
        kept: By which store.
    """

    start: str
    end: str
    name: str
    is_required: bool = True
    kept: Kept = "everywhere"


@dataclass(frozen=True, slots=True)
class Relationship:
    """A relationship of a graph, beside the references: for people, for other tools and for checks.

    Attributes:
        type: In Cypher.
        start: Label of the node that it leaves.
        end: Label of the node that it reaches.
        about: Which node is linked with which.
    """

    type: str
    start: str
    end: str
    about: str


@dataclass(frozen=True, slots=True)
class Description:
    """All that a knowledge base holds."""

    nodes: tuple[NodeType, ...]
    references: tuple[Reference, ...]
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
        Property("key", "key", "blake2b of tree id and path"),
        Property("path", "text", "the order-preserving form of the address"),
        Property("address", "text", "the address as people write it", kept="Neo4j"),
        Property("slot", "integer", "the slot of its parent that it lies in"),
        Property("ordinal", "integer", "its place in that slot"),
        Property("current_slot", "integer", "which of its own slots a walk follows", is_required=False),
        Property("n_children", "integer", "in the current slot"),
        Property("is_unpacked", "boolean", "an expansion of it is committed"),
        Property("is_dropped", "boolean", "left out of Z with everything below it"),
        Property("kind", "text"),
        Property("condition", "text", "the cases it speaks about", is_required=False),
        Property("side", "text", "the class it speaks for", is_required=False),
        Property("columns", "texts", "the columns it is about"),
        Property("origin", "text", "who wrote it"),
        Property("replaces", "text", "address of the statement it is an edit of", is_required=False),
        Property("created", "real"),
        Property("size", "integer", "characters of the text: search puts the shortest match first"),
        Property("text", "text"),
        Property(
            "folded", "text", "the text without accents, where it has any", is_required=False, kept="Neo4j"
        ),
        Property("token", "text", "of the call that appended it alone", is_required=False, kept="Neo4j"),
        Property(
            "points",
            "json",
            "what the newest fit found, as are the next seven; SQLite has a table for it",
            is_required=False,
            kept="Neo4j",
        ),
        Property("plausibility", "real", is_required=False, kept="Neo4j"),
        Property("plausibility_sd", "real", is_required=False, kept="Neo4j"),
        Property("rated", "integer", is_required=False, kept="Neo4j"),
        Property("nats_on_D", "real", is_required=False, kept="Neo4j"),
        Property("carries_D", "real", is_required=False, kept="Neo4j"),
        Property("carries_Dstar", "real", is_required=False, kept="Neo4j"),
        Property("alarm", "boolean", is_required=False, kept="Neo4j"),
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
        Property("address", "text", "of its statement", kept="Neo4j"),
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
        Property("value", "real", "as in the body", is_required=False, kept="Neo4j"),
        Property("created", "real"),
        Property("seq", "integer", "the order in which they were appended", kept="Neo4j"),
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
        Property("path", "text", "what it is about; may name a statement that is not stored", kept="SQLite"),
        Property("address", "text", "the same as people write it", kept="Neo4j"),
        Property("kind", "text"),
        Property("created", "real"),
        Property("seq", "integer", "the order in which they were appended", kept="Neo4j"),
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
    kept="SQLite",
)

_VECTOR = NodeType(
    "Vector",
    "What a statement's text means to a model; derived.",
    (
        Property("model", "text"),
        Property(
            "data",
            "bytes",
            "384 numbers of 4 bytes, the least significant first, of unit length",
            kept="SQLite",
        ),
        Property("vector", "reals", "384 numbers, of unit length", kept="Neo4j"),
        Property("path", "text", "of its statement", kept="Neo4j"),
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
        Property("address", "text", "of its statement", kept="Neo4j"),
        Property("seq", "integer", "when it came, in nanoseconds since 1970", kept="Neo4j"),
        Property("lock", "integer", "is written to lock it before it is read", kept="Neo4j"),
        Property("grant", "text", "of the call that leased it last", is_required=False, kept="Neo4j"),
        Property(
            "queue", "text", "waiting or leased, while it is asked for", is_required=False, kept="Neo4j"
        ),
        Property("rank", "real", "the priority, negative", is_required=False, kept="Neo4j"),
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
        Property("token", "text", "of the call that wrote it last", kept="Neo4j"),
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
    references=(
        Reference("Statement", "Tree", "tree"),
        Reference("Statement", "Statement", "parent", is_required=False),
        Reference("Expansion", "Tree", "tree", kept="Neo4j"),
        Reference("Expansion", "Statement", "statement"),
        Reference("Judgement", "Tree", "tree"),
        Reference("Judgement", "Statement", "statement"),
        Reference("Move", "Tree", "tree"),
        Reference("Measure", "Tree", "tree", kept="SQLite"),
        Reference("Measure", "Statement", "statement", kept="SQLite"),
        Reference("Vector", "Tree", "tree"),
        Reference("Vector", "Statement", "statement"),
        Reference("Work", "Tree", "tree"),
        Reference("Work", "Statement", "statement"),
        Reference("Document", "Tree", "tree"),
        Reference("BlobPart", "Blob", "blob"),
    ),
    relationships=(
        Relationship("ROOT", "Tree", "Statement", "from a tree to its root"),
        Relationship("HAS_CHILD", "Statement", "Statement", "from a parent to each child, in whatever slot"),
        Relationship(
            "EXPANDS", "Expansion", "Statement", "from an expansion to the statement that it unpacks"
        ),
        Relationship("ABOUT", "Judgement", "Statement", "from a judgement to the statement that it is about"),
    ),
)
