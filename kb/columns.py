"""Single values: what counts as missing, and how a value or a day is written as text."""

from __future__ import annotations

import datetime

import numpy as np

__all__ = ["CODED", "is_missing", "text_of", "text_of_day"]

CODED = frozenset({"boolean", "categorical", "ordinal"})
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


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


def text_of_day(day: float) -> str:
    """A date as a person writes it, with the time unless it is midnight."""
    moment = _EPOCH + datetime.timedelta(seconds=round(day * 86_400))
    is_date = (moment.hour, moment.minute, moment.second) == (0, 0, 0)
    return moment.date().isoformat() if is_date else moment.replace(tzinfo=None).isoformat(sep=" ")
