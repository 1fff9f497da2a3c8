"""Answers from a file, by address, text or column: a scripted stand-in for a person.

By column, a file fits a tree whatever was unpacked. A statement about several columns gets the lowest of
their values, since it holds only where all of them do.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kb.errors import InputError
from ui.answers import Reply, read_reply
from ui.wording import clean

if TYPE_CHECKING:
    from kb.knowledge import Tree
    from learning.asking import Question

__all__ = ["Oracle", "Rule"]

TASK = "task"
FIELDS = ("address", "text", "column")


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the file: what it is about, and the answer.

    Attributes:
        reply: The answer.
        note: Why.
        rater: Who says so.
    """

    reply: Reply
    note: str = ""
    rater: str = "oracle:file"


@dataclass(frozen=True, slots=True)
class Oracle:
    """The lines of a file, by what they are about.

    Attributes:
        rules: Keyed by ``(field, value)``, a field being ``address``, ``text`` or ``column``; the question
            about the task has the address ``task``.
    """

    rules: dict[tuple[str, str], Rule]

    @classmethod
    def read(cls, path: Path) -> Oracle:
        """The answers of a CSV file with a column ``value`` and one of ``address``, ``text`` and ``column``.

        Raises:
            InputError: Not such a file, or a value that is no answer; names the line.
        """
        rules: dict[tuple[str, str], Rule] = {}
        for where, row in _rows(path):
            about = [(name, row[name]) for name in FIELDS if row.get(name)]
            if len(about) != 1:
                raise InputError(
                    f"{len(about)} of address, text and column are filled; one says what a line is about.",
                    where=where,
                )
            rules[about[0]] = _rule(row, where)
        return cls(rules)

    @property
    def raters(self) -> list[str]:
        """Everyone who speaks in the file."""
        return sorted({rule.rater for rule in self.rules.values()})

    def rule_for(self, tree: Tree, question: Question) -> Rule | None:
        """The answer to a question; None where the file has none."""
        if question.kind == TASK:
            return self.rules.get(("address", TASK))
        named = self.rules.get(("address", question.address)) or self.rules.get(("text", question.text))
        if named is not None:
            return named
        found = [self.rules.get(("column", name)) for name in tree.statement(question.address).draft.columns]
        known = [rule for rule in found if rule is not None and rule.reply.value is not None]
        if not found or len(known) < len(found):
            return None
        return min(known, key=lambda rule: rule.reply.value or 0.0)


def _rows(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """(file and line, fields) of every line."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            lines = csv.DictReader(file)
            header = lines.fieldnames or []
            if "value" not in header or not set(FIELDS) & set(header):
                raise InputError(
                    "there is no column value beside one of address, text and column.", where=str(path)
                )
            for row in lines:
                yield f"{path}, line {lines.line_num}", {k: (v or "").strip() for k, v in row.items() if k}
    except OSError as error:
        raise InputError(f"can't be read ({error.strerror}).", where=str(path)) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"is no CSV file in UTF-8 ({error}).", where=str(path)) from error


def _rule(row: dict[str, str], where: str) -> Rule:
    try:
        reply = read_reply(row["value"])
    except InputError as error:
        raise InputError(error.message, where=where, remedy=error.remedy) from error
    return Rule(reply, clean(row.get("note", "")), row.get("rater") or "oracle:file")
