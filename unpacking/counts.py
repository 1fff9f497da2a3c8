"""How many nats a grouping of cases earns on D, out of fold, from counts alone.

No model is fitted: within a group the classes are counted on the other folds and smoothed towards the base
rate (a Dirichlet prior), so a step costs a few passes over integer codes.
"""

from __future__ import annotations

import numpy as np

from kb.arrays import Codes, Numbers

__all__ = ["fold_of", "gain_nats", "gains_per_group"]


FOLDS = 5
SMOOTHING = 2.0  # cases' worth of base rate in each group


def fold_of(n: int, seed: int, folds: int = FOLDS) -> Codes:
    """A random fold per case, sizes equal up to one."""
    return np.random.default_rng(seed).permutation(n).astype(np.int64) % folds


def gains_per_group(groups: Codes, y: Codes, fold: Codes, classes: int) -> Numbers:
    """Nats that knowing the group earns over the base rate of these cases, per group, out of fold.

    Args:
        groups: Group of each case, 0 … G-1, shape (n,).
        y: Class of each case, shape (n,).
        fold: Fold of each case, shape (n,).
        classes: K.

    Returns:
        Shape (G,); its sum is the gain of the grouping.
    """
    if len(y) == 0:
        return np.zeros(0)
    G, F = int(groups.max()) + 1, int(fold.max()) + 1
    at = (fold * G + groups) * classes + y
    counts = np.bincount(at, minlength=F * G * classes).reshape(F, G, classes).astype(np.float64)
    others = counts.sum(axis=0) - counts
    total = others.sum(axis=1, keepdims=True) + 1.0
    base = total / total.sum(axis=2, keepdims=True)
    p = (others + SMOOTHING * base) / (others.sum(axis=2, keepdims=True) + SMOOTHING)
    found: Numbers = (counts * (np.log(p) - np.log(base))).sum(axis=(0, 2))
    return found


def gain_nats(groups: Codes, y: Codes, fold: Codes, classes: int) -> float:
    """Nats that a grouping earns over the base rate of these cases, out of fold."""
    return float(gains_per_group(groups, y, fold, classes).sum())
