"""The embedded store: one SQLite file, several processes."""

from __future__ import annotations

from kb.stores.sqlite.store import SqliteStore, open_sqlite

__all__ = ["SqliteStore", "open_sqlite"]
