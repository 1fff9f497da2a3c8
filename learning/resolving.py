"""Resolved cases: some labels of D* became known, and worlds are reweighted by how well they foretold them.

    P(g | resolved) ∝ P(g) Π f(y_i | x_i, g),      the world in which D* is as D was among them

Points don't learn from these labels: they say which doubts were right, not how to predict. What had been
forecast before a label became known is kept with it, and is what a report scores.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import log_softmax, logsumexp

from kb.arrays import Codes, Mask, Numbers
from kb.errors import FailedError, InputError
from kb.knowledge import Tree
from kb.records import Document
from kb.stores.protocol import StaleDocumentError
from learning.expectation import expectation_in
from learning.fitting import Fit, latest_fit
from learning.matches import Matches
from learning.scorecard import all_on, contributions, log_likelihood, said_by_words
from learning.scores import CLIP
from learning.switches import MOST_ENUMERATED, Worlds, drawn_worlds, every_world

__all__ = [
    "Resolution",
    "Resolved",
    "current_fit",
    "in_the_light_of_labels",
    "resolve",
    "resolved_cases",
    "reweighted",
]

KIND, KEY = "resolved", "all"
MOST_TRIES = 20
DRAWS = 4_096
LEAST_WORLDS = 50.0  # drawn ones that must stay in play; the labels count less if too few would
LOWEST, HIGHEST = 0.02, 0.98
NEGLIGIBLE = 1e-6  # of the likeliest world


@dataclass(frozen=True, slots=True)
class Resolved:
    """Cases of D* whose label is known.

    Attributes:
        cases: Positions in D*, ascending, shape (r,).
        y: Their classes, shape (r,).
        p: What was forecast before each became known, shape (r, K).
    """

    cases: Codes
    y: Codes
    p: Numbers


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a call of ``resolve`` did.

    Attributes:
        added: Cases that were resolved now.
        known: Cases that were resolved before with the same label.
        resolved: Cases that are resolved in all.
        log_loss: Of the forecasts that had been made of the cases added, in nats; NaN for none.
        accuracy: Likewise.
        as_D: Probability that D* is as D was, before and after.
        switches: Rated and unrated switches whose plausibility moved, with before and after, most first.
    """

    added: int
    known: int
    resolved: int
    log_loss: float
    accuracy: float
    as_D: tuple[float, float]  # noqa: N815  # D is the name of the labelled cases
    switches: tuple[tuple[str, float, float], ...]

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        return {**plain, "as_D": list(self.as_D), "switches": [list(s) for s in self.switches]}


def resolved_cases(tree: Tree) -> Resolved:
    """The cases whose label is known; none at first."""
    return _read(tree.store.document(tree.tree_id, KIND, KEY), len(tree.task.classes))


def _read(stored: Document | None, classes: int) -> Resolved:
    said: Mapping[str, Any] = stored.body["cases"] if stored else {}
    cases = sorted(said, key=int)
    return Resolved(
        np.array([int(c) for c in cases], dtype=np.int64),
        np.array([said[c]["y"] for c in cases], dtype=np.int64),
        np.array([said[c]["p"] for c in cases], dtype=np.float64).reshape(-1, classes),
    )


def resolve(tree: Tree, labels: Codes) -> Resolution:
    """Note labels of D* that became known, each with what had been forecast, and reweight the worlds.

    Args:
        tree: Whose D*.
        labels: Class codes of D*, −1 where not known, shape (n,).

    Raises:
        InputError: No label is known, or one differs from what was resolved before.
    """
    known = np.flatnonzero(labels >= 0)
    if not len(known):
        raise InputError(
            "no label is known in it.", where=tree.name, remedy="Fill the target where it is known."
        )
    before = current_fit(tree)
    p = before.forecast(before.background.matches(tree.Dstar.take(known)))
    new, resolved = _keep(tree, known, labels, p)
    after = current_fit(tree)
    y = labels[known][new]
    losses = -np.log(np.maximum(p[new][np.arange(len(y)), y], CLIP)) if len(y) else np.array([np.nan])
    hits = p[new].argmax(axis=1) == y if len(y) else np.array([np.nan])
    return Resolution(
        len(new),
        len(known) - len(new),
        resolved,
        float(losses.mean()),
        float(np.mean(hits)),
        (before.as_D, after.as_D),
        _moved(before, after),
    )


def _keep(tree: Tree, known: Codes, labels: Codes, p: Numbers) -> tuple[Codes, int]:
    """Store what is new of it; which that is, and how many are resolved then."""
    for _ in range(MOST_TRIES):
        stored = tree.store.document(tree.tree_id, KIND, KEY)
        said: dict[str, Any] = dict(stored.body["cases"]) if stored else {}
        new = _checked(tree, said, known, labels)
        now = time.time()
        for i in new:
            said[str(int(known[i]))] = {"y": int(labels[known[i]]), "p": p[i].tolist(), "at": now}
        try:
            version = stored.version if stored else 0
            tree.store.put_document(tree.tree_id, KIND, KEY, {"cases": said}, expected=version)
        except StaleDocumentError:
            continue
        return new, len(said)
    raise FailedError("others keep resolving cases.", where=tree.name, remedy="Try again in a moment.")


def _checked(tree: Tree, said: Mapping[str, Any], known: Codes, labels: Codes) -> Codes:
    """Which of the known ones are new."""
    new = []
    for i, case in enumerate(known.tolist()):
        old = said.get(str(case))
        if old is not None and old["y"] != labels[case]:
            classes = tree.task.classes
            raise InputError(
                f"case {case} was resolved as {classes[old['y']]}, now it is {classes[int(labels[case])]}.",
                where=tree.name,
                remedy="A label that was resolved stays; correct the file.",
            )
        if old is None:
            new.append(i)
    return np.array(new, dtype=np.int64)


def _moved(before: Fit, after: Fit) -> tuple[tuple[str, float, float], ...]:
    was = dict(zip(before.scorecard.board.names, before.scorecard.board.tau, strict=True))
    now = zip(after.scorecard.board.names, after.scorecard.board.tau, strict=True)
    moved = [(name, was.get(name, tau), tau) for name, tau in now if abs(was.get(name, tau) - tau) > 0.005]
    return tuple(sorted(moved, key=lambda m: -abs(m[2] - m[1])))


def current_fit(tree: Tree) -> Fit:
    """The newest fit, its worlds reweighted by the labels of D* that became known."""
    return in_the_light_of_labels(tree, latest_fit(tree))


def in_the_light_of_labels(tree: Tree, fit: Fit) -> Fit:
    """A fit of a tree, its worlds reweighted by the labels of D* that became known."""
    known = resolved_cases(tree)
    if not len(known.cases):
        return fit
    return reweighted(fit, fit.background.matches(tree.Dstar.take(known.cases)), known.y)


def reweighted(fit: Fit, A: Matches, y: Codes) -> Fit:
    """The fit in the light of some labels: other weights of its worlds, the same points.

    Up to twelve doubtful switches all worlds are weighed, and stay dependent on each other as the labels make
    them. With more, drawn worlds are, and each switch keeps only its own plausibility; where the labels would
    leave fewer than fifty drawn worlds in play, they all count for less. Words of texts stay as they were.

    Args:
        fit: Before.
        A: Which statement speaks about which resolved case, r of them.
        y: Their labels, shape (r,).
    """
    board = fit.scorecard.board
    is_every = len(board.doubtful) <= MOST_ENUMERATED
    worlds = every_world(board) if is_every else drawn_worlds(board, DRAWS, np.random.default_rng(fit.seed))
    log_f = _log_f_of_worlds(fit, worlds, A, y)
    with np.errstate(divide="ignore"):
        log_prior = np.log(worlds.weight)
    likely, log_evidence = _tempered(log_f, log_prior, every=is_every)
    plain = all_on(fit.scorecard)
    on = expectation_in(plain.board, every_world(plain.board), len(y), plain.classes, seed=fit.seed)
    log_as_D = float(log_likelihood(plain, fit.plain, A, y, on).sum())
    as_D = _posterior(fit.as_D, log_as_D, log_evidence)
    tau = likely @ worlds.switches
    tau = np.where(_is_doubtful(board.tau), np.clip(tau, LOWEST, HIGHEST), np.array(board.tau))
    card = replace(fit.scorecard, board=board.with_tau(tau.tolist()))
    left = _in_play(worlds, likely) if is_every else None
    return replace(fit, scorecard=card, as_D=as_D, worlds=left)


def _in_play(worlds: Worlds, likely: Numbers) -> Worlds:
    """The worlds without those that the labels have all but ruled out, which would only cost time."""
    kept = likely > NEGLIGIBLE * likely.max()
    return Worlds(worlds.switches[kept], likely[kept] / likely[kept].sum())


def _is_doubtful(tau: tuple[float, ...]) -> Mask:
    values = np.array(tau)
    return np.asarray((values > 0.0) & (values < 1.0))


def _log_f_of_worlds(fit: Fit, worlds: Worlds, A: Matches, y: Codes) -> Numbers:
    """Per world Σ log f(y | x, world) over the cases, shape (W,); words at their mean."""
    S = contributions(fit.scorecard, A.claims, fit.points.theta)
    cloud = said_by_words(fit.scorecard, A, fit.points, doubted=True)
    base = np.tile(fit.points.b, (len(y), 1))
    if cloud is not None:
        mean = cloud.mean if cloud.mean.shape[1] > 1 else np.hstack([-cloud.mean, cloud.mean]) / 2.0
        base = base + mean
    on, which = np.unique(fit.scorecard.board.families_on(worlds.switches), axis=0, return_inverse=True)
    found = np.zeros(len(on))
    for i in range(len(y)):
        u = base[i] + on @ S[:, i]
        found += log_softmax(u, axis=1)[:, y[i]]
    return np.asarray(found[which.ravel()])


def _tempered(log_f: Numbers, log_prior: Numbers, *, every: bool) -> tuple[Numbers, float]:
    """Weights of the worlds, and the log evidence of the labels; drawn worlds are kept in play."""
    power = 1.0
    while True:
        log_w = power * log_f + log_prior
        log_evidence = float(logsumexp(log_w))
        weight = np.exp(log_w - log_evidence)
        if every or 1.0 / float((weight**2).sum()) >= LEAST_WORLDS or power < 1e-3:
            return weight, float(logsumexp(log_f + log_prior))
        power *= 0.8


def _posterior(p: float, log_one: float, log_other: float) -> float:
    if p in (0.0, 1.0):
        return p
    odds = np.log(p) - np.log1p(-p) + log_one - log_other
    return float(1.0 / (1.0 + np.exp(-np.clip(odds, -50.0, 50.0))))
