"""Which side a word speaks for: from the few words that people answered about to all of them.

An answer about a word or phrase is *neither* or one of the K classes, with a strength. Answers are shrunk
into what a multinomial regression on the word's embedding predicts,

    τ_wk = (answers for k + W q_wk) / (answers + W),      q = softmax regression of answers on 6 e_w,

W = 3 answers being what the embedding is worth. Several raters of one word err together, since all of them
read it outside its text: all ten call "horror" negative, which in reviews of films names a genre. So n
answers count as n / (1 + SHARED (n - 1)), the design effect of clusters (Kish 1965, Survey Sampling) with
SHARED as the correlation within a word; both numbers are measured in benchmarks/results/text.md. Before a
word is read no class is likelier than another (few answers must not tilt every word to one side), and
*neither* is an answer of its own: a Prior that was never told of dull words spreads feeling over all of them.

This room is shown vectors and answers. No label of D or D*, and nothing that was fitted on one, has a door.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kb.arrays import Numbers

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

__all__ = [
    "SideAnswers",
    "SideBeliefs",
    "SidePrior",
    "believed_sides",
    "effective_answers",
    "fit_sides",
    "no_answers",
    "turned",
]

WORTH = 3.0  # answers that the prediction from the embedding counts as
SHARED = 0.2  # correlation of the errors of one word's raters, chosen on held-out D
LOWEST, HIGHEST = 0.02, 0.98  # nobody is surer than that of what carries over
NEGATED = 0.74  # how much of what people feel "not w" turns round (Hutto and Gilbert 2014, N_SCALAR)
_GRID = (0.0, 3e-4, 3e-3, 3e-2)  # how far to trust the embedding; 0: not at all
_TRUSTED = 3e-2  # of these, where there are many answers
_ENOUGH = 1_500  # answered words from which the trust is not chosen by cross-validation
_FOLDS = 5
_LENGTH = 6.0  # of the vectors that are regressed on
_FLOOR = 0.02  # share of the base rate in every prediction


@dataclass(frozen=True, slots=True)
class SideAnswers:
    """What people said of n words.

    Attributes:
        counts: Per word how often *neither* (column 0) and class k (column 1 + k) was said, shape (n, K + 1);
            part of an answer counts as part.
        strength: Per word and class the sum of stated strengths, each in [0, 1], shape (n, K).
    """

    counts: Numbers
    strength: Numbers

    def __len__(self) -> int:
        return len(self.counts)

    @property
    def answered(self) -> Numbers:
        """Answers per word, shape (n,)."""
        found: Numbers = self.counts.sum(axis=1)
        return found

    def joined(self, others: SideAnswers) -> SideAnswers:
        """These words, then those."""
        return SideAnswers(
            np.concatenate([self.counts, others.counts]), np.concatenate([self.strength, others.strength])
        )

    def __add__(self, others: SideAnswers) -> SideAnswers:
        return SideAnswers(self.counts + others.counts, self.strength + others.strength)

    def take(self, words: Sequence[int] | np.ndarray[tuple[int], np.dtype[np.int64]]) -> SideAnswers:
        """Those about some words."""
        return SideAnswers(self.counts[words], self.strength[words])

    def times(self, factor: float | Numbers) -> SideAnswers:
        """The same, each counting as so many; a factor per word has the shape (n, 1)."""
        return SideAnswers(self.counts * factor, self.strength * factor)


def no_answers(n: int, classes: int) -> SideAnswers:
    """Nobody said anything about n words."""
    return SideAnswers(np.zeros((n, classes + 1)), np.zeros((n, classes)))


def turned(answers: SideAnswers) -> SideAnswers:
    """The answers about "not w" that those about w imply: most for another class, the rest for neither."""
    return SideAnswers(_turned_round(answers.counts), NEGATED * _others(answers.strength))


def _turned_round(counts: Numbers) -> Numbers:
    sides = counts[:, 1:]
    neither = counts[:, 0] + (1.0 - NEGATED) * sides.sum(axis=1)
    return np.column_stack([neither, NEGATED * _others(sides)])


def _others(sides: Numbers) -> Numbers:
    """What was for class k, dealt to the other classes in equal parts."""
    found: Numbers = (sides.sum(axis=1, keepdims=True) - sides) / max(sides.shape[1] - 1, 1)
    return found


@dataclass(frozen=True, slots=True)
class SidePrior:
    """The fitted imitator of answers about words.

    Attributes:
        base: Probability of *neither* and of each class before the word is read, shape (K + 1,).
        trust: The inverse ridge of the regression; 0 where the embedding is not used.
        model: The regression; None where there is none.
    """

    base: Numbers
    trust: float = 0.0
    model: LogisticRegression | None = None

    def predicted(self, vectors: Numbers | None, n: int) -> Numbers:
        """What a rater is expected to answer about n words, shape (n, K + 1), rows sum to 1."""
        found: Numbers = np.tile(self.base, (n, 1))
        if self.model is not None and vectors is not None and n:
            found *= _FLOOR
            found[:, self.model.classes_] += (1.0 - _FLOOR) * self.model.predict_proba(_LENGTH * vectors)
        return found


def fit_sides(vectors: Numbers | None, answers: SideAnswers, *, seed: int = 0) -> SidePrior:
    """Prior on words, from answers about some.

    Args:
        vectors: Unit vectors of the same words, shape (n, d); None where no embedding is installed, and the
            base rate is all there is.
        answers: About n words, those about which nothing was said included or not.
        seed: For the folds that choose how far to trust the embedding.
    """
    said = np.flatnonzero(answers.answered > 0)
    counts = answers.counts[said]
    base = _base_rate(counts, answers.counts.shape[1])
    if vectors is None or not len(said):
        return SidePrior(base)
    X = np.asarray(vectors, dtype=np.float64)[said]
    trust = _TRUSTED if len(said) >= _ENOUGH else _chosen_trust(X, counts, seed)
    return SidePrior(base, trust, _regression(X, counts, trust))


def _base_rate(counts: Numbers, answers: int) -> Numbers:
    """Symmetric in the classes."""
    share = (counts.sum(axis=0) + 1.0) / (counts.sum() + answers)
    share[1:] = share[1:].mean()
    found: Numbers = share
    return found


def _regression(X: Numbers, counts: Numbers, trust: float) -> LogisticRegression | None:
    word, answer = np.nonzero(counts)
    if trust == 0.0 or len(np.unique(answer)) < 2:
        return None
    from sklearn.linear_model import LogisticRegression

    weight = counts[word, answer]
    return LogisticRegression(C=trust, max_iter=300).fit(_LENGTH * X[word], answer, weight / weight.mean())


def _chosen_trust(X: Numbers, counts: Numbers, seed: int) -> float:
    """The trust that predicts answers about words left out best."""
    if len(X) < 2 * _FOLDS:
        return 0.0
    fold = np.random.default_rng(seed).permutation(len(X)) % _FOLDS
    losses = []
    for trust in _GRID:
        loss = 0.0
        for k in range(_FOLDS):
            fit, rest = fold != k, fold == k
            base = _base_rate(counts[fit], counts.shape[1])
            found = SidePrior(base, trust, _regression(X[fit], counts[fit], trust))
            loss -= float((counts[rest] * np.log(found.predicted(X[rest], int(rest.sum())))).sum())
        losses.append(loss)
    return _GRID[int(np.argmin(losses))]


@dataclass(frozen=True, slots=True)
class SideBeliefs:
    """What Prior says of n words.

    Attributes:
        tau: Probability that the word speaks for class k, also in D*; in [.02, .98], shape (n, K).
        sd: One standard deviation of it, shape (n, K).
        stated: How strongly people say that it speaks for class k, in [0, 1], shape (n, K); 0 where for
            another.
    """

    tau: Numbers
    sd: Numbers
    stated: Numbers


def effective_answers(answers: Numbers | float) -> Numbers:
    """Independent answers that so many about one word are worth: at most 1 / SHARED, and few as they are."""
    found: Numbers = answers / (1.0 + SHARED * np.maximum(answers - 1.0, 0.0))
    return found


def believed_sides(answers: SideAnswers, predicted: Numbers, worth: float = WORTH) -> SideBeliefs:
    """Direct answers, shrunk into the predicted ones.

    Args:
        answers: About n words.
        predicted: What a rater is expected to answer, shape (n, K + 1).
        worth: Answers that the prediction counts as.
    """
    said = answers.answered[:, None]
    answers = answers.times(effective_answers(said) / np.maximum(said, 1e-12))
    total = effective_answers(said) + worth
    tau = np.clip((answers.counts[:, 1:] + worth * predicted[:, 1:]) / total, LOWEST, HIGHEST)
    lean = 0.5 * _above_the_rest(predicted[:, 1:])
    lean = lean - lean.mean(axis=0) if len(lean) else lean  # a tilt of all words says nothing of one
    stated = np.maximum((_above_the_rest(answers.strength) + worth * lean) / total, 0.0)
    return SideBeliefs(tau, np.sqrt(tau * (1.0 - tau) / (total + 1.0)), stated)


def _above_the_rest(sides: Numbers) -> Numbers:
    """How far each class is above the strongest other, shape (n, K)."""
    if sides.shape[1] < 2:
        return sides
    order = np.sort(sides, axis=1)
    strongest_other = np.where(sides == order[:, -1:], order[:, -2:-1], order[:, -1:])
    found: Numbers = sides - strongest_other
    return found
