"""JSON values under a kind and a key, written only over the version that the writer has seen."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace

from neo4j import ManagedTransaction, Record

from kb.errors import InputError
from kb.records import Document, Page
from kb.stores.cursors import decode, encode
from kb.stores.neo4j.connections import Database, run
from kb.stores.neo4j.queries import QUERIES
from kb.stores.neo4j.rows import known_tree, short
from kb.stores.protocol import StaleDocumentError
from kb.stores.values import canonical, limit_of

__all__ = ["document", "document_kinds", "documents", "put_document"]


def put_document(db: Database, tree_id: str, new: Document, *, expected: int | None) -> Document:
    """Write the document and return it as stored; ``expected`` is the version that must be there now."""
    name = f"{new.kind} {new.key}"
    if not new.key:
        raise InputError("the key is empty.", where=new.kind, remedy="Give the document a name.")
    short(new.kind + new.key, what="kind and key of a document")
    body = canonical(dict(new.body), what=name)
    at = {"tree": tree_id, "kind": new.kind, "key": new.key}
    token = uuid.uuid4().hex  # tells this writing from another one, where its answer is lost

    def work(tx: ManagedTransaction) -> Document:
        known_tree(db, tree_id, tx)
        version = run(tx, QUERIES["hold document"], **at)[0]["version"]
        if expected is not None and version != expected + 1:
            raise StaleDocumentError(
                f"it is at version {version - 1}, and version {expected} was expected.",
                where=name,
                remedy="Read it again.",
            )
        (row,) = run(tx, QUERIES["put document"], body=body, token=token, now=db.now, **at)
        return replace(new, body=json.loads(body), version=version, changed=row["changed"])

    def settle() -> Document | None:
        there = db.read(QUERIES["document"], **at)
        return _document(new.kind, there[0]) if there and there[0]["d.token"] == token else None

    return db.writing(work, settle=settle)


def document(db: Database, tree_id: str, kind: str, key: str) -> Document | None:
    """The document, or None."""
    known_tree(db, tree_id)
    rows = db.read(QUERIES["document"], tree=tree_id, kind=kind, key=key)
    return _document(kind, rows[0]) if rows else None


def documents(
    db: Database, tree_id: str, kind: str, *, prefix: str, after: str | None, limit: int
) -> Page[Document]:
    """One page of the documents of a kind whose key begins with ``prefix``, by key."""
    query = f"documents {tree_id} {kind} {prefix}"
    start = prefix if after is None else str(decode(query, after, str)[0]) + "\0"
    known_tree(db, tree_id)
    rows = db.read(QUERIES["documents"], tree=tree_id, kind=kind, start=start, limit=limit_of(limit) + 1)
    found = [_document(kind, row) for row in rows if row["d.key"].startswith(prefix)]
    return Page(tuple(found[:limit]), encode(query, found[limit - 1].key) if len(found) > limit else None)


def document_kinds(db: Database, tree_id: str) -> tuple[str, ...]:
    """The kinds of which there is a document, by name."""
    known_tree(db, tree_id)
    return db.distinct(QUERIES["a kind"], tree=tree_id)


def _document(kind: str, row: Record) -> Document:
    return Document(kind, row["d.key"], json.loads(row["d.body"]), row["d.version"], row["d.changed"])
