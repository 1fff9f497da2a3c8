"""SQLite and Neo4j side by side: the same tree, the same reads and writes, in turns."""

from __future__ import annotations

import statistics
from functools import partial
from itertools import islice

from benchmarks.graph_queue import drain
from benchmarks.stores import TREE, addresses, commits, implicit, milliseconds, places, reads
from kb.records import TreeRecord
from kb.statements import Draft
from kb.stores.opening import open_store

AT_ONCE = 5_000
STEPS = 500


def beside(file: str, graph: str, nodes: int, claimed: int, repeat: int) -> None:
    """Print how long each store takes for the same."""
    print(f"\n## SQLite and Neo4j side by side, {nodes:,} statements\n")
    print("| | SQLite | Neo4j |\n|---|---|---|")
    with open_store(file) as embedded, open_store(graph) as served:
        stores = (embedded, served)
        for store in stores:
            store.create_tree(TreeRecord(TREE, "benchmark", {}), Draft("the base rate"))
        statements = implicit(nodes, seed=1)
        took: tuple[list[float], list[float]] = ([], [])
        while batch := list(islice(statements, AT_ONCE)):
            for at, store in enumerate(stores):
                took[at].append(milliseconds(partial(store.put_statements, TREE, batch)))
        rates = [AT_ONCE / statistics.median(each) * 1e3 for each in took]
        print(f"| bulk load, statements/s | {rates[0]:,.0f} | {rates[1]:,.0f} |", flush=True)
        some = places(nodes)
        kinds = [reads(store, some, 2) for store in stores]
        for name in kinds[0]:
            taken: tuple[list[float], list[float]] = ([], [])
            for turn in range(repeat + 50):
                for at, kind in enumerate(kinds):
                    spent = milliseconds(kind[name])
                    if turn >= 50:  # the first ones fill the caches
                        taken[at].append(spent)
            p50 = [statistics.median(each) for each in taken]
            print(f"| {name}, p50 in ms | {p50[0]:.2f} | {p50[1]:.2f} |", flush=True)
        done = [commits(store, STEPS) for store in stores]
        print(f"| lease + commit of five children, one process, per s | {done[0]:,.0f} | {done[1]:,.0f} |")
        wanted = list(islice(addresses(nodes - 1), claimed))
        did = [drain(store, url, 2, 10, wanted) for store, url in zip(stores, (file, graph), strict=True)]
        print(
            f"| {claimed:,} claims, 10 a call, 8 processes, per s | {did[0].rate:,.0f} | {did[1].rate:,.0f} |"
        )
        print(f"| … doubled, lost | {did[0].doubled}, {did[0].lost} | {did[1].doubled}, {did[1].lost} |")
