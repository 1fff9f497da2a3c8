"""Every invariant of a database, walked page by page."""

from __future__ import annotations

from collections.abc import Iterator

from kb.records import Finding
from kb.stores.neo4j.connections import Database

__all__ = ["INVARIANTS", "check"]

INVARIANTS: tuple[str, ...] = ()


def check(db: Database) -> Iterator[Finding]:
    """Yield what is broken."""
    yield from ()
