"""The scorecard: the numbers of Z, fitted on D in expectation over worlds.

This room sees the labels of D and nothing else: no judgement on V, no label of D*. Plausibilities reach it
only as the chances of the switches. The fit solves

    θ = argmin  Σ_D E_g[-log f(y | x, g)]  +  λ/2 |θ|²

with b at the base rate, as the root states it, so that in a world where nothing carries over the forecast is
the base rate; and with θ on its side by bounds (clipping afterwards is wrong by much, see docs/objective.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from scipy.optimize import minimize
from threadpoolctl import ThreadpoolController

from kb.arrays import Codes, Numbers
from learning.expectation import Expectation, expectation_over
from learning.switches import Switchboard

__all__ = ["LAMBDAS", "Points", "Scorecard", "choose_strength", "contributions", "fit_points"]

LAMBDAS: tuple[float, ...] = (10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003)
MOST_STEPS = 200

Penalty = Literal["ridge", "lasso"]


@dataclass(frozen=True, slots=True)
class Scorecard:
    """What is fitted: which statements apply, what they hang on, what they may say.

    Attributes:
        board: Switches, and the family of each statement.
        side: Per statement the class it speaks for, or -1 for one number per class.
        classes: K.
    """

    board: Switchboard
    side: tuple[int, ...]
    classes: int

    def order(self) -> list[Codes]:
        """Per family, the statements in it."""
        family = np.array(self.board.family, dtype=int)
        return [np.flatnonzero(family == f) for f in range(len(self.board.needs))]


@dataclass(frozen=True, slots=True)
class Points:
    """The fitted numbers, in nats of log-odds.

    Attributes:
        b: Base per class, shape (K,).
        theta: Per statement and class, shape (m, K).
        strength: λ, the weight of the ridge.
        loss: Σ_D E_g[-log f] at the fit, in nats.
    """

    b: Numbers
    theta: Numbers
    strength: float
    loss: float = 0.0


def contributions(scorecard: Scorecard, A: Numbers, theta: Numbers) -> Numbers:
    """S: what each family adds where its statements apply, shape (F, n, K)."""
    families = scorecard.order()
    S = np.empty((len(families), len(A), scorecard.classes))
    for f, statements in enumerate(families):
        S[f] = A[:, statements] @ theta[statements]
    return S


def _bounds(side: Sequence[int], classes: int) -> tuple[Numbers, Numbers]:
    """Lowest and highest θ, each of shape (m, K)."""
    low = np.full((len(side), classes), -np.inf)
    high = np.full((len(side), classes), np.inf)
    for s, k in enumerate(side):
        if k >= 0:
            low[s], high[s] = 0.0, 0.0
            high[s, k] = np.inf
    return low, high


def fit_points(  # noqa: PLR0913  # data, model and where to begin; none is a setting of another
    scorecard: Scorecard,
    A: Numbers,
    y: Codes,
    expectation: Expectation,
    *,
    strength: float = 1.0,
    start: Points | None = None,
    fixed: Numbers | None = None,
    penalty: Penalty = "ridge",
) -> Points:
    """The points that explain D in expectation over the worlds.

    Args:
        scorecard: Statements, switches and sides.
        A: Which statement applies to which case, 0 or 1, shape (n, m).
        y: Class of each case, shape (n,).
        expectation: Made for these n cases and the scorecard's board.
        strength: λ.
        start: Where to begin; points of fewer statements are filled up with 0.
        fixed: What other statements add and keep adding, shape (F, n, K).
        penalty: ``ridge`` shares a fact among the statements that tell it; ``lasso`` lets the fewest tell it.
    """
    m, K = A.shape[1], scorecard.classes
    b = base_rate(y, K)
    first = np.zeros((m, K))
    if start is not None:
        first[: len(start.theta)] = start.theta[:m]
    data_term = _data_term(scorecard, A, y, expectation, fixed)
    least = _least_absolute if penalty == "lasso" else _least_squares
    low, high = _bounds(scorecard.side, K)
    theta = first
    if (high > low).any():
        with _blas().limit(limits=1, user_api="blas"):
            theta = least(data_term, first, (low, high), strength)
    return Points(b, theta, strength, data_term(theta)[0])


DataTerm = Callable[[Numbers], tuple[float, Numbers]]


def _data_term(
    scorecard: Scorecard, A: Numbers, y: Codes, expectation: Expectation, fixed: Numbers | None
) -> DataTerm:
    """θ, shape (m, K) → Σ_D E_g[-log f] in nats, and its gradient."""
    families, K = scorecard.order(), scorecard.classes
    A = _by_family(scorecard, A)
    edges = np.cumsum([0, *(len(f) for f in families)])
    b = base_rate(y, K)

    def loss(theta: Numbers) -> tuple[float, Numbers]:
        S = np.zeros((len(families), len(y), K)) if fixed is None else fixed.copy()
        for f, statements in enumerate(families):
            if len(statements):
                S[f] += A[:, edges[f] : edges[f + 1]] @ theta[statements]
        value, _, dS = expectation.loss(b, S, y)
        gradient = np.zeros_like(theta)
        for f, statements in enumerate(families):
            gradient[statements] = A[:, edges[f] : edges[f + 1]].T @ dS[f]
        return value, gradient

    return loss


def _least_squares(
    data_term: DataTerm, first: Numbers, box: tuple[Numbers, Numbers], strength: float
) -> Numbers:
    """θ within the box that minimises the data term plus λ/2 |θ|²."""
    shape, (low, high) = first.shape, box
    free = np.flatnonzero((high > low).ravel())

    def objective(z: Numbers) -> tuple[float, Numbers]:
        value, gradient = data_term(_full(z, free, *shape))
        return value + 0.5 * strength * float(z @ z), gradient.ravel()[free] + strength * z

    return _full(
        _minimum(objective, first.ravel()[free], low.ravel()[free], high.ravel()[free]), free, *shape
    )


def _least_absolute(
    data_term: DataTerm, first: Numbers, box: tuple[Numbers, Numbers], strength: float
) -> Numbers:
    """θ within the box that minimises the data term plus λ |θ|₁, as the difference of two parts."""
    shape, (low, high) = first.shape, box
    up, down = np.flatnonzero((high > 0).ravel()), np.flatnonzero((low < 0).ravel())

    def objective(z: Numbers) -> tuple[float, Numbers]:
        theta = _full(z[: len(up)], up, *shape) - _full(z[len(up) :], down, *shape)
        value, gradient = data_term(theta)
        slope = gradient.ravel()
        return value + strength * float(z.sum()), np.append(slope[up], -slope[down]) + strength

    parts = np.append(np.maximum(first.ravel()[up], 0.0), np.maximum(-first.ravel()[down], 0.0))
    z = _minimum(objective, parts, np.zeros(len(parts)), np.full(len(parts), np.inf))
    return _full(z[: len(up)], up, *shape) - _full(z[len(up) :], down, *shape)


def _minimum(
    objective: Callable[[Numbers], tuple[float, Numbers]], first: Numbers, low: Numbers, high: Numbers
) -> Numbers:
    found = minimize(
        objective,
        first,
        jac=True,
        method="L-BFGS-B",
        bounds=list(zip(low, high, strict=True)),
        options={"maxiter": MOST_STEPS, "maxcor": 12, "ftol": 1e-9, "gtol": 1e-4},
    )
    return np.asarray(found.x, dtype=np.float64)


@cache
def _blas() -> ThreadpoolController:
    """L-BFGS-B spends its time in tiny products, which threads make ten times slower."""
    return ThreadpoolController()


def _full(values: Numbers, free: Codes, m: int, K: int) -> Numbers:
    """θ, shape (m, K), from its free entries."""
    theta = np.zeros(m * K)
    theta[free] = values
    return theta.reshape(m, K)


def _by_family(scorecard: Scorecard, A: Numbers) -> Numbers:
    """Columns of a family side by side, so that each is one slice."""
    families = scorecard.order()
    order = np.concatenate(families) if families else np.zeros(0, dtype=int)
    return np.asfortranarray(A[:, order], dtype=np.float64)


def base_rate(y: Codes, classes: int) -> Numbers:
    """Log-probability of each class, half a case added to each, shape (K,)."""
    counts = np.bincount(y, minlength=classes) + 0.5
    found: Numbers = np.log(counts / counts.sum())
    return found


def choose_strength(  # noqa: PLR0913  # data, model and what to try
    scorecard: Scorecard,
    A: Numbers,
    y: Codes,
    folds: Sequence[tuple[Codes, Codes]],
    *,
    seed: int,
    strengths: Sequence[float] = LAMBDAS,
    penalty: Penalty = "ridge",
) -> tuple[float, float]:
    """λ by cross-validation on D of the expected loss, and that loss in nats per case.

    Args:
        scorecard: Statements, switches and sides.
        A: Which statement applies to which case, shape (n, m).
        y: Class of each case, shape (n,).
        folds: (rows to fit, rows to score) per fold.
        seed: For drawn worlds.
        strengths: The λ to try, from the strongest; the path stops where it gets worse twice.
        penalty: As in ``fit_points``.
    """
    means: list[float] = []
    starts: list[Points | None] = [None] * len(folds)
    for strength in strengths:
        total, cases = 0.0, 0
        for i, (fit, score) in enumerate(folds):
            expectation = expectation_over(scorecard.board, len(fit), scorecard.classes, seed=seed)
            points = fit_points(
                scorecard,
                A[fit],
                y[fit],
                expectation,
                strength=strength,
                start=starts[i],
                penalty=penalty,
            )
            starts[i] = points
            held = expectation_over(scorecard.board, len(score), scorecard.classes, seed=seed + 1)
            S = contributions(scorecard, A[score], points.theta)
            total -= float(held.log_likelihood(points.b, S, y[score]).sum())
            cases += len(score)
        means.append(total / cases)
        if len(means) > 2 and means[-1] > means[-2] > means[-3]:
            break
    best = int(np.argmin(means))
    return strengths[best], means[best]
