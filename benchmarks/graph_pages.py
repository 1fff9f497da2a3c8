"""Reads of a small tree and of a large one in Neo4j, and beside them the same through paths and SKIP."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from neo4j import Driver, Record

from benchmarks.stores import TREE, WIDTH, build, compare, milliseconds, places, reads
from kb.address import ROOT, Address, child, depth, key
from kb.records import TreeRecord
from kb.statements import Draft, Statement
from kb.stores.neo4j.cypher.pieces import STORED
from kb.stores.neo4j.rows import statement
from kb.stores.protocol import Store

WIDE, DEEP = "d" * 32, "e" * 32  # ids of two more trees
CHILDREN, LEVELS, CHAINS = 10_000, 64, 50
PAGE = 100

BELOW = "MATCH (:Statement {key: $key})-[:HAS_CHILD*0..]->(s) "
CHILD = "MATCH (:Statement {key: $key})-[:HAS_CHILD*1..1]->(s) "
ABOVE = "MATCH (:Statement {key: $key})<-[:HAS_CHILD*]-(s) "
WHOLE = "MATCH (s:Statement) WHERE s.tree = $tree "
BY_PATH, BY_PLACE = "ORDER BY s.path", "ORDER BY s.ordinal"
SKIP = " SKIP $skip LIMIT 100"


def filled(store: Store, n: int) -> list[Address]:
    """Places of a tree of ``n`` statements, which is built if it isn't there."""
    if any(tree.tree_id == TREE for tree in store.trees()):
        return places(n)
    return build(store, n)


def compared(small: Store, large: Store, sizes: tuple[int, int], repeat: int) -> None:
    """Print the medians of each read at both sizes, in turns."""
    few, many = filled(small, sizes[0]), filled(large, sizes[1])
    print(f"\n## Reads of {sizes[0]:,} and of {sizes[1]:,} statements\n")
    print(f"| read, ms | p50 at {sizes[0]:,} | p50 at {sizes[1]:,} | ratio | p95 small | p95 large |")
    print("|---|---|---|---|---|---|")
    compare(reads(small, few, 2), reads(large, many, 3), repeat)


@dataclass(frozen=True, slots=True)
class Rival:
    """One read of ours and the query that does the same through paths or SKIP.

    Attributes:
        name: Of the read.
        ours: Reads it at a place.
        match, order: How the other query finds and orders statements; ``order`` may skip.
        given: Its parameters for a place.
        places: Where; taken in turn by both.
        repeat: How often.
    """

    name: str
    ours: Callable[[Any], object]
    match: str
    order: str
    given: Callable[[Any], dict[str, Any]]
    places: Sequence[Any]
    repeat: int


def against_paths(store: Store, driver: Driver, nodes: int, repeat: int) -> None:
    """Print ours beside the same through ``*`` and SKIP, which return the same statements in the same order.

    The other query comes twice: returning what ours does, the same properties in one record, made into the
    same statements, so that only the way to them differs; and as a person would write it, returning nodes.
    """
    _add_wide_and_deep(store)
    print("\n| read | ours, ms | `*` or `SKIP`, same form | times | returning nodes | times |")
    print("|---|---|---|---|---|---|")
    chance = random.Random(5)
    for rival in [*_pages(store, nodes, repeat), *_walks_up(store, nodes, repeat)]:
        alike = f"RETURN COLLECT {{ {rival.match} RETURN {STORED} {rival.order} }} AS page"
        whole = f"{rival.match} RETURN s {rival.order}"
        works: list[Callable[[Any], object]] = [
            rival.ours,
            partial(_statements, driver, alike, rival.given),
            partial(_ask, driver, whole, rival.given),
        ]
        taken: tuple[list[float], ...] = ([], [], [])
        for turn in range(rival.repeat + 2):
            at = chance.choice(rival.places)
            for kind, work in enumerate(works):
                took = milliseconds(partial(work, at))
                if turn >= 2:  # the first ones are planned
                    taken[kind].append(took)
        ours, form, nodes_too = map(statistics.median, taken)
        print(
            f"| {rival.name} | {ours:.2f} | {form:.2f} | {form / ours:.1f} | {nodes_too:.2f} | "
            f"{nodes_too / ours:.1f} |",
            flush=True,
        )


Given = Callable[[Any], dict[str, Any]]


def _ask(driver: Driver, query: str, given: Given, at: object) -> list[Record]:
    return driver.execute_query(query, given(at), database_="neo4j", routing_="r").records


def _statements(driver: Driver, query: str, given: Given, at: object) -> list[Statement]:
    return [statement(stored) for stored in _ask(driver, query, given, at)[0]["page"]]


def _add_wide_and_deep(store: Store) -> None:
    """A tree with very many children of its root, and one of long chains."""
    if any(tree.tree_id == DEEP for tree in store.trees()):
        return
    store.create_tree(TreeRecord(WIDE, "wide", {}), Draft("the base rate"))
    for first in range(0, CHILDREN, 5_000):
        some = (child(ROOT, first + n) for n in range(5_000))
        store.put_statements(WIDE, [Statement(each, Draft(f"{each} says " * 12)) for each in some])
    store.create_tree(TreeRecord(DEEP, "deep", {}), Draft("the base rate"))
    new = []
    for n in range(CHAINS):
        at = child(ROOT, n)
        for _ in range(LEVELS):
            new.append(Statement(at, Draft(f"{depth(at)} levels down " * 9)))
            at = child(at, 0)
    store.put_statements(DEEP, new)


def _pages(store: Store, nodes: int, repeat: int) -> list[Rival]:
    found = []
    for level in (5, 3, 1, 0):
        tops = _full(level, nodes)
        ends = {at: store.subtree(TREE, at, limit=PAGE).after for at in tops}
        size = statistics.median(_below(at, nodes) for at in tops)
        found.append(
            Rival(
                f"second page of a subtree of {size:,.0f}",
                partial(_second_page, store, ends),
                BELOW,
                BY_PATH + SKIP,
                lambda at: {"key": key(TREE, at), "skip": PAGE},
                tops,
                repeat if size < 10_000 else 20 if size < 100_000 else 5,
            )
        )
    ends_of = dict[int, str | None]()
    after = None
    for at in range(1_000, CHILDREN, 1_000):
        after = ends_of[at] = store.children(WIDE, ROOT, after=after, limit=1_000).after
    found += [
        Rival(
            f"child page deep in {CHILDREN:,} children",
            lambda skip: store.children(WIDE, ROOT, after=ends_of[skip], limit=PAGE),
            CHILD,
            BY_PLACE + SKIP,
            lambda skip: {"key": key(WIDE, ROOT), "skip": skip},
            list(ends_of),
            max(5, repeat // 4),
        ),
        Rival(
            "page at 90 % of the tree",
            lambda at: store.subtree(TREE, at, limit=PAGE, every_slot=True),
            WHOLE,
            BY_PATH + SKIP,
            lambda _: {"tree": TREE, "skip": 9 * nodes // 10},
            [Address(f"0.3.{i}.{j}.{k}") for i in (2, 3) for j in range(WIDTH) for k in range(WIDTH)],
            5,
        ),
    ]
    return found


def _walks_up(store: Store, nodes: int, repeat: int) -> list[Rival]:
    some = places(nodes)
    deepest = max(map(depth, some))
    down = ".0" * (LEVELS - 1)
    starts = {
        TREE: [a for a in some if depth(a) == deepest],
        DEEP: [Address(f"0.{n}{down}") for n in range(CHAINS)],
    }
    return [
        Rival(
            f"{depth(of[0])} ancestors",
            partial(store.ancestors, tree),
            ABOVE,
            BY_PATH,
            partial(_key_of, tree),
            of,
            repeat,
        )
        for tree, of in starts.items()
    ]


def _second_page(store: Store, ends: Mapping[Address, str | None], at: Address) -> object:
    return store.subtree(TREE, at, limit=PAGE, after=ends[at])


def _key_of(tree: str, at: Address) -> dict[str, Any]:
    return {"key": key(tree, at)}


def _full(level: int, nodes: int) -> list[Address]:
    """Up to twenty statements of a level under which no later level is missing before another's."""
    tops = [ROOT]
    for _ in range(level):
        tops = [child(at, n) for at in tops for n in range(WIDTH)]
    most = max(_below(at, nodes) for at in tops)
    return [at for at in tops if _below(at, nodes) == most][:20]


def _below(address: Address, nodes: int) -> int:
    """Statements of the tree at and below the address, by the order in which ``implicit`` makes them."""
    place, wide, level, n = 0, 1, depth(address), 0
    for step in address.split(".")[1:]:
        place = place * WIDTH + int(step)
    while (first := (WIDTH**level - 1) // (WIDTH - 1) + place) < nodes:
        n += min(nodes, first + wide) - first
        level, place, wide = level + 1, place * WIDTH, wide * WIDTH
    return n
