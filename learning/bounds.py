"""How far a forecast depends on what people did not say: all joint worlds that agree with their ratings.

People rate switches one by one; how the doubts hang together is an assumption (independence). For one case
the lowest and the highest forecast over every joint distribution of its most important switches with the
rated marginals are two linear programs a class (Hailperin 1965; the forecast is the objective).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.special import softmax

from kb.arrays import Codes, Numbers
from learning.clouds import Cloud, cloud_of, forecast_in, nodes_for
from learning.fitting import Fit
from learning.matches import Matches
from learning.scorecard import contributions
from learning.switches import drawn_worlds

__all__ = ["MOST_SWITCHES", "bounds_over_joint_worlds", "forecast_bounds"]

MOST_SWITCHES = 12
_OTHER_DRAWS = 64


def bounds_over_joint_worlds(tau: Numbers, forecasts: Numbers) -> tuple[Numbers, Numbers]:
    """Lowest and highest expectation of each column over all joint worlds with these marginals.

    Args:
        tau: Probability of each of m switches, shape (m,).
        forecasts: Value in each world, shape (2^m, K), worlds in the order of ``itertools.product([0, 1])``.

    Returns:
        Two arrays of shape (K,).
    """
    if len(tau) == 0:
        return forecasts[0].copy(), forecasts[0].copy()
    from scipy.optimize import linprog

    worlds = np.array(list(product([0.0, 1.0], repeat=len(tau))))
    equal = np.vstack([worlds.T, np.ones(len(worlds))])
    to = np.append(tau, 1.0)
    ends = np.empty((2, forecasts.shape[1]))
    for k in range(forecasts.shape[1]):
        for end, sign in enumerate((1.0, -1.0)):
            found = linprog(sign * forecasts[:, k], A_eq=equal, b_eq=to, bounds=(0, 1), method="highs")
            ends[end, k] = forecasts[:, k] @ np.asarray(found.x, dtype=np.float64)
    return np.clip(ends[0], 0.0, 1.0), np.clip(ends[1], 0.0, 1.0)


def forecast_bounds(fit: Fit, one: Matches, *, most: int = MOST_SWITCHES) -> tuple[Numbers, Numbers]:
    """Lowest and highest forecast of one case, shape (K,) each.

    Args:
        fit: Z with its numbers.
        one: Which statements speak about the case.
        most: Switches whose joint distribution is left open, those that move the case most; the others stay
            independent.
    """
    card = fit.scorecard
    S = contributions(card, one.claims, fit.points.theta)[:, 0]
    switches, words = _cited(fit, one, S, most)
    tau = np.append(np.array(card.board.tau)[switches], [w.tau for w in words])
    worlds = _other_worlds(fit, switches)
    said, cloud = _by_words(fit, one, words)
    parts = [
        _forecasts_in(fit, _with(worlds, switches, setting), S, said, cloud)
        for setting in product([0.0, 1.0], repeat=len(switches))
    ]
    low, high = bounds_over_joint_worlds(tau, np.concatenate(parts))
    if fit.as_D > 0.0:
        as_D = fit.forecast_as_D(one)[0]
        low, high = ((1.0 - fit.as_D) * end + fit.as_D * as_D for end in (low, high))
    return low, high


@dataclass(frozen=True, slots=True)
class _Word:
    """A word's switch for one class in one case: its plausibility, and what it adds there, in nats."""

    word: int
    klass: int
    tau: float
    points: float


def _cited(fit: Fit, one: Matches, S: Numbers, most: int) -> tuple[Codes, list[_Word]]:
    """The doubtful switches that move this case's log-odds most: of tables, and of words."""
    board = fit.scorecard.board
    weight = np.zeros(len(board.tau))
    for need, moved in zip(board.needs, np.ptp(S, axis=1), strict=True):
        for i in need:
            weight[i] += moved
    words = [w for w in _words_of(fit, one) if w.points > 0.0 and 0.0 < w.tau < 1.0]
    doubts = [(w, i) for i, w in enumerate(weight) if w > 0.0 and 0.0 < board.tau[i] < 1.0]
    ranked = sorted([(-w, 0, i) for w, i in doubts] + [(-w.points, 1, i) for i, w in enumerate(words)])[:most]
    switches = np.array([i for _, kind, i in ranked if kind == 0], dtype=np.int64)
    return switches, [words[i] for _, kind, i in ranked if kind == 1]


def _words_of(fit: Fit, one: Matches) -> list[_Word]:
    card = fit.scorecard.words
    if card is None or one.words is None:
        return []
    scale = float(one.words.scale[0])
    return [
        _Word(w, k, float(card.tau[w, k]), scale * float(fit.points.words[w, k]))
        for w in one.words.pattern.indices.tolist()
        for k in range(fit.scorecard.classes)
    ]


def _other_worlds(fit: Fit, switches: Codes) -> Numbers:
    """Drawn worlds of the table's other switches; one is enough where none of them is in doubt."""
    board = fit.scorecard.board
    drawn = drawn_worlds(board, _OTHER_DRAWS, np.random.default_rng(fit.seed)).switches
    cited = set(switches.tolist())
    is_certain = all(t in (0.0, 1.0) for i, t in enumerate(board.tau) if i not in cited)
    return drawn[:1] if is_certain else drawn


def _with(worlds: Numbers, switches: Codes, setting: tuple[float, ...]) -> Numbers:
    found = worlds.copy()
    found[:, switches] = setting
    return found


def _by_words(fit: Fit, one: Matches, words: Sequence[_Word]) -> tuple[Numbers, Cloud | None]:
    """What the cited words add in each of their settings, shape (2^w, K), and the cloud of all others."""
    settings = np.array(list(product([0.0, 1.0], repeat=len(words)))).reshape(2 ** len(words), len(words))
    moves = np.zeros((len(words), fit.scorecard.classes))
    for i, word in enumerate(words):
        moves[i, word.klass] = word.points
    card = fit.scorecard.words
    if card is None or one.words is None:
        return settings @ moves, None
    theta = fit.points.words.copy()
    for word in words:
        theta[word.word, word.klass] = 0.0
    rest = cloud_of(card, one.words, theta, doubted=True)
    n = len(settings)
    return settings @ moves, Cloud(np.repeat(rest.mean, n, axis=0), np.repeat(rest.variance, n, axis=0))


def _forecasts_in(fit: Fit, worlds: Numbers, S: Numbers, said: Numbers, cloud: Cloud | None) -> Numbers:
    """The forecast per setting of the cited words, over other worlds and the cloud, shape (2^w, K)."""
    u = fit.points.b + fit.scorecard.board.families_on(worlds) @ S
    if cloud is None:
        found: Numbers = softmax(u, axis=1).mean(axis=0)[None]
        return found
    scores = u.T[:, :, None] + said.T[:, None, :]
    weight = np.full(len(worlds), 1.0 / len(worlds))
    return forecast_in(scores, weight, cloud, nodes_for(len(u.T), len(worlds), fit.seed))
