"""Export as Cypher: any text is only a text, and a real server reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.address import ROOT, Address
from kb.errors import InputError
from kb.records import TreeRecord
from kb.statements import Draft, Measures, Statement
from kb.stores.opening import open_store
from kb.stores.protocol import Store, UnknownAddressError
from kb.transfer import export_cypher
from kb.transfer.cypher import literal
from tests.neo4j_server.places import GraphPlace

TREE = TreeRecord("a" * 32, "penguins'}) DETACH DELETE n //", {})
NASTY = (
    "it's",
    "\\u0027 OR true //",
    "\\\\u0027",
    "ends in \\",
    '"`${x};\n:param rows => []\nMATCH (n) DETACH DELETE n;',
    "line\r\n\t\u2028\u200b\x0b",
    "🐧 é 日本",
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(str(tmp_path / "kb.db")) as opened:
        opened.create_tree(TREE, Draft("the base rate"))
        new = [Statement(Address(f"0.{n}"), Draft(text, when="a > 'b'")) for n, text in enumerate(NASTY)]
        opened.put_statements(TREE.tree_id, new)
        opened.append_child(TREE.tree_id, Address("0.1"), Draft("below", columns=("a", "b")))
        opened.set_dropped(TREE.tree_id, Address("0.2"), is_dropped=True)
        opened.put_measures(TREE.tree_id, {Address("0.1"): Measures({"Adelie": 0.5}, 0.25)})
        yield opened


@given(st.text())
def test_a_text_stays_inside_its_quotes(text: str) -> None:
    written = literal(text)
    assert "\n" not in written
    assert "\r" not in written
    assert read(written) == text


def read(written: str) -> str:
    """The text of a literal, by the strictest reading: first every \\uXXXX, then the quotes."""
    early = re.sub(r"\\u([0-9a-f]{4})", lambda found: f"\\{chr(int(found[1], 16))}", written)
    pieces = re.fullmatch(r"'(?:[^'\\]|\\.)*'(?:\+'(?:[^'\\]|\\.)*')*", early, re.DOTALL)
    assert pieces, written
    return "".join(re.sub(r"\\(.)", r"\1", piece[1:-1], flags=re.DOTALL) for piece in _pieces(early))


def _pieces(written: str) -> list[str]:
    return re.findall(r"'(?:[^'\\]|\\.)*'", written, re.DOTALL)


def loaded(file: Path) -> list[tuple[str, dict[str, str]]]:
    """The statements of a file with the literals of their parameters, as cypher-shell takes them."""
    parameters: dict[str, str] = {}
    statements: list[tuple[str, dict[str, str]]] = []
    query = ""
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith(":param "):
            name, _, value = line.removeprefix(":param ").partition(" => ")
            parameters[name] = value
        elif not line.startswith("//"):
            query += line + "\n"
            if line.endswith(";"):
                statements.append((query.rstrip().removesuffix(";"), dict(parameters)))
                query = ""
    assert not query
    return statements


def test_a_part_can_be_exported_and_nothing_is_overwritten(store: Store, tmp_path: Path) -> None:
    assert export_cypher(store, TREE, tmp_path / "x.cypher", address=Address("0.1")) == 2
    with pytest.raises(InputError, match="there is a file of that name"):
        export_cypher(store, TREE, tmp_path / "x.cypher")
    with pytest.raises(UnknownAddressError):
        export_cypher(store, TREE, tmp_path / "y.cypher", address=Address("0.9"))
    assert not (tmp_path / "y.cypher").exists()
    queries = {query for query, _ in loaded(tmp_path / "x.cypher")}
    assert all(text not in query for query in queries for text in ("below", "penguins"))


@pytest.mark.neo4j
def test_a_server_reads_it_and_a_second_time_changes_nothing(
    store: Store, tmp_path: Path, graph: GraphPlace
) -> None:
    graph.emptied()
    file = tmp_path / "x.cypher"
    n = export_cypher(store, TREE, file)
    assert n == len(NASTY) + 2
    for _ in range(2):
        for query, literals in loaded(file):
            given_values = {
                name: graph.run(f"RETURN {written} AS v")[0]["v"] for name, written in literals.items()
            }
            graph.run(query, **given_values)
    rows = graph.run("MATCH (n:ExportedStatement) RETURN properties(n) AS n ORDER BY n.address")
    assert [row["n"]["text"] for row in rows] == ["the base rate", *NASTY[:2], "below", *NASTY[2:]]
    (one,) = (row["n"] for row in rows if row["n"]["address"] == "0.1")
    assert (one["plausibility"], one["points"], one["when"]) == (0.25, '{"Adelie": 0.5}', "a > 'b'")
    edges = graph.run(
        "MATCH (a:ExportedStatement)-[:HAS_CHILD]->(b) RETURN a.address AS a, b.address AS b ORDER BY b"
    )
    assert [(row["a"], row["b"]) for row in edges][:3] == [("0", "0.0"), ("0", "0.1"), ("0.1", "0.1.0")]
    assert len(edges) == n - 1
    (top,) = graph.run("MATCH (t:ExportedTree)-[:ROOT]->(n) RETURN t.name AS name, n.address AS at")
    assert (top["name"], top["at"]) == (TREE.name, ROOT)
    graph.emptied()
