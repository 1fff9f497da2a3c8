"""How many nats a grouping of cases earns on D, out of fold, from counts alone.

No model is fitted: within a group the classes are counted on the other folds and smoothed towards the base
rate (a Dirichlet prior), so a step costs a few passes over integer codes.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from kb.arrays import Codes, Mask, Numbers

__all__ = [
    "fold_of",
    "gain_nats",
    "gains_per_group",
    "interaction_nats",
    "nats_per_phrase",
    "odds_of_phrases",
    "out_of_fold_odds",
]


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


def nats_per_phrase(pattern: sparse.csr_array, y: Codes, fold: Codes, classes: int) -> Numbers:
    """Per phrase the nats that knowing where it stands earns over the base rate, out of fold, shape (w,).

    Args:
        pattern: Ones where a phrase stands in a case, shape (n, w).
        y: Class of each case, shape (n,).
        fold: Fold of each case, shape (n,).
        classes: K.
    """
    found = np.zeros(pattern.shape[1])
    if not len(y):
        return found
    with_it, every = _counts_per_phrase(pattern, y, fold, classes)
    for k in range(len(every)):
        others = every.sum(axis=0) - every[k]
        base = (others + 1.0) / (others + 1.0).sum()
        inside = with_it.sum(axis=0) - with_it[k]
        for scored, learnt in ((with_it[k], inside), (every[k] - with_it[k], others - inside)):
            rate = (learnt + SMOOTHING * base) / (learnt.sum(axis=1, keepdims=True) + SMOOTHING)
            found += (scored * (np.log(rate) - np.log(base))).sum(axis=1)
    return found


def odds_of_phrases(pattern: sparse.csr_array, y: Codes, classes: int) -> Numbers:
    """Log of how much more often a phrase stands in cases of a class than in all, smoothed, shape (w, K)."""
    counts = _per_class(pattern, y, classes)
    base = (np.bincount(y, minlength=classes) + 1.0) / (len(y) + classes)
    rate = (counts + SMOOTHING * base) / (counts.sum(axis=1, keepdims=True) + SMOOTHING)
    found: Numbers = np.log(rate) - np.log(base)
    return found


def out_of_fold_odds(pattern: sparse.csr_array, y: Codes, fold: Codes, classes: int) -> Numbers:
    """What the phrases of each case say together of its class, learnt on the other folds, shape (n, K).

    The mean of their log odds, times the root of how many they are: one is heard, a thousand don't shout.
    """
    found = np.zeros((len(y), classes))
    per_case = np.sqrt(np.maximum(np.diff(pattern.indptr), 1))
    for k in np.unique(fold):
        learnt, scored = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        said = pattern[scored] @ odds_of_phrases(pattern[learnt], y[learnt], classes)
        found[scored] = said / per_case[scored, None]
    return found


def _per_class(pattern: sparse.csr_array, y: Codes, classes: int) -> Numbers:
    """Cases of each class in which each phrase stands, shape (w, K)."""
    indicator = np.eye(classes)[y]
    found: Numbers = pattern.T @ indicator
    return found


def _counts_per_phrase(
    pattern: sparse.csr_array, y: Codes, fold: Codes, classes: int
) -> tuple[Numbers, Numbers]:
    """Per fold and class the cases with each phrase, shape (F, w, K), and all of them, shape (F, 1, K)."""
    rows = [np.flatnonzero(fold == k) for k in range(int(fold.max()) + 1)]
    with_it = np.stack([_per_class(pattern[some], y[some], classes) for some in rows])
    every = np.stack([np.bincount(y[some], minlength=classes).astype(np.float64)[None] for some in rows])
    return with_it, every


def _rates(counts: Numbers) -> Numbers:
    found: Numbers = counts / counts.sum(axis=2, keepdims=True)
    return found


def _smoothed(counts: Numbers, towards: Numbers) -> Numbers:
    found: Numbers = (counts + SMOOTHING * towards) / (counts.sum(axis=2, keepdims=True) + SMOOTHING)
    return found
