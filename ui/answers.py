"""What a person types about a statement, read into an answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from kb.errors import InputError
from ui.wording import shortened

__all__ = ["Command", "Reply", "SideReply", "read_reply", "read_side"]

Command = Literal["credence", "neither", "here", "skip", "flag", "note", "undo", "stop", "help"]

WORDS: dict[str, Command] = {
    "n": "neither",
    "neither": "neither",
    "h": "here",
    "here": "here",
    "s": "skip",
    "skip": "skip",
    "f": "flag",
    "flag": "flag",
    "note": "note",
    "u": "undo",
    "undo": "undo",
    "q": "stop",
    "quit": "stop",
    "stop": "stop",
    "?": "help",
    "help": "help",
}
_NUMBER = re.compile(r"(\d{1,9}(?:[.,]\d{1,9})?)\s*%?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reply:
    """One line that a person typed.

    Attributes:
        command: What it asks for.
        value: The credence in [0, 1]; None for everything else.
        text: The rest of the line: a reason or a note.
    """

    command: Command
    value: float | None = None
    text: str = ""


def read_reply(line: str) -> Reply:
    """The answer that a line writes.

    Raises:
        InputError: No number from 0 to 100 and no known word, or a number between 0 and 1, which could mean
            either.

    >>> read_reply("85 %").value, read_reply("f not a sentence").text
    (0.85, 'not a sentence')
    """
    written = line.strip()
    number = _NUMBER.fullmatch(written)
    if number:
        return Reply("credence", _credence(number[1].replace(",", ".")))
    word, _, rest = written.partition(" ")
    command = WORDS.get(word.lower().rstrip(":"))
    if command is None or (rest and command not in {"flag", "note", "skip"}):
        raise InputError(f"{shortened(written, 40)!r} is no answer.", remedy=HOW)
    return Reply(command, text=rest.strip())


@dataclass(frozen=True, slots=True)
class SideReply:
    """Which class a word speaks for, and how strongly, in [0, 1]."""

    side: str
    strength: float


STRONGEST = 4  # on the scale that is typed


def read_side(line: str, sides: Sequence[str]) -> SideReply | None:
    """The class that a line names, by its number or the start of its name; None for any other answer.

    Args:
        line: What was typed: a class, and 1 to 4 for how strongly (2 if left out).
        sides: The classes.

    >>> read_side("2 4", ("negative", "positive")), read_side("pos", ("negative", "positive"))
    (SideReply(side='positive', strength=1.0), SideReply(side='positive', strength=0.5))
    """
    first, _, rest = line.strip().casefold().partition(" ")
    if not first or first in WORDS:
        return None
    named = [s for i, s in enumerate(sides) if first == str(i + 1) or s.casefold().startswith(first)]
    exact = [s for s in named if s.casefold() == first] or named
    strength = rest.strip() or "2"
    if len(exact) != 1 or strength not in {str(i + 1) for i in range(STRONGEST)}:
        choices = ", ".join(f"{i + 1} {s}" for i, s in enumerate(sides))
        raise InputError(
            f"{shortened(line.strip(), 40)!r} is no answer.",
            remedy=f"Type {choices}, with 1 to {STRONGEST} for how strongly, or n (neither) or s (skip).",
        )
    return SideReply(exact[0], int(strength) / STRONGEST)


HOW = "Type a number from 0 to 100, or n (says nothing either way), h (true here only) or s (skip)."


def _credence(number: str) -> float:
    value = float(number)
    if value > 100:
        raise InputError(f"{number} is above 100.", remedy=HOW)
    if 0 < value < 1:
        raise InputError(
            f"{number} could be a share or a percentage.", remedy=f"{HOW} {value * 100:g} is {value:.0%}."
        )
    return value / 100
