"""What each statement is worth: its points, its plausibility, the nats it earns on D, how far it reaches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from kb.address import Address, ancestors
from kb.arrays import Codes, Mask, Numbers
from kb.knowledge import Tree
from kb.statements import Measures
from learning.background import Background, switches_of
from learning.prior import Prior
from learning.scorecard import Points, Scorecard
from learning.word_measures import WordMeasures
from unpacking.counts import fold_of, gain_nats

__all__ = ["centred_points", "measure"]

ALARM_NATS = 5.0
ALARM_PLAUSIBILITY = 0.3
MOST_CASES = 20_000


def measure(
    tree: Tree,
    background: Background,
    prior: Prior,
    scorecard: Scorecard,
    points: Points,
    *,
    seed: int,
) -> dict[Address, Measures]:
    """Measures of every statement of Z.

    Nats on D are earned over the base rate by the statement and what lies below it alone, everything on, out
    of fold: what one would believe of it who knew nothing else.
    """
    rows = _sample(tree.D.n, seed)
    y = tree.D.y[rows]
    matches_D, matches_Dstar = background.matches(tree.D.cases)[rows], background.matches(tree.Dstar)
    on_D, on_Dstar = matches_D.claims > 0, matches_Dstar.claims > 0
    copies = np.bincount(np.array(background.copy_of, dtype=np.int64), minlength=background.claims)
    claim_of = dict(zip((s.address for s in background.testable), background.copy_of, strict=True))
    below = _claims_below(background, claim_of)
    plausible = _plausibilities(background, prior)
    fold = fold_of(len(y), seed)
    said = WordMeasures(background.words, matches_D.words, matches_Dstar.words, y, fold, scorecard, points)
    found = {}
    for s in background.every:
        claims, belief = below[s.address], prior.belief(s.address, ancestors(s.address))
        if s.address in background.words.place:
            found[s.address] = said.of_word(s.address, belief, tree.task)
            continue
        own = claim_of.get(s.address)
        worth: Mapping[str, float] = {}
        if own is not None:
            theta = points.theta[own] / copies[own]
            worth = centred_points(theta, tree.task.classes)
        elif len(s.address) == 1:
            worth = centred_points(points.b, tree.task.classes)
        nats, carries_D, carries_Dstar = None, None, None
        words = said.together(said.below(s.address))
        if claims or words:
            groups, *reached = _together(on_D[:, claims], on_Dstar[:, claims], words)
            nats = max(gain_nats(g, y, fold, scorecard.classes) for g in groups)
            carries_D, carries_Dstar = (float(r.mean()) if len(r) else 0.0 for r in reached)
        p = plausible.get(s.address, belief.plausibility)
        found[s.address] = Measures(
            points=worth,
            plausibility=p,
            plausibility_sd=belief.sd,
            rated=belief.rated,
            nats_on_D=nats,
            carries_D=carries_D,
            carries_Dstar=carries_Dstar,
            alarm=nats is not None
            and nats >= ALARM_NATS
            and belief.plausibility < ALARM_PLAUSIBILITY
            and belief.by is not None
            and len(s.address) > 1,
        )
    return found


def centred_points(theta: Numbers, classes: Sequence[str]) -> dict[str, float]:
    """Per class, in nats of log-odds, with mean 0 over the classes."""
    centred = theta - theta.mean()
    return {name: float(value) for name, value in zip(classes, centred, strict=True)}


def _sample(n: int, seed: int) -> Codes:
    if n <= MOST_CASES:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).permutation(n)[:MOST_CASES])


def _claims_below(background: Background, claim_of: Mapping[Address, int]) -> dict[Address, list[int]]:
    """Per statement, the claims made by it and below it; an aspect's must be about its columns alone."""
    found: dict[Address, list[int]] = {s.address: [] for s in background.every}
    about = {s.address: set(s.draft.columns) for s in background.every if s.kind == "aspect"}
    for s in background.testable:
        for place in [s.address, *ancestors(s.address)]:
            is_about = place not in about or set(s.draft.columns) <= about[place]
            if is_about and place in found and claim_of[s.address] not in found[place]:
                found[place].append(claim_of[s.address])
    return found


def _plausibilities(background: Background, prior: Prior) -> dict[Address, float]:
    """Per testable statement the probability that it is on: all switches that it needs."""
    tau, needs = switches_of(background.every, background.testable, prior)
    return {
        s.address: float(np.prod([tau[name] for name in need]))
        for s, need in zip(background.testable, needs, strict=True)
    }


def _together(
    on_D: Mask, on_Dstar: Mask, words: tuple[Codes, Mask, Mask] | None
) -> tuple[list[Codes], Mask, Mask]:
    """Ways to group the cases of D by what is said of them, and the cases of D and D* that are reached.

    By which claims apply, by what the words say, and by both: together they earn no less than either part.
    """
    reached_D, reached_Dstar = np.any(on_D, axis=1), np.any(on_Dstar, axis=1)
    groups = [_patterns(on_D)] if on_D.shape[1] else []
    if words:
        pieces, has_word, has_word_too = words
        groups += [pieces, *(_patterns(np.column_stack([g, pieces])) for g in groups)]
        reached_D, reached_Dstar = reached_D | has_word, reached_Dstar | has_word_too
    return groups, np.asarray(reached_D), np.asarray(reached_Dstar)


def _patterns(values: Mask | Codes) -> Codes:
    """The same number for equal rows."""
    rows = np.packbits(values, axis=1) if values.dtype == np.bool_ else values
    return np.unique(rows, axis=0, return_inverse=True)[1].ravel().astype(np.int64)
