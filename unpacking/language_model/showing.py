"""What a model is shown of a situation, as text, and what is left out when its window is too small."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kb.cases import Cases
from kb.columns import text_of_day
from kb.errors import FailedError
from kb.statements import Statement
from kb.task import Column
from kb.words import column_in_words, in_words
from unpacking.language_model.prompts import Prompt
from unpacking.protocol import Situation

__all__ = ["Room", "Shown", "column_line", "fitted", "shown_path"]

MOST_LEVELS = 12
MOST_COLUMNS = 60
LETTERS_A_TOKEN = 3.0  # fewer than any tokenizer needs for English, so the estimate is on the safe side


@dataclass(frozen=True, slots=True)
class Room:
    """How much text fits.

    Attributes:
        tokens: Tokens that the prompt may have; None where nobody knows a limit.
        count: Counts the tokens of a text.
    """

    tokens: int | None = None
    count: Callable[[str], int] = lambda text: round(len(text) / LETTERS_A_TOKEN)


@dataclass(frozen=True, slots=True)
class Shown:
    """The parts of a situation that a prompt may ask for, as lines of text.

    Attributes:
        statement: What is to be unpacked.
        above: Statements above it, the root first.
        earlier: Its earlier siblings.
        columns: One line per column.
        rows: Cases of D with their labels.
        left_out: How many statements above, siblings and rows were left out for want of room.
    """

    statement: str
    above: tuple[str, ...]
    earlier: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[str, ...] = ()
    left_out: tuple[int, int, int] = (0, 0, 0)

    def shorter(self) -> Shown | None:
        """Without the oldest statement above, else the oldest sibling, else a row; None if none is."""
        up, beside, rows = self.left_out
        if self.above:
            return replace(self, above=self.above[1:], left_out=(up + 1, beside, rows))
        if self.earlier:
            return replace(self, earlier=self.earlier[1:], left_out=(up, beside + 1, rows))
        if self.rows:
            return replace(self, rows=self.rows[:-1], left_out=(up, beside, rows + 1))
        return None

    @property
    def note(self) -> str:
        """What was left out, for people; empty if nothing was."""
        names = ("older statements above", "earlier siblings", "example cases")
        gone = [f"{n} {name}" for n, name in zip(self.left_out, names, strict=True) if n]
        return f"{' and '.join(gone)} left out for want of room" if gone else ""

    def texts(self, situation: Situation) -> dict[str, str]:
        """The parts by the name under which prompts ask for them."""
        task = situation.task
        cut = f" ({self.left_out[0]} more general ones are left out here)" if self.left_out[0] else ""
        return {
            "statement": self.statement,
            "above": _block(f"It stands below these, the most general first{cut}:", self.above),
            "earlier": _block("Said beside it already:", self.earlier),
            "target": f"{column_in_words(task.target)}: {', '.join(task.classes)}" if task.classes else "–",
            "about_train": task.about_train,
            "about_predict": task.about_predict,
            "columns": _block("The columns of the cases:", self.columns),
            "rows": _block("Some cases:", self.rows),
        }


def shown_path(situation: Situation, *, examples: int = 0) -> Shown:
    """All that may be shown of a situation.

    Args:
        situation: The statement, what stands above and beside it, and the task.
        examples: Cases of D to show, with their labels; 0 shows none.
    """
    columns = situation.task.columns
    lines = [column_line(c, situation.D.cases) for c in columns[:MOST_COLUMNS]]
    if len(columns) > MOST_COLUMNS:
        lines.append(f"and {len(columns) - MOST_COLUMNS} more")
    return Shown(
        statement=_said(situation.statement, columns),
        above=tuple(_said(s, columns) for s in situation.above),
        earlier=tuple(_said(s, columns) for s in situation.earlier if not s.is_dropped),
        columns=tuple(lines),
        rows=tuple(_rows(situation, examples)),
    )


def fitted(  # what a prompt is made of
    prompt: Prompt,
    told: Mapping[str, str],
    situation: Situation,
    shown: Shown,
    room: Room,
    *,
    more: Mapping[str, str] | None = None,
) -> tuple[str, str, str]:
    """The two messages of a prompt within the room there is, and a note of what was left out.

    Args:
        prompt: Which prompt.
        told: What its instructions ask for.
        situation: The task.
        shown: What may be shown of the situation.
        room: How much fits.
        more: Further data that the prompt asks for; never cut.

    Raises:
        FailedError: Not even the statement alone fits.
    """
    while True:
        system, user = prompt.filled(told, {**shown.texts(situation), **(more or {})})
        needed = 0 if room.tokens is None else room.count(system) + room.count(user)
        if room.tokens is None or needed <= room.tokens:
            return system, user, shown.note
        shorter = shown.shorter()
        if shorter is None:
            raise FailedError(
                f"the prompt has {needed:,} tokens, and {room.tokens:,} fit.",
                where=situation.statement.address,
                remedy="Take a model with a larger window, or set --window if it has one.",
            )
        shown = shorter


def _said(statement: Statement, columns: Sequence[Column]) -> str:
    """The text on one line, and its cases where it has a condition."""
    text = " ".join(statement.text.split())
    when = statement.draft.when
    return f"{text} (about cases where {in_words(when, columns)})" if when else text


def _block(title: str, lines: Iterable[str]) -> str:
    listed = [f"- {line}" for line in lines]
    return "\n".join([title, *listed]) if listed else ""


def column_line(column: Column, cases: Cases) -> str:
    """A column's name, type and range, as D has them; no value of a text column."""
    if column.type in ("numeric", "date") and cases.n:
        values = cases.values(column.name)
        known = values[~np.isnan(values)]
        if len(known):
            ends = (float(known.min()), float(known.max()))
            low, high = (text_of_day(x) if column.type == "date" else f"{x:.4g}" for x in ends)
            return f"{column.name}: {'a date' if column.type == 'date' else 'a number'}, {low} to {high}"
    if column.type in ("categorical", "ordinal", "boolean") and column.levels:
        more = f" and {len(column.levels) - MOST_LEVELS} more" if len(column.levels) > MOST_LEVELS else ""
        order = ", from low to high" if column.type == "ordinal" else ""
        return f"{column.name}: one of {', '.join(column.levels[:MOST_LEVELS])}{more}{order}"
    return f"{column.name}: {column.type}"


def _rows(situation: Situation, examples: int) -> Iterable[str]:
    """Some cases of D, the same ones at every step of a task."""
    n = min(examples, situation.D.n)
    drawn = np.random.default_rng(situation.task.seed).permutation(situation.D.n)[:n]
    for i in drawn.tolist():
        case = json.dumps(situation.D.cases.row(i), ensure_ascii=False)
        yield f"{case} → {situation.task.classes[int(situation.D.y[i])]}"
