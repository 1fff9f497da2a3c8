"""Logistic regression on few features, by Newton's method: what ranks proposals, many times a second."""

from __future__ import annotations

import numpy as np

from kb.arrays import Codes, Numbers

__all__ = ["is_small", "softmax_regression"]

MOST_PARAMETERS = 64
_STEPS, _CLOSE = 25, 1e-6


def is_small(features: int, classes: int) -> bool:
    """Newton's method is the faster one."""
    return (features + 1) * classes <= MOST_PARAMETERS


def softmax_regression(X: Numbers, y: Codes, classes: int, X_new: Numbers) -> Numbers:
    """Class probabilities of new cases, shape (m, K).

    Minimises the negative log-likelihood plus half the sum of the squared coefficients, intercepts free: the
    optimum that scikit-learn's ``LogisticRegression`` with C = 1 finds, up to its tolerance; of two classes
    it penalises the difference, which is twice as much. A step that does not improve is halved.

    Args:
        X: Features of the cases to fit on, shape (n, d).
        y: Their classes, codes below K, shape (n,).
        classes: K.
        X_new: Features of the new cases, shape (m, d).
    """
    A = np.concatenate([X, np.ones((len(X), 1))], axis=1)
    target = np.eye(classes)[y]
    d = A.shape[1]
    ridge = np.append(np.full(d - 1, 2.0 if classes == 2 else 1.0), 1e-8)[:, None]
    W = np.zeros((d, classes))
    p, value = _fit_of(A, target, W, ridge)
    for _ in range(_STEPS):
        gradient = A.T @ (p - target) + ridge * W
        step = np.linalg.solve(_hessian(A, p, ridge), gradient.ravel()).reshape(d, classes)
        p_next, lower = _fit_of(A, target, W - step, ridge)
        while lower > value and np.abs(step).max() > _CLOSE:
            step /= 2.0
            p_next, lower = _fit_of(A, target, W - step, ridge)
        if value - lower < _CLOSE:
            break
        W, p, value = W - step, p_next, lower
    return _softmax(np.concatenate([X_new, np.ones((len(X_new), 1))], axis=1) @ W)


def _softmax(u: Numbers) -> Numbers:
    e = np.exp(u - u.max(axis=1, keepdims=True))
    found: Numbers = e / e.sum(axis=1, keepdims=True)
    return found


def _fit_of(A: Numbers, target: Numbers, W: Numbers, ridge: Numbers) -> tuple[Numbers, float]:
    """Probabilities, and the value that is minimised."""
    p = _softmax(A @ W)
    loss = -np.log(np.maximum((p * target).sum(axis=1), 1e-300)).sum()
    return p, float(loss + 0.5 * (ridge * W**2).sum())


def _hessian(A: Numbers, p: Numbers, ridge: Numbers) -> Numbers:
    """Of the same value; rows and columns are features times classes, classes fastest."""
    (n, d), K = A.shape, p.shape[1]
    AP = (A[:, :, None] * p[:, None, :]).reshape(n, d * K)
    found = -(AP.T @ AP)
    for k in range(K):
        found[k::K, k::K] += (A * p[:, k : k + 1]).T @ A
    found[np.diag_indices(d * K)] += np.repeat(ridge[:, 0], K) + 1e-9
    return np.asarray(found)
