"""The search for Z*: unpack where it explains most, replace, drop, ask. Every move is a record.

The loop is ``learn``. An offer is weighed by what it would add to J with the points of Z held, so that many
can be weighed between two fits; a move that is taken is followed by a fit.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from kb.address import Address, child
from kb.arrays import Codes
from kb.errors import InputError
from kb.knowledge import Tree
from kb.records import Cost, Expansion, Move, Proposal
from kb.statements import Draft, Statement
from learning.asking import HARDLY, Question, questions
from learning.background import Background, background_of, sides_of, switches_of
from learning.beliefs import prior_of
from learning.chance import Chance
from learning.fitting import folds_of, latest_fit, refit, refuse_without_cases
from learning.growing_words import grow_words, is_read_whole, text_aspects
from learning.moves import preference_of
from learning.objective import Objective, Standing, silenced
from learning.prior import Prior, fit_prior
from unpacking.budget import Budget
from unpacking.induction import InductionUnpacker
from unpacking.protocol import Unpacker
from unpacking.step import LEASE_SECONDS, Choice, best_approved, propose, unpack_step, unpack_under

__all__ = ["LearnResult", "Scope", "learn"]

Scope = Literal["on", "off"]

MOST_STATEMENTS = 200
MOST_CASES = 10_000  # of D that a search looks at
LEAST_NATS = 0.05  # of J that a statement must earn to be worth reading
LEAST_TO_REPLACE = 1.0  # nats of J by which another proposal must be better than the one that stands
STRENGTH = 1.0
OFFERS_LOGGED = 3
PROPOSALS = 3
AT_ONCE, MANY_CASES = 3, 2_000  # moves between two fits, and from how many cases


@dataclass(frozen=True, slots=True)
class LearnResult:
    """What a run of the search did.

    Attributes:
        run: Its name in the moves.
        steps: Moves taken.
        statements: Testable statements in Z.
        J: The objective at the end, in nats.
        terms: What J is made of, in nats.
        seed: For folds and drawn worlds.
        scope: ``on``, or ``off`` for the formula as written.
        stopped: Why it ended early; None when nothing was left that earns its reading.
        cost: What it took.
    """

    run: str
    steps: int
    statements: int
    J: float
    terms: Mapping[str, float]
    seed: int
    scope: Scope
    stopped: str | None
    cost: Cost

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        return {**plain, "terms": dict(self.terms), "cost": self.cost.to_dict()}


@dataclass(frozen=True, slots=True)
class _Offer:
    """A move that could be made.

    Attributes:
        address: What would be unpacked.
        children: What would be committed.
        gain: Nats of J.
        age: In which step it was weighed.
        proposal: Which of the proposals it is.
    """

    address: Address
    children: tuple[Draft, ...]
    gain: float
    age: int
    proposal: int

    @property
    def worth(self) -> float:
        """Nats beyond what the reading of its children costs."""
        return self.gain - LEAST_NATS * len(self.children)


@dataclass(slots=True)
class _Search:
    """The state of one run; all of it can be computed again from the tree."""

    tree: Tree
    objective: Objective
    rows: Codes
    unpacker: Unpacker
    run: str
    step: int = 0
    cost: Cost = field(default_factory=Cost)
    offers: dict[Address, _Offer] = field(default_factory=dict)
    proposed: dict[Address, tuple[Proposal, ...]] = field(default_factory=dict)
    prior: Prior = field(default_factory=lambda: fit_prior([]))
    background: Background = field(default_factory=lambda: Background((), (), (), 0))
    standing: Standing | None = None
    texts_read: set[Address] = field(default_factory=set)
    chance: Chance = field(default_factory=Chance)
    prefers: Callable[[Statement], float] = field(default=lambda _: 0.0)

    def look_again(self) -> Standing:
        """Gather Z from the tree and fit its folds."""
        self.background = background_of(self.tree)
        self.prior = prior_of(self.tree, self.tree.judgements(), self.background.every)
        scorecard = self.background.scorecard(self.prior, self.tree.task.classes, cautious=True)
        A = self.background.matches(self.tree.D_for_choosing.cases)[self.rows]
        claims = tuple(s.address for s in self.background.stand_ins())
        self.standing = self.objective.stand(scorecard, A, claims, self.standing)
        return self.standing

    def best_offers(self) -> list[_Offer]:
        """The offer worth most, weighed against Z as it stands, and others nearly as good; none if none is.

        With many cases several are taken between two fits.
        """
        aspects = text_aspects(self.tree, self.background.every)
        frontier = {
            s.address: s
            for s in self.background.every
            if not s.is_unpacked
            and s.address not in self.background.words.place
            and not is_read_whole(s, aspects)
        }
        for s in frontier.values():
            if s.address not in self.offers:
                self.offers[s.address] = self.weigh(s)
        best: list[_Offer] = []
        while len(best) < (AT_ONCE if len(self.rows) >= MANY_CASES else 1):
            chosen = {o.address for o in best}
            least = 0.5 * best[0].worth if best else 0.0
            open_ones = [
                o for a, o in self.offers.items() if a in frontier and a not in chosen and o.worth > least
            ]
            ranked = sorted(
                open_ones,
                key=lambda o: (
                    -o.worth - self.chance.luck(o.address) - self.prefers(frontier[o.address]),
                    o.address,
                ),
            )
            if not ranked:
                break
            if ranked[0].age == self.step:
                best.append(ranked[0])
                self._log_passed_over(ranked[1 : 1 + OFFERS_LOGGED])
            else:
                self.offers[ranked[0].address] = self.weigh(frontier[ranked[0].address])
        return best

    def weigh(self, s: Statement) -> _Offer:
        """The offer of unpacking a statement, at what it would add to J as Z stands.

        All proposals are weighed at first, since what is approved most where everything carries over may hang
        on something that people doubt; then the chosen one again.
        """
        if s.address not in self.proposed:
            self.proposed[s.address] = propose(self.tree, s.address, self.unpacker, n=PROPOSALS, seed=0)
        proposals = self.proposed[s.address]
        if all(p.problems for p in proposals):
            return _Offer(s.address, (), 0.0, self.step, 0)
        approved = best_approved(s.address, proposals)
        if any(c.when is None for c in proposals[approved].children):  # aspects: their points lie below them
            approval = proposals[approved].approval
            nats = float(approval.terms["gain_nats"]) if approval else 0.0
            return _Offer(s.address, proposals[approved].children, nats, self.step, approved)
        if s.address in self.offers:
            candidates = [self.offers[s.address].proposal]
        else:
            candidates = [i for i, p in enumerate(proposals) if not p.problems]
        weighed = []
        for i in candidates:
            children = proposals[i].children
            weighed.append(_Offer(s.address, children, self.gain_of(s.address, children), self.step, i))
        return max(weighed, key=lambda o: (o.worth, o.proposal == approved))

    def gain_of(self, address: Address, children: tuple[Draft, ...]) -> float:
        """Nats of J that children below an address would earn."""
        if not children or self.standing is None:
            return 0.0
        testable = [Statement(child(address, i), c) for i, c in enumerate(children) if c.when]
        tau, needs = switches_of(self.background.every, testable, self.prior, cautious=True)
        board = self.standing.scorecard.board.extended(tau, needs)
        side = sides_of(testable, self.tree.task.classes)
        cases = self.tree.D_for_choosing.cases
        A = cases.matches([s.draft.when or "" for s in testable]).astype(np.float64)
        return self.objective.gain(self.standing, board, side, A[self.rows])

    def take(self, offers: list[_Offer]) -> None:
        """Commit offers, fit, and record both."""
        before = self.standing
        for offer in offers:
            proposals = self.proposed[offer.address]
            by = "approval" if offer.proposal == best_approved(offer.address, proposals) else "search"
            choice = Choice(proposals, offer.proposal, by)
            done = unpack_step(self.tree, offer.address, self.unpacker, n=PROPOSALS, choice=choice)
            self.step += 1
            self.cost += done.cost
        self.read_texts()
        after = self.look_again().terms.to_dict() | {"J_before": before.terms.J if before else 0.0}
        for offer in offers:
            why = f"promised {offer.gain:.1f} nats of J"
            self.record("unpack", offer.address, why, {"offered": offer.gain, **after})

    def read_texts(self) -> bool:
        """Bring in all words of text columns whose aspects are unpacked; whether there were any to bring in.

        Words are not chosen one by one: their points and people's doubts about them choose.
        """
        found = False
        for aspect in text_aspects(self.tree, list(self.tree.walk(levels=2))):
            if aspect.is_unpacked and aspect.address not in self.texts_read:
                found = grow_words(self.tree, aspect, self.unpacker) > 0 or found
                self.texts_read.add(aspect.address)
        return found

    def replace(self, done: Expansion, proposal: int, gain: float) -> None:
        """Commit another proposal of an expansion into the next slot, and follow that one."""
        store, tree_id = self.tree.store, self.tree.tree_id
        slot = 1 + max(e.slot for e in store.expansions(tree_id, done.address))
        lease = store.lease(tree_id, done.address, slot, worker=f"search-{self.run}", seconds=LEASE_SECONDS)
        if lease is None:
            return
        choice = Choice(done.proposals, proposal, "search")
        unpack_under(self.tree, lease, self.unpacker, n=PROPOSALS, choice=choice)
        store.choose(tree_id, done.address, slot)
        self.step += 1
        why = f"{done.proposals[proposal].how} earns {gain:.1f} nats of J more than what stood"
        self.record("replace", done.address, why, {"gain": gain, "slot": float(slot)})

    def record(self, kind: str, address: Address, why: str, terms: Mapping[str, float]) -> None:
        """One move that was taken."""
        self.tree.log(Move(kind, address, "search", True, why, dict(terms), self.run, time.time()))

    def _log_passed_over(self, offers: list[_Offer]) -> None:
        self.tree.log(
            *(
                Move(
                    "unpack",
                    o.address,
                    "search",
                    False,
                    "another move promised more",
                    {"offered": o.gain},
                    self.run,
                    time.time(),
                )
                for o in offers
            )
        )


def learn(  # noqa: PLR0913  # the options of a run, as people type them
    tree: Tree,
    *,
    budget: Budget | None = None,
    scope: Scope = "on",
    ask: Callable[[Question], None] | None = None,
    resume: bool = True,
    seed: int | None = None,
    progress: Callable[[LearnResult], None] | None = None,
    chance: Chance | None = None,
) -> LearnResult:
    """Search for the Z that explains D in the worlds that people believe in; people are asked when worth it.

    All that is found is in the tree after every step, so a stopped run goes on where it was.

    Args:
        tree: Whose Z.
        budget: When to stop; 200 testable statements are the limit in any case.
        scope: ``off`` runs the objective as it was first written, everything on and log Prior(Z) added.
        ask: Puts a question to a person and stores the answer; None asks nobody.
        resume: Go on under the name of the last run.
        seed: For folds and drawn worlds; the task's if None.
        progress: Called after each step.
        chance: How it strays from the best move; not at all if None.
    """
    refuse_without_cases(tree)
    if scope not in ("on", "off"):
        raise InputError(f"{scope!r} is no scope.", where="--scope", remedy="Use on or off.")
    begun_with = tree.task.seed if seed is None else seed
    search = _begin(tree, scope, resume=resume, chance=chance or Chance(seed=begun_with), seed=begun_with)
    began = time.monotonic()
    if not (budget and budget.used_up(Cost())):
        _set_out(search)

    def result(stopped: str | None) -> LearnResult:
        terms = search.standing.terms.to_dict() if search.standing else {}
        cost = Cost(search.step, search.cost.tokens, search.cost.usd, time.monotonic() - began)
        return LearnResult(
            search.run,
            search.step,
            len(search.background.testable) + len(search.background.words),
            terms.get("J", 0.0),
            terms,
            search.objective.seed,
            scope,
            stopped,
            cost,
        )

    stopped = None
    while stopped is None:
        limit = budget.used_up(result(None).cost) if budget else None
        if limit or len(search.background.testable) >= MOST_STATEMENTS:
            stopped = f"budget ({limit})" if limit else None
            break
        offers = search.best_offers()
        if not offers:
            break
        search.take(offers)
        if progress:
            progress(result(None))
    if stopped is None:
        _drop_what_does_not_earn(search)
    if ask is not None:
        _ask(search, ask, budget)
    refit(tree, seed=seed)
    _remember_run(search, stopped)
    return result(stopped)


def _begin(tree: Tree, scope: Scope, *, resume: bool, chance: Chance, seed: int) -> _Search:
    rows = chance.rows(tree.D_for_choosing.n)[:MOST_CASES]
    y = tree.D_for_choosing.y[rows]
    folds = tuple(folds_of(len(y), seed))
    last = tree.record.spec.get("run")
    run = str(last) if resume and last else uuid.uuid4().hex[:12]
    objective = Objective(y, folds, STRENGTH, seed, literal=scope == "off")
    search = _Search(tree, objective, rows, InductionUnpacker(), run, chance=chance)
    search.prefers = preference_of(tree)
    tree.remember({"run": run})
    search.look_again()
    return search


def _remember_run(search: _Search, stopped: str | None) -> None:
    if stopped is None:
        search.tree.remember({"run": None})


def _set_out(search: _Search) -> None:
    """Unpack the root if nothing is there yet; mend what people's ratings have put in another light."""
    root = search.background.every[0]
    if not root.is_unpacked:
        search.take([search.weigh(root)])
    elif search.read_texts():
        search.look_again()
    _replace_what_fell_behind(search)


def _replace_what_fell_behind(search: _Search) -> None:
    """Commit another proposal of a step where, since people rated, it earns more than the one that stands.

    Only where nothing was built on the children: no expansion below them, no rating, nothing written by hand.
    """
    for s in search.background.every:
        children = search.tree.children(s.address) if s.is_unpacked else []
        if children and all(_is_replaceable(search, c) for c in children):
            done = next(
                e for e in search.tree.store.expansions(search.tree.tree_id, s.address) if e.is_current
            )
            gains = _gains_of_rivals(search, done, children)
            best = max(gains, key=lambda i: gains[i], default=None)
            if best is not None and gains[best] > LEAST_TO_REPLACE:
                search.replace(done, best, gains[best])
                search.look_again()


def _is_replaceable(search: _Search, s: Statement) -> bool:
    is_own = s.draft.origin == search.unpacker.name and s.draft.when is not None
    return is_own and not s.n_children and s.address not in search.prior.rated


def _gains_of_rivals(search: _Search, done: Expansion, children: list[Statement]) -> dict[int, float]:
    """Per other proposal, nats of J that it would earn in the place of what stands."""
    standing = search.standing
    if standing is None:
        return {}
    claim_of = dict(
        zip((s.address for s in search.background.testable), search.background.copy_of, strict=True)
    )
    claims = [claim_of[c.address] for c in children]
    lost = search.objective.without(standing, claims)
    search.standing = silenced(standing, claims)
    rivals = [
        i
        for i, p in enumerate(done.proposals)
        if i != done.committed and not p.problems and p.children and all(c.when for c in p.children)
    ]
    gains = {i: lost + search.gain_of(done.address, done.proposals[i].children) for i in rivals}
    search.standing = standing
    return gains


def _drop_what_does_not_earn(search: _Search) -> None:
    """Take claims without children out of Z whose points cost more than they earn, out of fold."""
    standing = search.standing
    if standing is None or not search.background.testable:
        return
    harmless = [
        s
        for s, claim in zip(search.background.testable, search.background.copy_of, strict=True)
        if not s.n_children
        and s.draft.origin == search.unpacker.name
        and s.address not in search.prior.rated
        and search.objective.without(standing, [claim]) >= 0.0
    ]
    if not harmless:
        return
    for s in harmless:
        search.tree.store.set_dropped(search.tree.tree_id, s.address, is_dropped=True)
    after = search.look_again()
    if after.terms.J < standing.terms.J - LEAST_NATS:
        for s in harmless:
            search.tree.store.set_dropped(search.tree.tree_id, s.address, is_dropped=False)
        search.look_again()
        return
    for s in harmless:
        search.step += 1
        search.record("drop", s.address, "earns nothing out of fold", after.terms.to_dict())


def _ask(search: _Search, ask: Callable[[Question], None], budget: Budget | None) -> None:
    """Put questions while an answer is worth it and people have time left."""
    refit(search.tree)
    asked, put = 0.0, set[tuple[str, Address]]()
    while budget is None or budget.used_up(Cost(human_seconds=asked)) is None:
        began = time.monotonic()
        open_ones = questions(search.tree, rater="human:me", limit=len(put) + 1)
        waiting = [q for q in open_ones if (q.kind, q.address) not in put]  # whoever answered
        if not waiting or (waiting[0].kind == "rating" and waiting[0].nats < HARDLY):
            return
        said = len(search.tree.judgements())
        put.add((waiting[0].kind, waiting[0].address))
        ask(waiting[0])
        asked += time.monotonic() - began
        if len(search.tree.judgements()) == said:
            return
        search.record("ask", waiting[0].address, f"worth {waiting[0].nats:.3f} nats a case", {})
        latest_fit(search.tree)
