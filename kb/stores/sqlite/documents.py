"""JSON values under a kind and a key, written only over the version that the writer has seen."""

from __future__ import annotations

import json
from dataclasses import replace

from kb.errors import InputError
from kb.records import Document, Page
from kb.stores.cursors import decode, encode
from kb.stores.protocol import StaleDocumentError
from kb.stores.sqlite.connections import Database
from kb.stores.sqlite.queries import QUERIES
from kb.stores.sqlite.rows import Row, distinct, tree_pk
from kb.stores.values import canonical, limit_of

__all__ = ["document", "document_kinds", "documents", "put_document"]


def put_document(db: Database, tree_id: str, new: Document, *, expected: int | None) -> Document:
    """Write the document and return it as stored; ``expected`` is the version that must be there now."""
    name = f"{new.kind} {new.key}"
    if not new.key:
        raise InputError("the key is empty.", where=new.kind, remedy="Give the document a name.")
    body = canonical(dict(new.body), what=name)
    now = db.clock()
    with db.writing() as conn:
        tree = tree_pk(db, conn, tree_id)
        row = conn.execute(QUERIES["document"], (tree, new.kind, new.key)).fetchone()
        there = 0 if row is None else int(row[3])
        if expected is not None and there != expected:
            raise StaleDocumentError(
                f"it is at version {there}, and version {expected} was expected.",
                where=name,
                remedy="Read it again.",
            )
        conn.execute(
            "INSERT INTO document (tree, kind, key, version, changed, body) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (tree, kind, key) DO UPDATE SET "
            "version = excluded.version, changed = excluded.changed, body = excluded.body",
            (tree, new.kind, new.key, there + 1, now, body),
        )
    return replace(new, body=json.loads(body), version=there + 1, changed=now)


def document(db: Database, tree_id: str, kind: str, key: str) -> Document | None:
    """The document, or None."""
    with db.reading() as conn:
        row = conn.execute(QUERIES["document"], (tree_pk(db, conn, tree_id), kind, key)).fetchone()
    return None if row is None else _document(row)


def documents(
    db: Database, tree_id: str, kind: str, *, prefix: str, after: str | None, limit: int
) -> Page[Document]:
    """One page of the documents of a kind whose key begins with ``prefix``, by key."""
    query = f"documents {tree_id} {kind} {prefix}"
    start = prefix if after is None else str(decode(query, after, str)[0]) + "\0"
    with db.reading() as conn:
        tree = tree_pk(db, conn, tree_id)
        rows = conn.execute(QUERIES["documents"], (tree, kind, start, limit_of(limit) + 1)).fetchall()
    found = [_document(row) for row in rows if row[1].startswith(prefix)]
    return Page(tuple(found[:limit]), encode(query, found[limit - 1].key) if len(found) > limit else None)


def document_kinds(db: Database, tree_id: str) -> tuple[str, ...]:
    """The kinds of which there is a document, by name."""
    with db.reading() as conn:
        return distinct(conn, "a kind", tree_pk(db, conn, tree_id))


def _document(row: Row) -> Document:
    return Document(row[0], row[1], json.loads(row[2]), row[3], row[4])
