"""Agreement between raters: Krippendorff's alpha with an interval, and every rater against every other.

The packaged alphas build a table of all pairs of values, which for continuous ratings of a thousand items
asked for 106 GiB; for squared differences there is a closed form.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

import numpy as np

from kb.arrays import Numbers
from kb.records import Judgement
from learning.prior import ratings_of
from learning.ratios import comparisons_of
from learning.scores import Interval

__all__ = ["FEWEST_ITEMS", "Agreement", "RaterPair", "agreement_of", "alpha", "alpha_interval", "table_of"]

FEWEST_ITEMS = 20  # rated by two or more, below which alpha says nothing
DRAWS = 1_000
Level = Literal["interval", "ordinal"]


@dataclass(frozen=True, slots=True)
class RaterPair:
    """Two raters on the items that both rated.

    Attributes:
        first: A rater.
        second: Another.
        n: Items that both rated.
        alpha: Agreement beyond chance, at most 1; None below ``FEWEST_ITEMS`` or where nothing varies.
        apart: Mean absolute difference of their answers, in the units of the answers; None for no item.
    """

    first: str
    second: str
    n: int
    alpha: float | None
    apart: float | None

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far raters agree.

    Attributes:
        raters: Who rated, by name.
        items: Items that two or more of them rated.
        alpha: 1 is full agreement, 0 is chance; None while items are too few or nothing varies.
        interval: 95 % bootstrap interval over items; None where alpha is.
        needed: How many more items two raters have to rate before alpha is said.
        pairs: Every two raters.
    """

    raters: tuple[str, ...]
    items: int
    alpha: float | None
    interval: Interval | None
    needed: int
    pairs: tuple[RaterPair, ...]

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces."""
        return {
            "raters": list(self.raters),
            "items": self.items,
            "alpha": self.alpha,
            "interval": self.interval and self.interval.to_dict(),
            "needed": self.needed,
            "pairs": [p.to_dict() for p in self.pairs],
        }


def alpha(values: Numbers, level: Level = "interval") -> float:
    """Krippendorff's alpha.

    Args:
        values: Answers, shape (raters, items), NaN where there is none.
        level: ``interval`` compares by squared differences, ``ordinal`` by those of the ranks.

    Returns:
        At most 1; NaN where no item has two answers, or all answers are the same.

    Reference: Krippendorff (2011), "Computing Krippendorff's alpha-reliability". For squared differences the
    sums over pairs are sums of squares about means; the ordinal distance is the difference of mean ranks.

    >>> alpha(np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]))
    1.0
    """
    many = (~np.isnan(values)).sum(axis=0)
    kept = np.where(many >= 2, values, np.nan)
    if level == "ordinal":
        kept = _ranked(kept)
    m = (~np.isnan(kept)).sum(axis=0)
    n = int(m.sum())
    if n == 0:
        return float("nan")
    there = m >= 2
    filled = np.nan_to_num(kept)
    means = filled.sum(axis=0) / np.maximum(m, 1)
    within = np.where(np.isnan(kept), 0.0, (filled - means) ** 2).sum(axis=0)
    total = float(((kept[~np.isnan(kept)] - filled.sum() / n) ** 2).sum())
    if total <= 1e-15 * n:
        return float("nan")
    observed = float((m[there] * within[there] / (m[there] - 1)).sum())
    return 1.0 - (n - 1) * observed / (n * total)


def _ranked(values: Numbers) -> Numbers:
    from scipy.stats import rankdata

    ranks = np.full(values.shape, np.nan)
    there = ~np.isnan(values)
    ranks[there] = rankdata(values[there])
    return ranks


def alpha_interval(
    values: Numbers, level: Level = "interval", *, seed: int = 0, draws: int = DRAWS
) -> Interval | None:
    """The 95 % bootstrap interval of alpha over items; None where alpha isn't defined."""
    items = values[:, (~np.isnan(values)).sum(axis=0) >= 2]
    if items.shape[1] < 2 or np.isnan(alpha(items, level)):
        return None
    rng = np.random.default_rng(seed)
    found = [alpha(items[:, rng.integers(items.shape[1], size=items.shape[1])], level) for _ in range(draws)]
    low, high = np.nanquantile(found, [0.025, 0.975])
    return Interval(float(low), float(high))


def table_of(judgements: Sequence[Judgement]) -> tuple[list[str], list[tuple[str, ...]], Numbers]:
    """Raters, items and answers, from standing ratings or comparisons of people; repeats are left out.

    Ratings are credences in [0, 1], comparisons logs of ratios of odds, from the first address in order to
    the second. Where both were given, they are different items.

    Returns:
        Raters (R), items (m) as their addresses, and answers, shape (R, m), NaN where there is none.
    """
    first = [j for j in judgements if j.details.get("repeat_of") is None]
    said: dict[tuple[str, tuple[str, ...]], float] = {
        (r.rater, (str(r.address),)): r.value for r in ratings_of(first)
    }
    for c in comparisons_of(first):
        ends = (str(c.first), str(c.second))
        said[c.rater, (min(ends), max(ends))] = c.log_ratio if ends[0] < ends[1] else -c.log_ratio
    raters = sorted({rater for rater, _ in said})
    items = sorted({item for _, item in said})
    values = np.full((len(raters), len(items)), np.nan)
    at_rater, at_item = ({name: i for i, name in enumerate(names)} for names in (raters, items))
    for (rater, item), value in said.items():
        values[at_rater[rater], at_item[item]] = value
    return raters, items, values


def agreement_of(judgements: Sequence[Judgement], level: Level = "interval", *, seed: int = 0) -> Agreement:
    """How far people agree in what they said; alpha and its interval only from ``FEWEST_ITEMS`` items on."""
    raters, _, values = table_of(judgements)
    shared = int(((~np.isnan(values)).sum(axis=0) >= 2).sum())
    found = alpha(values, level) if shared >= FEWEST_ITEMS else float("nan")
    known = not np.isnan(found)
    return Agreement(
        raters=tuple(raters),
        items=shared,
        alpha=found if known else None,
        interval=alpha_interval(values, level, seed=seed) if known else None,
        needed=max(0, FEWEST_ITEMS - shared),
        pairs=tuple(_pair(raters, values, a, b, level) for a, b in combinations(range(len(raters)), 2)),
    )


def _pair(raters: Sequence[str], values: Numbers, a: int, b: int, level: Level) -> RaterPair:
    both = values[[a, b]][:, ~np.isnan(values[[a, b]]).any(axis=0)]
    n = both.shape[1]
    found = alpha(both, level) if n >= FEWEST_ITEMS else float("nan")
    return RaterPair(
        first=raters[a],
        second=raters[b],
        n=n,
        alpha=None if np.isnan(found) else found,
        apart=float(np.abs(both[0] - both[1]).mean()) if n else None,
    )
