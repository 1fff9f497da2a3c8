"""Prior: imitates how plausible people find a statement, from the few that they rated.

This room sees what people said and how the tree hangs together; no label of D or D* can reach it. On the
log-odds scale each statement that people rated has

    m_s ~ N(base, spread²),    answer_r ~ N(m_s, noise²) per rater r,

with the noise estimated from raters who rated the same statements; a comparison says m_a - m_b is the log of
a ratio, and ratings and comparisons are solved together by weighted least squares. What nobody rated inherits
from the nearest rated statement above it. Where there is none it is the base, moved by what rated statements
have in common with it (columns, depth, shift): m_s = base + φ_s·w with w ~ N(0, Ω).

Answers about words and phrases, of which there are thousands, are generalised in ``learning.sides``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, logit

from kb.address import ROOT, Address
from kb.arrays import Numbers
from kb.records import Judgement
from learning.ratios import Comparison, least_squares

if TYPE_CHECKING:
    from learning.side_answers import WordsSaid
    from learning.word_vectors import WordVectors

__all__ = [
    "HERE",
    "NEITHER",
    "Belief",
    "Prior",
    "Rating",
    "Traits",
    "fit_prior",
    "ratings_of",
    "standing",
    "task_belief",
]

LOWEST, HIGHEST = 0.02, 0.98  # nobody is surer than that of what carries over
NEITHER = 0.1  # "says nothing either way": what D shows of it is taken for chance
HERE = 0.0  # declared true of D only
UNASKED_TASK = 0.1  # that D* is drawn and labelled as D was, when nobody was asked
_SPREAD = 2.0  # log-odds between statements
_NOISE = 0.5  # log-odds between raters of one statement, when it can't be estimated
_BASE_WEIGHT = 6.0  # ratings that "one half" is worth in the base: what is asked first is no fair sample
_UNRATED_SD = 1.5  # log-odds, for a statement that nobody rated
_QUANTILE_Z = -0.8416  # the 20 % quantile, which a search uses where nobody rated
_PULL_OF_TRAIT = 0.5  # log-odds that one column, one level of depth or one unit of shift moves a statement by


@dataclass(frozen=True, slots=True)
class Rating:
    """One rater's answer about one statement, in [0, 1]; ``HERE`` and ``NEITHER`` are answers too."""

    address: Address
    rater: str
    value: float


@dataclass(frozen=True, slots=True)
class Traits:
    """What Prior knows of a statement beside its ratings; nothing of it depends on a label.

    Attributes:
        columns: The columns that it mentions.
        depth: Its distance from the root, at least 1.
        shift: How far D* differs from D in these columns, in [0, 1].
    """

    columns: tuple[str, ...] = ()
    depth: int = 1
    shift: float = 0.0


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
        rated: Per statement that was rated or compared, its belief.
        unasked: Per statement of known traits that nobody rated, mean and standard deviation in log-odds.
        said_of_words: Answers about words of text columns, for ``learning.word_beliefs``.
        vectors: Of words, likewise.
    """

    base: float
    noise: float
    rated: Mapping[Address, Belief]
    unasked: Mapping[Address, tuple[float, float]] = field(default_factory=dict)
    said_of_words: WordsSaid | None = None
    vectors: WordVectors | None = None

    def belief(self, address: Address, above: Sequence[Address]) -> Belief:
        """Of a statement, given its ancestors (the root first)."""
        if address in self.rated:
            return self.rated[address]
        for place in reversed(above):
            if place in self.rated:
                inherited = self.rated[place]
                return Belief(inherited.plausibility, inherited.sd, inherited.low, 0, place)
        return self.unrated(address)

    def unrated(self, address: Address | None = None) -> Belief:
        """Of a statement about which nobody said anything, but perhaps of the root: statements in general."""
        if ROOT in self.rated:
            general = self.rated[ROOT]
            return Belief(general.plausibility, general.sd, general.low, 0, ROOT)
        centre, sd = self.unasked.get(address or ROOT, (self.base, _UNRATED_SD))
        mean = float(expit(centre / np.sqrt(1.0 + np.pi * sd**2 / 8.0)))
        low = float(expit(centre + _QUANTILE_Z * sd))
        return Belief(_kept_within(mean), mean * (1.0 - mean) * sd, _kept_within(low), 0, None)


def fit_prior(
    ratings: Sequence[Rating],
    comparisons: Sequence[Comparison] = (),
    traits: Mapping[Address, Traits] | None = None,
) -> Prior:
    """Prior from what people said; with nothing said, one half for everything.

    Args:
        ratings: One per rater and statement.
        comparisons: Ratios of odds; those with a statement that was declared true of D only say nothing.
        traits: What unrated statements have in common with rated ones.
    """
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
    rated |= _compared(comparisons, rated, answers, base, noise)
    return Prior(base, noise, rated, _by_traits(traits or {}, answers, base, noise))


def _compared(
    comparisons: Sequence[Comparison],
    rated: Mapping[Address, Belief],
    answers: Mapping[Address, Numbers],
    base: float,
    noise: float,
) -> dict[Address, Belief]:
    """Beliefs of the statements that were compared, from ratings and ratios together."""
    here = {address for address, belief in rated.items() if belief.plausibility == HERE}
    kept = [c for c in comparisons if not {c.first, c.second} & here]
    names = sorted({a for c in kept for a in (c.first, c.second)})
    at = {name: i for i, name in enumerate(names)}
    said = [answers.get(name, np.zeros(0)) for name in names]
    precision = np.array([len(a) / noise**2 + 1.0 / _SPREAD**2 for a in said])
    pull = np.array([a.sum() / noise**2 + base / _SPREAD**2 for a in said])
    pairs = [(at[c.first], at[c.second], c.log_ratio) for c in kept]
    mean, deviation = least_squares(precision, pull, pairs, ratio_noise(noise))
    found = {}
    for name, m, sd in zip(names, mean, deviation, strict=True):
        p = _kept_within(float(expit(m)))
        spread = rated[name].spread if name in rated else 0.0
        asked = len(answers.get(name, ())) + sum(name in (c.first, c.second) for c in kept)
        found[name] = Belief(p, p * (1.0 - p) * float(sd), p, asked, name, spread)
    return found


def ratio_noise(noise: float) -> float:
    """Standard deviation of a log ratio of odds: both sides are judged as well as one rating judges one."""
    return float(np.sqrt(2.0)) * noise


def _by_traits(
    traits: Mapping[Address, Traits], answers: Mapping[Address, Numbers], base: float, noise: float
) -> dict[Address, tuple[float, float]]:
    """Ridge regression of what people said on columns, depth and shift: means and deviations in log-odds."""
    known = [a for a, said in answers.items() if len(said) and a in traits]
    rest = [a for a in traits if a not in answers]
    if not known or not rest:
        return {}
    columns = sorted({c for a in known for c in traits[a].columns})
    of_known, of_rest = (np.array([_features(traits[a], columns) for a in some]) for some in (known, rest))
    centre = np.concatenate([of_known[:, :2].mean(axis=0), np.zeros(len(columns))])
    X, Z = of_known - centre, of_rest - centre
    y = np.array([answers[a].mean() for a in known]) - base
    variance = np.array([_SPREAD**2 + noise**2 / len(answers[a]) for a in known])
    weight = np.linalg.inv(X.T @ (X / variance[:, None]) + np.eye(X.shape[1]) / _PULL_OF_TRAIT**2)
    mean = base + Z @ (weight @ (X.T @ (y / variance)))
    sd = np.sqrt(_UNRATED_SD**2 + np.einsum("ij,jk,ik->i", Z, weight, Z))
    return {a: (float(m), float(s)) for a, m, s in zip(rest, mean, sd, strict=True)}


def _features(of: Traits, columns: Sequence[str]) -> list[float]:
    return [float(of.depth), of.shift, *(float(c in of.columns) for c in columns)]


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


def standing(judgements: Sequence[Judgement]) -> list[Judgement]:
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
    for j in standing(judgements):
        value = _value(j)
        if j.kind == "rating" and value is not None and (with_models or not j.rater.startswith("model:")):
            last[j.address, j.rater] = Rating(j.address, j.rater, value)
    return list(last.values())


def task_belief(judgements: Sequence[Judgement]) -> float:
    """Probability that D* is drawn and labelled as D was, by what people, not models, said of the task."""
    last: dict[str, float] = {}
    for j in standing(judgements):
        value = _value(j)
        if j.kind == "task" and value is not None and not j.rater.startswith("model:"):
            last[j.rater] = value
    if not last:
        return UNASKED_TASK
    return float(expit(np.mean([logit(min(max(v, 0.001), 0.999)) for v in last.values()])))
