"""Unpacking steps on a screen: proposals, how much each is approved of, and which was committed."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from kb.records import Proposal
from kb.statements import Statement
from ui.views.plain import ALARM, FOUND, QUIET, Guided, cell, listing, say
from ui.wording import clean, count

__all__ = ["proposal_list"]

CHILDREN_SHOWN = 12


def proposal_list(of: Statement, proposals: Sequence[Proposal], committed: int | None) -> RenderableType:
    """Every proposal with its approval, its reasons and its children.

    Args:
        of: The statement that is unpacked.
        proposals: In the order in which they were made.
        committed: Which one was taken; None before that.
    """
    lines: list[RenderableType] = [say((f"{of.address}  ", QUIET), (clean(of.text), "bold"))]
    for place, proposal in enumerate(proposals):
        lines += [Text(""), _head(place, proposal, is_committed=place == committed)]
        lines += [Guided(cell(f"! {problem}", ALARM), 1) for problem in proposal.problems]
        if proposal.approval is not None:
            lines += [Guided(cell(reason, QUIET), 1) for reason in proposal.approval.reasons[:3]]
        shown = proposal.children[:CHILDREN_SHOWN]
        lines.append(listing([""], [[Guided(cell(child.text), 1)] for child in shown], right="w"))
        if len(proposal.children) > len(shown):
            lines.append(Guided(cell(f"and {len(proposal.children) - len(shown)} more", QUIET), 1))
    return Group(*lines)


def _head(place: int, proposal: Proposal, *, is_committed: bool) -> Text:
    score = "not scored" if proposal.approval is None else f"approval {proposal.approval.score:+.2f} of 1"
    how = clean(proposal.how) or count(len(proposal.children), "child", "children")
    mark = ("  ← committed", FOUND) if is_committed else ("", "")
    return say(f"Proposal {place + 1}: {how}  ", (score, "bold" if is_committed else QUIET), mark)
