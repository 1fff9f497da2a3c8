"""The report as one page that needs nothing else: no script, no font, no picture from anywhere.

Texts of statements, columns and classes are untrusted. They reach the page only through ``safe``.
"""

from __future__ import annotations

import shlex
from html import escape

from kb.records import Cost
from kb.shift import ColumnShift
from learning.comparison import SPLITS, Difference, Row
from learning.measures import ALARM_NATS, ALARM_PLAUSIBILITY
from learning.report import Report, StatementLine, headline, signed
from learning.scores import CLIP
from ui.html_parts import figure, foreign, safe, section, table, tone
from ui.html_people import people
from ui.html_style import STYLE
from ui.plots import Axis, Mark, curve_plot, evidence_plot, interval_bar, reliability_plot, share_bar
from ui.telling import places_of_most_telling
from ui.wording import (
    LEGEND,
    count,
    decimals,
    duration,
    percent,
    points,
    shortened,
    strongest,
    usd_in_words,
)

__all__ = ["html_page"]

ALARMS_SHOWN = 6
SHIFTS_SHOWN = 20
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
SPLIT_TITLES = {"D*": "On D*, the cases to predict", "D held out": "On held-out D, more of the same"}


def html_page(report: Report) -> str:
    """The whole page; it makes no request and holds no script."""
    body = [
        top(report),
        section("How well it predicts", score_tables(report), score_lead()),
        evidence(report),
        calibration(report),
        answers(report),
        people(report.people),
        tree(report),
        shift(report),
        reproduce(report),
    ]
    title = f"{safe(report.task.name, 80)} – Priory report"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f"<title>{title}</title><style>{STYLE}</style></head>"
        f"<body><main>{''.join(body)}</main></body></html>\n"
    )


def top(report: Report) -> str:
    """What the task is and what the report comes to."""
    task = report.task
    facts = [
        ("D", f"{count(task.n_D, 'case')}: {foreign(task.about_train)}"),
        ("D*", f"{count(task.n_Dstar, 'case')}: {foreign(task.about_predict)}"),
        ("y", f"{foreign(task.target, 60)}, {count(len(task.classes), 'class', 'classes')}"),
    ]
    listed = "".join(f"<dt>{name}</dt><dd>{what}</dd>" for name, what in facts)
    verdicts = "".join(f'<li class="{tone(said)}">{safe(said, 600)}</li>' for said in headline(report))
    return (
        f'<header><p class="kicker">Priory report</p><h1>{foreign(task.name, 80)}</h1>'
        f'<dl class="facts">{listed}</dl><ul class="verdicts">{verdicts}</ul></header>'
    )


def score_lead() -> str:
    """How to read the tables."""
    return (
        "Log loss in nats per case, lower is better, with 95 % intervals; the thin line marks Priory. "
        "<em>Priory's gain</em> is paired, case by case; a row it loses to shows below zero. "
        "Rows in italics are Priory with something taken away or put wrong."
    )


def score_tables(report: Report) -> str:
    """A table per split, best first."""
    parts = [score_table(report, split) for split in SPLITS if any(r.split == split for r in report.rows)]
    return f'<div class="tables">{"".join(parts)}</div>' if parts else ""


def score_table(report: Report, split: str) -> str:
    """All rows of one split, the best first, on one axis."""
    rows = sorted((r for r in report.rows if r.split == split), key=lambda r: r.log_loss)
    axis = Axis(max(r.ci["log_loss"].high for r in rows) or 1.0, 6.0, 162.0)
    ours = next((r for r in rows if r.kind == "priory"), None)
    gains = {d.other: d for d in report.differences if d.split == split}
    heads = [
        ("", "row"),
        ("n", "log loss"),
        ("bar", ""),
        ("n", "Priory's gain"),
        ("n", "accuracy"),
        ("n", "Brier"),
        ("n", "calibration error"),
    ]
    body = []
    for row in rows:
        bar = interval_bar(row.log_loss, row.ci["log_loss"], axis, ours.log_loss if ours else None)
        body.append(score_row(row, bar, gains.get(row.name), report.best_other.get(split) == row.name))
    caption = f'{SPLIT_TITLES[split]} <span class="quiet">· {count(max(r.n for r in rows), "case")}</span>'
    return table("scores", caption, heads, body)


def score_row(row: Row, bar: str, gain: Difference | None, is_best: bool) -> str:
    """One row: its name and kind, its scores, and Priory's paired gain over it."""
    kind = "ours" if row.kind == "priory" else "best" if is_best else ""
    kind += " altered" if row.kind == "ablation" else ""
    tag = '<span class="tag">← the row to beat</span>' if is_best else ""
    accuracy = row.ci["accuracy"]
    low, high = f"{100 * accuracy.low:.0f}", f"{100 * accuracy.high:.0f} %"
    return (
        f'<tr class="{kind}"><td>{foreign(row.name, 60)}{tag}</td>'
        f'<td class="n">{row.log_loss:.3f}</td><td class="bar">{bar}</td>'
        f'<td class="n gain">{gain_cell(gain)}</td>'
        f'<td class="n">{100 * row.accuracy:.1f} %<span class="quiet">{low} – {high}</span></td>'
        f'<td class="n">{row.brier:.3f}</td><td class="n">{row.ece:.3f}</td></tr>'
    )


def gain_cell(d: Difference | None) -> str:
    """How many nats Priory is better; below zero where it is worse, marked where that is no chance."""
    if d is None:
        return '<span class="quiet"></span>'
    low, high = -d.log_loss_ci.high, -d.log_loss_ci.low
    number = f'<span class="{"negative" if high < 0 else ""}">{signed(-d.log_loss, 3)}</span>'
    return f'{number}<span class="quiet">{signed(low, 2)} to {signed(high, 2)}</span>'


def evidence(report: Report) -> str:
    """What D says against what people say, and the alarms in words."""
    marks = [
        Mark(s.plausibility, s.plausibility_sd or 0.0, s.nats_on_D, s.text, s.alarm)
        for s in report.statements
        if s.plausibility is not None and s.nats_on_D is not None and s.address != "0"
    ]
    if not marks:
        return ""
    drawing = figure(
        evidence_plot(marks, (ALARM_PLAUSIBILITY, ALARM_NATS)),
        "A dot per statement; whiskers are one standard deviation of its plausibility. "
        "The vertical scale is compressed for large values.",
    )
    lead = (
        "D cannot tell which statements carry over: a spurious one earns as much as a true one. "
        "People can. What earns much and is not believed stands in the shaded corner."
    )
    return section("What D says, what people say", f'<div class="pair">{drawing}{alarms(report)}</div>', lead)


def alarms(report: Report) -> str:
    """The spurious alarms, strongest first."""
    if not report.alarms:
        return '<div><h3>Spurious alarms</h3><p class="quiet">None was raised.</p></div>'
    cards = "".join(alarm_card(s) for s in report.alarms[:ALARMS_SHOWN])
    more = len(report.alarms) - ALARMS_SHOWN
    rest = f'<p class="quiet small">… and {more} more.</p>' if more > 0 else ""
    return f'<div><h3>Spurious alarms</h3><ul class="alarms">{cards}</ul>{rest}</div>'


def alarm_card(s: StatementLine) -> str:
    """One statement that earns much on D and that people don't believe."""
    reach = "" if s.carries_Dstar is None else f" · speaks about {percent(s.carries_Dstar)} of D*"
    earned = decimals(s.nats_on_D or 0.0)
    return (
        f'<li><p class="says">{foreign(s.text)}</p><p class="quiet small">'
        f'<span class="address">{safe(s.address, 60)}</span> · {earned} nats on D · '
        f"plausible {percent(s.plausibility)}{reach}</p></li>"
    )


def calibration(report: Report) -> str:
    """Reliability of Priory on each split."""
    titles = {"D*": "On D*", "D held out": "On held-out D"}
    plots = [
        figure(reliability_plot(report.calibration[split]), title=titles[split])
        for split in SPLITS
        if report.calibration.get(split)
    ]
    lead = (
        "When Priory gives its likeliest class 80 %, it should come true in 80 % of such cases: then the dot "
        "lies on the diagonal. Bins hold about equally many cases; bars are 95 % intervals."
    )
    return section(
        "Can its probabilities be taken at their word?",
        f'<div class="pair">{"".join(plots)}</div>' if plots else "",
        lead,
    )


def answers(report: Report) -> str:
    """What people's answers bought."""
    if not report.budget_curve:
        return ""
    best = report.best_other.get("D*")
    loss = next((r.log_loss for r in report.rows if r.split == "D*" and r.name == best), None)
    rival = (best, loss) if best is not None and loss is not None else None
    caption = "The dashed line is the row to beat." if rival else ""
    return section("What people's answers bought", figure(curve_plot(report.budget_curve, rival), caption))


def tree(report: Report) -> str:
    """Of the statements, those that earn most on D with what stands above them, in the order of the tree."""
    every = report.statements
    if not every:
        return ""
    telling = places_of_most_telling([s.address for s in every], [s.nats_on_D for s in every])
    shown = [every[i] for i in telling]
    heads = [
        ("", ""),
        ("", "statement"),
        ("", "points"),
        ("n", "nats on D"),
        ("", "plausible for D*"),
        ("n", "of D*"),
    ]
    rest = len(report.statements) - len(shown) + report.words_left_out
    less = f"… and {count(rest, 'more statement')}, which earn less on D."
    more = f'<p class="quiet small">{less}</p>' if rest else ""
    body = table("tree", "", heads, (tree_row(s) for s in shown)) + more
    lead = f"Points are what a statement adds to the odds where it applies; {LEGEND}"
    return section("The prior, as it can be read", body, lead)


def depth(s: StatementLine) -> int:
    """Levels below the root."""
    return s.address.count(".")


def tree_row(s: StatementLine) -> str:
    """One statement under the guides of its depth."""
    most = strongest(s.points) if s.address != "0" else None
    chip = f"{points(most[1])} {foreign(most[0], 18)}" if most else ""
    believed = ""
    if s.plausibility is not None and s.address != "0":
        bar = share_bar(s.plausibility, s.plausibility_sd or 0.0, "alarm" if s.alarm else "ours")
        believed = f'<span class="share"><span>{percent(s.plausibility)}</span>{bar}</span>'
    kind = " ".join(name for name, holds in (("alarm", s.alarm), ("top", depth(s) == 0)) if holds)
    guides = "<i></i>" * min(depth(s), 12)
    nats = "" if s.nats_on_D is None or s.address == "0" else decimals(s.nats_on_D)
    return (
        f'<tr class="{kind}"><td class="address">{safe(s.address, 60)}</td>'
        f'<td class="says"><div class="indent">{guides}<div>{foreign(s.text)}</div></div></td>'
        f'<td class="chip">{chip}</td><td class="n nats">{nats}</td><td class="chip">{believed}</td>'
        f'<td class="n quiet reach">{"" if s.carries_Dstar is None else percent(s.carries_Dstar)}</td></tr>'
    )


def shift(report: Report) -> str:
    """How D* differs from D, column by column."""
    rows = [shift_row(s) for s in report.shift[:SHIFTS_SHOWN]]
    rest = len(report.shift) - SHIFTS_SHOWN
    more = f'<p class="quiet small">… and {rest} more, which differ less.</p>' if rest > 0 else ""
    heads = [("", "column"), ("", "distance"), ("", ""), ("", "what differs most")]
    lead = (
        "Distance is total variation: 0 is the same distribution, 1 is no overlap. "
        "Chance alone makes it larger than 0."
    )
    return section("How D* differs from D", table("shift", "", heads, rows) + more if rows else "", lead)


def shift_row(s: ColumnShift) -> str:
    """One column: how far apart, and what differs most."""
    kind = {"far apart": "alarm", "differs": "ours"}.get(s.verdict, "")
    distance = f"<span>{s.distance:.2f}</span>{share_bar(s.distance, 0.0, kind)}"
    return (
        f'<tr><td>{foreign(s.column, 60)}</td><td><span class="share">{distance}</span></td>'
        f'<td class="quiet">{s.verdict}</td><td>{foreign(s.what, 160)}</td></tr>'
    )


def reproduce(report: Report) -> str:
    """What to type, what was spent, and every note."""
    command = f"priory report --tree {shlex.quote(shortened(report.task.name, 80))} --seed {report.seed}"
    command += " --labels LABELS.csv" if any(r.split == "D*" for r in report.rows) else ""
    notes = "".join(f"<li>{safe(note, 400)}</li>" for note in report.notes)
    facts = [
        ("Seed", str(report.seed)),
        ("Floor", f"{CLIP:g} for every class of every row, before a log loss is taken"),
        ("Spent", ", ".join(spendings(report.ledger))),
    ]
    listed = "".join(f"<dt>{name}</dt><dd>{what}</dd>" for name, what in facts)
    commands = f"<pre>{escape(command)} --html report.html\n{escape(command)} --json</pre>"
    body = f'{commands}<ul class="notes">{notes}</ul><dl class="facts">{listed}</dl>'
    return section("To check it yourself", body) + "<footer>Made by Priory, a prior you can read.</footer>"


def spendings(spent: Cost) -> list[str]:
    """What was spent, leaving out what cost nothing."""
    found = [
        (spent.steps, count(spent.steps, "unpacking step")),
        (spent.seconds, f"{duration(spent.seconds)} of machines"),
        (spent.human_seconds, f"{duration(spent.human_seconds)} of people"),
        (spent.tokens, count(spent.tokens, "token")),
        (spent.usd, f"about {usd_in_words(spent.usd)}"),
    ]
    return [written for amount, written in found if amount] or ["nothing"]
