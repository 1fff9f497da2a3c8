"""Connections: one driver per process, transactions that are retried, and commits whose answer was lost."""

from __future__ import annotations

import logging
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from neo4j import (
    READ_ACCESS,
    WRITE_ACCESS,
    Driver,
    GraphDatabase,
    ManagedTransaction,
    Query,
    Record,
    RoutingControl,
    Session,
    unit_of_work,
)
from neo4j.exceptions import ConstraintError, IncompleteCommit, Neo4jError

from kb.errors import FailedError
from kb.stores.neo4j.addresses import GraphAddress
from kb.stores.neo4j.faults import named_faults

__all__ = ["READ_SECONDS", "WRITE_SECONDS", "Clock", "Database", "new_driver", "run"]

Clock = Callable[[], float]
Result = TypeVar("Result")

ACQUISITION_SECONDS = 15.0  # the only bound on a port that accepts and stays silent
READ_SECONDS = 60.0  # what the server gives one transaction before it stops it
WRITE_SECONDS = 120.0
_TRIES = 12  # of a write that others keep overtaking, or whose answer keeps getting lost
_INHERITED: list[Driver] = []  # opened before a fork; closing one here would end the parent's connections


def new_driver(address: GraphAddress) -> Driver:
    """A driver with the settings that were measured."""
    log = logging.getLogger("neo4j")
    if not log.handlers:  # else Python prints its warnings beside the errors that say the same in full
        log.addHandler(logging.NullHandler())
    return GraphDatabase.driver(
        address.uri,
        auth=(address.user, address.password or "") if address.user else None,
        initial_retry_delay=0.05,  # deadlocks happen even with one global lock order; 1 s each is the default
        connection_acquisition_timeout=ACQUISITION_SECONDS,
        connection_timeout=10,
        max_transaction_retry_time=30,
        liveness_check_timeout=60,
        notifications_min_severity="OFF",
        user_agent="priory",
    )


def run(tx: ManagedTransaction, query: str, **parameters: Any) -> list[Record]:
    """All rows of a statement inside a transaction."""
    return list(tx.run(query, parameters))


class Database:
    """One database of one server, usable from any thread and after a fork.

    Args:
        address: Where it is and who asks.
        clock: Seconds since 1970, by which leases and ``created`` go; None for the server's.
    """

    def __init__(self, address: GraphAddress, *, clock: Clock | None) -> None:
        self.where, self.clock = address.shown, clock
        self.trees: set[str] = set()  # ids that are known to be stored: a tree stays for ever
        self.expired_at: dict[str, float] = {}  # when (monotonic) leases of a tree were last looked through
        self.crowded_until = 0.0  # until when (monotonic) others are expected at the head of the queue
        self._address = address
        self._lock = threading.Lock()
        self._driver: Driver | None = None
        self._process = os.getpid()
        self._is_closed = False

    @property
    def now(self) -> float | None:
        """The time by the given clock; None says that the server is to fill in its own."""
        return None if self.clock is None else self.clock()

    def driver(self) -> Driver:
        """The driver of this process."""
        if self._is_closed:
            raise FailedError("the knowledge base was closed.", where=self.where, remedy="Open it again.")
        if self._process != os.getpid():
            self._lock = threading.Lock()  # another thread may have held it when the process forked
            if self._driver is not None:
                _INHERITED.append(self._driver)
            self._driver, self._process = None, os.getpid()
        with self._lock:
            if self._driver is None:
                self._driver = new_driver(self._address)
            return self._driver

    @contextmanager
    def session(self, access: str = WRITE_ACCESS) -> Iterator[Session]:
        """A session in the database; what one session wrote, the next one reads, in a cluster too."""
        driver = self.driver()
        with (
            named_faults(self.where),
            driver.session(
                database=self._address.database,
                default_access_mode=access,
                bookmark_manager=driver.execute_query_bookmark_manager,
            ) as session,
        ):
            yield session

    def read(self, query: str, **parameters: Any) -> list[Record]:
        """All rows of one reading statement."""
        with named_faults(self.where):
            return (
                self.driver()
                .execute_query(
                    Query(query, timeout=READ_SECONDS),
                    parameters,
                    database_=self._address.database,
                    routing_=RoutingControl.READ,
                )
                .records
            )

    def distinct(self, query: str, **parameters: Any) -> tuple[str, ...]:
        """The different values of a property, by jumps in its index from each to the next."""
        found: list[str] = []
        while rows := self.read(query, last=found[-1] if found else "", **parameters):
            found.append(rows[0]["found"])
        return tuple(found)

    def reading(self, work: Callable[[ManagedTransaction], Result], seconds: float = READ_SECONDS) -> Result:
        """What ``work`` returns; it only reads. The server gives up after so many seconds."""
        with self.session() as session:
            return session.execute_read(unit_of_work(timeout=seconds)(work))

    def writing(
        self,
        work: Callable[[ManagedTransaction], Result],
        *,
        settle: Callable[[], Result | None] | None = None,
        seconds: float = WRITE_SECONDS,
    ) -> Result:
        """What ``work`` returns, all of its writes done or none.

        Args:
            work: May be run again: when it lost a deadlock, when somebody was faster at a name that is unique
                (it then sees what they wrote), or when it is not known whether its commit arrived.
            settle: Called when the answer to a commit was lost; returns what ``work`` did if it is there, and
                None if it is not. Without it ``work`` is just run again: it must then be one that finds its
                own traces.
            seconds: Afterwards the server gives up.

        Raises:
            FailedError: The database can't be reached or written.
        """

        def attempt() -> Result:
            with self.session() as session:
                return session.execute_write(unit_of_work(timeout=seconds)(work))

        return self._settled(attempt, settle)

    def write(
        self, query: str, *, settle: Callable[[], list[Record] | None] | None = None, **parameters: Any
    ) -> list[Record]:
        """All rows of one writing statement, under the rules of ``writing``; it saves a round trip."""

        def attempt() -> list[Record]:
            with named_faults(self.where):
                return (
                    self.driver()
                    .execute_query(
                        Query(query, timeout=WRITE_SECONDS), parameters, database_=self._address.database
                    )
                    .records
                )

        return self._settled(attempt, settle)

    def _settled(self, attempt: Callable[[], Result], settle: Callable[[], Result | None] | None) -> Result:
        for _ in range(_TRIES):
            try:
                return attempt()
            except FailedError as error:
                if isinstance(error.__cause__, ConstraintError):
                    time.sleep(random.uniform(0.0, 0.02))  # noqa: S311  # so that two don't meet again
                    continue
                if not isinstance(error.__cause__, IncompleteCommit):
                    raise
                done = settle() if settle else None
                if done is not None:
                    return done
        raise FailedError(
            f"others were faster {_TRIES} times in a row, or answers kept getting lost.",
            where=self.where,
            remedy="Try again when it is less busy.",
        )

    def alone(self, query: str, *, is_reading: bool = False, **parameters: Any) -> list[Record]:
        """All rows of one statement outside managed transactions: tried once."""
        with self.session(READ_ACCESS if is_reading else WRITE_ACCESS) as session:
            return list(session.run(query, parameters))

    def close(self) -> None:
        """Give the connections back; a second call does nothing."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._driver is None:
            return
        if self._process != os.getpid():
            _INHERITED.append(self._driver)
            return
        try:
            self._driver.close()
        except (Neo4jError, OSError):  # the server is gone, and with it the connections
            return
