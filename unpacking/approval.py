"""Approval without a person: what D and D* say about a proposal that passed the checks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
from threadpoolctl import ThreadpoolController

from kb.arrays import Codes, Mask, Numbers
from kb.figures import count
from kb.records import Approval, Proposal
from kb.statements import Draft
from unpacking.counts import fold_of, gain_nats
from unpacking.protocol import Situation
from unpacking.regression import is_small, softmax_regression
from unpacking.word_approval import phrases_of, score_words

__all__ = ["score_by_data"]

COMFORTABLE_CHILDREN = 10
LEAST_NATS = 0.3  # that a child must earn to be worth reading
CASES_LOOKED_AT = 5_000
CASES_TO_REGRESS = 1_500
_WEIGHTS = {"gain": 0.7, "coverage": 0.15, "readability": 0.15}


def score_by_data(situation: Situation, proposal: Proposal) -> Approval:
    """Approval from D and D*: nats that the children earn out of fold, what they cover, how they read.

    Looks at the path alone, everything on, so that it does not depend on what else was unpacked or rated.
    """
    if proposal.problems:
        return Approval(-1.0, reasons=proposal.problems)
    if not proposal.children:
        return Approval(0.0, reasons=("nothing more specific is supported",))
    if not any(c.when or c.columns for c in proposal.children) or not situation.D.n:
        return _without_data(proposal.children)
    if phrases := phrases_of(situation, proposal.children):
        return score_words(situation, phrases)
    gain, available = _gain(situation, proposal.children)
    coverage = _coverage(situation, proposal.children)
    readability = _readability(proposal.children)
    earned = max(gain - LEAST_NATS * len(proposal.children), 0.0)
    terms = {"gain": earned / available, "coverage": coverage, "readability": readability}
    score = sum(weight * terms[name] for name, weight in _WEIGHTS.items())
    if gain <= 0.0:
        score = -0.5 * min(1.0, 0.2 + abs(gain) / available)
    reasons = (
        f"earns {gain:.1f} of {available:.0f} nats on D, out of fold",
        f"speaks about {100 * coverage:.0f} % of the cases to predict that its parent speaks about",
        _size(proposal.children),
    )
    terms |= {"gain_nats": gain, "available_nats": available, **_per_child(situation, proposal.children)}
    return Approval(float(np.clip(score, -1.0, 1.0)), reasons, terms)


def _without_data(children: Sequence[Draft]) -> Approval:
    """Of statements that no column can test: how they read, and nothing else is known."""
    readability = _readability(children)
    reasons = (
        "no column of D can test it",
        _size(children),
    )
    score = _WEIGHTS["readability"] * readability
    return Approval(score, reasons, {"readability": readability})


def _per_child(situation: Situation, children: Sequence[Draft]) -> dict[str, float]:
    """Per child with a condition and a side: its cases of D, and what it adds to the log-odds of its side."""
    task, D = situation.task, situation.D
    sided = [(i, c) for i, c in enumerate(children) if c.when and c.side in task.classes]
    if not sided:
        return {}
    applies = D.cases.matches([c.when or "" for _, c in sided])
    found = {}
    for (i, child), column in zip(sided, applies.T, strict=True):
        is_side = D.y == task.classes.index(child.side or "")
        inside, outside = (
            math.log((is_side[part].sum() + 0.5) / ((~is_side[part]).sum() + 0.5))
            for part in (column, ~column)
        )
        found[f"child {i} cases"] = float(column.sum())
        found[f"child {i} log-odds"] = inside - outside
    return found


def _rows(situation: Situation) -> Codes:
    """Cases of D to look at, in random order."""
    n = situation.D.n
    return np.random.default_rng(situation.task.seed).permutation(n)[:CASES_LOOKED_AT]


def _gain(situation: Situation, children: Sequence[Draft]) -> tuple[float, float]:
    """Nats earned over the classes of the parent's cases, and nats that could be earned at most."""
    rows = _rows(situation)
    D, classes = situation.D, len(situation.task.classes)
    y, fold = D.y[rows], fold_of(len(rows), situation.task.seed)
    within = np.ones(len(rows), dtype=np.bool_)
    if situation.path_when:
        within = D.cases.matches([situation.path_when])[rows, 0]
    share = np.bincount(y[within], minlength=classes) / max(within.sum(), 1)
    available = float(-(within.sum() * share[share > 0] @ np.log(share[share > 0]))) + 1e-9
    aspects = [c for c in children if c.when is None and c.columns]
    claims = [c.when for c in children if c.when]
    gains = []  # of a mixed set the better part: together they earn no less
    if aspects:
        gains.append(_gain_of_columns(situation, aspects, rows, fold))
    if claims:
        gains.append(_gain_of_claims(D.cases.matches(claims)[rows][within], y[within], fold[within], classes))
    return max(gains), available


def _gain_of_claims(applies: Mask, y: Codes, fold: Codes, classes: int) -> float:
    """Nats that claims earn together: by counts where they exclude each other, else by their points."""
    if (applies.sum(axis=1) <= 1).all():
        piece = np.where(applies.any(axis=1), applies.argmax(axis=1), applies.shape[1])
        return gain_nats(piece.astype(np.int64), y, fold, classes)
    some = slice(0, CASES_TO_REGRESS)
    scale = len(y) / max(len(y[some]), 1)
    return scale * _regression_gain(applies[some].astype(np.float64), y[some], fold[some], classes)


def _gain_of_columns(situation: Situation, aspects: Sequence[Draft], rows: Codes, fold: Codes) -> float:
    """Nats that all their columns earn together: a logistic regression on their pieces, out of fold."""
    from unpacking.bins import bin_column
    from unpacking.vocabulary import text_pieces

    task, classes = situation.task, len(situation.task.classes)
    cases, y = situation.D.cases.take(rows), situation.D.y[rows]
    names = [c for draft in aspects for c in draft.columns]
    indicators = []
    for column in task.columns:
        if column.type == "text" and column.name in names:
            pieces = text_pieces(situation.D.cases.texts(column.name).take(rows), y, fold, classes)
            indicators += [] if pieces is None else [np.eye(int(pieces.max()) + 1)[pieces]]
            continue
        bins = bin_column(column, cases, y, classes, 4) if column.name in names else None
        if bins is not None:
            indicators.append(np.eye(len(bins.conditions) + 1)[np.minimum(bins.codes, len(bins.conditions))])
    if not indicators:
        return 0.0
    return _regression_gain(np.concatenate(indicators, axis=1), y, fold, classes)


def _regression_gain(X: Numbers, y: Codes, fold: Codes, classes: int) -> float:
    gain = 0.0
    for k in range(2):  # two halves are enough to rank proposals
        fit, score = fold % 2 != k, fold % 2 == k
        base = (np.bincount(y[fit], minlength=classes) + 1.0) / (fit.sum() + classes)
        p = np.tile(base * 1e-3, (int(score.sum()), 1))
        if len(np.unique(y[fit])) > 1:
            there, codes = np.unique(y[fit], return_inverse=True)
            p[:, there] += _fitted(X[fit], codes, len(there), X[score])
        else:
            p += base
        p /= p.sum(axis=1, keepdims=True)
        at = np.arange(len(p))
        gain += float((np.log(p[at, y[score]]) - np.log(base[y[score]])).sum())
    return gain


def _fitted(X: Numbers, y: Codes, classes: int, X_new: Numbers) -> Numbers:
    """Class probabilities of new cases by logistic regression."""
    if is_small(X.shape[1], classes):
        return softmax_regression(X, y, classes, X_new)
    from sklearn.linear_model import LogisticRegression

    with _blas().limit(limits=1, user_api="blas"):
        return np.asarray(LogisticRegression(max_iter=2000).fit(X, y).predict_proba(X_new))


@cache
def _blas() -> ThreadpoolController:
    """A fit this small is ten times slower with threads, and they sum in an order of their own."""
    return ThreadpoolController()


def _coverage(situation: Situation, children: Sequence[Draft]) -> float:
    """Share of the parent's cases of D* that some child speaks about."""
    when = [c.when for c in children if c.when]
    if not when:
        return 1.0
    n = situation.Dstar.n
    rows = np.arange(n) if n <= CASES_LOOKED_AT else np.arange(0, n, math.ceil(n / CASES_LOOKED_AT))
    path = [situation.path_when] if situation.path_when else []
    applies = situation.Dstar.matches([*when, *path])[rows]
    within = applies[:, -1] if path else np.ones(len(rows), dtype=np.bool_)
    return float(applies[within][:, : len(when)].any(axis=1).mean()) if within.any() else 0.0


def _size(children: Sequence[Draft]) -> str:
    return f"{count(len(children), 'statement')}, {_mean_length(children):.0f} characters each"


def _mean_length(children: Sequence[Draft]) -> float:
    return float(np.mean([len(c.text) for c in children]))


def _readability(children: Sequence[Draft]) -> float:
    """1 for up to ten short statements; falls with more and longer ones."""
    many = max(0, len(children) - COMFORTABLE_CHILDREN)
    long = max(0.0, _mean_length(children) - 90.0)
    return math.exp(-0.1 * many - 0.01 * long)
