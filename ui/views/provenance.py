"""The whole of a step on a screen: who was asked what, what came back, what was made of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.text import Text

from kb.records import Expansion
from kb.statements import Statement
from ui.views.plain import QUIET, Guided, cell, say
from ui.views.steps import proposal_list
from ui.wording import clean, cost_in_words, decimals

if TYPE_CHECKING:
    from unpacking.provenance import Provenance

__all__ = ["step_lines"]

MOST_LETTERS = 6_000  # of one message


def step_lines(of: Statement, shown: Provenance) -> RenderableType:
    """A step: settings, proposals with checks and approvals, cost, and every word that was said."""
    step = shown.step
    is_committed = shown.outcome == "committed"
    lines: list[RenderableType] = [
        say((f"Step in slot {step.slot}, by {clean(step.unpacker)}, seed {step.seed}", "bold")),
        Guided(cell(f"{shown.outcome}, chosen by {step.chosen_by}" if is_committed else shown.outcome), 1),
        Guided(cell(f"it took {cost_in_words(step.cost)}"), 1),
        *(Guided(cell(f"{name}: {value}", QUIET), 1) for name, value in sorted(step.spec.items())),
        Text(""),
        proposal_list(of, step.proposals, step.committed if is_committed else None),
        *_terms(step),
    ]
    for said in shown.said:
        lines += [Text(""), *_exchange(said)]
    return Group(*lines)


def _terms(step: Expansion) -> list[RenderableType]:
    """The numbers behind each approval."""
    lines: list[RenderableType] = []
    for place, proposal in enumerate(step.proposals):
        if proposal.approval is not None and proposal.approval.terms:
            terms = ", ".join(f"{name} {decimals(value)}" for name, value in proposal.approval.terms.items())
            lines.append(
                Guided(cell(f"proposal {place + 1}, {proposal.approval.approver}: {terms}", QUIET), 1)
            )
    return [Text(""), *lines] if lines else []


def _exchange(said: Mapping[str, Any]) -> list[RenderableType]:
    """One request and its response, cleaned line by line; a long message is cut."""
    request, response = said["request"], said["response"]
    counted = f"{response['input_tokens']:,} tokens read, {response['output_tokens']:,} written"
    lines: list[RenderableType] = [
        say((f"{clean(said['purpose'])}: {clean(request['model'])}, seed {request['seed']}", "bold"))
    ]
    for title, text in (
        ("told", request["system"]),
        ("given", request["user"]),
        (f"answered ({counted})", response["text"] or response["refusal"]),
    ):
        lines.append(Guided(Text(title, QUIET), 1))
        lines += [Guided(cell(line), 2) for line in str(text)[:MOST_LETTERS].splitlines()]
    return lines
