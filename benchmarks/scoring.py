"""Means over seeds and paired intervals over cases, for the benchmarks on texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from kb.arrays import Codes, Numbers
from learning.scores import Interval, bootstrap

CLIP = 1e-4


@dataclass
class Scores:
    """Hits and log losses per case of one split, row by row; NaN where a seed left a case out.

    Attributes:
        of: Row → per seed an array (n, 2).
    """

    of: dict[str, list[Numbers]] = field(default_factory=dict)

    def add(self, row: str, seed: int, cases: Codes | slice, y: Codes, p: Numbers, n: int) -> None:
        """Note P(positive) of some of n cases, y their classes."""
        tables = self.of.setdefault(row, [])
        while len(tables) <= seed:
            tables.append(np.full((n, 2), np.nan))
        kept = np.clip(np.where(y > 0, p, 1.0 - p), CLIP, 1.0 - CLIP)
        tables[seed][cases] = np.stack([(p > 0.5) == (y > 0), -np.log(kept)], axis=1)

    def means(self, row: str) -> Numbers:
        """Accuracy and log loss per seed, shape (seeds, 2)."""
        return np.array([np.nanmean(table, axis=0) for table in self.of[row]])

    def line(self, row: str) -> str:
        """Mean and standard deviation over seeds."""
        mean, sd = self.means(row).mean(axis=0), self.means(row).std(axis=0)
        return f"{100 * mean[0]:5.1f} ± {100 * sd[0]:3.1f} %  {mean[1]:.3f} ± {sd[1]:.3f}"

    def apart(self, ours: str, other: str) -> tuple[Interval, Interval]:
        """Paired 95 % intervals of ours minus the other row, of accuracy and nats.

        Cases are resampled, seeds averaged.
        """
        by_seed = np.array(self.of[ours]) - np.array(self.of[other])
        apart = np.nanmean(by_seed[:, ~np.isnan(by_seed).any(axis=2).all(axis=0)], axis=0)
        return bootstrap(apart[:, 0], seed=0), bootstrap(apart[:, 1], seed=0)

    def against(self, ours: str, other: str) -> str:
        """The same in words."""
        hits, nats = self.apart(ours, other)
        points = f"{100 * hits.low:+.1f}..{100 * hits.high:+.1f} points"
        return f"{points}, {nats.low:+.3f}..{nats.high:+.3f} nats"


def print_table(splits: Mapping[str, Scores], ours: str) -> None:
    """All rows of all splits, then ours against each."""
    for split, scores in splits.items():
        print(f"\n{split}")
        for row in scores.of:
            apart = "" if row == ours else f"   ours - this: {scores.against(ours, row)}"
            print(f"  {row:<44} {scores.line(row)}{apart}")
