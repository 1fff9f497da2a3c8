"""SIGKILL at every point of a step by a language model: no answer is paid twice, no child doubled."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from kb.knowledge import Tree, open_kb
from kb.records import Document
from tests.language_models import need
from tests.tasks import grow, planted
from tests.unpacking.language_model.mortal import LEASE_SECONDS, POINTS, Paid, Trap, live, read_once
from unpacking.transcripts import RESPONSE

need("langchain_core", "langchain-core")

ROOM = Path(__file__).parents[3]
KILLS = 210
TREES = [f"tree{n:02}" for n in range(64)]

pytestmark = [
    pytest.mark.crash,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system can't fork"),
]


def stored(tree: Tree) -> tuple[Document, ...]:
    """The answers that a tree keeps; fewer than a page."""
    return tree.store.documents(tree.tree_id, RESPONSE, limit=1000).items


def test_two_hundred_kills_pay_nothing_twice_and_double_nothing(tmp_path: Path) -> None:
    url, paid = f"sqlite:///{tmp_path}/killed.db", tmp_path / "paid"
    with open_kb(url) as kb:
        for n, name in enumerate(TREES):
            grow(kb, planted(n, n=80, n_star=40), name)
    done = subprocess.run(
        [sys.executable, "-m", "tests.unpacking.language_model.mortal", url, str(paid), str(KILLS), "0"],
        cwd=ROOM,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )
    ends = [line.split("|") for line in done.stdout.splitlines()]
    assert {end for *_, end in ends} <= {"-9", "0"}, "a child failed by itself"
    died = Counter(point for point, _, end in ends if end == "-9")
    assert died.total() >= 200
    assert set(died) == set(POINTS)

    asked = Counter(paid.read_text().splitlines())
    assert len(asked) > 100

    time.sleep(LEASE_SECONDS)
    with open_kb(url, create=False) as kb:
        assert list(kb.store.check()) == []
        kept = sum(len(stored(kb.tree(name))) for name in TREES)
        lost = died["after request"]  # the process died while the provider was still writing
        assert asked.total() == kept + lost, "an answer that was stored was paid for once more"
        touched = [name for name in TREES if kb.tree(name).children()]
        assert len(touched) > 10
        for name in touched:
            tree = kb.tree(name)
            for s in tree.walk():
                steps = tree.store.expansions(tree.tree_id, s.address)
                assert len(steps) <= 1, "a step was taken twice"
                assert len(tree.children(s.address)) == (len(steps[0].children) if steps else 0)

    name = touched[0]
    with open_kb(url, create=False) as kb:
        cached = read_once(kb.tree(name))
    for _ in range(2):
        live(url, name, paid, Trap("never", 1), Paid(), cached)
    with open_kb(url, create=False) as kb:
        kept = sum(len(stored(kb.tree(name))) for name in TREES)
    assert len(paid.read_text().splitlines()) == kept + lost, (
        "a run that goes on asks for what is missing only"
    )
