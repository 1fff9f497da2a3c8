"""People made of chance, for tests: they know the truth about D* to some degree."""

from __future__ import annotations

import numpy as np

from kb.address import ROOT
from kb.arrays import Codes
from kb.knowledge import Tree
from kb.statements import Draft
from learning.growing import add
from learning.people.forecasts import Arm, Forecast, record_forecasts

__all__ = ["forecast_cases", "rate_aspects", "write_dogs"]


def write_dogs(tree: Tree) -> Tree:
    """Z of the planted task, written and not found, so that it is the same whatever the labels."""
    for column, conditions in (
        ("snow", ["snow = 'deep'"]),
        ("body_0", ["body_0 > 0", "body_0 > 1"]),
        ("body_1", ["body_1 > 0", "body_1 > 1"]),
        ("body_2", ["body_2 > 0", "body_2 > 1"]),
    ):
        draft = Draft(f"{column} tells.", "aspect", columns=(column,), origin="human:test")
        aspect = tree.store.append_child(tree.tree_id, ROOT, draft)
        for condition in conditions:
            add(tree, aspect.address, f"{condition}.", when=condition)
    return tree


def rate_aspects(tree: Tree, *, snow: float, body: float) -> None:
    """One rater's plausibility of every aspect."""
    for s in tree.children():
        tree.judge("rating", s.address, "human:ada", value=snow if "snow" in s.text else body)


def forecast_cases(  # who says what of which cases
    tree: Tree,
    cases: tuple[int, ...],
    truth: Codes,
    *,
    rater: str = "human:ada",
    arm: Arm = "unaided",
    right: float = 0.85,
    sure: float = 0.85,
    seed: int = 0,
) -> None:
    """Forecasts that favour the truth in a share of the cases, and another class in the others."""
    rng = np.random.default_rng(seed)
    classes = tree.task.classes
    given = []
    for case in cases:
        k = int(truth[case])
        if rng.random() >= right:
            k = (k + 1 + int(rng.integers(len(classes) - 1))) % len(classes)
        p = np.full(len(classes), (1.0 - sure) / (len(classes) - 1))
        p[k] = sure
        given.append(Forecast(rater, case, dict(zip(classes, p.tolist(), strict=True)), arm, sample="V"))
    record_forecasts(tree, given)
