"""A case to predict as the components show it, and what comes back; nothing here knows Streamlit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from kb.address import Address
from kb.cases import Cases
from kb.errors import InputError
from kb.knowledge import Tree
from kb.statements import Statement
from kb.words import column_in_words, in_words
from learning.forecast_turns import Begun, Score, shares_of
from learning.people.forecasts import MOST_OPENED
from learning.seats import Seat
from learning.turns import Turn
from ui.explorer.judged import Judged
from ui.explorer.rows import rows
from ui.explorer.turn_view import MIN_MS, number, untrusted
from ui.wording import clean, shortened, value_in_words

__all__ = [
    "Step",
    "case_of",
    "forecast_view",
    "score_in_words",
    "shares_sent",
    "step_of",
    "tree_rows",
    "view_of",
]

Step = Literal["first guess", "final", "alone"]
MOST_LETTERS = 6_000  # of one value of a case


def step_of(turn: Turn, done: Begun) -> Step:
    """What comes next: the only forecast without Z, else the first guess and then the final one."""
    if turn.arm != "given Z":
        return "alone"
    return "first guess" if done.first_guess is None else "final"


def case_of(tree: Tree, turn: Turn) -> list[tuple[str, str]]:
    """The values of the case, by their columns' names in words; missing ones are left out."""
    cases: Cases = tree.Dstar if turn.session.sample else tree.D.cases
    row = cases.row(turn.item.case or 0)
    shown = ((clean(column_in_words(name)), value) for name, value in row.items() if value is not None)
    return [
        (name, untrusted(value)[:MOST_LETTERS] if isinstance(value, str) else value_in_words(value))
        for name, value in shown
    ]


def forecast_view(
    tree: Tree, turn: Turn, seat: Seat, done: Begun, *, trouble: str = "", tries: int = 0
) -> dict[str, Any]:
    """What the input is given: two outcomes are one axis, more are shares with their sum."""
    step, classes = step_of(turn, done), tree.task.classes
    is_binary = len(classes) == 2
    start = None
    if step == "final" and done.first_guess:
        start = [done.first_guess.get(c, 0.0) for c in (classes[1:] if is_binary else classes)]
    return {
        "turn": f"{turn.id}:{step}",
        "task": "credence" if is_binary else "shares",
        "cards": [],
        "domains": [],
        "outcomes": [clean(c) for c in classes],
        "start": start,
        "question": _question(tree, step),
        "allows": ["skip", "undo"] if step != "final" else ["skip"],
        "flags": [],
        "min_ms": MIN_MS,
        "progress": "",
        "share": None,
        "worth": "",
        "undo": seat.recent[-1][1] if seat.recent else "",
        "trouble": trouble,
        "tries": tries,
        "focus": step != "final",
    }


def _question(tree: Tree, step: Step) -> str:
    target = clean(column_in_words(tree.task.target))
    if len(tree.task.classes) == 2:
        asked = f"How likely is it that {target} is {clean(tree.task.classes[1])}?"
    else:
        asked = f"How likely is each {target}?"
    return {
        "first guess": f"First guess, from the case alone. {asked}",
        "final": f"Final answer. {asked}",
        "alone": asked,
    }[step]


def shares_sent(tree: Tree, event: Mapping[str, Any], turn: Turn, done: Begun) -> dict[str, float]:
    """The distribution that a browser sent for this step of the turn.

    Raises:
        InputError: It is for another case or step, or no distribution.
    """
    if event.get("turn") != f"{turn.id}:{step_of(turn, done)}":
        raise InputError("this answer belongs to another case.", remedy="Answer the one that is shown.")
    classes = tree.task.classes
    if len(classes) == 2:
        p = number(event.get("value"))
        return shares_of(classes, [] if p is None else [1.0 - p, p])
    given = event.get("shares")
    found = [number(p) for p in given] if isinstance(given, list) else []
    return shares_of(classes, [-1.0 if p is None else p for p in found])


def tree_rows(tree: Tree, addresses: list[Address], done: Begun) -> tuple[list[dict[str, Any]], list[str]]:
    """Rows of the tree without numbers: no points, nobody's rating, only what this forecast cites."""
    found, absent = rows(tree, addresses, Judged({}, frozenset(), frozenset(done.cited)))
    return [{**row, "p": ""} for row in found], absent


def view_of(
    tree: Tree, turn: Turn, done: Begun, reading: Address | None, *, trouble: str = ""
) -> dict[str, Any]:
    """The statement that is being read, and those opened, in order."""
    opened = [o.address for o in done.opened]
    stored = {s.address: s for s in tree.store.nodes(tree.tree_id, opened)}
    here = reading if reading in stored else (opened[-1] if opened else None)
    return {
        "reading": _reading(tree, turn, stored[here], is_cited=here in done.cited) if here else None,
        "nothing": f"Open what you would take as given: Enter in the tree. {MOST_OPENED} at most.",
        "most": MOST_OPENED,
        "opened": [
            {"address": a, "text": shortened(stored[a].text, 90), "cited": a in done.cited}
            for a in opened
            if a in stored
        ],
        "trouble": trouble,
    }


def _reading(tree: Tree, turn: Turn, s: Statement, *, is_cited: bool) -> dict[str, Any]:
    says, applies = _speaks(tree, turn, s)
    return {
        "address": s.address,
        "text": untrusted(s.text),
        "path": [shortened(a.text, 60) for a in tree.ancestors(s.address)[1:]],
        "speaks": says,
        "applies": applies,
        "cited": is_cited,
    }


def _speaks(tree: Tree, turn: Turn, s: Statement) -> tuple[str, bool]:
    """Whether the statement speaks about this case, where it can be told."""
    if not s.draft.when:
        return "", False
    cases = tree.Dstar if turn.session.sample else tree.D.cases
    applies = bool(cases.take(np.array([turn.item.case or 0])).matches([s.draft.when])[0, 0])
    condition = clean(in_words(s.draft.when, tree.task.columns))
    return f"{'It speaks' if applies else 'It does not speak'} about this case: {condition}.", applies


def score_in_words(tree: Tree, score: Score) -> str:
    """What the case was, and how good both answers were."""
    target = clean(column_in_words(tree.task.target))
    yours = f"Your answer: {score.log_loss:.2f} nats, Brier {score.brier:.2f}"
    said = f"The last case's {target} was {clean(score.label)}. {yours}"
    if score.first_log_loss is None or score.first_brier is None:
        return f"{said} (lower is better)."
    first = f"first guess: {score.first_log_loss:.2f} nats, Brier {score.first_brier:.2f}"
    return f"{said}; {first} (lower is better)."
