"""How a search strays from the best move, so that several runs find several Z."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kb.address import Address
from kb.arrays import Codes

__all__ = ["Chance"]


@dataclass(frozen=True, slots=True)
class Chance:
    """How a run strays from the best move, so that several runs find several Z.

    Attributes:
        temperature: Nats of J: among the open moves one is taken with probability ∝ exp(worth / it), by
            Gumbel's trick. 0 takes the best.
        share: Of the cases that may be chosen with, which share a run looks at.
        seed: Of both.
    """

    temperature: float = 0.0
    share: float = 1.0
    seed: int = 0

    def luck(self, address: Address) -> float:
        """What is added to the worth of a move; the same whenever it is asked for."""
        if not self.temperature:
            return 0.0
        rng = np.random.default_rng([self.seed, *(ord(c) for c in address)])
        return self.temperature * float(rng.gumbel())

    def rows(self, n: int) -> Codes:
        """Which of n cases, in the order in which folds are cut."""
        order = np.random.default_rng(self.seed).permutation(n)
        return order[: max(round(self.share * n), 1)]
