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

__all__ = ["Clock", "Database", "connect"]

Clock = Callable[[], float]
_INHERITED: list[sqlite3.Connection] = []  # opened before a fork; closing them here could harm the parent


def connect(file: Path) -> sqlite3.Connection:
    """A connection in autocommit mode that waits for the write lock."""
    conn = sqlite3.connect(file, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        conn.execute("PRAGMA foreign_keys = ON")
        conn.execute("PRAGMA cache_size = -65536")
    except sqlite3.Error:
        conn.close()
        raise
    return conn


class _Handle:
    """A thread's connection; closes it when the thread ends."""

    def __init__(self, file: Path) -> None:
        self.process = os.getpid()
        self.is_durable: bool | None = None
        self.connection = connect(file)

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
    """

    def __init__(self, file: Path, *, where: str, clock: Clock) -> None:
        self.file, self.where, self.clock = file.absolute(), where, clock
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
            handle = _Handle(self.file)
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
            if handle is not None and handle.process == os.getpid():
                handle.connection.execute("PRAGMA busy_timeout = 0")  # others at work fold it in themselves
                handle.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        self._is_closed = True
        for each in list(self._handles):
            each.close()


def _roll_back(conn: sqlite3.Connection) -> None:
    if conn.in_transaction:
        conn.execute("ROLLBACK")
