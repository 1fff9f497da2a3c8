"""How far a forecast depends on what people did not say: all joint worlds that agree with their ratings.

People rate switches one by one; how the doubts hang together is an assumption (independence). For one case
the lowest and the highest forecast over every joint distribution of its most important switches with the
rated marginals are two linear programs a class (Hailperin 1965; the forecast is the objective).
"""

from __future__ import annotations

from itertools import product

import numpy as np
from scipy.special import softmax

from kb.arrays import Codes, Numbers
from learning.fitting import Fit
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


def forecast_bounds(fit: Fit, row: Numbers, cited: Codes) -> tuple[Numbers, Numbers]:
    """Lowest and highest forecast of one case, shape (K,) each.

    Args:
        fit: Z with its numbers.
        row: Which claims speak about the case, shape (m,).
        cited: Indices of the switches whose joint distribution is left open; the others stay independent.
    """
    board = fit.scorecard.board
    S = contributions(fit.scorecard, row[None], fit.points.theta)[:, 0]
    others = drawn_worlds(board, _OTHER_DRAWS, np.random.default_rng(fit.seed)).switches
    if all(t in (0.0, 1.0) for i, t in enumerate(board.tau) if i not in set(cited.tolist())):
        others = others[:1]
    settings = np.array(list(product([0.0, 1.0], repeat=len(cited)))).reshape(2 ** len(cited), len(cited))
    forecasts = np.empty((len(settings), fit.scorecard.classes))
    for w, setting in enumerate(settings):
        worlds = others.copy()
        worlds[:, cited] = setting
        u = fit.points.b + board.families_on(worlds) @ S
        forecasts[w] = softmax(u, axis=1).mean(axis=0)
    low, high = bounds_over_joint_worlds(np.array(board.tau)[cited], forecasts)
    if fit.as_D > 0.0:
        as_D = fit.forecast_as_D(row[None])[0]
        low, high = ((1.0 - fit.as_D) * end + fit.as_D * as_D for end in (low, high))
    return low, high
