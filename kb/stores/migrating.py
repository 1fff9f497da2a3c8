"""Migrations from the outside: what a database has, what it lacks, and bringing it up to date."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from kb.stores.opening import graph_url, sqlite_file

__all__ = ["MigrationStatus", "MigrationStep", "migrate", "status"]


@dataclass(frozen=True, slots=True)
class MigrationStep:
    """One migration of a database.

    Attributes:
        version: Counts from 1 without gaps.
        name: What it brings, in a few words.
        checksum: 32 hexadecimal digits over its script.
        applied: Seconds since 1970, UTC; None for one that is not applied.
    """

    version: int
    name: str
    checksum: str
    applied: float | None = None


@dataclass(frozen=True, slots=True)
class MigrationStatus:
    """Where a database stands.

    Attributes:
        url: The database, without any password.
        applied: What was applied to it, oldest first.
        pending: What this Priory has and the database lacks, oldest first.
        newest_known: The newest version that this Priory knows.
    """

    url: str
    applied: tuple[MigrationStep, ...]
    pending: tuple[MigrationStep, ...]
    newest_known: int


def status(url: str, *, ask: Callable[[str], str] | None = None) -> MigrationStatus:
    """What is applied and what is missing; changes nothing, and refuses what opening refuses.

    Args:
        url: As for ``open_store``.
        ask: As for ``open_store``.

    Raises:
        InputError: There is no knowledge base, or the database holds something else.
        FailedError: The database was made by a newer Priory, has another history, or can't be reached.
    """
    return _visit(url, ask, is_to_migrate=False)


def migrate(url: str, *, ask: Callable[[str], str] | None = None) -> MigrationStatus:
    """Apply what is missing, each migration once whoever else migrates, and say where the database stands.

    Raises:
        InputError: There is no knowledge base, or the database holds something else.
        FailedError: The database was made by a newer Priory, has another history, can't be reached, or is
            not afterwards what the migration describes.
    """
    return _visit(url, ask, is_to_migrate=True)


def _visit(url: str, ask: Callable[[str], str] | None, *, is_to_migrate: bool) -> MigrationStatus:
    graph = graph_url(url)
    if graph is not None:
        from kb.stores.neo4j.opening import migration_steps  # here, so that importing this loads no database

        shown, steps = migration_steps(graph, ask=ask, is_to_migrate=is_to_migrate)
    else:
        from kb.stores.sqlite.files import migration_steps as steps_of_file

        file, shown = sqlite_file(url), url
        steps = steps_of_file(file, where=str(file), clock=time.time if is_to_migrate else None)
    made = tuple(MigrationStep(*step) for step in steps)
    return MigrationStatus(
        shown,
        tuple(step for step in made if step.applied is not None),
        tuple(step for step in made if step.applied is None),
        made[-1].version,
    )
