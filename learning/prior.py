"""Prior: imitates how plausible people find a statement, from the few that they rated.

This room sees what people said and how the tree hangs together; no label of D or D* can reach it. On the
log-odds scale each statement that people rated has

    m_s ~ N(base, spread²),    answer_r ~ N(m_s, noise²) per rater r,

with the noise estimated from raters who rated the same statements. What nobody rated inherits from the
nearest rated statement above it, and from the base where there is none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from kb.address import ROOT, Address
from kb.arrays import Numbers
from kb.records import Judgement

__all__ = ["HERE", "NEITHER", "Belief", "Prior", "Rating", "fit_prior", "ratings_of", "task_belief"]

LOWEST, HIGHEST = 0.02, 0.98  # nobody is surer than that of what carries over
NEITHER = 0.1  # "says nothing either way": what D shows of it is taken for chance
HERE = 0.0  # declared true of D only
UNASKED_TASK = 0.1  # that D* is drawn and labelled as D was, when nobody was asked
_SPREAD = 2.0  # log-odds between statements
_NOISE = 0.5  # log-odds between raters of one statement, when it can't be estimated
_BASE_WEIGHT = 6.0  # ratings that "one half" is worth in the base: what is asked first is no fair sample
_UNRATED_SD = 1.5  # log-odds, for a statement that nobody rated
_QUANTILE_Z = -0.8416  # the 20 % quantile, which a search uses where nobody rated


@dataclass(frozen=True, slots=True)
class Rating:
    """One rater's answer about one statement, in [0, 1]; ``HERE`` and ``NEITHER`` are answers too."""

    address: Address
    rater: str
    value: float


@dataclass(frozen=True, slots=True)
class Belief:
    """What Prior says of one statement.

    Attributes:
        plausibility: Probability that it also holds for D*, in {0} ∪ [.02, .98].
        sd: One standard deviation of it.
        low: What a search should believe: the plausibility itself if rated, a low quantile if not.
        rated: Ratings of this very statement.
        by: The statement whose rating it is; None when it is the base.
        spread: Largest difference between two raters of it, in [0, 1].
    """

    plausibility: float
    sd: float
    low: float
    rated: int
    by: Address | None
    spread: float = 0.0


@dataclass(frozen=True, slots=True)
class Prior:
    """The fitted imitator.

    Attributes:
        base: Log-odds of a statement that nobody rated, with nothing rated above it.
        noise: Standard deviation between raters, in log-odds.
        rated: Per rated statement, its belief.
    """

    base: float
    noise: float
    rated: Mapping[Address, Belief]

    def belief(self, address: Address, above: Sequence[Address]) -> Belief:
        """Of a statement, given its ancestors (the root first)."""
        if address in self.rated:
            return self.rated[address]
        for place in reversed(above):
            if place in self.rated:
                inherited = self.rated[place]
                return Belief(inherited.plausibility, inherited.sd, inherited.low, 0, place)
        return self.unrated()

    def unrated(self) -> Belief:
        """Of a statement about which nobody said anything, but perhaps of the root: statements in general."""
        if ROOT in self.rated:
            general = self.rated[ROOT]
            return Belief(general.plausibility, general.sd, general.low, 0, ROOT)
        sd = _UNRATED_SD
        mean = float(expit(self.base / np.sqrt(1.0 + np.pi * sd**2 / 8.0)))
        low = float(expit(self.base + _QUANTILE_Z * sd))
        return Belief(_kept_within(mean), mean * (1.0 - mean) * sd, _kept_within(low), 0, None)


def fit_prior(ratings: Sequence[Rating]) -> Prior:
    """Prior from people's ratings; with none, one half for everything."""
    by_statement: dict[Address, dict[str, float]] = {}
    for rating in ratings:
        by_statement.setdefault(rating.address, {})[rating.rater] = rating.value
    answers = {
        address: np.array([float(logit(_kept_within(v))) for v in said.values() if v != HERE])
        for address, said in by_statement.items()
    }
    noise = _noise_between(list(answers.values()))
    means = [float(a.mean()) for a in answers.values() if len(a)]
    base = sum(means) / (len(means) + _BASE_WEIGHT)
    rated = {
        address: _pooled(answers[address], list(said.values()), base, noise, address)
        for address, said in by_statement.items()
    }
    return Prior(base, noise, rated)


def _kept_within(p: float) -> float:
    return min(max(p, LOWEST), HIGHEST)


def _noise_between(answers: Sequence[Numbers]) -> float:
    """Standard deviation between raters of one statement, shrunk towards a usual one."""
    squares = sum(float(((a - a.mean()) ** 2).sum()) for a in answers if len(a) > 1)
    freedom = sum(len(a) - 1 for a in answers if len(a) > 1)
    return float(np.sqrt((squares + 4.0 * _NOISE**2) / (freedom + 4.0)))


def _pooled(
    answers: Numbers,
    said: Sequence[float],
    base: float,
    noise: float,
    address: Address,
) -> Belief:
    if sum(v == HERE for v in said) * 2 >= len(said):
        return Belief(0.0, 0.0, 0.0, len(said), address, max(said) - min(said))
    precision = len(answers) / noise**2 + 1.0 / _SPREAD**2
    mean = (answers.sum() / noise**2 + base / _SPREAD**2) / precision
    p = _kept_within(float(expit(mean)))
    sd = p * (1.0 - p) / float(np.sqrt(precision))
    return Belief(p, sd, p, len(said), address, max(said) - min(said))


def _standing(judgements: Sequence[Judgement]) -> list[Judgement]:
    """Those that were neither corrected nor undone."""
    superseded = {j.supersedes for j in judgements if j.supersedes}
    return [j for j in judgements if j.id not in superseded and j.answer != "undo"]


def _value(judgement: Judgement) -> float | None:
    if judgement.answer == "here":
        return HERE
    if judgement.answer == "neither":
        return NEITHER
    return judgement.value if judgement.answer == "credence" else None


def ratings_of(judgements: Sequence[Judgement], *, with_models: bool = False) -> list[Rating]:
    """The standing ratings, the last of each rater per statement; models' only if asked for."""
    last: dict[tuple[Address, str], Rating] = {}
    for j in _standing(judgements):
        value = _value(j)
        if j.kind == "rating" and value is not None and (with_models or not j.rater.startswith("model:")):
            last[j.address, j.rater] = Rating(j.address, j.rater, value)
    return list(last.values())


def task_belief(judgements: Sequence[Judgement]) -> float:
    """Probability that D* is drawn and labelled as D was, by what people, not models, said of the task."""
    last: dict[str, float] = {}
    for j in _standing(judgements):
        value = _value(j)
        if j.kind == "task" and value is not None and not j.rater.startswith("model:"):
            last[j.rater] = value
    if not last:
        return UNASKED_TASK
    return float(expit(np.mean([logit(min(max(v, 0.001), 0.999)) for v in last.values()])))
