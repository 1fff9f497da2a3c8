"""What SQLite says when the world says no, in words that name the file and the remedy."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from kb.errors import FailedError, InputError, PrioryError

__all__ = ["BUSY_SECONDS", "fault", "named_faults"]

BUSY_SECONDS = 30.0

_FAULTS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        ("SQLITE_BUSY", "SQLITE_LOCKED"),
        f"another process has held the write lock for {BUSY_SECONDS:.0f} seconds.",
        "Wait for it or end it, then try again.",
    ),
    (
        ("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH"),
        "the database or its folder can't be written.",
        "Make both writable, or copy the file to a place of your own.",
    ),
    (("SQLITE_FULL",), "the disk is full; nothing was written.", "Make room and try again."),
    (
        ("SQLITE_CORRUPT", "SQLITE_NOTADB"),
        "the database is damaged.",
        "Go back to a backup, or see what can be read: priory verify.",
    ),
    (
        ("SQLITE_IOERR",),
        "the disk refused to read or write; nothing was written.",
        "Check that it has room and is not a network folder.",
    ),
    (
        ("SQLITE_CANTOPEN",),
        "the database can't be opened.",
        "Check that the file is there, and that it and its folder can be read and written.",
    ),
    (("SQLITE_TOOBIG",), "a text or blob is larger than SQLite takes.", "Shorten it."),
)


def fault(error: sqlite3.Error, where: str) -> FailedError:
    """The error that a person meets."""
    name = getattr(error, "sqlite_errorname", None) or ""
    for prefixes, message, remedy in _FAULTS:
        if name.startswith(prefixes):
            return FailedError(message, where=where, remedy=remedy)
    if isinstance(error, sqlite3.ProgrammingError) and "closed" in str(error):
        return FailedError("the knowledge base was closed.", where=where, remedy="Open it again.")
    return FailedError(f"the database said: {error}.", where=where)


@contextmanager
def named_faults(where: str) -> Iterator[None]:
    """Turn what SQLite raises inside into errors that name the file.

    Raises:
        FailedError: The database can't be reached, read or written.
        InputError: A text holds half a character, which no database keeps.
    """
    try:
        yield
    except PrioryError:
        raise
    except sqlite3.Error as error:
        raise fault(error, where) from error
    except UnicodeEncodeError as error:
        raise InputError(
            f"a text holds half a character, {error.object[error.start : error.end]!r}.",
            remedy="Write it as whole Unicode characters.",
        ) from error
