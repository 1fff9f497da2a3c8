"""A task on a screen: its two samples, its columns, how far D* is from D, and who answered what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from kb.task import Column, Task
from ui.views.plain import FOUND, QUIET, Guided, cell, listing, say
from ui.wording import clean, count, percent, shortened

if TYPE_CHECKING:
    from kb.knowledge import Tree
    from kb.shift import ColumnShift

__all__ = ["answer_lines", "column_list", "shift_list", "task_lines"]

COLUMNS_SHOWN = 20
SHIFTS_SHOWN = 12
BAR = 8
STYLES = {"far apart": "bold yellow", "differs": "yellow", "alike": QUIET}


def task_lines(task: Task) -> RenderableType:
    """What is predicted from what, in three lines."""
    classes = shortened(", ".join(task.classes), 60)
    head = say("Task ", (clean(task.name), "bold"), f"   {clean(task.target)} ({classes}) ")
    head.append(f"from {count(len(task.columns), 'column')}")
    samples: list[Sequence[RenderableType]] = [
        [Text("D", QUIET), Text(f"{task.n_D:,}"), Guided(_about(task.about_train, "labelled"))],
        [Text("D*", QUIET), Text(f"{task.n_Dstar:,}"), Guided(_about(task.about_predict, "to predict"))],
    ]
    return Group(head, listing(["", "", ""], samples, right="lrw"))


def _about(text: str, what: str) -> Text:
    return cell(text if what in text else f"{text} ({what})")


def column_list(columns: Sequence[Column]) -> RenderableType:
    """The columns of x: type, what they look like, and how much is missing."""
    rows: list[Sequence[RenderableType]] = []
    for column in columns[:COLUMNS_SHOWN]:
        levels = shortened(", ".join(column.levels), 40) if column.levels else ""
        missing = f"{percent(column.missing_D)}, {percent(column.missing_Dstar)}"
        is_whole = not (column.missing_D or column.missing_Dstar)
        rows.append(
            [
                cell(shortened(column.name, 40)),
                cell(column.type),
                cell(levels or f"{count(column.distinct, 'value')}, such as {shortened(column.example, 20)}"),
                Text("" if is_whole else missing, QUIET),
            ]
        )
    table = listing(["column", "type", "values", "missing in D, D*"], rows, right="llwl")
    if len(columns) <= COLUMNS_SHOWN:
        return table
    more = count(len(columns) - COLUMNS_SHOWN, "more column")
    return Group(table, say((f"… and {more} (all of them: priory trees --json)", QUIET)))


def shift_list(shifts: Sequence[ColumnShift]) -> RenderableType:
    """How far D* is from D, column by column, the farthest first; bars run from alike to no overlap."""
    ordered = sorted(shifts, key=lambda s: -s.distance)
    rows: list[Sequence[RenderableType]] = [
        [
            cell(shortened(shift.column, 30)),
            Text(_bar(shift.distance), STYLES.get(shift.verdict, "")),
            cell(shift.verdict, STYLES.get(shift.verdict, "")),
            Guided(cell(shift.what, QUIET)),
        ]
        for shift in ordered[:SHIFTS_SHOWN]
    ]
    table = listing(["how D* differs from D", "", "", ""], rows, right="lllw")
    if len(shifts) <= SHIFTS_SHOWN:
        return table
    return Group(table, say((f"… and {len(shifts) - SHIFTS_SHOWN:,} more, which differ less", QUIET)))


def _bar(share: float) -> str:
    """Up to eight blocks, in eighths."""
    eighths = round(min(max(share, 0.0), 1.0) * BAR * 8)
    return "█" * (eighths // 8) + (" ▏▎▍▌▋▊▉"[eighths % 8] if eighths % 8 else "" if eighths else "▏")


def answer_lines(tree: Tree) -> RenderableType:
    """Who said what about which statement, the question about the task first."""
    rows: list[Sequence[RenderableType]] = []
    said = sorted(tree.judgements(), key=lambda j: j.kind != "task")
    for j in said:
        text = "D* is drawn and labelled as D was" if j.kind == "task" else tree.statement(j.address).text
        answer = percent(j.value) if j.value is not None else j.answer
        rows.append([cell(j.address, QUIET), Guided(cell(text)), Text(answer, FOUND), cell(j.rater, QUIET)])
    return listing(["", "", "", ""], rows, right="lwrl")
