"""From a tree to numbers: gather Z, ask Prior, fit the points, and note what each statement is worth.

There are two sets of points. Those fitted in expectation over people's worlds predict D*. Those fitted with
everything on say what Z earns on D, and predict in the world in which D* is drawn and labelled as D was.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from kb.arrays import Codes, Numbers
from kb.errors import FailedError, InputError
from kb.knowledge import Tree
from learning.background import Background, background_of
from learning.beliefs import prior_of
from learning.environments import Evidence, environments_of, evidence_about, moved
from learning.expectation import expectation_in, expectation_over
from learning.matches import Matches
from learning.measures import measure
from learning.prior import Prior, task_belief
from learning.scorecard import Penalty, Points, Scorecard, all_on, fit_points, forecast
from learning.strength import choose_strength, choose_word_strength
from learning.switches import Worlds
from learning.word_beliefs import answered_sides
from learning.word_strength import WordStrength, word_strength

__all__ = [
    "Fit",
    "body_of_points",
    "fit_numbers",
    "fit_plain",
    "folds_of",
    "latest_fit",
    "points_from",
    "refit",
    "refuse_without_cases",
    "strength_of_words",
    "with_strength",
]

MOST_CASES = 100_000  # of D; a fit on more looks at a seeded sample
CASES_FOR_STRENGTH = 3_000  # that λ is chosen with
FORECAST_DRAWS = 256
FORM = 4  # of what is stored; other forms are fitted anew

Strengths = tuple[float, float]
"""λ of table claims and λ of words."""


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
        evidence: What the environments of D say about the switches; the scorecard's are moved by it.
        worlds: The worlds that resolved cases leave, with their weights; None where none is resolved.
    """

    background: Background
    prior: Prior
    scorecard: Scorecard
    points: Points
    plain: Points
    as_D: float  # noqa: N815  # D is the name of the labelled cases
    seed: int
    evidence: Evidence = field(default_factory=Evidence)
    worlds: Worlds | None = None

    def forecast(self, matches: Matches) -> Numbers:
        """P(y | x, Z) for n cases of D*, in expectation over the worlds, shape (n, K).

        Args:
            matches: Which statement speaks about which case.
        """
        board, n, K = self.scorecard.board, len(matches), self.scorecard.classes
        if self.worlds is not None:
            expectation = expectation_in(board, self.worlds, n, K, seed=self.seed)
        else:
            expectation = expectation_over(board, n, K, seed=self.seed, draws=FORECAST_DRAWS, alike=True)
        doubted = forecast(self.scorecard, self.points, matches, expectation)
        return (1.0 - self.as_D) * doubted + self.as_D * self.forecast_as_D(matches)

    def forecast_as_D(self, matches: Matches) -> Numbers:  # noqa: N802
        """P(y | x, Z) for more cases like D: everything is on, shape (n, K)."""
        card = all_on(self.scorecard)
        expectation = expectation_over(card.board, len(matches), card.classes, seed=self.seed)
        return forecast(card, self.plain, matches, expectation)


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
    A: Matches,
    y: Codes,
    *,
    seed: int,
    strength: Strengths | float | None = None,
    penalty: Penalty = "ridge",
) -> Points:
    """The points of a scorecard, with λ chosen by cross-validation on these cases.

    Args:
        scorecard: Claims, switches and sides.
        A: Which statement speaks about which of n cases.
        y: Class of each case, shape (n,).
        seed: For folds and drawn worlds.
        strength: λ of table claims and of words; a single one is that of claims, and None chooses.
        penalty: As in ``fit_points``.
    """
    if len(y) > MOST_CASES:
        rows = np.sort(np.random.default_rng(seed).permutation(len(y))[:MOST_CASES])
        A, y = A[rows], y[rows]
    claims, words = strength if isinstance(strength, tuple) else (strength, None)
    if claims is None or (words is None and scorecard.words is not None):
        some = np.random.default_rng(seed).permutation(len(y))[:CASES_FOR_STRENGTH]
        claims, words = _chosen_strengths(scorecard, A[some], y[some], claims, seed=seed, penalty=penalty)
    expectation = expectation_over(scorecard.board, len(y), scorecard.classes, seed=seed)
    words = 1.0 if words is None else words
    return fit_points(scorecard, A, y, expectation, strength=claims, word_strength=words, penalty=penalty)


def _chosen_strengths(  # data, model and what is known of λ
    scorecard: Scorecard, A: Matches, y: Codes, claims: float | None, *, seed: int, penalty: Penalty
) -> Strengths:
    """λ of claims unless it is given, then that of the words."""
    folds = folds_of(len(y), seed)
    if claims is None and (A.claims.shape[1] or scorecard.words is None):
        claims, _ = choose_strength(scorecard, A, y, folds, seed=seed, penalty=penalty)
    claims, words = 1.0 if claims is None else claims, 1.0
    if scorecard.words is not None:
        words, _ = choose_word_strength(scorecard, A, y, folds, seed=seed, strength=claims, penalty=penalty)
    return claims, words


def fit_plain(
    scorecard: Scorecard, A: Matches, y: Codes, *, seed: int, strength: Strengths | float | None = None
) -> Points:
    """The points of a scorecard with everything on, or off for good: nothing in doubt.

    Where nothing is in doubt a strong fact need not be backed up by weaker ones, so few claims speak
    (lasso); under doubt they are the reserve, and share what there is to say (ridge).
    """
    return fit_numbers(scorecard, A, y, seed=seed, strength=strength, penalty="lasso")


def refit(tree: Tree, *, seed: int | None = None, keep_strengths: bool = False) -> Fit:
    """Fit the numbers of Z as it stands, and store what each statement is worth.

    Args:
        tree: Whose Z.
        seed: For folds and drawn worlds; the task's if None.
        keep_strengths: Keep the λ of the stored fit, if there is one, which saves the cross-validation.
    """
    refuse_without_cases(tree)
    seed = tree.task.seed if seed is None else seed
    background = background_of(tree)
    judgements = tree.judgements()
    prior = prior_of(tree, judgements, background.every)
    scorecard = background.scorecard(prior, tree.task.classes)
    A, y = background.matches(tree.D.cases), tree.D.y
    scorecard = with_strength(scorecard, strength_of_words(tree, background, prior))
    strength, plain_strength = _kept_strengths(tree) if keep_strengths else (None, None)
    plain = fit_plain(all_on(scorecard), A, y, seed=seed, strength=plain_strength)
    where = environments_of(tree)
    evidence = evidence_about(scorecard, A, y, plain, where) if where else Evidence()
    scorecard = replace(scorecard, board=moved(scorecard.board, evidence.log_bayes))
    points = fit_numbers(scorecard, A, y, seed=seed, strength=strength)
    fit = Fit(background, prior, scorecard, points, plain, task_belief(judgements), seed, evidence)
    tree.store.put_measures(tree.tree_id, measure(tree, background, prior, scorecard, points, seed=seed))
    _remember(tree, fit)
    return fit


def strength_of_words(tree: Tree, background: Background, prior: Prior) -> WordStrength:
    """How strongly words speak on D*, from how far rated words agree there and in D; no label is seen."""
    if not len(background.words):
        return WordStrength(1.0, 0.0)
    D, Dstar = (background.words.matches(cases).pattern for cases in (tree.D.cases, tree.Dstar))
    sides = answered_sides(background.words, prior, tree.task.classes)
    return word_strength(D, Dstar, sides, len(tree.task.classes))


def with_strength(scorecard: Scorecard, strength: WordStrength) -> Scorecard:
    """The same, with the strength of its words on D*."""
    if scorecard.words is None:
        return scorecard
    words = replace(scorecard.words, factor=strength.factor, doubt=strength.doubt)
    return replace(scorecard, words=words)


def _kept_strengths(tree: Tree) -> tuple[Strengths | None, Strengths | None]:
    """λ of the stored fit, in doubt and with everything on."""
    stored = tree.record.spec.get("fit")
    kept = stored.get("strengths") if isinstance(stored, dict) and stored.get("form") == FORM else None
    if not kept:
        return None, None
    (claims, words), (plain_claims, plain_words) = kept
    return (claims, words), (plain_claims, plain_words)


def refuse_without_cases(tree: Tree) -> None:
    """Say of a tree that has no D that nothing can be fitted.

    Raises:
        InputError: It has none.
    """
    if not tree.task.classes:
        raise InputError(
            "this tree has no labelled cases, so nothing can be fitted or predicted.",
            where=tree.name,
            remedy="Make one with data: priory new NAME --train … --predict … --target …",
        )


def latest_fit(tree: Tree) -> Fit:
    """The fit of Z as it stands: the stored one if nothing changed since, else a new one."""
    refuse_without_cases(tree)
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
    strength = WordStrength(**numbers["word_strength_on_Dstar"])
    scorecard = with_strength(background.scorecard(prior, tree.task.classes), strength)
    evidence = Evidence(numbers.get("log_bayes", {}), tuple(numbers.get("evidence_notes", ())))
    scorecard = replace(scorecard, board=moved(scorecard.board, evidence.log_bayes))
    points, plain = (points_from(numbers[name], scorecard.classes) for name in ("points", "plain"))
    return Fit(background, prior, scorecard, points, plain, as_D, numbers["seed"], evidence)


def points_from(stored: Mapping[str, Any], classes: int) -> Points:
    """The points that ``body_of_points`` wrote."""
    return Points(
        b=_per_class(stored["b"], classes)[0],
        theta=_per_class(stored["theta"], classes),
        strength=stored["strength"],
        words=_per_class(stored["words"], classes),
        word_strength=stored["word_strength"],
        scale=stored["scale"],
    )


def body_of_points(p: Points) -> dict[str, Any]:
    """Points as JSON values."""
    return {
        "b": p.b.tolist(),
        "theta": p.theta.tolist(),
        "strength": p.strength,
        "words": p.words.tolist(),
        "word_strength": p.word_strength,
        "scale": p.scale,
    }


def _per_class(stored: object, classes: int) -> Numbers:
    return np.array(stored, dtype=np.float64).reshape(-1, classes)


def _remember(tree: Tree, fit: Fit) -> None:
    numbers = {"points": body_of_points(fit.points), "plain": body_of_points(fit.plain)}
    card = fit.scorecard.words
    strength = {"factor": card.factor, "doubt": card.doubt} if card else {"factor": 1.0, "doubt": 0.0}
    whole = {
        **numbers,
        "seed": fit.seed,
        "word_strength_on_Dstar": strength,
        "log_bayes": dict(fit.evidence.log_bayes),
        "evidence_notes": list(fit.evidence.notes),
    }
    digest = tree.store.put_blob(json.dumps(whole).encode())
    state = _state(fit.background, fit.prior, fit.as_D)
    strengths = [(p.strength, p.word_strength) for p in (fit.points, fit.plain)]
    tree.remember({"fit": {"form": FORM, "digest": digest, "state": state, "strengths": strengths}})


def _state(background: Background, prior: Prior, as_D: float) -> str:
    """A hash of all that the numbers depend on, D and the seed aside."""
    said = [(s.address, s.draft.when, s.draft.side, s.kind, s.draft.columns) for s in background.every]
    rated = sorted((a, b.plausibility) for a, b in prior.rated.items())
    of_words = prior.said_of_words.digest() if prior.said_of_words else ""
    return hashlib.blake2b(repr((FORM, said, rated, of_words, as_D)).encode(), digest_size=16).hexdigest()
