"""Z as a posterior: several trees with weights, whose forecasts are averaged, and where they disagree.

Weights are pseudo-BMA+ (Yao, Vehtari, Simpson and Gelman 2018, section 3.4): how well each Z foretells D out
of fold, in the worlds that people believe in, averaged over Bayesian bootstraps of the cases, so that a few
nats on a few cases don't decide.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast

import numpy as np
from scipy.special import softmax

from kb.address import ROOT, Address, ancestors
from kb.arrays import Codes, Numbers
from kb.cases import Cases
from kb.knowledge import Tree
from kb.statements import Statement
from learning.background import Background, background_from
from learning.chains import chains_of
from learning.environments import Evidence, moved
from learning.expectation import expectation_over
from learning.fitting import (
    Fit,
    Strengths,
    body_of_points,
    fit_numbers,
    fit_plain,
    folds_of,
    latest_fit,
    points_from,
    strength_of_words,
    with_strength,
)
from learning.prior import Prior
from learning.resolving import in_the_light_of_labels
from learning.scorecard import Points, Scorecard, all_on, log_likelihood
from learning.side_answers import Said, WordsSaid

__all__ = ["Disagreement", "Posterior", "posterior"]

BOOTSTRAPS = 500
KIND = "chain-fit"
LEAST_SHARE = 0.05  # of the cases that a statement must speak about, to be named as a place of disagreement
PLACES = 3
Key = TypeVar("Key", bound=str)
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Disagreement:
    """How far several Z are from each other on some cases.

    Attributes:
        nats: Per case the mutual information between Z and outcome, shape (n,): 0 where all say the same.
        changed: Share of cases whose most likely class is not the same in all.
        places: Statements in whose cases they disagree most: address, text, mean nats there.
    """

    nats: Numbers
    changed: float
    places: tuple[tuple[str, str, float], ...]

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces."""
        return {
            "mean_nats": float(self.nats.mean()) if len(self.nats) else 0.0,
            "changed": self.changed,
            "places": [{"address": a, "text": t, "nats": n} for a, t, n in self.places],
            "cases": [int(i) for i in np.argsort(-self.nats, kind="stable")[:10]],
        }


@dataclass(frozen=True, slots=True)
class Posterior:
    """Several Z with weights.

    Attributes:
        fits: Per Z its numbers; the tree's own first.
        weights: Sum to 1.
        log_scores: Per Z its out-of-fold log score of D, in nats.
    """

    fits: tuple[Fit, ...]
    weights: tuple[float, ...]
    log_scores: tuple[float, ...]

    def forecasts(self, cases: Cases) -> Numbers:
        """Per Z what it forecasts, shape (Z, n, K)."""
        return np.array([fit.forecast(fit.background.matches(cases)) for fit in self.fits])

    def forecast(self, cases: Cases) -> Numbers:
        """Their weighted mean, shape (n, K)."""
        mean: Numbers = np.einsum("z,znk->nk", np.array(self.weights), self.forecasts(cases))
        return mean

    def disagreement(self, cases: Cases) -> Disagreement:
        """How far they are from each other, and where."""
        each, weights = self.forecasts(cases), np.array(self.weights)
        mean = np.einsum("z,znk->nk", weights, each)
        entropy = -(mean * np.log(np.maximum(mean, 1e-12))).sum(axis=1)
        own = -(each * np.log(np.maximum(each, 1e-12))).sum(axis=2)
        nats = np.maximum(entropy - weights @ own, 0.0)
        top = each.argmax(axis=2)
        changed = float((top != top[0]).any(axis=0).mean()) if cases.n else 0.0
        return Disagreement(nats, changed, _places(self.fits[0].background, cases, nats))

    def weights_in_words(self) -> str:
        """The weights with two digits."""
        return ", ".join(f"{w:.2f}" for w in self.weights)

    def sentence(self, cases: Cases) -> str:
        """How much they disagree on some cases, and where most."""
        apart = self.disagreement(cases)
        where = f"; most where “{apart.places[0][1]}” ({apart.places[0][2]:.3f} nats)" if apart.places else ""
        return (
            f"{len(self.fits)} trees with weights {self.weights_in_words()} are averaged. They disagree by "
            f"{apart.nats.mean():.3f} nats a case, and in {100 * apart.changed:.0f} % of the cases about the "
            f"likeliest class{where}."
        )

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces."""
        sizes = [len(fit.background.testable) for fit in self.fits]
        return {
            "trees": [
                {"weight": w, "log_score": s, "statements": m}
                for w, s, m in zip(self.weights, self.log_scores, sizes, strict=True)
            ]
        }


def _places(background: Background, cases: Cases, nats: Numbers) -> tuple[tuple[str, str, float], ...]:
    if not background.claims or not cases.n:
        return ()
    matches = background.matches(cases).claims
    reach = matches.mean(axis=0)
    there = (nats @ matches) / np.maximum(matches.sum(axis=0), 1.0)
    order = [i for i in np.argsort(-there, kind="stable") if reach[i] >= LEAST_SHARE][:PLACES]
    stand_ins = background.stand_ins()
    return tuple((str(stand_ins[i].address), stand_ins[i].text, float(there[i])) for i in order)


def posterior(tree: Tree) -> Posterior | None:
    """The tree's own Z and those of its chains, fitted to D as ratings stand; None without chains."""
    chains = chains_of(tree)
    if not chains:
        return None
    own = latest_fit(tree)
    fits = [own, *(_fitted(tree, own, chain.statements, chain.seed) for chain in chains)]
    scores = np.array([_out_of_fold(tree, fit) for fit in fits])
    fits = [in_the_light_of_labels(tree, fit) for fit in fits]
    return Posterior(tuple(fits), _weights(scores, tree.task.seed), tuple(scores.sum(axis=1).tolist()))


def _fitted(tree: Tree, own: Fit, every: tuple[Statement, ...], seed: int) -> Fit:
    """The numbers of one chain's Z, on its own bootstrap of D; kept until ratings or Z change."""
    background = background_from(tree, every)
    at = _places_in(own.background, background, {c.name for c in tree.task.columns if c.type == "text"})
    prior, log_bayes = _carried_over(own.prior, at), _moved_to(own.evidence.log_bayes, at)
    card = with_strength(
        background.scorecard(prior, tree.task.classes), strength_of_words(tree, background, prior)
    )
    card = replace(card, board=moved(card.board, log_bayes))
    strengths = (own.points.strength, own.points.word_strength)
    plain_strengths = (own.plain.strength, own.plain.word_strength)
    state = _state(card, every, strengths, plain_strengths)
    kept = tree.store.document(tree.tree_id, KIND, str(seed))
    if kept and kept.body["state"] == state:
        points, plain = (points_from(kept.body[name], card.classes) for name in ("points", "plain"))
    else:
        points, plain = _numbers(tree, background, card, (strengths, plain_strengths), seed)
        body = {"state": state, "points": body_of_points(points), "plain": body_of_points(plain)}
        tree.store.put_document(tree.tree_id, KIND, str(seed), body)
    return Fit(background, prior, card, points, plain, own.as_D, seed, Evidence(log_bayes))


def _numbers(
    tree: Tree, background: Background, card: Scorecard, strengths: tuple[Strengths, Strengths], seed: int
) -> tuple[Points, Points]:
    rows = np.random.default_rng(seed).integers(tree.D.n, size=tree.D.n)
    A, y = background.matches(tree.D.cases)[rows], tree.D.y[rows]
    points = fit_numbers(card, A, y, seed=seed, strength=strengths[0])
    return points, fit_plain(all_on(card), A, y, seed=seed, strength=strengths[1])


def _places_in(own: Background, other: Background, texts: set[str]) -> dict[Address, list[Address]]:
    """Per statement of the tree, in address order, the addresses at which a chain says the same.

    A word is one thing however many statements name it, so it has one address: answers at two would count
    twice.
    """
    there: dict[tuple[object, ...], list[Address]] = {}
    for s in other.every:
        places = there.setdefault(_content(s, other, texts), [])
        if not places or s.address not in other.words.place:
            places.append(s.address)
    return {s.address: there.get(_content(s, own, texts), []) for s in own.every}


def _carried_over(prior: Prior, at: Mapping[Address, Sequence[Address]]) -> Prior:
    """What people said of the tree, at the addresses where the chain says the same."""
    said = prior.said_of_words
    moved_said = said and WordsSaid(said.classes, _together_at(said.at, at), said.elsewhere)
    rated, unasked = _moved_to(prior.rated, at), _moved_to(prior.unasked, at)
    return replace(prior, rated=rated, unasked=unasked, said_of_words=moved_said)


def _together_at(
    said: Mapping[Address, Said], at: Mapping[Address, Sequence[Address]]
) -> dict[Address, Said]:
    """Answers at other addresses; those about two statements that say the same are added, as in the tree."""
    found: dict[Address, Said] = {}
    for address, places in at.items():
        if address in said:
            found |= {p: found[p] + said[address] if p in found else said[address] for p in places}
    return found


def _moved_to(values: Mapping[Key, Value], at: Mapping[Address, Sequence[Address]]) -> dict[Key, Value]:
    """Values by statement, or by switch, at other addresses; a column's stay where they are.

    Of two statements that say the same the first counts, as in the tree (``Background.stand_ins``).
    """
    found = {name: value for name, value in values.items() if name.startswith("column:")}
    for address, places in at.items():
        name = cast("Key", address)
        for place in places if name in values else ():
            found.setdefault(cast("Key", place), values[name])
    return found


def _content(s: Statement, of: Background, texts: set[str]) -> tuple[object, ...]:
    """What a statement says, wherever it stands: its word, its condition and side, or its columns."""
    if s.address == ROOT:
        return ("root",)
    if s.address in of.words.place:
        i = of.words.place[s.address]
        return ("word", of.words.columns[i], of.words.phrases[i], int(of.words.sides[i]))
    if s.draft.when:
        return (s.draft.when, s.draft.side)
    if texts.isdisjoint(s.draft.columns):
        return (s.kind, s.draft.columns or s.text)
    return (s.kind, s.draft.columns, s.text)  # groups of the words of one column


def _out_of_fold(tree: Tree, fit: Fit) -> Numbers:
    """Per case of D that may be chosen with, E_g log f by points of the other folds, shape (n,)."""
    rows: Codes = np.flatnonzero(~tree.held_out)
    A, y = fit.background.matches(tree.D.cases)[rows], tree.D.y[rows]
    found = np.full(len(y), np.nan)
    strengths = (fit.points.strength, fit.points.word_strength)
    for train, score in folds_of(len(y), tree.task.seed):
        points = fit_numbers(fit.scorecard, A[train], y[train], seed=fit.seed, strength=strengths)
        over = expectation_over(fit.scorecard.board, len(score), fit.scorecard.classes, seed=fit.seed)
        found[score] = log_likelihood(fit.scorecard, points, A[score], y[score], over)
    return np.asarray(found[~np.isnan(found)])


def _weights(scores: Numbers, seed: int) -> tuple[float, ...]:
    """Pseudo-BMA+ weights of log scores, shape (Z, n)."""
    n = scores.shape[1]
    shares = np.random.default_rng(seed).dirichlet(np.ones(n), size=BOOTSTRAPS)
    return tuple(softmax(n * shares @ scores.T, axis=1).mean(axis=0).tolist())


def _state(card: Scorecard, every: tuple[Statement, ...], *strengths: Strengths) -> str:
    said = [(s.address, s.draft.when, s.draft.side, len(ancestors(s.address))) for s in every]
    digest = hashlib.blake2b(repr((said, card.board, strengths)).encode(), digest_size=16)
    if card.words is not None:
        digest.update(card.words.tau.tobytes() + card.words.stated.tobytes())
    return digest.hexdigest()
