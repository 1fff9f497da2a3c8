"""Connections: one per thread and process, and the two sorts of transaction."""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kb.errors import FailedError
from kb.stores.sqlite.faults import BUSY_SECONDS, named_faults

__all__ = ["EFFECTIVE", "Clock", "Database", "connect", "connect_for_reading"]

Clock = Callable[[], float]
EFFECTIVE = os.access in os.supports_effective_ids
_INHERITED: list[sqlite3.Connection] = []  # opened before a fork; closing them here could harm the parent


def connect(file: Path) -> sqlite3.Connection:
    """A connection in autocommit mode that waits for the write lock."""
    return _set_up(sqlite3.connect(file, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False))


def connect_for_reading(file: Path) -> sqlite3.Connection:
    """A connection to a file that, or whose folder, can't be written.

    Where the log of a writer lies beside the file, it is read, too. Where none does, SQLite is told that
    nobody writes: else it would make a log of its own, which the file's owner might not be able to write.
    """
    is_still = not file.with_name(file.name + "-wal").exists()
    url = file.absolute().as_uri() + "?mode=ro" + ("&immutable=1" if is_still else "")
    return _set_up(
        sqlite3.connect(url, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    )


def _set_up(conn: sqlite3.Connection) -> sqlite3.Connection:
    try:
        conn.execute("PRAGMA foreign_keys = ON")
        conn.execute("PRAGMA cache_size = -65536")
    except sqlite3.Error:
        conn.close()
        raise
    return conn


class _Handle:
    """A thread's connection; closes it when the thread ends."""

    def __init__(self, file: Path, *, is_read_only: bool) -> None:
        self.process = os.getpid()
        self.is_durable: bool | None = None
        self.connection = connect_for_reading(file) if is_read_only else connect(file)

    def close(self) -> None:
        if self.process == os.getpid():
            self.connection.close()
        else:
            _INHERITED.append(self.connection)

    def __del__(self) -> None:
        if hasattr(self, "connection"):  # absent when connecting failed
            self.close()


class Database:
    """One SQLite file, usable from any thread and after a fork.

    Args:
        file: An existing knowledge base of the code's version.
        where: How errors name it.
        clock: Seconds since 1970; leases and ``created`` go by it.
        is_read_only: It, or its folder, can't be written.
    """

    def __init__(self, file: Path, *, where: str, clock: Clock, is_read_only: bool = False) -> None:
        self.file, self.where, self.clock, self.is_read_only = file.absolute(), where, clock, is_read_only
        self._local = threading.local()
        self._handles: weakref.WeakSet[_Handle] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._is_closed = False
        self.tree_pks: dict[str, int] = {}  # a tree keeps its number for ever

    def _handle(self) -> _Handle:
        if self._is_closed:
            raise FailedError("the knowledge base was closed.", where=self.where, remedy="Open it again.")
        handle: _Handle | None = getattr(self._local, "handle", None)
        if handle is None or handle.process != os.getpid():
            if not self.file.exists():  # SQLite would make an empty file of that name
                raise FailedError("the file is gone.", where=self.where, remedy="Put it back.")
            if handle is not None:
                self._lock = threading.Lock()  # another thread may have held it when the process forked
            handle = _Handle(self.file, is_read_only=self.is_read_only)
            self._local.handle = handle
            with self._lock:
                self._handles.add(handle)
        return handle

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A snapshot: what others commit meanwhile isn't seen."""
        with named_faults(self.where):
            conn = self._handle().connection
            conn.execute("BEGIN")
            try:
                yield conn
            finally:
                _roll_back(conn)

    @contextmanager
    def writing(self, *, is_durable: bool = True) -> Iterator[sqlite3.Connection]:
        """All of the writes inside, or none.

        Args:
            is_durable: They outlive a power cut. A lease need not: whoever held it is gone too.
        """
        if self.is_read_only:
            raise FailedError(
                "the file or its folder is read-only; nothing was written.",
                where=self.where,
                remedy="Make both writable, or copy the knowledge base to your own place: priory backup.",
            )
        with named_faults(self.where):
            handle = self._handle()
            conn = handle.connection
            if handle.is_durable is not is_durable:
                conn.execute(f"PRAGMA synchronous = {'FULL' if is_durable else 'NORMAL'}")
                handle.is_durable = is_durable
            conn.execute("BEGIN IMMEDIATE")
            try:
                yield conn
                conn.execute("COMMIT")
            except BaseException:
                _roll_back(conn)
                raise

    @contextmanager
    def alone(self) -> Iterator[sqlite3.Connection]:
        """The thread's connection outside any transaction."""
        with named_faults(self.where):
            yield self._handle().connection

    def close(self) -> None:
        """Fold the write-ahead log into the file and close; a second call does nothing."""
        if self._is_closed:
            return
        with named_faults(self.where):
            handle: _Handle | None = getattr(self._local, "handle", None)
            if handle is not None and handle.process == os.getpid() and not self.is_read_only:
                handle.connection.execute("PRAGMA busy_timeout = 0")  # others at work fold it in themselves
                handle.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        self._is_closed = True
        for each in list(self._handles):
            each.close()


def _roll_back(conn: sqlite3.Connection) -> None:
    if conn.in_transaction:
        conn.execute("ROLLBACK")
