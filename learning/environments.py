"""Evidence about the switches: with several environments (sites, years, batches) the data do speak.

If a statement carries over, one set of points fits all environments of D; if not, each has its own. The Bayes
factor of the two,

    BF = p(D | shared points) / p(D | points of each environment's own),      τ → τ BF / (τ BF + 1 − τ)

moves its switch. Evidences are Laplace's, points are N(0, 1/λ) with λ averaged over a grid, and environments
may differ in how common the classes are: that alone moves nothing. With one environment BF is 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, logsumexp, softmax
from threadpoolctl import threadpool_limits

from kb.arrays import Codes, Numbers
from kb.knowledge import Tree
from learning.matches import Matches
from learning.scorecard import Points, Scorecard, base_rate
from learning.switches import Switchboard

__all__ = [
    "Environments",
    "Evidence",
    "environments_of",
    "evidence_about",
    "in_words",
    "log_bayes_factor",
    "moved",
    "moved_tau",
]

LEAST_CASES = 10  # labelled cases of an environment, below which it says nothing
MOST_CASES = 2_000
MOST_CLAIMS = 40  # of one switch; more are thinned to those that speak most often
LAMBDAS = (0.3, 1.0, 3.0)
LOWEST, HIGHEST = 0.02, 0.98


@dataclass(frozen=True, slots=True)
class Environments:
    """Which environment each labelled case is from.

    Attributes:
        column: The column that names it.
        names: Environments with enough labelled cases, most first.
        of: Per case of D the index of its environment, −1 for one that is left out, shape (n,).
        left_out: Environments with too few labelled cases, with their number.
    """

    column: str
    names: tuple[str, ...]
    of: Codes
    left_out: Mapping[str, int] = field(default_factory=dict)

    def notes(self) -> list[str]:
        """What a reader must know, one sentence each."""
        found = []
        if self.left_out:
            few = ", ".join(f"{name} ({n})" for name, n in list(self.left_out.items())[:5])
            found.append(
                f"Environments with fewer than {LEAST_CASES} labelled cases say nothing about what carries "
                f"over and are left out: {few}."
            )
        if len(self.names) < 2:
            found.append(
                f"The labelled cases hold {len(self.names)} environment{'s' * (len(self.names) != 1)} of "
                f"{self.column} with enough cases, so D says nothing about what carries over between them."
            )
        return found


@dataclass(frozen=True, slots=True)
class Evidence:
    """What environments say about the switches.

    Attributes:
        log_bayes: Switch → log Bayes factor of shared against separate points, in nats; empty with fewer than
            two environments.
        notes: What a reader must know.
    """

    log_bayes: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces."""
        return {"log_bayes": dict(self.log_bayes), "notes": list(self.notes)}


def environments_of(tree: Tree) -> Environments | None:
    """The environments of D; None where the task names no such column."""
    column = tree.task.environment
    if column is None or column not in {c.name for c in tree.task.columns}:
        return None
    values = tree.D.cases.values(column)
    levels = tree.task.column(column).levels
    if not levels:  # a year or another number
        seen = [None if _is_missing(v) else v for v in values.tolist()]
        levels = tuple(sorted({str(v) for v in seen if v is not None}))
        place = {name: i for i, name in enumerate(levels)}
        codes = np.array([-1 if v is None else place[str(v)] for v in seen], dtype=np.int64)
    else:
        codes = values.astype(np.int64)
    counts = np.bincount(codes[codes >= 0], minlength=len(levels))
    kept = [int(i) for i in np.argsort(-counts, kind="stable") if counts[i] >= LEAST_CASES]
    at = np.full(len(levels) + 1, -1, dtype=np.int64)
    at[kept] = np.arange(len(kept))
    few = {levels[i]: int(n) for i, n in enumerate(counts.tolist()) if 0 < n < LEAST_CASES}
    return Environments(column, tuple(levels[i] for i in kept), at[codes], few)


def _is_missing(value: object) -> bool:
    return value is None or (isinstance(value, float) and value != value)


def evidence_about(
    scorecard: Scorecard, A: Matches, y: Codes, plain: Points, where: Environments
) -> Evidence:
    """Log Bayes factors of all switches of table claims; words of texts keep what people said.

    Args:
        scorecard: Claims and switches.
        A: Which statement speaks about which labelled case, n cases.
        y: Their classes, shape (n,).
        plain: Points with everything on, which say what the other statements add.
        where: The environments.
    """
    notes = tuple(where.notes())
    rows = np.flatnonzero(where.of >= 0)
    if len(rows) > MOST_CASES:  # drawn, since files are often in the order of their sites or years
        rows = np.sort(np.random.default_rng(0).choice(rows, MOST_CASES, replace=False))
    if len(where.names) < 2:
        return Evidence({}, notes)
    board = scorecard.board
    claims, labels, place = A.claims[rows], y[rows], where.of[rows]
    base = _base_per_environment(labels, place, scorecard.classes)
    every = claims @ plain.theta
    found = {}
    family = np.array(board.family, dtype=np.int64)
    for i, name in enumerate(board.names):
        own = np.array([i in board.needs[f] for f in family], dtype=np.bool_)
        if name == f"column:{where.column}" or not own.any():
            continue
        columns = np.flatnonzero(own)
        if len(columns) > MOST_CLAIMS:
            columns = columns[np.argsort(-claims[:, columns].sum(axis=0), kind="stable")[:MOST_CLAIMS]]
        offset = base + every - claims[:, own] @ plain.theta[own]
        found[name] = log_bayes_factor(claims[:, columns], labels, offset, place)
    return Evidence(found, notes)


def _base_per_environment(y: Codes, place: Codes, classes: int) -> Numbers:
    """Log base rates of each case's environment, shape (n, K)."""
    rates = np.array([base_rate(y[place == e], classes) for e in range(int(place.max()) + 1)])
    return np.asarray(rates[place])


def log_bayes_factor(A: Numbers, y: Codes, offset: Numbers, place: Codes) -> float:
    """The log Bayes factor of shared points against points per environment, in nats; 0 with one environment.

    Args:
        A: Claims of one switch, shape (n, m).
        y: Classes, shape (n,).
        offset: What all else adds to the log-odds, shape (n, K).
        place: Environment of each case, 0 … E − 1, shape (n,).
    """
    parts = [np.flatnonzero(place == e) for e in np.unique(place)]
    if len(parts) < 2:
        return 0.0
    with threadpool_limits(1):
        shared = [_log_evidence(A, y, offset, strength) for strength in LAMBDAS]
        separate = [
            sum(_log_evidence(A[rows], y[rows], offset[rows], strength) for rows in parts)
            for strength in LAMBDAS
        ]
    return float(logsumexp(shared) - logsumexp(separate))


def _log_evidence(A: Numbers, y: Codes, offset: Numbers, strength: float) -> float:
    """Laplace's approximation of log ∫ Π softmax(offset + A θ)_y N(θ; 0, 1/λ) dθ."""
    speaks = A.any(axis=0)
    A = A[:, speaks]
    (n, m), K = A.shape, offset.shape[1]
    at = np.arange(n)
    if not m:
        return float(log_softmax(offset, axis=1)[at, y].sum())

    def loss(z: Numbers) -> tuple[float, Numbers]:
        u = offset + A @ z.reshape(m, K)
        p = softmax(u, axis=1)
        value = 0.5 * strength * float(z @ z) - float(log_softmax(u, axis=1)[at, y].sum())
        p[at, y] -= 1.0
        return value, (A.T @ p).ravel() + strength * z

    found = minimize(loss, np.zeros(m * K), jac=True, method="L-BFGS-B", options={"maxiter": 100})
    p = softmax(offset + A @ found.x.reshape(m, K), axis=1)
    curvature = strength * np.eye(m * K)
    for k in range(K):
        for j in range(k, K):
            weight = p[:, k] * ((k == j) - p[:, j])
            block = A.T @ (weight[:, None] * A)
            curvature[k::K, j::K] += block
            if j > k:
                curvature[j::K, k::K] += block.T
    volume = m * K * np.log(strength) - np.linalg.slogdet(curvature)[1]
    return 0.5 * float(volume) - float(found.fun)


def in_words(tree: Tree, address: str, log_bayes: Mapping[str, float], tau: float) -> str:
    """What the environments say about one switch, in a sentence; empty where they say nothing of it.

    Args:
        tree: Whose environments.
        address: The statement that stands for the switch.
        log_bayes: As in ``Evidence``.
        tau: What people said of it.
    """
    if address not in log_bayes or tau in (0.0, 1.0):
        return ""
    after = moved_tau(tau, log_bayes[address])
    column, nats = tree.task.environment, log_bayes[address]
    says = "the same" if nats > 0.0 else "something else"
    return (
        f"In each {column} of the labelled cases it says {says} ({nats:+.1f} nats), "
        f"which moves it from {100 * tau:.0f} % to {100 * after:.0f} %."
    )


def moved_tau(tau: float, log_bayes: float) -> float:
    """A plausibility after the evidence; 0 and 1 stay, others keep within [.02, .98]."""
    if tau in (0.0, 1.0):
        return tau
    odds = np.log(tau) - np.log1p(-tau) + log_bayes
    return float(min(max(1.0 / (1.0 + np.exp(-np.clip(odds, -50.0, 50.0))), LOWEST), HIGHEST))


def moved(board: Switchboard, log_bayes: Mapping[str, float]) -> Switchboard:
    """The board with every switch moved by its evidence."""
    pairs: Sequence[tuple[str, float]] = list(zip(board.names, board.tau, strict=True))
    return board.with_tau([moved_tau(tau, log_bayes.get(name, 0.0)) for name, tau in pairs])
