"""The constraints of the graph are what the description says, and a released migration never changes."""

from __future__ import annotations

import pytest

from graph_schema import DESCRIPTION, Migration, NodeType, neo4j_migrations
from kb.records import VECTOR_SIZE

pytest.importorskip("neo4j", reason="the extra neo4j is not installed")

from kb.stores.neo4j.schema import SchemaItem, differences, is_schema, statements_of, wanted

RELEASED = {1: "8a9bdacedd93b82ea9e1abf1e9c9c526"}
IN_A_STATEMENT = {"Measure"}  # its values are properties of the statement
BY_CODE = {"Migration"}  # its constraint must be there before the first migration is recorded


def test_versions_count_from_one_and_are_never_changed() -> None:
    assert [migration.version for migration in neo4j_migrations()] == list(range(1, len(RELEASED) + 1))
    assert {migration.version: migration.checksum for migration in neo4j_migrations()} == RELEASED


def test_every_label_is_described() -> None:
    labels = {item.label for item in wanted(neo4j_migrations()).values()}
    assert labels == {node.label for node in DESCRIPTION.nodes} - IN_A_STATEMENT - BY_CODE


@pytest.mark.parametrize("node", DESCRIPTION.nodes, ids=lambda node: node.label)
def test_what_no_two_nodes_share_is_constrained(node: NodeType) -> None:
    items = wanted(neo4j_migrations()).values()
    unique = {item.properties for item in items if item.label == node.label and item.kind == "uniqueness"}
    if node.label not in IN_A_STATEMENT | BY_CODE:
        assert set(node.unique) <= unique


def test_searched_properties_have_an_index_of_words() -> None:
    items = wanted(neo4j_migrations()).values()
    for node in DESCRIPTION.nodes:
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
