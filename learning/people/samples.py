"""Samples of D*: V, which people predict, and later ones, on which they are asked again.

What is learned from people on a sample holds for all of D* only because the sample was drawn at random. So a
sample remembers how it came to be, and can be drawn again from its seed to see that it did.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from kb.errors import FailedError, InputError
from kb.figures import count
from kb.knowledge import Tree
from kb.records import Document
from kb.stores.protocol import StaleDocumentError

__all__ = ["Sample", "choose_sample", "draw_sample", "is_as_drawn", "sample_named", "samples"]

KIND, KEY = "sample", "all"  # one document, so that samples drawn at the same time stay disjoint
MOST_TRIES = 20
MOST_NAME = 60  # characters

How = Literal["drawn", "chosen"]


@dataclass(frozen=True, slots=True)
class Sample:
    """Some cases of D*.

    Attributes:
        name: What people call it; V is the first.
        seed: What it was drawn with; 0 where it was chosen.
        cases: Positions in D*, in the order drawn.
        how: ``drawn`` at random without replacement from what no earlier sample holds, or ``chosen`` by hand.
        created: Seconds since 1970, UTC.
    """

    name: str
    seed: int
    cases: tuple[int, ...]
    how: How
    created: float

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces."""
        return {**{name: getattr(self, name) for name in self.__slots__}, "cases": list(self.cases)}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Sample:
        """The sample that ``to_dict`` wrote."""
        return cls(**{**stored, "cases": tuple(stored["cases"])})


def samples(tree: Tree) -> list[Sample]:
    """All samples of D*, in the order in which they were made."""
    return _read(tree.store.document(tree.tree_id, KIND, KEY))


def _read(stored: Document | None) -> list[Sample]:
    return [Sample.from_dict(s) for s in stored.body["samples"]] if stored else []


def sample_named(tree: Tree, name: str = "V") -> Sample:
    """The sample of that name.

    Raises:
        InputError: There is none.
    """
    made = samples(tree)
    for sample in made:
        if sample.name == name:
            return sample
    known = f" There is {', '.join(s.name for s in made)}." if made else ""
    raise InputError(
        f"there is no sample {name!r} of the cases to predict.{known}",
        where=tree.name,
        remedy=f"Draw it: priory sample --n 40 {tree.option}",
    )


def draw_sample(tree: Tree, n: int, *, seed: int = 0, name: str = "V") -> Sample:
    """Draw n cases of D* that are in no sample yet, each set of n as likely as any other, and store them.

    The same call again returns what it drew.

    Raises:
        InputError: n is below 1 or more than are left, or the name is taken by another sample.
    """
    if n < 1:
        raise InputError(f"{n} cases are none.", where="--n", remedy="Draw at least 1.")
    _check_name(name)

    def made(earlier: Sequence[Sample]) -> Sample:
        for old in earlier:
            if old.name == name and (old.how, old.seed, len(old.cases)) == ("drawn", seed, n):
                return old
        return Sample(name, seed, _drawn(tree, n, seed, earlier), "drawn", time.time())

    return _keep(tree, name, made)


def choose_sample(tree: Tree, cases: Sequence[int], *, name: str = "V") -> Sample:
    """Store cases of D* that somebody picked. They teach f, but nothing is ever certified on them.

    Raises:
        InputError: There is no such case, one is named twice or is in another sample, or the name is taken.
    """
    _check_name(name)
    picked = tuple(int(case) for case in cases)
    wrong = [case for case in picked if not 0 <= case < tree.task.n_Dstar]
    if wrong or not picked:
        said = f"there is no case {wrong[0]}." if wrong else "no case is named."
        raise InputError(
            said, where=tree.name, remedy=f"The cases to predict are numbered 0 to {tree.task.n_Dstar - 1}."
        )
    if len(set(picked)) < len(picked):
        twice = next(case for case in picked if picked.count(case) > 1)
        raise InputError(f"case {twice} is named twice.", where=tree.name, remedy="Name each case once.")

    def made(earlier: Sequence[Sample]) -> Sample:
        for old in earlier:
            if old.name == name and (old.how, old.cases) == ("chosen", picked):
                return old
            if old.name != name and set(old.cases) & set(picked):
                both = min(set(old.cases) & set(picked))
                raise InputError(
                    f"case {both} is in sample {old.name} already.",
                    where=tree.name,
                    remedy="Samples are disjoint; leave it out.",
                )
        return Sample(name, 0, picked, "chosen", time.time())

    return _keep(tree, name, made)


def is_as_drawn(tree: Tree, sample: Sample) -> bool:
    """Drawing it again from its seed gives the same cases in the same order; False for a chosen sample."""
    if sample.how != "drawn":
        return False
    made = samples(tree)
    earlier = made[: next((i for i, s in enumerate(made) if s.name == sample.name), len(made))]
    left = tree.task.n_Dstar - sum(len(s.cases) for s in earlier)
    return len(sample.cases) <= left and sample.cases == _drawn(tree, len(sample.cases), sample.seed, earlier)


def _drawn(tree: Tree, n: int, seed: int, earlier: Sequence[Sample]) -> tuple[int, ...]:
    taken = [case for sample in earlier for case in sample.cases]
    left = np.setdiff1d(np.arange(tree.task.n_Dstar), np.array(taken, dtype=np.int64))
    if n > len(left):
        in_use = f" and {len(taken)} of them are in samples already" if taken else ""
        raise InputError(
            f"{count(n, 'case')} can't be drawn: there are {tree.task.n_Dstar} cases to predict{in_use}.",
            where=tree.name,
            remedy=f"Draw at most {len(left)}." if len(left) else "None is left.",
        )
    rng = np.random.default_rng([tree.task.seed, seed, len(earlier)])
    return tuple(int(case) for case in rng.permutation(left)[:n])


def _check_name(name: str) -> None:
    if not name.strip() or len(name) > MOST_NAME or not name.isprintable():
        raise InputError(
            f"{name[:MOST_NAME]!r} is no name of a sample.",
            where="--name",
            remedy=f"Use 1 to {MOST_NAME} letters.",
        )


def _keep(tree: Tree, name: str, made: Callable[[Sequence[Sample]], Sample]) -> Sample:
    """Store the sample that ``made`` gives, again from the start where somebody else stored one meanwhile."""
    for _ in range(MOST_TRIES):
        stored = tree.store.document(tree.tree_id, KIND, KEY)
        earlier = _read(stored)
        sample = made(earlier)
        if sample in earlier:
            return sample
        if any(old.name == name for old in earlier):
            raise InputError(
                f"there is a sample {name} already, of other cases.",
                where=tree.name,
                remedy="Give this one another --name.",
            )
        body = {"samples": [s.to_dict() for s in [*earlier, sample]]}
        try:
            tree.store.put_document(tree.tree_id, KIND, KEY, body, expected=stored.version if stored else 0)
        except StaleDocumentError:
            continue
        return sample
    raise FailedError(
        "others keep drawing samples; nothing was stored.", where=tree.name, remedy="Try again."
    )
