"""How many nats a grouping of cases earns on D, out of fold, from counts alone.

No model is fitted: within a group the classes are counted on the other folds and smoothed towards the base
rate (a Dirichlet prior), so a step costs a few passes over integer codes.
"""

from __future__ import annotations

import numpy as np

from kb.arrays import Codes, Mask, Numbers

__all__ = ["fold_of", "gain_nats", "gains_per_group", "interaction_nats"]


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
    base = _rates(others.sum(axis=1, keepdims=True) + 1.0)
    found: Numbers = (counts * (np.log(_smoothed(others, base)) - np.log(base))).sum(axis=(0, 2))
    return found


def gain_nats(groups: Codes, y: Codes, fold: Codes, classes: int) -> float:
    """Nats that a grouping earns over the base rate of these cases, out of fold."""
    return float(gains_per_group(groups, y, fold, classes).sum())


def interaction_nats(within: Mask, groups: Codes, y: Codes, fold: Codes, classes: int) -> float:
    """Nats that a grouping earns on some cases beyond what the two tell when simply added, out of fold.

    Added means p(y | within) p(y | group) / p(y), so a second telling of what the group alone tells earns
    nothing, and what is left is how the group's meaning changes within these cases.

    Args:
        within: Which cases, shape (n,).
        groups: Group of each case, 0 … G-1, shape (n,).
        y: Class of each case, shape (n,).
        fold: Fold of each case, shape (n,).
        classes: K.
    """
    if not within.any():
        return 0.0
    G, F = int(groups.max()) + 1, int(fold.max()) + 1
    at = (fold * G + groups) * classes + y
    everywhere = np.bincount(at, minlength=F * G * classes).reshape(F, G, classes).astype(np.float64)
    here = np.bincount(at[within], minlength=F * G * classes).reshape(F, G, classes).astype(np.float64)
    of_all, of_these = everywhere.sum(axis=0) - everywhere, here.sum(axis=0) - here
    base = _rates(of_all.sum(axis=1, keepdims=True) + 1.0)
    in_group = _smoothed(of_all, base)
    in_these = _smoothed(of_these.sum(axis=1, keepdims=True), base)
    added = _rates(in_group * in_these / base)
    found = here * (np.log(_smoothed(of_these, added)) - np.log(added))
    return float(found.sum())


def _rates(counts: Numbers) -> Numbers:
    found: Numbers = counts / counts.sum(axis=2, keepdims=True)
    return found


def _smoothed(counts: Numbers, towards: Numbers) -> Numbers:
    found: Numbers = (counts + SMOOTHING * towards) / (counts.sum(axis=2, keepdims=True) + SMOOTHING)
    return found
