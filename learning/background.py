"""Z as a scorecard sees it: its testable statements, and the switches that each hangs on.

A statement is on if its own switch and those of its aspects are. An aspect is a column, or a group of
columns that people rated as one; a statement that mentions several columns needs the aspects of all. What
people rated as one doubt is one switch, so an unrated statement has no switch of its own but that of the
nearest rated claim above it. A claim that people find more plausible than its aspect is an exception: it
stands on its own rating. Statements that say the same of every case are copies of one claim and share it.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from kb.address import Address, ancestors
from kb.cases import Cases
from kb.knowledge import Tree
from kb.statements import Statement
from learning.matches import Matches
from learning.prior import Belief, Prior
from learning.scorecard import Scorecard
from learning.switches import Switchboard
from learning.word_beliefs import beliefs_about_words
from learning.words import Words, words_of

__all__ = ["Background", "background_from", "background_of", "sides_of", "switches_of"]


@dataclass(frozen=True, slots=True)
class Background:
    """The statements of Z that take part in a prediction.

    Attributes:
        every: All statements on the current walk, dropped ones left out, in address order.
        testable: Those with a condition, the words of texts aside.
        copy_of: Per testable statement, the index of the claim that it makes; copies of one claim share it.
        claims: How many different claims there are, m.
        words: Those that say which word a text contains.
    """

    every: tuple[Statement, ...]
    testable: tuple[Statement, ...]
    copy_of: tuple[int, ...]
    claims: int
    words: Words = field(default_factory=Words, compare=False)

    def stand_ins(self, rated: Container[Address] = ()) -> list[Statement]:
        """Per claim one statement that makes it: the first that people rated, else the first."""
        found: dict[int, Statement] = {}
        for s, claim in zip(self.testable, self.copy_of, strict=True):
            if claim not in found or (s.address in rated and found[claim].address not in rated):
                found[claim] = s
        return [found[claim] for claim in range(self.claims)]

    def matches(self, cases: Cases) -> Matches:
        """Which claim and which word speaks about which case."""
        claims = np.zeros((cases.n, 0))
        if self.claims:
            claims = cases.matches(_conditions(self.stand_ins())).astype(np.float64)
        return Matches(claims, self.words.matches(cases) if len(self.words) else None)

    def scorecard(self, prior: Prior, classes: Sequence[str], *, cautious: bool = False) -> Scorecard:
        """Switches and sides of the claims; ``cautious`` takes a low quantile where nobody rated."""
        claims = self.stand_ins(prior.rated)
        tau, needs = switches_of(self.every, claims, prior, cautious=cautious)
        words = beliefs_about_words(self.words, prior, classes) if len(self.words) else None
        return Scorecard(Switchboard.of(tau, needs), sides_of(claims, classes), len(classes), words)


def sides_of(claims: Sequence[Statement], classes: Sequence[str]) -> tuple[int, ...]:
    """Per claim the code of the class that it speaks for, or -1."""
    place = {name: k for k, name in enumerate(classes)}
    return tuple(place.get(s.draft.side or "", -1) for s in claims)


def _conditions(statements: Sequence[Statement]) -> list[str]:
    return [s.draft.when or "" for s in statements]


def background_of(tree: Tree) -> Background:
    """Z of a tree as it stands."""
    return background_from(tree, tuple(tree.walk()))


def background_from(tree: Tree, every: tuple[Statement, ...]) -> Background:
    """Z as some statements make it, in address order, on the cases of a tree."""
    words = words_of(tree, every)
    testable = tuple(s for s in every if s.draft.when and s.address not in words.place)
    if not testable:
        return Background(every, (), (), 0, words)
    conditions = _conditions(testable)
    speaks = np.concatenate([tree.D.cases.matches(conditions), tree.Dstar.matches(conditions)])
    claim: dict[tuple[object, ...], int] = {}
    copy_of = []
    for s, applies in zip(testable, np.packbits(speaks, axis=0).T, strict=True):
        says = (s.draft.side, frozenset(s.draft.columns), applies.tobytes())
        copy_of.append(claim.setdefault(says, len(claim)))
    return Background(every, testable, tuple(copy_of), len(claim), words)


def switches_of(
    every: Iterable[Statement], claims: Sequence[Statement], prior: Prior, *, cautious: bool = False
) -> tuple[dict[str, float], list[frozenset[str]]]:
    """Switches with their plausibility, and the names of those that each claim needs."""
    every = tuple(every)
    aspect = _aspect_switches(every, prior)
    kinds = {s.address: s for s in every}
    tau: dict[str, float] = {}

    def plausibility(belief: Belief) -> float:
        return belief.low if cautious else belief.plausibility

    def of_aspects(statement: Statement) -> dict[str, float]:
        found = {}
        for column in statement.draft.columns:
            place = aspect.get(column)
            belief = prior.belief(place, ancestors(place)) if place else prior.unrated()
            found[place or f"column:{column}"] = plausibility(belief)
        return found

    needs = []
    for statement in claims:
        aspects = of_aspects(statement)
        own = _rated_claim(statement, kinds, prior)
        if own is None:
            tau |= aspects
            needs.append(frozenset(aspects))
            continue
        its_aspects = of_aspects(own)
        rated, together = plausibility(prior.rated[own.address]), float(np.prod([*its_aspects.values()]))
        if rated > together:  # an exception to its aspects
            aspects = {name: p for name, p in aspects.items() if name not in its_aspects}
        tau |= aspects
        if rated <= together:
            rated = rated / together if together else 0.0
        tau[own.address] = rated
        needs.append(frozenset({*aspects, own.address}))
    return tau, needs


def _aspect_switches(every: Sequence[Statement], prior: Prior) -> Mapping[str, Address]:
    """Per column the aspect whose switch it hangs on: the narrowest rated one, else the narrowest."""
    best: dict[str, tuple[tuple[bool, int], Address]] = {}
    for s in every:
        if s.kind != "aspect":
            continue
        rank = (s.address not in prior.rated, len(s.draft.columns))
        for column in s.draft.columns:
            if column not in best or rank < best[column][0]:
                best[column] = (rank, s.address)
    return {column: address for column, (_, address) in best.items()}


def _rated_claim(statement: Statement, kinds: Mapping[Address, Statement], prior: Prior) -> Statement | None:
    """The nearest rated claim, itself included; aspects and the root are no claims."""
    for place in [statement.address, *reversed(ancestors(statement.address)[1:])]:
        if place in kinds and kinds[place].kind == "aspect":
            return None
        if place in prior.rated and place in kinds:
            return kinds[place]
    return None
