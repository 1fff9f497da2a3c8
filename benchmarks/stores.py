"""What the store costs as trees grow: pages, ancestors, the queue, commits.

    python benchmarks/stores.py --nodes 1000000

The databases are made in a temporary folder and removed. Times are in one process on one connection, each
read on another random place of the tree; the two sizes take turns, so that the machine's mood hits both.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from kb.address import ROOT, Address, child
from kb.records import Expansion, Proposal, TreeRecord
from kb.statements import Draft, Statement
from kb.stores.opening import open_store
from kb.stores.protocol import Store

TREE = "b" * 32
SMALL = 10_000
PLACES = 2_000  # of each tree, so that the caches of Python are of the same use to both
WIDTH = 4
WORDS = [f"word{n}" for n in range(5_000)]


def addresses(n: int) -> Iterator[Address]:
    """The first ``n`` addresses of a tree with four children each, breadth first, the root left out."""
    level, made = [ROOT], 0
    while True:
        below: list[Address] = []
        for of in level:
            for ordinal in range(WIDTH):
                if made == n:
                    return
                made += 1
                below.append(child(of, ordinal))
                yield below[-1]
        level = below


def implicit(n: int, seed: int) -> Iterator[Statement]:
    """The first ``n`` statements of that tree, the root counted and left out."""
    chance = random.Random(seed)
    for address in addresses(n - 1):
        text = " ".join(chance.choices(WORDS, k=20))
        yield Statement(address, Draft(text, columns=("a", "b"), origin="induction"))


def places(n: int) -> list[Address]:
    """As many places of a tree of ``n`` statements, whatever its size."""
    return [ROOT, *islice(addresses(n - 1), 0, None, max(1, n // PLACES))]


def build(store: Store, n: int) -> list[Address]:
    """Fill a store; returns places of it."""
    store.create_tree(TreeRecord(TREE, "benchmark", {}), Draft("the base rate"))
    statements = implicit(n, seed=1)
    while batch := list(islice(statements, 10_000)):
        store.put_statements(TREE, batch)
    return places(n)


def milliseconds(read: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    read()
    return (time.perf_counter() - start) * 1e3


Reads = dict[str, Callable[[], object]]


def reads(store: Store, addresses: list[Address], seed: int) -> Reads:
    """One read of each sort at a random place."""
    chance = random.Random(seed)
    inner = [a for a in addresses if store.children(TREE, a, limit=1).items]
    same = [a for a in addresses if a.count(".") == 5]
    deepest = max(a.count(".") for a in addresses)
    deep = [a for a in addresses if a.count(".") == deepest]
    large = [a for a in inner if len(store.subtree(TREE, a, limit=100).items) == 100]
    return {
        "child page": lambda: store.children(TREE, chance.choice(inner)),
        "subtree page of 100": lambda: store.subtree(TREE, chance.choice(large), limit=100),
        "five ancestors": lambda: store.ancestors(TREE, chance.choice(same)),
        "ancestors of the deepest": lambda: store.ancestors(TREE, chance.choice(deep)),
        "search for two words": lambda: store.search(TREE, " ".join(chance.choices(WORDS, k=2))),
        "one statement": lambda: store.node(TREE, chance.choice(addresses)),
    }


def compare(small: Reads, large: Reads, repeat: int) -> None:
    """Print the medians at both sizes, taken in turns."""
    for name in small:
        taken: tuple[list[float], list[float]] = ([], [])
        for n in range(repeat + 50):
            for at, read in enumerate((small[name], large[name])):
                took = milliseconds(read)
                if n >= 50:  # the first ones fill the caches
                    taken[at].append(took)
        p50 = [statistics.median(each) for each in taken]
        p95 = [statistics.quantiles(each, n=20)[-1] for each in taken]
        print(
            f"| {name} | {p50[0]:.3f} | {p50[1]:.3f} | {p50[1] / p50[0]:.2f} | {p95[0]:.3f} | {p95[1]:.3f} |",
            flush=True,
        )


def commits(store: Store, n: int) -> float:
    """Lease + durable commit of five children, per second, one process."""
    tree = "c" * 32
    store.create_tree(TreeRecord(tree, "commits", {}), Draft("the base rate"))
    queue = [ROOT]
    start = time.perf_counter()
    for _ in range(n):
        at = queue.pop(0)
        lease = store.lease(tree, at, 0, worker="w", seconds=60)
        assert lease is not None
        made = Proposal(tuple(Draft(f"{at} says {k} " * 10) for k in range(5)))
        store.commit(lease, Expansion(at, 0, "scripted", (made,), 0))
        queue += [child(at, k) for k in range(5)]
    return n / (time.perf_counter() - start)


def drain(url: str) -> None:
    """What each of the eight processes does."""
    with open_store(url) as store:
        done = 0
        while store.waiting(TREE):
            for item in store.take(TREE, worker=str(os.getpid()), seconds=60):
                made = Proposal(tuple(Draft(f"{item.address} says {k} " * 10) for k in range(5)))
                store.commit(item.lease, Expansion(item.address, item.slot, "scripted", (made,), 0))
                done += 1
        print(done)


def queue(store: Store, url: str, addresses: list[Address], items: int) -> str:
    """Drain one queue with eight processes; says how many steps were doubled or lost."""
    wanted = sorted(set(addresses), key=len, reverse=True)[:items]
    assert store.enqueue(TREE, [(at, 1, 0.0) for at in wanted]) == len(wanted)
    start = time.perf_counter()
    command = [sys.executable, __file__, "--drain", url]
    workers = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": "."})
        for _ in range(8)
    ]
    done = sum(int(worker.communicate()[0]) for worker in workers)
    took = time.perf_counter() - start
    there = sum(any(e.slot == 1 for e in store.expansions(TREE, at)) for at in wanted)
    return (
        f"{len(wanted)} steps, 8 processes: {len(wanted) / took:.0f} steps/s, "
        f"{done - there} doubled, {len(wanted) - there} lost"
    )


def main() -> None:
    """Build both trees, measure, print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=1_000_000, help="size of the large tree")
    parser.add_argument("--repeat", type=int, default=2_000, help="reads per sort and size")
    parser.add_argument("--drain", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.drain:
        drain(given.drain)
        return
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, name) for name in ("small.db", "large.db")]
        with open_store(str(files[0])) as small, open_store(str(files[1])) as large:
            few = build(small, SMALL)
            start = time.perf_counter()
            many = build(large, given.nodes)
            took = time.perf_counter() - start
            print(f"Bulk load of {given.nodes:,} statements: {given.nodes / took:,.0f}/s, ", end="")
            print(f"{sum(f.stat().st_size for f in Path(folder).glob('large.db*')) / 1e6:,.0f} MB.\n")
            print(f"| read, ms | p50 at {SMALL:,} | p50 at {given.nodes:,} | ratio | p95 small | p95 large |")
            print("|---|---|---|---|---|---|")
            compare(reads(small, few, 2), reads(large, many, 3), given.repeat)
            print(f"\nLease + durable commit of five children, one process: {commits(large, 500):.0f}/s.")
            print(f"\n{queue(large, str(files[1]), many, 2_000)}.")
            start = time.perf_counter()
            findings = len(list(large.check()))
            print(f"\n`check` of everything: {findings} findings in {time.perf_counter() - start:.0f} s.")


if __name__ == "__main__":
    main()
