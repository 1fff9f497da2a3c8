"""How fast eight processes lease what waits in one queue, and that nothing is leased twice or lost."""

from __future__ import annotations

import argparse
import logging
import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.stores import TREE
from kb.address import Address
from kb.records import WorkItem
from kb.stores.opening import open_store
from kb.stores.protocol import Store

PROCESSES = 8
AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Drained:
    """What eight processes did to a queue.

    Attributes:
        rate: Items a second, by the slowest process.
        doubled: Items that two were given.
        lost: Items that nobody was given.
        retries: What the driver had to try again, deadlocks mostly.
        p50, p99: Milliseconds of one call: the median over processes, and the worst process.
    """

    rate: float
    doubled: int
    lost: int
    retries: int
    p50: float
    p99: float


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


def drain(store: Store, url: str, slot: int, limit: int, wanted: Sequence[Address]) -> Drained:
    """Ask for a slot of each of the addresses; eight processes take so many at a call until none waits."""
    for at in range(0, len(wanted), AT_ONCE):
        store.enqueue(TREE, [(each, slot, 0.0) for each in wanted[at : at + AT_ONCE]])
    command = [sys.executable, "-m", "benchmarks.graph_queue", url, str(limit)]
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
    return Drained(
        rate=len(wanted) / max(each[0] for each in measured),
        doubled=sum(n - 1 for n in taken.values()),
        lost=len(wanted) - len(taken),
        retries=sum(int(each[1]) for each in measured),
        p50=statistics.median(each[2] for each in measured),
        p99=max(each[3] for each in measured),
    )


def claims(store: Store, url: str, addresses: Sequence[Address]) -> None:
    """Print how many items a second eight processes take, one, ten and fifty at a call."""
    print(f"\n## Leases: {PROCESSES} processes drain one queue\n")
    print("| items a call | items/s | doubled | lost | retries | p50, p99 of a call, ms |")
    print("|---|---|---|---|---|---|")
    for slot, limit in ((1, 1), (2, 10), (3, 50)):
        wanted = addresses[: len(addresses) if limit > 1 else len(addresses) // 5]
        did = drain(store, url, slot, limit, wanted)
        print(
            f"| {limit} ({len(wanted):,} items) | {did.rate:,.0f} | {did.doubled} | {did.lost} | "
            f"{did.retries} | {did.p50:.0f}, {did.p99:.0f} |",
            flush=True,
        )


def main() -> None:
    """Be one of the eight."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("url")
    parser.add_argument("limit", type=int, help="items a call")
    given = parser.parse_args()
    claim(given.url, given.limit)


if __name__ == "__main__":
    main()
