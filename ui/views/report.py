"""The report on a screen: every row beside every other, what it comes to, and what to distrust."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from kb.address import ROOT, Address, ancestors
from ui.telling import places_by_earnings
from ui.views.plain import ALARM, FOUND, QUIET, Guided, Hanging, cell, listing, say
from ui.wording import LEGEND, clean, count, decimals, duration, percent, points, shortened, strongest

if TYPE_CHECKING:
    from learning.report import Report, Row, StatementLine

__all__ = ["alarm_lines", "fate_lines", "report_view", "score_table"]

SPLIT_NAMES = {"D*": "D*", "D held out": "D"}


def report_view(report: Report) -> RenderableType:
    """The headline, the table of rows, the statements that earn most, and what is special about this one."""
    from learning.report import STANDING_NOTES

    lines: list[RenderableType] = [
        *fate_lines(report),
        "",
        score_table(report.rows, report.best_other, report.ledger.human_seconds),
    ]
    if report.people:
        from ui.views.people import people_view

        lines += ["", people_view(report.people)]
    below_root = [s for s in report.statements if s.address != ROOT]
    earning = [below_root[i] for i in places_by_earnings([s.nats_on_D for s in below_root])]
    if earning:
        lines += ["", statement_table(earning)]
        if more := len(below_root) - len(earning) + report.words_left_out:
            rest = count(more, "more statement")
            lines.append(say((f"… and {rest}, which earn less on D: priory show", QUIET)))
    own = [note for note in report.notes if note not in STANDING_NOTES]
    if own:
        lines += ["", *(Guided(cell(f"Note: {note}", QUIET)) for note in own)]
    return Group(*lines)


def fate_lines(report: Report) -> list[RenderableType]:
    """What the report comes to, a sentence a line, losses first."""
    from learning.report import headline

    return [
        Guided(cell(sentence, "bold" if not place else "")) for place, sentence in enumerate(headline(report))
    ]


def score_table(
    found: Sequence[Row], best_other: Mapping[str, str], human_seconds: float = 0.0
) -> RenderableType:
    """Every row, Priory first, then from the best to the worst; the row to beat stands out.

    Args:
        found: The scores.
        best_other: Per split the row to beat.
        human_seconds: People's time that went in; 0 where that is not known.
    """
    splits = [split for split in SPLIT_NAMES if any(row.split == split for row in found)]
    by_name: dict[str, dict[str, Row]] = {}
    for row in found:
        by_name.setdefault(row.name, {})[row.split] = row
    order = sorted(by_name.items(), key=lambda item: _rank(item[1], splits))
    title = f"with {duration(human_seconds)} of people's time" if human_seconds else ""
    headers = [title] + [text for split in splits for text in (SPLIT_NAMES[split], "log loss")]
    to_beat = best_other.get(splits[0]) if splits else None
    rows = [_line(name, scores, splits, is_best=name == to_beat) for name, scores in order]
    return listing([*headers, ""], rows, right="w" + "rl" * len(splits) + "l")


def _rank(scores: Mapping[str, Row], splits: Sequence[str]) -> tuple[bool, float]:
    first = next((scores[split] for split in splits if split in scores), None)
    if first is None:
        return True, 0.0
    return first.kind != "priory", first.log_loss


def _line(
    name: str, scores: Mapping[str, Row], splits: Sequence[str], *, is_best: bool
) -> Sequence[RenderableType]:
    is_ours = any(row.kind == "priory" for row in scores.values())
    style = f"bold {FOUND}" if is_ours else "bold" if is_best else ""
    cells: list[RenderableType] = [cell(name, style)]
    for split in splits:
        row = scores.get(split)
        cells.append(Text(percent(row.accuracy) if row else "–", style))
        cells.append(Text(_loss(row) if row else "–", style))
    return [*cells, Text("← to beat" if is_best else "", QUIET)]


def _loss(row: Row) -> str:
    ci = row.ci.get("log_loss")
    digits = 2 if row.log_loss >= 0.095 else 3
    half = f" ±{(ci.high - ci.low) / 2:.{digits}f}".replace("±0.", "±.") if ci else ""
    return f"{row.log_loss:.{digits}f}{half}"


def statement_table(statements: Sequence[StatementLine]) -> RenderableType:
    """Statements with what they earn on D, beside what people think of them."""
    rows: list[Sequence[RenderableType]] = []
    for s in statements:
        most = strongest(s.points)
        style = ALARM if s.alarm else ""
        rows.append(
            [
                cell(s.address, QUIET),
                Guided(cell(s.text, style)),
                Text(f"{points(most[1])} {shortened(most[0], 14)}" if most else ""),
                Text("" if s.nats_on_D is None else decimals(s.nats_on_D)),
                Text(percent(s.plausibility), style),
            ]
        )
    return listing(["", "statement", "points", "nats on D", "for D*?"], rows, right="lwlrr")


def alarm_lines(report: Report) -> list[RenderableType]:
    """The alarms; one below another alarm is only counted, since it is the same doubt."""
    addresses = {s.address for s in report.alarms}
    lines: list[RenderableType] = []
    for s in report.alarms:
        if any(str(above) in addresses for above in ancestors(Address(s.address))):
            continue
        below = sum(other.startswith((s.address + ".", s.address + "@")) for other in addresses)
        more = f" So do {count(below, 'statement')} below it." if below else ""
        earns = f" earns {decimals(s.nats_on_D or 0.0)} nats on D; people give it {percent(s.plausibility)}."
        text = say((f"“{clean(s.text)}”", "bold"), earns + more)
        lines.append(Hanging(Text("! Spurious?", ALARM), text, width=13))
    return lines


ROWS_LEGEND = (
    "D*, D: share of cases that are right, on those to predict and on held-out ones of D. "
    "Log loss in nats per case, lower is better, ± half its 95 % interval. ← the best other row."
)
REPORT_LEGEND = f"{ROWS_LEGEND} {LEGEND} for D*?: how plausible people find that it holds there too."
