"""Cases written down in a test, column by column, without a table that types are found in."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from kb.cases import Cases
from kb.columns import CODED, is_missing, text_of
from kb.task import Column

__all__ = ["cases_from_arrays"]

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def cases_from_arrays(
    columns: Sequence[Column], values: Mapping[str, npt.NDArray[Any] | Sequence[object]]
) -> Cases:
    """Cases from one array or list per column; categories that a column doesn't know come behind its own."""
    known, arrays = [], {}
    for column in columns:
        given = [None if is_missing(value) else value for value in values[column.name]]
        array: npt.NDArray[Any]
        if column.type in CODED:
            codes = {level: code for code, level in enumerate(column.levels)}
            found = [-1 if v is None else codes.setdefault(text_of(v), len(codes)) for v in given]
            array, column = np.array(found, dtype=np.int32), replace(column, levels=tuple(codes))  # noqa: PLW2901
        elif column.type == "text":
            array = np.empty(len(given), dtype=np.object_)
            array[:] = [None if v is None else str(v) for v in given]
        else:
            array = np.array([np.nan if v is None else _number(v) for v in given], dtype=np.float64)
        known.append(column)
        arrays[column.name] = array
    return Cases(known, arrays)


def _number(value: Any) -> float:
    """A number, or days since 1970 of a date or of ISO text."""
    if isinstance(value, datetime.date):
        value = value.isoformat()
    if not isinstance(value, str):
        return float(value)
    moment = datetime.datetime.fromisoformat(value)
    return (moment.replace(tzinfo=datetime.UTC) - _EPOCH) / datetime.timedelta(days=1)
