"""Comparisons: how many times the odds of one statement are those of another, and whether they hang together.

A comparison of statements a and b says log(odds a / odds b) = log ratio, up to noise. Prior takes ratings and
comparisons into one weighted least squares (``learning.prior``). This module reads the comparisons and checks
them against each other: around a triangle the log ratios should add up to nothing (the curl of HodgeRank,
Jiang, Lim, Yao and Ye 2011), and the residuals should be as large as the noise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import exp, log, sqrt
from typing import Any

import numpy as np

from kb.address import Address
from kb.arrays import Numbers
from kb.records import Judgement

__all__ = ["Comparison", "Consistency", "Triangle", "comparisons_of", "consistency_of", "least_squares"]

LARGEST = 1000.0  # times the odds; beyond that nobody means a number
CONTRADICTS = 2.0  # standard deviations from which a triangle is shown as one that doesn't add up


@dataclass(frozen=True, slots=True)
class Comparison:
    """The odds of ``first`` are exp(``log_ratio``) times those of ``second``, one rater said."""

    first: Address
    second: Address
    log_ratio: float
    rater: str


@dataclass(frozen=True, slots=True)
class Triangle:
    """Three statements that were compared with each other.

    Attributes:
        addresses: a, b and c.
        ratios: What was said of a to b, of b to c, and of a to c, as ratios of odds (mean over raters).
        off_by: How many times too large or too small a to c is, given the other two; at least 1.
        z: The same in standard deviations.
    """

    addresses: tuple[Address, Address, Address]
    ratios: tuple[float, float, float]
    off_by: float
    z: float

    @property
    def adds_up(self) -> bool:
        """What is missing is within noise."""
        return self.z < CONTRADICTS

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces."""
        return {
            "addresses": list(self.addresses),
            "ratios": list(self.ratios),
            "off_by": self.off_by,
            "z": self.z,
            "adds_up": self.adds_up,
        }


@dataclass(frozen=True, slots=True)
class Consistency:
    """Whether comparisons hang together.

    Attributes:
        comparisons: How many were looked at.
        chi2_per_freedom: Squared residuals in units of the noise, per degree of freedom; about 1 is as
            expected. None while no comparison repeats what others imply.
        worst: The triangle that adds up least; None where no three statements were compared with each other.
    """

    comparisons: int
    chi2_per_freedom: float | None
    worst: Triangle | None

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces."""
        return {
            "comparisons": self.comparisons,
            "chi2_per_freedom": self.chi2_per_freedom,
            "worst": self.worst and self.worst.to_dict(),
        }


def comparisons_of(judgements: Sequence[Judgement], *, with_models: bool = False) -> list[Comparison]:
    """The standing comparisons, the last of each rater per pair of statements; models' only if asked for."""
    superseded = {j.supersedes for j in judgements if j.supersedes}
    last: dict[tuple[str, frozenset[str]], Comparison] = {}
    for j in judgements:
        if j.kind != "comparison" or j.id in superseded or j.answer != "credence":
            continue
        if j.rater.startswith("model:") and not with_models:
            continue
        second = Address(str(j.details["than"]))
        found = Comparison(j.address, second, float(j.details["log_ratio"]), j.rater)
        last[j.rater, frozenset((j.address, second))] = found
    return list(last.values())


def least_squares(
    precision: Numbers, pull: Numbers, pairs: Sequence[tuple[int, int, float]], noise: float
) -> tuple[Numbers, Numbers]:
    """Log-odds that agree best with ratings and comparisons, and their standard deviations.

    Args:
        precision: Per statement, the weight of what was said of it alone, > 0, shape (n,).
        pull: Precision times the log-odds that it pulls to, shape (n,).
        pairs: (a, b, log ratio): m_a - m_b is said to be that.
        noise: Standard deviation of a log ratio.

    Returns:
        Means and standard deviations, shape (n,) each: the posterior of the normal model, whose mean solves
        (diag(precision) + Bᵀ B / noise²) m = pull + Bᵀ y / noise².
    """
    matrix, right = np.diag(precision), pull.copy()
    weight = 1.0 / noise**2
    for a, b, log_ratio in pairs:
        matrix[[a, b], [a, b]] += weight
        matrix[a, b] -= weight
        matrix[b, a] -= weight
        right[a] += weight * log_ratio
        right[b] -= weight * log_ratio
    covariance = np.linalg.inv(matrix)
    return covariance @ right, np.sqrt(np.diag(covariance))


def consistency_of(comparisons: Sequence[Comparison], noise: float) -> Consistency:
    """Do these comparisons agree with each other, whatever the ratings say?

    Args:
        comparisons: Of any raters.
        noise: Standard deviation of one log ratio, in nats.
    """
    edges = _edges(comparisons)
    triangles = [_triangle(edges, three, noise) for three in _threes(edges)]
    worst = max(triangles, key=lambda t: t.z, default=None)
    return Consistency(len(comparisons), _chi2(comparisons, noise), worst)


def _edges(comparisons: Sequence[Comparison]) -> dict[tuple[Address, Address], tuple[float, int]]:
    """Per pair in address order: the mean log ratio of the first to the second, and how many said it."""
    said: dict[tuple[Address, Address], list[float]] = {}
    for c in comparisons:
        if c.first <= c.second:
            said.setdefault((c.first, c.second), []).append(c.log_ratio)
        else:
            said.setdefault((c.second, c.first), []).append(-c.log_ratio)
    return {pair: (sum(values) / len(values), len(values)) for pair, values in said.items()}


def _threes(edges: Mapping[tuple[Address, Address], object]) -> list[tuple[Address, Address, Address]]:
    after: dict[Address, set[Address]] = {}
    for a, b in edges:
        after.setdefault(a, set()).add(b)
    return [
        (a, b, c)
        for a, beyond in after.items()
        for b, c in combinations(sorted(beyond), 2)
        if (b, c) in edges
    ]


def _triangle(
    edges: Mapping[tuple[Address, Address], tuple[float, int]],
    three: tuple[Address, Address, Address],
    noise: float,
) -> Triangle:
    a, b, c = three
    (ab, n_ab), (bc, n_bc), (ac, n_ac) = edges[a, b], edges[b, c], edges[a, c]
    curl = ab + bc - ac
    deviation = noise * sqrt(1.0 / n_ab + 1.0 / n_bc + 1.0 / n_ac)
    return Triangle(three, (exp(ab), exp(bc), exp(ac)), exp(abs(curl)), abs(curl) / deviation)


def _chi2(comparisons: Sequence[Comparison], noise: float) -> float | None:
    """Residuals of the least squares fit of comparisons alone."""
    names = sorted({a for c in comparisons for a in (c.first, c.second)})
    at = {name: i for i, name in enumerate(names)}
    B = np.zeros((len(comparisons), len(names)))
    for row, c in enumerate(comparisons):
        B[row, at[c.first]], B[row, at[c.second]] = 1.0, -1.0
    freedom = len(comparisons) - (int(np.linalg.matrix_rank(B)) if names else 0)
    if freedom <= 0:
        return None
    y = np.array([c.log_ratio for c in comparisons])
    fitted = B @ np.linalg.lstsq(B, y, rcond=None)[0]
    return float(((y - fitted) ** 2).sum()) / noise**2 / freedom


def log_of(ratio: float) -> float:
    """The log of a ratio of odds.

    Raises:
        ValueError: It is not positive, or more than a thousand times either way.
    """
    if not 1.0 / LARGEST <= ratio <= LARGEST:
        raise ValueError(f"{ratio:g} lies outside [{1 / LARGEST:g}, {LARGEST:g}]")
    return log(ratio)
