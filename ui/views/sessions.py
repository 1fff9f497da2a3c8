"""Rating sessions on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ui.views.plain import QUIET, cell, listing, say
from ui.wording import count, duration

if TYPE_CHECKING:
    from rich.console import RenderableType

    from learning.agreement import Agreement
    from learning.session_results import RaterProgress, SessionResult
    from learning.sessions import Session

__all__ = ["agreement_sentence", "session_view", "sessions_view"]

ASKED = {
    "credence": "credence in per cent",
    "seven": "seven points",
    "comparison": "comparisons",
    "prediction": "predictions",
}


def sessions_view(found: Sequence[Session]) -> RenderableType:
    """One line a session."""
    rows = [
        [
            cell(s.name),
            cell(ASKED[s.task]),
            cell(f"{s.size:,}"),
            cell(str(s.raters or "everyone")),
            cell(s.by),
        ]
        for s in found
    ]
    return listing(["session", "asks for", "items", "answers an item", "made by"], rows, right="llrll")


def session_view(found: SessionResult) -> list[RenderableType]:
    """Progress of each rater, then agreement."""
    session = found.session
    done = f"{found.items_complete:,} of {count(found.items, 'item')} complete"
    shown: list[RenderableType] = [
        say((session.name, "bold"), f"  {ASKED[session.task]}, {done}, {found.items_answered:,} begun")
    ]
    if found.raters:
        header = [
            "rater",
            "answered",
            "skipped",
            "flagged",
            "time",
            "an answer",
            "gold right",
            "said the same again",
        ]
        shown.append(listing(header, [_rater_row(r) for r in found.raters], right="lrrrrrrr"))
    else:
        shown.append(say(("Nobody has answered yet.", QUIET)))
    shown.append(cell(agreement_sentence(found.agreement)))
    return shown


def _rater_row(r: RaterProgress) -> list[RenderableType]:
    gold = f"{r.gold_right} of {r.gold}" if r.gold else "–"
    same = f"{r.consistency.close} of {r.consistency.n}" if r.consistency.n else "–"
    pace = duration(r.median_seconds) if r.median_seconds is not None else "–"
    numbers = (f"{r.answered:,}", f"{r.skipped:,}", f"{r.flagged:,}", duration(r.seconds), pace, gold, same)
    return [cell(r.rater), *map(cell, numbers)]


def agreement_sentence(found: Agreement) -> str:
    """What alpha says, or how many more items it needs."""
    if found.needed:
        more = count(found.needed, "more item")
        return f"Agreement is said from 20 items on that two people rated: {more} to go."
    if found.alpha is None or found.interval is None:
        return "Everybody said the same of everything, so agreement beyond chance can't be told."
    ends = f"95 % {found.interval.low:.2f} to {found.interval.high:.2f}"
    return f"Agreement (Krippendorff's alpha) {found.alpha:.2f}, {ends}, on {count(found.items, 'item')}."
