"""Forecasts on a screen: a table of some cases, and what one of them rests on."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from ui.files import write_whole
from ui.views.plain import FOUND, QUIET, Guided, cell, listing, say
from ui.wording import LEGEND, clean, percent, points, shortened, strongest, value_in_words

if TYPE_CHECKING:
    from learning.predicting import Citation, Explanation, Predictions

__all__ = ["EXPLAIN_LEGEND", "explanation_lines", "forecast_list", "write_rows"]

EXPLAIN_LEGEND = (
    f"{LEGEND} Switched off: people hardly believe that it carries over, so it counts little here."
)
NOTHING = "No statement speaks about this case; the forecast is the base rate."
CASES_SHOWN = 20
CLASSES_SHOWN = 3
CITED = 6
VALUES_SHOWN = 8
VALUE_SHOWN = 400  # letters of a text


def forecast_list(forecasts: Predictions, agreed: Sequence[str | None] | None) -> RenderableType:
    """The first cases with their most probable classes.

    Args:
        forecasts: Of all cases.
        agreed: Per case the class to name, None for no class; None names the most probable one everywhere.
    """
    rows = [_forecast(forecasts, case, agreed) for case in range(min(len(forecasts.p), CASES_SHOWN))]
    bounded = "at least – at most" if forecasts.low is not None else ""
    table = listing(["case", "forecast", "", bounded, "otherwise"], rows, right="rlrlw")
    if len(forecasts.p) <= CASES_SHOWN:
        return table
    more = f"… and {len(forecasts.p) - CASES_SHOWN:,} more; --out FILE writes all."
    return Group(table, say((more, QUIET)))


def _forecast(
    forecasts: Predictions, case: int, agreed: Sequence[str | None] | None
) -> Sequence[RenderableType]:
    classes, p = forecasts.classes, forecasts.p[case]
    order = sorted(range(len(classes)), key=lambda k: -p[k])
    first = order[0]
    others = " · ".join(f"{shortened(classes[k], 14)} {percent(float(p[k]))}" for k in order[1:CLASSES_SHOWN])
    named = classes[first] if agreed is None else agreed[case]
    between = ""
    if forecasts.low is not None and forecasts.high is not None:
        ends = (forecasts.low[case, first], forecasts.high[case, first])
        between = " – ".join(percent(float(end)) for end in ends)
    return [
        Text(str(case), style=QUIET),
        cell(named or "(no class)", "bold" if named else QUIET),
        Text(percent(float(p[first]))),
        Text(between),
        cell(others, QUIET),
    ]


def write_rows(forecasts: Predictions, out: Path, agreed: Sequence[str | None] | None) -> None:
    """Write a line per case, CSV or, where the name ends in .jsonl, JSON; ``-`` prints CSV.

    Raises:
        FailedError: The file can't be written.
    """
    rows = list(forecasts.rows())
    for row, named in zip(rows, agreed or [], strict=False):
        row["agreed"] = named or ""
    if out.suffix.lower() in {".jsonl", ".ndjson"}:
        write_whole(out, "".join(json.dumps(row) + "\n" for row in rows))
        return
    text = io.StringIO()
    table = csv.DictWriter(text, fieldnames=list(rows[0]) if rows else ["case", "prediction"])
    table.writeheader()
    table.writerows(rows)
    write_whole(out, text.getvalue())


def explanation_lines(e: Explanation) -> RenderableType:
    """One case: its forecast, what speaks for it, what is switched off, and what nobody rated."""
    order = sorted(e.probabilities.items(), key=lambda item: -item[1])
    (name, p), rest = order[0], order[1:CLASSES_SHOWN]
    others = "".join(f", {shortened(other, 20)} {percent(q)}" for other, q in rest)
    cited = any((e.because, e.switched_off, e.unrated))
    lines: list[RenderableType] = [
        say((f"Case {e.case}: ", ""), (f"{clean(name)} {percent(p)}", f"bold {FOUND}"), (others, QUIET)),
        Guided(cell(_values(e), QUIET)),
        "",
        _citations(e) if cited else say(NOTHING),
    ]
    if e.bounds:
        lines += ["", Guided(cell(_between(e)))]
    return Group(*lines)


def _values(e: Explanation) -> str:
    shown = list(e.values.items())[:VALUES_SHOWN]
    more = f" · and {len(e.values) - len(shown):,} more" if len(e.values) > len(shown) else ""
    said = (f"{name} {shortened(value_in_words(value), VALUE_SHOWN)}" for name, value in shown)
    return " · ".join(said) + more


def _citations(e: Explanation) -> RenderableType:
    """What speaks for the forecast, what is switched off and what nobody rated, in one table."""
    rows: list[Sequence[RenderableType]] = []
    above = {c.address for c in (*e.because, *e.switched_off)}
    for title, cited in (
        ("because", e.because),
        ("switched off", e.switched_off),
        ("nobody rated", [c for c in e.unrated if c.address not in above]),
    ):
        for place, c in enumerate(cited[:CITED]):
            most = strongest(c.points) or next(iter(c.points.items()), ("", 0.0))
            text = Text(clean(c.text))
            text.append(_here(c, e), QUIET)
            rows.append(
                [
                    cell("" if place else title, QUIET),
                    cell(c.address, QUIET),
                    Guided(text),
                    cell(f"{points(most[1])} {shortened(most[0], 14)}"),
                    Text(f"{'' if c.rated else '~'}{percent(c.plausibility)}"),
                ]
            )
    return listing(["", "", "", "points", "for D*?"], rows, right="llwlr")


def _here(c: Citation, e: Explanation) -> str:
    """What of the case meets the condition: the values that it mentions, else the condition in words."""
    from kb.words import column_in_words

    if c.passage:
        return f"  here “{clean(c.passage)}”"
    met = left = clean(c.applies_because)
    mentioned = set[str]()
    for name in sorted(e.values, key=len, reverse=True):  # "bill depth" is no mention of "bill"
        left, n = re.subn(rf"(?<!\w){re.escape(column_in_words(name, with_unit=False))}(?!\w)", " ", left)
        mentioned |= {name} if n else set()
    said = ", ".join(value_in_words(value) for name, value in e.values.items() if name in mentioned) or met
    return f"  here {said}" if said else ""


def _between(e: Explanation) -> str:
    parts = [
        f"{clean(name)} {percent(float(low))} – {percent(float(high))}"
        for name, (low, high) in (e.bounds or {}).items()
    ]
    return "Over all that the ratings leave open: " + " · ".join(parts)
