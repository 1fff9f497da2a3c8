"""The reader: the scorecard with at most six numbers of its own, fitted to what people predict.

    u_k(x, g) = b_k exp(base) + scale · Σ_s g_s w_s(x) a_s(x) θ_sk          (two classes: b_k ± base/2)
    w_s(x)    = exp(−depth · levels below the first) / (how many speak about the same columns)^overlap
    g_s ~ τ_s^doubt  (0 where τ_s is 0)
    f         = (1 − lapse) E_g softmax(u) + lapse / K

With the numbers that it starts from it is the machine reader, and a Gaussian prior holds it there until
people's predictions say otherwise. It sees people's predictions and no label: the points are Z's, and reach
it as they stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.optimize import minimize

from kb.arrays import Mask, Numbers
from learning.matches import Matches
from learning.people.certificate import floored
from learning.people.reading import Reading
from learning.scorecard import Points
from learning.word_strength import USUAL_SPREAD

__all__ = ["PARAMETERS", "Reader", "fit_reader"]

# name: (start, lowest, highest, standard deviation of the prior)
PARAMETERS: Mapping[str, tuple[float, float, float, float]] = {
    "scale": (1.0, 0.0, 6.0, USUAL_SPREAD),
    "base": (0.0, -6.0, 6.0, 1.4),
    "overlap": (0.0, 0.0, 1.5, 0.3),
    "depth": (0.0, -1.0, 2.0, 0.3),
    "doubt": (1.0, 0.0, 4.0, 0.5),
    "lapse": (0.0, 0.0, 0.9, 0.1),
}
_STEP = 0.02  # of the numerical gradient; drawn worlds make the loss a fine staircase in ``doubt``
MOST_STEPS = 40
LEAST_BELIEF = 0.05  # what people doubt is still looked at where it says much


@dataclass(frozen=True, slots=True)
class Reader:
    """A fitted reader.

    Attributes:
        values: Its numbers by name, see the module.
        view: How many statements of a case it reads, the strongest first; None for all.
    """

    values: Mapping[str, float]
    view: int | None = None

    def forecast(self, reading: Reading) -> Numbers:
        """f(y | x, view) per case, shape (n, K)."""
        return _read(self.values, reading, _seen(reading, self.view))

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {"kind": "reader", "view": self.view, "values": dict(self.values)}


def _read(at: Mapping[str, float], reading: Reading, seen: Matches) -> Numbers:
    """Forecasts at some values of the parameters, shape (n, K), from what is ``seen`` of the cases."""
    fit, K = reading.fit, reading.fit.scorecard.classes
    card, doubt = fit.scorecard, at["doubt"]
    doubted = replace(
        card,
        board=card.board.with_tau(_doubted(np.array(card.board.tau), doubt).tolist()),
        words=card.words and replace(card.words, tau=_doubted(card.words.tau, doubt)),
    )
    points, plain = (_scaled(p, at, reading.word_depth) for p in (fit.points, fit.plain))
    changed = replace(fit, scorecard=doubted, points=points, plain=plain)
    p = changed.forecast(_weighed(seen, reading, at["overlap"], at["depth"]))
    mixed: Numbers = (1.0 - at["lapse"]) * p + at["lapse"] / K
    return mixed


def _doubted(tau: Numbers, doubt: float) -> Numbers:
    """τ^doubt, where what surely does not carry over stays off however lightly doubts are taken."""
    return np.asarray(np.where(tau > 0.0, tau**doubt, 0.0))


def _scaled(points: Points, at: Mapping[str, float], word_depth: Numbers) -> Points:
    """Points times one number, deeper words less; two classes' log-odds are moved, else b is stretched."""
    K, base = len(points.b), at["base"]
    b = points.b + np.array([-base / 2.0, base / 2.0]) if K == 2 else points.b * np.exp(base)
    words = points.words
    if len(words):
        words = at["scale"] * words * np.exp(-at["depth"] * (word_depth - word_depth.min()))[:, None]
    return replace(points, b=b, theta=at["scale"] * points.theta, words=words)


def _weighed(seen: Matches, reading: Reading, overlap: float, deeper: float) -> Matches:
    """How far each claim and word speaks, when deeper and overlapping ones count less."""
    claims, words = seen.claims, seen.words
    if claims.shape[1] and (overlap or deeper):
        member = np.eye(int(reading.group.max()) + 1)[reading.group]
        together = np.maximum((claims != 0.0) @ member, 1.0) ** -overlap
        claims = claims * np.exp(-deeper * (reading.depth - reading.depth.min())) * together[:, reading.group]
    if words is not None and overlap:
        spoken = np.maximum(np.diff(words.pattern.indptr), 1).astype(np.float64)
        words = replace(words, scale=words.scale * spoken**-overlap)
    return Matches(claims, words)


def _seen(reading: Reading, view: int | None) -> Matches:
    """What is read of each case: everything, or the ``view`` statements that move it most."""
    fit, words = reading.fit, reading.A.words
    if view is None:
        return reading.A
    board = fit.scorecard.board
    believed = board.family_tau()[np.array(board.family, dtype=np.int64)]
    moved = np.abs(reading.A.claims) * np.ptp(fit.points.theta, axis=1) * np.maximum(believed, LEAST_BELIEF)
    if words is None or fit.scorecard.words is None:
        return Matches(np.where(_among_most(moved, view), reading.A.claims, 0.0))
    reach = (np.maximum(fit.scorecard.words.tau, LEAST_BELIEF) * fit.points.words).max(axis=1)
    pattern = words.pattern.copy()
    claims = reading.A.claims.copy()
    for i in range(reading.n):
        ends = slice(pattern.indptr[i], pattern.indptr[i + 1])
        both = np.append(moved[i], reach[pattern.indices[ends]] * words.scale[i])
        kept = _among_most(both[None], view)[0]
        claims[i] *= kept[: claims.shape[1]]
        pattern.data[ends] *= kept[claims.shape[1] :]
    pattern.eliminate_zeros()
    return Matches(claims, replace(words, pattern=pattern))


def _among_most(moved: Numbers, view: int) -> Mask:
    """Per row, which are among the ``view`` largest and above 0, shape as given."""
    if moved.shape[1] <= view:
        return moved > 0.0
    kept = np.zeros(moved.shape, dtype=np.bool_)
    np.put_along_axis(kept, np.argsort(-moved, axis=1, kind="stable")[:, :view], True, axis=1)
    return np.asarray(kept & (moved > 0.0))


def fit_reader(reading: Reading, people: Numbers, *, view: int | None = None) -> Reader:
    """The reader that best predicts what people said.

    Args:
        reading: The cases that people forecast.
        people: Their forecasts, shape (n, K).
        view: How many statements of a case it reads; None for all.
    """
    names = list(PARAMETERS)
    start, low, high, sd = (np.array(column) for column in zip(*PARAMETERS.values(), strict=True))
    sd[names.index("scale")] = _doubt_of_scale(reading)
    used = [i for i, name in enumerate(names) if _says_something(name, reading)]
    seen = _seen(reading, view)

    def at(z: Numbers) -> dict[str, float]:
        full = start.copy()
        full[used] = z
        return dict(zip(names, full.tolist(), strict=True))

    def loss(z: Numbers) -> float:
        f = _read(at(z), reading, seen)
        told = float(((z - start[used]) ** 2 / (2.0 * sd[used] ** 2)).sum())
        return told - float((people * np.log(floored(f))).sum())

    found = minimize(
        loss,
        start[used],
        method="L-BFGS-B",
        bounds=list(zip(low[used], high[used], strict=True)),
        options={"maxiter": MOST_STEPS, "eps": _STEP},
    )
    return Reader(at(np.asarray(found.x)), view)


def _doubt_of_scale(reading: Reading) -> float:
    """What Z itself doubts of its strength on D*: few predictions must not chase their noise beyond it."""
    words = reading.fit.scorecard.words
    return words.doubt / words.factor if words and words.doubt else USUAL_SPREAD


def _says_something(name: str, reading: Reading) -> bool:
    """The number can change a forecast; one that can't stays where it starts."""
    levels, words = [reading.depth, reading.word_depth], len(reading.word_depth)
    if name == "depth":
        return any(len(at) and float(np.ptp(at)) > 0.0 for at in levels)
    if name == "overlap":
        return words > 1 or len(np.unique(reading.group)) < len(reading.group)
    return name != "doubt" or words > 0 or bool(reading.fit.scorecard.board.doubtful)
