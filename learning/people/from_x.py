"""The imitator of x alone: what people's forecasts can teach a model that has not read Z."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from kb.arrays import Numbers
from learning.people.reading import Reading

__all__ = ["FromX", "fit_from_x", "softmax_regression"]

RIDGE = 0.1  # on standardised columns and unit embeddings; see benchmarks/results/people.md


@dataclass(frozen=True, slots=True)
class FromX:
    """A softmax regression on x.

    Attributes:
        weights: Shape (d + 1, K); the last row is the intercept.
    """

    weights: Numbers

    def forecast(self, reading: Reading) -> Numbers:
        """P(y | x) per case, shape (n, K); the statements of Z are not looked at."""
        found: Numbers = softmax(reading.x @ self.weights[:-1] + self.weights[-1], axis=1)
        return found

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {"kind": "from x alone", "features": len(self.weights) - 1}


def fit_from_x(reading: Reading, people: Numbers, *, ridge: float = RIDGE) -> FromX:
    """The softmax regression that best predicts what people said.

    Args:
        reading: The cases that people forecast.
        people: Their forecasts, shape (n, K).
        ridge: λ of λ/2 |w|², in nats; the intercept is free but for a hundredth of it.
    """
    return FromX(softmax_regression(reading.x, people, ridge=ridge))


def softmax_regression(x: Numbers, p: Numbers, *, ridge: float) -> Numbers:
    """Weights, shape (d + 1, K), that minimise the cross-entropy to distributions p plus the ridge."""
    n, d = x.shape
    K = p.shape[1]
    pull = np.full((d + 1, K), ridge)
    pull[-1] = 0.01 * ridge
    wide = np.hstack([x, np.ones((n, 1))])

    def loss(z: Numbers) -> tuple[float, Numbers]:
        w = z.reshape(d + 1, K)
        u = wide @ w
        value = 0.5 * float((pull * w * w).sum()) - float((p * log_softmax(u, axis=1)).sum())
        slope = wide.T @ (softmax(u, axis=1) * p.sum(axis=1, keepdims=True) - p) + pull * w
        return value, slope.ravel()

    found = minimize(loss, np.zeros((d + 1) * K), jac=True, method="L-BFGS-B", options={"maxiter": 300})
    return np.asarray(found.x, dtype=np.float64).reshape(d + 1, K)
