"""What people said of words: from judgements to counts of *neither* and of each class.

A rating of a word may name the class that it speaks for (details ``side``, with a ``strength`` in [0, 1]) or
``neither``. A plain credence says how sure somebody is that what D shows of the word also holds for D*,
whatever that is, so it speaks for every class alike. Answers about words that have no statement of their own
teach Prior all the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import numpy as np

from kb.address import Address
from kb.arrays import Numbers
from kb.errors import InputError
from kb.records import Judgement
from learning.prior import standing
from learning.sides import SideAnswers

__all__ = ["NEITHER_SIDE", "Elsewhere", "Said", "WordsSaid", "said_of_words", "side_details"]

NEITHER_SIDE = "neither"

Key = TypeVar("Key")


class Elsewhere(NamedTuple):
    """An answer about a word that has no statement, or what silence about a word says.

    Attributes:
        phrase: The word.
        rater: Who said so.
        side: A class, or ``neither``.
        strength: In [0, 1].
        times: Answers that it counts as.
    """

    phrase: str
    rater: str
    side: str
    strength: float
    times: float


@dataclass(slots=True)
class Said:
    """Answers about one word or group.

    Attributes:
        counts: Of *neither* and of each class, shape (K + 1,).
        strength: Per class the sum of stated strengths, shape (K,).
        credence: Sum of plain credences in [0, 1].
        credences: How many there were.
        here: Declarations that it is true of D only.
    """

    counts: Numbers
    strength: Numbers
    credence: float = 0.0
    credences: float = 0.0
    here: int = 0

    def as_tuple(self) -> tuple[object, ...]:
        """All of it as plain numbers."""
        sums = self.credence, self.credences, self.here
        return tuple(self.counts.tolist()), tuple(self.strength.tolist()), *sums

    @property
    def answers(self) -> float:
        """How many there are, of all sorts."""
        return float(self.counts.sum()) + self.credences + self.here

    def __add__(self, other: Said) -> Said:
        """All answers of both."""
        return Said(
            self.counts + other.counts,
            self.strength + other.strength,
            self.credence + other.credence,
            self.credences + other.credences,
            self.here + other.here,
        )

    def reversed(self) -> Said:
        """The same with every answer the other way round."""
        counts = np.concatenate([self.counts[:1], _of_others(self.counts[1:])])
        doubt = self.credences - self.credence
        return Said(counts, _of_others(self.strength), doubt, self.credences, self.here)

    @property
    def is_here_only(self) -> bool:
        """At least half declared it true of D only."""
        return self.here > 0 and 2 * self.here >= self.answers


@dataclass(frozen=True, slots=True)
class WordsSaid:
    """What was said of words.

    Attributes:
        classes: K.
        at: Per statement that was rated.
        elsewhere: Per phrase without a statement.
    """

    classes: int
    at: Mapping[Address, Said] = field(default_factory=dict)
    elsewhere: Mapping[str, Said] = field(default_factory=dict)

    def answers(self, of: Sequence[Said | None]) -> SideAnswers:
        """Answers with a side, row by row; plain credences are no such answers."""
        counts, strength = np.zeros((len(of), self.classes + 1)), np.zeros((len(of), self.classes))
        for i, said in enumerate(of):
            if said is not None:
                counts[i], strength[i] = said.counts, said.strength
        return SideAnswers(counts, strength)

    def shuffled(self, rng: np.random.Generator) -> WordsSaid:
        """The same answers about other words: each goes to the place of another, chosen by chance."""
        return WordsSaid(self.classes, _shuffled(self.at, rng), _shuffled(self.elsewhere, rng))

    def reversed(self) -> WordsSaid:
        """As if everybody had meant the other classes, and doubted what they believed."""
        return WordsSaid(self.classes, _reversed(self.at), _reversed(self.elsewhere))

    def digest(self) -> str:
        """A hash of all of it."""
        all_said = [sorted((str(a), s.as_tuple()) for a, s in m.items()) for m in (self.at, self.elsewhere)]
        return hashlib.blake2b(repr(all_said).encode(), digest_size=16).hexdigest()


def _of_others(for_class: Numbers) -> Numbers:
    """What was for one class, dealt to the others in equal parts, shape (K,)."""
    others: Numbers = (for_class.sum() - for_class) / max(len(for_class) - 1, 1)
    return others


def _shuffled(said: Mapping[Key, Said], rng: np.random.Generator) -> dict[Key, Said]:
    values = list(said.values())
    return {key: values[i] for key, i in zip(said, rng.permutation(len(values)), strict=True)}


def _reversed(said: Mapping[Key, Said]) -> dict[Key, Said]:
    return {key: about.reversed() for key, about in said.items()}


def side_details(side: str, strength: float, classes: Sequence[str], where: str = "") -> dict[str, Any]:
    """The details of a rating that names a side.

    Raises:
        InputError: No such class, or the strength is not in [0, 1].
    """
    named = {c.casefold(): c for c in (NEITHER_SIDE, *classes)}
    if side.casefold() not in named:
        raise InputError(
            f"{side!r} is no side.", where=where, remedy=f"Use: {', '.join((NEITHER_SIDE, *classes))}."
        )
    if not 0.0 <= strength <= 1.0:
        raise InputError(f"{strength} is no strength.", where=where, remedy="Give 0 to 1.")
    return {"side": named[side.casefold()], "strength": strength}


def said_of_words(
    judgements: Sequence[Judgement], classes: Sequence[str], elsewhere: Iterable[Elsewhere] = ()
) -> WordsSaid:
    """The standing answers of people about words, the last of each rater about each.

    Args:
        judgements: All that were said.
        classes: The K classes.
        elsewhere: Answers about words without a statement.
    """
    last: dict[tuple[Address, str], Judgement] = {}
    for j in standing(judgements):
        counts = j.kind == "rating" and j.answer in {"credence", "neither", "here"}
        if counts and not j.rater.startswith("model:"):
            last[j.address, j.rater] = j
    at: dict[Address, Said] = {}
    others: dict[str, Said] = {}
    place = {name: k for k, name in enumerate(classes)}
    for (address, _), j in last.items():
        _count(at.setdefault(address, _nothing(len(classes))), j, place)
    for phrase, rater, side, strength, times in elsewhere:
        if rater.startswith("model:"):
            continue
        said = others.setdefault(phrase, _nothing(len(classes)))
        if side in place:
            said.counts[1 + place[side]] += times
            said.strength[place[side]] += times * strength
        else:
            said.counts[0] += times
    return WordsSaid(len(classes), at, others)


def _nothing(classes: int) -> Said:
    return Said(np.zeros(classes + 1), np.zeros(classes))


def _count(said: Said, judgement: Judgement, place: Mapping[str, int]) -> None:
    side = str(judgement.details.get("side", ""))
    if judgement.answer == "here":
        said.here += 1
    elif judgement.answer == "neither" or side == NEITHER_SIDE:
        said.counts[0] += 1
    elif side in place:
        said.counts[1 + place[side]] += 1
        said.strength[place[side]] += float(judgement.details.get("strength", 0.5))
    elif judgement.value is not None:
        said.credence += judgement.value
        said.credences += 1
