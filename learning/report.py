"""The report: how well Priory predicts, beside the rows that a sceptic asks for.

Built from arrays of probabilities, so it knows nothing of how they were made. Losses come first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kb.records import Cost
from kb.shift import ColumnShift
from kb.statements import Statement
from kb.task import Task
from learning.calibration import ReliabilityBin
from learning.comparison import D_HELD_OUT, D_STAR, SPLITS, Difference, Kind, Row, Scored, score_rows
from learning.people.findings import Findings
from learning.scores import CLIP

__all__ = [
    "D_HELD_OUT",
    "D_STAR",
    "SPLITS",
    "Difference",
    "Effort",
    "Kind",
    "Report",
    "Row",
    "Scored",
    "StatementLine",
    "build_report",
    "headline",
    "one_line",
    "score_rows",
    "signed",
]


@dataclass(frozen=True, slots=True)
class StatementLine:
    """What the report says of one statement.

    Attributes:
        address: Where it stands in the tree.
        text: What it says; untrusted, escape it wherever it shows.
        points: What it adds to the log-odds of each class, in nats.
        nats_on_D: What it and those below it earn on D with everything on; None before a fit.
        plausibility: People's probability that it also holds for D*; None before a fit.
        plausibility_sd: One standard deviation of that.
        carries_Dstar: Share of the cases of D* that it speaks about.
        alarm: It earns much on D and people don't believe it.
    """

    address: str
    text: str
    points: Mapping[str, float] = field(default_factory=dict)
    nats_on_D: float | None = None  # noqa: N815  # D is the name of the labelled cases
    plausibility: float | None = None
    plausibility_sd: float | None = None
    carries_Dstar: float | None = None  # noqa: N815
    alarm: bool = False

    @classmethod
    def of(cls, statement: Statement) -> StatementLine:
        """The line of a stored statement."""
        measures = statement.measures
        if measures is None:
            return cls(str(statement.address), statement.text)
        return cls(
            str(statement.address),
            statement.text,
            measures.points,
            measures.nats_on_D,
            measures.plausibility,
            measures.plausibility_sd,
            measures.carries_Dstar,
            measures.alarm,
        )

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        plain = {name: number(getattr(self, name)) for name in self.__slots__}
        return {**plain, "points": {side: number(p) for side, p in self.points.items()}}


@dataclass(frozen=True, slots=True)
class Effort:
    """What it took to get here.

    Attributes:
        spent: Steps, tokens, money, and the time of machines and people.
        curve: Pairs of how many answers were given and the log loss on D* then, in nats.
    """

    spent: Cost = field(default_factory=Cost)
    curve: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """All that a sceptic asks for; ``to_dict`` is the JSON of every face.

    Attributes:
        task: What was predicted from what.
        seed: Of the bootstrap.
        rows: Scores of every row.
        statements: In the order of the tree.
        words_left_out: Words of texts that are not among them, as they earn less than those that are.
        ledger: What was spent.
        differences: Priory minus each other row.
        notes: One sentence each.
        best_other: Per split, the row to beat.
        alarms: Statements that earn much on D and that people don't believe, most nats first.
        budget_curve: Answers given, and the log loss on D* then.
        shift: Per column, how D* differs from D, most first.
        calibration: Reliability of Priory, per split.
        people: What people's forecasts teach; None where nobody forecast.
    """

    task: Task
    seed: int
    rows: tuple[Row, ...]
    statements: tuple[StatementLine, ...]
    ledger: Cost
    differences: tuple[Difference, ...]
    notes: tuple[str, ...]
    best_other: Mapping[str, str]
    alarms: tuple[StatementLine, ...]
    budget_curve: tuple[tuple[int, float], ...]
    shift: tuple[ColumnShift, ...]
    calibration: Mapping[str, tuple[ReliabilityBin, ...]]
    people: Findings | None = None
    words_left_out: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces: only text, finite numbers, true, false and null."""
        task = self.task
        return {
            "task": task.name,
            "about": {
                "target": task.target,
                "classes": list(task.classes),
                "D": task.about_train,
                "D*": task.about_predict,
                "n_D": task.n_D,
                "n_Dstar": task.n_Dstar,
            },
            "seed": self.seed,
            "clip": CLIP,
            "rows": [r.to_dict() for r in self.rows],
            "best_other": dict(self.best_other),
            "differences": [d.to_dict() for d in self.differences],
            "headline": headline(self),
            "statements": [s.to_dict() for s in self.statements],
            "words_left_out": self.words_left_out,
            "alarms": [s.address for s in self.alarms],
            "calibration": {split: [b.to_dict() for b in bins] for split, bins in self.calibration.items()},
            "budget_curve": [[answers, number(loss)] for answers, loss in self.budget_curve],
            "shift": [s.to_dict() for s in self.shift],
            "ledger": {**self.ledger.to_dict(), "human_minutes": self.ledger.human_seconds / 60.0},
            "notes": list(self.notes),
            "people": self.people and self.people.to_dict(),
        }


def number(value: Any) -> Any:
    """A NumPy scalar as Python's own, and None for what JSON can't say; anything else as it is."""
    plain = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(plain, float) and not np.isfinite(plain) else plain


SHOWN = 0.0005  # nats a case that a report of three digits shows
STANDING_NOTES = (
    f"Log loss is in nats; before it is taken, every row gives every class at least {CLIP:g}.",
    "Brier scores are summed over the classes, also for two, so they lie between 0 and 2.",
    "Calibration error is that of the most probable class in ten bins; few cases put it above 0 for anyone.",
    "Intervals hold 95 % over cases that count as independent; differences are paired, case by case.",
)


def build_report(  # noqa: PLR0913  # the parts of a report
    task: Task,
    scored: Scored,
    *,
    statements: Sequence[StatementLine] = (),
    effort: Effort | None = None,
    shift: Sequence[ColumnShift] = (),
    notes: Sequence[str] = (),
    people: Findings | None = None,
    words_left_out: int = 0,
) -> Report:
    """The report, with alarms and shift sorted and the notes that always apply."""
    alarms = sorted((s for s in statements if s.alarm), key=lambda s: -(s.nats_on_D or 0.0))
    return Report(
        task=task,
        seed=scored.seed,
        rows=scored.rows,
        statements=tuple(statements),
        ledger=effort.spent if effort else Cost(),
        differences=scored.differences,
        notes=(*scored.notes, *notes, *STANDING_NOTES),
        best_other=scored.best_other,
        alarms=tuple(alarms),
        budget_curve=tuple(effort.curve) if effort else (),
        shift=tuple(sorted(shift, key=lambda s: -s.distance)),
        calibration=scored.calibration,
        people=people,
        words_left_out=words_left_out,
    )


def headline(report: Report) -> list[str]:
    """What the report comes to, one sentence each: what is unknown, losses, ties, wins, alarms, effort."""
    unknown = [note for note in report.notes if note.startswith("No label of D*")]
    losses, ties, wins = list[str](), list[str](), list[str]()
    for split, best in report.best_other.items():
        here = [d for d in report.differences if d.split == split and d.other in rival_names(report)]
        for d in here:
            if d.other == best:
                apart = told_apart(d)
                kind = losses if apart > 0 else wins if apart < 0 else ties
                kind.append(verdict(d))
        losses += lost_to_others(here, best, losses) + less_often_right(here)
    against = report.people.alarm.sentences() if report.people and report.people.alarm.rings else []
    return [*unknown, *against, *losses, *ties, *wins, *alarm_lines(report), *effort_line(report)]


def rival_names(report: Report) -> set[str]:
    """Rows that aren't Priory."""
    return {r.name for r in report.rows if r.kind != "priory"}


def told_apart(d: Difference) -> int:
    """1 where Priory loses by log loss, -1 where it wins, 0 where nothing is settled that shows."""
    if d.log_loss_ci.low > 0 and d.log_loss >= SHOWN:
        return 1
    return -1 if d.log_loss_ci.high < 0 and d.log_loss <= -SHOWN else 0


def verdict(d: Difference) -> str:
    """Priory against the best other row, by log loss."""
    low, gain, high = -d.log_loss_ci.high, -d.log_loss, -d.log_loss_ci.low
    digits = 2 if min(abs(low), abs(gain), abs(high)) >= 0.01 else 3
    apart = told_apart(d)
    if apart > 0:
        return (
            f"Priory loses to {d.other} on {d.split} by {-gain:.{digits}f} nats "
            f"(95 % {-high:.{digits}f} to {-low:.{digits}f})."
        )
    if apart < 0:
        return (
            f"Priory beats {d.other}, the best other row, on {d.split} by {gain:.{digits}f} nats "
            f"(95 % {low:.{digits}f} to {high:.{digits}f})."
        )
    written = [signed(v, digits) for v in (gain, low, high)]
    return (
        f"Priory and {d.other}, the best other row, can't be told apart on {d.split}: "
        f"Priory's gain is {written[0]} nats (95 % {written[1]} to {written[2]})."
    )


def signed(value: float, digits: int) -> str:
    """A number with its sign, a real minus, and no sign where it is rounded to 0."""
    written = f"{value:+.{digits}f}"
    return written.replace("-", "−") if float(written) else written[1:]


def lost_to_others(here: Sequence[Difference], best: str, before: Sequence[str]) -> list[str]:
    """Rows beside the best one that Priory loses to; "also" needs a loss that was told before."""
    names = [d.other for d in here if told_apart(d) > 0 and d.other != best]
    if not names:
        return []
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    loses = "also loses" if before else "loses"
    return [f"Priory {loses} to {listed} on {here[0].split}, by log loss."]


def less_often_right(here: Sequence[Difference]) -> list[str]:
    """The row that is most clearly right more often than Priory, if any is."""
    lost = [d for d in here if d.accuracy_ci.high < 0]
    if not lost:
        return []
    d = min(lost, key=lambda d: d.accuracy)
    low, high = -100 * d.accuracy_ci.high, -100 * d.accuracy_ci.low
    return [
        f"Priory is right less often than {d.other} on {d.split}, by {-100 * d.accuracy:.1f} points "
        f"(95 % {low:.1f} to {high:.1f})."
    ]


def alarm_lines(report: Report) -> list[str]:
    """The strongest spurious alarm, and how many more there are."""
    if not report.alarms:
        return []
    first, more = report.alarms[0], len(report.alarms) - 1
    earned = f"{first.nats_on_D:.0f} nats on D" if first.nats_on_D is not None else "much on D"
    belief = (
        "nobody vouches for it"
        if first.plausibility is None
        else f"people give it {100 * first.plausibility:.0f} %"
    )
    rest = f" {more} more like it." if more else ""
    return [f"Spurious? “{one_line(first.text)}” ({first.address}) earns {earned}; {belief}.{rest}"]


def effort_line(report: Report) -> list[str]:
    """How much of people's time went in."""
    seconds = report.ledger.human_seconds
    if not seconds:
        return []
    spent = f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} minutes"
    return [f"It took {spent} of people's time."]


def one_line(text: str, most: int = 90) -> str:
    """Untrusted text on one line: no control or direction marks, and cut where it is long."""
    words = " ".join(text[: 20 * most].split())
    shown = "".join(c for c in words if c.isprintable())
    return shown if len(shown) <= most else shown[: most - 1].rstrip() + "…"
