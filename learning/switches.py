"""Switches: which doubts of people turn which statements on and off.

A switch says whether something carries over to D*; a world is one setting of all switches. A family is a
set of statements that need the same switches, so they are on together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from kb.arrays import Numbers

__all__ = ["Switchboard", "Worlds", "drawn_worlds", "every_world"]


MOST_ENUMERATED = 12  # switches; 4,096 worlds


@dataclass(frozen=True, slots=True)
class Switchboard:
    """Doubts, and the statements that hang on them.

    Attributes:
        names: Per switch, the address of the statement that people judge, or ``column:NAME``.
        tau: Per switch, the plausibility that it carries over, shape (S,).
        needs: Per family, the indices of the switches that must all be on; may be empty (always on).
        family: Per statement, the index of its family.
    """

    names: tuple[str, ...]
    tau: tuple[float, ...]
    needs: tuple[frozenset[int], ...]
    family: tuple[int, ...]

    @classmethod
    def of(cls, tau: dict[str, float], needs: Sequence[frozenset[str]]) -> Switchboard:
        """The board on which statement i needs the switches named in ``needs[i]``; others are left out."""
        names = [name for name in tau if any(name in need for need in needs)]
        at = {name: i for i, name in enumerate(names)}
        sets = [frozenset(at[name] for name in need) for need in needs]
        families = list(dict.fromkeys(sets))
        place = {need: i for i, need in enumerate(families)}
        return cls(tuple(names), tuple(tau[n] for n in names), tuple(families), tuple(place[s] for s in sets))

    def extended(self, tau: dict[str, float], needs: Sequence[frozenset[str]]) -> Switchboard:
        """The board with more families behind those that are there; ``family`` is of the new statements."""
        new = [n for n in tau if n not in self.names and any(n in need for need in needs)]
        names = [*self.names, *new]
        at = {name: i for i, name in enumerate(names)}
        place = {need: i for i, need in enumerate(self.needs)}
        sets = [frozenset(at[name] for name in need) for need in needs]
        for need in sets:
            place.setdefault(need, len(place))
        return Switchboard(
            tuple(names),
            (*self.tau, *(tau[n] for n in new)),
            tuple(place),
            tuple(place[need] for need in sets),
        )

    @property
    def doubtful(self) -> list[int]:
        """Switches that are neither surely on nor surely off."""
        return [i for i, t in enumerate(self.tau) if 0.0 < t < 1.0]

    @property
    def are_independent(self) -> bool:
        """No two families share a doubtful switch."""
        doubtful = set(self.doubtful)
        needed = [i for need in self.needs for i in need if i in doubtful]
        return len(needed) == len(set(needed))

    def with_tau(self, tau: Sequence[float]) -> Switchboard:
        """The same switches with other plausibilities."""
        return Switchboard(self.names, tuple(tau), self.needs, self.family)

    def all_on(self) -> Switchboard:
        """The world in which everything carries over."""
        return self.with_tau([1.0] * len(self.tau))

    def families_on(self, switches: Numbers) -> Numbers:
        """Which families are on, shape (W, F), in worlds given as switch settings, shape (W, S)."""
        on = np.ones((len(switches), len(self.needs)))
        for f, need in enumerate(self.needs):
            for i in need:
                on[:, f] *= switches[:, i]
        return on

    def family_tau(self) -> Numbers:
        """Per family, the probability that it is on, shape (F,)."""
        return np.array([float(np.prod([self.tau[i] for i in need])) for need in self.needs])


@dataclass(frozen=True, slots=True)
class Worlds:
    """Some worlds and their weights.

    Attributes:
        switches: 0 or 1, shape (W, S).
        weight: Sums to 1, shape (W,).
    """

    switches: Numbers
    weight: Numbers


def every_world(board: Switchboard) -> Worlds:
    """All worlds of positive probability; at most 2^12 of them.

    Raises:
        ValueError: More than 12 switches are doubtful.
    """
    doubtful = board.doubtful
    if len(doubtful) > MOST_ENUMERATED:
        raise ValueError(f"{len(doubtful)} doubtful switches; {MOST_ENUMERATED} can be enumerated")
    settings = np.array(list(product([0.0, 1.0], repeat=len(doubtful)))).reshape(2 ** len(doubtful), -1)
    tau = np.array(board.tau)
    switches = np.tile((tau >= 1.0).astype(float), (len(settings), 1))
    switches[:, doubtful] = settings
    chance = np.where(settings > 0, tau[doubtful], 1.0 - tau[doubtful])
    return Worlds(switches, chance.prod(axis=1))


def drawn_worlds(board: Switchboard, draws: int, rng: np.random.Generator) -> Worlds:
    """Worlds drawn with each switch stratified over the draws, all of the same weight."""
    tau = np.array(board.tau)
    levels = (np.arange(draws)[:, None] + rng.random((1, len(tau)))) / draws
    return Worlds((rng.permuted(levels, axis=0) < tau).astype(float), np.full(draws, 1.0 / draws))
