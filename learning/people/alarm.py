"""The alarm: wrong people fail silently unless something watches.

Three witnesses are heard: what ratings say of random cases, what people predict of them unaided, and what D
makes of the same statements when nobody has rated them. Where the first two contradict each other, the third
says which of them to doubt. No label of D* is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from kb.address import ROOT, Address
from kb.arrays import Codes, Numbers
from kb.cases import Cases
from kb.knowledge import Tree
from learning.background import switches_of
from learning.environments import moved_tau
from learning.expectation import expectation_over
from learning.fitting import FORECAST_DRAWS, Fit, fit_numbers, latest_fit
from learning.matches import Matches
from learning.people.agreement import FEWEST, Agreement, Outcome, agreement, lean_against_points
from learning.people.forecasts import forecasts
from learning.people.reading import said_of
from learning.people.samples import samples
from learning.scorecard import Points, Scorecard, contributions, forecast

__all__ = [
    "Alarm",
    "AskAgain",
    "Unrated",
    "alarm",
    "lean_of_words",
    "outcome_of",
    "says_of_ratings",
    "unrated_points",
    "worth_asking_again",
]

NAMED = 5
SURELY = 2.0  # standard deviations
GOES_WITH_D = 1.645  # z from which chance explains one in twenty
ENOUGH = 50  # forecasts that tell right ratings from wrong ones, see docs/people.md
Doubt = Literal["ratings", "predictions"]


@dataclass(frozen=True, slots=True)
class AskAgain:
    """A rated statement that is worth another question.

    Attributes:
        address: Where it stands.
        text: What it says; untrusted.
        plausibility: As rated.
        moves: By how much the log-odds of a case would move, in nats (root mean square over D*), if its
            rating were turned around.
    """

    address: Address
    text: str
    plausibility: float
    moves: float

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Alarm:
    """What the witnesses say.

    Attributes:
        outcome: Whether people's unaided forecasts confirm the ratings, and D where words were given sides.
        agreement: The test behind it; None where nobody forecast unaided or nobody rated.
        z_on_D: How far rated sides go with D, in standard deviations; None where no sides were rated.
        doubt: Which of the two to doubt; None where there is no contradiction or it can't be told.
        ask_again: Rated statements worth asking about again, those that matter most first.
    """

    outcome: Outcome
    agreement: Agreement | None
    z_on_D: float | None  # noqa: N815  # D is the name of the labelled cases
    doubt: Doubt | None
    ask_again: tuple[AskAgain, ...]

    @property
    def rings(self) -> bool:
        """Something contradicts the ratings."""
        return self.outcome == "contradicted" or (self.z_on_D is not None and self.z_on_D < -SURELY)

    def sentences(self) -> list[str]:
        """What a person has to know, most urgent first."""
        found = [_outcome_in_words(self)]
        if self.z_on_D is not None and self.z_on_D < -SURELY:
            found.append(
                "Alarm: the sides that people gave to statements contradict the labelled cases "
                f"(z {self.z_on_D:.1f})."
            )
        if self.outcome == "contradicted":
            found.append(_DOUBT[self.doubt])
        if (self.rings or self.outcome == "not confirmed") and self.ask_again:
            first = self.ask_again[0]
            found.append(
                f"Ask again first: “{first.text}” ({first.address}), rated {100 * first.plausibility:.0f} %."
            )
        return found

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces."""
        return {
            "outcome": self.outcome,
            "rings": self.rings,
            "agreement": self.agreement and self.agreement.to_dict(),
            "z_on_D": self.z_on_D,
            "doubt": self.doubt,
            "ask_again": [a.to_dict() for a in self.ask_again],
            "sentences": self.sentences(),
        }


_DOUBT: dict[Doubt | None, str] = {
    "ratings": "Doubt the ratings: what D shows without them goes with people's forecasts.",
    "predictions": "Doubt the forecasts: what D shows without ratings goes against them too.",
    None: "Which of the two is wrong can't be told from here: have both given again, by others.",
}


def _outcome_in_words(found: Alarm) -> str:
    test = found.agreement
    if test is None:
        return (
            "Nobody has forecast cases unaided, so nothing confirms the ratings: "
            "priory predict --by-hand --unaided"
        )
    if found.outcome == "confirmed":
        return (
            f"People's unaided forecasts of {test.n} random cases confirm the ratings "
            f"(chance {test.together:.3f})."
        )
    if test.outcome == "confirmed":
        return (
            f"People's unaided forecasts of {test.n} random cases go with the ratings (chance "
            f"{test.together:.3f}), but the sides given to words don't go with the labelled cases "
            f"(z {found.z_on_D:.1f}): not confirmed, as sides dealt out by chance may look so."
        )
    if found.outcome == "contradicted":
        return (
            f"Alarm: people's unaided forecasts of {test.n} random cases contradict the ratings "
            f"(chance {test.against:.3f})."
        )
    more = "Forecast more of them" if test.n < ENOUGH else "Ratings that are right are confirmed by so many"
    said = f"People's unaided forecasts of {test.n} cases don't confirm the ratings"
    return f"{said} (chance {test.together:.2f}). {more}."


@dataclass(frozen=True, slots=True)
class Unrated:
    """What D makes of the statements when every doubt stands at one half.

    Attributes:
        card: Switches at one half, no stated strengths.
        points: Fitted so.
    """

    card: Scorecard
    points: Points

    def log_odds(self, A: Matches, seed: int) -> Numbers:
        """Its forecasts as centred log-probabilities, shape (n, K)."""
        over = expectation_over(
            self.card.board, len(A), self.card.classes, seed=seed, draws=FORECAST_DRAWS, alike=True
        )
        logs = np.log(np.maximum(forecast(self.card, self.points, A, over), 1e-6))
        return np.asarray(logs - logs.mean(axis=1, keepdims=True))


def unrated_points(fit: Fit, D: Matches, y: Codes) -> Unrated:
    """The points that D calls for when nobody has rated; ratings have no part in them.

    Args:
        fit: Z.
        D: Which statement speaks about which labelled case.
        y: Their classes, shape (n,).
    """
    card = fit.scorecard
    words = card.words and replace(
        card.words,
        tau=np.where(card.words.can_speak, 0.5, 0.0),
        stated=np.zeros_like(card.words.stated),
        doubt=0.0,
    )
    half = replace(card, board=card.board.with_tau([0.5] * len(card.board.tau)), words=words)
    strengths = (fit.points.strength, fit.points.word_strength)
    return Unrated(half, fit_numbers(half, D, y, seed=fit.seed, strength=strengths))


def says_of_ratings(fit: Fit, unrated: Unrated, A: Matches) -> Numbers:
    """What ratings alone add to the log-odds of each class, shape (n, K).

    A table claim adds its points, as D sees them without ratings, to the degree that people find it more or
    less plausible than not; a word adds the strength that people state times its plausibility. What the
    environments of D say about the switches is another witness, and is not heard here.

    Args:
        fit: Z as rated.
        unrated: Z as if nobody had rated.
        A: Which statement speaks about which of the n cases.
    """
    board = fit.scorecard.board
    rated = _as_rated(fit)
    told = [rated[name] if is_switch_rated(fit, name) else 0.5 for name in board.names]
    believed = 2.0 * board.with_tau(told).family_tau() - 1.0
    S = contributions(fit.scorecard, A.claims, unrated.points.theta)
    said: Numbers = np.einsum("f,fnk->nk", believed, S)
    words = fit.scorecard.words
    if words is not None and A.words is not None:
        said = said + A.words.scale[:, None] * (A.words.pattern @ (words.tau * words.stated))
    return said


def _as_rated(fit: Fit) -> dict[str, float]:
    """Switch → what people said of it, before the environments of D moved it."""
    claims = fit.background.stand_ins(fit.prior.rated)
    return switches_of(fit.background.every, claims, fit.prior)[0]


def outcome_of(test: Agreement, z_on_D: float | None) -> Outcome:
    """What forecasts and labelled cases together say of the ratings.

    Ratings dealt out by chance among words pass either witness once in twenty times or more, as few frequent
    words decide; both at once, hardly ever.

    Args:
        test: Of people's unaided forecasts.
        z_on_D: How far rated sides go with D; None where that can't be told.
    """
    if test.outcome == "confirmed" and z_on_D is not None and z_on_D < GOES_WITH_D:
        return "not confirmed"
    return test.outcome


def alarm(tree: Tree, *, seed: int = 0) -> Alarm:
    """Hear the witnesses of a tree: ratings, unaided forecasts of drawn samples, and D.

    Forecasts of cases that somebody picked by hand are not heard: what holds there need not hold elsewhere.
    """
    fit = latest_fit(tree)
    unrated = unrated_points(fit, fit.background.matches(tree.D.cases), tree.D.y)
    drawn = {case for s in samples(tree) if s.how == "drawn" for case in s.cases}
    said = said_of([f for f in forecasts(tree, arm="unaided") if f.case in drawn], tree.task.classes)
    cases = sorted(set(said.cases.tolist()))
    test, doubt = None, None
    z = _z_on_D(fit, unrated, seed)
    if len(cases) >= FEWEST and is_rated(fit):
        A = fit.background.matches(tree.Dstar.take(np.array(cases, dtype=np.int64)))
        people = said.by_case(cases)
        test = agreement(says_of_ratings(fit, unrated, A), people, seed=seed)
        if test.outcome == "contradicted":
            third = agreement(unrated.log_odds(A, fit.seed), people, seed=seed)
            doubt = _whom_to_doubt(third, z)
    outcome = outcome_of(test, z) if test else "not confirmed"
    return Alarm(outcome, test, z, doubt, worth_asking_again(tree, fit, tree.Dstar))


def is_switch_rated(fit: Fit, name: str) -> bool:
    """Somebody rated what the switch stands for, or statements in general."""
    return Address(name) in fit.prior.rated or ROOT in fit.prior.rated


def is_rated(fit: Fit) -> bool:
    """Anybody's ratings move a switch, or state a strength, of this Z."""
    words = fit.scorecard.words
    return any(is_switch_rated(fit, n) for n in fit.scorecard.board.names) or (
        words is not None and bool(words.stated.any())
    )


def _whom_to_doubt(third: Agreement, z: float | None) -> Doubt | None:
    if third.outcome == "confirmed" or (z is not None and z < -SURELY):
        return "ratings"
    if third.outcome == "contradicted" or (z is not None and z > SURELY):
        return "predictions"
    return None


def lean_of_words(fit: Fit, D: Matches, y: Codes, *, seed: int) -> float | None:
    """How far the sides that people gave to words go with D, as z; None where they gave too few.

    Args:
        fit: Z as rated.
        D: Which statement speaks about which labelled case.
        y: Their classes, shape (n,).
        seed: For the deals.
    """
    return _z_on_D(fit, unrated_points(fit, D, y), seed)


def _z_on_D(fit: Fit, unrated: Unrated, seed: int) -> float | None:  # noqa: N802
    words = fit.scorecard.words
    if words is None or not len(unrated.points.words):
        return None
    theta = unrated.points.words
    weight = np.ptp(theta, axis=1) * np.sqrt(fit.background.words.in_D)
    return lean_against_points(words.tau * words.stated, theta, weight, seed=seed)


def worth_asking_again(tree: Tree, fit: Fit, cases: Cases) -> tuple[AskAgain, ...]:
    """Rated statements whose rating, turned around, would move the cases most."""
    A = fit.background.matches(cases)
    found = [*_switches_again(fit, A), *_words_again(fit, A)]
    found.sort(key=lambda a: (-a[1], a[0]))
    texts = {s.address: s.text for s in tree.store.nodes(tree.tree_id, [a for a, _, _ in found[:NAMED]])}
    return tuple(
        AskAgain(address, texts.get(address, ""), p, moves)
        for address, moves, p in found[:NAMED]
        if moves > 0.0
    )


def _switches_again(fit: Fit, A: Matches) -> list[tuple[Address, float, float]]:
    """Per rated switch its address, its moves, and its plausibility."""
    board = fit.scorecard.board
    S = contributions(fit.scorecard, A.claims, fit.points.theta)
    S = S - S.mean(axis=2, keepdims=True) if S.size else S
    told, found = _as_rated(fit), []
    for i, name in enumerate(board.names):
        if Address(name) not in fit.prior.rated:
            continue
        moved = np.zeros(S.shape[1:])
        for f, need in enumerate(board.needs):
            if i in need:
                moved += float(np.prod([board.tau[j] for j in need if j != i])) * S[f]
        nats = fit.evidence.log_bayes.get(name, 0.0)
        turned = abs(moved_tau(told[name], nats) - moved_tau(1.0 - told[name], nats))
        p = fit.prior.rated[Address(name)].plausibility
        found.append((Address(name), turned * _root_mean_square(moved), p))
    return found


def _words_again(fit: Fit, A: Matches) -> list[tuple[Address, float, float]]:
    words = fit.scorecard.words
    if words is None or A.words is None or not len(A.words):
        return []
    reach = np.asarray((A.words.scale**2) @ A.words.pattern) / len(A.words)
    lean = np.abs(words.tau * fit.points.words).max(axis=1)
    moves = 2.0 * lean * np.sqrt(reach) * (words.stated.max(axis=1) > 0.0)
    best: Sequence[int] = np.argsort(-moves, kind="stable")[:NAMED].tolist()
    statements = fit.background.words.statements
    return [(statements[i].address, float(moves[i]), float(words.tau[i].max())) for i in best]


def _root_mean_square(values: Numbers) -> float:
    return float(np.sqrt((values**2).mean())) if values.size else 0.0
