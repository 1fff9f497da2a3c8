"""A worker: takes requested expansions from the queue of a tree, one after the other, as others do."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from kb.errors import PrioryError
from kb.knowledge import Tree
from kb.records import WorkItem
from kb.stores.protocol import ExpansionExistsError, StaleLeaseError
from unpacking.approvers import AUTOMATIC, Approver
from unpacking.protocol import Unpacker
from unpacking.step import LEASE_SECONDS, unpack_under

__all__ = ["Worked", "work"]


@dataclass(frozen=True, slots=True)
class Worked:
    """What a worker did.

    Attributes:
        done: Expansions committed.
        given_up: Items that failed; their reasons are in the store.
        waiting: Items that are left, those of other workers included.
    """

    done: int
    given_up: int
    waiting: int


@dataclass(frozen=True, slots=True)
class _Step:
    """How each step is made."""

    unpacker: Unpacker
    n: int
    approver: Approver
    margin: float | None


def work(  # noqa: PLR0913  # the options of a worker, as people type them
    tree: Tree,
    unpacker: Unpacker,
    *,
    n: int = 3,
    approver: Approver = AUTOMATIC,
    margin: float | None = None,
    most: int | None = None,
    patience: float | None = 0.0,
    progress: Callable[[Worked, WorkItem], None] | None = None,
) -> Worked:
    """Unpack what is queued until nothing is left.

    Args:
        tree: Whose queue.
        unpacker: Who proposes.
        n: Proposals per step.
        approver: Who scores them.
        margin: In approval: a step waits for a person where its best proposals are as close as that.
        most: Take at most so many items; None for all.
        patience: Seconds to wait for new items once the queue is empty; None for ever.
        progress: Told of each finished item.
    """
    worker = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
    done = given_up = 0
    idle_since = time.monotonic()
    while most is None or done + given_up < most:
        items = tree.store.take(tree.tree_id, worker=worker, seconds=LEASE_SECONDS)
        if not items:
            if patience is not None and time.monotonic() - idle_since >= patience:
                break
            time.sleep(0.2)
            continue
        for item in items:
            is_done = _worked(tree, item, _Step(unpacker, n, approver, margin))
            done, given_up = done + is_done, given_up + (not is_done)
            if progress:
                progress(Worked(done, given_up, tree.store.waiting(tree.tree_id)), item)
        idle_since = time.monotonic()
    return Worked(done, given_up, tree.store.waiting(tree.tree_id))


def _worked(tree: Tree, item: WorkItem, step: _Step) -> bool:
    """Commit one item under the lease that came with it; False when it was given up."""
    try:
        unpack_under(tree, item.lease, step.unpacker, n=step.n, approver=step.approver, margin=step.margin)
    except (ExpansionExistsError, StaleLeaseError):
        return False  # another worker was faster, and what it committed stands
    except PrioryError as error:
        tree.store.give_up(item, reason=str(error))
        return False
    except BaseException:
        tree.store.release(item.lease)
        raise
    return True
