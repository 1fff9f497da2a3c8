"""What a person types about a case, read into a forecast, a statement to open, or a command."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from kb.errors import InputError
from ui.wording import count, shortened

__all__ = ["CaseReply", "Doing", "how_to_forecast", "read_case_reply", "read_distribution"]

Doing = Literal["forecast", "open", "find", "view", "labelled", "skip", "undo", "stop", "help"]
WORDS: Mapping[str, Doing] = {
    "o": "open",
    "open": "open",
    "f": "find",
    "find": "find",
    "v": "view",
    "view": "view",
    "d": "labelled",
    "s": "skip",
    "skip": "skip",
    "u": "undo",
    "undo": "undo",
    "q": "stop",
    "quit": "stop",
    "stop": "stop",
    "?": "help",
    "help": "help",
}
TAKES_TEXT = {"open", "find"}
WHOLE, SLACK = 100.0, 1.5  # per cent; 33 33 33 is meant to be everything
_NUMBER = re.compile(r"\d{1,3}(?:[.,]\d{1,6})?", re.ASCII)
_ADDRESS = re.compile(r"0(?:(?:@\d+)?\.\d+)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class CaseReply:
    """One line that a person typed.

    Attributes:
        doing: What it asks for.
        text: The address or the words.
        probabilities: Per class, summing to 1; empty unless it is a forecast.
    """

    doing: Doing
    text: str = ""
    probabilities: Mapping[str, float] = field(default_factory=dict)


def how_to_forecast(classes: Sequence[str]) -> str:
    """What to type, in one sentence."""
    share = [round(WHOLE / len(classes))] * (len(classes) - 1)
    example = " ".join(str(v) for v in [*share, round(WHOLE) - sum(share)])
    return f"Type per cent in the order of the classes ({example}), or one class and its per cent."


def read_case_reply(line: str, classes: Sequence[str]) -> CaseReply:
    """What a line asks for.

    Raises:
        InputError: No distribution and no known word; the remedy says what to type.

    >>> read_case_reply("o 0.1", ["a", "b"]).text
    '0.1'
    >>> dict(read_case_reply("70 30", ["a", "b"]).probabilities)
    {'a': 0.7, 'b': 0.3}
    """
    written = line.strip()
    word, _, rest = written.partition(" ")
    doing = WORDS.get(word.casefold())
    is_class = any(word.casefold() == name.casefold() for name in classes)
    if _ADDRESS.fullmatch(written) and ("." in written):
        return CaseReply("open", written)
    if doing and not is_class and (bool(rest.strip()) == (doing in TAKES_TEXT)):
        return CaseReply(doing, rest.strip())
    return CaseReply("forecast", probabilities=read_distribution(written, classes))


def read_distribution(written: str, classes: Sequence[str]) -> dict[str, float]:
    """The distribution that a line writes, in per cent: a number per class, or one class and its number.

    Raises:
        InputError: It writes none, or does not sum to 100.
    """
    numbers = written.replace("%", " ").split()
    if all(_NUMBER.fullmatch(part) for part in numbers) and numbers:
        return _in_order([float(part.replace(",", ".")) for part in numbers], classes)
    name, value = _class_and_number(written, classes)
    others = [c for c in classes if c != name]
    return {c: value if c == name else (1.0 - value) / len(others) for c in classes}


def _in_order(values: Sequence[float], classes: Sequence[str]) -> dict[str, float]:
    if len(values) != len(classes):
        raise InputError(
            f"{count(len(values), 'number')} for {len(classes)} classes.", remedy=how_to_forecast(classes)
        )
    total = sum(values)
    if abs(total - WHOLE) > SLACK:
        raise InputError(f"they sum to {total:g}, not to 100.", remedy=how_to_forecast(classes))
    return {name: value / total for name, value in zip(classes, values, strict=True)}


def _class_and_number(written: str, classes: Sequence[str]) -> tuple[str, float]:
    name, _, number = written.replace("%", " ").strip().rpartition(" ")
    found = [c for c in classes if c.casefold() == name.strip().casefold()]
    if not found or not _NUMBER.fullmatch(number):
        raise InputError(
            f"{shortened(written, 40)!r} is no forecast.",
            remedy=f"{how_to_forecast(classes)} The classes are {', '.join(classes)}.",
        )
    value = float(number.replace(",", "."))
    if value > WHOLE:
        raise InputError(f"{number} is above 100.", remedy=how_to_forecast(classes))
    return found[0], value / WHOLE
