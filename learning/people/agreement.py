"""Do ratings say of cases what people say of them unaided? The test behind the alarm; arrays only.

What ratings say of a case and what people predict of it without having seen Z are two utterances of people
about the same world. On a random sample of D* they must go together, or one of them is wrong:

    T = Σ_i Σ_k (h_ik − mean h_k) (S_ik − mean S_k)

against what T is when people's forecasts are dealt out anew among the cases, so that no law of errors is
assumed. Confirmation is asked for, not only the absence of an alarm: shuffled ratings are not against people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from kb.arrays import Numbers

__all__ = ["Agreement", "Outcome", "agreement", "lean_against_points"]

Outcome = Literal["confirmed", "not confirmed", "contradicted"]
LEVEL = 0.05
DEALS = 4_000
FEWEST = 8  # forecasts, below which nothing is said


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the test found.

    Attributes:
        outcome: ``confirmed`` if they go together, ``contradicted`` if against each other, at 5 % each.
        together: Share of deals in which they go together as well or better by chance.
        against: Share of deals in which they go against each other as much or more.
        z: T in standard deviations of the deals.
        n: Forecasts.
    """

    outcome: Outcome
    together: float
    against: float
    z: float
    n: int

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {name: getattr(self, name) for name in self.__slots__}


def agreement(says: Numbers, people: Numbers, *, seed: int = 0) -> Agreement:
    """Test whether people's unaided forecasts go with what ratings say of the same cases.

    Args:
        says: What ratings alone add to the log-odds of each class, shape (n, K); cases drawn at random.
        people: Their forecasts, shape (n, K).
        seed: For the deals.
    """
    n = len(says)
    S, h = says - says.mean(axis=0), people - people.mean(axis=0)
    if n < FEWEST or not (np.abs(S) > 1e-12).any() or not (np.abs(h) > 1e-12).any():
        return Agreement("not confirmed", 1.0, 1.0, 0.0, n)
    found = float((S * h).sum())
    rng = np.random.default_rng(seed)
    order = np.argsort(rng.random((DEALS, n)), axis=1)
    dealt = np.einsum("ik,dik->d", S, h[order])
    slack = 1e-9 * float(np.abs(S).sum())
    together = (1.0 + float((dealt >= found - slack).sum())) / (DEALS + 1.0)
    against = (1.0 + float((dealt <= found + slack).sum())) / (DEALS + 1.0)
    outcome: Outcome = (
        "confirmed" if together <= LEVEL else "contradicted" if against <= LEVEL else "not confirmed"
    )
    return Agreement(outcome, together, against, found / max(float(dealt.std()), 1e-12), n)


def lean_against_points(lean: Numbers, points: Numbers, weight: Numbers, *, seed: int = 0) -> float | None:
    """How far ratings go with D, as z: the weighted agreement of sides, against ratings dealt out anew.

    Args:
        lean: Towards which class people say that each statement speaks, and how surely, shape (m, K); rows of
            zeros are statements that they take to say nothing.
        points: What D makes of the same statements with everything on, shape (m, K).
        weight: How much each counts, shape (m,).
        seed: For the deals.

    Returns:
        Below −2 the ratings contradict D; None where fewer than eight statements were given a side.
    """
    lean, points = (a - a.mean(axis=1, keepdims=True) for a in (lean, points))
    used = np.flatnonzero((np.abs(lean).max(axis=1) > 0.0) & (np.abs(points).max(axis=1) > 0.0))
    if len(used) < FEWEST:
        return None
    sides, evidence = np.sign(lean[used]), np.sign(points[used]) * weight[used, None]
    found = float((sides * evidence).sum())
    rng = np.random.default_rng(seed)
    dealt = np.array([float((sides[rng.permutation(len(used))] * evidence).sum()) for _ in range(500)])
    spread = float(dealt.std())
    return (found - float(dealt.mean())) / spread if spread > 0.0 else None
