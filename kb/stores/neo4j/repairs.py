"""Mending what the rest of the database tells; nothing is ever removed."""

from __future__ import annotations

from collections.abc import Iterator

from kb.records import Finding
from kb.stores.neo4j.connections import Database

__all__ = ["repair"]


def repair(db: Database) -> Iterator[Finding]:
    """Yield what was mended."""
    yield from ()
