"""The audit: people are asked again on later random cases, whether f still imitates them.

The test may look at any time. Two bets run against each other (Waudby-Smith and Ramdas 2024, with Ville's
inequality): one wins a stake of twenty if f is further from people than it was certified to be, the other if
it is nearer than that. Whoever gets there first ends the audit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Literal, cast

import numpy as np

from kb.arrays import Numbers
from kb.cases import Cases
from kb.errors import InputError
from kb.knowledge import Tree
from learning.people.certificate import divergences, most_divergence
from learning.people.forecasts import Arm, forecasts
from learning.people.imitation import imitate, kept_imitation
from learning.people.keeping import body_of, certificate_from
from learning.people.reading import said_of
from learning.people.samples import Sample, draw_sample, samples

__all__ = ["Audit", "audit_state", "begin_audit", "is_audited", "sequential_test"]

KIND = PREFIX = "audit"
ALPHA = 0.05
_MOST_BET = 0.75
Verdict = Literal["still imitates", "no longer imitates", "undecided"]


@dataclass(frozen=True, slots=True)
class Audit:
    """How an audit stands.

    Attributes:
        outcome: What it has found.
        limit: Nats that f was certified to differ from people by at most.
        measured: Mean divergence on the cases asked so far, in nats.
        n: Forecasts so far.
        planned: Cases of the audit's sample.
        sample: Its name.
        arm: Which forecasts f imitates, and the audit asks for.
    """

    outcome: Verdict
    limit: float
    measured: float
    n: int
    planned: int
    sample: str
    arm: Arm

    @property
    def sentence(self) -> str:
        """What it says."""
        measured = f"{self.measured:.2f} nats on {self.n} of {self.planned} cases, certified {self.limit:.2f}"
        said = {
            "still imitates": f"f still imitates people ({measured}).",
            "no longer imitates": f"f no longer imitates people ({measured}). Draw a new sample and fit it.",
            "undecided": f"Nothing is decided yet ({measured}).",
        }
        return said[self.outcome] if self.n else f"Nobody has forecast a case of {self.sample} yet."

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces."""
        return {**{name: getattr(self, name) for name in self.__slots__}, "sentence": self.sentence}


def begin_audit(tree: Tree, *, n: int = 60, seed: int = 0) -> Sample:
    """The sample of the audit that is going on, or a new one of n cases that are in no sample yet.

    What f is now, and what it foretells of these cases, is kept with it: that is what the audit is about,
    whatever is rated or fitted meanwhile. A reader's numbers alone would not do, as it reads Z's points.

    Raises:
        InputError: There are no n cases left, or f has no certificate to be held to.
    """
    made = _audits(tree)
    if made and audit_of(tree, made[-1]).outcome == "undecided" and not _is_done(tree, made[-1]):
        return made[-1]
    imitation = imitate(tree, seed=seed)
    if imitation.certificate is None:
        raise InputError(
            f"f has no certificate that an audit could hold it to. {imitation.refused}", where=tree.name
        )
    # one that was stopped while f foretold its cases has a sample and nothing else: its name is taken
    taken = {s.name for s in samples(tree)}
    name = next(name for k in count(len(made) + 1) if (name := f"{PREFIX} {k}") not in taken)
    sample = draw_sample(tree, n, seed=seed, name=name)
    foretold = imitation.forecast(_cases_of(tree, sample)).tolist()
    body = {**imitation.to_dict(), "f": body_of(imitation.f), "forecasts": foretold}
    tree.store.put_document(tree.tree_id, KIND, name, body)
    return sample


def _audits(tree: Tree) -> list[Sample]:
    """Samples with which f was kept; anybody may call one of their own something with audit."""
    return [
        s
        for s in samples(tree)
        if s.name.startswith(PREFIX) and tree.store.document(tree.tree_id, KIND, s.name) is not None
    ]


def _is_done(tree: Tree, sample: Sample) -> bool:
    asked = {f.case for f in forecasts(tree)}
    return all(case in asked for case in sample.cases)


def is_audited(tree: Tree) -> bool:
    """An audit was begun."""
    return bool(_audits(tree))


def audit_state(tree: Tree) -> Audit:
    """How the newest audit stands.

    Raises:
        InputError: None was begun.
    """
    made = _audits(tree)
    if not made:
        raise InputError("no audit was begun.", where=tree.name, remedy="Begin one: priory audit --n 60")
    return audit_of(tree, made[-1])


def audit_of(tree: Tree, sample: Sample) -> Audit:
    """How the audit on one sample stands."""
    kept = tree.store.document(tree.tree_id, KIND, sample.name)
    body = kept.body if kept else {}
    certificate = certificate_from(body.get("certificate"))
    if certificate is None:
        raise InputError("the audit lost what f was certified to be.", where=f"{tree.name} {sample.name}")
    arm = cast("Arm", body["arm"])
    far = _divergences(tree, _foretold(tree, body, sample), arm, sample)
    limit = certificate.nats
    most = most_divergence(len(tree.task.classes))
    outcome = sequential_test(far / most, min(limit / most, 1.0), planned=len(sample.cases))
    measured = float(far.mean()) if len(far) else 0.0
    return Audit(outcome, limit, measured, len(far), len(sample.cases), sample.name, arm)


def _foretold(tree: Tree, body: Mapping[str, Any], sample: Sample) -> Numbers:
    """What f foretold of the sample's cases when the audit began, shape (n, K)."""
    if "forecasts" in body:
        return np.array(body["forecasts"], dtype=np.float64)
    # begun by a version that kept f without them: the best that is left is f with Z's points of today
    return kept_imitation(tree, body, sample).forecast(_cases_of(tree, sample))


def _cases_of(tree: Tree, sample: Sample) -> Cases:
    return tree.Dstar.take(np.array(sample.cases, dtype=np.int64))


def _divergences(tree: Tree, foretold: Numbers, arm: Arm, sample: Sample) -> Numbers:
    """Per case of the sample that people forecast, in the order drawn, how far f is from them."""
    people = said_of(forecasts(tree, arm=arm), tree.task.classes).by_case(sample.cases)
    given = np.flatnonzero(~np.isnan(people).any(axis=1))
    return divergences(people[given], foretold[given]) if len(given) else np.zeros(0)


def sequential_test(x: Numbers, limit: float, *, planned: int) -> Verdict:
    """Whether the mean of values in [0, 1] is above or below a limit; wrong in 5 % of audits at most.

    Args:
        x: In the order drawn, shape (n,).
        limit: In [0, 1].
        planned: How many were meant to be drawn, which sets the stakes.
    """
    above, below, seen, squares = 0.0, 0.0, 0.0, 0.25
    goal = np.log(1.0 / ALPHA)
    for t, value in enumerate(x.tolist(), start=1):
        stake = np.sqrt(2.0 * goal / (max(squares / t, 1e-4) * planned))
        gain = value - limit
        above += float(np.log1p(min(stake, _MOST_BET / max(limit, 1e-9)) * gain))
        below += float(np.log1p(-min(stake, _MOST_BET / max(1.0 - limit, 1e-9)) * gain))
        if above >= goal:
            return "no longer imitates"
        if below >= goal:
            return "still imitates"
        seen += value
        squares += (value - (0.5 + seen) / (1.0 + t)) ** 2
    return "undecided"
