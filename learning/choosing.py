"""Choosing among the proposals of a step: instead of what was committed, or where a person was needed."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, replace
from typing import Any

from kb.address import Address, parse_address
from kb.errors import InputError
from kb.knowledge import Tree
from kb.records import Cost, Document, Expansion, Move, Proposal
from kb.stores.protocol import StaleDocumentError
from learning.fitting import refit
from unpacking.step import CHOICE, leased, next_slot

__all__ = ["WaitingChoice", "choose_proposal", "commit_instead", "waiting_choice", "waiting_choices"]


@dataclass(frozen=True, slots=True)
class WaitingChoice:
    """A step whose best proposals are too close to tell apart without a person.

    Attributes:
        address: The statement that is to be unpacked.
        proposals: All that were made, with checks and approvals.
        best: Indices of the proposals within the margin, the most approved first.
        margin: In approval; at most so far is the second behind the first.
        unpacker: Who proposed.
        asked: Seconds since 1970, when the step was made.
    """

    address: Address
    proposals: tuple[Proposal, ...]
    best: tuple[int, ...]
    margin: float
    unpacker: str
    asked: float

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        return {**plain, "best": list(self.best), "proposals": [p.to_dict() for p in self.proposals]}


def waiting_choices(tree: Tree) -> list[WaitingChoice]:
    """Steps that wait for a person, by address."""
    return [_waiting(d) for d in tree.documents(CHOICE) if d.body["committed"] is None]


def waiting_choice(tree: Tree, address: Address | str) -> WaitingChoice | None:
    """The step at one statement that waits for a person, or None."""
    document = tree.store.document(tree.tree_id, CHOICE, parse_address(str(address)))
    if document is None or document.body["committed"] is not None:
        return None
    return _waiting(document)


def _waiting(document: Document) -> WaitingChoice:
    step = Expansion.from_dict(document.body["step"])
    return WaitingChoice(
        address=step.address,
        proposals=step.proposals,
        best=tuple(document.body["best"]),
        margin=float(document.body["margin"]),
        unpacker=step.unpacker,
        asked=document.changed,
    )


def choose_proposal(tree: Tree, address: Address | str, proposal: int, *, by: str) -> Expansion:
    """Commit a proposal of a step that waits for a person.

    Args:
        tree: Whose Z.
        address: The statement that is to be unpacked.
        proposal: Which one, from 0; a proposal that failed a check can't be chosen.
        by: Who chooses, such as ``human:ada``.

    Raises:
        InputError: No step waits there, there is no such proposal, or it failed a check.
        StaleDocumentError: Somebody else chose meanwhile.
        FailedError: Another worker holds the statement; the step still waits.
    """
    place = parse_address(str(address))
    document = tree.store.document(tree.tree_id, CHOICE, place)
    if document is None or document.body["committed"] is not None:
        raise InputError(
            "no step waits for a choice here.",
            where=f"{tree.name} {place}",
            remedy="Make one: priory unpack, or choose another proposal of a step that was made.",
        )
    step = Expansion.from_dict(document.body["step"])
    _check(step, proposal, where=f"{tree.name} {place}")
    body = {**document.body, "committed": proposal, "by": by}
    # Claimed before it is committed: of two who choose at once only one may make children.
    claimed = tree.store.put_document(tree.tree_id, CHOICE, place, body, expected=document.version)
    try:
        done = _committed(tree, replace(step, committed=proposal, chosen_by=by))
    except BaseException:
        with contextlib.suppress(StaleDocumentError):  # a step that was made meanwhile waits instead
            tree.store.put_document(tree.tree_id, CHOICE, place, document.body, expected=claimed.version)
        raise
    _follow(tree, done, by, f"proposal {proposal + 1} of {len(step.proposals)}")
    return done


def commit_instead(
    tree: Tree, address: Address | str, slot: int, proposal: int, *, by: str = "human:me"
) -> Expansion:
    """Commit another proposal of a step that was made, into a new slot, and follow that one.

    What was committed before stays in its slot. A proposal that was chosen so before is followed again.

    Args:
        tree: Whose Z.
        address: The statement that was unpacked.
        slot: The slot of the step.
        proposal: Which of its proposals, from 0; one that failed a check can't be chosen.
        by: Who chooses, such as ``human:ada``.

    Raises:
        InputError: There is no expansion in the slot, no such proposal, or it failed a check.
        FailedError: Another worker holds the statement.
    """
    place = parse_address(str(address))
    made = {e.slot: e for e in tree.store.expansions(tree.tree_id, place)}
    if slot not in made:
        raise InputError(
            f"there is no step in slot {slot}.",
            where=f"{tree.name} {place}",
            remedy=f"There are: {', '.join(map(str, sorted(made))) or 'none'}.",
        )
    step = made[slot]
    _check(step, proposal, where=f"{tree.name} {place}")
    done = next((e for e in made.values() if e.proposals == step.proposals and e.committed == proposal), None)
    if done is None:
        done = _committed(tree, replace(step, committed=proposal, chosen_by=by, cost=Cost()))
    _follow(tree, done, by, f"proposal {proposal + 1} instead of {step.committed + 1}")
    return done


def _check(step: Expansion, proposal: int, where: str) -> None:
    if not 0 <= proposal < len(step.proposals):
        raise InputError(
            f"there is no proposal {proposal}.",
            where=where,
            remedy=f"There are 0 to {len(step.proposals) - 1}.",
        )
    if step.proposals[proposal].problems:
        raise InputError(
            f"proposal {proposal} failed a check: {step.proposals[proposal].problems[0]}.",
            where=where,
            remedy="Choose another one, or write statements by hand: priory add.",
        )


def _committed(tree: Tree, step: Expansion) -> Expansion:
    """Store a step, made before, in the next free slot."""
    slot = next_slot(tree, step.address)
    with leased(tree, step.address, slot) as lease:
        return tree.store.commit(lease, replace(step, slot=slot, first_ordinal=0, created=0.0))


def _follow(tree: Tree, done: Expansion, by: str, why: str) -> None:
    tree.store.choose(tree.tree_id, done.address, done.slot)
    terms = {"slot": float(done.slot), "proposal": float(done.committed)}
    tree.log(Move("choose", done.address, by, taken=True, why=why, terms=terms, created=time.time()))
    if tree.task.classes:
        refit(tree, keep_strengths=True)
