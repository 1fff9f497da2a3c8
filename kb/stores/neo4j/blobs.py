"""Bytes under their digest, in parts: a property of many megabytes is slow to write and to read."""

from __future__ import annotations

import hashlib

from neo4j import ManagedTransaction

from kb.errors import FailedError
from kb.stores.neo4j.connections import Database, run
from kb.stores.neo4j.queries import QUERIES

__all__ = ["PART", "blob", "digest_of", "has_blob", "put_blob"]

PART = 1_000_000
_PARTS_AT_ONCE = 8  # per transaction: what isn't committed is held in the server's memory


def digest_of(data: bytes) -> str:
    """64 hexadecimal digits of blake2b."""
    return hashlib.blake2b(data, digest_size=32).hexdigest()


def put_blob(db: Database, data: bytes) -> str:
    """Store the bytes and return their digest; a put that was cut short goes on where it was."""
    digest = digest_of(data)
    n_parts = -(-len(data) // PART)
    found = db.read(QUERIES["blob"], digest=digest)
    if found and found[0]["is_complete"]:
        return digest
    for first in range(0, max(n_parts, 1), _PARTS_AT_ONCE):
        numbers = range(first, min(first + _PARTS_AT_ONCE, n_parts))
        _put_parts(db, data, digest, numbers, is_last=first + _PARTS_AT_ONCE >= n_parts)
    return digest


def _put_parts(db: Database, data: bytes, digest: str, numbers: range, *, is_last: bool) -> None:
    n_parts = -(-len(data) // PART)
    parts = [{"part": n, "data": data[n * PART : (n + 1) * PART]} for n in numbers]

    def work(tx: ManagedTransaction) -> None:
        (row,) = run(tx, QUERIES["hold blob"], digest=digest, size=len(data), n_parts=n_parts)
        if row["is_complete"]:
            return
        run(tx, QUERIES["put parts"], digest=digest, parts=parts)
        if is_last:
            run(tx, QUERIES["complete blob"], digest=digest)

    db.writing(work)


def has_blob(db: Database, digest: str) -> bool:
    """The blob is there, whole."""
    found = db.read(QUERIES["blob"], digest=digest)
    return bool(found) and bool(found[0]["is_complete"])


def blob(db: Database, digest: str) -> bytes:
    """The bytes of that digest, checked against it."""
    found = db.read(QUERIES["blob"], digest=digest)
    if not found or not found[0]["is_complete"]:
        raise FailedError(
            f"there is no blob {digest!r}.", where=db.where, remedy="Import the tree with its data."
        )
    rows = (db.read(QUERIES["blob part"], digest=digest, part=part) for part in range(found[0]["n_parts"]))
    data = b"".join(part[0]["data"] for part in rows if part)
    if digest_of(data) != digest:
        raise FailedError(
            f"blob {digest} doesn't match its digest.", where=db.where, remedy="Go back to a backup."
        )
    return data
