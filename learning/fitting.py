"""From a tree to numbers: gather Z, ask Prior, fit the points, and note what each statement is worth.

There are two sets of points. Those fitted in expectation over people's worlds predict D*. Those fitted with
everything on say what Z earns on D, and predict in the world in which D* is drawn and labelled as D was.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import numpy as np

from kb.arrays import Codes, Numbers
from kb.errors import FailedError
from kb.knowledge import Tree
from learning.background import Background, background_of
from learning.beliefs import prior_of
from learning.expectation import expectation_over
from learning.measures import measure
from learning.prior import Prior, task_belief
from learning.scorecard import Penalty, Points, Scorecard, choose_strength, contributions, fit_points

__all__ = ["Fit", "all_on", "fit_numbers", "fit_plain", "folds_of", "latest_fit", "refit"]

MOST_CASES = 100_000  # of D; a fit on more looks at a seeded sample
CASES_FOR_STRENGTH = 3_000  # that λ is chosen with
FORECAST_DRAWS = 256


@dataclass(frozen=True, slots=True)
class Fit:
    """Z with its numbers.

    Attributes:
        background: Which statements.
        prior: What people find plausible.
        scorecard: Claims, switches and sides.
        points: Fitted in expectation over the worlds.
        plain: Fitted with everything on.
        as_D: Probability that D* is drawn and labelled as D was.
        seed: For folds and drawn worlds.
    """

    background: Background
    prior: Prior
    scorecard: Scorecard
    points: Points
    plain: Points
    as_D: float  # noqa: N815  # D is the name of the labelled cases
    seed: int

    def forecast(self, matches: Numbers) -> Numbers:
        """P(y | x, Z) for cases of D*, in expectation over the worlds, shape (n, K).

        Args:
            matches: Which claim speaks about which case, shape (n, m).
        """
        board = self.scorecard.board
        expectation = expectation_over(
            board, len(matches), self.scorecard.classes, seed=self.seed, draws=FORECAST_DRAWS, alike=True
        )
        found = np.empty((len(matches), self.scorecard.classes))
        S = contributions(self.scorecard, matches, self.points.theta)
        found[:] = (1.0 - self.as_D) * expectation.forecast(self.points.b, S)
        return found + self.as_D * self.forecast_as_D(matches)

    def forecast_as_D(self, matches: Numbers) -> Numbers:  # noqa: N802
        """P(y | x, Z) for more cases like D: everything is on, shape (n, K)."""
        board = self.scorecard.board.all_on()
        expectation = expectation_over(board, len(matches), self.scorecard.classes, seed=self.seed)
        return expectation.forecast(self.plain.b, contributions(self.scorecard, matches, self.plain.theta))


def folds_of(n: int, seed: int) -> list[tuple[Codes, Codes]]:
    """(rows to fit, rows to score), in random order: five folds of few cases, one split of many."""
    order = np.random.default_rng(seed).permutation(n)
    if n >= 2_000:
        cut = int(0.7 * n)
        return [(order[:cut], order[cut:])]
    fold = np.arange(n) % 5
    return [(order[fold != k], order[fold == k]) for k in range(5)]


def fit_numbers(  # data, model and what is known of λ
    scorecard: Scorecard,
    A: Numbers,
    y: Codes,
    *,
    seed: int,
    strength: float | None = None,
    penalty: Penalty = "ridge",
) -> Points:
    """The points of a scorecard, with λ chosen by cross-validation on these cases.

    Args:
        scorecard: Claims, switches and sides.
        A: Which claim speaks about which case, shape (n, m).
        y: Class of each case, shape (n,).
        seed: For folds and drawn worlds.
        strength: λ; None chooses it.
        penalty: As in ``fit_points``.
    """
    if len(y) > MOST_CASES:
        rows = np.sort(np.random.default_rng(seed).permutation(len(y))[:MOST_CASES])
        A, y = A[rows], y[rows]
    if strength is None:
        some = np.random.default_rng(seed).permutation(len(y))[:CASES_FOR_STRENGTH]
        folds = folds_of(len(some), seed)
        strength, _ = choose_strength(scorecard, A[some], y[some], folds, seed=seed, penalty=penalty)
    expectation = expectation_over(scorecard.board, len(y), scorecard.classes, seed=seed)
    return fit_points(scorecard, A, y, expectation, strength=strength, penalty=penalty)


def fit_plain(
    scorecard: Scorecard, A: Numbers, y: Codes, *, seed: int, strength: float | None = None
) -> Points:
    """The points of a scorecard with everything on, or off for good: nothing in doubt.

    Where nothing is in doubt a strong fact need not be backed up by weaker ones, so few claims speak
    (lasso); under doubt they are the reserve, and share what there is to say (ridge).
    """
    return fit_numbers(scorecard, A, y, seed=seed, strength=strength, penalty="lasso")


def all_on(scorecard: Scorecard) -> Scorecard:
    """The same claims in the world in which everything carries over."""
    return Scorecard(scorecard.board.all_on(), scorecard.side, scorecard.classes)


def refit(tree: Tree, *, seed: int | None = None, keep_strengths: bool = False) -> Fit:
    """Fit the numbers of Z as it stands, and store what each statement is worth.

    Args:
        tree: Whose Z.
        seed: For folds and drawn worlds; the task's if None.
        keep_strengths: Keep the λ of the stored fit, if there is one, which saves the cross-validation.
    """
    seed = tree.task.seed if seed is None else seed
    background = background_of(tree)
    judgements = tree.judgements()
    prior = prior_of(tree, judgements, background.every)
    scorecard = background.scorecard(prior, tree.task.classes)
    A, y = background.matches(tree.D.cases), tree.D.y
    stored = tree.record.spec.get("fit")
    kept = stored.get("strengths") if keep_strengths and isinstance(stored, dict) else None
    strength, plain_strength = kept or (None, None)
    points = fit_numbers(scorecard, A, y, seed=seed, strength=strength)
    plain = fit_plain(all_on(scorecard), A, y, seed=seed, strength=plain_strength)
    fit = Fit(background, prior, scorecard, points, plain, task_belief(judgements), seed)
    tree.store.put_measures(tree.tree_id, measure(tree, background, prior, scorecard, points, seed=seed))
    _remember(tree, fit)
    return fit


def latest_fit(tree: Tree) -> Fit:
    """The fit of Z as it stands: the stored one if nothing changed since, else a new one."""
    stored = tree.record.spec.get("fit")
    background = background_of(tree)
    judgements = tree.judgements()
    prior = prior_of(tree, judgements, background.every)
    as_D = task_belief(judgements)
    if not isinstance(stored, dict) or stored.get("state") != _state(background, prior, as_D):
        return refit(tree)
    try:
        numbers = json.loads(tree.store.blob(stored["digest"]))
    except FailedError:
        return refit(tree)
    scorecard = background.scorecard(prior, tree.task.classes)
    points, plain = (_points(numbers[name], scorecard) for name in ("points", "plain"))
    return Fit(background, prior, scorecard, points, plain, as_D, numbers["seed"])


def _points(stored: dict[str, object], scorecard: Scorecard) -> Points:
    theta = np.array(stored["theta"], dtype=np.float64).reshape(-1, scorecard.classes)
    return Points(np.array(stored["b"], dtype=np.float64), theta, float(str(stored["strength"])))


def _remember(tree: Tree, fit: Fit) -> None:
    numbers = {
        name: {"b": p.b.tolist(), "theta": p.theta.tolist(), "strength": p.strength}
        for name, p in (("points", fit.points), ("plain", fit.plain))
    }
    digest = tree.store.put_blob(json.dumps({**numbers, "seed": fit.seed}).encode())
    state = _state(fit.background, fit.prior, fit.as_D)
    strengths = [fit.points.strength, fit.plain.strength]
    tree.remember({"fit": {"digest": digest, "state": state, "strengths": strengths}})


def _state(background: Background, prior: Prior, as_D: float) -> str:
    """A hash of all that the numbers depend on, D and the seed aside."""
    said = [(s.address, s.draft.when, s.draft.side, s.kind, s.draft.columns) for s in background.every]
    rated = sorted((a, b.plausibility) for a, b in prior.rated.items())
    return hashlib.blake2b(repr((said, rated, as_D)).encode(), digest_size=16).hexdigest()
