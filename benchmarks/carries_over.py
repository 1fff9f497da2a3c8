"""How well Priory predicts under shift, over seeds: `python -m benchmarks.carries_over penguins`."""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.tasks import ShiftedTask, mushrooms, penguins
from kb.knowledge import Tree, open_kb
from learning.asking import Question, answer, questions
from learning.comparison import D_HELD_OUT, D_STAR
from learning.predicting import predict
from learning.reporting import report
from learning.scores import accuracy, log_loss
from learning.search import learn

RATER = "oracle:naturalist"


def rate(tree: Tree, task: ShiftedTask, most: int) -> int:
    """Answer what is asked, most valuable first, at most so many answers; how many were given."""
    for given in range(most):
        waiting = questions(tree, rater=RATER, limit=1)
        if not waiting:
            return given
        answer(tree, waiting[0], rater=RATER, value=say(tree, task, waiting[0]))
    return most


def say(tree: Tree, task: ShiftedTask, question: Question) -> float:
    """What the oracle answers: D* is another place; of statements in general, what most columns deserve."""
    if question.kind == "task":
        return 0.0
    columns = tree.statement(question.address).draft.columns
    if not columns:
        return statistics.median(task.oracle.values())
    return min(task.oracle[c] for c in columns)


def run(name: str, seed: int, most: int, *, rows: bool) -> dict[tuple[str, str], tuple[float, float]]:
    """(row, split) → accuracy and log loss of one seed."""
    task = penguins(seed) if name == "penguins" else mushrooms(seed)
    with tempfile.TemporaryDirectory() as folder, open_kb(f"sqlite:///{Path(folder) / 'b.db'}") as kb:
        tree = kb.create(task.prepared)
        learn(tree)
        given = rate(tree, task, most)
        learn(tree)
        given += rate(tree, task, most - given)
        if rows:
            found = report(tree, task.labels, seed=seed)
            return {(r.name, r.split): (r.accuracy, r.log_loss) for r in found.rows}
        p = predict(tree).p
        return {("Priory", D_STAR): (accuracy(task.labels, p), log_loss(task.labels, p))}


def main() -> None:
    """Print means and standard deviations over seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=["penguins", "mushrooms"])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--ratings", type=int, default=6)
    parser.add_argument("--rows", action="store_true", help="All rows of the report, not Priory alone.")
    options = parser.parse_args()
    began = time.time()
    runs = [run(options.task, s, options.ratings, rows=options.rows) for s in range(options.seeds)]
    took = time.time() - began
    print(f"{options.task}: {options.seeds} seeds, at most {options.ratings} answers each, {took:.0f} s")
    for row, split in sorted({k for r in runs for k in r}, key=lambda k: (k[1] == D_HELD_OUT, k)):
        scores = np.array([r[row, split] for r in runs if (row, split) in r])
        mean, sd = scores.mean(axis=0), scores.std(axis=0)
        print(
            f"{split:<11} {row:<32} {100 * mean[0]:5.1f} ± {100 * sd[0]:4.1f} %   "
            f"{mean[1]:.3f} ± {sd[1]:.3f} nats"
        )


if __name__ == "__main__":
    main()
