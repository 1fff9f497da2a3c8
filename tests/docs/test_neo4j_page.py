"""The page about Neo4j: its queries give what they promise, on a real server, and its commands exist."""

from __future__ import annotations

import re
import shlex

import pytest
from click.testing import CliRunner

from kb.address import ROOT, Address
from kb.records import Judgement, TreeRecord
from kb.statements import Draft, Measures, Statement
from kb.stores.opening import open_store
from tests.docs.reading import ROOT as REPOSITORY
from tests.docs.reading import blocks
from tests.neo4j_server.places import GraphPlace
from ui.main import priory

PAGE = REPOSITORY / "docs" / "neo4j.md"
TREE = TreeRecord("a" * 32, "penguins", {})


@pytest.mark.neo4j
def test_the_queries_of_the_page_give_what_they_promise(graph: GraphPlace) -> None:
    with open_store(graph.emptied()) as store:
        store.create_tree(TREE, Draft("the base rate"))
        new = {"0.0": "the island tells", "0.1": "the bill tells", "0.0.0": "on Dream: Chinstrap"}
        store.put_statements(TREE.tree_id, [Statement(Address(at), Draft(text)) for at, text in new.items()])
        doubted = Measures(plausibility=0.06, nats_on_D=173.0)
        store.put_measures(TREE.tree_id, {ROOT: Measures(), Address("0.0"): doubted})
        store.append_judgements(TREE.tree_id, [Judgement("j", "rating", Address("0.1"), "human:ada", 0.9)])
    top, alarms, said = (graph.run(block.code) for block in blocks(PAGE) if block.language == "cypher")
    assert len(top) == 4
    assert [(row["s.address"], row["nats_on_D"], row["percent_for_Dstar"]) for row in alarms] == [
        ("0.0", 173, 6)
    ]
    assert [(row["j.rater"], row["s.text"], row["j.value"]) for row in said] == [
        ("human:ada", "the bill tells", 0.9)
    ]


def test_the_commands_of_the_page_exist_with_their_options() -> None:
    commands = [
        shlex.split(line)
        for block in blocks(PAGE)
        if block.language == "bash"
        for line in block.code.splitlines()
        if line.startswith("priory ")
    ]
    assert len(commands) > 5
    for command in commands:
        told = CliRunner().invoke(priory, [command[1], "--help"])
        assert told.exit_code == 0, command
        for option in (word for word in command if word.startswith("--")):
            assert option in told.stdout, command


def test_the_compose_file_has_what_the_page_says() -> None:
    compose = (REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8")
    assert re.search(r"image: neo4j:5\.26-community$", compose, re.MULTILINE)
    for part in ("healthcheck:", "neo4j-data:/data", "127.0.0.1:7687:7687", "NEO4J_PASSWORD:?"):
        assert part in compose
