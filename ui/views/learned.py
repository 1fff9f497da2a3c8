"""What a search came to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType

from ui.views.plain import QUIET, Guided, cell, say
from ui.wording import count, decimals, duration

if TYPE_CHECKING:
    from learning.search import LearnResult

__all__ = ["learned_lines"]


def learned_lines(found: LearnResult) -> RenderableType:
    """Statements, steps, and the log likelihood of D, beside that of the base rate."""
    size = f"{count(found.statements, 'testable statement')} after {count(found.steps, 'step')}"
    base = found.terms.get("base")
    more = f", {decimals(found.J - base)} more than the base rate alone" if base is not None else ""
    belief = (
        "in the worlds that people believe in" if found.scope == "on" else "as if everything carried over"
    )
    lines: list[RenderableType] = [
        say((size, "bold"), (f", {duration(found.cost.seconds)}", QUIET)),
        Guided(cell(f"D under them, out of fold, {belief}: {decimals(found.J)} nats{more}.")),
    ]
    return Group(*lines)
