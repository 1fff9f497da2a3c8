"""What a person types about a statement, read into an answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from kb.errors import InputError
from ui.wording import shortened

__all__ = ["Command", "Reply", "read_reply"]

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
