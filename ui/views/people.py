"""What people's forecasts teach, on a screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from ui.views.plain import ALARM, QUIET, Hanging, cell, listing
from ui.wording import clean, duration, shortened

if TYPE_CHECKING:
    from learning.people.findings import Findings

__all__ = ["people_view"]

MOST_NAMES = 3


def people_view(found: Findings) -> RenderableType:
    """Alarms and certificate in sentences, then who forecast what, what competed to be f, what to ask."""
    parts: list[RenderableType] = [
        Hanging(
            Text("! " if said.startswith("Alarm") else "· ", ALARM if said.startswith("Alarm") else QUIET),
            cell(said),
            2,
        )
        for said in found.sentences()
    ]
    if found.arms:
        parts += [Text(), _arms(found)]
    if found.imitation:
        parts += [Text(), _candidates(found)]
    if found.alarm.ask_again:
        parts += [Text(), _ask_again(found)]
    return Group(*parts)


def _arms(found: Findings) -> RenderableType:
    rows: list[Sequence[RenderableType]] = []
    for arm in found.arms:
        names = ", ".join(arm.raters[:MOST_NAMES]) + (
            f" and {len(arm.raters) - MOST_NAMES} more" if len(arm.raters) > MOST_NAMES else ""
        )
        rows.append(
            [
                cell(arm.arm),
                Text(f"{arm.forecasts:,}"),
                Text(f"{arm.cases:,}"),
                Text(duration(arm.seconds) if arm.seconds else "–"),
                Text(f"{arm.opened:.1f}"),
                cell(names),
            ]
        )
    return listing(["people", "forecasts", "cases", "each", "opened", "who"], rows, right="lrrrrw")


def _candidates(found: Findings) -> RenderableType:
    imitation = found.imitation
    if imitation is None:
        return Text()
    rows: list[Sequence[RenderableType]] = [
        [cell(name, "bold" if name == imitation.chosen else ""), Text(f"{loss:.3f}")]
        for name, loss in imitation.losses.items()
    ]
    return listing(["to be f", "imitation loss, nats"], rows, right="lr")


def _ask_again(found: Findings) -> RenderableType:
    rows: list[Sequence[RenderableType]] = [
        [
            cell(a.address, QUIET),
            cell(shortened(clean(a.text), 80)),
            Text(f"{100 * a.plausibility:.0f} %"),
            Text(f"{a.moves:.2f}"),
        ]
        for a in found.alarm.ask_again
    ]
    return listing(
        ["", "whose rating matters most", "rated", "turned, it moves a case by nats"], rows, right="lwrr"
    )
