"""How a statement fares on D: what it covers, how that came out, what it earns, how much of D* it carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kb.knowledge import Tree
from kb.statements import Statement
from ui.wording import clean, count, decimals, percent

__all__ = ["Evidence", "evidence_of", "outcome_table", "summary"]

MOST_CLASSES = 40


@dataclass(frozen=True, slots=True)
class Evidence:
    """What D and D* show of one statement.

    Attributes:
        covered: Cases of D that it speaks about; None where it has no condition.
        of: Cases of D.
        covered_Dstar: Cases of D* that it speaks about; None likewise.
        of_Dstar: Cases of D*.
        outcomes: Per class, how many of the covered cases came out so; all of D without a condition.
        base: Per class, the same over all of D.
        nats: What it and what lies below it earn on D; None before a fit.
    """

    covered: int | None
    of: int
    covered_Dstar: int | None  # noqa: N815  # D* is the name of the cases to predict
    of_Dstar: int  # noqa: N815
    outcomes: dict[str, int]
    base: dict[str, int]
    nats: float | None


def evidence_of(tree: Tree, s: Statement) -> Evidence:
    """Count the cases; the labels of D are used, those of D* are nowhere.

    Raises:
        InputError: The statement's condition can't be read.
    """
    K, y = len(tree.task.classes), tree.D.y
    base = np.bincount(y, minlength=K)
    covered = covered_star = None
    outcomes = base
    if s.draft.when:
        rows = tree.D.cases.matches([s.draft.when])[:, 0]
        covered = int(rows.sum())
        covered_star = int(tree.Dstar.matches([s.draft.when])[:, 0].sum())
        outcomes = np.bincount(y[rows], minlength=K)
    named = [dict(zip(tree.task.classes, counts.tolist(), strict=True)) for counts in (outcomes, base)]
    nats = s.measures.nats_on_D if s.measures else None
    return Evidence(covered, tree.D.n, covered_star, tree.Dstar.n, named[0], named[1], nats)


def summary(tree: Tree, found: Evidence) -> list[str]:
    """The evidence in sentences."""
    task = tree.task
    if found.covered is None:
        said = ["It has no condition of its own: what it says is tested by the statements below it."]
    else:
        said = [
            f"It speaks about {found.covered:,} of {count(found.of, 'case')} of D "
            f"({clean(task.about_train)}) and {found.covered_Dstar:,} of "
            f"{count(found.of_Dstar, 'case')} of D* ({clean(task.about_predict)})."
        ]
    if found.nats is not None:
        said.append(
            f"With what lies below it, it earns {decimals(found.nats)} nats on D over the base rate, "
            "measured out of fold. D alone can't tell whether that carries over."
        )
    else:
        said.append("Nothing was fitted yet: priory learn measures what it earns.")
    return said


def outcome_table(found: Evidence) -> dict[str, Any]:
    """Per class, its share among the cases that the statement speaks about, and in all of D."""
    total, all_of = max(sum(found.outcomes.values()), 1), max(sum(found.base.values()), 1)
    order = sorted(found.outcomes, key=lambda name: -found.outcomes[name])[:MOST_CLASSES]
    rows = []
    for name in order:
        here, base = found.outcomes[name] / total, found.base[name] / all_of
        cells: list[dict[str, Any]] = [{"t": clean(name)}]
        if found.covered is not None:
            cells.append({"t": f"{percent(here)} ({found.outcomes[name]:,})", "share": here})
        cells.append({"t": f"{percent(base)} ({found.base[name]:,})", "share": base, "plain": True})
        rows.append({"cells": cells})
    columns = [
        {"label": "outcome", "kind": ""},
        {"label": "of the cases it speaks about"},
        {"label": "of all of D"},
    ]
    if found.covered is None:
        del columns[1]
    return {"columns": columns, "rows": rows, "nothing": "D holds no case."}
