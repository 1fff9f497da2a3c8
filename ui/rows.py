"""Rows as text that other programs read: CSV that no spreadsheet runs, and JSON lines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["as_csv", "as_json_lines"]

_RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "\t", "\r")


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows with a header of all their fields; lists and objects as JSON, None as nothing.

    A text that a spreadsheet would run as a formula gets an apostrophe in front.

    >>> as_csv([{"a": 1, "b": "=x"}, {"c": [1]}]).splitlines()
    ['a,b,c', "1,'=x,", ',,[1]']
    """
    fields = list(dict.fromkeys(name for row in rows for name in row))
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(fields)
    writer.writerows([_cell(row.get(name)) for name in fields] for row in rows)
    return written.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_RUN_BY_SPREADSHEETS) else value
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, ensure_ascii=False)
    return value


def as_json_lines(rows: Sequence[Mapping[str, Any]]) -> str:
    """One JSON object a line.

    >>> as_json_lines([{"a": 1}, {"a": None}])
    '{"a": 1}\\n{"a": null}\\n'
    """
    return "".join(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in rows)
