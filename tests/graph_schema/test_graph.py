"""The constraints of the graph are what the description says, and a released migration never changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

from graph_schema import DESCRIPTION, Migration, NodeType, neo4j_migrations
from kb.address import ROOT, Address
from kb.records import VECTOR_SIZE, Expansion, Judgement, Move, Proposal, TreeRecord
from kb.statements import Draft, Measures
from kb.stores.opening import open_store

pytest.importorskip("neo4j", reason="the extra neo4j is not installed")

from kb.stores.neo4j.schema import SchemaItem, differences, is_schema, statements_of, wanted

if TYPE_CHECKING:
    from tests.neo4j_server.places import GraphPlace

RELEASED = {1: "8a9bdacedd93b82ea9e1abf1e9c9c526"}
BY_CODE = {"Migration"}  # its constraint must be there before the first migration is recorded
HERE = ("everywhere", "Neo4j")
NODES = [node for node in DESCRIPTION.nodes if node.kept in HERE]
TYPES = {
    "text": "STRING",
    "json": "STRING",
    "key": "STRING",
    "integer": "INTEGER",
    "boolean": "BOOLEAN",
    "real": "FLOAT",
    "texts": "LIST<STRING",
    "reals": "LIST<FLOAT",
    "bytes": "LIST<INTEGER",  # what valueType says of bytes
}


def test_versions_count_from_one_and_are_never_changed() -> None:
    assert [migration.version for migration in neo4j_migrations()] == list(range(1, len(RELEASED) + 1))
    assert {migration.version: migration.checksum for migration in neo4j_migrations()} == RELEASED


def test_every_label_is_described() -> None:
    labels = {item.label for item in wanted(neo4j_migrations()).values()}
    assert labels == {node.label for node in NODES} - BY_CODE


@pytest.mark.parametrize("node", NODES, ids=lambda node: node.label)
def test_what_no_two_nodes_share_is_constrained(node: NodeType) -> None:
    items = wanted(neo4j_migrations()).values()
    unique = {item.properties for item in items if item.label == node.label and item.kind == "uniqueness"}
    if node.label not in BY_CODE:
        assert set(node.unique) <= unique


def test_searched_properties_have_an_index_of_words() -> None:
    items = wanted(neo4j_migrations()).values()
    for node in NODES:
        words = [item for item in items if item.label == node.label and item.kind == "fulltext"]
        assert bool(words) == bool(node.searched)
        assert all(node.searched in item.properties for item in words)


def test_vectors_have_the_size_that_the_records_have() -> None:
    (index,) = [item for item in wanted(neo4j_migrations()).values() if item.kind == "vector"]
    assert dict(index.options)["vector.dimensions"] == str(VECTOR_SIZE)


def test_a_statement_that_could_not_be_compared_is_an_error() -> None:
    for script in (
        "CREATE POINT INDEX p IF NOT EXISTS FOR (n:Tree) ON (n.place);\n",
        "CREATE CONSTRAINT a IF NOT EXISTS FOR (n:Tree) REQUIRE n.x IS NOT NULL;\n",
        "CREATE INDEX a FOR (n:Tree) ON (n.x);\n",
    ):
        assert is_schema(statements_of(script)[0])
        with pytest.raises(ValueError, match="can't be read back"):
            wanted([Migration(1, "odd", script)])


def test_what_was_dropped_is_wanted_no_more() -> None:
    made = "CREATE INDEX a IF NOT EXISTS FOR (n:Tree) ON (n.x, n.y);\n"
    assert list(wanted([Migration(1, "one", made)])) == ["a"]
    assert wanted([Migration(1, "one", made), Migration(2, "two", "DROP INDEX a IF EXISTS;\n")]) == {}


def test_a_difference_names_both_sides() -> None:
    want = {"a": SchemaItem("a", "range", "Tree", ("x",))}
    assert differences(want, []) == ["a is missing: range of Tree (x)"]
    other = SchemaItem("a", "range", "Tree", ("y",))
    assert differences(want, [other]) == ["a is a range of Tree (y), and a range of Tree (x) is wanted"]
    assert differences(want, [want["a"]]) == []


@pytest.fixture(scope="module")
def filled(graph: GraphPlace) -> GraphPlace:
    """A database in which every property is there at least once."""
    with open_store(graph.emptied()) as store:
        tree, at = "a" * 32, Address("0.0")
        store.create_tree(TreeRecord(tree, "birds", {}), Draft("the base rate"))
        lease = store.lease(tree, ROOT, 0, worker="w", seconds=60)
        assert lease is not None
        made = Proposal((Draft("plain"), Draft("größer", "claim", "x > 1", "big", ("x",), "human:ada", at)))
        digest = store.put_blob(b"what a model said")
        store.commit(lease, Expansion(ROOT, 0, "model:m", (made,), 0, response=digest))
        store.append_child(tree, ROOT, Draft("by hand"))
        store.append_judgements(
            tree,
            [
                Judgement("1", "rating", at, "human:ada", 0.5),
                Judgement("2", "verdict", at, "human:ada", None),
            ],
        )
        store.append_moves(tree, [Move("ask", at, "search", taken=True)])
        store.put_measures(tree, {at: Measures({"big": 1.0}, 0.5, 0.1, 2, 1.0, 0.2, 0.3, alarm=True)})
        store.put_vectors(tree, "model", {at: [1.0] * VECTOR_SIZE})
        store.put_document(tree, "kind", "key", {})
        store.enqueue(tree, [(Address(f"0.{n}"), 0, 1.0) for n in range(3)])
        (item, _) = store.take(tree, worker="w", seconds=60, limit=2)
        store.give_up(item, reason="no answer")
    return graph


@pytest.mark.neo4j
@pytest.mark.parametrize("node", NODES, ids=lambda node: node.label)
def test_a_server_keeps_of_a_node_what_is_described(filled: GraphPlace, node: NodeType) -> None:
    rows = filled.run(
        f"MATCH (n:{node.label}) WITH collect(n) AS every UNWIND every AS n UNWIND keys(n) AS name "
        "RETURN name, size(every) AS nodes, count(*) AS n, collect(DISTINCT valueType(n[name])) AS types"
    )
    found = {row["name"]: row for row in rows if row["name"] != "is_for_tests"}
    named = {each.name: each for each in DESCRIPTION.references if (each.start, each.kept) in _kept(node)}
    there = {each.name: each for each in node.properties if each.kept in HERE}
    assert set(found) == set(named) | set(there)
    for name, row in found.items():
        is_required = (named.get(name) or there[name]).is_required
        assert (row["n"] == row["nodes"]) >= is_required, name
        wanted = TYPES[there[name].type] if name in there else "STRING"
        assert _is_of(wanted, row), (name, row)


def _kept(node: NodeType) -> set[tuple[str, str]]:
    return {(node.label, kept) for kept in HERE}


def _is_of(wanted: str, row: Mapping[str, Any]) -> bool:
    return all(each.startswith((wanted, "LIST<NOTHING>")) for each in row["types"])


@pytest.mark.neo4j
def test_what_a_server_keeps_of_references_leads_to_what_they_name(filled: GraphPlace) -> None:
    ids = {"Tree": "tree_id", "Statement": "key", "Blob": "digest"}
    for each in DESCRIPTION.references:
        if each.kept in HERE:
            (row,) = filled.run(
                f"MATCH (n:{each.start}) WHERE n.{each.name} IS NOT NULL RETURN count(n) AS n, "
                f"sum(COUNT {{ MATCH (m:{each.end}) WHERE m.{ids[each.end]} = n.{each.name} }}) AS found"
            )
            assert row["n"] == row["found"] > 0, each


@pytest.mark.neo4j
def test_a_server_keeps_the_relationships_that_are_described(filled: GraphPlace) -> None:
    rows = filled.run(
        "MATCH (a)-[r]->(b) "
        "RETURN DISTINCT type(r) AS type, labels(a) AS start, labels(b) AS end, keys(r) AS has"
    )
    assert {(row["type"], *row["start"], *row["end"], *row["has"]) for row in rows} == {
        (each.type, each.start, each.end) for each in DESCRIPTION.relationships
    }
    (row,) = filled.run(
        "MATCH (a:Statement)-[:HAS_CHILD]->(b) WITH count(b) AS n, sum(toInteger(b.parent = a.key)) AS right "
        "MATCH (s:Statement) WHERE s.parent IS NOT NULL RETURN n, right, count(s) AS children"
    )
    assert row["n"] == row["right"] == row["children"] > 0
