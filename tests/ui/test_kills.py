"""SIGKILL at any moment of unpacking and rating: nothing acknowledged is lost, nothing is doubled."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from kb.address import Address
from kb.knowledge import Tree, open_kb
from kb.records import Cost, Expansion
from learning.asking import answer
from learning.fitting import latest_fit
from learning.growing import unpack_below
from tests.tasks import grow, planted
from tests.ui.mortal import LEASE_SECONDS, LEVELS, RATED

ROOM = Path(__file__).parents[2]
DUTIES = {"grow": 70, "grow too": 70, "rate": 70}  # kills of each lane
GROWING = [f"growing{n:02}" for n in range(8)]
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

pytestmark = [
    pytest.mark.crash,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system can't fork"),
]


def make(file: Path) -> str:
    """Trees that only have a root, and one that is grown, fitted and ready to be rated."""
    url = f"sqlite:///{file}"
    with open_kb(url) as kb:
        for n, name in enumerate([*GROWING, RATED]):
            grow(kb, planted(seed=n, n=120, n_star=40), name)
        tree = kb.tree(RATED)
        unpack_below(tree, levels=2)
        latest_fit(tree)
    return url


def content(tree: Tree) -> tuple[list[object], list[Expansion]]:
    """All that people see of a tree and all that led to it, without when it was and what it took."""
    statements = list(tree.walk(dropped=True))
    said = [(s.address, s.draft, s.n_children, s.is_unpacked, s.is_dropped) for s in statements]
    made = [e for s in statements for e in tree.store.expansions(tree.tree_id, s.address)]
    return [*said], [replace(e, cost=Cost(), created=0.0) for e in made]


def test_two_hundred_kills_while_unpacking_and_rating_lose_nothing(tmp_path: Path) -> None:
    url = make(tmp_path / "killed.db")
    reported = {duty: tmp_path / f"reported {duty}" for duty in DUTIES}
    lanes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.ui.mortal", duty, url, str(reported[duty]), str(kills), str(seed)],
            cwd=ROOM,
            env={**os.environ, **ONE_THREAD},
        )
        for seed, (duty, kills) in enumerate(DUTIES.items())
    ]
    assert [lane.wait(timeout=120) for lane in lanes] == [0] * len(lanes)

    lines = [line.split() for file in reported.values() for line in file.read_text().splitlines()]
    ends = Counter(int(line[1]) for line in lines if line[0] == "ended")
    assert set(ends) <= {-9, 0}, "a child failed by itself"  # 0: all was grown before the kill came
    assert ends[-9] >= 200
    unpacked = [(name, Address(where)) for kind, name, where, *_ in (x for x in lines if x[0] == "unpacked")]
    judged = {x[2]: x[3] for x in lines if x[0] == "judged"}
    assert len(unpacked) > 30
    assert len(judged) > 40
    assert any(x[0] == "queued" for x in lines)

    with open_kb(url, create=False) as kb:
        assert list(kb.store.check()) == []
        assert max(Counter(unpacked).values()) == 1
        for name, where in unpacked:
            assert kb.tree(name).statement(where).is_unpacked
        tree = kb.tree(RATED)
        stored = {j.id: str(j.value) for j in tree.judgements()}
        assert len(stored) == len(tree.judgements())
        assert {name: stored.get(name) for name in judged} == judged
        assert len(stored) - len(judged) <= DUTIES["rate"], "a kill may hide one write, not more"

    grows_on_as_if_nothing_had_happened(url, make(tmp_path / "undisturbed.db"), {n for n, _ in unpacked})


def grows_on_as_if_nothing_had_happened(url: str, undisturbed: str, names: set[str]) -> None:
    """Every tree that was killed in becomes what it becomes elsewhere, and ratings go on."""
    time.sleep(LEASE_SECONDS)
    with open_kb(url, create=False) as kb, open_kb(undisturbed, create=False) as other:
        for name in sorted(names):
            grown, expected = kb.tree(name), other.tree(name)
            unpack_below(grown, levels=LEVELS)
            unpack_below(expected, levels=LEVELS)
            assert content(grown) == content(expected)
        assert content(kb.tree(RATED)) == content(other.tree(RATED))
        before = len(kb.tree(RATED).judgements())
        answer(kb.tree(RATED), "0.0", rater="human:cleo", value=0.5)
        assert len(kb.tree(RATED).judgements()) == before + 1
        assert list(kb.store.check()) == []
