"""The plain model that reads texts: logistic regression on tf-idf of their words and all other columns."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
from scipy import sparse

from kb.arrays import Numbers
from kb.cases import Cases, Labelled
from learning.baselines import chosen, encoding, fitted, over_classes

__all__ = ["TEXT_ROW", "text_row"]

TEXT_ROW = "tf-idf logistic regression"
LEAST_TEXTS = 2
MOST_CASES = 50_000
STRENGTHS = (0.1, 1.0, 10.0, 100.0)


class _Reading:
    """Words of texts as tf-idf of unit length, and the other columns as the other rows see them."""

    def __init__(self, D: Cases) -> None:
        self._other = encoding(D)
        self._texts = {}
        for column in D.columns:
            if column.type == "text":
                index = D.texts(column.name)
                counts = index.counts()
                phrases = [p for p, place in index.vocabulary.items() if counts[place] >= LEAST_TEXTS]
                rare = np.log((1.0 + D.n) / (1.0 + index.counts(phrases))) + 1.0
                self._texts[column.name] = (phrases, rare)

    def matrix(self, cases: Cases) -> sparse.csr_matrix:
        """Shape (n, features)."""
        parts = [sparse.csr_matrix(self._other.matrix(cases))]
        for name, (phrases, rare) in self._texts.items():
            weighed = cases.texts(name).pattern(phrases) @ sparse.diags_array(rare)
            length = np.sqrt(np.asarray(weighed.multiply(weighed).sum(axis=1)).ravel())
            parts.append(sparse.csr_matrix(sparse.diags_array(1.0 / np.maximum(length, 1e-12)) @ weighed))
        return sparse.csr_matrix(sparse.hstack(parts, format="csr"))


def text_row(D: Labelled, others: Mapping[str, Cases], *, seed: int, K: int) -> dict[str, Numbers]:
    """Split → (n, K) forecasts of the model fitted on D; empty where there is no text column.

    Args:
        D: What it is fitted on; never the cases that are scored.
        others: The cases to forecast, by the name of their split.
        seed: Of the sample and the folds.
        K: Classes of the task.
    """
    if not any(column.type == "text" for column in D.cases.columns):
        return {}
    from sklearn.linear_model import LogisticRegression

    if D.n > MOST_CASES:
        D = D.take(np.sort(np.random.default_rng(seed).permutation(D.n)[:MOST_CASES]))
    reading = _Reading(D.cases)
    X, y = reading.matrix(D.cases), np.asarray(D.y, dtype=np.int64)
    makers = [partial(LogisticRegression, C=C, max_iter=5_000) for C in STRENGTHS]
    model = fitted(chosen(makers, X, y, seed), X, y)
    return {split: over_classes(model, reading.matrix(cases), K) for split, cases in others.items()}
