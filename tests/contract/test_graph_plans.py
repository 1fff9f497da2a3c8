"""Plans of Neo4j: no named statement looks at every node or sorts a page, and a commit waits for nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("neo4j", reason="the extra neo4j is not installed")

from kb.address import ROOT, Address
from kb.records import Judgement, Move, TreeRecord
from kb.statements import Draft, Measures, Statement
from kb.stores.neo4j.connections import Database
from kb.stores.neo4j.queries import LOOK_AT_ALL, QUERIES
from kb.stores.neo4j.search import MATCHES
from kb.stores.neo4j.vectors import NEAREST
from kb.stores.opening import open_store
from tests.contract.building import grow

if TYPE_CHECKING:
    from tests.neo4j_server.places import GraphPlace

pytestmark = pytest.mark.neo4j

# With a handful of rows a scan of a label is cheaper than its index, and the planner says so.
ROWS = 3_000


@pytest.fixture(scope="module")
def filled(graph: GraphPlace) -> Iterator[Database]:
    """A database with enough of everything that an index is worth its while."""
    with open_store(graph.emptied()) as store:
        for tree in ("a" * 32, "b" * 32):
            store.create_tree(TreeRecord(tree, tree, {}), Draft("the base rate"))
            grow(store, tree, levels=3, width=3)
            many = [Address(f"0.0.0.{n}") for n in range(3, ROWS)]
            store.put_statements(tree, [Statement(at, Draft(f"statement {n}")) for n, at in enumerate(many)])
            store.append_judgements(
                tree, [Judgement(str(n), "rating", at, f"human:{n % 3}", 0.5) for n, at in enumerate(many)]
            )
            store.append_moves(tree, [Move("ask", at, "search", taken=True) for at in many])
            store.put_measures(tree, {at: Measures(plausibility=0.5) for at in many})
            store.enqueue(tree, [(at, 0, 1.0) for at in many])
            store.take(tree, worker="w", seconds=60, limit=1000)
            store.put_vectors(tree, "model", {at: [1.0] * 384 for at in (*many[:200], ROOT)})
            for n in range(200):
                store.put_document(tree, f"kind {n % 5}", str(n), {})
        for n in range(50):
            store.put_blob(bytes([n]) * 1000)
    with graph.database() as db:
        db.alone("CALL db.prepareForReplanning()")
        yield db


def operators(db: Database, query: str) -> list[tuple[str, str]]:
    """Name and details of each step of the plan."""
    with db.session() as session:
        plan = session.run(f"EXPLAIN {query}").consume().plan

    def walk(step: dict[str, Any]) -> Iterator[tuple[str, str]]:
        yield step["operatorType"].partition("@")[0], str(step["args"].get("Details", ""))
        for child in step.get("children", ()):
            yield from walk(child)

    assert plan is not None
    return list(walk(plan))


@pytest.mark.parametrize("name", sorted(set(QUERIES) - LOOK_AT_ALL))
def test_a_named_statement_starts_from_an_index_and_multiplies_nothing(filled: Database, name: str) -> None:
    steps = operators(filled, QUERIES[name])
    for kind, details in steps:
        assert not re.search("AllNodesScan|LabelScan|IndexScan|AllRelationships", kind), (name, kind, details)
        assert kind != "CartesianProduct", (name, steps)
        assert "VarLength" not in kind, (name, steps)


PAGES = [name for name, query in QUERIES.items() if "LIMIT $limit" in query and name != "judged"]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_comes_in_the_order_of_its_index(filled: Database, name: str) -> None:
    steps = [kind for kind, _ in operators(filled, QUERIES[name])]
    assert not {"Sort", "Top", "PartialSort", "PartialTop"} & set(steps), (name, steps)
    assert "Limit" in steps


@pytest.mark.parametrize("name", ["commit", "hold slot", "lease", "new child"])
def test_a_commit_has_no_eager_step(filled: Database, name: str) -> None:
    steps = operators(filled, QUERIES[name])
    if name in {"commit", "hold slot"}:
        assert not [step for step in steps if step[0] == "Eager"]
    seeks = [details for kind, details in steps if "Seek" in kind]
    assert all("UNIQUE" in details for details in seeks), seeks


def test_a_claim_reads_the_head_of_the_queue_and_no_more(filled: Database) -> None:
    steps = operators(filled, QUERIES["claim"])
    kinds = [kind for kind, _ in steps]
    assert "Sort" not in kinds
    assert "Top" not in kinds
    (seek,) = [details for kind, details in steps if "Seek" in kind]
    assert "Work(tree, queue, rank, seq)" in seek
    assert kinds.index("Limit") > kinds.index("SetProperty")  # printed from the top: the limit comes first


@pytest.mark.parametrize("query", [MATCHES, NEAREST], ids=["words", "vectors"])
def test_search_starts_from_its_index(filled: Database, query: str) -> None:
    steps = operators(filled, query)
    assert steps[-1][0] == "ProcedureCall"
    assert not [kind for kind, _ in steps if "Scan" in kind]


def test_a_statement_without_an_index_would_be_noticed(filled: Database) -> None:
    for query, kind in (
        ("MATCH (s:Statement) WHERE s.text = $text RETURN s.key", "NodeByLabelScan"),
        (
            "MATCH (s:Statement) WHERE s.tree = $tree AND s.path > $at "
            "RETURN s.key ORDER BY s.created LIMIT 9",
            "Top",
        ),
        ("MATCH (w:Work) WHERE w.tree = $tree RETURN count(w)", "NodeByLabelScan"),
    ):
        assert kind in [each for each, _ in operators(filled, query)], query
