"""The check of a graph database finds each sort of damage, and what the rest tells is mended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from kb.address import ROOT, Address
from kb.records import Judgement, TreeRecord
from kb.statements import Draft, Measures
from kb.stores import invariants as checks
from kb.stores.opening import open_store
from tests.contract.building import expansion, grow, unpack

if TYPE_CHECKING:
    from tests.neo4j_server.places import GraphPlace

pytestmark = pytest.mark.neo4j

TREE = "a" * 32
AT = f"MATCH (s:Statement {{tree: '{TREE}', address: '%s'}}) "
LINKED = "what is written in a property is written in a relationship, too"
SCHEMA = "the database has the constraints and indexes of its migrations, and no record lacks what they need"

ASKED = (
    "SET w.tree = s.tree, w.path = s.path, w.state = 'asked', w.queue = 'waiting', w.rank = 0.0, w.seq = 1, "
    "w.priority = 0.0, w.attempts = 0, w.fence = coalesce(w.fence, 0)"
)

# what is damaged, where it shows, how, and whether the rest of the database tells how to mend it
DAMAGE: list[tuple[str, str, str, bool]] = [
    (checks.KEY, "tree a 0.1.1", AT % "0.1.1" + "SET s.key = 'another'", False),
    (checks.PARENT, "tree a 0.1.1", AT % "0.1.1" + "SET s.ordinal = 7", True),
    (checks.PARENT, "tree a 0.1.1", AT % "0.1.1" + "REMOVE s.parent", True),
    (LINKED, "tree a 0.1.1", AT % "0.1.1" + "MATCH ()-[r:HAS_CHILD]->(s) DELETE r", True),
    (LINKED, "tree a", AT % "0" + "MATCH ()-[r:ROOT]->(s) DELETE r", True),
    (LINKED, "tree a 0.1", AT % "0.1" + "MATCH ()-[r:EXPANDS]->(s) DELETE r", True),
    (checks.COUNT, "tree a 0.1", AT % "0.1" + "SET s.n_children = 2", True),
    (checks.COUNT, "tree a 0.1", AT % "0.1" + "SET s.n_children = 4", True),
    (checks.CURRENT, "tree a 0.1", AT % "0.1" + "SET s.current_slot = null, s.n_children = 0", True),
    (checks.CURRENT, "tree a 0", AT % "0" + "SET s.current_slot = 5, s.n_children = 0", True),
    (checks.UNPACKED, "tree a 0.1", AT % "0.1" + "SET s.is_unpacked = false", True),
    (checks.UNPACKED, "tree a 0.0.0", AT % "0.0.0" + "SET s.is_unpacked = true", True),
    (checks.ROOT, "tree c", "CREATE (:Tree {tree_id: 'c', name: 'tree c', spec: '{}', created: 0.0})", False),
    (checks.CHILDREN, "tree a 0.1", AT % "0.1.2" + "SET s.text = 'edited', s.size = 6", False),
    (checks.RESPONSE, "tree a 0.2.0", "MATCH (b:Blob) SET b.is_complete = false", False),
    (checks.DONE, "tree a 0.1", AT % "0.1" + "MERGE (w:Work {statement: s.key, slot: 0}) " + ASKED, True),
    (checks.BLOB, "blob", "MATCH (p:BlobPart) WHERE p.part = 1 DETACH DELETE p", False),
    (checks.SEARCH, "tree a 0.1", AT % "0.1" + "SET s.size = 1", True),
]  # fmt: skip


@pytest.fixture
def url(graph: GraphPlace) -> Iterator[str]:
    with open_store(graph.emptied()) as store:
        store.create_tree(TreeRecord(TREE, "tree a", {}), Draft("the base rate"))
        grow(store, TREE, levels=2, width=3)
        unpack(store, TREE, ROOT, "another view", slot=1)
        store.append_child(TREE, Address("0.0.0"), Draft("by hand"))
        store.append_judgements(TREE, [Judgement("j", "rating", Address("0.1"), "human:ada", 0.5)])
        store.put_measures(TREE, {Address("0.1"): Measures(plausibility=0.5)})
        lease = store.lease(TREE, Address("0.2.0"), 0, worker="w", seconds=60)
        assert lease is not None
        made = replace(expansion(Address("0.2.0"), "from a model"), response=store.put_blob(b"raw" * 700_000))
        store.commit(lease, made)
    yield graph.url
    graph.emptied()


@pytest.mark.parametrize(("invariant", "where", "damage", "is_mended"), DAMAGE)
def test_each_sort_of_damage_is_found_and_mended_where_the_rest_tells(
    url: str, graph: GraphPlace, invariant: str, where: str, damage: str, is_mended: bool
) -> None:
    before = everything(graph)
    graph.run(damage)
    damaged = everything(graph)
    with open_store(url) as store:
        found = [
            (each.invariant, "blob" if each.where.startswith("blob") else each.where)
            for each in store.check()
        ]
        assert (invariant, where) in found
        mended = [each.invariant for each in store.repair()]
        left = [each.invariant for each in store.check()]
        assert list(store.repair()) == []
    if is_mended:
        assert invariant in mended
        assert left == []
        assert everything(graph) == before
    else:
        assert invariant in left
        assert everything(graph) == damaged


def everything(graph: GraphPlace) -> dict[str, int]:
    """How many nodes and relationships of each kind: repairs remove nothing."""
    nodes = graph.run("MATCH (n) UNWIND labels(n) AS kind RETURN kind, count(*) AS n")
    edges = graph.run("MATCH ()-[r]->() RETURN type(r) AS kind, count(*) AS n")
    return {row["kind"]: row["n"] for row in (*nodes, *edges)}


def test_every_invariant_of_statements_has_a_damage_that_it_finds(url: str) -> None:
    with open_store(url) as store:
        assert list(store.check()) == []
        assert list(store.repair()) == []
        assert {damage[0] for damage in DAMAGE} >= set(store.invariants()) - {SCHEMA, checks.ABOUT}
