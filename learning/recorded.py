"""Recorded raters: what people once said of words, read from a file and replayed when a session asks.

Two forms are read: a table (CSV, JSONL) with ``word``, ``value`` and optionally ``rater``, a line an answer;
and the form of the VADER lexicon (word, mean, deviation and a list of ten ratings, between tabs), its raters
being ``human:vader-1`` to ``human:vader-10``. A value is a number from -4 (for the one class) to 4 (for
the other), or the name of a class, or ``neither``.
"""

from __future__ import annotations

import ast
import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kb.errors import InputError
from kb.tokens import canonical_phrase
from learning.answer_lines import text_of
from learning.side_answers import NEITHER_SIDE

__all__ = ["RecordedAnswer", "RecordedRaters", "is_about_words", "read_recorded", "sides_by_sign"]

MOST = 4.0  # the strongest rating
UNLISTED = "oracle:unlisted"  # who stands in for "neither" where the file is silent
_LIST = re.compile(r"\[[-0-9., ]*\]")
_WORDS = ("word", "phrase")


@dataclass(frozen=True, slots=True)
class RecordedAnswer:
    """One rater's answer about one word: the class, or ``neither``, and how strongly, in [0, 1]."""

    rater: str
    side: str
    strength: float


@dataclass(frozen=True, slots=True)
class RecordedRaters:
    """What a file says.

    Attributes:
        answers: Per word or phrase, as ``canonical_phrase`` writes it, its answers in the order of the file.
        source: The file.
    """

    answers: Mapping[str, tuple[RecordedAnswer, ...]]
    source: str

    def of(self, phrase: str, rater: str | None = None) -> tuple[RecordedAnswer, ...]:
        """What was said of a phrase, by one rater or by all."""
        said = self.answers.get(phrase, ())
        return said if rater is None else tuple(a for a in said if a.rater == rater)


def sides_by_sign(classes: Sequence[str]) -> tuple[str, str]:
    """Which class a negative and a positive rating speak for.

    Raises:
        InputError: There are not two classes.
    """
    if len(classes) != 2:
        raise InputError(
            f"a number can't name one of {len(classes)} classes.",
            where="the recorded ratings",
            remedy="Write the class or neither in the column value, and the strength in [0, 1] in strength.",
        )
    first, second = classes
    is_turned = first.casefold().startswith("pos") or second.casefold().startswith("neg")
    return (second, first) if is_turned else (first, second)


def is_about_words(path: Path) -> bool:
    """Whether a file of ratings is about words, not statements; one that can't be read is not."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            first = file.readline()
    except (OSError, UnicodeDecodeError):
        return False
    if _is_lexicon(first):
        return True
    if first.lstrip().startswith("{"):
        return any(f'"{name}"' in first for name in _WORDS)
    names = {name.strip().strip('"') for name in first.split(",")}
    return bool(names & set(_WORDS)) and not names & {"address", "text", "column", "task"}


def read_recorded(path: Path, classes: Sequence[str]) -> RecordedRaters:
    """Read recorded answers about words.

    Args:
        path: A table or a lexicon.
        classes: The classes that answers name; with two, the sign of a number names one.

    Raises:
        InputError: The file can't be read, or a line is wrong; it names the line.
    """
    text = text_of(path)
    lines = _lexicon(text, path) if _is_lexicon(text) else _table(text, path)
    found: dict[str, list[RecordedAnswer]] = {}
    for number, word, rater, value, strength in lines:
        answer = _answer(rater, value, strength, classes, f"{path}:{number}")
        phrase = (canonical_phrase(word) if word[0].isalpha() else "") or word
        if not any(a.rater == answer.rater for a in found.get(phrase, ())):  # of "Fun" and "fun", the first
            found.setdefault(phrase, []).append(answer)
    if not found:
        raise InputError("it holds no answer.", where=str(path), remedy="Write word, rater, value a line.")
    return RecordedRaters({w: tuple(said) for w, said in found.items()}, str(path))


Line = tuple[int, str, str, object, object]


def _is_lexicon(text: str) -> bool:
    first = text.split("\n", 1)[0].split("\t")
    return len(first) >= 4 and bool(_LIST.fullmatch(first[3].strip()))


def _lexicon(text: str, path: Path) -> Iterator[Line]:
    for number, line in enumerate(text.split("\n"), start=1):
        fields = line.rstrip("\r").split("\t")
        if len(fields) < 2:
            continue
        if len(fields) < 4 or not _LIST.fullmatch(fields[3].strip()):
            raise InputError("it has no list of ratings.", where=f"{path}:{number}")
        for rater, value in enumerate(ast.literal_eval(fields[3].strip()), start=1):
            yield number, fields[0], f"human:vader-{rater}", value, None


def _table(text: str, path: Path) -> Iterator[Line]:
    for number, fields in _rows(text, path):
        word = next((str(fields[name]) for name in _WORDS if str(fields.get(name) or "").strip()), "")
        if not word.strip():
            raise InputError("it names no word.", where=f"{path}:{number}", remedy="Fill the column word.")
        rater = str(fields.get("rater") or "human:recorded")
        yield number, word, rater, fields.get("value"), fields.get("strength")


def _rows(text: str, path: Path) -> Iterator[tuple[int, Mapping[str, object]]]:
    if text.lstrip().startswith("{"):
        for number, line in enumerate(text.splitlines(), start=1):
            if line.strip():
                try:
                    yield number, json.loads(line)
                except ValueError as error:
                    raise InputError(f"it is no JSON ({error}).", where=f"{path}:{number}") from error
        return
    reader = csv.DictReader(text.splitlines())
    if not set(_WORDS) & set(reader.fieldnames or ()) or "value" not in (reader.fieldnames or ()):
        named = ", ".join(reader.fieldnames or ())[:200]
        raise InputError(
            f"its header has {named}.", where=f"{path}:1", remedy="It needs word and value; rater if known."
        )
    for row in reader:
        yield reader.line_num, row


def _answer(
    rater: str, value: object, strength: object, classes: Sequence[str], where: str
) -> RecordedAnswer:
    if not re.fullmatch(r"(human|oracle|model):.+", rater):
        raise InputError(f"{rater!r} is no rater.", where=where, remedy="Write human:NAME.")
    written = str(value if value is not None else "").strip()
    named = {c.casefold(): c for c in (NEITHER_SIDE, *classes)}
    if written.casefold() in named:
        side = named[written.casefold()]
        return RecordedAnswer(rater, side, 0.0 if side == NEITHER_SIDE else _strength(strength, where))
    try:
        number = float(written)
    except ValueError:
        number = float("nan")
    if not -MOST <= number <= MOST:
        raise InputError(
            f"{written!r} is no answer.",
            where=where,
            remedy=f"Write -4 to 4, or {', '.join((NEITHER_SIDE, *classes))}.",
        )
    negative, positive = sides_by_sign(classes)
    side = NEITHER_SIDE if number == 0 else positive if number > 0 else negative
    return RecordedAnswer(rater, side, abs(number) / MOST)


def _strength(written: object, where: str) -> float:
    if written is None or not str(written).strip():
        return 0.5
    try:
        strength = float(str(written))
    except ValueError:
        strength = float("nan")
    if not 0.0 <= strength <= 1.0:
        raise InputError(f"{written!r} is no strength.", where=where, remedy="Give 0 to 1.")
    return strength
