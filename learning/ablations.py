"""What Priory would be without one of its parts: the rows that show where a gain comes from.

Each row is fitted on the cases that it is given and forecasts the others; none sees a label of D*.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from kb.arrays import Codes, Numbers
from learning.background import Background
from learning.clouds import WordCard
from learning.expectation import expectation_over
from learning.fitting import Strengths, fit_numbers, fit_plain, folds_of
from learning.matches import Matches
from learning.objective import Objective
from learning.prior import Prior, Rating, fit_prior
from learning.scorecard import Points, Scorecard, all_on, forecast
from learning.side_answers import WordsSaid
from learning.switches import Switchboard
from unpacking.counts import fold_of, nats_per_phrase

__all__ = ["Setting", "ablation_rows"]

VETO = 0.5
_DRAWS = 256
_SURELY_OFF = 0.02


@dataclass(frozen=True, slots=True)
class Setting:
    """What all rows share.

    Attributes:
        background: The statements of Z.
        classes: The K classes.
        ratings: What people said of statements.
        prior: What follows from all that people said.
        as_D: Probability that D* is drawn and labelled as D was.
        A: Which statement speaks about which case to fit, n of them.
        y: Their classes, shape (n,).
        seed: For folds, worlds and shuffles.
        strengths: λ in doubt and λ with everything on, where choosing them row by row would take too long.
    """

    background: Background
    classes: tuple[str, ...]
    ratings: tuple[Rating, ...]
    prior: Prior
    as_D: float  # noqa: N815  # D is the name of the labelled cases
    A: Matches
    y: Codes
    seed: int
    strengths: tuple[Strengths | None, Strengths | None] = (None, None)

    @property
    def scorecard(self) -> Scorecard:
        """Switches as people's answers set them."""
        return self.background.scorecard(self.prior, self.classes)

    def scorecard_if(self, ratings: Sequence[Rating], of_words: WordsSaid | None) -> Scorecard:
        """Switches as they would be if people had said this of statements and of words."""
        said = replace(fit_prior(ratings), said_of_words=of_words, vectors=self.prior.vectors)
        return self.background.scorecard(said, self.classes)


Forecaster = Callable[[Matches], Numbers]


def ablation_rows(
    setting: Setting, others: Mapping[str, Matches]
) -> Iterator[tuple[str, dict[str, Numbers]]]:
    """Name, and per split the forecasts, shape (n, K), of each row; fitted one by one as they are asked for.

    Args:
        setting: What the rows share.
        others: Split → which statement speaks about which of its cases.
    """
    for name, make in _ROWS.items():
        forecast = make(setting)
        yield name, {split: forecast(A) for split, A in others.items()}


def _everything_on(setting: Setting) -> Forecaster:
    card = all_on(setting.scorecard)
    return _forecaster(setting, card, _plain(setting, card), as_D=None)


def _without_ratings(setting: Setting) -> Forecaster:
    return _in_worlds(setting, setting.scorecard_if((), None))


def _shuffled(setting: Setting) -> Forecaster:
    """The same answers about other statements; never all about their own."""
    said = list(setting.ratings)
    rng = np.random.default_rng(setting.seed)
    values = np.array([r.value for r in said])
    for _ in range(20):
        order = rng.permutation(len(said))
        if len(said) < 2 or not np.array_equal(values[order], values):
            break
    else:
        order = np.arange(len(said))
    moved = [Rating(r.address, r.rater, float(values[i])) for r, i in zip(said, order, strict=True)]
    words = setting.prior.said_of_words
    return _in_worlds(setting, setting.scorecard_if(moved, words and words.shuffled(rng)))


def _reversed(setting: Setting) -> Forecaster:
    turned = [Rating(r.address, r.rater, 1.0 - r.value) for r in setting.ratings]
    words = setting.prior.said_of_words
    return _in_worlds(setting, setting.scorecard_if(turned, words and words.reversed()))


def _veto(setting: Setting) -> Forecaster:
    """What people find less plausible than one half is left out, all else taken as sure."""
    card = setting.scorecard
    tau = [float(t >= VETO) for t in card.board.tau]
    words = card.words and replace(card.words, tau=(card.words.tau >= VETO).astype(np.float64))
    card = replace(card, board=card.board.with_tau(tau), words=words)
    return _forecaster(setting, card, _plain(setting, card), as_D=None)


def _in_worlds(setting: Setting, card: Scorecard) -> Forecaster:
    points = fit_numbers(card, setting.A, setting.y, seed=setting.seed, strength=setting.strengths[0])
    return _forecaster(setting, card, points, as_D=setting.as_D)


def _plain(setting: Setting, card: Scorecard) -> Points:
    return fit_plain(card, setting.A, setting.y, seed=setting.seed, strength=setting.strengths[1])


def _forecaster(
    setting: Setting,
    card: Scorecard,
    points: Points,
    *,
    as_D: float | None,
) -> Forecaster:
    """Forecasts in expectation over the card's worlds, mixed with everything on if ``as_D`` is given."""
    plain_card = all_on(card)
    plain = _plain(setting, plain_card) if as_D else points

    def forecasts(A: Matches) -> Numbers:
        over = expectation_over(card.board, len(A), card.classes, seed=setting.seed, draws=_DRAWS)
        p = forecast(card, points, A, over)
        if not as_D:
            return p
        on = expectation_over(plain_card.board, len(A), card.classes, seed=setting.seed)
        return (1.0 - as_D) * p + as_D * forecast(plain_card, plain, A, on)

    return forecasts


def _ratings_alone(setting: Setting) -> Forecaster:
    """Each claim speaks for its side with its plausibility; D sets the base and one scale for all."""
    card = setting.scorecard
    plausible = card.board.family_tau()[list(card.board.family)] if card.side else np.zeros(0)
    voice = np.zeros((len(card.side), card.classes))
    for s, side in enumerate(card.side):
        if side >= 0:
            voice[s, side] = plausible[s]
    y, K = setting.y, card.classes

    def said_of(A: Matches) -> Numbers:
        said: Numbers = A.claims @ voice
        if card.words is not None and A.words is not None:
            said = said + A.words.scale[:, None] * (A.words.pattern @ (card.words.tau * card.words.stated))
        return said

    said = said_of(setting.A)

    def loss(z: Numbers) -> tuple[float, Numbers]:
        u = z[:K] + z[K] * said
        p = softmax(u, axis=1)
        p[np.arange(len(y)), y] -= 1.0
        value = -float(log_softmax(u, axis=1)[np.arange(len(y)), y].sum()) + 1e-3 * float(z @ z)
        return value, np.append(p.sum(axis=0), (p * said).sum()) + 2e-3 * z

    box = [(None, None)] * K + [(0.0, None)]
    z = minimize(loss, np.zeros(K + 1), jac=True, method="L-BFGS-B", bounds=box).x
    return lambda A: softmax(z[:K] + z[K] * said_of(A), axis=1)


def _scope_off(setting: Setting) -> Forecaster:
    """The formula as first written: take a doubt whole if its nats on D outweigh log of its plausibility."""
    card = setting.scorecard
    folds = tuple(folds_of(len(setting.y), setting.seed))
    objective = Objective(setting.y, folds, 1.0, setting.seed, literal=True)
    taken: list[int] = []
    alone = {i: _worth(objective, setting, card, [], [i]) for i in range(len(card.board.tau))}
    for i in sorted(alone, key=lambda i: -alone[i]):
        if _worth(objective, setting, card, taken, [*taken, i]) > 0.0:
            taken.append(i)
    tau = [float(i in taken) for i in range(len(card.board.tau))]
    chosen = replace(card, board=card.board.with_tau(tau), words=_words_that_pay(setting, card.words))
    return _forecaster(setting, chosen, _plain(setting, chosen), as_D=None)


def _words_that_pay(setting: Setting, words: WordCard | None) -> WordCard | None:
    """Words whose nats on D, each alone, outweigh the log of their plausibility."""
    if words is None or setting.A.words is None:
        return None
    fold = fold_of(len(setting.y), setting.seed)
    nats = nats_per_phrase(setting.A.words.pattern, setting.y, fold, len(setting.classes))
    pays = nats[:, None] + np.log(np.maximum(words.tau, 1e-3)) > 0.0
    return replace(words, tau=(pays & (words.tau > 0.0)).astype(np.float64))


def _worth(
    objective: Objective, setting: Setting, card: Scorecard, before: Sequence[int], after: Sequence[int]
) -> float:
    """Nats of the literal objective that taking more switches adds, their claims' points fitted."""
    had, has = (_claims_with(card.board, s) for s in (before, after))
    new = [s for s in has if s not in set(had)]
    if not new:
        return -np.inf
    held = _restricted(card, had)
    standing = objective.stand(held, Matches(setting.A.claims[:, had]))
    names = card.board.names
    tau = dict(zip(names, card.board.tau, strict=True))
    needs = [frozenset(names[i] for i in card.board.needs[card.board.family[s]]) for s in new]
    board = held.board.extended(tau, needs)
    return objective.gain(standing, board, [card.side[s] for s in new], setting.A.claims[:, new])


def _claims_with(board: Switchboard, switches: Sequence[int]) -> list[int]:
    """Claims that need only these switches."""
    allowed = set(switches)
    return [s for s, f in enumerate(board.family) if board.needs[f] <= allowed]


def _restricted(card: Scorecard, claims: Sequence[int]) -> Scorecard:
    names = card.board.names
    needs = [frozenset(names[i] for i in card.board.needs[card.board.family[s]]) for s in claims]
    tau = dict(zip(names, card.board.tau, strict=True))
    return Scorecard(Switchboard.of(tau, needs), tuple(card.side[s] for s in claims), card.classes)


_ROWS: dict[str, Callable[[Setting], Forecaster]] = {
    "same statements, everything on": _everything_on,
    "same statements, no ratings": _without_ratings,
    "ratings alone": _ratings_alone,
    "hard veto": _veto,
    "ratings shuffled": _shuffled,
    "ratings reversed": _reversed,
    "scope off": _scope_off,
}
