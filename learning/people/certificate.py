"""How far f can be from the people it imitates, from cases of V that it was not fitted on.

The mean divergence is bounded by betting (Waudby-Smith and Ramdas 2024, "Estimating means of bounded random
variables by betting", sections 4.1 and 5: sampling without replacement): whoever bets at fair odds against
"the mean is m or more" multiplies a stake by twenty with a chance of at most 5 % if it is true. How often f
contradicts people is bounded as Clopper and Pearson (1934) do. Both assume that cases were drawn at random.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import beta

from kb.arrays import Mask, Numbers

__all__ = [
    "Certificate",
    "certify",
    "contradictions",
    "divergences",
    "floored",
    "imitation_loss",
    "upper_mean",
    "upper_share",
]

FLOOR = 0.02  # f never says less, so that one surprise costs at most this much
ALPHA = 0.05
_GRID = 2_000
_MOST_BET = 0.75  # share of the stake that one case can take


@dataclass(frozen=True, slots=True)
class Certificate:
    """What half of V says about f on all cases that it was not fitted on.

    Attributes:
        nats: 95 % upper bound of the mean divergence KL(people ‖ f) in nats.
        measured: The mean on the cases that were asked.
        contradicted: 95 % upper bound of the share of cases in which people's favourite is another class.
        measured_contradicted: The share on the cases that were asked.
        n: Cases of the certifying half that people forecast.
        skipped: Cases of that half without a forecast; each counts as the worst that can be.
        population: Cases that the bound speaks of.
        confidence: Of each of the two bounds alone.
    """

    nats: float
    measured: float
    contradicted: float
    measured_contradicted: float
    n: int
    skipped: int
    population: int
    confidence: float = 1.0 - ALPHA

    @property
    def sentence(self) -> str:
        """What it says."""
        counted = f", {self.skipped} that nobody forecast counted as the worst" if self.skipped else ""
        return (
            f"On the {self.population:,} cases to predict that f was not fitted on, f differs from these "
            f"people by at most {self.nats:.2f} nats on average, and favours another class than they do "
            f"in at most {100 * self.contradicted:.0f} % of them ({100 * self.confidence:.0f} % confidence "
            f"each, from {self.n} cases{counted}; measured {self.measured:.2f} nats and "
            f"{100 * self.measured_contradicted:.0f} %)."
        )

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces."""
        return {**{name: getattr(self, name) for name in self.__slots__}, "sentence": self.sentence}


def floored(p: Numbers) -> Numbers:
    """Forecasts, shape (n, K), in which no class has much less than .02."""
    raised = np.maximum(p, FLOOR)
    lifted: Numbers = raised / raised.sum(axis=1, keepdims=True)
    return lifted


def most_divergence(classes: int) -> float:
    """The largest divergence from a floored forecast, in nats."""
    return float(np.log((1.0 + (classes - 1) * FLOOR) / FLOOR))


def divergences(people: Numbers, f: Numbers) -> Numbers:
    """Per case KL(people ‖ f) in nats, f floored, shape (n,); 0 where f says what people say."""
    low = floored(f)
    ratio = np.where(people > 0.0, np.log(np.maximum(people, 1e-300)) - np.log(low), 0.0)
    found: Numbers = np.maximum((people * ratio).sum(axis=1), 0.0)
    return found


def imitation_loss(people: Numbers, f: Numbers) -> float:
    """Mean cross-entropy of people's forecasts under f, floored, in nats per forecast."""
    return float(-(people * np.log(floored(f))).sum(axis=1).mean())


def contradictions(people: Numbers, f: Numbers) -> Mask:
    """Per case: people have one favourite class, and f's is another."""
    top = people.max(axis=1, keepdims=True)
    is_one = (people >= top - 1e-9).sum(axis=1) == 1
    differ: Mask = is_one & (people.argmax(axis=1) != f.argmax(axis=1))
    return differ


def upper_mean(
    x: Numbers, *, population: int | None = None, planned: int | None = None, alpha: float = ALPHA
) -> float:
    """An upper confidence bound of the mean, by betting; holds whenever one stops to look.

    Args:
        x: Values in [0, 1] in the order in which they were drawn, shape (n,).
        population: How many values there are in all, drawn from without replacement; None for no end of them.
        planned: How many were meant to be drawn, which sets the stakes; n if None.
        alpha: Chance of a bound below the mean, at most.

    >>> 0.3 < upper_mean(np.full(60, 0.3)) < 0.36
    True
    """
    n = len(x)
    if n == 0:
        return 1.0
    if x.min() < 0.0 or x.max() > 1.0:
        raise ValueError("values must lie in [0, 1]")
    means = np.linspace(0.0, 1.0, _GRID + 1)[1:-1]
    seen = np.arange(1, n + 1)
    mean = (0.5 + np.cumsum(x)) / (1.0 + seen)
    variance = (0.25 + np.cumsum((x - mean) ** 2)) / (1.0 + seen)
    before = np.append(0.25, variance[:-1])  # a bet may know only what was seen before it
    stake = np.sqrt(2.0 * np.log(1.0 / alpha) / (before * (planned or n)))
    capital, top = np.zeros(len(means)), np.zeros(len(means))
    total = 0.0
    for t in range(n):
        left = means if population is None else _mean_of_the_rest(means, total, t, population)
        bet = np.minimum(stake[t], _MOST_BET / np.maximum(1.0 - left, 1e-12))
        capital += np.where(left > 1.0, np.inf, np.log1p(-bet * (x[t] - np.minimum(left, 1.0))))
        top = np.maximum(top, capital)
        total += float(x[t])
    possible = np.flatnonzero(top < np.log(1.0 / alpha))
    highest = float(means[possible[-1]]) + 1.0 / _GRID if len(possible) else 1.0 / _GRID
    if population is not None:  # what was not drawn can't be more than 1 each
        highest = min(highest, (total + max(population - n, 0)) / population)
    return min(highest, 1.0)


def _mean_of_the_rest(means: Numbers, total: float, drawn: int, population: int) -> Numbers:
    """If all have a mean, the mean of those not drawn yet."""
    rest: Numbers = np.maximum((population * means - total) / max(population - drawn, 1), 0.0)
    return rest


def upper_share(hits: int, n: int, *, alpha: float = ALPHA) -> float:
    """Clopper and Pearson's upper bound of a share, from ``hits`` among n.

    >>> round(upper_share(0, 59), 3)
    0.05
    """
    return 1.0 if hits >= n else float(beta.ppf(1.0 - alpha, hits + 1, n - hits))


def certify(people: Numbers, f: Numbers, *, planned: int, population: int) -> Certificate:
    """Bound how far f is from people.

    A case that people skipped counts as the worst that can be, for they may skip what they find hard. Those
    behind the last forecast don't count: nobody has come to them yet.

    Args:
        people: Their forecasts of the certifying cases in the order drawn, shape (n, K), NaN where none.
        f: Its forecasts of the same cases, shape (n, K); fitted on none of them.
        planned: Cases of the certifying half.
        population: Cases that the half was drawn from.
    """
    given = np.asarray(~np.isnan(people).any(axis=1))
    reached = int(np.flatnonzero(given)[-1]) + 1 if given.any() else 0
    given = given[:reached]
    said, read = people[:reached][given], f[:reached][given]
    most = most_divergence(people.shape[1])
    far, against = divergences(said, read), contradictions(said, read)
    scaled = np.ones(reached)
    scaled[given] = np.minimum(far / most, 1.0)
    skipped = int((~given).sum())
    return Certificate(
        nats=most * upper_mean(scaled, population=population, planned=planned),
        measured=float(far.mean()) if len(far) else 0.0,
        contradicted=upper_share(int(against.sum()) + skipped, reached) if reached else 1.0,
        measured_contradicted=float(against.mean()) if len(far) else 0.0,
        n=len(far),
        skipped=skipped,
        population=population,
    )
