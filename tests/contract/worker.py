"""What the process tests run: ``python -m tests.contract.worker DUTY URL TREE …``, a real process each.

Every write that the store acknowledged is reported with one ``os.write`` to a file, which outlives a SIGKILL.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from kb.address import Address
from kb.records import Expansion, Judgement, Move, Proposal
from kb.statements import Draft
from kb.stores.opening import open_store
from kb.stores.protocol import StaleLeaseError, Store

Report = Callable[[str], object]


def drain(store: Store, tree: str, worker: str, report: Report) -> None:
    """Take and commit until nothing waits."""
    while store.waiting(tree):
        for item in store.take(tree, worker=worker, seconds=60, limit=3):
            made = Proposal((Draft(f"{worker} says of {item.address}"), Draft("and more")))
            store.commit(item.lease, Expansion(item.address, item.slot, "scripted", (made,), 0))
            report(f"commit {item.address}")


def write_for_ever(store: Store, tree: str, worker: str, report: Report) -> None:
    """Unpack, judge, move, add and keep blobs until somebody kills this process."""
    while True:
        for item in store.take(tree, worker=worker, seconds=0.05, limit=1):
            response = store.put_blob(os.urandom(2000))
            report(f"blob {response}")
            made = Proposal(tuple(Draft(f"{worker} says {n} of {item.address}") for n in range(4)))
            try:
                store.commit(
                    item.lease,
                    Expansion(item.address, item.slot, "scripted", (made,), 0, response=response),
                )
            except StaleLeaseError:
                continue
            report(f"commit {item.address}")
        said = uuid.uuid4().hex
        store.append_judgements(tree, [Judgement(said, "rating", Address("0.1"), worker, 0.5)])
        report(f"judgement {said}")
        store.append_moves(tree, [Move("ask", Address("0.1"), said, taken=True)])
        report(f"move {said}")
        report(f"child {store.append_child(tree, Address('0.0'), Draft(said)).address}")


LABELS = ("taken", "answered", "renewed", "in the commit", "committed", "reported")


def stop_at(label: str, store: Store, tree: str, worker: str, report: Report) -> None:
    """Work on one item and stop for ever at ``label``, so that somebody can kill this process there."""

    def at(place: str) -> None:
        if place == label:
            report(f"at {place}")
            time.sleep(600)

    _stop_inside_of_commits(lambda: at("in the commit"))
    (item,) = store.take(tree, worker=worker, seconds=0.05)
    at("taken")
    response = store.put_blob(b"what the model said")
    at("answered")
    lease = store.renew(item.lease, seconds=0.05)
    at("renewed")
    made = Proposal((Draft(f"{worker} says"), Draft("and more")))
    store.commit(lease, Expansion(item.address, item.slot, "scripted", (made,), 0, response=response))
    at("committed")
    report(f"commit {item.address}")
    at("reported")


def _stop_inside_of_commits(stop: Callable[[], None]) -> None:
    """Call ``stop`` when all of a commit is written and nothing of it is committed."""
    from kb.stores.sqlite import expansions as of_sqlite

    record = of_sqlite._record

    def recording(*given: Any, **named: Any) -> int:
        done = record(*given, **named)
        stop()
        return done

    of_sqlite._record = recording
    with suppress(ImportError):
        from kb.stores.neo4j import expansions as of_neo4j

        write = of_neo4j._write

        def writing(*given: Any) -> Expansion:
            written = write(*given)
            stop()
            return written

        of_neo4j._write = writing  # type: ignore[assignment]  # it takes what the real one takes


def reporter(file: str) -> Report:
    """Append lines to a file; a line is whole or absent."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    return lambda line: os.write(descriptor, f"{line}\n".encode())


def killed(url: str, tree: str, acknowledged: str, *rest: int) -> None:
    """Start ``kills`` writers one after the other and kill each at a random moment.

    A writer that has to connect to a server first lives longer.

    On a busy machine most of them may not have come to write; then more are started, until the file of what
    was acknowledged has some length. ``rest`` are kills, that length and a seed.
    """
    kills, size, seed = rest
    open_store(url).close()  # so that what opening imports is there before the fork
    Path(acknowledged).touch()
    chance = random.Random(seed)
    n = 0
    while n < kills or Path(acknowledged).stat().st_size < size:
        n += 1
        child = os.fork()
        if child == 0:
            with open_store(url) as store:
                write_for_ever(store, tree, f"worker {seed}.{n}", reporter(acknowledged))
        time.sleep(chance.uniform(0.001, 0.1) if url.startswith("sqlite") else chance.uniform(0.2, 1.2))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def main(duty: str, url: str, tree: str, acknowledged: str, *rest: str) -> None:
    if duty == "drain":
        with open_store(url) as store:
            drain(store, tree, f"worker {os.getpid()}", reporter(acknowledged))
    elif duty == "killed":
        killed(url, tree, acknowledged, *map(int, rest))
    elif duty == "stop at":
        with open_store(url) as store:
            stop_at(rest[0], store, tree, "the killed one", reporter(acknowledged))
    elif duty == "fill":
        Path(acknowledged).touch()
        with open_store(url) as store:
            write_for_ever(store, tree, f"worker {os.getpid()}", reporter(acknowledged))


if __name__ == "__main__":
    main(*sys.argv[1:])
