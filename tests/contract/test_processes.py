"""Several processes at once, some of them killed: nothing doubled, nothing lost."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from kb.address import ROOT, Address
from kb.stores.opening import open_store
from kb.stores.protocol import Store
from tests.contract.building import expansion, pages, sound, unpack
from tests.contract.conftest import Place
from tests.contract.worker import LABELS

Result = TypeVar("Result")
ROOM = Path(__file__).parents[2]


def start(
    duty: str, place: Place, tree: str, acknowledged: Path, *rest: int | str
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.contract.worker", duty, place.url, tree, str(acknowledged)]
    return subprocess.Popen([*command, *map(str, rest)], cwd=ROOM)


def lines(acknowledged: Path) -> list[str]:
    return acknowledged.read_text().splitlines() if acknowledged.exists() else []


def test_eight_processes_on_one_queue_double_nothing_and_lose_nothing(
    place: Place, store: Store, tree: str, tmp_path: Path
) -> None:
    unpack(store, tree, ROOT, *(f"statement {n}" for n in range(2000)))
    assert store.enqueue(tree, [(Address(f"0.{n}"), 0, float(n % 7)) for n in range(2000)]) == 2000

    workers = [start("drain", place, tree, tmp_path / "acknowledged") for _ in range(8)]
    assert [worker.wait(timeout=300) for worker in workers] == [0] * 8

    done = Counter(lines(tmp_path / "acknowledged"))
    assert set(done.values()) == {1}
    assert len(done) == 2000
    children = pages(lambda **page: store.children(tree, ROOT, **page), 500)
    assert [each.n_children for each in children] == [2] * 2000
    assert store.waiting(tree) == 0
    sound(store)


@pytest.mark.crash
def test_killed_writers_lose_nothing_that_was_acknowledged(
    place: Place, store: Store, tree: str, tmp_path: Path
) -> None:
    """Some two hundred kills where opening takes a millisecond, forty where it takes a connection."""
    kills, size = (70, 20_000) if place.url.startswith("sqlite") else (14, 9_000)
    unpack(store, tree, ROOT, *(f"statement {n}" for n in range(3000)))
    store.enqueue(tree, [(Address(f"0.{n}"), 0, 0.0) for n in range(2, 3000)])
    acknowledged = tmp_path / "acknowledged"

    killers = [start("killed", place, tree, acknowledged, kills, size, seed) for seed in range(3)]
    assert [killer.wait(timeout=300) for killer in killers] == [0] * 3

    said = [line.split(" ", 1) for line in lines(acknowledged)]
    by_kind = {kind: [what for k, what in said if k == kind] for kind in {k for k, _ in said}}
    assert min(map(len, by_kind.values())) > 20, by_kind.keys()
    assert set(by_kind) == {"blob", "commit", "judgement", "move", "child"}
    with open_store(place.url) as after:
        sound(after)
        commits = by_kind["commit"]
        assert len(commits) == len(set(commits))
        unpacked = {s.address: s for s in after.nodes(tree, [Address(each) for each in commits])}
        assert all(unpacked[Address(each)].n_children == 4 for each in commits)
        judged = {each.id for each in pages(lambda **page: after.judgements(tree, **page), 1000)}
        assert judged >= set(by_kind["judgement"])
        moved = {each.by for each in pages(lambda **page: after.moves(tree, **page), 1000)}
        assert moved >= set(by_kind["move"])
        assert len(after.nodes(tree, [Address(each) for each in by_kind["child"]])) == len(by_kind["child"])
        assert all(after.has_blob(each) for each in by_kind["blob"])
        done = sum(s.is_unpacked for s in pages(lambda **page: after.children(tree, ROOT, **page), 1000))
        assert done >= len(commits)
        assert after.waiting(tree) == 2998 - done


@pytest.mark.crash
@pytest.mark.parametrize("label", LABELS)
def test_a_worker_killed_anywhere_leaves_one_expansion(
    place: Place, store: Store, tree: str, tmp_path: Path, label: str
) -> None:
    unpack(store, tree, ROOT, "to be unpacked")
    store.enqueue(tree, [(Address("0.0"), 0, 1.0)])
    acknowledged = tmp_path / "acknowledged"
    worker = start("stop at", place, tree, acknowledged, label)
    try:
        until(lambda: f"at {label}" in lines(acknowledged) or worker.poll() is not None)
        assert worker.poll() is None, "the worker is gone"
    finally:
        worker.kill()
        worker.wait()
    is_done = label in {"committed", "reported"}
    with open_store(place.url) as after:
        if not is_done:
            items = until(lambda: after.take(tree, worker="the next one", seconds=60))
            assert items[0].attempts == 2
            made = expansion(Address("0.0"), "the next one says", "and more")
            after.commit(items[0].lease, made)
        assert after.waiting(tree) == 0
        assert after.take(tree, worker="the next one", seconds=60) == []
        (stored,) = after.expansions(tree, Address("0.0"))
        texts = [each.text for each in after.children(tree, Address("0.0")).items]
        assert texts == [each.text for each in stored.children]
        assert texts[0] == ("the killed one says" if is_done else "the next one says")
        sound(after)


def until(happens: Callable[[], Result], seconds: float = 60.0) -> Result:
    """What ``happens`` returns as soon as that is true."""
    give_up = time.monotonic() + seconds
    while not (result := happens()):
        assert time.monotonic() < give_up, "it did not happen"
        time.sleep(0.01)
    return result


def test_a_backup_is_whole_while_others_write(place: Place, store: Store, tree: str, tmp_path: Path) -> None:
    unpack(store, tree, ROOT, *(f"statement {n}" for n in range(1000)))
    store.enqueue(tree, [(Address(f"0.{n}"), 0, 0.0) for n in range(2, 1000)])
    acknowledged = tmp_path / "acknowledged"
    n_copies = 5 if place.url.startswith("sqlite") else 2
    writer = start("fill", place, tree, acknowledged)
    try:
        for n in range(n_copies):
            while len(lines(acknowledged)) < 20 * (n + 1):
                assert writer.poll() is None, "the writer is gone"
                time.sleep(0.005)
            before = {line.split()[1] for line in lines(acknowledged) if line.startswith("judgement")}
            store.backup(tmp_path / f"copy{n}.db")
            with open_store(str(tmp_path / f"copy{n}.db"), create=False) as copy:
                sound(copy)
                judged = {each.id for each in pages(lambda **page: copy.judgements(tree, **page), 1000)}
                assert before <= judged
    finally:
        writer.kill()
        writer.wait()
    assert sorted(file.name for file in tmp_path.glob("copy*")) == [f"copy{n}.db" for n in range(n_copies)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system can't fork")
def test_a_store_goes_on_after_a_fork(store: Store, tree: str) -> None:
    unpack(store, tree, ROOT, "before")
    child = os.fork()
    if child == 0:
        code = 1
        try:
            unpack(store, tree, Address("0.0"), "by the child")
            store.close()
            code = 0
        finally:
            os._exit(code)
    for n in range(20):
        unpack(store, tree, ROOT, f"by the parent {n}", slot=n + 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert [s.text for s in store.children(tree, Address("0.0")).items] == ["by the child"]
    assert len(store.expansions(tree, ROOT)) == 21
    sound(store)
