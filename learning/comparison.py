"""Every row on the same cases, with the same floor and the same resamples: scores and differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from learning import scores
from learning.calibration import ReliabilityBin, proportion_interval, reliability
from learning.scores import (
    Interval,
    bootstrap_means,
    case_briers,
    case_hits,
    case_log_losses,
    expected_calibration_error,
)

__all__ = ["D_HELD_OUT", "D_STAR", "SPLITS", "Difference", "Kind", "Row", "Scored", "score_rows"]

Kind = Literal["classical", "ablation", "priory", "people"]
D_HELD_OUT, D_STAR = "D held out", "D*"
SPLITS: tuple[str, str] = (D_STAR, D_HELD_OUT)
METRICS = ("accuracy", "log_loss", "brier")
FEW = 30

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Row:
    """One forecaster on one split.

    Attributes:
        name: What the report calls it.
        kind: Which sort of row it is.
        split: ``D held out`` or ``D*``.
        n: Cases it was scored on.
        accuracy: In [0, 1].
        log_loss: In nats per case, each class at ``CLIP`` or more.
        brier: Summed over the classes, in [0, 2].
        ece: Expected calibration error of the top class, ten bins, in [0, 1].
        ci: 95 % interval over cases of each of the first three.
    """

    name: str
    kind: Kind
    split: str
    n: int
    accuracy: float
    log_loss: float
    brier: float
    ece: float
    ci: Mapping[str, Interval]

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        return {**plain, "ci": {metric: i.to_dict() for metric, i in self.ci.items()}}


@dataclass(frozen=True, slots=True)
class Difference:
    """Priory minus another row on the cases that both forecast, case by case.

    Attributes:
        other: Name of the other row.
        split: Where.
        n: Cases that both forecast.
        accuracy: Above 0 where Priory is better.
        accuracy_ci: Its 95 % paired bootstrap interval.
        log_loss: In nats per case; below 0 where Priory is better.
        log_loss_ci: Its 95 % paired bootstrap interval.
    """

    other: str
    split: str
    n: int
    accuracy: float
    accuracy_ci: Interval
    log_loss: float
    log_loss_ci: Interval

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        intervals = {"accuracy_ci": self.accuracy_ci.to_dict(), "log_loss_ci": self.log_loss_ci.to_dict()}
        return {**plain, **intervals}


@dataclass(frozen=True, slots=True)
class Scored:
    """What ``score_rows`` found.

    Attributes:
        seed: Of the bootstrap.
        rows: In the order given, D* first.
        differences: Priory minus each other row, per split.
        best_other: Per split, the name of the row other than Priory with the lowest log loss.
        calibration: Reliability of Priory, per split.
        notes: What a reader must know to trust or distrust the numbers.
    """

    seed: int
    rows: tuple[Row, ...]
    differences: tuple[Difference, ...]
    best_other: Mapping[str, str]
    calibration: Mapping[str, tuple[ReliabilityBin, ...]]
    notes: tuple[str, ...]


def score_rows(
    forecasts: Mapping[str, Mapping[str, NDArray[np.floating]]],
    labels: Mapping[str, NDArray[np.integer]],
    kinds: Mapping[str, Kind],
    seed: int,
) -> Scored:
    """Score every row on the same cases.

    Args:
        forecasts: Name → split → (n, K) probabilities; a row of NaN is a case that it didn't forecast.
        labels: Split → (n,) class codes, −1 where the label isn't known. A split may be absent.
        kinds: Name → kind; the first of kind ``priory`` is the one that the others are held against.
        seed: Of the bootstrap.
    """
    rows: list[Row] = []
    differences: list[Difference] = []
    best_other, calibration, notes = dict[str, str](), dict[str, tuple[ReliabilityBin, ...]](), list[str]()
    for split in SPLITS:
        y = np.asarray(labels.get(split, ()), dtype=np.int64)
        notes += label_notes(split, y)
        known = int((y >= 0).sum())
        if not known:
            continue
        present = {name: by[split] for name, by in forecasts.items() if split in by}
        part = SplitScores(split, y, present, kinds)
        here, apart = part.scored(seed)
        rows += here
        differences += apart
        notes += [f"{r.name} forecast {r.n} of {known} cases of {split}." for r in here if r.n < known]
        if best := best_rival(here):
            best_other[split] = best
        if part.priory:
            calibration[split] = part.calibration(part.priory)
    return Scored(seed, tuple(rows), tuple(differences), best_other, calibration, tuple(notes))


def best_rival(rows: Sequence[Row]) -> str | None:
    """The row that isn't Priory with the lowest log loss, among those that forecast the most cases."""
    rivals = [r for r in rows if r.kind != "priory"]
    fullest = max((r.n for r in rivals), default=0)
    return min(((r.log_loss, r.name) for r in rivals if r.n == fullest), default=(0.0, None))[1]


def label_notes(split: str, y: NDArray[np.int64]) -> list[str]:
    """What must be said about how many labels there are."""
    known = int((y >= 0).sum())
    if not known:
        if split == D_STAR:
            return ["No label of D* is known yet: nothing here shows how well D* is predicted."]
        return ["No case of D was held out: nothing here shows how well more cases like D are predicted."]
    found = []
    if known < len(y):
        found.append(f"{known} of {len(y)} labels of {split} are known; the others aren't scored.")
    if known < FEW:
        found.append(
            f"Only {known} labelled case{'s' * (known > 1)} of {split}: read its intervals as rough."
        )
    return found


class SplitScores:
    """Per-case scores of all rows on one split.

    Args:
        split: Its name.
        y: (n,) codes, −1 where unknown.
        forecasts: Name → (n, K) probabilities, NaN where a row has none. Rows without any case are left out.
        kinds: Name → kind.
    """

    def __init__(
        self,
        split: str,
        y: NDArray[np.int64],
        forecasts: Mapping[str, NDArray[np.floating]],
        kinds: Mapping[str, Kind],
    ) -> None:
        self.split, self.y, self.kinds = split, y, kinds
        self.forecasts = {name: p for name, p in forecasts.items() if self._covered(p).any()}

    @property
    def priory(self) -> str | None:
        """The row that the others are held against."""
        return next((name for name in self.forecasts if self.kinds[name] == "priory"), None)

    def _covered(self, p: NDArray[np.floating]) -> NDArray[np.bool_]:
        if p.ndim != 2 or len(p) != len(self.y):
            raise ValueError(f"a forecast of {self.split} is {p.shape} for {len(self.y)} cases")
        covered: NDArray[np.bool_] = (self.y >= 0) & ~np.isnan(p).any(axis=1)
        return covered

    def _pairs(self, name: str) -> tuple[NDArray[np.int64], NDArray[np.floating]]:
        """Labels and forecasts of the cases that the row covers."""
        p = self.forecasts[name]
        where = self._covered(p)
        return self.y[where], p[where]

    def _values(self, name: str) -> Floats:
        """(n, 3) hits, log losses and Brier scores; NaN where the row has no forecast or no label."""
        values = np.full((len(self.y), len(METRICS)), np.nan)
        y, p = self._pairs(name)
        values[self._covered(self.forecasts[name])] = np.column_stack(
            [case_hits(y, p), case_log_losses(y, p), case_briers(y, p)]
        )
        return values

    def scored(self, seed: int) -> tuple[list[Row], list[Difference]]:
        """All rows, and Priory minus each other row on the cases they share."""
        values = {name: self._values(name) for name in self.forecasts}
        own = self.priory
        others = [name for name in values if name != own] if own else []
        gaps = {other: (values[own] - values[other])[:, :2] for other in others if own}
        gaps = {other: gap for other, gap in gaps.items() if not np.isnan(gap).all()}
        found = iter(joint_intervals([*values.values(), *gaps.values()], seed))
        rows = [self._row(name, v, next(found)) for name, v in values.items()]
        return rows, [self._difference(other, gap, next(found)) for other, gap in gaps.items()]

    def _row(self, name: str, values: Floats, intervals: Sequence[Interval]) -> Row:
        seen = values[~np.isnan(values[:, 0])]
        accuracy, log_loss, brier = map(float, seen.mean(axis=0))
        ci = dict(zip(METRICS, intervals, strict=True))
        if accuracy in (0.0, 1.0):  # resampling can't see past cases that all came out alike
            ci["accuracy"] = proportion_interval(round(accuracy * len(seen)), len(seen))
        ece = expected_calibration_error(*self._pairs(name))
        return Row(name, self.kinds[name], self.split, len(seen), accuracy, log_loss, brier, ece, ci)

    def _difference(self, other: str, gap: Floats, intervals: Sequence[Interval]) -> Difference:
        seen = gap[~np.isnan(gap[:, 0])]
        accuracy, log_loss = map(float, seen.mean(axis=0))
        return Difference(other, self.split, len(seen), accuracy, intervals[0], log_loss, intervals[1])

    def calibration(self, name: str) -> tuple[ReliabilityBin, ...]:
        """Reliability of one row."""
        return reliability(*self._pairs(name))


def joint_intervals(tables: Sequence[Floats], seed: int) -> list[list[Interval]]:
    """Per table of (n, m) per-case values the intervals of its columns; rows of NaN are no cases.

    Tables with the same cases are resampled in one go, as long as they are small enough to be resampled.
    """
    groups: dict[bytes | int, list[int]] = {}
    for place, table in enumerate(tables):
        seen = ~np.isnan(table[:, 0])
        alone = seen.sum() > scores.RESAMPLED_UNTIL
        groups.setdefault(place if alone else seen.tobytes(), []).append(place)
    found: dict[int, list[Interval]] = {}
    for places in groups.values():
        seen = ~np.isnan(tables[places[0]][:, 0])
        intervals = iter(bootstrap_means(np.hstack([tables[p][seen] for p in places]), seed))
        for p in places:
            found[p] = [next(intervals) for _ in range(tables[p].shape[1])]
    return [found[place] for place in range(len(tables))]
