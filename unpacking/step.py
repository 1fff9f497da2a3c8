"""One unpacking step: propose, check, approve, commit. Idempotent, safe among workers, never half-done."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from kb.address import ROOT, Address, ancestors, last_ordinal, parent, slot_of
from kb.errors import FailedError
from kb.knowledge import Tree
from kb.records import Cost, Expansion, Lease, Proposal
from kb.stores.protocol import UnknownAddressError
from unpacking.approval import checked, score_by_data
from unpacking.protocol import Approver, Situation, Unpacker

__all__ = [
    "CHOICE",
    "Choice",
    "best_approved",
    "leased",
    "next_slot",
    "propose",
    "unpack_path",
    "unpack_step",
    "unpack_under",
]

LEASE_SECONDS = 120.0
CHOICE = "choice"  # the kind of document in which a step waits for a person, keyed by its address


@dataclass(frozen=True, slots=True)
class Choice:
    """Proposals, and which of them is to be committed.

    Attributes:
        proposals: As ``propose`` made them.
        committed: Index of the chosen one.
        by: Who chose it: ``approval``, ``search`` or a rater.
    """

    proposals: tuple[Proposal, ...]
    committed: int
    by: str = "approval"


def propose(
    tree: Tree, address: Address, unpacker: Unpacker, *, n: int, seed: int, approver: Approver = score_by_data
) -> tuple[Proposal, ...]:
    """All proposals of one step, checked and scored, in the order in which they were made; writes nothing."""
    situation = _situation(tree, address, seed)
    made = (checked(situation, p) for p in unpacker.propose(situation, n))
    return tuple(replace(p, approval=approver(situation, p)) for p in made)


def unpack_step(  # noqa: PLR0913  # what a step is made of
    tree: Tree,
    address: Address,
    unpacker: Unpacker,
    *,
    n: int = 3,
    seed: int = 0,
    approver: Approver = score_by_data,
    choice: Choice | None = None,
) -> Expansion:
    """Unpack one statement and commit what was approved most.

    The same unpacker, n and seed give the expansion that is there; others go into the next free slot.

    Args:
        tree: Whose Z.
        address: Which statement.
        unpacker: Who proposes.
        n: Proposals.
        seed: For the proposals.
        approver: Who scores them.
        choice: Proposals that were made before with the same arguments, and who chose which of them.

    Raises:
        UnknownAddressError: The statement is not stored.
        FailedError: Another worker holds it, or no proposal passed the checks.
    """
    spec = {"n": n, **unpacker.spec()}
    for done in tree.store.expansions(tree.tree_id, address):
        if (done.unpacker, done.seed, dict(done.spec)) == (unpacker.name, seed, spec):
            return done
    with leased(tree, address, next_slot(tree, address)) as lease:
        return unpack_under(tree, lease, unpacker, n=n, seed=seed, approver=approver, choice=choice)


def unpack_under(  # noqa: PLR0913  # what a step is made of
    tree: Tree,
    lease: Lease,
    unpacker: Unpacker,
    *,
    n: int = 3,
    seed: int = 0,
    approver: Approver = score_by_data,
    choice: Choice | None = None,
) -> Expansion:
    """The step itself, under a lease that is held and that stays the caller's to give back."""
    started = time.perf_counter()
    if choice is None:
        proposals = propose(tree, lease.address, unpacker, n=n, seed=seed, approver=approver)
        choice = Choice(proposals, best_approved(lease.address, proposals))
    expansion = Expansion(
        address=lease.address,
        slot=lease.slot,
        unpacker=unpacker.name,
        proposals=choice.proposals,
        committed=choice.committed,
        chosen_by=choice.by,
        spec={"n": n, **unpacker.spec()},
        seed=seed,
        cost=Cost(steps=1, seconds=time.perf_counter() - started),
        created=time.time(),
    )
    return tree.store.commit(lease, expansion)


def best_approved(address: Address, proposals: tuple[Proposal, ...]) -> int:
    """Index of the proposal that is approved most, of those without problems.

    Raises:
        FailedError: All have problems.
    """
    scores: Mapping[int, float] = {
        i: p.approval.score for i, p in enumerate(proposals) if p.approval and not p.problems
    }
    if not scores:
        first = next((problem for p in proposals for problem in p.problems), "none was made")
        raise FailedError(f"no proposal passed the checks: {first}.", where=address)
    return max(scores, key=lambda i: scores[i])


def unpack_path(tree: Tree, address: Address, unpacker: Unpacker, *, n: int, seed: int) -> list[Expansion]:
    """Unpack what is needed for the statement at an address to exist: its ancestors, and nothing else.

    Raises:
        UnknownAddressError: An ancestor has fewer children than the address needs.
    """
    if tree.store.node(tree.tree_id, address) is not None:
        return []
    made = []
    for place in [*ancestors(address), address]:
        if place == ROOT or tree.store.node(tree.tree_id, place) is not None:
            continue
        above = parent(place) or ROOT
        if slot_of(place) == 0:
            made.append(unpack_step(tree, above, unpacker, n=n, seed=seed))
        if tree.store.node(tree.tree_id, place) is None:
            have = len(tree.children(above, dropped=True))
            raise UnknownAddressError(
                f"there is no child {last_ordinal(place)}: {above} has {have} children.",
                where=f"{tree.name} {place}",
                remedy=f"Look at them: priory show {above} --tree {tree.name}",
            )
    return made


def _situation(tree: Tree, address: Address, seed: int) -> Situation:
    statement = tree.statement(address)
    above = parent(address)
    siblings = []
    if above is not None:
        page = tree.store.children(tree.tree_id, above, slot=slot_of(address), limit=1000)
        siblings = [s for s in page.items if last_ordinal(s.address) < last_ordinal(address)]
    return Situation(
        task=tree.task,
        statement=statement,
        above=tuple(tree.ancestors(address)),
        earlier=tuple(siblings),
        D=tree.D_for_choosing,
        Dstar=tree.Dstar,
        seed=seed,
    )


def next_slot(tree: Tree, address: Address) -> int:
    """The first slot behind all expansions of a statement."""
    return max((e.slot + 1 for e in tree.store.expansions(tree.tree_id, address)), default=0)


@contextmanager
def leased(tree: Tree, address: Address, slot: int) -> Iterator[Lease]:
    """The right to commit into a slot; it is given back when the block fails.

    Raises:
        FailedError: Another worker holds it.
    """
    lease = _lease(tree, address, slot)
    try:
        yield lease
    except BaseException:
        tree.store.release(lease)
        raise


def _lease(tree: Tree, address: Address, slot: int) -> Lease:
    worker = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
    lease = tree.store.lease(tree.tree_id, address, slot, worker=worker, seconds=LEASE_SECONDS)
    if lease is None:
        raise FailedError(
            "another worker is unpacking this statement.",
            where=f"{tree.name} {address}",
            remedy=f"Wait for it, or try again in {LEASE_SECONDS:.0f} seconds.",
        )
    return lease
