"""Expectations over worlds: of the log loss on labelled cases, and of the forecast.

With statements s in families f, class k and case x,

    u_k(x, g) = b_k + Σ_f g_f S_fk(x),    S_fk(x) = Σ_{s in f} a_s(x) θ_sk,

and every function here takes S, shape (F, n, K), so that it knows nothing of statements. Worlds are
enumerated while few switches are doubtful; with two classes and independent families the sum of
switches is taken as normal (11 Gauss-Hermite nodes; dropout's normal approximation, Wang and Manning
2013); otherwise worlds are drawn, anew for each block of cases.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from scipy.special import expit, log_softmax, softmax

from kb.arrays import Codes, Numbers
from learning.clouds import Cloud, forecast_in, log_likelihood_in, loss_in, nodes_for
from learning.switches import MOST_ENUMERATED, Switchboard, Worlds, drawn_worlds, every_world

__all__ = ["Expectation", "expectation_in", "expectation_over"]


_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(11)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()
_CELLS = 100_000  # worlds × cases × classes that are cheap, and fit the cache
_BLOCK = 256  # cases that share their drawn worlds


class Expectation(Protocol):
    """E over worlds, for a fixed set of cases."""

    def loss(self, b: Numbers, S: Numbers, y: Codes) -> tuple[float, Numbers, Numbers]:
        """Σ_x E_g[-log f(y|x, g)] in nats, with its gradients in b, shape (K,), and S, shape (F, n, K)."""

    def loss_in(self, b: Numbers, S: Numbers, y: Codes, cloud: Cloud) -> tuple[float, Numbers, Cloud]:
        """The same with the words' cloud, with gradients in S and in its moments."""

    def log_likelihood(self, b: Numbers, S: Numbers, y: Codes, cloud: Cloud | None = None) -> Numbers:
        """Per case E_g[log f(y|x, g)] in nats, shape (n,)."""

    def forecast(self, b: Numbers, S: Numbers, cloud: Cloud | None = None) -> Numbers:
        """Per case E_g[f(·|x, g)], shape (n, K), rows sum to 1."""


@dataclass(frozen=True, slots=True)
class _Block:
    rows: slice
    on: Numbers
    weight: Numbers


def _block(rows: slice, board: Switchboard, worlds: Worlds) -> _Block:
    """Worlds in which the same families are on are one."""
    on, which = np.unique(board.families_on(worlds.switches), axis=0, return_inverse=True)
    weight = np.bincount(which.ravel(), worlds.weight, len(on)).astype(np.float64)
    return _Block(rows, on, weight)


class _OverWorlds:
    """Listed worlds, the same for all cases of a block."""

    def __init__(self, blocks: list[_Block], seed: int) -> None:
        self.blocks, self.seed = blocks, seed

    @staticmethod
    def _scores(block: _Block, b: Numbers, S: Numbers) -> Numbers:
        """u, shape (K, W, cases of the block): classes first, so that sums over them are long and fast."""
        part = np.ascontiguousarray(S[:, block.rows].transpose(2, 0, 1))
        u: Numbers = block.on @ part
        u += b[:, None, None]
        return u

    def loss(self, b: Numbers, S: Numbers, y: Codes) -> tuple[float, Numbers, Numbers]:
        value, db, dS = 0.0, np.zeros_like(b), np.empty_like(S)
        for block in self.blocks:
            u = self._scores(block, b, S)
            at = y[block.rows], np.arange(u.shape[2])
            u -= u.max(axis=0)
            right = u[at[0], :, at[1]].T
            p = np.exp(u)
            total = p.sum(axis=0)
            value += float(block.weight @ (np.log(total) - right).sum(axis=1))
            p *= block.weight[:, None] / total
            p[at[0], :, at[1]] -= block.weight
            db += p.sum(axis=(1, 2))
            dS[:, block.rows] = (block.on.T @ p).transpose(1, 2, 0)
        return value, db, dS

    def loss_in(self, b: Numbers, S: Numbers, y: Codes, cloud: Cloud) -> tuple[float, Numbers, Cloud]:
        value, dS = 0.0, np.empty_like(S)
        slope = Cloud(np.empty_like(cloud.mean), np.empty_like(cloud.variance))
        for block in self.blocks:
            rows, u = block.rows, self._scores(block, b, S)
            nodes = nodes_for(len(b), len(block.weight), self.seed)
            part, du, moments = loss_in(u, block.weight, cloud[rows], y[rows], nodes)
            value += part
            dS[:, rows] = (block.on.T @ du).transpose(1, 2, 0)
            slope.mean[rows], slope.variance[rows] = moments.mean, moments.variance
        return value, dS, slope

    def log_likelihood(self, b: Numbers, S: Numbers, y: Codes, cloud: Cloud | None = None) -> Numbers:
        found = np.empty(len(y))
        for block in self.blocks:
            if cloud is not None:
                rows, nodes = block.rows, nodes_for(len(b), len(block.weight), self.seed)
                u = self._scores(block, b, S)
                found[rows] = log_likelihood_in(u, block.weight, cloud[rows], y[rows], nodes)
                continue
            log_p = log_softmax(self._scores(block, b, S), axis=0)
            found[block.rows] = log_p[y[block.rows], :, np.arange(log_p.shape[2])] @ block.weight
        return found

    def forecast(self, b: Numbers, S: Numbers, cloud: Cloud | None = None) -> Numbers:
        found = np.empty(S.shape[1:])
        for block in self.blocks:
            if cloud is not None:
                nodes = nodes_for(len(b), len(block.weight), self.seed)
                u = self._scores(block, b, S)
                found[block.rows] = forecast_in(u, block.weight, cloud[block.rows], nodes)
                continue
            p = softmax(self._scores(block, b, S), axis=0)
            found[block.rows] = np.einsum("kwn,w->nk", p, block.weight)
        return found


class _Normal:
    """Two classes: the log-odds are a sum of many independent switches, so nearly normal."""

    def __init__(self, board: Switchboard) -> None:
        self.t = board.family_tau()

    def _moments(self, b: Numbers, S: Numbers, cloud: Cloud | None) -> tuple[Numbers, Numbers, Numbers]:
        odds = S[:, :, 1] - S[:, :, 0]
        mean = b[1] - b[0] + self.t @ odds
        variance = (self.t * (1.0 - self.t)) @ odds**2
        if cloud is not None:
            mean, variance = mean + cloud.mean[:, 0], variance + cloud.variance[:, 0]
        return mean, variance, odds

    def loss(self, b: Numbers, S: Numbers, y: Codes) -> tuple[float, Numbers, Numbers]:
        value, dS, slope = self.loss_in(b, S, y, None)
        db = float(slope.mean.sum())
        return value, np.array([-db, db]), dS

    def loss_in(self, b: Numbers, S: Numbers, y: Codes, cloud: Cloud | None) -> tuple[float, Numbers, Cloud]:
        mean, variance, odds = self._moments(b, S, cloud)
        sign, deviation = np.where(y > 0, 1.0, -1.0), np.sqrt(variance)
        u = sign[:, None] * (mean[:, None] + deviation[:, None] * _NODES)
        du = -sign[:, None] * expit(-u)
        # of the sum over nodes itself, not of the integral: a search along it must see the value that it gets
        dmean, ddeviation = du @ _WEIGHTS, du @ (_WEIGHTS * _NODES)
        pull = ddeviation / np.maximum(deviation, 1e-12)
        d = self.t[:, None] * dmean + (self.t * (1.0 - self.t))[:, None] * odds * pull
        value = float((np.logaddexp(0.0, -u) @ _WEIGHTS).sum())
        return value, np.stack([-d, d], axis=2), Cloud(dmean[:, None], 0.5 * pull[:, None])

    def log_likelihood(self, b: Numbers, S: Numbers, y: Codes, cloud: Cloud | None = None) -> Numbers:
        mean, variance, _ = self._moments(b, S, cloud)
        u = np.where(y > 0, 1.0, -1.0)[:, None] * (mean[:, None] + np.sqrt(variance)[:, None] * _NODES)
        return -np.logaddexp(0.0, -u) @ _WEIGHTS

    def forecast(self, b: Numbers, S: Numbers, cloud: Cloud | None = None) -> Numbers:
        mean, variance, _ = self._moments(b, S, cloud)
        p = expit(mean[:, None] + np.sqrt(variance)[:, None] * _NODES) @ _WEIGHTS
        return np.stack([1.0 - p, p], axis=1)


def expectation_over(
    board: Switchboard, n: int, classes: int, *, seed: int, draws: int = 16, alike: bool = False
) -> Expectation:
    """The cheapest sound way to take expectations over the worlds of a board.

    Args:
        board: Switches and families.
        n: Cases.
        classes: K.
        seed: For drawn worlds.
        draws: Worlds per block of cases, where they are drawn; enumeration may cost a few times as much.
        alike: Read a case the same whoever stands beside it; for forecasts, not for fits.
    """
    affordable = 4 * draws if alike else max(4 * draws, _CELLS * draws // (16 * max(n * classes, 1)))
    if 2 ** len(board.doubtful) <= min(affordable, 2**MOST_ENUMERATED):
        return _OverWorlds(_in_blocks(n, classes, board, every_world(board)), seed)
    if classes == 2 and board.are_independent:
        return _Normal(board)
    rng = np.random.default_rng(seed)
    if alike:
        return _OverWorlds(_in_blocks(n, classes, board, drawn_worlds(board, draws, rng)), seed)
    rows = [slice(at, min(at + _BLOCK, n)) for at in range(0, n, _BLOCK)]
    return _OverWorlds([_block(r, board, drawn_worlds(board, draws, rng)) for r in rows], seed)


def expectation_in(board: Switchboard, worlds: Worlds, n: int, classes: int, *, seed: int) -> Expectation:
    """Expectations over worlds that are given with their weights, such as those that resolved cases leave."""
    return _OverWorlds(_in_blocks(n, classes, board, worlds), seed)


def _in_blocks(n: int, classes: int, board: Switchboard, worlds: Worlds) -> list[_Block]:
    """The same worlds for all cases, in blocks that fit the cache."""
    size = max(1, _CELLS // (len(worlds.weight) * classes))
    every = _block(slice(0, n), board, worlds)
    return [replace(every, rows=slice(at, min(at + size, n))) for at in range(0, n, size)]
