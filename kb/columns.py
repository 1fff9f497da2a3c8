"""Columns as arrays: Python's and NumPy's values as floats, codes into levels, or text."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from kb.errors import InputError
from kb.figures import count
from kb.task import Column

__all__ = ["CODED", "column_values", "day_of", "is_missing", "text_of", "text_of_day"]

CODED = frozenset({"boolean", "categorical", "ordinal"})
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def column_values(
    columns: Sequence[Column], values: Mapping[str, npt.NDArray[Any] | Sequence[object]]
) -> Iterator[tuple[Column, npt.NDArray[Any]]]:
    """Each column, with categories that it didn't know appended, and its array as ``Cases`` keeps it.

    Raises:
        InputError: A column is absent, of another length or holds a value that doesn't fit its type.
    """
    n = None
    for column in columns:
        if column.name not in values:
            raise InputError("there is no such column.", where=f"column {column.name!r}", remedy="Add it.")
        given = values[column.name]
        n = len(given) if n is None else n
        if len(given) != n:
            problem = f"has {count(len(given), 'value')}, the columns before it {n:,}."
            raise InputError(
                problem, where=f"column {column.name!r}", remedy="Give every column one per case."
            )
        if column.type in CODED:
            yield _coded(column, given)
        elif column.type == "text":
            yield column, np.array([None if is_missing(v) else str(v) for v in given] + [None], object)[:-1]
        else:
            yield column, _numbers(column, given)


def is_missing(value: object) -> bool:
    """None, NaN, and what pandas puts for them."""
    if value is None or value is np.ma.masked or type(value).__name__ in {"NAType", "NaTType"}:
        return True
    if isinstance(value, np.datetime64):
        return bool(np.isnat(value))
    return isinstance(value, float | np.floating) and bool(np.isnan(value))


def text_of(value: object) -> str:
    """A value as a level: ``true``, ``3`` (for 3.0, too), ``Dream``."""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def day_of(value: object) -> float:
    """Days since 1970 of a date, a time, ISO text, or a number that is one already.

    Raises:
        ValueError: It is none of them.
    """
    if isinstance(value, str):
        value = datetime.datetime.fromisoformat(value)
    if isinstance(value, datetime.datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=datetime.UTC)
        return (aware - _EPOCH) / datetime.timedelta(days=1)
    if isinstance(value, datetime.date):
        return float(value.toordinal() - _EPOCH.date().toordinal())
    if isinstance(value, np.datetime64):
        return float(value.astype("datetime64[us]").astype(np.int64)) / 86_400e6
    if isinstance(value, int | float | np.number):
        return float(value)
    raise ValueError(f"{value!r} is no date")


def text_of_day(day: float) -> str:
    """A date as a person writes it, with the time unless it is midnight."""
    moment = _EPOCH + datetime.timedelta(seconds=round(day * 86_400))
    is_date = (moment.hour, moment.minute, moment.second) == (0, 0, 0)
    return moment.date().isoformat() if is_date else moment.replace(tzinfo=None).isoformat(sep=" ")


def _numbers(column: Column, given: npt.NDArray[Any] | Sequence[object]) -> npt.NDArray[np.float64]:
    array = np.ma.asarray(given) if isinstance(given, np.ma.MaskedArray) else np.asarray(given)
    if array.dtype.kind in "biuf":
        numbers = np.ma.filled(array.astype(np.float64), np.nan)
    else:
        one = day_of if column.type == "date" else float
        numbers = np.full(len(given), np.nan)
        for place, value in enumerate(given):
            if not is_missing(value):
                numbers[place] = _fitting(column, value, one)
    if np.isinf(numbers).any():
        raise InputError(
            "is infinite.", where=f"column {column.name!r}", remedy="Give a number or leave it empty."
        )
    return numbers


def _fitting(column: Column, value: Any, one: Any) -> float:
    try:
        return float(one(value))
    except (TypeError, ValueError) as error:
        problem = f"{value!r} is no {'date' if column.type == 'date' else 'number'}."
        remedy = "Change the value or the type of the column."
        raise InputError(problem, where=f"column {column.name!r}", remedy=remedy) from error


def _coded(
    column: Column, given: npt.NDArray[Any] | Sequence[object]
) -> tuple[Column, npt.NDArray[np.int32]]:
    codes = {level: code for code, level in enumerate(column.levels)}
    array = np.full(len(given), -1, dtype=np.int32)
    for place, value in enumerate(given):
        if is_missing(value):
            continue
        level = _truth(value) if column.type == "boolean" else text_of(value)
        array[place] = codes.setdefault(level, len(codes))
    added = tuple(codes)[len(column.levels) :]
    if (added and column.type == "ordinal") or (set(codes) - {"true", "false"} and column.type == "boolean"):
        expected = " < ".join(column.levels) if column.type == "ordinal" else "true or false"
        problem = f"{added[0]!r} is not one of {expected}."
        raise InputError(problem, where=f"column {column.name!r}", remedy="Change the value.")
    return (replace(column, levels=column.levels + added) if added else column), array


def _truth(value: object) -> str:
    text = text_of(value).casefold()
    return {"1": "true", "0": "false", "yes": "true", "no": "false"}.get(text, text)
