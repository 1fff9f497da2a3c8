"""One unpacking step: propose, check, approve, commit. Idempotent, safe among workers, never half-done."""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from kb.address import ROOT, Address, ancestors, last_ordinal, parent, slot_of
from kb.errors import FailedError, PrioryError, StoppedError
from kb.figures import count
from kb.knowledge import Tree
from kb.records import Expansion, Lease, Proposal, total
from kb.stores.protocol import UnknownAddressError
from unpacking.approvers import AUTOMATIC, Approver
from unpacking.checks import checked
from unpacking.protocol import Situation, Unpacker
from unpacking.transcripts import kept_transcript

__all__ = [
    "CHOICE",
    "FAILED_STEP",
    "Choice",
    "NeedsPersonError",
    "best_approved",
    "leased",
    "next_slot",
    "propose",
    "situation_of",
    "unpack_path",
    "unpack_step",
    "unpack_under",
]

LEASE_SECONDS = 120.0
CHOICE = "choice"  # the kind of document in which a step waits for a person, keyed by its address
FAILED_STEP = "failed-step"  # the kind in which the last step is kept of which no proposal passed the checks


class NeedsPersonError(StoppedError):
    """The best proposals are too close; the step is kept and waits for a person to choose."""

    code = "needs-person"


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
    tree: Tree, address: Address, unpacker: Unpacker, *, n: int, seed: int, approver: Approver = AUTOMATIC
) -> tuple[Proposal, ...]:
    """All proposals of one step, checked and scored, in the order of making; commits nothing."""
    situation = situation_of(tree, address, seed)
    made = tuple(checked(situation, p) for p in unpacker.propose(situation, n))
    approvals = approver.judge(situation, made)
    return tuple(replace(p, approval=approval) for p, approval in zip(made, approvals, strict=True))


def unpack_step(  # noqa: PLR0913  # what a step is made of
    tree: Tree,
    address: Address,
    unpacker: Unpacker,
    *,
    n: int = 3,
    seed: int = 0,
    approver: Approver = AUTOMATIC,
    margin: float | None = None,
    choice: Choice | None = None,
) -> Expansion:
    """Unpack one statement and commit what was approved most.

    The same unpacker, n, seed and approver give the expansion that is there; others take the next free slot.

    Args:
        tree: Whose Z.
        address: Which statement.
        unpacker: Who proposes.
        n: Proposals.
        seed: For the proposals.
        approver: Who scores them.
        margin: In approval: a person is needed where another proposal is as close as that to the best. None
            where no person is in the loop.
        choice: Proposals that were made before with the same arguments, and who chose which of them.

    Raises:
        UnknownAddressError: The statement is not stored.
        NeedsPersonError: The best are within the margin of each other; the step waits.
        FailedError: Another worker holds it, or no proposal passed the checks; those are kept.
    """
    spec = _spec(unpacker, n, approver)
    slot = 0
    for done in tree.store.expansions(tree.tree_id, address):
        if (done.unpacker, done.seed, dict(done.spec)) == (unpacker.name, seed, spec):
            return done
        slot = done.slot + 1
    with leased(tree, address, slot) as lease:
        return unpack_under(
            tree, lease, unpacker, n=n, seed=seed, approver=approver, margin=margin, choice=choice
        )


def _spec(unpacker: Unpacker, n: int, approver: Approver) -> dict[str, object]:
    """What determines a step; who approves only where it is not the data alone."""
    approved = {} if approver.name == AUTOMATIC.name else {"approver": approver.name}
    return {"n": n, **unpacker.spec(), **approved}


def unpack_under(  # noqa: PLR0913  # what a step is made of
    tree: Tree,
    lease: Lease,
    unpacker: Unpacker,
    *,
    n: int = 3,
    seed: int = 0,
    approver: Approver = AUTOMATIC,
    margin: float | None = None,
    choice: Choice | None = None,
) -> Expansion:
    """The step itself, under a lease that is held and that stays the caller's to give back."""
    started = time.perf_counter()
    with kept_alive(tree, lease):
        proposals = (
            choice.proposals
            if choice
            else propose(tree, lease.address, unpacker, n=n, seed=seed, approver=approver)
        )
    spent = total([p.cost for p in proposals] + [p.approval.cost for p in proposals if p.approval])
    step = Expansion(
        address=lease.address,
        slot=lease.slot,
        unpacker=unpacker.name,
        proposals=proposals,
        committed=0,
        spec=_spec(unpacker, n, approver),
        seed=seed,
        cost=replace(spent, steps=1, seconds=time.perf_counter() - started),
        response=kept_transcript(tree, proposals),
        created=time.time(),
    )
    if choice is None:
        choice = Choice(proposals, _chosen(tree, step, margin))
    return tree.store.commit(lease, replace(step, committed=choice.committed, chosen_by=choice.by))


def _chosen(tree: Tree, step: Expansion, margin: float | None) -> int:
    """The proposal to commit; a step that has none, or more than one, is kept before that is said."""
    try:
        best = best_approved(step.address, step.proposals)
    except FailedError as error:
        tree.store.put_document(
            tree.tree_id, FAILED_STEP, step.address, {"step": step.to_dict(), "reason": error.message}
        )
        raise
    close = _as_good(step.proposals, best, margin)
    if len(close) > 1:
        body = {"step": step.to_dict(), "best": close, "margin": margin, "committed": None}
        tree.store.put_document(tree.tree_id, CHOICE, step.address, body)
        named = " and ".join(str(i + 1) for i in close)
        raise NeedsPersonError(
            f"needs a person: proposals {named} are about as good.",
            where=f"{tree.name} {step.address}",
            remedy=f"Choose one: priory choose {step.address} --proposal {close[0] + 1}",
        )
    return best


def _as_good(proposals: tuple[Proposal, ...], best: int, margin: float | None) -> list[int]:
    """The best proposal and those within the margin of it, by approval."""
    if margin is None:
        return [best]
    scores = {i: p.approval.score for i, p in enumerate(proposals) if p.approval and not p.problems}
    close = [i for i in scores if scores[best] - scores[i] <= margin]
    return sorted(close, key=lambda i: (-scores[i], i))


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
                f"there is no child {last_ordinal(place)}: {above} has {count(have, 'child', 'children')}.",
                where=f"{tree.name} {place}",
                remedy=f"Look at them: priory show {above} {tree.option}",
            )
    return made


def situation_of(tree: Tree, address: Address, seed: int) -> Situation:
    """What a step at an address is shown.

    Raises:
        UnknownAddressError: The statement is not stored.
    """
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


@contextmanager
def kept_alive(tree: Tree, lease: Lease) -> Iterator[None]:
    """Keep a lease from running out while the block works: a model or a person may take minutes."""
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(LEASE_SECONDS / 3.0):
            with suppress(PrioryError):  # if it was lost, the commit will say so
                tree.store.renew(lease, seconds=LEASE_SECONDS)

    keeper = threading.Thread(target=renew, name=f"lease {lease.address}", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ended.set()
        keeper.join()


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
