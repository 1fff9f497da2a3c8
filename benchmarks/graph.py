"""What the Neo4j store costs: loading, claims, commits, pages of large trees; SQLite beside.

    python -m benchmarks.graph --nodes 1000000 [--only load steps claims pages beside] [--keep FOLDER]

Starts servers of its own (see tests/neo4j_server) in temporary folders and removes them; with --keep the two
trees of the pages stay in that folder and are read again by the next run. What is compared takes turns in one
run, so that the machine's mood hits both. Prints Markdown.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from neo4j import Driver, GraphDatabase, ManagedTransaction

from benchmarks.graph_beside import beside
from benchmarks.graph_pages import against_paths, compared
from benchmarks.graph_queue import claims
from benchmarks.stores import addresses, build, implicit, milliseconds
from kb.address import ROOT, Address, child
from kb.records import Expansion, Proposal, TreeRecord
from kb.statements import Draft, Statement
from kb.stores.neo4j.rows import new_row
from kb.stores.opening import open_store
from kb.stores.protocol import Store
from tests.neo4j_server.server import PINNED, Server

SMALL = 10_000


@contextmanager
def serving(
    version: str, heap: str = "1g", url: str | None = None, home: Path | None = None
) -> Iterator[str]:
    """The URL of a server: of one that is there, of one on a folder that stays, else of a new, empty one."""
    if url:
        yield url
        return
    with tempfile.TemporaryDirectory(prefix="priory-bench-") as folder:
        server = Server(home or Path(folder), version=version, heap=heap)
        server.start()
        try:
            yield server.url
        finally:
            if home:
                server.stop()
            else:
                server.kill()


RAW = {
    "raw `UNWIND … CREATE`, the same constraints": "UNWIND $rows AS r CREATE (n:Statement) SET n = r",
    "raw `UNWIND … CREATE`, no constraint": "UNWIND $rows AS r CREATE (n:Bare) SET n = r",
}
ONE_BY_ONE = {
    "one `MERGE` per row": "MERGE (n:Statement {key: $row.key}) SET n = $row",
    "one `MERGE` per row, with its relationship": (
        "MATCH (p:Statement {key: $row.parent}) MERGE (n:Statement {key: $row.key}) SET n = $row "
        "MERGE (p)-[:HAS_CHILD]->(n)"
    ),
}
AT_ONCE, ONE_AT_A_TIME = 5_000, 250
WARM = 4  # turns until Java has compiled what matters


def load(store: Store, driver: Driver, turns: int) -> None:
    """Print how fast statements are loaded, ours with their relationships, and how fast bare nodes are.

    Each way fills a tree of its own, one batch a turn, and each turn another one begins.
    """
    ours_name = "`put_statements`: nodes, relationships, counts, checks"
    names = [ours_name, *RAW, *ONE_BY_ONE]
    trees = {name: f"{at:032x}" for at, name in enumerate(names)}
    for tree in trees.values():
        store.create_tree(TreeRecord(tree, tree, {}), Draft("the base rate"))
    statements = implicit((turns + WARM) * AT_ONCE + 1, seed=1)
    few = implicit((turns + WARM) * ONE_AT_A_TIME + 1, seed=1)

    def rows(name: str, some: list[Statement]) -> list[dict[str, Any]]:
        return [{**new_row(trees[name], each), "tree": trees[name]} for each in some]

    found: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(turns + WARM):
        batch, small = list(islice(statements, AT_ONCE)), list(islice(few, ONE_AT_A_TIME))
        works: dict[str, tuple[int, Callable[[], object]]] = {
            ours_name: (AT_ONCE, partial(store.put_statements, trees[ours_name], batch)),
            **{
                name: (AT_ONCE, partial(driver.execute_query, query, rows=rows(name, batch)))
                for name, query in RAW.items()
            },
            **{
                name: (ONE_AT_A_TIME, partial(_one_by_one, driver, query, rows(name, small)))
                for name, query in ONE_BY_ONE.items()
            },
        }
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            n, work = works[name]
            took = milliseconds(work)
            if turn >= WARM:
                found[name].append(n / took * 1e3)
    print(f"\n## Bulk load, {AT_ONCE:,} at once, {turns} turns\n")
    print("| | nodes/s, median | quartiles | ours is |\n|---|---|---|---|")
    rates = {name: statistics.quantiles(each, n=4) for name, each in found.items()}
    for name, (low, middle, high) in rates.items():
        ratio = rates[ours_name][1] / middle
        print(f"| {name} | {middle:,.0f} | {low:,.0f} to {high:,.0f} | {ratio:.2f} × |", flush=True)


def _one_by_one(driver: Driver, query: str, rows: list[dict[str, Any]]) -> None:
    for row in rows:
        driver.execute_query(query, row=row)


CLAIM = (
    "MATCH (w:Work) USING INDEX w:Work(tree, queue, rank, seq) WHERE w.tree = $tree AND w.queue = 'waiting' "
    "AND w.rank >= $lowest AND w.seq >= 0 WITH w ORDER BY w.tree, w.queue, w.rank, w.seq LIMIT 1 "
    "SET w.lock = w.lock + 1 WITH w WHERE w.queue = 'waiting' SET w.queue = 'leased', w.worker = 'w', "
    "w.until = timestamp() / 1000.0 + 600, w.fence = w.fence + 1 "
    "RETURN w.statement AS key, w.address AS address, w.fence AS fence"
)
COMMIT = (
    "MATCH (w:Work {statement: $key, slot: 0}) SET w.lock = w.lock + 1 WITH w WHERE w.fence = $fence "
    "MATCH (p:Statement {key: $key}) CREATE (e:Expansion)-[:EXPANDS]->(p) SET e = $expansion "
    "SET w.state = 'done', w.queue = null, w.worker = null, w.until = null, p.is_unpacked = true, "
    "p.current_slot = 0, p.n_children = size($children) WITH p "
    "CALL (p) { UNWIND $children AS c CREATE (p)-[:HAS_CHILD]->(n:Statement) SET n = c "
    "RETURN count(*) AS made } RETURN made"
)


def five(address: Address) -> tuple[Draft, ...]:
    """What a step commits."""
    return tuple(Draft(f"{address} says {k} " * 10, origin="scripted") for k in range(5))


def our_step(store: Store, tree: str) -> None:
    """Claim one item and commit five children."""
    (item,) = store.take(tree, worker="w", seconds=600)
    store.commit(item.lease, Expansion(item.address, 0, "scripted", (Proposal(five(item.address)),), 0))


def bare_step(driver: Driver, tree: str) -> None:
    """The same two transactions by hand, without any check, for a caller who has the rows."""

    def once(query: str, given: dict[str, Any]) -> dict[str, Any]:
        def work(tx: ManagedTransaction) -> dict[str, Any]:
            (record,) = tx.run(query, given)
            return record.data()

        with driver.session(database="neo4j") as session:
            return session.execute_write(work)

    got = once(CLAIM, {"tree": tree, "lowest": float("-inf")})
    address = Address(got["address"])
    rows = [
        {**new_row(tree, Statement(child(address, n), draft, created=1.0)), "tree": tree}
        for n, draft in enumerate(five(address))
    ]
    body = Expansion(address, 0, "scripted", (Proposal(five(address)),), 0).to_dict()
    expansion = {"statement": got["key"], "slot": 0, "tree": tree, "body": str(body), "first_ordinal": 0}
    once(COMMIT, {"key": got["key"], "fence": got["fence"], "expansion": expansion, "children": rows})


def steps(store: Store, driver: Driver, n: int) -> None:
    """Print what a step costs over the two bare transactions; both take turns on one queue."""
    tree = "c" * 32
    store.create_tree(TreeRecord(tree, "steps", {}), Draft("the base rate"))
    places = [child(ROOT, at) for at in range(2 * n + 100)]
    store.put_statements(tree, [Statement(at, Draft(f"statement {at}")) for at in places])
    store.enqueue(tree, [(at, 0, 0.0) for at in places])
    taken: dict[str, list[float]] = {"ours": [], "bare": []}
    for turn in range(n + 50):
        ours_took = milliseconds(lambda: our_step(store, tree))
        bare_took = milliseconds(lambda: bare_step(driver, tree))
        if turn >= 50:
            taken["ours"].append(ours_took)
            taken["bare"].append(bare_took)
    ours, bare = (statistics.median(taken[name]) for name in ("ours", "bare"))
    print(f"\n## Claim + commit of five children, one process, {n} turns\n")
    print(
        f"Ours {ours:.2f} ms (p50), the bare two transactions {bare:.2f} ms: overhead {ours / bare - 1:+.0%}."
    )


def pages(version: str, nodes: int, repeat: int, keep: Path | None) -> None:
    """Print reads of a small tree and of a large one, on two servers that take turns, and of paths."""
    homes = [keep / name for name in ("small", "large")] if keep else [None, None]
    with (
        serving(version, home=homes[0]) as few,
        serving(version, home=homes[1]) as many,
        open_store(few) as small,
        open_store(many) as large,
        GraphDatabase.driver(many, notifications_min_severity="OFF") as driver,
    ):
        compared(small, large, (SMALL, nodes), repeat)
        against_paths(large, driver, nodes, repeat)


def main() -> None:
    """Measure what was asked for and print Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--nodes", type=int, default=1_000_000, help="size of the large tree")
    parser.add_argument("--both", type=int, default=50_000, help="statements that each of both stores gets")
    parser.add_argument("--claimed", type=int, default=20_000, help="items of the queue that eight drain")
    parser.add_argument("--turns", type=int, default=20, help="batches of the bulk load")
    parser.add_argument("--repeat", type=int, default=200, help="reads per sort and size")
    parser.add_argument("--version", default=PINNED)
    parser.add_argument("--keep", type=Path, help="folder in which the trees of the pages stay")
    parser.add_argument("--url", help="of a server for load and steps that is there already; it is filled")
    parser.add_argument("--only", nargs="+", default=["load", "steps", "claims", "pages", "beside"])
    given = parser.parse_args()
    print(f"Neo4j {given.version} Community, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at first.")
    if {"load", "steps"} & set(given.only):
        with (
            serving(given.version, url=given.url) as url,
            open_store(url) as store,
            GraphDatabase.driver(url, notifications_min_severity="OFF") as driver,
        ):
            if "load" in given.only:
                load(store, driver, given.turns)
            if "steps" in given.only:
                steps(store, driver, 300)
    if "claims" in given.only:
        with serving(given.version, url=given.url) as url, open_store(url) as store:
            build(store, given.claimed + 1)
            claims(store, url, list(addresses(given.claimed)))
    if "pages" in given.only:
        pages(given.version, given.nodes, given.repeat, given.keep)
    if "beside" in given.only:
        with (
            tempfile.TemporaryDirectory() as folder,
            serving(given.version) as graph,
        ):
            beside(f"{folder}/kb.db", graph, given.both, given.claimed, given.repeat)
    print(f"\nLoad {os.getloadavg()[0]:.1f} at the end.")


if __name__ == "__main__":
    main()
