"""What the Neo4j store costs: loading, claims, commits, eight workers, pages of large trees; SQLite beside.

    python -m benchmarks.graph --nodes 1000000 [--only load steps claims pages sqlite]

Starts servers of its own (see tests/neo4j_server) in temporary folders and removes them. What is compared
takes turns in one run, so that the machine's mood hits both. Prints Markdown.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from neo4j import Driver, GraphDatabase, ManagedTransaction

from benchmarks.stores import (
    TREE,
    WIDTH,
    Reads,
    build,
    commits,
    compare,
    implicit,
    milliseconds,
    queue,
    reads,
)
from kb.address import ROOT, Address, child, key, path_of
from kb.records import Expansion, Proposal, TreeRecord, WorkItem
from kb.statements import Draft, Statement
from kb.stores.neo4j.rows import BEYOND, new_row
from kb.stores.opening import open_store
from kb.stores.protocol import Store
from tests.neo4j_server.server import PINNED, Server

PROCESSES = 8
BATCH = 5_000
SMALL = 10_000


@contextmanager
def serving(version: str, heap: str = "1g", url: str | None = None) -> Iterator[str]:
    """The URL of a new, empty server, or of one that is there."""
    if url:
        yield url
        return
    with tempfile.TemporaryDirectory(prefix="priory-bench-") as folder:
        server = Server(Path(folder), version=version, heap=heap)
        server.start()
        try:
            yield server.url
        finally:
            server.kill()


def rate(n: int, work: Callable[[], object]) -> float:
    """Per second."""
    start = time.perf_counter()
    work()
    return n / (time.perf_counter() - start)


def batches(statements: list[Statement]) -> Iterator[list[Statement]]:
    """Of the size that both sides load."""
    for at in range(0, len(statements), BATCH):
        yield statements[at : at + BATCH]


LOADS = {
    "raw `UNWIND … CREATE`, the same constraints": "UNWIND $rows AS r CREATE (n:Statement) SET n = r",
    "raw `UNWIND … CREATE`, no constraint": "UNWIND $rows AS r CREATE (n:Bare) SET n = r",
}
MERGE = "MERGE (n:Statement {key: $row.key}) SET n = $row"


def load(store: Store, driver: Driver, n: int, rounds: int) -> None:
    """Print how fast statements are loaded, ours with their relationships, and how fast bare nodes are."""
    statements = list(islice(implicit(n + 1, seed=1), n))
    found: dict[str, list[float]] = {}
    for turn in range(rounds):
        tree = f"{turn:031x}a"
        store.create_tree(TreeRecord(tree, tree, {}), Draft("the base rate"))

        def ours(tree: str = tree) -> None:
            for batch in batches(statements):
                store.put_statements(tree, batch)

        found.setdefault("`put_statements`: nodes, relationships, counts, checks", []).append(rate(n, ours))
        for at, (name, query) in enumerate(LOADS.items()):
            of = f"{turn:031x}{at}"
            rows = [{**new_row(of, each), "tree": of} for each in statements]

            def raw(query: str = query, rows: list[dict[str, Any]] = rows) -> None:
                for at in range(0, n, BATCH):
                    driver.execute_query(query, rows=rows[at : at + BATCH], database_="neo4j")

            found.setdefault(name, []).append(rate(n, raw))
        few = [{**new_row("f" * 31 + str(turn), each), "tree": f"f{turn}"} for each in statements[:1_000]]

        def merge(few: list[dict[str, Any]] = few) -> None:
            for row in few:
                driver.execute_query(MERGE, row=row, database_="neo4j")

        found.setdefault("one `MERGE` per row", []).append(rate(len(few), merge))
    ours_name = next(iter(found))
    print(f"\n## Bulk load of {n:,} statements, {BATCH:,} at once, {rounds} turns\n")
    print("| | median nodes/s | ours is |\n|---|---|---|")
    for name, rates in found.items():
        ratios = [a / b for a, b in zip(found[ours_name], rates, strict=True)]
        print(f"| {name} | {statistics.median(rates):,.0f} | {statistics.median(ratios):.2f} × |", flush=True)


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


class Retries(logging.Handler):
    """Counts what the driver had to try again, deadlocks mostly."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.n = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Look at one message of the driver."""
        self.n += "will be retried" in record.getMessage()


def claim(url: str, limit: int) -> None:
    """What each of the processes does: take until nothing waits, then say what it took."""
    retries = Retries()
    logging.getLogger("neo4j").addHandler(retries)
    with open_store(url) as store:
        print("ready", flush=True)
        sys.stdin.readline()  # until all are
        start = time.time()
        taken: list[WorkItem] = []
        calls: list[float] = []
        while True:
            begin = time.perf_counter()
            found = store.take(TREE, worker=str(os.getpid()), seconds=600, limit=limit)
            calls.append((time.perf_counter() - begin) * 1e3)
            if not found:
                break
            taken += found
        end = time.time()
    p50, p99 = statistics.median(calls), sorted(calls)[int(0.99 * (len(calls) - 1))]
    print(f"{end - start} {retries.n} {p50} {p99}")
    print("\n".join(f"{item.address}@{item.slot}" for item in taken))


def claims(store: Store, url: str, addresses: list[Address], n: int) -> None:
    """Print how many items a second eight processes take, and that none is taken twice or lost."""
    print(f"\n## Leases: {n:,} items, {PROCESSES} processes\n")
    print("| items a call | items/s | doubled | lost | retries | p50, p99 of a call, ms |")
    print("|---|---|---|---|---|---|")
    for slot, limit in ((1, 1), (2, 10), (3, 50)):
        wanted = sorted(set(addresses), key=path_of)[: n if limit > 1 else n // 5]
        for at in range(0, len(wanted), BATCH):
            store.enqueue(TREE, [(each, slot, 0.0) for each in wanted[at : at + BATCH]])
        command = [sys.executable, "-m", "benchmarks.graph", "--claim", url, str(limit)]
        pipes = subprocess.PIPE
        workers = [subprocess.Popen(command, text=True, stdin=pipes, stdout=pipes) for _ in range(PROCESSES)]
        for worker in workers:
            assert worker.stdout is not None
            worker.stdout.readline()
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write("go\n")
            worker.stdin.flush()
        said = [worker.communicate()[0].splitlines() for worker in workers]
        taken = Counter(line for lines in said for line in lines[1:] if line)
        measured = [[float(each) for each in lines[0].split()] for lines in said]
        seconds = max(each[0] for each in measured)
        doubled = sum(n - 1 for n in taken.values())
        print(
            f"| {limit} | {len(wanted) / seconds:,.0f} | {doubled} | {len(wanted) - len(taken)} | "
            f"{sum(int(each[1]) for each in measured)} | "
            f"{statistics.median(each[2] for each in measured):.0f}, "
            f"{max(each[3] for each in measured):.0f} |",
            flush=True,
        )


STAR = (
    "MATCH (:Statement {key: $key})-[:HAS_CHILD*0..]->(n) WHERE n.path > $after "
    "RETURN n.path, n.text ORDER BY n.path LIMIT 100"
)
STAR_UP = "MATCH (:Statement {key: $key})<-[:HAS_CHILD*]-(n) RETURN n.path, n.text ORDER BY n.path"
SKIP = "MATCH (n:Statement) WHERE n.tree = $tree RETURN n.path, n.text ORDER BY n.path SKIP $skip LIMIT 100"


def against_stars(store: Store, driver: Driver, addresses: list[Address], nodes: int, repeat: int) -> None:
    """Print ours beside the same through paths of unbounded length and SKIP, in a tree of so many nodes."""
    chance = random.Random(5)
    high = [
        child(child(child(ROOT, i), j), k) for i in range(WIDTH) for j in range(WIDTH) for k in range(WIDTH)
    ]
    deepest = max(a.count(".") for a in addresses)
    deep = [a for a in addresses if a.count(".") == deepest]

    def raw(query: str, **given: Any) -> None:
        driver.execute_query(query, given, database_="neo4j", routing_="r")

    ends = {at: store.subtree(TREE, at, limit=100).after for at in high}

    pairs: dict[str, tuple[Callable[[Address], object], Callable[[Address], object], list[Address], int]] = {
        "second page of a subtree, `*`": (
            lambda at: store.subtree(TREE, at, limit=100, after=ends[at]),
            lambda at: raw(STAR, key=key(TREE, at), after=path_of(at) + "000"),
            high,
            repeat // 4,
        ),
        "ancestors of the deepest, `*`": (
            lambda at: store.ancestors(TREE, at),
            lambda at: raw(STAR_UP, key=key(TREE, at)),
            deep,
            repeat,
        ),
        "a page at 90 % of the tree, `SKIP`": (
            lambda at: store.subtree(TREE, at, limit=100, every_slot=True),
            lambda _: raw(SKIP, tree=TREE, skip=9 * nodes // 10),
            [a for a in addresses if path_of(a) > path_of(Address("0.3.2")) + BEYOND],
            5,
        ),
    }
    print("\n| read, ms | ours p50 | the other p50 | times faster |\n|---|---|---|---|")
    for name, (ours, other, places, times) in pairs.items():
        taken: tuple[list[float], list[float]] = ([], [])
        for _ in range(times):
            at = chance.choice(places)
            for side, work in enumerate((ours, other)):
                start = time.perf_counter()
                work(at)
                taken[side].append((time.perf_counter() - start) * 1e3)
        p50 = [statistics.median(each) for each in taken]
        print(f"| {name} | {p50[0]:.2f} | {p50[1]:.2f} | {p50[1] / p50[0]:.1f} |", flush=True)


def pages(version: str, nodes: int, repeat: int) -> None:
    """Print reads of a small tree and of a large one, on two servers that take turns."""
    print(f"\n## Reads of {SMALL:,} and of {nodes:,} statements\n")
    with serving(version) as few_url, serving(version) as many_url:  # noqa: SIM117  # servers first
        with open_store(few_url) as small, open_store(many_url) as large:
            few = build(small, SMALL)
            start = time.perf_counter()
            many = build(large, nodes)
            took = time.perf_counter() - start
            print(f"Loaded {nodes:,} statements in batches of 10,000: {nodes / took:,.0f}/s.\n")
            print(f"| read, ms | p50 at {SMALL:,} | p50 at {nodes:,} | ratio | p95 small | p95 large |")
            print("|---|---|---|---|---|---|")
            sides: tuple[Reads, Reads] = (reads(small, few, 2), reads(large, many, 3))
            compare(*sides, repeat)
            driver = GraphDatabase.driver(many_url, notifications_min_severity="OFF")
            against_stars(large, driver, many, nodes, repeat)
            print(f"\nLease + commit of five children, one process: {commits(large, 500):.0f}/s.")
            print(f"\n{queue(large, many_url, many, 2_000)}.")
            driver.close()


def many_addresses(n: int) -> list[Address]:
    """The first statements of the tree."""
    return [each.address for each in islice(implicit(n + 1, seed=1), n)]


def in_sqlite(nodes: int, repeat: int) -> None:
    """Print the same of the embedded store."""
    print(f"\n## SQLite beside it: {SMALL:,} and {nodes:,} statements\n")
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, name) for name in ("small.db", "large.db")]
        with open_store(str(files[0])) as small, open_store(str(files[1])) as large:
            few = build(small, SMALL)
            print(f"Bulk load: {rate(nodes, lambda: build(large, nodes)):,.0f} statements/s.\n")
            many = [*dict.fromkeys([ROOT, *many_addresses(nodes)[:: max(1, nodes // 2_000)]])]
            print(f"| read, ms | p50 at {SMALL:,} | p50 at {nodes:,} | ratio | p95 small | p95 large |")
            print("|---|---|---|---|---|---|")
            compare(reads(small, few, 2), reads(large, many, 3), repeat)
            claims(large, str(files[1]), many_addresses(20_000), 20_000)
            print(f"\nLease + commit of five children, one process: {commits(large, 500):.0f}/s.")
            print(f"\n{queue(large, str(files[1]), many, 2_000)}.")


def main() -> None:
    """Measure what was asked for and print Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--nodes", type=int, default=1_000_000, help="size of the large tree")
    parser.add_argument("--loaded", type=int, default=30_000, help="statements of the bulk load")
    parser.add_argument("--claimed", type=int, default=20_000, help="items of the queue that eight drain")
    parser.add_argument("--repeat", type=int, default=200, help="reads per sort and size")
    parser.add_argument("--version", default=PINNED)
    parser.add_argument("--url", help="of a server for load and steps that is there already; it is filled")
    parser.add_argument("--only", nargs="+", default=["load", "steps", "claims", "pages", "sqlite"])
    parser.add_argument("--claim", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.claim:
        claim(given.claim[0], int(given.claim[1]))
        return
    print(f"Neo4j {given.version} Community, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at first.")
    if {"load", "steps"} & set(given.only):
        with serving(given.version, url=given.url) as url, open_store(url) as store:
            driver = GraphDatabase.driver(url, notifications_min_severity="OFF")
            if "load" in given.only:
                load(store, driver, given.loaded, rounds=3)
            if "steps" in given.only:
                steps(store, driver, 300)
            driver.close()
    if "claims" in given.only:
        with serving(given.version, url=given.url) as url, open_store(url) as store:
            build(store, given.claimed + 1)
            claims(store, url, many_addresses(given.claimed), given.claimed)
    if "pages" in given.only:
        pages(given.version, given.nodes, given.repeat)
    if "sqlite" in given.only:
        in_sqlite(given.nodes, given.repeat)
    print(f"\nLoad {os.getloadavg()[0]:.1f} at the end.")


if __name__ == "__main__":
    main()
