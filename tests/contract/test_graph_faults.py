"""Faults of a graph database: answers that get lost, claims that cross, a server that is killed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("neo4j", reason="the extra neo4j is not installed")

from neo4j import WRITE_ACCESS, ManagedTransaction, Session
from neo4j.exceptions import IncompleteCommit

from kb.address import ROOT, Address, key
from kb.records import Judgement, Move, TreeRecord
from kb.statements import Draft, Statement
from kb.stores.neo4j.connections import run
from kb.stores.neo4j.queries import QUERIES
from kb.stores.opening import open_store
from kb.stores.protocol import Store
from tests.contract.building import expansion, pages, sound, unpack
from tests.contract.conftest import Place
from tests.contract.test_processes import lines, start, until

if TYPE_CHECKING:
    from tests.neo4j_server.places import GraphPlace

pytestmark = pytest.mark.neo4j
TREE = "a" * 32


@pytest.fixture
def store(graph: GraphPlace) -> Iterator[Store]:
    with open_store(graph.emptied()) as opened:
        opened.create_tree(TreeRecord(TREE, "penguins", {}), Draft("the base rate"))
        unpack(opened, TREE, ROOT, "one", "two", "three")
        yield opened


class NotCommittedError(Exception):
    """Rolls a transaction back."""


@contextmanager
def an_answer_lost(monkeypatch: pytest.MonkeyPatch, *, arrives: bool) -> Iterator[list[str]]:
    """The answer to the next commit is lost; the commit itself arrives, or it does not."""
    lost: list[str] = []
    real = Session._run_transaction  # of managed transactions and of single statements

    def losing(self: Session, access: str, api: Any, work: Callable[..., Any], *given: Any) -> Any:
        if lost or access != WRITE_ACCESS:
            return real(self, access, api, work, *given)
        lost.append("lost")
        if arrives:
            real(self, access, api, work, *given)
        else:

            def undone(tx: ManagedTransaction, *args: Any, **named: Any) -> None:
                work(tx, *args, **named)
                raise NotCommittedError

            with suppress(NotCommittedError):
                real(self, access, api, undone, *given)
        raise IncompleteCommit("the connection broke")

    with monkeypatch.context() as patch:
        patch.setattr(Session, "_run_transaction", losing)
        yield lost
    assert lost == ["lost"]


WRITES: dict[str, Callable[[Store], object]] = {
    "create_tree": lambda store: store.create_tree(TreeRecord("b" * 32, "birds", {}), Draft("the base rate")),
    "append_child": lambda store: store.append_child(TREE, ROOT, Draft("by hand")),
    "put_statements": lambda store: store.put_statements(TREE, [Statement(Address("0.0.0"), Draft("put"))]),
    "append_judgements": lambda store: store.append_judgements(
        TREE, [Judgement("j", "rating", ROOT, "human:ada", 0.5)]
    ),
    "append_moves": lambda store: store.append_moves(TREE, [Move("ask", ROOT, "search", taken=True)]),
    "put_document": lambda store: store.put_document(TREE, "kind", "key", {"a": 1}, expected=0),
    "enqueue": lambda store: store.enqueue(TREE, [(Address("0.0"), 0, 1.0)]),
    "put_blob": lambda store: store.put_blob(b"x" * 10_000_000),
    "update_spec": lambda store: store.update_spec(TREE, {"a": 1}),
    "set_dropped": lambda store: store.set_dropped(TREE, Address("0.1"), is_dropped=True),
    "lease": lambda store: store.lease(TREE, Address("0.0"), 0, worker="w", seconds=60),
}


@pytest.mark.parametrize("arrives", [True, False], ids=["committed", "not committed"])
@pytest.mark.parametrize("name", WRITES)
def test_a_write_whose_answer_is_lost_is_done_once(
    store: Store, monkeypatch: pytest.MonkeyPatch, name: str, arrives: bool
) -> None:
    with an_answer_lost(monkeypatch, arrives=arrives):
        result = WRITES[name](store)
    if name == "lease":
        assert result is not None
        assert store.lease(TREE, Address("0.0"), 0, worker="other", seconds=60) is None
    if name == "append_child":
        assert store.node(TREE, Address("0.3")) == result
    assert len(store.children(TREE, ROOT).items) == 3 + (name == "append_child")
    assert len(store.judgements(TREE).items) == (name == "append_judgements")
    assert len(store.moves(TREE).items) == (name == "append_moves")
    document = store.document(TREE, "kind", "key")
    assert (document.version if document else 0) == (name == "put_document")
    assert store.waiting(TREE) == (name == "enqueue")
    assert len(store.trees()) == 1 + (name == "create_tree")
    sound(store)


@pytest.mark.parametrize("arrives", [True, False], ids=["committed", "not committed"])
def test_a_claim_and_a_commit_whose_answers_are_lost_are_done_once(
    store: Store, monkeypatch: pytest.MonkeyPatch, arrives: bool
) -> None:
    store.enqueue(TREE, [(Address("0.0"), 0, 1.0), (Address("0.1"), 0, 0.0)])
    with an_answer_lost(monkeypatch, arrives=arrives):
        (item,) = store.take(TREE, worker="w", seconds=60)
    assert (item.address, item.attempts, item.lease.fence) == ("0.0", 1, 1)
    with an_answer_lost(monkeypatch, arrives=arrives):
        made = store.commit(item.lease, expansion(Address("0.0"), "a", "b"))
    assert store.expansions(TREE, Address("0.0")) == [made]
    assert [each.text for each in store.children(TREE, Address("0.0")).items] == ["a", "b"]
    assert store.waiting(TREE) == 1
    sound(store)


NAIVE = (
    "MATCH (w:Work) WHERE w.tree = $tree AND w.queue = 'waiting' AND w.rank >= $lowest AND w.seq >= 0 "
    "WITH w ORDER BY w.tree, w.queue, w.rank, w.seq LIMIT 1 "
    "SET w.queue = 'leased', w.worker = $worker RETURN w.address"
)


@pytest.mark.parametrize(("query", "wanted"), [(QUERIES["claim"], 1), (NAIVE, 2)], ids=["ours", "naive"])
def test_two_claims_that_cross_are_granted_once(
    store: Store, graph: GraphPlace, query: str, wanted: int
) -> None:
    """The naive one is a control: if it claimed once, too, this test would show nothing."""
    store.enqueue(TREE, [(Address("0.0"), 0, 1.0)])
    claimed: list[str] = []
    is_claimed, may_commit = threading.Event(), threading.Event()

    def claim(tx: ManagedTransaction, worker: str) -> None:
        given = {"tree": TREE, "lowest": -1e9, "skip": 0, "limit": 1, "seconds": 60, "grant": worker}
        rows = run(tx, query, worker=worker, now=None, **given)
        claimed.extend(worker for _ in rows)
        is_claimed.set()
        assert may_commit.wait(30)

    with graph.database() as db:
        first = threading.Thread(target=lambda: db.writing(lambda tx: claim(tx, "first")))
        first.start()
        assert is_claimed.wait(30)
        second = threading.Thread(target=lambda: db.writing(lambda tx: claim(tx, "second")))
        second.start()
        second.join(0.5)  # it has read the queue by now, and waits for the lock of the first
        may_commit.set()
        first.join()
        second.join()
    assert len(claimed) == wanted


@pytest.mark.crash
def test_a_server_that_is_killed_loses_nothing_that_was_acknowledged(
    graph: GraphPlace, tmp_path: Path
) -> None:
    server = graph.server
    if server is None:
        pytest.skip("only on a server of our own can be killed")
    place = Place(graph.emptied(), graph.emptied)
    acknowledged = tmp_path / "acknowledged"
    with open_store(place.url) as store:
        store.create_tree(TreeRecord(TREE, "penguins", {}), Draft("the base rate"))
        unpack(store, TREE, ROOT, *(f"statement {n}" for n in range(2000)))
        store.enqueue(TREE, [(Address(f"0.{n}"), 0, 0.0) for n in range(2, 2000)])
    writers = [start("fill", place, TREE, acknowledged) for _ in range(3)]
    try:
        until(lambda: len(lines(acknowledged)) > 100, 180)
        server.kill()
        before = len(lines(acknowledged))
        server.start()
        until(lambda: len(lines(acknowledged)) > before + 100, 180)
        assert [writer.poll() for writer in writers] == [None] * 3, "a writer gave up"
    finally:
        for writer in writers:
            writer.kill()
            writer.wait()
    with open_store(place.url) as store:
        sound(store)
        said = [line.split(" ", 1) for line in lines(acknowledged)]
        commits = [what for kind, what in said if kind == "commit"]
        assert len(commits) == len(set(commits))
        stored = {s.address: s for s in store.nodes(TREE, [Address(each) for each in commits])}
        assert all(stored[Address(each)].n_children == 4 for each in commits)
        judged = [each.id for each in pages(lambda **page: store.judgements(TREE, **page), 1000)]
        assert len(judged) == len(set(judged))
        assert {what for kind, what in said if kind == "judgement"} <= set(judged)
        moved = [each.by for each in pages(lambda **page: store.moves(TREE, **page), 1000)]
        assert len(moved) == len(set(moved))
        assert {what for kind, what in said if kind == "move"} <= set(moved)
        children = [Address(what) for kind, what in said if kind == "child"]
        assert len(store.nodes(TREE, children)) == len(children)
        by_hand = [s.text for s in pages(lambda **page: store.children(TREE, Address("0.0"), **page), 1000)]
        assert len(by_hand) == len(set(by_hand))
        assert all(store.has_blob(what) for kind, what in said if kind == "blob")


@pytest.mark.usefixtures("store")
def test_the_key_of_a_statement_is_its_name(graph: GraphPlace) -> None:
    rows = graph.run("MATCH (s:Statement {address: '0.1'}) RETURN s.key AS key")
    assert rows == [{"key": key(TREE, Address("0.1"))}]
