"""Bytes under their digest, in parts of at most a megabyte."""

from __future__ import annotations

import hashlib
import sqlite3

from kb.errors import FailedError
from kb.stores.sqlite.connections import Database
from kb.stores.sqlite.queries import QUERIES

__all__ = ["PART", "blob", "digest_of", "has_blob", "put_blob"]

PART = 1_000_000
_PARTS_AT_ONCE = 16  # per transaction, so that a blob of gigabytes doesn't keep others from writing
_FIND = "SELECT pk, n_parts FROM blob WHERE digest = ? AND is_complete = 1"


def digest_of(data: bytes) -> str:
    """64 hexadecimal digits of blake2b."""
    return hashlib.blake2b(data, digest_size=32).hexdigest()


def put_blob(db: Database, data: bytes) -> str:
    """Store the bytes and return their digest; a put that was cut short goes on where it was."""
    digest = digest_of(data)
    n_parts = -(-len(data) // PART)
    with db.writing() as conn:
        conn.execute(
            "INSERT INTO blob (digest, size, n_parts) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (digest, len(data), n_parts),
        )
        pk, is_complete = conn.execute(
            "SELECT pk, is_complete FROM blob WHERE digest = ?", (digest,)
        ).fetchone()
        if is_complete:
            return digest
        if n_parts <= _PARTS_AT_ONCE:
            _put_parts(conn, pk, data, range(n_parts))
            conn.execute("UPDATE blob SET is_complete = 1 WHERE pk = ?", (pk,))
            return digest
    for first in range(0, n_parts, _PARTS_AT_ONCE):
        with db.writing() as conn:
            _put_parts(conn, pk, data, range(first, min(first + _PARTS_AT_ONCE, n_parts)))
            if first + _PARTS_AT_ONCE >= n_parts:
                conn.execute("UPDATE blob SET is_complete = 1 WHERE pk = ?", (pk,))
    return digest


def _put_parts(conn: sqlite3.Connection, pk: int, data: bytes, parts: range) -> None:
    view = memoryview(data)
    conn.executemany(
        "INSERT INTO blob_part (blob, part, data) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        ((pk, part, view[part * PART : (part + 1) * PART]) for part in parts),
    )


def has_blob(db: Database, digest: str) -> bool:
    """The blob is there, whole."""
    with db.reading() as conn:
        return conn.execute(_FIND, (digest,)).fetchone() is not None


def blob(db: Database, digest: str) -> bytes:
    """The bytes of that digest, checked against it."""
    with db.reading() as conn:
        row = conn.execute(_FIND, (digest,)).fetchone()
        if row is None:
            raise FailedError(
                f"there is no blob {digest!r}.", where=db.where, remedy="Import the tree with its data."
            )
        pk, n_parts = row
        rows = (conn.execute(QUERIES["blob part"], (pk, part)).fetchone() for part in range(n_parts))
        data = b"".join(part[0] for part in rows if part is not None)
    if digest_of(data) != digest:
        raise FailedError(
            f"blob {digest} doesn't match its digest.", where=db.where, remedy="Go back to a backup."
        )
    return data
