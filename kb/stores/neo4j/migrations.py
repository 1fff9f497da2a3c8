"""Migrations: which are applied, applying the rest, and refusing what is not ours.

Schema and data can't share a transaction, so each migration is two: its schema, every statement of which
may be repeated, and then its data with the record. The record is unique, so of two who migrate at once one
waits for the other and finds it done.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neo4j import ManagedTransaction

from graph_schema import Migration, neo4j_migrations
from kb.errors import FailedError, InputError
from kb.stores.neo4j.connections import Database, run
from kb.stores.neo4j.schema import (
    SHOW_CONSTRAINTS,
    SHOW_INDEXES,
    SchemaItem,
    differences,
    is_schema,
    statements_of,
    stored,
    wanted,
)
from kb.stores.protocol import NewerDatabaseError

__all__ = ["Step", "bring_up_to_date", "refuse_others", "schema_of", "steps"]

Step = tuple[int, str, str, float | None]

_RECORDS = (
    "MATCH (m:Migration) WHERE m.version > 0 RETURN m {.version, .name, .checksum, .applied} AS m ORDER "
    "BY m.version"
)
_OURS = "CREATE CONSTRAINT migration_version IF NOT EXISTS FOR (n:Migration) REQUIRE n.version IS UNIQUE"
_RECORD = (
    "CREATE (:Migration {version: $version, name: $name, checksum: $checksum, "
    "applied: coalesce($now, timestamp() / 1000.0)})"
)
_APPLIED = "MATCH (m:Migration {version: $version}) RETURN m.checksum"
_LONG = 3600.0  # seconds; an index over a million texts takes one minute
_OTHERS = "Name a database that is empty; Community edition has one, so start another server for Priory."


def steps(db: Database) -> list[Step]:
    """Version, name, checksum and time of each migration, applied or known; None for what is not applied.

    Raises:
        InputError: The database holds something else.
        FailedError: It is newer than the code or has another history.
    """
    applied = [dict(row["m"]) for row in db.read(_RECORDS)]
    known = neo4j_migrations()
    if not applied:
        _refuse_foreign(db)
    if applied and applied[-1].get("version", 0) > known[-1].version:
        raise NewerDatabaseError(
            f"it was made by a newer Priory (version {applied[-1]['version']} of the schema; "
            f"this one knows {known[-1].version}).",
            where=db.where,
            remedy="Upgrade: pip install --upgrade priory",
        )
    for row, migration in zip(applied, known, strict=False):
        _refuse_changed(db, row, migration)
    done: list[Step] = [(r["version"], r["name"], r["checksum"], r["applied"]) for r in applied]
    return [*done, *((m.version, m.name, m.checksum, None) for m in known[len(done) :])]


def _refuse_changed(db: Database, row: Mapping[str, Any], migration: Migration) -> None:
    if set(row) != {"version", "name", "checksum", "applied"} or None in row.values():
        raise InputError("it holds the records of another program.", where=db.where, remedy=_OTHERS)
    if (row["version"], row["checksum"]) != (migration.version, migration.checksum):
        raise FailedError(
            f"its migration {row['version']} is not the one that this Priory has.",
            where=db.where,
            remedy="Use the Priory that made it: priory export there, priory import here.",
        )


def _refuse_foreign(db: Database) -> None:
    """A database without our records must hold nothing: no node, and no constraint or index but ours."""
    n = db.read("MATCH (n) RETURN count(n) AS n")[0]["n"]
    ours = {*wanted(neo4j_migrations()), "migration_version"}
    others = sorted(item.name for item in schema_of(db) if item.name not in ours)
    if n or others:
        what = f"{n:,} nodes" if n else f"the constraint or index {others[0]}"
        raise InputError(f"it holds something else: {what}.", where=db.where, remedy=_OTHERS)


def bring_up_to_date(db: Database) -> None:
    """Apply what is missing, each migration whole and once, then compare the schema with what was wanted.

    What somebody dropped from the schema of an applied migration is laid down again.

    Raises:
        FailedError: The schema is not what was wanted; the message has both definitions.
    """
    missing = {version for version, _, _, applied in steps(db) if applied is None}
    db.writing(lambda tx: run(tx, _OURS))
    for migration in neo4j_migrations():
        if migration.version in missing:
            _apply(db, migration)
    if _differences(db):
        for migration in neo4j_migrations():
            _lay_down(db, migration)
    refuse_others(db)


def _apply(db: Database, migration: Migration) -> None:
    _lay_down(db, migration)
    data = [each for each in statements_of(migration.script) if not is_schema(each)]
    known = {"version": migration.version, "name": migration.name, "checksum": migration.checksum}

    def record(tx: ManagedTransaction) -> None:
        if run(tx, _APPLIED, version=migration.version):
            return
        run(tx, _RECORD, now=db.now, **known)
        for each in data:
            run(tx, each)

    db.writing(record, seconds=_LONG)


def _lay_down(db: Database, migration: Migration) -> None:
    """The schema of a migration; each of its statements may be repeated."""
    schema = [each for each in statements_of(migration.script) if is_schema(each)]

    def lay_down(tx: ManagedTransaction) -> None:
        for each in schema:
            run(tx, each)

    db.writing(lay_down, seconds=_LONG)
    db.reading(lambda tx: run(tx, "CALL db.awaitIndexes($seconds)", seconds=int(_LONG)), _LONG)


def schema_of(db: Database) -> list[SchemaItem]:
    """Every constraint and index of the database."""
    return list(stored(db.read(SHOW_CONSTRAINTS), db.read(SHOW_INDEXES)))


def refuse_others(db: Database) -> None:
    """Compare the schema with what all migrations want.

    Raises:
        FailedError: It differs; the message has both definitions.
    """
    found = _differences(db)
    if found:
        raise FailedError(
            f"its schema is not what the migrations made: {'; '.join(found)}.",
            where=db.where,
            remedy=f"Drop what is in the way, if anything is, then: priory migrate --kb {db.where}",
        )


def _differences(db: Database) -> list[str]:
    return differences(wanted(neo4j_migrations()), schema_of(db))
