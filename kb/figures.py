"""Figures as people read them: points instead of nats, percent, and numbers with their noun."""

from __future__ import annotations

import math

__all__ = ["POINTS_PER_NAT", "count", "percent", "points"]

POINTS_PER_NAT = 10.0 / math.log(10.0)  # 10 points are a factor of ten in the odds


def percent(p: float | None) -> str:
    """A probability or a share in whole percent; never 0 % or 100 % for what is only close.

    >>> percent(0.974), percent(0.001), percent(0.9999), percent(0.0)
    ('97 %', '<1 %', '>99 %', '0 %')
    """
    if p is None or math.isnan(p):
        return "–"
    whole = f"{p * 100:.0f}"
    if whole == "0" and p > 0.0:
        return "<1 %"
    if whole == "100" and p < 1.0:
        return ">99 %"
    return f"{whole} %"


def points(nats_added: float) -> str:
    """What a statement adds to the odds of an outcome, in whole points with a sign.

    >>> points(2.07), points(-0.7), points(0.01)
    ('+9', '−3', '0')
    """
    whole = round(nats_added * POINTS_PER_NAT)
    return f"+{whole}" if whole > 0 else f"−{-whole}" if whole < 0 else "0"


def count(n: int, noun: str, plural: str | None = None) -> str:
    """A number and its noun.

    >>> count(1, "statement"), count(1200, "statement")
    ('1 statement', '1,200 statements')
    """
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"
