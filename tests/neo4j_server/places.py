"""The Neo4j database that tests use: on a server of their own, or the one that PRIORY_TEST_NEO4J_URL names.

A database that holds anything but what tests left there is not touched.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kb.stores.neo4j.addresses import graph_address
from kb.stores.neo4j.connections import Database
from kb.stores.opening import open_store
from tests.neo4j_server.server import NEWEST, PINNED, Server, UnavailableError

__all__ = ["GraphPlace", "graph_places"]

PASSWORD = "for tests: @/#?"
_CLAIM = "MATCH (m:Migration) SET m.is_for_tests = true"
_CLAIMED = "MATCH (m:Migration) WHERE m.is_for_tests RETURN count(m) AS n"
_EMPTY = "MATCH (n) WHERE NOT n:Migration CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 5000 ROWS"


@dataclass
class GraphPlace:
    """A database that tests may empty.

    Attributes:
        url: What opens it.
        server: Its server; None where somebody else runs it.
    """

    url: str
    server: Server | None = None

    def emptied(self) -> str:
        """Remove all trees and return the URL."""
        self.run(_EMPTY)
        return self.url

    def run(self, query: str, **parameters: Any) -> list[dict[str, Any]]:
        """Rows of one statement outside of Priory."""
        with self.database() as db:
            return [row.data() for row in db.alone(query, **parameters)]

    @contextmanager
    def database(self) -> Iterator[Database]:
        """The database as the store holds it."""
        db = Database(graph_address(self.url), clock=None)
        try:
            yield db
        finally:
            db.close()

    def bare(self) -> str:
        """Remove everything, the schema too, and return the URL."""
        with self.database() as db:
            db.alone("MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 5000 ROWS")
            for kind, kinds in (("CONSTRAINT", "CONSTRAINTS"), ("INDEX", "INDEXES")):
                for row in db.alone(f"SHOW {kinds} YIELD name, type WHERE type <> 'LOOKUP' RETURN name"):
                    db.alone(f"DROP {kind} `{row['name']}` IF EXISTS")
        return self.url

    def claim(self) -> None:
        """Make it a knowledge base and mark it as one that tests may empty."""
        open_store(self.url).close()
        self.run(_CLAIM)


def graph_places(folder: Path) -> Iterator[GraphPlace]:
    """The database of this test run; skips the test where no server can be had, and fails it under CI."""
    named = os.environ.get("PRIORY_TEST_NEO4J_URL")
    if named:
        place = GraphPlace(named)
        _refuse_used(place)
        place.claim()
        yield place
        return
    chosen = os.environ.get("PRIORY_TEST_NEO4J_VERSION", PINNED)
    server = Server(folder, version=NEWEST if chosen == "newest" else chosen, password=PASSWORD)
    try:
        server.start()
    except UnavailableError as lacking:
        if os.environ.get("CI"):
            pytest.fail(f"{lacking}; under CI the tests of Neo4j may not be skipped")
        pytest.skip(str(lacking))
    try:
        place = GraphPlace(server.url, server)
        place.claim()
        yield place
    finally:
        server.kill()  # its folder is a temporary one


def _refuse_used(place: GraphPlace) -> None:
    (row,) = place.run("MATCH (n) RETURN count(n) AS n")
    if row["n"] and not place.run(_CLAIMED)[0]["n"]:
        pytest.exit(f"the database of PRIORY_TEST_NEO4J_URL holds {row['n']} nodes; tests would remove them")
