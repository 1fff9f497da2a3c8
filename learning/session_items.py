"""Which items a session asks: statements, pairs or cases, with gold and repeats hidden among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from kb.address import ROOT, Address
from kb.errors import InputError
from kb.knowledge import Tree
from learning.prior import ratings_of

if TYPE_CHECKING:
    from learning.sessions import Session

__all__ = ["Drawn", "drawn_items"]

NOBODY = "oracle:nobody"  # has answered nothing, so that nothing is left out for them
PAIRS_A_STATEMENT = 1.5  # a ring that holds the comparisons together, and half as many across


@dataclass(frozen=True, slots=True)
class Drawn:
    """An item before it is kept; the fields are those of ``Item``."""

    kind: str
    about: tuple[Address, ...]
    case: int | None = None
    gold: tuple[float, float] | None = None
    repeat_of: int | None = None


def drawn_items(tree: Tree, plan: Session, *, most: int | None) -> list[Drawn]:
    """The items in the order of the session: asked ones, gold in between, repeats behind what they repeat.

    Raises:
        InputError: Nothing is left to ask.
    """
    rng = np.random.default_rng(plan.seed)
    asked = _asked(tree, plan, most, rng)
    if not asked:
        raise InputError(
            "nothing is left to ask.",
            where=f"{tree.name} {plan.at}",
            remedy=f"Unpack more, priory unpack {plan.at} {tree.option}, or choose other statements.",
        )
    return _with_repeats(_with_gold(asked, plan, rng), plan, rng)


def _asked(tree: Tree, plan: Session, most: int | None, rng: np.random.Generator) -> list[Drawn]:
    if plan.task == "prediction":
        cases = _cases(tree, plan, rng)
        return [Drawn("prediction", (ROOT,), case=c) for c in cases[:most]]
    gold = set(plan.gold)
    if plan.task == "comparison":
        chosen = [a for a in _statements(tree, plan) if a not in gold]
        return [Drawn("comparison", pair) for pair in _pairs(chosen, rng)[:most]]
    if plan.statements == "valuable":
        return _most_valuable(tree, plan, most)
    return [Drawn("rating", (a,)) for a in _statements(tree, plan) if a not in gold][:most]


def _statements(tree: Tree, plan: Session) -> list[Address]:
    if plan.statements == "valuable":
        return [d.about[0] for d in _most_valuable(tree, plan, None) if d.kind == "rating"]
    found = [s.address for s in tree.walk(plan.at) if s.address != ROOT]
    if plan.statements == "unrated":
        rated = {r.address for r in ratings_of(tree.judgements())}
        found = [a for a in found if a not in rated]
    return found


def _most_valuable(tree: Tree, plan: Session, most: int | None) -> list[Drawn]:
    """By leverage; the question about the task first, as everything hangs on it."""
    from learning.asking import questions

    below = tuple(f"{plan.at}{mark}" for mark in (".", "@"))
    asked = questions(tree, rater=NOBODY, limit=10_000)
    chosen = [
        Drawn(q.kind, (q.address,))
        for q in asked
        if q.address not in plan.gold
        and (q.kind == "task" if q.address == ROOT else plan.at == q.address or q.address.startswith(below))
    ]
    return chosen[:most]


def _pairs(statements: Sequence[Address], rng: np.random.Generator) -> list[tuple[Address, Address]]:
    """A ring through all statements in random order, so that every two are linked, then some across."""
    order = [statements[i] for i in rng.permutation(len(statements))]
    if len(order) < 2:
        return []
    ring = list(zip(order, [*order[1:], order[0]], strict=True)) if len(order) > 2 else [(order[0], order[1])]
    seen = {frozenset(pair) for pair in ring}
    possible = len(order) * (len(order) - 1) // 2
    while len(seen) < min(int(PAIRS_A_STATEMENT * len(order)), possible):
        a, b = (order[i] for i in rng.choice(len(order), size=2, replace=False))
        if frozenset((a, b)) not in seen:
            seen.add(frozenset((a, b)))
            ring.append((a, b))
    return [(a, b) if a < b else (b, a) for a, b in ring]


def _cases(tree: Tree, plan: Session, rng: np.random.Generator) -> list[int]:
    """The cases of the sample in the order drawn; without one, cases of D that no number was chosen with."""
    if plan.sample:
        from learning.people.samples import samples

        for sample in samples(tree):
            if sample.name == plan.sample:
                return list(sample.cases)
        raise InputError(
            f"no sample {plan.sample!r} is in this tree.",
            where=f"{tree.name} {plan.name}",
            remedy="Draw one first, or leave the sample out to predict cases of D.",
        )
    rows = np.flatnonzero(tree.held_out) if tree.held_out.any() else np.arange(tree.D.n)
    return [int(i) for i in rng.permutation(rows)]


def _with_gold(asked: list[Drawn], plan: Session, rng: np.random.Generator) -> list[Drawn]:
    """Gold at random places, never first."""
    found = list(asked)
    for address, ends in plan.gold.items():
        place = int(rng.integers(1, len(found) + 1))
        found.insert(place, Drawn("rating", (address,), gold=ends))
    return found


def _with_repeats(asked: list[Drawn], plan: Session, rng: np.random.Generator) -> list[Drawn]:
    """Repeats come last in the list; a rater meets one some answers after what it repeats."""
    able = [i for i, d in enumerate(asked) if d.kind in ("rating", "comparison") and d.gold is None]
    n = min(len(able), round(plan.repeats * len(asked)) or (1 if plan.repeats > 0 else 0))
    chosen = sorted(int(i) for i in rng.choice(able, size=n, replace=False)) if n else []
    return [*asked, *(replace(asked[i], repeat_of=i) for i in chosen)]
