"""What people's forecasts teach, as a section of the report's page."""

from __future__ import annotations

from learning.people.findings import Findings
from ui.html_parts import safe, section, table, tone
from ui.wording import duration

__all__ = ["people"]


def people(found: Findings | None) -> str:
    """Alarm, f and its certificate, and who forecast what; nothing where nobody forecast."""
    if found is None:
        return ""
    verdicts = "".join(f'<li class="{tone(said)}">{safe(said, 600)}</li>' for said in found.sentences())
    heads = [("", "people"), ("n", "forecasts"), ("n", "cases"), ("n", "each"), ("n", "statements opened")]
    rows = []
    for a in found.arms:
        each = duration(a.seconds) if a.seconds else "–"
        numbers = [f"{a.forecasts:,}", f"{a.cases:,}", each, f"{a.opened:.1f}"]
        cells = "".join(f'<td class="n">{written}</td>' for written in numbers)
        rows.append(f"<tr><td>{safe(a.arm)}</td>{cells}</tr>")
    body = f'<ul class="verdicts">{verdicts}</ul>' + (table("scores", "", heads, rows) if rows else "")
    return section("What people know", body, "Forecasts by people of a random sample of D*.")
