"""The report on a screen: every row beside every other, what it comes to, and what to distrust."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from ui.views.plain import ALARM, FOUND, QUIET, Guided, cell, listing, say
from ui.wording import LEGEND, clean, decimals, duration, percent, points, shortened, strongest

if TYPE_CHECKING:
    from learning.report import Report, Row, StatementLine

__all__ = ["alarm_lines", "fate_lines", "report_view", "score_table"]

STATEMENTS_SHOWN = 12
SPLIT_NAMES = {"D*": "on D*", "D held out": "on held-out D"}


def report_view(report: Report) -> RenderableType:
    """The headline, the table of rows, the statements that earn most, and the notes."""
    lines: list[RenderableType] = [*fate_lines(report), "", score_table(report)]
    earning = sorted(report.statements, key=lambda s: -(s.nats_on_D or 0.0))[:STATEMENTS_SHOWN]
    if earning:
        lines += ["", statement_table(earning)]
    return Group(*lines)


def fate_lines(report: Report) -> list[RenderableType]:
    """What the report comes to, a sentence a line, losses first."""
    from learning.report import headline

    return [
        Guided(cell(sentence, "bold" if not place else "")) for place, sentence in enumerate(headline(report))
    ]


def score_table(report: Report) -> RenderableType:
    """Every row, Priory first, then from the best to the worst; the row to beat stands out."""
    splits = [split for split in SPLIT_NAMES if any(row.split == split for row in report.rows)]
    by_name: dict[str, dict[str, Row]] = {}
    for row in report.rows:
        by_name.setdefault(row.name, {})[row.split] = row
    order = sorted(by_name.items(), key=lambda item: _rank(item[1], splits))
    headers = [_title(report)] + [title for split in splits for title in (SPLIT_NAMES[split], "log loss")]
    rows = [_line(report, name, scores, splits) for name, scores in order]
    return listing([*headers, ""], rows, right="w" + "rl" * len(splits) + "l")


def _title(report: Report) -> str:
    seconds = report.ledger.human_seconds
    return f"with {duration(seconds)} of people's time" if seconds else ""


def _rank(scores: Mapping[str, Row], splits: Sequence[str]) -> tuple[bool, float]:
    first = next((scores[split] for split in splits if split in scores), None)
    if first is None:
        return True, 0.0
    return first.kind != "priory", first.log_loss


def _line(
    report: Report, name: str, scores: Mapping[str, Row], splits: Sequence[str]
) -> Sequence[RenderableType]:
    is_ours = any(row.kind == "priory" for row in scores.values())
    is_best = bool(splits) and report.best_other.get(splits[0]) == name
    style = f"bold {FOUND}" if is_ours else "bold" if is_best else ""
    cells: list[RenderableType] = [cell(name, style)]
    for split in splits:
        row = scores.get(split)
        cells.append(Text(percent(row.accuracy) if row else "–", style))
        cells.append(Text(_loss(row) if row else "–", style))
    return [*cells, Text("← the row to beat" if is_best else "", QUIET)]


def _loss(row: Row) -> str:
    ci = row.ci.get("log_loss")
    half = f" ±{(ci.high - ci.low) / 2:.2f}".replace("0.", ".") if ci else ""
    return f"{row.log_loss:.2f}{half}"


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
                Text(f"{points(most[1])} {shortened(most[0], 14)}" if most and s.address != "0" else ""),
                Text("" if s.nats_on_D is None else decimals(s.nats_on_D)),
                Text(percent(s.plausibility) if s.address != "0" else "", style),
            ]
        )
    return listing(["", "statement", "points", "earns on D", "also for D*"], rows, right="lwlrr")


def alarm_lines(report: Report) -> list[RenderableType]:
    """One line for each statement that earns much on D and that people don't believe."""
    return [
        say(
            ("! Spurious?  ", ALARM),
            (f"“{clean(s.text)}”", "bold"),
            f" earns {decimals(s.nats_on_D or 0.0)} nats on D; people give it {percent(s.plausibility)}.",
        )
        for s in report.alarms
    ]


REPORT_LEGEND = (
    f"Log loss in nats per case, lower is better, ± half its 95 % interval. {LEGEND} "
    "earns on D: nats on the labelled cases; also for D*: how plausible people find it."
)
