"""The scorecard: the numbers of Z, fitted on D in expectation over worlds.

This room sees the labels of D and nothing else: no judgement on V, no label of D*. Plausibilities reach it
only as the chances of the switches. The fit solves

    θ = argmin  Σ_D E_g[-log f(y | x, g)]  +  λ/2 |θ|²

for table claims, and λ/2 |θ - c r|² for the words of texts, where r is the strength that people state and
c ≥ 0 the scale on which D finds it to count; words that D doesn't show speak as strongly as people say, c r.
b is at the base rate, as the root states it, so that in a world where nothing carries over the forecast is
the base rate; and θ is kept on its side by bounds (clipping afterwards is wrong by much, see
docs/objective.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

import numpy as np
from scipy.optimize import Bounds, minimize
from threadpoolctl import ThreadpoolController

from kb.arrays import Codes, Numbers
from learning.clouds import Cloud, WordCard, cloud_of
from learning.expectation import Expectation
from learning.matches import Matches
from learning.switches import Switchboard
from learning.word_fit import WordFit

__all__ = [
    "Held",
    "Penalty",
    "Points",
    "Scorecard",
    "all_on",
    "base_rate",
    "contributions",
    "fit_points",
    "forecast",
    "log_likelihood",
    "said_by_words",
]

MOST_STEPS = 200

Penalty = Literal["ridge", "lasso"]


@dataclass(frozen=True, slots=True)
class Scorecard:
    """What is fitted: which statements apply, what they hang on, what they may say.

    Attributes:
        board: Switches, and the family of each statement.
        side: Per statement the class it speaks for, or -1 for one number per class.
        classes: K.
        words: What is believed of the words of texts; None where there are none.
    """

    board: Switchboard
    side: tuple[int, ...]
    classes: int
    words: WordCard | None = None

    def order(self) -> list[Codes]:
        """Per family, the statements in it."""
        family = np.array(self.board.family, dtype=int)
        return [np.flatnonzero(family == f) for f in range(len(self.board.needs))]


def all_on(scorecard: Scorecard) -> Scorecard:
    """The same claims in the world in which everything carries over."""
    words = scorecard.words.all_on() if scorecard.words else None
    return Scorecard(scorecard.board.all_on(), scorecard.side, scorecard.classes, words)


@dataclass(frozen=True, slots=True)
class Points:
    """The fitted numbers, in nats of log-odds.

    Attributes:
        b: Base per class, shape (K,).
        theta: Per statement and class, shape (m, K).
        strength: λ, the weight of the ridge.
        loss: Σ_D E_g[-log f] at the fit, in nats.
        words: Per word and class, at least 0, shape (w, K).
        word_strength: λ of the words.
        scale: c, what D makes of the strengths that people state; 0 where they stated none.
    """

    b: Numbers
    theta: Numbers
    strength: float
    loss: float = 0.0
    words: Numbers = field(default_factory=lambda: np.zeros((0, 2)))
    word_strength: float = 1.0
    scale: float = 0.0


def contributions(scorecard: Scorecard, claims: Numbers, theta: Numbers) -> Numbers:
    """S: what each family of table claims adds where they apply, shape (F, n, K).

    Args:
        scorecard: Their families.
        claims: Which claim applies to which case, 0 or 1, shape (n, m).
        theta: Their points, shape (m, K).
    """
    families = scorecard.order()
    S = np.empty((len(families), len(claims), scorecard.classes))
    for f, statements in enumerate(families):
        S[f] = claims[:, statements] @ theta[statements]
    return S


def forecast(scorecard: Scorecard, points: Points, A: Matches, expectation: Expectation) -> Numbers:
    """P(y | x, Z) in expectation over the worlds, shape (n, K); of words' points the doubted strength."""
    S = contributions(scorecard, A.claims, points.theta)
    return expectation.forecast(points.b, S, said_by_words(scorecard, A, points, doubted=True))


def log_likelihood(
    scorecard: Scorecard, points: Points, A: Matches, y: Codes, expectation: Expectation
) -> Numbers:
    """Per case E_g[log f(y | x, g)] in nats, shape (n,)."""
    S = contributions(scorecard, A.claims, points.theta)
    return expectation.log_likelihood(points.b, S, y, said_by_words(scorecard, A, points))


def said_by_words(scorecard: Scorecard, A: Matches, points: Points, *, doubted: bool = False) -> Cloud | None:
    """What the words of texts add; None where there are none. ``doubted`` as in ``cloud_of``."""
    if scorecard.words is None or A.words is None:
        return None
    return cloud_of(scorecard.words, A.words, points.words, doubted=doubted)


def _bounds(side: Sequence[int], classes: int) -> tuple[Numbers, Numbers]:
    """Lowest and highest θ, each of shape (m, K)."""
    low = np.full((len(side), classes), -np.inf)
    high = np.full((len(side), classes), np.inf)
    for s, k in enumerate(side):
        if k >= 0:
            low[s], high[s] = 0.0, 0.0
            high[s, k] = np.inf
    return low, high


@dataclass(frozen=True, slots=True)
class Held:
    """What other statements add and keep adding.

    Attributes:
        S: Of table claims, shape (F, n, K).
        cloud: Of words.
    """

    S: Numbers
    cloud: Cloud | None = None


def fit_points(  # noqa: PLR0913  # data, model and where to begin; none is a setting of another
    scorecard: Scorecard,
    A: Matches,
    y: Codes,
    expectation: Expectation,
    *,
    strength: float = 1.0,
    word_strength: float = 1.0,
    start: Points | None = None,
    held: Held | None = None,
    penalty: Penalty = "ridge",
) -> Points:
    """The points that explain D in expectation over the worlds.

    Args:
        scorecard: Statements, switches and sides.
        A: Which statement applies to which case, n cases.
        y: Class of each case, shape (n,).
        expectation: Made for these n cases and the scorecard's board.
        strength: λ.
        word_strength: λ of the words, always a ridge.
        start: Where to begin; points of fewer statements are filled up with 0.
        held: What other statements add; the words too, if the scorecard has none.
        penalty: ``ridge`` shares a fact among the statements that tell it; ``lasso`` lets the fewest tell it.
    """
    m, K = A.claims.shape[1], scorecard.classes
    b = base_rate(y, K)
    first = np.zeros((m, K))
    if start is not None:
        first[: len(start.theta)] = start.theta[:m]
    words = None
    if scorecard.words is not None:
        words = WordFit(scorecard.words, A.words, start.words if start else None, word_strength)
    data_term = _data_term(scorecard, A, y, expectation, held, words)
    least = _least_absolute if penalty == "lasso" else _least_squares
    low, high = _bounds(scorecard.side, K)
    theta, omega = first, words.first if words else np.zeros(0)
    if (high > low).any() or len(omega):
        with _blas().limit(limits=1, user_api="blas"):
            theta, omega = least(data_term, (first, omega), (low, high), strength, words)
    loss = data_term(theta, omega)[0]
    if words is None:
        return Points(b, theta, strength, loss)
    return Points(b, theta, strength, loss, words.in_full(omega), word_strength, words.scale(omega))


DataTerm = Callable[[Numbers, Numbers], tuple[float, Numbers, Numbers]]
Parts = tuple[Numbers, Numbers]


def _data_term(  # data and model
    scorecard: Scorecard,
    A: Matches,
    y: Codes,
    expectation: Expectation,
    held: Held | None,
    words: WordFit | None,
) -> DataTerm:
    """θ, shape (m, K), and ω → Σ_D E_g[-log f] in nats, and its gradients."""
    families, K = scorecard.order(), scorecard.classes
    claims = _by_family(scorecard, A.claims)
    edges = np.cumsum([0, *(len(f) for f in families)])
    b = base_rate(y, K)

    def loss(theta: Numbers, omega: Numbers) -> tuple[float, Numbers, Numbers]:
        S = np.zeros((len(families), len(y), K)) if held is None else held.S.copy()
        for f, statements in enumerate(families):
            if len(statements):
                S[f] += claims[:, edges[f] : edges[f + 1]] @ theta[statements]
        cloud = held.cloud if held and words is None else None
        if words is not None:
            cloud = words.cloud(omega)
        pull = np.zeros_like(omega)
        if cloud is None:
            value, _, dS = expectation.loss(b, S, y)
        else:
            value, dS, slope = expectation.loss_in(b, S, y, cloud)
            if words is not None:
                pull = words.pull(omega, slope)
        gradient = np.zeros_like(theta)
        for f, statements in enumerate(families):
            gradient[statements] = claims[:, edges[f] : edges[f + 1]].T @ dS[f]
        return value, gradient, pull

    return loss


def _least_squares(
    data_term: DataTerm, first: Parts, box: Parts, strength: float, words: WordFit | None
) -> Parts:
    """θ within the box, and ω ≥ 0, that minimise the data term plus λ/2 |θ|² and the words' penalty."""
    shape, (low, high) = first[0].shape, box
    free = np.flatnonzero((high > low).ravel())
    t = len(free)

    def objective(z: Numbers) -> tuple[float, Numbers]:
        omega = _unscaled(z[t:], words)
        value, gradient, pull = data_term(_full(z[:t], free, *shape), omega)
        value += 0.5 * strength * float(z[:t] @ z[:t])
        return _with_words(value, gradient.ravel()[free] + strength * z[:t], omega, pull, words)

    box_of_free = low.ravel()[free], high.ravel()[free]
    z = _minimum(objective, first[0].ravel()[free], box_of_free, _scaled(first[1], words))
    return _full(z[:t], free, *shape), _unscaled(z[t:], words)


def _least_absolute(
    data_term: DataTerm, first: Parts, box: Parts, strength: float, words: WordFit | None
) -> Parts:
    """The same with λ |θ|₁ for the table claims, θ as the difference of two parts."""
    shape, (low, high) = first[0].shape, box
    up, down = np.flatnonzero((high > 0).ravel()), np.flatnonzero((low < 0).ravel())
    u, t = len(up), len(up) + len(down)

    def objective(z: Numbers) -> tuple[float, Numbers]:
        theta = _full(z[:u], up, *shape) - _full(z[u:t], down, *shape)
        omega = _unscaled(z[t:], words)
        value, gradient, pull = data_term(theta, omega)
        slope = gradient.ravel()
        value += strength * float(z[:t].sum())
        return _with_words(value, np.append(slope[up], -slope[down]) + strength, omega, pull, words)

    was = first[0].ravel()
    parts = np.append(np.maximum(was[up], 0.0), np.maximum(-was[down], 0.0))
    z = _minimum(objective, parts, (np.zeros(t), np.full(t, np.inf)), _scaled(first[1], words))
    return _full(z[:u], up, *shape) - _full(z[u:t], down, *shape), _unscaled(z[t:], words)


def _with_words(
    value: float, gradient: Numbers, omega: Numbers, pull: Numbers, words: WordFit | None
) -> tuple[float, Numbers]:
    """Value and gradient with the words' part behind that of the table claims."""
    if words is None:
        return value, gradient
    penalty, slope = words.penalty(omega)
    return value + penalty, np.concatenate([gradient, (pull + slope) * words.unit])


def _scaled(omega: Numbers, words: WordFit | None) -> Numbers:
    """ω in units in which every word curves the loss about as much, so that few steps are needed."""
    return omega if words is None else omega / words.unit


def _unscaled(z: Numbers, words: WordFit | None) -> Numbers:
    return z if words is None else z * words.unit


def _minimum(
    objective: Callable[[Numbers], tuple[float, Numbers]], first: Numbers, box: Parts, omega: Numbers
) -> Numbers:
    low = np.concatenate([box[0], np.zeros(len(omega))])
    high = np.concatenate([box[1], np.full(len(omega), np.inf)])
    found = minimize(
        objective,
        np.concatenate([first, omega]),
        jac=True,
        method="L-BFGS-B",
        bounds=Bounds(low, high),
        options={"maxiter": MOST_STEPS, "maxcor": 12, "ftol": 1e-7 if len(omega) else 1e-9, "gtol": 1e-4},
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
