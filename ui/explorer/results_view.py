"""What the Results page shows, as tables and drawings; nothing here knows Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from kb.address import Address
from kb.arrays import Codes
from kb.knowledge import Tree
from kb.records import Judgement
from learning.agreement import FEWEST_ITEMS, Agreement, agreement_of
from learning.comparison import Scored
from learning.report import Report, StatementLine, build_report, headline
from learning.resolving import resolved_cases
from learning.scores import accuracy, bootstrap_means, case_log_losses, log_loss
from learning.seats import seat_of
from learning.session_results import RaterProgress, progress_of, standing
from learning.sessions import Session
from ui.html_parts import safe, tone
from ui.html_people import people
from ui.html_report import answers, calibration, evidence, score_lead, score_tables
from ui.html_style import STYLE
from ui.wording import clean, count, duration

__all__ = [
    "FEWEST_CALIBRATED",
    "FEWEST_LABELS",
    "agreement_table",
    "alarm_html",
    "drawn",
    "labels_read",
    "progress_table",
    "report_html",
    "report_rows",
    "resolved_in_words",
    "under_way",
    "withheld",
]

FEWEST_LABELS = 20
FEWEST_CALIBRATED = 20  # two bins of ten
MOST_WALKED = 5_000


def withheld(report: Report) -> tuple[Report, list[str]]:
    """The report without what rests on too few cases, and what is needed before that is shown."""
    known = {
        split: max((r.n for r in report.rows if r.split == split), default=0)
        for split in ("D*", "D held out")
    }
    few = {split for split, n in known.items() if 0 < n < FEWEST_LABELS}
    notes = [
        f"{split}: {count(known[split], 'label')}; {FEWEST_LABELS - known[split]} more are needed "
        "before its scores are shown."
        for split in sorted(few)
    ]
    if not known["D*"]:
        notes.append(
            f"No label of D* is known: give {FEWEST_LABELS} or more to see how well it is predicted."
        )
    drawn = {
        split: bins
        for split, bins in report.calibration.items()
        if split not in few and sum(b.n for b in bins) >= FEWEST_CALIBRATED
    }
    kept = replace(
        report,
        rows=tuple(r for r in report.rows if r.split not in few),
        differences=tuple(d for d in report.differences if d.split not in few),
        best_other={split: best for split, best in report.best_other.items() if split not in few},
        calibration=drawn,
        budget_curve=() if "D*" in few else report.budget_curve,
    )
    return kept, notes


def report_html(report: Report) -> str:
    """Verdicts, score tables, calibration, what answers bought and what people predict, each text escaped."""
    verdicts = "".join(f'<li class="{tone(said)}">{safe(said, 600)}</li>' for said in headline(report))
    tables = score_tables(report)
    lead = f'<p class="lead">{score_lead()}</p>' if tables else ""
    parts = [f'<ul class="verdicts">{verdicts}</ul>', lead, tables]
    return "".join([*parts, calibration(report), answers(report), people(report.people)])


def alarm_html(tree: Tree) -> tuple[str, str]:
    """What D says against what people say, from the stored measures; and what was left out, if anything."""
    lines: list[StatementLine] = []
    note = ""
    for statement in tree.walk():
        if len(lines) == MOST_WALKED:
            note = f"The first {MOST_WALKED:,} statements in the order of the tree."
            break
        lines.append(StatementLine.of(statement))
    return evidence(build_report(tree.task, Scored(0, (), (), {}, {}, ()), statements=lines)), note


def drawn(html: str) -> dict[str, str]:
    """What the report component is given; the colours come from the explorer's theme."""
    rules = STYLE[STYLE.index("* { box-sizing") :]
    return {"html": html, "style": rules.replace("body {", ".unused {", 1).replace("main {", ".unused {", 1)}


def resolved_in_words(tree: Tree) -> str:
    """How good the forecasts were that had been made before labels of D* became known; empty for no label."""
    resolved = resolved_cases(tree)
    n = len(resolved.cases)
    if not n:
        return ""
    if n < FEWEST_LABELS:
        more = f"{FEWEST_LABELS - n} more are needed before their score is shown."
        return f"{count(n, 'case')} of D* resolved; {more}"
    loss = bootstrap_means(case_log_losses(resolved.y, resolved.p)[:, None], 0)[0]
    mean = log_loss(resolved.y, resolved.p)
    right = accuracy(resolved.y, resolved.p)
    return (
        f"{count(n, 'case')} of D* resolved. Forecast before that: right in {100 * right:.0f} %, "
        f"{mean:.2f} nats a case (95 % {loss.low:.2f} to {loss.high:.2f})."
    )


def report_rows(report: Report) -> list[dict[str, Any]]:
    """Scores as flat rows, for a file."""
    return [
        {
            **{name: value for name, value in row.to_dict().items() if name != "ci"},
            **{
                f"{metric}_{end}": value for metric, i in row.ci.items() for end, value in i.to_dict().items()
            },
        }
        for row in report.rows
    ]


def labels_read(tree: Tree, text: str) -> Codes:
    """Labels of D* from the text of a CSV file, as ``priory report --labels`` reads them.

    Raises:
        InputError: As ``read_labels`` says.
    """
    import tempfile
    from pathlib import Path

    from kb.tables import read_labels

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "labels.csv"
        file.write_text(text, encoding="utf-8")
        return read_labels(file, tree.task)


def said_in(judgements: Sequence[Judgement], session: Session | None) -> list[Judgement]:
    """Standing judgements of people, of one session or of all."""
    return [
        j
        for j in standing(judgements)
        if (session is None or j.session == session.name) and not j.rater.startswith("model:")
    ]


def progress_table(said: Sequence[Judgement], sessions: Sequence[Session]) -> dict[str, Any]:
    """Per rater: answers, time, gold, consistency."""
    gold: Mapping[Address, tuple[float, float]] = {a: e for s in sessions for a, e in s.gold.items()}
    raters = sorted({j.rater for j in said})
    found = [progress_of([j for j in said if j.rater == who], who, gold) for who in raters]
    columns = ["rater", "answered", "skipped", "flagged", "time", "an answer", "gold right", "same again"]
    return {
        "columns": [{"label": c, "kind": "who" if c == "rater" else "n"} for c in columns],
        "rows": [{"cells": [{"t": t} for t in _progress_cells(r)]} for r in found],
        "nothing": "Nobody has answered yet.",
    }


def _name(rater: str) -> str:
    """A person's bare name; a stand-in keeps its kind in front."""
    return clean(rater.removeprefix("human:"))


def _progress_cells(r: RaterProgress) -> list[str]:
    pace = "–" if r.median_seconds is None else duration(r.median_seconds)
    return [
        _name(r.rater),
        f"{r.answered:,}",
        f"{r.skipped:,}",
        f"{r.flagged:,}",
        duration(r.seconds),
        pace,
        f"{r.gold_right} of {r.gold}" if r.gold else "–",
        f"{r.consistency.close} of {r.consistency.n}" if r.consistency.n else "–",
    ]


def agreement_table(found: Agreement) -> dict[str, Any]:
    """Every two raters: how many both rated, how far apart they are, alpha from twenty on."""
    columns = ["rater", "and", "both rated", "apart", "alpha"]
    return {
        "columns": [{"label": c, "kind": "n" if i > 1 else "who"} for i, c in enumerate(columns)],
        "rows": [
            {
                "cells": [
                    {"t": _name(p.first)},
                    {"t": _name(p.second)},
                    {"t": f"{p.n:,}"},
                    {"t": "–" if p.apart is None else f"{p.apart:.2f}"},
                    {"t": _alpha(p.alpha, p.n)},
                ]
            }
            for p in found.pairs
            if p.n
        ],
        "nothing": "No two raters rated the same statement yet.",
    }


def _alpha(alpha: float | None, n: int) -> str:
    if alpha is not None:
        return f"{alpha:.2f}"
    return f"{FEWEST_ITEMS - n} more" if n < FEWEST_ITEMS else "nothing varies"


def agreement_in(said: Sequence[Judgement], session: Session | None) -> Agreement:
    """Between raters; points of a scale are compared by rank."""
    return agreement_of(said, "ordinal" if session and session.task == "seven" else "interval")


def under_way(tree: Tree, sessions: Sequence[Session], rater: str | None) -> str:
    """A session of ratings that the rater has begun and not finished; empty for none."""
    if rater is None:
        return ""
    for session in sessions:
        if session.task != "prediction":
            seat = seat_of(tree, session, rater)
            if seat.done and (seat.left or seat.current is not None):
                return session.name
    return ""
