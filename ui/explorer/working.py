"""The worker of this server: takes the steps that pages asked for out of the store's queue, one by one."""

from __future__ import annotations

import logging
import threading
import time
import uuid

from kb.errors import PrioryError
from kb.knowledge import Tree
from kb.records import Expansion, Move, WorkItem
from kb.stores.protocol import ExpansionExistsError, StaleLeaseError
from learning.fitting import refit
from learning.unpackers import Approving, at_work
from ui.explorer.jobs import FAILED, MARGIN, NEEDS_PERSON, WAITING, WORKING, Job, forget, jobs, mark
from unpacking.step import LEASE_SECONDS, NeedsPersonError, unpack_under

__all__ = ["settle", "start", "work_off"]

_LOG = logging.getLogger(__name__)
_NEEDS_PERSON = "a person is needed to choose"
_running: dict[str, threading.Thread] = {}
_lock = threading.Lock()


def start(tree: Tree) -> threading.Thread:
    """Work off the tree's open steps in a thread of this process; the one that is at it, if there is one."""
    name = f"{tree.store.url} {tree.tree_id}"
    with _lock:
        at_it = _running.get(name)
        if at_it is None or not at_it.is_alive():
            at_it = threading.Thread(target=_work, args=(tree,), name=f"unpacking {tree.name}", daemon=True)
            _running[name] = at_it
            at_it.start()
    return at_it


def _work(tree: Tree) -> None:
    try:
        while work_off(tree):
            time.sleep(0.05)
    except PrioryError:
        _LOG.exception("unpacking %s stopped; the next page that is loaded goes on", tree.name)


def work_off(tree: Tree) -> bool:
    """Do one open step; False when none waits that this process can have.

    A step whose worker died waits again once its lease has run out.
    """
    settle(tree)
    wanted = {job.key: job for job in jobs(tree) if job.state in (WAITING, WORKING)}
    if not wanted:
        return False
    worker = f"explorer-{uuid.uuid4().hex[:8]}"
    for item in tree.store.take(tree.tree_id, worker=worker, seconds=LEASE_SECONDS):
        job = wanted.get(f"{item.address} {item.slot}")
        if job is None:  # somebody else's, for a worker with another unpacker
            tree.store.release(item.lease)
            return False
        _done(tree, item, job)
        return True
    return False


def settle(tree: Tree) -> None:
    """Take off the list what another worker has done, and mark what one gave up."""
    open_jobs = jobs(tree)
    if not open_jobs:
        return
    given_up = {
        f"{g.address} {g.slot}": g.reason for g in tree.store.given_up(tree.tree_id, limit=1000).items
    }
    for job in open_jobs:
        if any(e.slot == job.slot for e in tree.store.expansions(tree.tree_id, job.address)):
            forget(tree, job)
        elif job.state in (WAITING, WORKING) and job.key in given_up:
            reason = given_up[job.key]
            mark(tree, job, NEEDS_PERSON if reason == _NEEDS_PERSON else FAILED, reason)


def _done(tree: Tree, item: WorkItem, job: Job) -> None:
    mark(tree, job, WORKING)
    try:
        how = at_work(tree, job.unpacker, approving=Approving(margin=MARGIN))
        made = unpack_under(tree, item.lease, how.unpacker, n=job.n, approver=how.approver, margin=how.margin)
    except (ExpansionExistsError, StaleLeaseError):
        settle(tree)  # another worker was faster, and what it committed stands
        return
    except NeedsPersonError:
        tree.store.give_up(item, reason=_NEEDS_PERSON)
        mark(tree, job, NEEDS_PERSON)
        return
    except PrioryError as error:
        tree.store.give_up(item, reason=str(error))
        mark(tree, job, FAILED, str(error))
        return
    except Exception as error:
        reason = f"something went wrong that Priory didn't foresee ({type(error).__name__}: {error})"
        tree.store.give_up(item, reason=reason)
        mark(tree, job, FAILED, reason)
        raise
    _logged(tree, made, job)
    forget(tree, job)
    if any(child.when for child in made.children):
        refit(tree, keep_strengths=True)


def _logged(tree: Tree, made: Expansion, job: Job) -> None:
    approval = made.proposals[made.committed].approval if made.proposals else None
    why = approval.reasons[0] if approval and approval.reasons else ""
    terms = dict(approval.terms) if approval else {}
    tree.log(Move("unpack", made.address, job.by, taken=True, why=why, terms=terms, created=time.time()))
