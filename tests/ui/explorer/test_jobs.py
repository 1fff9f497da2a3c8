"""Unpacking asked for on a page: once each, whoever works it off, with its failure and its choice kept."""

from __future__ import annotations

import threading

import pytest

from kb.address import ROOT, Address
from kb.errors import InputError
from kb.knowledge import Tree
from learning.choosing import waiting_choice
from tests.language_models import need
from ui.explorer import jobs, working
from ui.explorer.jobs import FAILED, NEEDS_PERSON, WAITING
from ui.explorer.provenance import choice_steps
from unpacking.induction import InductionUnpacker
from unpacking.worker import work


def test_a_step_is_asked_for_once_and_worked_off(planted_tree: Tree) -> None:
    first = jobs.ask(planted_tree, ROOT, unpacker="induction", by="human:ada")
    jobs.ask(planted_tree, ROOT, unpacker="induction", by="human:bob")
    assert [(j.address, j.slot, j.by, j.state) for j in jobs.jobs(planted_tree)] == [
        ("0", 0, "human:ada", WAITING)
    ]
    assert planted_tree.store.waiting(planted_tree.tree_id) == 1
    assert working.work_off(planted_tree)
    assert jobs.jobs(planted_tree) == []
    made = planted_tree.store.expansions(planted_tree.tree_id, ROOT)
    assert [(e.slot, e.unpacker) for e in made] == [(first.slot, "induction")]
    assert [m.by for m in planted_tree.moves() if m.kind == "unpack"] == ["human:ada"]
    assert not working.work_off(planted_tree)


def test_what_another_worker_did_is_taken_off_the_list(planted_tree: Tree) -> None:
    jobs.ask(planted_tree, ROOT, unpacker="induction", by="human:ada")
    work(planted_tree, InductionUnpacker())
    working.settle(planted_tree)
    assert jobs.jobs(planted_tree) == []


def test_a_step_that_fails_keeps_the_reason_and_can_be_asked_for_again(
    planted_tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise InputError("the model said nothing.", where="0")

    jobs.ask(planted_tree, ROOT, unpacker="induction", by="human:ada")
    with monkeypatch.context() as patched:
        patched.setattr(working, "unpack_under", broken)
        assert working.work_off(planted_tree)
    (job,) = jobs.jobs(planted_tree)
    assert job.state == FAILED
    assert "the model said nothing" in job.reason
    assert not working.work_off(planted_tree)
    assert planted_tree.store.node(planted_tree.tree_id, ROOT) is not None
    jobs.retry(planted_tree, job)
    assert working.work_off(planted_tree)
    assert jobs.jobs(planted_tree) == []
    assert planted_tree.statement(ROOT).is_unpacked


def test_steps_queued_for_other_workers_are_left_to_them(planted_tree: Tree) -> None:
    planted_tree.store.enqueue(planted_tree.tree_id, [(ROOT, 0, 0.0)])
    assert not working.work_off(planted_tree)
    assert planted_tree.store.waiting(planted_tree.tree_id) == 1


def test_proposals_too_close_wait_for_a_person(dogs: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "MARGIN", 2.0)
    steps = [e for s in dogs.walk() for e in dogs.store.expansions(dogs.tree_id, s.address)]
    address = next(e.address for e in steps if sum(not p.problems for p in e.proposals) > 1)
    jobs.ask(dogs, address, unpacker="induction", by="human:ada")
    working.work_off(dogs)
    (job,) = jobs.jobs(dogs)
    assert job.state == NEEDS_PERSON
    waiting = waiting_choice(dogs, address)
    assert waiting is not None
    (step,) = choice_steps(dogs, dogs.statement(address))["steps"]
    assert len(step["proposals"]) == len(waiting.proposals)
    assert any(p["first"] for p in step["proposals"])


def test_people_who_ask_at_once_are_all_heard(dogs: Tree) -> None:
    open_ones = [s.address for s in dogs.walk() if not s.is_unpacked][:6]
    asking = [
        threading.Thread(target=jobs.ask, args=(dogs, a), kwargs={"unpacker": "induction", "by": "human:ada"})
        for a in open_ones
    ]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert {j.address for j in jobs.jobs(dogs)} == set(open_ones)


def test_one_thread_of_a_server_works_for_a_tree(planted_tree: Tree) -> None:
    jobs.ask(planted_tree, ROOT, unpacker="induction", by="human:ada")
    first = working.start(planted_tree)
    assert working.start(planted_tree) is first or not first.is_alive()
    first.join(timeout=60)
    assert planted_tree.statement(ROOT).is_unpacked


def test_an_unknown_statement_is_refused(planted_tree: Tree) -> None:
    with pytest.raises(InputError, match="no such statement"):
        jobs.ask(planted_tree, Address("0.7"), unpacker="induction", by="human:ada")
    assert jobs.jobs(planted_tree) == []


def test_induction_is_said_to_cost_nothing(planted_tree: Tree) -> None:
    assert "no money" in jobs.price(planted_tree, ROOT, "induction")


def test_a_price_says_that_it_is_an_estimate(planted_tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    need("langchain_openai", "langchain-openai")
    monkeypatch.setenv("PRIORY_MODEL", "openai:gpt-5-mini")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    said = jobs.price(planted_tree, ROOT, "language-model")

    assert "about $0.0" in said
    assert "by prices estimated on" in said
