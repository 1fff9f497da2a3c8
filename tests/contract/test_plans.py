"""Plans of SQLite: no named query reads a whole table or sorts, with statistics and without."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from kb.address import ROOT, Address
from kb.records import VECTOR_SIZE, Judgement, Move, TreeRecord
from kb.statements import Draft, Measures
from kb.stores.opening import open_store
from kb.stores.sqlite.queries import QUERIES, marks
from kb.stores.sqlite.search import MATCHES
from tests.contract.building import grow


@pytest.fixture(scope="module", params=["without statistics", "with statistics"])
def connection(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[sqlite3.Connection]:
    file: Path = tmp_path_factory.mktemp("plans") / "kb.db"
    with open_store(str(file)) as store:
        for tree in ("a" * 32, "b" * 32):
            store.create_tree(TreeRecord(tree, tree, {}), Draft("the base rate"))
            grow(store, tree, levels=5, width=3)
            below = [Address(f"0.{n % 3}.{n // 3 % 3}.{n // 9 % 3}.0.0") for n in range(27)]
            store.append_judgements(
                tree, [Judgement(str(n), "rating", at, f"human:{n % 3}", 0.5) for n, at in enumerate(below)]
            )
            store.append_moves(tree, [Move("ask", at, "search", taken=True) for at in below])
            store.put_measures(tree, {at: Measures(plausibility=0.5) for at in [*below, ROOT]})
            store.enqueue(tree, [(at, 0, 1.0) for at in below])
            store.take(tree, worker="w", seconds=60, limit=9)
            store.put_vectors(tree, "a-model", {at: [1.0] * VECTOR_SIZE for at in below})
            for n in range(27):
                store.put_document(tree, f"kind {n % 3}", str(n), {})
        store.put_blob(b"x" * 2_500_000)
    opened = sqlite3.connect(file)
    if request.param == "with statistics":
        opened.execute("ANALYZE")
        assert opened.execute("SELECT count(*) FROM sqlite_stat1").fetchone()[0] > 5
    yield opened
    opened.close()


def plan(connection: sqlite3.Connection, sql: str) -> list[str]:
    """What SQLite would do, for as many arguments as the query takes."""
    filled = sql.format(marks(20))
    explained = connection.execute(f"EXPLAIN QUERY PLAN {filled}", [1] * filled.count("?"))
    return [row[3] for row in explained]


@pytest.mark.parametrize("name", QUERIES)
def test_a_named_query_searches_an_index_and_never_sorts(connection: sqlite3.Connection, name: str) -> None:
    steps = plan(connection, QUERIES[name])
    assert steps, name
    for step in steps:
        assert not re.search(r"\bSCAN\b|TEMP B-TREE|BLOOM|AUTOMATIC", step), (name, steps)


@pytest.mark.parametrize("name", ["statements", "subtree", "walk", "present"])
def test_ranges_of_a_tree_go_by_path(connection: sqlite3.Connection, name: str) -> None:
    assert "statement_by_path (tree=? AND path" in plan(connection, QUERIES[name])[0]


def test_search_starts_from_the_index_of_words(connection: sqlite3.Connection) -> None:
    steps = plan(connection, MATCHES.replace("MATCH ?", "MATCH 'x'"))
    assert re.match(r"SCAN t VIRTUAL TABLE INDEX \d+:.*M", steps[0]), steps
    assert "SEARCH s USING INTEGER PRIMARY KEY (rowid=?)" in steps[1], steps


def test_a_query_without_an_index_would_be_noticed(connection: sqlite3.Connection) -> None:
    assert any("SCAN" in step for step in plan(connection, "SELECT pk FROM statement WHERE text = ?"))
    sorted_by_depth = "SELECT text FROM statement WHERE tree = ? AND path IN ({}) ORDER BY created"
    assert any("TEMP B-TREE" in step for step in plan(connection, sorted_by_depth))
