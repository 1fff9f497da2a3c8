"""Forecasts on a screen: a table of some cases, and what one of them rests on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from ui.views.plain import FOUND, QUIET, Guided, cell, listing, say
from ui.wording import LEGEND, clean, percent, points, shortened, strongest

if TYPE_CHECKING:
    from learning.predicting import Citation, Explanation, Predictions

__all__ = ["EXPLAIN_LEGEND", "explanation_lines", "forecast_list"]

EXPLAIN_LEGEND = (
    f"{LEGEND} Switched off: people hardly believe that it carries over, so it counts little here."
)
CASES_SHOWN = 20
CLASSES_SHOWN = 3
CITED = 6


def forecast_list(forecasts: Predictions, *, abstain: bool) -> RenderableType:
    """The first cases with their most probable classes."""
    classes, p = [clean(name) for name in forecasts.classes], forecasts.p
    rows: list[Sequence[RenderableType]] = []
    for case in range(min(len(p), CASES_SHOWN)):
        order = sorted(range(len(classes)), key=lambda k: -p[case][k])
        first, rest = order[0], order[1:CLASSES_SHOWN]
        others = " · ".join(f"{shortened(classes[k], 14)} {percent(float(p[case][k]))}" for k in rest)
        named = "" if abstain and not is_agreed(forecasts, case) else classes[first]
        between = ""
        if forecasts.low is not None and forecasts.high is not None:
            low, high = float(forecasts.low[case][first]), float(forecasts.high[case][first])
            between = f"{percent(low)} – {percent(high)}"
        rows.append(
            [
                Text(str(case), style=QUIET),
                cell(named or "(no class)", "bold" if named else QUIET),
                Text(percent(float(p[case][first]))),
                Text(between),
                cell(others, QUIET),
            ]
        )
    bounded = "at least – at most" if forecasts.low is not None else ""
    table = listing(["case", "forecast", "", bounded, "otherwise"], rows, right="rlrlw")
    if len(p) <= CASES_SHOWN:
        return table
    return Group(table, say((f"… and {len(p) - CASES_SHOWN:,} more; --out FILE writes all.", QUIET)))


def is_agreed(forecasts: Predictions, case: int) -> bool:
    """Whether every world that the ratings leave open names the same class."""
    if forecasts.low is None or forecasts.high is None:
        return True
    first = max(range(len(forecasts.classes)), key=lambda k: forecasts.p[case][k])
    others = [float(forecasts.high[case][k]) for k in range(len(forecasts.classes)) if k != first]
    return float(forecasts.low[case][first]) > max(others, default=0.0)


def explanation_lines(e: Explanation) -> RenderableType:
    """One case: its forecast, what speaks for it, what is switched off, and what nobody rated."""
    order = sorted(e.probabilities.items(), key=lambda item: -item[1])
    (name, p), rest = order[0], order[1:CLASSES_SHOWN]
    others = "".join(f", {shortened(other, 20)} {percent(q)}" for other, q in rest)
    lines: list[RenderableType] = [
        say((f"Case {e.case}: ", ""), (f"{clean(name)} {percent(p)}", f"bold {FOUND}"), (others, QUIET)),
        cell(_values(e), QUIET),
    ]
    for title, cited in (
        ("because", e.because),
        ("switched off", e.switched_off),
        ("nobody rated", e.unrated),
    ):
        if cited:
            lines += ["", _cited(title, cited)]
    if e.bounds:
        lines += ["", cell(_between(e))]
    return Group(*lines)


def _values(e: Explanation) -> str:
    return " · ".join(
        f"{name} {'missing' if value is None else value}" for name, value in list(e.values.items())[:8]
    )


def _cited(title: str, cited: Sequence[Citation]) -> RenderableType:
    rows: list[Sequence[RenderableType]] = []
    for place, c in enumerate(cited[:CITED]):
        most = strongest(c.points) or next(iter(c.points.items()), ("", 0.0))
        text = Text(clean(c.text))
        if c.applies_because:
            text.append(f"  {clean(c.applies_because)}", QUIET)
        rows.append(
            [
                cell("" if place else title, QUIET),
                cell(c.address, QUIET),
                Guided(text),
                cell(f"{points(most[1])} {shortened(most[0], 14)}"),
                cell("" if c.plausibility is None else percent(c.plausibility)),
            ]
        )
    return listing(["", "", "", "points", "also for D*"], rows, right="llwlr")


def _between(e: Explanation) -> str:
    parts = [
        f"{clean(name)} {percent(float(low))} – {percent(float(high))}"
        for name, (low, high) in (e.bounds or {}).items()
    ]
    return "Over all that the ratings leave open: " + " · ".join(parts)
