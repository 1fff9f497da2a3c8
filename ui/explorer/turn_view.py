"""A turn as the rating component shows it, and what comes back from it; nothing here knows Streamlit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from kb.address import ROOT
from kb.cases import Cases
from kb.errors import InputError
from kb.knowledge import Tree
from kb.statements import Statement
from kb.words import column_in_words
from learning.asking import examples_about, task_in_words
from learning.seats import Seat, seconds_left
from learning.turns import Said, Turn
from ui.wording import clean, duration, shortened, value_in_words

__all__ = ["FLAGS", "MIN_MS", "number", "progress_in_words", "said_of", "turn_view", "untrusted"]

FLAGS = ("unclear", "says two things", "a duplicate", "rests on something false", "offensive")
MIN_MS = 300  # a key within this time of a new statement was meant for the last one
MOST_VALUES = 5
MOST_LETTERS = 20_000  # of a statement; a card of more would not be read
MOST_NOTE = 2_000
LONGEST_TURN = 24 * 3600.0  # seconds

_ALLOWS = {
    "credence": ("neither", "here", "skip", "flag", "note", "undo"),
    "seven": ("neither", "here", "skip", "flag", "note", "undo"),
    "comparison": ("tie", "cannot", "skip", "flag", "note", "undo"),
}
_TASK_ALLOWS = ("skip", "flag", "note", "undo")  # of the question about the task itself


def turn_view(
    tree: Tree, turn: Turn, seat: Seat, *, worth: str = "", trouble: str = "", tries: int = 0
) -> dict[str, Any]:
    """What the component is given: texts, two examples each of D and D*, the question, how far one is.

    It holds no points, no fit on D and nobody's rating.

    Args:
        tree: Whose turn it is.
        turn: What is asked.
        seat: The rater's place.
        worth: What further answers would change, if that is known.
        trouble: Why the last answer could not be kept; empty when it was.
        tries: Grows with every answer that could not be kept, so that it can be sent again.
    """
    shown = turn.statements[::-1] if turn.swapped else turn.statements
    is_task = turn.item.kind == "task"
    task = turn.session.task
    return {
        "turn": turn.id,
        "task": task,
        "cards": [_task_card(tree)] if is_task else [_card(tree, s, with_path=turn.with_path) for s in shown],
        "domains": _domains(tree, shown),
        "question": _question(tree, turn),
        "allows": list(_TASK_ALLOWS if is_task else _ALLOWS[task]),
        "flags": list(FLAGS),
        "min_ms": MIN_MS,
        "progress": progress_in_words(seat),
        "share": seat.done / max(1, seat.done + seat.left + 1),
        "worth": worth,
        "undo": seat.recent[-1][1] if seat.recent else "",
        "trouble": trouble,
        "tries": tries,
    }


def _card(tree: Tree, statement: Statement, *, with_path: bool) -> dict[str, Any]:
    above = tree.ancestors(statement.address)[1:] if with_path else []
    return {"text": untrusted(statement.text), "path": [shortened(s.text, 90) for s in above]}


def _task_card(tree: Tree) -> dict[str, Any]:
    return {"text": clean(task_in_words(tree.task)), "path": []}


def untrusted(text: str) -> str:
    """A statement on as many lines as it has, without characters that control anything."""
    lines = text[:MOST_LETTERS].splitlines() or [""]
    more = f" … ({len(text) - MOST_LETTERS:,} more letters)" if len(text) > MOST_LETTERS else ""
    return "\n".join(clean(line) for line in lines).strip() + more


def _question(tree: Tree, turn: Turn) -> str:
    cases = clean(tree.task.about_predict)
    if turn.item.kind == "task":
        return "How sure are you?"
    if turn.item.kind == "comparison":
        return f"Which of the two is more plausible for {cases}, and how many times the odds?"
    return f"Will this also hold for {cases}?"


def _domains(tree: Tree, shown: Sequence[Statement]) -> list[dict[str, Any]]:
    """What D and D* are, with two cases each that the statement speaks about (any for a pair); no labels."""
    about = shown[0] if len(shown) == 1 else tree.statement(ROOT)
    parts: tuple[tuple[str, str, Cases], ...] = (
        ("from the labelled cases:", tree.task.about_train, tree.D.cases),
        ("to be predicted:", tree.task.about_predict, tree.Dstar),
    )
    return [
        {
            "kind": kind,
            "name": shortened(name, 140),
            "cases": [_case(c, about.draft.columns) for c in examples_about(tree, about, cases)],
        }
        for kind, name, cases in parts
    ]


def _case(values: Mapping[str, object], columns: Sequence[str]) -> list[list[str]]:
    """A few values of a case, those that the statement is about first."""
    order = [*(name for name in columns if name in values), *(name for name in values if name not in columns)]
    return [
        [shortened(column_in_words(name), 30), shortened(value_in_words(values[name]), 160)]
        for name in order[:MOST_VALUES]
    ]


def progress_in_words(seat: Seat) -> str:
    """How far one is, and how long the rest takes at one's pace.

    >>> progress_in_words(Seat("human:ada", answered=(1, 2, 3), left=8, current=4, paces=(4.0, 4.0, 4.0)))
    '3 done, 9 to go, about 36 s'
    """
    to_go = seat.left + (seat.current is not None)
    time = seconds_left(seat)
    return f"{seat.done:,} done, {to_go:,} to go" + (f", about {duration(time)}" if time and to_go else "")


def said_of(event: Mapping[str, Any], turn: Turn) -> Said:
    """What a browser sent, as an answer to the turn; it is checked again where it is kept.

    Raises:
        InputError: It is for another turn, or no answer.
    """
    if event.get("turn") != turn.id:
        raise InputError("this answer belongs to another statement.", remedy="Answer the one that is shown.")
    answer = str(event.get("answer"))
    details: dict[str, Any] = {
        "first_ms": number(event.get("first_ms")),
        "changes": number(event.get("changes")),
    }
    value = number(event.get("value"))
    if answer == "credence" and turn.session.task == "seven":
        value, details["point"] = _of_seven(event.get("point"))
    elif answer == "credence" and turn.item.kind == "comparison" and value is not None:
        value = -value if turn.swapped else value  # it came as left over right
    for mark in ("tie", "cannot_compare"):
        if event.get(mark) is True:
            details[mark] = True
    reason, note = (clean(event.get(name) or "")[:MOST_NOTE] for name in ("reason", "note"))
    return Said(
        answer=answer,
        value=round(value, 6) if answer == "credence" and value is not None else None,
        note=": ".join(filter(None, (reason, note))),
        seconds=min(max(number(event.get("seconds")) or 0.0, 0.0), LONGEST_TURN),
        details=details,
    )


def number(value: Any) -> float | None:
    """A finite number, or None for whatever else a browser sends."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if is_number else None


def _of_seven(point: Any) -> tuple[float, int]:
    """The credence in the middle of the point's seventh of [0, 1], and the point.

    Raises:
        InputError: It is no point of the scale.
    """
    if not isinstance(point, int | float) or point not in range(1, 8):
        raise InputError(f"{point!r} is no point of the scale.", remedy="Press 1 to 7.")
    return (int(point) - 0.5) / 7.0, int(point)
