"""Bins: how a column is cut into pieces that a statement can speak about.

Numbers are cut where the classes change most, at the roundest number between two neighbouring values;
categories that tell the same are grouped; missing values are a piece of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from kb.arrays import Codes, Numbers
from kb.cases import Cases
from kb.condition_tree import quoted_name, quoted_text
from kb.task import Column

__all__ = ["Bins", "bin_column", "round_between"]


MOST_LEVELS = 50  # rarer levels are not named by any condition
_LEAST_CASES = 5
_LEAST_SHARE = 0.04


@dataclass(frozen=True, slots=True)
class Bins:
    """A column cut in pieces.

    Attributes:
        column: Its name.
        conditions: One SQL condition per piece; each case is in at most one.
        codes: Piece of each case, or the number of pieces for cases in none, shape (n,).
        half_lines: Per cut between pieces of numbers, the conditions below and above it.
    """

    column: str
    conditions: tuple[str, ...]
    codes: Codes
    half_lines: tuple[tuple[str, str], ...] = ()


def bin_column(  # a column, its labelled cases, and how to cut
    column: Column, cases: Cases, y: Codes, classes: int, pieces: int, *, evenly: bool = False
) -> Bins | None:
    """Cut a column by what it tells about y.

    Args:
        column: Which.
        cases: Labelled cases, n of them.
        y: Their classes, shape (n,).
        classes: K.
        pieces: At most so many, missing values aside.
        evenly: Cut numbers into pieces of as many cases each, whatever their classes are.

    Returns:
        None when nothing can be cut: a text column, a constant one, too few cases.
    """
    if column.type == "text" or len(y) < 2 * _LEAST_CASES:
        return None
    values = cases.values(column.name)
    name, half_lines = quoted_name(column.name), tuple[tuple[str, str], ...]()
    if column.type in ("numeric", "date"):
        cuts, codes = _cut_numbers(np.asarray(values, dtype=np.float64), y, pieces, evenly=evenly)
        literals = [_literal(column, cut) for cut in cuts]
        conditions = _intervals(name, literals)
        half_lines = tuple((f"{name} <= {a}", f"{name} > {a}") for a in literals)
        missing = np.isnan(np.asarray(values, dtype=np.float64))
    else:
        levels = np.asarray(values, dtype=np.int64)
        conditions, codes = _group_levels(column, levels, y, classes, pieces)
        missing = levels < 0
    if missing.sum() >= max(_LEAST_CASES, _LEAST_SHARE * len(y)) and (~missing).any():
        conditions = conditions or [f"{name} IS NOT NULL"]
        codes = np.where(
            missing, len(conditions), np.where(codes == len(conditions), len(conditions) + 1, codes)
        )
        conditions = [*conditions, f"{name} IS NULL"]
    if len(conditions) < 2:
        return None
    return Bins(column.name, tuple(conditions), codes.astype(np.int64), half_lines)


def _least(n: int) -> int:
    return max(_LEAST_CASES, int(_LEAST_SHARE * n))


def _cut_numbers(values: Numbers, y: Codes, pieces: int, *, evenly: bool) -> tuple[list[float], Codes]:
    """Cuts, and the piece of each case; a case on a cut is below it, a missing value in no piece."""
    present = ~np.isnan(values)
    cuts = _even_cuts(values[present], pieces) if evenly else _cuts(values[present], y[present], pieces)
    codes = np.searchsorted(np.array(cuts), values, side="left").astype(np.int64)
    codes[~present] = len(cuts) + 1 if cuts else 0
    return cuts, codes


def _cuts(values: Numbers, y: Codes, pieces: int) -> list[float]:
    """Where a small decision tree on this column alone would cut, made round."""
    if len(values) < 2 * _LEAST_CASES or np.ptp(values) == 0:
        return []
    from sklearn.tree import DecisionTreeClassifier

    ordered, rank = np.unique(values, return_inverse=True)  # a tree sees numbers in single precision only
    tree = DecisionTreeClassifier(
        criterion="entropy", max_leaf_nodes=pieces, min_samples_leaf=_least(len(values)), random_state=0
    ).fit(rank.reshape(-1, 1), y)
    below = tree.tree_.threshold[tree.tree_.feature >= 0].astype(np.int64)
    return sorted({round_between(float(ordered[at]), float(ordered[at + 1])) for at in below})


def _even_cuts(values: Numbers, pieces: int) -> list[float]:
    """Quantiles, made round."""
    if len(values) < pieces * _LEAST_CASES:
        return []
    ordered = np.unique(values)
    at = np.searchsorted(ordered, np.quantile(values, np.arange(1, pieces) / pieces), side="right") - 1
    return sorted(
        {round_between(float(ordered[i]), float(ordered[i + 1])) for i in at if i + 1 < len(ordered)}
    )


def round_between(low: float, high: float) -> float:
    """The roundest number t with low <= t < high: fewest digits, nearest to the middle.

    >>> round_between(206.0, 207.0), round_between(4031.0, 4104.0), round_between(0.1234, 0.1241)
    (206.0, 4100.0, 0.124)
    """
    middle = (low + high) / 2
    if not np.isfinite(middle) or high <= low:
        return low
    size = int(np.floor(np.log10(max(abs(low), abs(high), 1e-300))))
    for digits in range(size, size - 18, -1):
        step = 10.0**digits
        nearest = round(middle / step)
        for factor in (nearest, nearest - 1, nearest + 1):
            candidate = round(factor * step, max(0, -digits))
            if low <= candidate < high:
                return float(candidate)
    return low


def _literal(column: Column, cut: float) -> str:
    if column.type == "date":
        day = np.datetime64("1970-01-01", "D") + np.timedelta64(int(np.floor(cut)), "D")
        return f"DATE '{day}'"
    return f"{cut:.15g}"


def _intervals(name: str, at: list[str]) -> list[str]:
    """Conditions of the pieces between the cuts."""
    if not at:
        return []
    between = [f"{name} > {a} AND {name} <= {b}" for a, b in pairwise(at)]
    return [f"{name} <= {at[0]}", *between, f"{name} > {at[-1]}"]


def _group_levels(
    column: Column, levels: Codes, y: Codes, classes: int, pieces: int
) -> tuple[list[str], Codes]:
    counts = np.zeros((len(column.levels), classes))
    present = levels >= 0
    np.add.at(counts, (levels[present], y[present]), 1.0)
    common = np.argsort(-counts.sum(axis=1), kind="stable")[:MOST_LEVELS]
    named = [int(v) for v in common if counts[v].sum() >= _LEAST_CASES]
    groups = [[v] for v in named]
    while len(groups) > max(pieces, 2):
        a, b = _nearest(counts, groups, in_order=column.type == "ordinal")
        groups[a] = sorted(groups[a] + groups[b])
        del groups[b]
    groups.sort(key=min)
    piece = np.full(len(column.levels) + 1, len(groups), dtype=np.int64)
    for g, members in enumerate(groups):
        piece[members] = g
    conditions = [_one_of(column, members) for members in groups]
    return conditions, piece[np.where(present, levels, len(column.levels))]


def _one_of(column: Column, members: list[int]) -> str:
    name = quoted_name(column.name)
    if column.type == "boolean":
        return name if column.levels[members[0]].lower() in ("true", "yes", "1", "t", "y") else f"NOT {name}"
    values = ", ".join(quoted_text(column.levels[v]) for v in members)
    return f"{name} IN ({values})" if len(members) > 1 else f"{name} = {values}"


def _nearest(counts: Numbers, groups: list[list[int]], *, in_order: bool) -> tuple[int, int]:
    """The two groups whose union loses the fewest nats; neighbours only, where levels have an order."""
    totals = np.array([counts[g].sum(axis=0) for g in groups])
    if in_order:
        order = np.argsort([min(g) for g in groups])
        pairs = list(pairwise(order))
    else:
        pairs = [(a, b) for a in range(len(groups)) for b in range(a + 1, len(groups))]
    lost = [_entropy(totals[a] + totals[b]) - _entropy(totals[a]) - _entropy(totals[b]) for a, b in pairs]
    a, b = pairs[int(np.argmin(lost))]
    return (int(a), int(b)) if a < b else (int(b), int(a))


def _entropy(counts: Numbers) -> float:
    """Nats that these counts need at their own rates."""
    positive = counts[counts > 0]
    return float(-(positive * np.log(positive / positive.sum())).sum())
