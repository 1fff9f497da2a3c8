"""Files: making one, recognising one, bringing one up to date. Nothing half-made is left behind."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from graph_schema import APPLICATION_ID, Migration, sqlite_migrations
from kb.errors import FailedError, InputError
from kb.stores.protocol import MigrationNeededError, NewerDatabaseError
from kb.stores.sqlite.connections import EFFECTIVE, Clock, connect, connect_for_reading
from kb.stores.sqlite.faults import named_faults

__all__ = ["OLDEST_SQLITE", "make_ready", "migration_steps", "statements_of"]

OLDEST_SQLITE = (3, 37, 0)  # STRICT tables; RETURNING came before
_MAGIC = b"SQLite format 3\0"
_OTHERS = "Give the file of a knowledge base, or a name that is free."


def make_ready(file: Path, *, where: str, create: bool, clock: Clock) -> bool:
    """See to it that ``file`` is a knowledge base of the code's version.

    Returns:
        It can be written; else it can only be read.

    Raises:
        InputError: There is none and none may be made, or the file is something else.
        MigrationNeededError: It is older than the code; it is never brought up to date on the way.
        FailedError: It is newer than the code, damaged, or the disk is full.
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        wanted = ".".join(map(str, OLDEST_SQLITE))
        raise FailedError(
            f"this Python has SQLite {sqlite3.sqlite_version}.",
            where=where,
            remedy=f"Use a Python with SQLite {wanted} or newer.",
        )
    with _named_faults(where):
        _look(file, where=where, create=create)
        if not file.exists():
            _make(file, clock=clock)
        is_writable = can_write(file)
        with closing(connect(file) if is_writable else connect_for_reading(file)) as conn:
            _refuse_foreign(conn, where)
            if _is_empty(conn):
                _migrate(conn, clock=clock)
            _refuse_changed(dict(conn.execute("SELECT version, checksum FROM migration")), where)
            _refuse_older(conn, where)
            if is_writable:
                conn.execute("PRAGMA journal_mode = WAL")
    return is_writable


def can_write(file: Path) -> bool:
    """Both the file and its folder, in which the write-ahead log lies, can be written."""
    return all(os.access(place, os.W_OK, effective_ids=EFFECTIVE) for place in (file, file.parent))


@contextmanager
def _named_faults(where: str) -> Iterator[None]:
    with named_faults(where):
        try:
            yield
        except OSError as error:
            raise FailedError(f"{(error.strerror or str(error)).lower()}.", where=where) from error


def migration_steps(
    file: Path, *, where: str, clock: Clock | None = None
) -> list[tuple[int, str, str, float | None]]:
    """Version, name, checksum and time of each migration, applied or known; None for what isn't applied.

    Args:
        file: The database.
        where: How errors name it.
        clock: Given: apply what is missing first, each migration whole, and take the time from here.

    Raises:
        InputError: There is no knowledge base in the file.
        FailedError: It is newer than the code, has another history, or can't be written.
    """
    with _named_faults(where):
        _look(file, where=where, create=False)
        with closing(connect(file) if can_write(file) else connect_for_reading(file)) as conn:
            _refuse_foreign(conn, where)
            applied = _applied(conn)
            _refuse_changed({each[0]: each[2] for each in applied}, where)
            if clock is not None and len(applied) < len(sqlite_migrations()):
                _migrate(conn, clock=clock)
                applied = _applied(conn)
    later = sqlite_migrations()[len(applied) :]
    return [*applied, *((each.version, each.name, each.checksum, None) for each in later)]


def _applied(conn: sqlite3.Connection) -> list[tuple[int, str, str, float | None]]:
    return conn.execute("SELECT version, name, checksum, applied FROM migration ORDER BY version").fetchall()


def _look(file: Path, *, where: str, create: bool) -> None:
    """Refuse what no connection should touch."""
    if not file.parent.is_dir():
        raise InputError(
            "its folder does not exist.", where=where, remedy=f"Make it first: mkdir -p {file.parent}"
        )
    if not file.exists():
        if not create:
            raise InputError("there is no knowledge base.", where=where, remedy="Make one: priory new.")
        if not os.access(file.parent, os.W_OK, effective_ids=EFFECTIVE):
            raise FailedError(
                "the folder is read-only.", where=where, remedy="Name a file in a place of your own."
            )
        return
    if not stat.S_ISREG(file.stat().st_mode):
        raise InputError("it is not a file.", where=where, remedy=_OTHERS)
    with file.open("rb") as opened:
        head = opened.read(len(_MAGIC))
    if head and head != _MAGIC:
        raise InputError("it is not an SQLite database.", where=where, remedy=_OTHERS)
    if not head and not create:
        raise InputError("the file is empty.", where=where, remedy="Make a knowledge base: priory new.")


def _make(file: Path, *, clock: Clock) -> None:
    """Make the file under another name and link it in whole, unless somebody was faster."""
    draft = file.with_name(f".{file.name}.{os.getpid()}.new")
    draft.unlink(missing_ok=True)
    try:
        conn = connect(draft)
        try:
            conn.execute("PRAGMA page_size = 8192")
            _migrate(conn, clock=clock)
            conn.execute("PRAGMA journal_mode = WAL")
        finally:
            conn.close()
        _put_in_place(draft, file)
    finally:
        for left in (draft, *(draft.with_name(draft.name + end) for end in ("-wal", "-shm", "-journal"))):
            left.unlink(missing_ok=True)


def _put_in_place(draft: Path, file: Path) -> None:
    try:
        os.link(draft, file)
    except FileExistsError:
        return
    except OSError:  # a file system without links
        if not file.exists():
            draft.rename(file)


def _is_empty(conn: sqlite3.Connection) -> bool:
    return conn.execute("SELECT 1 FROM sqlite_schema").fetchone() is None


def _refuse_older(conn: sqlite3.Connection, where: str) -> None:
    version = conn.execute("PRAGMA user_version").fetchone()[0]
    newest = sqlite_migrations()[-1].version
    if version < newest:
        raise MigrationNeededError(
            f"it was made by an older Priory (version {version} of the schema; this one has {newest}).",
            where=where,
            remedy=f"Copy the file, then bring it up to date: priory migrate --kb sqlite:///{where}",
        )


def _refuse_foreign(conn: sqlite3.Connection, where: str) -> None:
    app, version, tables = (
        conn.execute(sql).fetchone()[0]
        for sql in ("PRAGMA application_id", "PRAGMA user_version", "SELECT count(*) FROM sqlite_schema")
    )
    if app != APPLICATION_ID and (app or version or tables):
        raise InputError("it is the database of another program.", where=where, remedy=_OTHERS)
    newest = sqlite_migrations()[-1].version
    if version > newest:
        raise NewerDatabaseError(
            f"it was made by a newer Priory (version {version} of the schema; this one knows {newest}).",
            where=where,
            remedy="Upgrade: pip install --upgrade priory",
        )


def _migrate(conn: sqlite3.Connection, *, clock: Clock) -> None:
    """Apply what is missing, each migration whole; two processes at once apply each once."""
    for migration in sqlite_migrations():
        if conn.execute("PRAGMA user_version").fetchone()[0] >= migration.version:
            continue
        conn.execute("BEGIN IMMEDIATE")
        try:
            if conn.execute("PRAGMA user_version").fetchone()[0] < migration.version:
                _apply(conn, migration, clock=clock)
            conn.execute("COMMIT")
        except BaseException:
            if conn.in_transaction:
                conn.execute("ROLLBACK")
            raise


def _apply(conn: sqlite3.Connection, migration: Migration, *, clock: Clock) -> None:
    for sql in statements_of(migration.script):
        conn.execute(sql)
    conn.execute(
        "INSERT INTO migration (version, name, checksum, applied) VALUES (?, ?, ?, ?)",
        (migration.version, migration.name, migration.checksum, clock()),
    )
    conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    conn.execute(f"PRAGMA user_version = {migration.version}")


def statements_of(script: str) -> Iterator[str]:
    """The statements of an SQL script, one by one."""
    sql = ""
    for line in script.splitlines(keepends=True):
        sql += line
        if sqlite3.complete_statement(sql):
            yield sql
            sql = ""


def _refuse_changed(applied: dict[int, str], where: str) -> None:
    for migration in sqlite_migrations():
        if applied.get(migration.version, migration.checksum) != migration.checksum:
            raise FailedError(
                f"its migration {migration.version} is not the one that this Priory has.",
                where=where,
                remedy="Use the Priory that made it: priory export there, priory import here.",
            )
