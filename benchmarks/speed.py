"""What Priory costs, beside named baselines in the same run: `python -m benchmarks.speed`."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from benchmarks.tasks import penguins
from kb.arrays import Codes, Numbers
from kb.knowledge import Tree, open_kb
from kb.tables import PreparedTask, TaskOptions, prepare_task_from_columns
from learning.expectation import expectation_over
from learning.fitting import latest_fit
from learning.growing import unpack
from learning.matches import Matches
from learning.predicting import predict
from learning.scorecard import Scorecard, fit_points
from learning.search import learn
from learning.switches import Switchboard
from unpacking.budget import Budget
from unpacking.induction import InductionUnpacker
from unpacking.step import Choice, best_approved, propose, unpack_step


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """Fastest of some runs."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return min(took)


def wide_task(rows: int, columns: int, seed: int = 0) -> PreparedTask:
    """A third of the columns tell three classes, one is planted, a fifth are categories, some missing."""
    rng = np.random.default_rng(seed)

    def made(n: int, agree: float) -> tuple[dict[str, object], Codes]:
        y = rng.integers(0, 3, n)
        table: dict[str, object] = {}
        for c in range(columns - 1):
            pull = 0.8 * (c % 3 == 0)
            x = rng.normal(size=n) + pull * np.take(rng.permutation(3), y)
            if c % 5 == 0:
                table[f"c{c}"] = np.array(["low", "middle", "high", "top"], dtype=object)[
                    np.clip(np.digitize(x, [-0.5, 0.5, 1.5]), 0, 3)
                ]
            else:
                table[f"c{c}"] = np.where(rng.random(n) < 0.03, np.nan, x.round(3))
        planted = np.where(rng.random(n) < agree, y, rng.integers(0, 3, n))
        table["planted"] = np.array(["a", "b", "c"], dtype=object)[planted]
        return table, y

    D, y = made(rows, 0.95)
    star, _ = made(rows, 0.3)
    D["y"] = np.array(["red", "green", "blue"], dtype=object)[y]
    return prepare_task_from_columns("wide", train=D, predict=star, target="y", options=TaskOptions())


def fit_against_regression(n: int, m: int, families: int, classes: int) -> tuple[float, float]:
    """Seconds of one fit in expectation over worlds, and of scikit-learn on the same matrix."""
    rng = np.random.default_rng(0)
    A: Numbers = (rng.random((n, m)) < 0.3).astype(np.float64)
    truth = rng.normal(size=(m, classes)) * 0.4
    u = A @ truth
    y = (u + rng.gumbel(size=u.shape)).argmax(axis=1)
    names = [f"s{f}" for f in range(families)]
    tau = dict.fromkeys(names, 0.8)
    board = Switchboard.of(tau, [frozenset([names[s % families]]) for s in range(m)])
    card = Scorecard(board, (-1,) * m, classes)
    over = expectation_over(board, n, classes, seed=0)
    ours = seconds(lambda: fit_points(card, Matches(A), y, over, strength=1.0), 2)
    theirs = seconds(lambda: LogisticRegression(C=1.0, max_iter=2000).fit(A, y), 2)
    return ours, theirs


def own_time_of_steps(tree: Tree) -> tuple[float, float]:
    """Median milliseconds of a step, and of that without proposing and approving."""
    mz, spent, whole, own = InductionUnpacker(), 0.0, [], []
    for statement in list(tree.walk()):
        if statement.is_unpacked:
            continue
        began = time.perf_counter()
        proposals = propose(tree, statement.address, mz, n=3, seed=0)
        spent = time.perf_counter() - began
        choice = Choice(proposals, best_approved(statement.address, proposals))
        began = time.perf_counter()
        unpack_step(tree, statement.address, mz, choice=choice)
        own.append(1e3 * (time.perf_counter() - began))
        whole.append(own[-1] + 1e3 * spent)
    return statistics.median(whole), statistics.median(own)


def start_ups() -> dict[str, float]:
    """Milliseconds of importing priory and of `priory --help`, over a bare interpreter's."""
    commands = {
        "bare interpreter": [sys.executable, "-c", "pass"],
        "import priory": [sys.executable, "-c", "import priory"],
        "import kb": [sys.executable, "-c", "import kb"],
        "priory --help": [sys.executable, "-c", "from ui.main import main; main()", "--help"],
    }
    return {
        name: 1e3 * seconds(lambda c=command: subprocess.run(c, check=True, capture_output=True), 5)  # type: ignore[misc]
        for name, command in commands.items()
    }


def main() -> None:
    """Print everything that the issue names."""
    warnings.filterwarnings("ignore")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--columns", type=int, default=50)
    options = parser.parse_args()
    for name, ms in start_ups().items():
        print(f"{name:<40} {ms:8.0f} ms")
    for n, m, families, classes in ((10_000, 200, 50, 3), (10_000, 200, 50, 2), (100_000, 200, 50, 2)):
        ours, theirs = fit_against_regression(n, m, families, classes)
        what = f"fit {n} × {m}, {families} switches, {classes} classes"
        print(f"{what:<50} {ours:6.2f} s, logistic regression {theirs:5.2f} s, ratio {ours / theirs:4.1f}")
    with tempfile.TemporaryDirectory() as folder, open_kb(f"sqlite:///{Path(folder) / 's.db'}") as kb:
        birds = kb.create(penguins(0).prepared)
        unpack(birds, "0")
        for child in birds.children("0"):
            unpack(birds, child.address)
        whole, own = own_time_of_steps(birds)
        print(f"unpack step, penguins: p50 {whole:.1f} ms, beyond proposing and approving {own:.1f} ms")
        began = time.perf_counter()
        tree = kb.create(wide_task(options.rows, options.columns))
        print(f"prepare and store {options.rows} × {options.columns}: {time.perf_counter() - began:.1f} s")
        began = time.perf_counter()
        found = learn(tree, budget=Budget(seconds=300))
        took = time.perf_counter() - began
        print(f"learn {options.rows} × {options.columns}: {found.statements} statements in {took:.1f} s")
        latest_fit(tree)
        took = seconds(lambda: predict(tree), 2)
        print(f"predict: {tree.Dstar.n / took:,.0f} cases/s")


if __name__ == "__main__":
    main()
