"""The objective: how well Z explains D in the worlds that people believe in.

    J(Z) = Σ_D E_{g ~ τ} log f(y | x, view(x, g))

scored on folds that the numbers were not fitted on, so that every number has paid for itself. People state no
prior on points, so no divergence is charged for them; it is for quantities that people state. With
``scope="off"`` all switches are on and log Prior(Z) = Σ log τ is added: Christiano's formula as written
("Learning the prior", 2020), whose collapse under a planted column can so be shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kb.address import Address
from kb.arrays import Codes, Numbers
from learning.expectation import Expectation, expectation_over
from learning.matches import Matches
from learning.scorecard import (
    Held,
    Points,
    Scorecard,
    all_on,
    contributions,
    fit_points,
    log_likelihood,
    said_by_words,
)
from learning.switches import Switchboard

__all__ = ["Objective", "Standing", "Terms", "silenced"]

CASES_TO_WEIGH = 3_000  # of a fold, for weighing an offer


@dataclass(frozen=True, slots=True)
class Terms:
    """J and what it is made of, in nats.

    Attributes:
        data: Σ_D E_g log f on the folds not fitted on, scaled to all cases that may be chosen with.
        log_prior: Σ log τ of the switches in use; 0 with scope on, where people's prior is the worlds.
        base: The data term of the base rate alone.
    """

    data: float
    log_prior: float
    base: float

    @property
    def J(self) -> float:  # noqa: N802  # the name in the formula
        """The objective."""
        return self.data + self.log_prior

    def to_dict(self) -> dict[str, float]:
        """The JSON form."""
        return {"J": self.J, "data": self.data, "log_prior": self.log_prior, "base": self.base}


@dataclass(frozen=True, slots=True)
class Standing:
    """Z as it stands in a search: its scorecard, its matches, and the points of each fold.

    Attributes:
        scorecard: Claims, switches and sides.
        A: Which statement speaks about which of the n cases that may be chosen with.
        claims: Per claim the address of a statement that makes it.
        points: Per fold.
        terms: J.
    """

    scorecard: Scorecard
    A: Matches
    claims: tuple[Address, ...]
    points: tuple[Points, ...]
    terms: Terms


@dataclass(frozen=True, slots=True)
class Objective:
    """J on fixed cases and folds.

    Attributes:
        y: Classes of the cases that may be chosen with, shape (n,).
        folds: (rows to fit, rows to score).
        strength: λ of the points of claims.
        word_strength: λ of those of words.
        seed: For drawn worlds.
        literal: ``--scope off``.
    """

    y: Codes
    folds: tuple[tuple[Codes, Codes], ...]
    strength: float
    seed: int
    literal: bool = False
    word_strength: float = 1.0

    def stand(
        self,
        scorecard: Scorecard,
        A: Matches,
        claims: tuple[Address, ...] = (),
        before: Standing | None = None,
    ) -> Standing:
        """Fit every fold, each claim from the points that it had before."""
        used = self._board(scorecard)
        points = []
        data, base, scored = 0.0, 0.0, 0
        for i, (fit, score) in enumerate(self.folds):
            start = _carried_over(before, i, claims, used.classes) if before else None
            found = fit_points(
                used,
                A[fit],
                self.y[fit],
                self._expectation(used.board, len(fit), used.classes),
                strength=self.strength,
                word_strength=self.word_strength,
                start=start,
            )
            expectation = self._expectation(used.board, len(score), used.classes)
            data += float(log_likelihood(used, found, A[score], self.y[score], expectation).sum())
            base += self._base(fit, score, used.classes)
            scored += len(score)
            points.append(found)
        scale = len(self.y) / max(scored, 1)
        terms = Terms(scale * data, self._log_prior(scorecard.board), scale * base)
        return Standing(scorecard, A, claims, tuple(points), terms)

    def gain(self, standing: Standing, board: Switchboard, side: Sequence[int], A: Numbers) -> float:
        """Nats of J that some more claims would earn, their points fitted with all others held.

        Args:
            standing: Z without them.
            board: Families of Z first, as in the standing, then new ones; ``family`` is of the claims.
            side: Per new claim its class or -1.
            A: Which new claim speaks about which case, shape (n, claims).
        """
        used = self._board(Scorecard(board, tuple(side), standing.scorecard.classes))
        stands = self._board(standing.scorecard)
        gain, scored = 0.0, 0
        for points, (fit, score) in zip(standing.points, self.folds, strict=True):
            some = fit[:CASES_TO_WEIGH]
            found = fit_points(
                used,
                Matches(A[some]),
                self.y[some],
                self._expectation(used.board, len(some), used.classes),
                strength=self.strength,
                start=Points(points.b, np.zeros((0, used.classes)), self.strength),
                held=_held(stands, points, standing.A[some], len(board.needs)),
            )
            some = score[:CASES_TO_WEIGH]
            held = _held(stands, points, standing.A[some], len(board.needs))
            expectation = self._expectation(used.board, len(some), used.classes)
            without = expectation.log_likelihood(points.b, held.S, self.y[some], held.cloud)
            S = held.S + contributions(used, A[some], found.theta)
            together = expectation.log_likelihood(found.b, S, self.y[some], held.cloud)
            gain += float((together - without).sum())
            scored += len(some)
        gain *= len(self.y) / max(scored, 1)
        return gain + self._log_prior(board) - self._log_prior(standing.scorecard.board)

    def without(self, standing: Standing, claims: Sequence[int]) -> float:
        """Nats that taking some claims' points away would earn (mostly negative), the others held."""
        held, silent = self._board(standing.scorecard), silenced(standing, claims)
        found, scored = 0.0, 0
        for points, (_, score) in zip(standing.points, self.folds, strict=True):
            y = self.y[score]
            expectation = self._expectation(held.board, len(score), held.classes)
            with_them, without_them = (
                log_likelihood(held, points, A[score], y, expectation) for A in (standing.A, silent.A)
            )
            found += float((without_them - with_them).sum())
            scored += len(score)
        return found * len(self.y) / max(scored, 1)

    def _board(self, scorecard: Scorecard) -> Scorecard:
        return all_on(scorecard) if self.literal else scorecard

    def _expectation(self, board: Switchboard, n: int, classes: int) -> Expectation:
        return expectation_over(board, n, classes, seed=self.seed)

    def _log_prior(self, board: Switchboard) -> float:
        if not self.literal:
            return 0.0
        used = {i for need in board.needs for i in need}
        return float(sum(np.log(max(board.tau[i], 1e-3)) for i in used))

    def _base(self, fit: Codes, score: Codes, classes: int) -> float:
        rate = np.bincount(self.y[fit], minlength=classes) + 0.5
        return float(np.log(rate / rate.sum())[self.y[score]].sum())


def silenced(standing: Standing, claims: Sequence[int]) -> Standing:
    """The same standing, in which some claims speak about no case."""
    quiet = standing.A.claims.copy()
    quiet[:, list(claims)] = 0.0
    return replace(standing, A=replace(standing.A, claims=quiet))


def _carried_over(before: Standing, fold: int, claims: Sequence[Address], classes: int) -> Points:
    """Points for claims in another order, 0 for new ones."""
    had = before.points[fold]
    place = {address: i for i, address in enumerate(before.claims)}
    theta = np.zeros((len(claims), classes))
    for i, address in enumerate(claims):
        if address in place:
            theta[i] = had.theta[place[address]]
    return replace(had, theta=theta)


def _held(scorecard: Scorecard, points: Points, A: Matches, families: int) -> Held:
    """What Z adds as it stands, with zeros for families that are new."""
    S = contributions(scorecard, A.claims, points.theta)
    found = np.zeros((families, *S.shape[1:]))
    found[: len(S)] = S
    return Held(found, said_by_words(scorecard, A, points))
