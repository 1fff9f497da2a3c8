"""Copies of a database that is in use."""

from __future__ import annotations

from pathlib import Path

from kb.errors import FailedError
from kb.stores.neo4j.connections import Database

__all__ = ["backup"]


def backup(db: Database, to: Path) -> None:
    """Refuse."""
    raise FailedError("not yet", where=f"{db.where} {to}")
