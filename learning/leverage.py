"""Leverage: which doubts make the most of what is unsure about D*, in closed form from one fit.

The leverage of a switch is its part of the variance of the log-odds on D*, τ(1-τ) Σ_x S(x)², S being what it
turns on in x. Of a word that speaks for class k with points θ where it stands with weight a, that is
τ(1-τ) θ² a², and knowing it changes the forecast by about half of that times p(1-p) nats. A form such as
"not good" is asked about as its word, since what is said of that is said of the form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from kb.address import Address
from kb.arrays import Numbers
from kb.cases import Cases
from learning.clouds import Cloud
from learning.expectation import expectation_over
from learning.fitting import Fit
from learning.scorecard import contributions, said_by_words

__all__ = ["Worth", "divergence", "ranked_by_leverage", "sampled", "words_worth_asking", "worth_of_asking"]

ENOUGH_BY_LEVERAGE = 300  # answers about words, after which coverage is what is missing
MOST_CASES = 2_000


@dataclass(frozen=True, slots=True)
class Worth:
    """What an answer about one statement is worth.

    Attributes:
        address: The statement.
        variance: Its part of the variance of the log-odds, centred over the classes, summed over cases.
        nats: What an answer is expected to change per case, in nats.
        in_Dstar: Texts of D* that contain the word; 0 for what is no word.
    """

    address: Address
    variance: float
    nats: float
    in_Dstar: int = 0  # noqa: N815  # D* is the name of the cases to predict


def words_worth_asking(fit: Fit, cases: Cases) -> list[Worth]:
    """Per word that can be asked about, what that is worth on some cases; none without words."""
    card, words = fit.scorecard.words, fit.background.words
    matches = fit.background.matches(cases)
    if card is None or matches.words is None or not cases.n:
        return []
    p = fit.forecast(matches)
    unsure = (p * (1.0 - p)).sum(axis=1) / 2.0  # p(1 - p) of one class against the rest, for two classes
    squares = matches.words.scale**2
    spread = (card.tau * (1.0 - card.tau) * (card.factor * fit.points.words) ** 2).sum(axis=1)
    K = fit.scorecard.classes
    variance = _to_words(words.turns, (1.0 - 1.0 / K) / K * spread * (squares @ matches.words.pattern))
    nats = _to_words(words.turns, 0.5 * spread * ((squares * unsure) @ matches.words.pattern) / cases.n)
    return [
        Worth(s.address, float(variance[i]), (1.0 - fit.as_D) * float(nats[i]), int(words.in_Dstar[i]))
        for i, s in enumerate(words.statements)
        if words.turns[i] < 0
    ]


def _to_words(turns: np.ndarray[tuple[int], np.dtype[np.int64]], of_phrases: Numbers) -> Numbers:
    """Add what is of a form to its word."""
    found = of_phrases.copy()
    forms = turns >= 0
    np.add.at(found, turns[forms], of_phrases[forms])
    return found


def ranked_by_leverage(fit: Fit, Dstar: Cases, given: Mapping[Address, int]) -> list[Worth]:
    """Statements and words that are in doubt, the most valuable to ask about first.

    Many are asked about once before few are asked about again. After ``ENOUGH_BY_LEVERAGE`` answers about
    words it is coverage that is missing, so words follow by how often D* uses them.

    Args:
        fit: The newest fit.
        Dstar: The cases to predict.
        given: Answers so far, per statement.
    """
    cases = sampled(Dstar, fit.seed)
    names = fit.scorecard.board.names
    variance, nats = _variance_and_nats(fit, cases)
    worth = [Worth(Address(n), float(variance[i]), float(nats[i])) for i, n in enumerate(names)]
    worth = [w for w in worth if not w.address.startswith("column:")]
    words = words_worth_asking(fit, cases)
    if sum(given.get(w.address, 0) for w in words) >= ENOUGH_BY_LEVERAGE:
        words.sort(key=lambda w: (given.get(w.address, 0), -w.in_Dstar))
        most = max((w.variance for w in words), default=0.0)
        words = [replace(w, variance=most * 0.999**place) for place, w in enumerate(words)]
    found = [w for w in (*worth, *words) if w.variance > 0.0]
    return sorted(found, key=lambda w: -w.variance / (1.0 + given.get(w.address, 0)) ** 2)


def sampled(cases: Cases, seed: int) -> Cases:
    """The cases, or some of them where there are many."""
    if cases.n <= MOST_CASES:
        return cases
    return cases.take(np.sort(np.random.default_rng(seed).permutation(cases.n)[:MOST_CASES]))


def worth_of_asking(fit: Fit, cases: Cases) -> tuple[Numbers, Numbers]:
    """Per switch its leverage on some cases, and the nats that knowing it is worth, shape (S,) each."""
    variance, nats = _variance_and_nats(fit, cases)
    total = float(variance.sum())
    return variance / total if total > 0 else variance, nats


def _variance_and_nats(fit: Fit, cases: Cases) -> tuple[Numbers, Numbers]:
    board, K = fit.scorecard.board, fit.scorecard.classes
    matches = fit.background.matches(cases)
    S = contributions(fit.scorecard, matches.claims, fit.points.theta)
    cloud = said_by_words(fit.scorecard, matches, fit.points)
    S = S - S.mean(axis=2, keepdims=True) if S.size else S
    tau = np.array(board.tau)
    variance = np.zeros(len(tau))
    per_switch = np.zeros((len(tau), *S.shape[1:]))
    for f, need in enumerate(board.needs):
        for i in need:
            others = float(np.prod([board.tau[j] for j in need if j != i]))
            per_switch[i] += others * S[f]
    if len(tau):
        variance = tau * (1.0 - tau) * (per_switch**2).sum(axis=(1, 2)) / K
    nats = np.zeros(len(tau))
    total = float(variance.sum())
    before = _forecast(fit, tuple(tau), S, cloud)
    for i in np.flatnonzero(variance > 1e-3 * max(total, 1e-12)).tolist():
        on, off = ([*tau[:i], end, *tau[i + 1 :]] for end in (1.0, 0.0))
        nats[i] = tau[i] * divergence(_forecast(fit, tuple(on), S, cloud), before)
        nats[i] += (1.0 - tau[i]) * divergence(_forecast(fit, tuple(off), S, cloud), before)
    return variance, (1.0 - fit.as_D) * nats


def _forecast(fit: Fit, tau: tuple[float, ...], S: Numbers, cloud: Cloud | None) -> Numbers:
    board = fit.scorecard.board.with_tau(tau)
    expectation = expectation_over(board, S.shape[1], fit.scorecard.classes, seed=fit.seed, draws=64)
    return expectation.forecast(fit.points.b, S, cloud)


def divergence(p: Numbers, q: Numbers) -> float:
    """Mean KL(p ‖ q) over cases, in nats."""
    if not len(p):
        return 0.0
    return float((p * (np.log(np.maximum(p, 1e-12)) - np.log(np.maximum(q, 1e-12)))).sum(axis=1).mean())
