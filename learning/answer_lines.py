"""The lines of a file of answers: CSV with a header, or one JSON object a line."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from kb.errors import InputError

__all__ = ["answer_lines", "text_of"]


def text_of(path: Path) -> str:
    """What a file of UTF-8 text holds, without a byte order mark.

    Raises:
        InputError: The file can't be read.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError("there is no such file.", where=str(path)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"it can't be read as UTF-8 text ({error}).", where=str(path)) from error


def answer_lines(
    path: Path, *, one: str, check_header: Callable[[Sequence[str]], None]
) -> Iterator[tuple[int, Mapping[str, object]]]:
    """The number and the fields of each line.

    Args:
        path: The file.
        one: What a line holds, for the error of an empty file.
        check_header: Given the names of a CSV file's columns; raises where they can't be.

    Raises:
        InputError: The file can't be read, is empty, or a line is wrong; it names the line.
    """
    text = text_of(path)
    if not text.strip():
        raise InputError("it is empty.", where=str(path), remedy=f"Write a header and one {one} a line.")
    if text.lstrip().startswith("{"):
        yield from _json_lines(text, path)
        return
    reader = csv.DictReader(text.splitlines())
    check_header([name or "" for name in reader.fieldnames or ()])
    for row in reader:
        if None in row:
            raise InputError("it has more fields than the header.", where=f"{path}:{reader.line_num}")
        yield reader.line_num, row


def _json_lines(text: str, path: Path) -> Iterator[tuple[int, Mapping[str, object]]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
        except ValueError as error:
            raise InputError(f"it is no JSON ({error}).", where=f"{path}:{number}") from error
        if not isinstance(fields, dict):
            raise InputError("it is no JSON object.", where=f"{path}:{number}")
        yield number, fields
