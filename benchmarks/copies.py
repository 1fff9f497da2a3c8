"""How fast a knowledge base is copied between stores, its last check included.

    python -m benchmarks.copies [--nodes 20000] [--neo4j URL]

The database that ``--neo4j`` names gets a tree called benchmark and keeps it; it must not have one yet.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from benchmarks.stores import TREE, build
from kb.address import ROOT
from kb.records import Expansion, Proposal
from kb.stores.opening import open_store
from kb.stores.protocol import Store
from kb.transfer import copy_tree

PAGE = 1_000


def unpack_all(store: Store) -> int:
    """Record an expansion of every statement that has children, as a machine would have; gives how many."""
    after, n = None, 0
    while True:
        page = store.subtree(TREE, ROOT, after=after, limit=PAGE)
        made = [
            Expansion(
                each.address,
                0,
                "scripted",
                (Proposal(tuple(c.draft for c in store.children(TREE, each.address).items)),),
                0,
            )
            for each in page.items
            if each.n_children
        ]
        n += store.put_expansions(TREE, made)
        after = page.after
        if after is None:
            return n


def timed(name: str, source: Store, target: Store) -> None:
    """Copy, copy again, and print both."""
    seconds: dict[str, float] = {}
    start = last = time.perf_counter()
    doing = ""

    def note(now: str, _: int, __: int | None) -> None:
        nonlocal doing, last
        if doing and now != doing:
            moment = time.perf_counter()
            seconds[doing] = seconds.get(doing, 0.0) + moment - last
            last = moment
        doing = now

    tree = source.tree("benchmark")
    done = copy_tree(source, target, tree, progress=note)
    took = time.perf_counter() - start
    seconds[doing] = took - sum(seconds.values())
    n = sum(done.compared.counts.values())
    start = time.perf_counter()
    copy_tree(source, target, tree)
    again = time.perf_counter() - start
    stages = " | ".join(f"{seconds.get(stage, 0.0):.1f}" for stage in ("Reading", "Copying", "Comparing"))
    print(f"| {name} | {n:,} | {took:.1f} | {n / took:,.0f} | {stages} | {again:.1f} |", flush=True)


def main() -> None:
    """Measure and print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=20_000)
    parser.add_argument("--neo4j", metavar="URL")
    given = parser.parse_args()
    print("| from, to | records | s | records/s | reading the source | writing | comparing | once more |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, open_store(str(Path(folder, "a.db"))) as first:
        build(first, given.nodes)
        unpack_all(first)
        with open_store(str(Path(folder, "b.db"))) as second:
            timed("SQLite, SQLite", first, second)
        if given.neo4j:
            with open_store(given.neo4j) as graph, open_store(str(Path(folder, "c.db"))) as back:
                timed("SQLite, Neo4j", first, graph)
                timed("Neo4j, SQLite", graph, back)


if __name__ == "__main__":
    main()
