"""Clouds: what thousands of doubtful words add to the log-odds, as a normal distribution per case.

Each word has a switch of its own for every class that it may speak for. Their sum

    Σ_w g_wk a_w(x) θ_wk  ~  N(Σ a τ θ,  Σ a² τ (1 - τ) θ²)

is close to normal (largest error of a forecast .018 on reviews, mean .0014), so that the expectation over all
their worlds is one-dimensional for two classes (11 Gauss-Hermite nodes) and over K independent normals for
more. Dropout's normal approximation: Wang and Manning (2013).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import sparse
from scipy.special import expit, log_softmax, softmax

from kb.arrays import Codes, Mask, Numbers
from learning.matches import WordMatches

__all__ = [
    "Cloud",
    "Nodes",
    "WordCard",
    "cloud_of",
    "forecast_in",
    "log_likelihood_in",
    "loss_in",
    "nodes_for",
    "pull_of",
]

_DRAWS = 16  # of the normals of more than two classes, in pairs of opposite sign
_FEWER = 5, 8  # nodes and draws where table worlds multiply them
_MANY_WORLDS = 8


@dataclass(frozen=True, slots=True)
class WordCard:
    """What is believed of the words.

    Attributes:
        tau: Plausibility that a word speaks for a class also in D*, shape (w, K).
        stated: How strongly people say that it speaks for it, at least 0; 0 where nobody said, shape (w, K).
        factor: What all words' points are multiplied by on D*: strength may differ between D and D* where
            sides carry over. Used in forecasts only, since on D it can't be told from the scale.
        doubt: One standard deviation of that factor.
        speaks: The classes that a word may speak for in D; those declared true of D only are among them. None
            for all whose tau is above 0. Shape (w, K).
    """

    tau: Numbers
    stated: Numbers
    factor: float = 1.0
    doubt: float = 0.0
    speaks: Mask | None = None

    def all_on(self) -> WordCard:
        """The world in which every word carries over, those declared true of D only, too."""
        return WordCard(np.where(self.can_speak, 1.0, 0.0), self.stated)

    @property
    def can_speak(self) -> Mask:
        """The classes that a word may speak for in D, shape (w, K)."""
        found: Mask = self.tau > 0.0 if self.speaks is None else self.speaks
        return found


@dataclass(frozen=True, slots=True)
class Cloud:
    """Moments per case: of the log-odds of the second class for two classes, else per class.

    Attributes:
        mean: Shape (n, C), C = 1 for two classes, else K.
        variance: Likewise.
    """

    mean: Numbers
    variance: Numbers

    def __getitem__(self, rows: Codes | slice) -> Cloud:
        return Cloud(self.mean[rows], self.variance[rows])


def _as_one(per_class: Numbers, *, is_signed: bool) -> Numbers:
    """Two classes as one column of log-odds."""
    if per_class.shape[1] != 2:
        return per_class
    first = -per_class[:, :1] if is_signed else per_class[:, :1]
    return per_class[:, 1:] + first


def cloud_of(card: WordCard, A: WordMatches, theta: Numbers, *, doubted: bool = False) -> Cloud:
    """The words' share in each case.

    Args:
        card: Their plausibilities.
        A: Which word stands where, n cases.
        theta: Their points per class, shape (w, K), at least 0.
        doubted: Multiply by the card's factor and spread by its doubt, for forecasts.
    """
    mean = _as_one(card.tau * theta, is_signed=True)
    variance = _as_one(card.tau * (1.0 - card.tau) * theta**2, is_signed=False)
    C = mean.shape[1]
    both = A.pattern @ np.hstack([mean, variance])
    means, variances = both[:, :C] * A.scale[:, None], both[:, C:] * A.scale[:, None] ** 2
    if doubted:
        variances = card.factor**2 * variances + (card.doubt * means) ** 2
        means = card.factor * means
    return Cloud(means, variances)


def pull_of(card: WordCard, back: sparse.csr_array, scale: Numbers, theta: Numbers, slope: Cloud) -> Numbers:
    """The gradient in θ, shape (w, K), from the gradients in the moments.

    Args:
        card: As for ``cloud_of``.
        back: The pattern, transposed, shape (w, n).
        scale: Of each case, shape (n,).
        theta: Where.
        slope: Gradients in mean and variance.
    """
    C = slope.mean.shape[1]
    both = back @ np.hstack([slope.mean * scale[:, None], slope.variance * scale[:, None] ** 2])
    dmean, dvariance = both[:, :C], both[:, C:]
    if C == 1:
        dmean = np.hstack([-dmean, dmean])
    found: Numbers = card.tau * dmean + 2.0 * card.tau * (1.0 - card.tau) * theta * dvariance
    return found


@dataclass(frozen=True, slots=True)
class Nodes:
    """Where the normals are looked at.

    Attributes:
        z: Standard normal values, shape (Q, C).
        weight: Sums to 1, shape (Q,).
    """

    z: Numbers
    weight: Numbers


@lru_cache(maxsize=64)
def nodes_for(classes: int, worlds: int, seed: int) -> Nodes:
    """Gauss-Hermite for two classes, draws in opposite pairs for more; fewer where table worlds are many."""
    if classes == 2:
        z, weight = np.polynomial.hermite_e.hermegauss(11 if worlds < _MANY_WORLDS else _FEWER[0])
        return Nodes(z[:, None], weight / weight.sum())
    draws = _DRAWS if worlds < _MANY_WORLDS else _FEWER[1]
    half = np.random.default_rng([seed, classes]).standard_normal((draws // 2, classes))
    half /= np.sqrt((half**2).mean(axis=0))
    return Nodes(np.concatenate([half, -half]), np.full(draws, 1.0 / draws))


def _log_odds(u: Numbers, cloud: Cloud, nodes: Nodes) -> Numbers:
    """Two classes: shape (W, n, Q), from scores u of shape (2, W, n)."""
    centre = u[1] - u[0] + cloud.mean[:, 0]
    found: Numbers = centre[:, :, None] + np.sqrt(cloud.variance) * nodes.z[:, 0]
    return found


def _scores(u: Numbers, cloud: Cloud, nodes: Nodes) -> Numbers:
    """More classes: shape (K, W, n, Q), from scores u of shape (K, W, n)."""
    spread = np.sqrt(cloud.variance).T[:, :, None] * nodes.z.T[:, None, :]
    found: Numbers = (u + cloud.mean.T[:, None, :])[:, :, :, None] + spread[:, None]
    return found


def loss_in(
    u: Numbers, weight: Numbers, cloud: Cloud, y: Codes, nodes: Nodes
) -> tuple[float, Numbers, Cloud]:
    """Σ_x E[-log f(y|x)] in nats over listed worlds and the cloud, with gradients in u and in the moments.

    Args:
        u: Scores of n cases in W worlds, shape (K, W, n).
        weight: Of the worlds, shape (W,).
        cloud: Of the same cases.
        y: Their classes, shape (n,).
        nodes: Where the cloud is looked at.
    """
    deviation = np.maximum(np.sqrt(cloud.variance), 1e-12)
    if len(u) == 2:
        sign = np.where(y > 0, 1.0, -1.0)[:, None]
        odds = sign * _log_odds(u, cloud, nodes)
        d = -sign * expit(-odds)
        value = float(weight @ (np.logaddexp(0.0, -odds) @ nodes.weight).sum(axis=1))
        slope = (d @ nodes.weight) * weight[:, None]
        spread = weight @ np.einsum("wnq,q->wn", d, nodes.weight * nodes.z[:, 0])
        moments = Cloud(slope.sum(axis=0)[:, None], 0.5 * spread[:, None] / deviation)
        return value, np.stack([-slope, slope]), moments
    log_p = log_softmax(_scores(u, cloud, nodes), axis=0)
    at = np.arange(len(y))
    value = -float(weight @ (log_p[y, :, at] @ nodes.weight).sum(axis=0))
    d = np.exp(log_p)
    d[y, :, at] -= 1.0
    du = (d @ nodes.weight) * weight[:, None]
    spread = np.einsum("w,kwnq,qk->nk", weight, d, nodes.weight[:, None] * nodes.z)
    return value, du, Cloud(du.sum(axis=1).T, 0.5 * spread / deviation)


def log_likelihood_in(u: Numbers, weight: Numbers, cloud: Cloud, y: Codes, nodes: Nodes) -> Numbers:
    """Per case E[log f(y|x)] over listed worlds and the cloud, in nats, shape (n,); see ``loss_in``."""
    if len(u) == 2:
        odds = np.where(y > 0, 1.0, -1.0)[:, None] * _log_odds(u, cloud, nodes)
        found: Numbers = -(weight @ (np.logaddexp(0.0, -odds) @ nodes.weight))
        return found
    log_p = log_softmax(_scores(u, cloud, nodes), axis=0)
    several: Numbers = (log_p[y, :, np.arange(len(y))] @ nodes.weight) @ weight
    return several


def forecast_in(u: Numbers, weight: Numbers, cloud: Cloud, nodes: Nodes) -> Numbers:
    """Per case E[f(·|x)] over listed worlds and the cloud, shape (n, K); arguments as ``loss_in``."""
    if len(u) == 2:
        p = weight @ (expit(_log_odds(u, cloud, nodes)) @ nodes.weight)
        return np.stack([1.0 - p, p], axis=1)
    p = softmax(_scores(u, cloud, nodes), axis=0) @ nodes.weight
    several: Numbers = np.einsum("kwn,w->nk", p, weight)
    return several
