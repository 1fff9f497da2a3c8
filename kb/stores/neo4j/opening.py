"""Opening a Neo4j database: who asks, whether it is ours, whether it is up to date."""

from __future__ import annotations

import re
from collections.abc import Callable

from kb.errors import FailedError, InputError
from kb.stores.neo4j.addresses import graph_address
from kb.stores.neo4j.connections import Clock, Database
from kb.stores.neo4j.migrations import Step, bring_up_to_date, refuse_others, steps
from kb.stores.neo4j.store import Neo4jStore
from kb.stores.protocol import MigrationNeededError

__all__ = ["OLDEST_NEO4J", "migration_steps", "open_neo4j"]

OLDEST_NEO4J = (5, 23)  # CALL (variables) { … }; 5.26 LTS and the calendar versions are tested
_COMPONENTS = (
    "CALL dbms.components() YIELD name, versions WHERE name = 'Neo4j Kernel' RETURN versions[0] AS version"
)


def open_neo4j(
    url: str, *, create: bool = True, clock: Clock | None = None, ask: Callable[[str], str] | None = None
) -> Neo4jStore:
    """The store in the database that ``url`` names.

    An empty database is made a knowledge base if ``create``; one that lacks migrations is refused, never
    brought up to date on the way.

    Raises:
        InputError: The URL names no database, or it holds something else, or nothing and may not be made.
        MigrationNeededError: It is older than the code.
        FailedError: It is newer than the code, or the server can't be reached or refuses the user.
    """
    db = Database(graph_address(url, ask=ask), clock=clock)
    try:
        _refuse_old_server(db)
        _make_ready(db, create=create)
    except BaseException:
        db.close()
        raise
    return Neo4jStore(db)


def _make_ready(db: Database, *, create: bool) -> None:
    found = steps(db)
    missing = [step for step in found if step[3] is None]
    if not missing:
        refuse_others(db)
    elif len(missing) < len(found):
        raise MigrationNeededError(
            f"it was made by an older Priory (version {missing[0][0] - 1} of the schema; "
            f"this one has {missing[-1][0]}).",
            where=db.where,
            remedy=f"Make a copy, then bring it up to date: priory migrate --kb {db.where}",
        )
    elif create:
        bring_up_to_date(db)
    else:
        raise _nothing_there(db)


def migration_steps(
    url: str, *, ask: Callable[[str], str] | None = None, is_to_migrate: bool = False
) -> tuple[str, list[Step]]:
    """The URL as it may be shown, and each migration with the time it was applied, None for one that wasn't.

    Raises:
        InputError: There is no knowledge base, or the database holds something else.
        FailedError: It is newer than the code or has another history, or the server can't be reached.
    """
    db = Database(graph_address(url, ask=ask), clock=None)
    try:
        _refuse_old_server(db)
        found = steps(db)
        if all(step[3] is None for step in found):
            raise _nothing_there(db)
        if is_to_migrate:
            bring_up_to_date(db)
            found = steps(db)
        return db.where, found
    finally:
        db.close()


def _nothing_there(db: Database) -> InputError:
    return InputError("there is no knowledge base.", where=db.where, remedy="Make one: priory new.")


def _refuse_old_server(db: Database) -> None:
    """Ask for its version: nothing less than an answer proves that it is there and lets this user in."""
    version = str(db.alone(_COMPONENTS, is_reading=True)[0]["version"])
    numbers = re.match(r"(\d+)\.(\d+)", version)
    if numbers is None or (int(numbers[1]), int(numbers[2])) < OLDEST_NEO4J:
        oldest = ".".join(map(str, OLDEST_NEO4J))
        raise FailedError(
            f"the server is Neo4j {version}.",
            where=db.where,
            remedy=f"Priory needs {oldest} or newer; 5.26 LTS is a good choice.",
        )
