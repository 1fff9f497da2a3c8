"""Predictions for cases, with the statements that they rest on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from kb.address import Address, ancestors
from kb.arrays import Codes, Numbers
from kb.cases import Cases
from kb.conditions import contained_phrase
from kb.errors import InputError
from kb.knowledge import Tree
from kb.statements import Statement
from kb.texts import passage
from kb.words import in_words
from learning.bounds import MOST_SWITCHES, forecast_bounds
from learning.fitting import Fit, refuse_without_cases
from learning.matches import Matches
from learning.measures import centred_points
from learning.posterior import posterior
from learning.resolving import current_fit

__all__ = ["Citation", "Explanation", "Predictions", "explain", "predict"]

CITED = 5  # statements a reader takes in at a glance
OFF = 0.5  # below this plausibility a statement is cited as switched off
PASSAGE = 90  # letters of a text that are shown around a word
MOST_WORDS = 40  # of a text that are looked at for citations
SWITCHES_OF_TEXTS = 8  # whose joint distribution is left open where every case is one of its own
_CHUNK = 20_000


@dataclass(frozen=True, slots=True)
class Citation:
    """A statement that speaks about a case.

    Attributes:
        address: Where it is.
        text: What it says.
        points: Per class, what it adds to the log-odds, in nats, centred.
        plausibility: Probability that it carries over.
        applies_because: The condition that the case meets, in words.
        rated: People rated it, or what it inherits from.
        passage: Where a word stands in the text; empty for statements about other columns.
    """

    address: Address
    text: str
    points: Mapping[str, float]
    plausibility: float
    applies_because: str
    rated: bool
    passage: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces."""
        return {**{name: getattr(self, name) for name in self.__slots__}, "points": dict(self.points)}


@dataclass(frozen=True, slots=True)
class Explanation:
    """One case: its forecast, and what that rests on.

    Attributes:
        case: Row of D*, from 0.
        values: What is known of the case.
        probabilities: Per class.
        because: Statements that carried the forecast, the weightiest first.
        switched_off: Statements that speak about the case but that people don't believe to carry over.
        unrated: Statements that matter here and that nobody rated, nor anything above them.
        bounds: Per class the lowest and highest forecast over all joint worlds that agree with the ratings.
    """

    case: int
    values: Mapping[str, object]
    probabilities: Mapping[str, float]
    because: tuple[Citation, ...]
    switched_off: tuple[Citation, ...]
    unrated: tuple[Citation, ...]
    bounds: Mapping[str, tuple[float, float]] | None = None

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces."""
        return {
            "case": self.case,
            "values": dict(self.values),
            "probabilities": dict(self.probabilities),
            "because": [c.to_dict() for c in self.because],
            "switched_off": [c.to_dict() for c in self.switched_off],
            "unrated": [c.to_dict() for c in self.unrated],
            "bounds": self.bounds and {name: list(ends) for name, ends in self.bounds.items()},
        }


@dataclass(frozen=True, slots=True)
class Predictions:
    """Forecasts for cases.

    Attributes:
        classes: The K classes.
        p: Probabilities, shape (n, K).
        low: Lowest forecast over the joint worlds that agree with the ratings, shape (n, K), if asked for.
        high: Highest likewise.
    """

    classes: tuple[str, ...]
    p: Numbers
    low: Numbers | None = None
    high: Numbers | None = None

    def certain(self) -> list[str | None]:
        """Per case the class that is most likely in every world that agrees with the ratings, or None.

        Raises:
            ValueError: The predictions have no bounds.
        """
        if self.low is None or self.high is None:
            raise ValueError("predictions without bounds can't say what is certain")
        best = self.p.argmax(axis=1)
        found: list[str | None] = []
        for i, k in enumerate(best):
            others = np.delete(self.high[i], k)
            found.append(self.classes[k] if self.low[i, k] >= others.max() else None)
        return found

    def rows(self) -> Iterator[dict[str, Any]]:
        """Per case: its number, the most likely class, and the probabilities."""
        for i, p in enumerate(self.p):
            row: dict[str, Any] = {"case": i, "prediction": self.classes[int(p.argmax())]}
            row |= {name: float(v) for name, v in zip(self.classes, p, strict=True)}
            if self.low is not None and self.high is not None:
                for k, name in enumerate(self.classes):
                    row |= {
                        f"{name} lowest": float(self.low[i, k]),
                        f"{name} highest": float(self.high[i, k]),
                    }
            yield row

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces."""
        return {"classes": list(self.classes), "predictions": list(self.rows())}


def predict(tree: Tree, cases: Cases | None = None, *, bounds: bool = False) -> Predictions:
    """Forecasts in expectation over the worlds that people believe in, and over chains where there are any.

    Args:
        tree: Whose Z.
        cases: Which cases; all of D* if None.
        bounds: Also the lowest and highest forecast over all joint worlds that agree with the ratings.
    """
    fit = current_fit(tree)
    asked = tree.Dstar if cases is None else cases
    matches = fit.background.matches(asked)
    several = posterior(tree)
    if several:
        p = several.forecast(asked)
    else:
        p = np.concatenate(
            [fit.forecast(matches[at : at + _CHUNK]) for at in range(0, max(len(matches), 1), _CHUNK)]
        )
    if not bounds:
        return Predictions(tree.task.classes, p)
    first, which = _different(matches)
    most = MOST_SWITCHES if matches.words is None else SWITCHES_OF_TEXTS
    ends = np.array([forecast_bounds(fit, matches[i : i + 1], most=most) for i in first.tolist()])
    ends = ends.reshape(-1, 2, len(tree.task.classes))[which]
    return Predictions(tree.task.classes, p, ends[:, 0], ends[:, 1])


def explain(tree: Tree, case: int, *, bounds: bool = True) -> Explanation:
    """Why one case of D* is forecast as it is.

    Raises:
        InputError: There is no such case.
    """
    refuse_without_cases(tree)
    if not 0 <= case < tree.Dstar.n:
        raise InputError(
            f"there is no case {case}.",
            where=tree.name,
            remedy=f"The cases to predict are numbered 0 to {tree.Dstar.n - 1}.",
        )
    fit = current_fit(tree)
    one = tree.Dstar.take(np.array([case]))
    matches = fit.background.matches(one)
    p = fit.forecast(matches)[0]
    citations = _citations(tree, fit, matches, one.row(0))
    ends = None
    if bounds:
        low, high = forecast_bounds(fit, matches)
        ends = {name: (float(a), float(b)) for name, a, b in zip(tree.task.classes, low, high, strict=True)}
    return Explanation(
        case=case,
        values=one.row(0),
        probabilities={name: float(v) for name, v in zip(tree.task.classes, p, strict=True)},
        because=tuple(c for c in citations if c.plausibility >= OFF)[:CITED],
        switched_off=tuple(c for c in citations if c.plausibility < OFF)[:CITED],
        unrated=tuple(c for c in citations if not c.rated)[:CITED],
        bounds=ends,
    )


def _citations(tree: Tree, fit: Fit, one: Matches, values: Mapping[str, object]) -> list[Citation]:
    """Statements that speak about a case, those that move its log-odds most first; one per claim."""
    speaking = [*_speaking_claims(fit, one), *_speaking_words(fit, one)]
    measured = {s.address: s for s in tree.store.nodes(tree.tree_id, [s.address for s, _ in speaking])}
    found = []
    for place, (statement, theta) in enumerate(speaking):
        s = measured[statement.address]
        belief = fit.prior.belief(s.address, ancestors(s.address))
        plausibility = s.plausibility if s.plausibility is not None else belief.plausibility
        citation = Citation(
            address=s.address,
            text=s.text,
            points=centred_points(theta, tree.task.classes),
            plausibility=plausibility,
            applies_because=in_words(s.draft.when or "", tree.task.columns),
            rated=belief.by is not None,
            passage=_passage(tree, s, values),
        )
        weight = float(np.abs(theta - theta.mean()).max())
        found.append((weight * max(plausibility, 0.05), place, citation))
    found.sort(key=lambda item: (-item[0], item[1]))
    return [citation for _, _, citation in found]


def _passage(tree: Tree, statement: Statement, values: Mapping[str, object]) -> str:
    """The part of a text in which the word of a statement stands."""
    said = contained_phrase(statement.draft.when or "", tree.task.columns)
    text = values.get(said[0]) if said else None
    return passage(text, said[1], letters=PASSAGE) if said and isinstance(text, str) else ""


def _speaking_claims(fit: Fit, one: Matches) -> Iterator[tuple[Statement, Numbers]]:
    """Claims that say something of the case, with their points."""
    stand_ins = fit.background.stand_ins(fit.prior.rated)
    for claim in np.flatnonzero(one.claims[0]):
        if fit.points.theta[claim].any():
            yield stand_ins[claim], fit.points.theta[claim]


def _speaking_words(fit: Fit, one: Matches) -> Iterator[tuple[Statement, Numbers]]:
    """The words of the case that weigh most, with what they add there if they carry over."""
    card = fit.scorecard.words
    if card is None or one.words is None:
        return
    here = one.words.pattern.indices
    theta = one.words.scale[0] * fit.points.words[here]
    weight = np.ptp(theta, axis=1) * np.maximum(card.tau[here].max(axis=1), 0.05)
    for at in np.argsort(-weight, kind="stable")[:MOST_WORDS].tolist():
        if weight[at] > 0.0:
            yield fit.background.words.statements[int(here[at])], theta[at]


def _different(matches: Matches) -> tuple[Codes, Codes]:
    """Rows that differ, and for each case which of them it is like."""
    if matches.words is not None:
        rows = np.arange(len(matches))
        return rows, rows
    _, first, which = np.unique(matches.claims, axis=0, return_index=True, return_inverse=True)
    return first, which.ravel()
