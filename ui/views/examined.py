"""What models said about a statement, on a screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from kb.statements import Statement
from ui.views.plain import ALARM, FOUND, QUIET, Guided, cell, say
from ui.wording import clean, count, decimals, percent

if TYPE_CHECKING:
    from learning.examining import Agreement
    from unpacking.language_model.examination import Examination
    from unpacking.language_model.packing import Packed

__all__ = ["agreement_lines", "examination_lines", "packed_lines"]


def examination_lines(found: Examination) -> RenderableType:
    """Both readings, and whether they mean the same cases."""
    lines: list[RenderableType] = [say((f"{found.address}  ", QUIET), (clean(found.question), "bold"))]
    for reading in found.readings:
        lines += [Text(""), Guided(cell(reading.text), 1)]
        if reading.when is not None:
            lines.append(Guided(cell(f"{reading.when}: {count(reading.cases or 0, 'case')} of D", QUIET), 1))
        lines.append(Guided(cell(reading.reader, QUIET), 1))
    return Group(*lines, Text(""), *_verdict(found))


def _verdict(found: Examination) -> list[RenderableType]:
    likeness = "" if found.likeness is None else f"; the sentences are {decimals(found.likeness)} of 1 alike"
    if found.overlap is None:
        return [say((f"No test: a condition is missing{likeness}.", QUIET))]
    same = percent(found.overlap)
    if found.agree:
        return [say((f"They agree: {same} of the cases that either means, both mean{likeness}.", FOUND))]
    return [say((f"They disagree: only {same} of the cases that either means, both mean{likeness}.", ALARM))]


def agreement_lines(found: Sequence[Agreement]) -> RenderableType:
    """How far the first guesses of models agree with people."""
    lines: list[RenderableType] = [say(("models' first guesses, kept apart from people's ratings", QUIET))]
    for one in found:
        if not one.statements:
            lines.append(cell(f"{one.rater}: nobody rated what it rated"))
            continue
        both = f"{count(one.statements, 'statement')} that people rated, too"
        differs = f"{percent(one.mean_difference)} apart on average"
        follows = "" if one.correlation is None else f", correlation {decimals(one.correlation)}"
        lines.append(cell(f"{one.rater}: {both}, {differs}{follows}"))
    return Group(*lines)


def packed_lines(of: Statement, found: Packed) -> RenderableType:
    """What children amount to, beside the statement they stand below, and how the round trip went."""
    lines: list[RenderableType] = [
        say((f"{of.address}  ", QUIET), (clean(of.text), "bold")),
        Text(""),
        say(("packed from its children: ", QUIET), clean(found.text)),
        Text(""),
        say((f"unpacked again, approval {decimals(found.approval.score)} of 1", "")),
    ]
    lines += [Guided(cell(reason, QUIET), 1) for reason in found.approval.reasons]
    lines += [Guided(cell(child.text), 1) for child in found.again.children]
    return Group(*lines)
