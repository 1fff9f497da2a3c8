"""Several raters' processes on one session at once, some of them killed between two writes."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

from kb.address import ROOT
from kb.knowledge import KnowledgeBase, Tree
from kb.statements import Draft
from learning.sessions import Session, all_items, new_session
from tests.tasks import Table, grow

ROOM = Path(__file__).parents[2]


def start(tree: Tree, session: str, rater: str, deaths: float) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.learning.session_worker", tree.store.url]
    return subprocess.Popen([*command, tree.name, session, rater, str(deaths)], cwd=ROOM)


def grown(kb: KnowledgeBase, table: Table, n: int) -> Tree:
    tree = grow(kb, table, "dogs")
    for i in range(n):
        tree.store.append_child(tree.tree_id, ROOT, Draft(f"Claim {i}.", "claim"))
    return tree


def finish(tree: Tree, session: str, raters: list[str], deaths: float) -> int:
    """Start a process a rater, again for those that died; how often one died."""
    died = 0
    running = {rater: start(tree, session, rater, deaths) for rater in raters}
    while running:
        for rater, process in list(running.items()):
            code = process.wait(timeout=120)
            del running[rater]
            assert code in (0, 9)
            if code == 9:
                died += 1
                running[rater] = start(tree, session, rater, deaths if died < 4 else 0.0)
    return died


def test_four_raters_at_once_share_items_without_doubling_or_losing_one(
    kb: KnowledgeBase, planted_table: Table
) -> None:
    tree = grown(kb, planted_table, 40)
    new_session(tree, Session("shared", raters=2))

    finish(tree, "shared", [f"human:{n}" for n in range(4)], 0.0)

    answered = Counter((j.details["item"], j.rater) for j in tree.judgements())
    assert set(answered.values()) == {1}
    assert Counter(item for item, _ in answered) == dict.fromkeys(range(40), 2)
    assert all(len(i.answered) == 2 and not i.leases for i in all_items(tree, "shared"))


def test_a_rater_whose_processes_are_killed_answers_everything_once(
    kb: KnowledgeBase, planted_table: Table
) -> None:
    tree = grown(kb, planted_table, 30)
    new_session(tree, Session("mortal"))

    died = finish(tree, "mortal", ["human:ada"], 0.03)

    assert died > 0
    assert Counter(j.details["item"] for j in tree.judgements()) == dict.fromkeys(range(30), 1)
