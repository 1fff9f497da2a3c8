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
from learning.scorecard import Points, Scorecard, contributions, fit_points
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
        A: Which claim speaks about which case that may be chosen with, shape (n, m).
        claims: Per claim the address of a statement that makes it.
        points: Per fold.
        terms: J.
    """

    scorecard: Scorecard
    A: Numbers
    claims: tuple[Address, ...]
    points: tuple[Points, ...]
    terms: Terms


@dataclass(frozen=True, slots=True)
class Objective:
    """J on fixed cases and folds.

    Attributes:
        y: Classes of the cases that may be chosen with, shape (n,).
        folds: (rows to fit, rows to score).
        strength: λ of the points.
        seed: For drawn worlds.
        literal: ``--scope off``.
    """

    y: Codes
    folds: tuple[tuple[Codes, Codes], ...]
    strength: float
    seed: int
    literal: bool = False

    def stand(
        self,
        scorecard: Scorecard,
        A: Numbers,
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
                start=start,
            )
            S = contributions(used, A[score], found.theta)
            expectation = self._expectation(used.board, len(score), used.classes)
            data += float(expectation.log_likelihood(found.b, S, self.y[score]).sum())
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
        held = self._board(standing.scorecard)
        gain, scored = 0.0, 0
        for points, (fit, score) in zip(standing.points, self.folds, strict=True):
            some = fit[:CASES_TO_WEIGH]
            fixed = _extended(contributions(held, standing.A[some], points.theta), len(board.needs))
            found = fit_points(
                used,
                A[some],
                self.y[some],
                self._expectation(used.board, len(some), used.classes),
                strength=self.strength,
                start=Points(points.b, np.zeros((0, used.classes)), self.strength),
                fixed=fixed,
            )
            some = score[:CASES_TO_WEIGH]
            fixed = _extended(contributions(held, standing.A[some], points.theta), len(board.needs))
            expectation = self._expectation(used.board, len(some), used.classes)
            without = expectation.log_likelihood(points.b, fixed, self.y[some])
            fixed += contributions(used, A[some], found.theta)
            gain += float((expectation.log_likelihood(found.b, fixed, self.y[some]) - without).sum())
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
                expectation.log_likelihood(points.b, contributions(held, A[score], points.theta), y)
                for A in (standing.A, silent.A)
            )
            found += float((without_them - with_them).sum())
            scored += len(score)
        return found * len(self.y) / max(scored, 1)

    def _board(self, scorecard: Scorecard) -> Scorecard:
        board = scorecard.board.all_on() if self.literal else scorecard.board
        return Scorecard(board, scorecard.side, scorecard.classes)

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
    A = standing.A.copy()
    A[:, list(claims)] = 0.0
    return replace(standing, A=A)


def _carried_over(before: Standing, fold: int, claims: Sequence[Address], classes: int) -> Points:
    """Points for claims in another order, 0 for new ones."""
    had = before.points[fold]
    place = {address: i for i, address in enumerate(before.claims)}
    theta = np.zeros((len(claims), classes))
    for i, address in enumerate(claims):
        if address in place:
            theta[i] = had.theta[place[address]]
    return Points(had.b, theta, had.strength)


def _extended(S: Numbers, families: int) -> Numbers:
    """S with zeros for families that are new."""
    found = np.zeros((families, *S.shape[1:]))
    found[: len(S)] = S
    return found
