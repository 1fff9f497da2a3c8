"""Versioned migrations: scripts that are never changed once released, and known by their checksum."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

__all__ = ["APPLICATION_ID", "Migration", "neo4j_migrations", "sqlite_migrations"]

APPLICATION_ID = 0x5072696F  # "Prio", in the header of every SQLite file of ours


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema.

    Attributes:
        version: Counts from 1 without gaps.
        name: What it brings, in a few words.
        script: Its statements.
    """

    version: int
    name: str
    script: str

    @property
    def checksum(self) -> str:
        """32 hexadecimal digits of blake2b over the script."""
        return hashlib.blake2b(self.script.encode(), digest_size=16).hexdigest()


@lru_cache(maxsize=1)
def sqlite_migrations() -> tuple[Migration, ...]:
    """The migrations of the SQLite store, oldest first.

    >>> [m.version for m in sqlite_migrations()][:1]
    [1]
    """
    return _scripts("sqlite", ".sql")


@lru_cache(maxsize=1)
def neo4j_migrations() -> tuple[Migration, ...]:
    """The migrations of the Neo4j store, oldest first."""
    return _scripts("neo4j", ".cypher")


def _scripts(folder: str, ending: str) -> tuple[Migration, ...]:
    found: list[Migration] = []
    for file in (resources.files("graph_schema") / folder).iterdir():
        if file.name.endswith(ending):
            number, _, name = file.name.removesuffix(ending).partition("_")
            script = file.read_text(encoding="utf-8").replace("\r\n", "\n")
            found.append(Migration(int(number), name.replace("_", " "), script))
    return tuple(sorted(found, key=lambda migration: migration.version))
