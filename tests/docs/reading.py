"""Reads a page as a reader does: the code blocks in order, each command as it is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_HEREDOC = re.compile(r"<<\s*'?(\w+)'?")
RUN = ("console", "python")


@dataclass(frozen=True)
class Step:
    """One thing to run.

    Attributes:
        language: ``console`` for a command, ``python`` for a script.
        code: As written, without the prompt.
        line: Where it stands in the page.
    """

    language: str
    code: str
    line: int


def blocks(page: Path) -> Iterator[Step]:
    """Every code block of a page, whatever its language."""
    text = page.read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        yield Step(found[1], found[2], text.count("\n", 0, found.start()) + 2)


def steps(page: Path) -> list[Step]:
    """What a reader would run: each command of the console blocks, each python block."""
    found: list[Step] = []
    for block in blocks(page):
        if block.language == "python":
            found.append(block)
        elif block.language == "console":
            found += _commands(block)
    return found


def _commands(block: Step) -> Iterator[Step]:
    """The lines behind a ``$``, and what a backslash or a here-document adds; the rest is output."""
    lines = iter(enumerate(block.code.splitlines(), start=block.line))
    for number, line in lines:
        if not line.startswith("$ "):
            continue
        command = line[2:]
        while command.endswith("\\"):
            command += "\n" + next(lines)[1]
        if heredoc := _HEREDOC.search(command):
            for _, more in lines:
                command += "\n" + more
                if more == heredoc[1]:
                    break
        yield Step("console", command, number)
