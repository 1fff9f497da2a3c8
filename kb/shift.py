"""Shift: how the cases to predict differ from the labelled ones, column by column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from kb.cases import Cases
from kb.columns import CODED, text_of_day
from kb.task import Column
from kb.words import quantity_in_words

__all__ = ["ColumnShift", "Verdict", "column_shifts"]

Verdict = Literal["alike", "differs", "far apart"]

MAX_ROWS = 100_000  # per side; more would move no distance by as much as .005
MAX_BINS = 16
MAX_LEVELS = 100  # the rarest beyond are counted as one
DRAWS = 200
NOISE_SD = 3.0
LITTLE, FAR = 0.05, 0.3  # distances beyond what chance gives


@dataclass(frozen=True, slots=True)
class ColumnShift:
    """How one column of D* differs from the same column of D.

    Attributes:
        column: Its name.
        distance: Total variation between the two distributions, binned, missing being a value of its own:
            0 is the same, 1 is no overlap. Chance alone makes it larger than 0.
        verdict: ``alike`` if chance explains it, or if it is less than .05 beyond chance.
        what: The difference in a few words.
    """

    column: str
    distance: float
    verdict: Verdict
    what: str

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {name: getattr(self, name) for name in self.__slots__}


def column_shifts(D: Cases, Dstar: Cases, *, seed: int = 0) -> list[ColumnShift]:
    """One shift per column, the largest distance first.

    Args:
        D: The labelled cases.
        Dstar: The cases to predict, with the same columns.
        seed: Draws the rows that are looked at where there are many, and the permutations.
    """
    rng = np.random.default_rng(seed)
    rows = [_some_rows(cases.n, rng) for cases in (D, Dstar)]
    found = []
    for column in Dstar.columns:
        one, other = (cases.values(column.name)[some] for cases, some in zip((D, Dstar), rows, strict=True))
        found.append(_shift(column, one, other, rng))
    return sorted(found, key=lambda shift: -shift.distance)


def _some_rows(n: int, rng: np.random.Generator) -> npt.NDArray[np.int64] | slice:
    return slice(None) if n <= MAX_ROWS else np.sort(rng.choice(n, MAX_ROWS, replace=False))


def _shift(
    column: Column, one: npt.NDArray[Any], other: npt.NDArray[Any], rng: np.random.Generator
) -> ColumnShift:
    if column.type == "text":
        one, other = _word_counts(one), _word_counts(other)
    if column.type in CODED:
        counts = _level_counts(one, other, len(column.levels))
        what = _levels_in_words(column.levels, counts)
    else:
        counts = _bin_counts(one, other)
        what = _numbers_in_words(column, one, other)
    if not len(one) or not len(other):
        return ColumnShift(column.name, 0.0, "alike", "no cases to compare")
    distance = float(_distances(counts[:1], counts.sum(axis=0))[0])
    return ColumnShift(column.name, distance, _verdict(distance, counts, rng), what)


def _distances(of_D: npt.NDArray[np.int64], pooled: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Total variation between each row of counts, shape (draws, bins), and what it leaves of the pool."""
    rest = pooled - of_D
    shares = of_D / of_D.sum(axis=1, keepdims=True) - rest / rest.sum(axis=1, keepdims=True)
    return np.asarray(0.5 * np.abs(shares).sum(axis=1))


def _verdict(distance: float, counts: npt.NDArray[np.int64], rng: np.random.Generator) -> Verdict:
    """Against the distances that arise if the rows of both are shuffled between them.

    The counts of D are then multivariate hypergeometric, so no row need be moved.
    """
    pooled = counts.sum(axis=0)
    if len(pooled) > MAX_LEVELS:
        kept = np.sort(pooled)[::-1]
        pooled = np.append(kept[:MAX_LEVELS], kept[MAX_LEVELS:].sum())
    draws = rng.multivariate_hypergeometric(pooled, int(counts[0].sum()), size=DRAWS, method="marginals")
    chance = _distances(draws, pooled)
    beyond = distance - float(chance.mean())
    if beyond < LITTLE or beyond < NOISE_SD * float(chance.std()):
        return "alike"
    return "far apart" if beyond >= FAR else "differs"


def _level_counts(one: npt.NDArray[Any], other: npt.NDArray[Any], n_levels: int) -> npt.NDArray[np.int64]:
    """Counts per level, missing last, shape (2, n_levels + 1)."""
    return np.stack(
        [np.bincount(np.where(codes < 0, n_levels, codes), minlength=n_levels + 1) for codes in (one, other)]
    )


def _bin_counts(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Counts per bin, missing last; a bin per value where they are few, else bins of equal weight."""
    pooled = np.concatenate([one, other])
    known = pooled[~np.isnan(pooled)]
    values = np.unique(known)
    if len(values) > MAX_BINS:
        per_side = min(MAX_BINS // 2, max(2, round(min(len(one), len(other)) ** (1 / 3))))
        # each side's quantiles, so that a large D doesn't hide where a small D* lies
        ends = [
            np.nanquantile(side, np.linspace(0, 1, per_side + 1)[1:])
            for side in (one, other)
            if not np.isnan(side).all()
        ]
        values = np.unique(np.concatenate(ends))
    codes = (np.where(np.isnan(side), len(values), np.searchsorted(values, side)) for side in (one, other))
    return np.stack([np.bincount(np.minimum(c, len(values)), minlength=len(values) + 1) for c in codes])


def _word_counts(texts: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    return np.array([np.nan if text is None else len(text.split()) for text in texts], dtype=np.float64)


def _percent(share: float) -> str:
    return "<1 %" if 0 < share < 0.005 else ">99 %" if 0.995 < share < 1 else f"{100 * share:.0f} %"


def _change(what: str, before: float, after: float) -> str:
    return f"{what} {_percent(before)} → {_percent(after)}"


def _levels_in_words(levels: Sequence[str], counts: npt.NDArray[np.int64]) -> str:
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    # a value that is new says more than the one that made room for it
    change = np.abs(shares[1] - shares[0]) + 1e-9 * ((counts[0] == 0) & (counts[1] > 0))
    largest = int(change.argmax())
    names = [*levels, "missing"]
    said = _change(names[largest], shares[0, largest], shares[1, largest])
    new = [names[k] for k in np.argsort(-shares[1], kind="stable") if not counts[0, k] and counts[1, k]]
    new = [name for name in new if name != "missing"]
    if not new:
        return said
    some = ", ".join(new[:3]) + (f" and {len(new) - 3:,} more" if len(new) > 3 else "")
    named = f"new value{'s' if len(new) > 1 else ''} {some} in D*"
    return f"{named} ({_percent(shares[1, largest])})" if new == [names[largest]] else f"{said}; {named}"


def _numbers_in_words(column: Column, one: npt.NDArray[Any], other: npt.NDArray[Any]) -> str:
    missing = [float(np.isnan(side).mean()) if len(side) else 1.0 for side in (one, other)]
    if 1.0 in missing or abs(missing[1] - missing[0]) >= LITTLE:
        return _change("missing", *missing)
    write = text_of_day if column.type == "date" else partial(quantity_in_words, column.name)
    what = "median words" if column.type == "text" else "median"
    medians, upper, lower = (
        [write(_quantile(column, side, q)) for side in (one, other)] for q in (0.5, 0.9, 0.1)
    )
    for name, (before, after) in ((what, medians), ("highest tenth from", upper), ("lowest tenth to", lower)):
        if before != after:
            return f"{name} {before} → {after}"
    return f"{what} {medians[0]} in both"


def _quantile(column: Column, values: npt.NDArray[Any], q: float) -> float:
    value = float(np.nanquantile(values, q))
    return float(round(value)) if column.type == "date" else value
