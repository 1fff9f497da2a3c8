"""A person as an approver at the terminal: sees each proposal and says how much it is worth."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from kb.records import Approval, Cost, Proposal
from ui.wording import clean, decimals

if TYPE_CHECKING:
    from ui.face import Face
    from unpacking.approvers import Approver
    from unpacking.protocol import Situation

__all__ = ["person_at_terminal"]

HOW = "From -100 (against it) over 0 to 100 (just so); a reason may stand behind the number."


def person_at_terminal(face: Face, rater: str) -> Approver:
    """The approver that asks whoever sits at the terminal; the time they take is charged as human seconds."""
    from unpacking.approvers import Approver

    def judge(situation: Situation, proposals: tuple[Proposal, ...]) -> tuple[Approval, ...]:
        from ui.views.steps import proposal_list

        face.talk.print(proposal_list(situation.statement, proposals, committed=None))
        face.say()
        face.hint(HOW)
        return tuple(_asked(place, p, rater) for place, p in enumerate(proposals))

    return Approver(rater, judge, is_person=True)


def _asked(place: int, proposal: Proposal, rater: str) -> Approval:
    if proposal.problems:
        return Approval(-1.0, proposal.problems, approver=rater)
    began = time.monotonic()
    while True:
        said = click.prompt(f"Proposal {place + 1}", err=True)
        number, _, reason = said.strip().partition(" ")
        try:
            score = float(number) / 100.0
        except ValueError:
            score = 2.0
        if -1.0 <= score <= 1.0:
            reasons = (clean(reason),) if reason.strip() else (f"{decimals(100 * score)} of 100",)
            cost = Cost(human_seconds=time.monotonic() - began)
            return Approval(score, reasons, approver=rater, cost=cost)
        click.echo(HOW, err=True)
