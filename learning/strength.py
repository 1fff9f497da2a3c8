"""λ: how strongly points are held back, chosen by cross-validation on D of the expected loss."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from kb.arrays import Codes
from learning.expectation import expectation_over
from learning.matches import Matches
from learning.scorecard import Penalty, Points, Scorecard, fit_points, log_likelihood

__all__ = ["LAMBDAS", "WORD_LAMBDAS", "choose_strength", "choose_word_strength"]

LAMBDAS: tuple[float, ...] = (10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003)
WORD_LAMBDAS: tuple[float, ...] = (10.0, 3.0, 1.0, 0.3, 0.1)

Folds = Sequence[tuple[Codes, Codes]]


def choose_strength(  # noqa: PLR0913  # data, model and what to try
    scorecard: Scorecard,
    A: Matches,
    y: Codes,
    folds: Folds,
    *,
    seed: int,
    strengths: Sequence[float] = LAMBDAS,
    penalty: Penalty = "ridge",
) -> tuple[float, float]:
    """λ by cross-validation on D of the expected loss, and that loss in nats per case.

    Args:
        scorecard: Statements, switches and sides.
        A: Which statement applies to which case, n cases.
        y: Class of each case, shape (n,).
        folds: (rows to fit, rows to score) per fold.
        seed: For drawn worlds.
        strengths: The λ to try, from the strongest; the path stops where it gets worse twice.
        penalty: As in ``fit_points``.
    """
    path = _Path(scorecard, A, y, folds, seed, penalty)
    return _best(strengths, lambda strength: path.loss(strength, 1.0))


def choose_word_strength(  # noqa: PLR0913  # data, model and what to try
    scorecard: Scorecard,
    A: Matches,
    y: Codes,
    folds: Folds,
    *,
    seed: int,
    strength: float = 1.0,
    strengths: Sequence[float] = WORD_LAMBDAS,
    penalty: Penalty = "ridge",
) -> tuple[float, float]:
    """λ of the words likewise, with that of the table claims given."""
    path = _Path(scorecard, A, y, folds, seed, penalty)
    return _best(strengths, lambda words: path.loss(strength, words))


def _best(strengths: Sequence[float], loss: Callable[[float], float]) -> tuple[float, float]:
    losses: list[float] = []
    for strength in strengths:
        losses.append(loss(strength))
        if len(losses) > 2 and losses[-1] > losses[-2] > losses[-3]:
            break
    best = int(np.argmin(losses))
    return strengths[best], losses[best]


@dataclass(slots=True)
class _Path:
    """Fits on the folds, each begun where the last one of its fold ended."""

    scorecard: Scorecard
    A: Matches
    y: Codes
    folds: Folds
    seed: int
    penalty: Penalty
    starts: dict[int, Points] = field(default_factory=dict)

    def loss(self, strength: float, word_strength: float) -> float:
        """Expected loss on the rows not fitted on, in nats per case."""
        card, total, cases = self.scorecard, 0.0, 0
        for i, (fit, score) in enumerate(self.folds):
            points = fit_points(
                card,
                self.A[fit],
                self.y[fit],
                expectation_over(card.board, len(fit), card.classes, seed=self.seed),
                strength=strength,
                word_strength=word_strength,
                start=self.starts.get(i),
                penalty=self.penalty,
            )
            self.starts[i] = points
            scored = self.A[score]
            held = expectation_over(card.board, len(score), card.classes, seed=self.seed + 1)
            total -= float(log_likelihood(card, points, scored, self.y[score], held).sum())
            cases += len(score)
        return total / cases
