"""What one person said about the statements of a tree, for marks beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kb.address import Address
from kb.knowledge import Tree
from kb.records import Judgement

__all__ = ["Judged", "judged_by", "marks_of"]

MOST_JUDGEMENTS = 200_000  # of one person; more would be read for seconds
ANSWERED = ("credence", "neither", "here")


@dataclass(frozen=True, slots=True)
class Judged:
    """One person's standing words.

    Attributes:
        own: Per rated statement, the answer: ``credence``, ``neither`` or ``here``, and its credence.
        flagged: Statements that the person flagged.
        cited: Statements that the person cited in a prediction.
    """

    own: Mapping[Address, tuple[str, float | None]]
    flagged: frozenset[Address]
    cited: frozenset[Address]


def judged_by(tree: Tree, rater: str | None) -> Judged:
    """What the rater said; nothing for nobody."""
    return marks_of(_all_of(tree, rater) if rater else ())


def _all_of(tree: Tree, rater: str) -> list[Judgement]:
    found: list[Judgement] = []
    after: str | None = None
    while len(found) < MOST_JUDGEMENTS:
        page = tree.store.judgements(tree.tree_id, rater=rater, after=after)
        found += page.items
        after = page.after
        if after is None:
            break
    return found


def marks_of(said: Iterable[Judgement]) -> Judged:
    """The standing answers of one person among judgements in the order in which they were made."""
    every = list(said)
    corrected = {j.supersedes for j in every if j.supersedes}
    own: dict[Address, tuple[str, float | None]] = {}
    flagged: set[Address] = set()
    cited: set[Address] = set()
    for j in every:
        if j.id in corrected or j.answer == "undo":
            continue
        if j.kind == "rating" and j.answer in ANSWERED:
            own[j.address] = (j.answer, j.value)
        elif j.kind == "rating" and j.answer == "flag":
            flagged.add(j.address)
        elif j.kind == "prediction":
            cited.update(Address(str(a)) for a in j.details.get("cited", ()))
    return Judged(own, frozenset(flagged), frozenset(cited))
