"""The tables are what the description says, and a released migration never changes."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator

import pytest

from graph_schema import DESCRIPTION, NodeType, Reference, sqlite_migrations
from kb.stores.sqlite.files import statements_of

RELEASED = {
    1: "f98fe38effe99afe97194b76e892ebe5",
    2: "cada85754aa35f876403299847a47366",
    3: "d284d54f27f32a0af7627df7e9afff30",
}
COLUMN_TYPES = {
    "text": "TEXT",
    "texts": "TEXT",
    "json": "TEXT",
    "key": "BLOB",
    "integer": "INTEGER",
    "boolean": "INTEGER",
    "real": "REAL",
    "bytes": "BLOB",
}


HERE = ("everywhere", "SQLite")


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    for migration in sqlite_migrations():
        for sql in statements_of(migration.script):
            connection.execute(sql)
    yield connection
    connection.close()


def table_of(label: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", label).lower()


def columns(database: sqlite3.Connection, table: str) -> dict[str, tuple[str, bool]]:
    """Type and whether it may be null, by name, without the number of the row."""
    rows = database.execute('SELECT name, type, "notnull", pk FROM pragma_table_info(?)', (table,))
    return {name: (kind, bool(required or pk)) for name, kind, required, pk in rows if name != "pk"}


def indexes(database: sqlite3.Connection, table: str) -> list[tuple[bool, list[str]]]:
    """Whether unique, and the columns, of each index; the row's number counts as one."""
    found = []
    for name, unique in database.execute('SELECT name, "unique" FROM pragma_index_list(?)', (table,)):
        rows = database.execute("SELECT name FROM pragma_index_info(?) ORDER BY seqno", (name,))
        found.append((bool(unique), [row[0] for row in rows]))
    keys = database.execute("SELECT name FROM pragma_table_info(?) WHERE pk", (table,))
    return [*found, (True, [row[0] for row in keys])]


def test_versions_count_from_one_and_are_never_changed() -> None:
    assert [migration.version for migration in sqlite_migrations()] == list(range(1, len(RELEASED) + 1))
    assert {migration.version: migration.checksum for migration in sqlite_migrations()} == RELEASED


def test_every_node_type_has_its_table_and_nothing_else_has(database: sqlite3.Connection) -> None:
    rows = database.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'"
    )
    tables = {row[0] for row in rows if not row[0].startswith(("sqlite_", "statement_text"))}
    assert tables == {table_of(node.label) for node in DESCRIPTION.nodes}


@pytest.mark.parametrize("node", DESCRIPTION.nodes, ids=lambda node: node.label)
def test_a_table_has_the_properties_and_references_of_its_node(
    database: sqlite3.Connection, node: NodeType
) -> None:
    wanted = {p.name: (COLUMN_TYPES[p.type], p.is_required) for p in node.properties if p.kept in HERE}
    for each in DESCRIPTION.references:
        if each.start == node.label and each.kept in HERE:
            wanted[each.name] = ("INTEGER", each.is_required)
    assert columns(database, table_of(node.label)) == wanted


@pytest.mark.parametrize("node", DESCRIPTION.nodes, ids=lambda node: node.label)
def test_a_table_has_the_indexes_of_its_node(database: sqlite3.Connection, node: NodeType) -> None:
    there = indexes(database, table_of(node.label))
    for group in node.unique:
        assert (True, list(group)) in there
    for ordered in node.ordered:
        assert any(names[: len(ordered)] == list(ordered) for _, names in there), ordered


REFERENCES = [each for each in DESCRIPTION.references if each.kept in HERE]


@pytest.mark.parametrize("each", REFERENCES, ids=lambda each: f"{each.start} {each.name}")
def test_a_reference_is_a_foreign_key(database: sqlite3.Connection, each: Reference) -> None:
    rows = database.execute(
        'SELECT "from", "table", "to" FROM pragma_foreign_key_list(?)', (table_of(each.start),)
    )
    assert (each.name, table_of(each.end), "pk") in rows.fetchall()


def test_labels_and_properties_are_safe_to_write_into_a_query() -> None:
    for node in DESCRIPTION.nodes:
        assert re.fullmatch("[A-Z][A-Za-z]*", node.label)
        assert all(re.fullmatch("[a-z][A-Za-z_]*", each.name) for each in node.properties)
        assert node.searched is None or node.searched in {each.name for each in node.properties}


def test_statements_of_a_script_are_found_whole() -> None:
    script = """-- a; comment
        CREATE TABLE a (b TEXT);
        CREATE TRIGGER t AFTER INSERT ON a BEGIN
          SELECT 1;
          SELECT ';';
        END;
    """
    found = list(statements_of(script))
    assert len(found) == 2
    assert found[1].strip().endswith("END;")
