"""Classical models on the same x, for the rows of the report that any claim has to beat.

All see one encoding of the raw columns, and each chooses its one important setting by cross-validation on D,
so that none is a straw man. No label of D* can reach them: they take D and unlabelled cases.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from kb.cases import Cases, Labelled
from kb.task import Column
from learning.scores import CLIP, log_loss

__all__ = ["CLASSICAL", "Encoding", "classical_rows", "encode", "encoding"]

Floats = NDArray[np.float64]
Features = NDArray[np.float64] | sparse.csr_matrix
Ints = NDArray[np.int64]
Maker = Callable[[], Any]

FIT_ROWS = 20_000
FIT_CELLS = 20_000_000
CHOOSE_ROWS = 3_000
CELLS_AT_ONCE = 20_000_000
TREES = 200
ROUNDS = 150
RARE = 3  # levels seen less often in D are pooled
MOST_LEVELS = 50
MOST_FEATURES = 5_000
FURTHEST = 20.0  # standard deviations; a typing error in D* shouldn't overflow a model


@dataclass(frozen=True, slots=True)
class NumericCode:
    """How a number or date becomes features: standardised, and 1 where it is missing if D misses any."""

    column: str
    median: float
    mean: float
    sd: float
    has_missing: bool

    @property
    def width(self) -> int:
        """Features it takes."""
        return 1 + self.has_missing

    def fill(self, out: Floats, values: NDArray[Any]) -> None:
        """Write the (n, width) features of (n,) values."""
        raw = np.asarray(values, dtype=np.float64)
        missing = np.isnan(raw)
        scaled = (np.where(missing, self.median, raw) - self.mean) / self.sd
        out[:, 0] = np.clip(scaled, -FURTHEST, FURTHEST)
        if self.has_missing:
            out[:, 1] = missing


@dataclass(frozen=True, slots=True)
class LevelCode:
    """How a level becomes features: one per level seen in D, one for all rare ones, one for missing.

    Attributes:
        column: Its name.
        feature: The feature of each level; a level that D lacks has none and is all zeros.
        missing: The feature of a missing value; −1 if D misses none.
        width: Features it takes.
    """

    column: str
    feature: Mapping[str, int]
    missing: int
    width: int

    def fill(self, out: Floats, codes: NDArray[Any], levels: Sequence[str]) -> None:
        """Write the (n, width) features of (n,) codes into ``levels``."""
        by_code = np.array([*(self.feature.get(level, -1) for level in levels), self.missing])
        feature = by_code[codes]
        rows = np.flatnonzero(feature >= 0)
        out[rows, feature[rows]] = 1.0


@dataclass(frozen=True, slots=True)
class Encoding:
    """How raw cases become a matrix; learnt from the cases of D only.

    Attributes:
        codes: One per column that is used, in order.
        is_discrete: (d,) which features are 0 or 1.
        unused: Text columns, which no classical row reads.
    """

    codes: tuple[NumericCode | LevelCode, ...]
    is_discrete: NDArray[np.bool_]
    unused: tuple[str, ...]

    @property
    def width(self) -> int:
        """Number of features."""
        return len(self.is_discrete)

    def matrix(self, cases: Cases) -> Floats:
        """The (n, d) features of some cases."""
        levels = {column.name: column.levels for column in cases.columns}
        out = np.zeros((cases.n, self.width))
        at = 0
        for code in self.codes:
            part, values = out[:, at : at + code.width], cases.values(code.column)
            if isinstance(code, NumericCode):
                code.fill(part, values)
            else:
                code.fill(part, values, levels[code.column])
            at += code.width
        return out


def encoding(train: Cases) -> Encoding:
    """The encoding of mixed columns that D calls for.

    Numbers and dates are standardised, with the median where they are missing; booleans, categories and
    ordinals get a feature per level, with levels seen less than three times pooled. Text is not used.
    """
    most = max(2, min(MOST_LEVELS, MOST_FEATURES // max(1, len(train.columns))))
    codes: list[NumericCode | LevelCode] = []
    is_discrete: list[bool] = []
    for column in train.columns:
        if column.type == "text":
            continue
        values = train.values(column.name)
        if column.type in ("numeric", "date"):
            codes.append(numeric_code(column, values))
            is_discrete += [False] + [True] * (codes[-1].width - 1)
        else:
            codes.append(level_code(column, values, most))
            is_discrete += [True] * codes[-1].width
    unused = tuple(c.name for c in train.columns if c.type == "text")
    return Encoding(tuple(codes), np.array(is_discrete, dtype=np.bool_), unused)


def numeric_code(column: Column, values: NDArray[Any]) -> NumericCode:
    """The code of a number or date; a column without any value becomes zeros and its missingness."""
    raw = np.asarray(values, dtype=np.float64)
    present = raw[np.isfinite(raw)]
    if not len(present):
        return NumericCode(column.name, 0.0, 0.0, 1.0, has_missing=True)
    has_missing = bool(np.isnan(raw).any())
    sd = float(present.std())
    return NumericCode(
        column.name, float(np.median(present)), float(present.mean()), sd if sd > 0 else 1.0, has_missing
    )


def level_code(column: Column, values: NDArray[Any], most: int) -> LevelCode:
    """The code of a column with levels; at most ``most`` of them get their own feature."""
    present = values[values >= 0]
    counts = np.bincount(present, minlength=len(column.levels))
    ranked = [int(c) for c in np.argsort(-counts, kind="stable") if counts[c]]
    own = [c for c in ranked[:most] if counts[c] >= RARE]
    pooled = ranked[len(own) :]
    feature = {column.levels[c]: place for place, c in enumerate(own)}
    feature |= {column.levels[c]: len(own) for c in pooled}
    width = len(own) + bool(pooled)
    if len(present) == len(values):
        return LevelCode(column.name, feature, -1, width)
    return LevelCode(column.name, feature, width, width + 1)


def encode(train: Cases, others: Sequence[Cases]) -> list[Floats]:
    """The features of D and of other cases, D first, all by the encoding learnt from D."""
    learnt = encoding(train)
    return [learnt.matrix(cases) for cases in (train, *others)]


class BaseRate:
    """Says how often each class was seen, whatever the case: all there is with one class or no column."""

    def fit(self, X: Features, y: Ints) -> BaseRate:
        """Count."""
        del X
        self.classes_, counts = np.unique(y, return_counts=True)
        self.shares = counts / len(y)
        return self

    def predict_proba(self, X: Floats) -> Floats:
        """(n, classes seen) shares."""
        return np.tile(self.shares, (len(X), 1))


class MixedBayes:
    """Naive Bayes with a normal density per number and frequencies per level.

    Features count as independent given the class. Frequencies are smoothed by one count per feature.

    Args:
        is_discrete: (d,) which features are 0 or 1.
        smoothing: Share of the largest variance that is added to every variance.
    """

    def __init__(self, is_discrete: NDArray[np.bool_], smoothing: float) -> None:
        self.is_discrete, self.smoothing = is_discrete, smoothing

    def fit(self, X: Floats, y: Ints) -> MixedBayes:
        """Fit both halves."""
        from sklearn.naive_bayes import GaussianNB, MultinomialNB

        varies = ~self.is_discrete & (np.ptp(X, axis=0) > 0)
        halves = (GaussianNB(var_smoothing=self.smoothing), varies), (MultinomialNB(), self.is_discrete)
        self.halves = [(half.fit(X[:, used], y), used) for half, used in halves if used.any()]
        self.classes_, counts = np.unique(y, return_counts=True)
        self.log_prior = np.log(counts / len(y))
        return self

    def predict_proba(self, X: Floats) -> Floats:
        """(n, classes seen) probabilities."""
        joint = np.tile(self.log_prior, (len(X), 1))
        for half, used in self.halves:
            joint += half.predict_joint_log_proba(X[:, used]) - self.log_prior
        odds = np.exp(joint - joint.max(axis=1, keepdims=True))
        p: Floats = odds / odds.sum(axis=1, keepdims=True)
        return p


def logistic_regressions(learnt: Encoding, n: int, K: int, seed: int) -> list[Maker]:
    """Five strengths of the penalty."""
    from sklearn.linear_model import LogisticRegression

    del learnt, n, K, seed
    return [partial(LogisticRegression, C=C, max_iter=5000) for C in (0.01, 0.1, 1.0, 10.0, 100.0)]


def naive_bayes(learnt: Encoding, n: int, K: int, seed: int) -> list[Maker]:
    """Three amounts of smoothing."""
    del n, K, seed
    return [partial(MixedBayes, learnt.is_discrete, s) for s in (1e-9, 1e-2, 1e-1)]


def boosted_trees(learnt: Encoding, n: int, K: int, seed: int) -> list[Maker]:
    """A quick and a careful one; fewer rounds for many classes, since each round grows K trees."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    del learnt
    rounds = max(20, min(ROUNDS, 10 * ROUNDS // K))
    settings = [
        {"learning_rate": 0.1, "max_iter": rounds, "min_samples_leaf": min(20, max(2, n // 20))},
        {"learning_rate": 0.05, "max_iter": rounds, "min_samples_leaf": 5, "max_leaf_nodes": 8},
    ]
    model = partial(HistGradientBoostingClassifier, early_stopping=False, random_state=seed)
    return [partial(model, **s) for s in settings]


def random_forests(learnt: Encoding, n: int, K: int, seed: int) -> list[Maker]:
    """Three sizes of leaf; the smallest is the usual one and often too sure of itself."""
    from sklearn.ensemble import RandomForestClassifier

    del learnt, K
    trees = TREES if n <= CHOOSE_ROWS else TREES // 2
    model = partial(RandomForestClassifier, trees, random_state=seed)
    return [partial(model, min_samples_leaf=leaf) for leaf in (1, 3, 10)]


def perceptrons(learnt: Encoding, n: int, K: int, seed: int) -> list[Maker]:
    """One hidden layer of 64 with three amounts of weight decay, by Adam."""
    from sklearn.neural_network import MLPClassifier

    del learnt, K
    quick = {"batch_size": max(1, min(64, n // 2)), "learning_rate_init": 0.01, "max_iter": 100}
    large = {"batch_size": 256, "learning_rate_init": 0.003, "max_iter": 50}
    pace = quick if n <= CHOOSE_ROWS else large
    model = partial(MLPClassifier, (64,), random_state=seed, **pace)
    return [partial(model, alpha=a) for a in (0.01, 0.1, 1.0)]


CLASSICAL: Mapping[str, Callable[[Encoding, int, int, int], list[Maker]]] = {
    "logistic regression": logistic_regressions,
    "naive Bayes": naive_bayes,
    "boosted trees": boosted_trees,
    "random forest": random_forests,
    "MLP": perceptrons,
}


def classical_rows(
    D: Labelled,
    others: Mapping[str, Cases],
    *,
    seed: int,
    K: int | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    note: Callable[[str], None] | None = None,
) -> dict[str, dict[str, Floats]]:
    """Fit each classical model on D and forecast the other cases.

    Args:
        D: What they are fitted on; never the cases that are scored.
        others: The cases to forecast, by the name of their split.
        seed: Of the sample, the folds and the models.
        K: Number of classes of the task; None for those that D shows, which is wrong if D is a part.
        progress: Told the name of each model, how many are done and how many there are.
        note: Told what a reader of the report must know, such as that a sample was fitted.

    Returns:
        Name → split → (n, K) probabilities; a class that D lacks gets ``CLIP``.
    """
    say = note or (lambda _: None)
    sample = fitted_part(D, seed, say)
    learnt = encoding(sample.cases)
    if learnt.unused:
        say(f"Of the classical rows only tf-idf reads text: {', '.join(learnt.unused)}.")
    X, y = learnt.matrix(sample.cases), np.asarray(sample.y, dtype=np.int64)
    classes = int(D.y.max()) + 1 if K is None else K
    rows = {}
    for done, (name, makers) in enumerate(CLASSICAL.items()):
        if progress:
            progress(name, done, len(CLASSICAL))
        model = quietly_fitted(name, makers(learnt, len(y), classes, seed), (X, y), seed, say)
        rows[name] = {split: forecast(model, learnt, cases, classes) for split, cases in others.items()}
    return rows


def fitted_part(D: Labelled, seed: int, say: Callable[[str], None]) -> Labelled:
    """D, or a sample of it drawn at random where all of it would take too long."""
    per_row = max(1, encoding(D.take(np.arange(min(D.n, FIT_ROWS))).cases).width)
    most = min(FIT_ROWS, max(500, FIT_CELLS // per_row))
    if D.n <= most:
        return D
    say(f"Classical rows are fitted on {most:,} cases of D, drawn at random from {D.n:,}.")
    return D.take(np.sort(np.random.default_rng(seed).permutation(D.n)[:most]))


def quietly_fitted(
    name: str, makers: Sequence[Maker], data: tuple[Floats, Ints], seed: int, say: Callable[[str], None]
) -> Any:
    """The candidate with the best log loss over folds, fitted on ``data``; says if it was cut short."""
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    X, y = data
    with (
        warnings.catch_warnings(),
        threadpool_limits(1),
    ):  # on a busy machine waiting threads made it 15 times slower
        warnings.simplefilter("ignore", ConvergenceWarning)
        best = chosen(makers, X, y, seed)
    threads = 1 if len(y) <= CHOOSE_ROWS else None
    with warnings.catch_warnings(record=True) as caught, threadpool_limits(threads):
        warnings.simplefilter("always", ConvergenceWarning)
        model = fitted(best, X, y)
    if any(issubclass(w.category, ConvergenceWarning) for w in caught):
        say(f"The fit of {name} stopped at its limit of iterations, before it converged.")
    return model


def chosen(makers: Sequence[Maker], X: Features, y: Ints, seed: int) -> Maker:
    """The candidate with the lowest log loss over stratified folds of at most ``CHOOSE_ROWS`` cases."""
    rows = np.random.default_rng(seed).permutation(len(y))[:CHOOSE_ROWS]
    X, y = X[rows], y[rows]
    fold = folds(y, 5 if len(y) <= 200 else 3)
    if len(makers) < 2 or fold.max() == 0:
        return makers[0]
    K = int(y.max()) + 1

    def loss(make: Maker) -> float:
        p = np.empty((len(y), K))
        for held_out in range(fold.max() + 1):
            seen = fold != held_out
            p[~seen] = over_classes(fitted(make, X[seen], y[seen]), X[~seen], K)
        return log_loss(y, p)

    return min(makers, key=loss)


def folds(y: Ints, k: int) -> Ints:
    """(n,) fold of each case, 0 … k − 1; each class is dealt out evenly."""
    fold = np.empty(len(y), dtype=np.int64)
    fold[np.argsort(y, kind="stable")] = np.arange(len(y)) % min(k, len(y))
    return fold


def fitted(make: Maker, X: Features, y: Ints) -> Any:
    """A fitted model; the base rate where there is nothing to learn from."""
    model = make() if X.shape[1] and len(np.unique(y)) > 1 else BaseRate()
    return model.fit(X, y)


def over_classes(model: Any, X: Features, K: int) -> Floats:
    """(n, K) forecasts of a model that may have seen fewer classes; those get ``CLIP``."""
    p = np.full((X.shape[0], K), CLIP)
    p[:, model.classes_] = model.predict_proba(X)
    scaled: Floats = p / p.sum(axis=1, keepdims=True)
    return scaled


def forecast(model: Any, learnt: Encoding, cases: Cases, K: int) -> Floats:
    """(n, K) forecasts, in parts that fit into memory."""
    at_once = max(1, CELLS_AT_ONCE // max(1, learnt.width))
    starts = range(0, cases.n, at_once)
    parts = [cases.take(np.arange(s, min(s + at_once, cases.n))) for s in starts]
    return np.concatenate([np.empty((0, K)), *(over_classes(model, learnt.matrix(p), K) for p in parts)])
