"""Unpacking asked for on a page: requests in the store's queue, which outlive the page and the server.

Which requests this explorer made, and how they are to be unpacked, is kept in one document of the tree;
whether one is done, failed or needs a person is read from the store itself.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from kb.address import Address
from kb.errors import InputError
from kb.knowledge import Tree
from kb.stores.protocol import StaleDocumentError
from learning.growing import planned
from learning.unpackers import MODEL
from ui.wording import count, duration, usd_in_words

__all__ = [
    "FAILED",
    "NEEDS_PERSON",
    "WAITING",
    "WORKING",
    "Job",
    "ask",
    "forget",
    "jobs",
    "mark",
    "offered",
    "price",
    "retry",
]

WAITING, WORKING, FAILED, NEEDS_PERSON = "waiting", "working", "failed", "needs you"
KIND, KEY = "explorer", "unpacking"
PRIORITY = 1e9  # a person waits for it
PROPOSALS = 3
MARGIN = 0.02  # in approval: below it a person is asked to choose
MOST_OPEN = 200
_ATTEMPTS = 50  # at writing the document while others write it, too


@dataclass(frozen=True, slots=True)
class Job:
    """One request to unpack a statement.

    Attributes:
        address: The statement.
        slot: Where its children will lie.
        unpacker: By which unpacker.
        n: Proposals.
        by: Who asked.
        asked: When, in seconds since 1970.
        state: ``waiting``, ``working``, ``failed`` or ``needs you``.
        reason: Why it failed.
    """

    address: Address
    slot: int
    unpacker: str
    n: int
    by: str
    asked: float
    state: str = WAITING
    reason: str = ""

    @property
    def key(self) -> str:
        """Names it among the requests of its tree."""
        return f"{self.address} {self.slot}"


def ask(tree: Tree, address: Address, *, unpacker: str, by: str, n: int = PROPOSALS) -> Job:
    """Ask for one step; the same again while it is open changes nothing.

    Raises:
        InputError: Too many requests are open.
        UnknownAddressError: The statement is not stored.
    """
    statement = tree.statement(address)
    slots = [e.slot for e in tree.store.expansions(tree.tree_id, statement.address)]
    job = Job(statement.address, max(slots, default=-1) + 1, unpacker, n, by, time.time())

    def with_it(open_jobs: dict[str, Any]) -> dict[str, Any]:
        if len(open_jobs) >= MOST_OPEN:
            raise InputError(f"{MOST_OPEN} statements wait to be unpacked.", remedy="Let them be done first.")
        return open_jobs if job.key in open_jobs else {**open_jobs, job.key: asdict(job)}

    _changed(tree, with_it)
    tree.store.enqueue(tree.tree_id, [(job.address, job.slot, PRIORITY)])
    return job


def retry(tree: Tree, job: Job) -> None:
    """Ask again for a step that failed."""
    mark(tree, job, WAITING)
    if not tree.store.ask_again(tree.tree_id, job.address, job.slot):
        tree.store.enqueue(tree.tree_id, [(job.address, job.slot, PRIORITY)])


def mark(tree: Tree, job: Job, state: str, reason: str = "") -> None:
    """Say how far a step is."""
    _changed(
        tree,
        lambda jobs: (
            {**jobs, job.key: {**jobs[job.key], "state": state, "reason": reason}}
            if job.key in jobs
            else jobs
        ),
    )


def forget(tree: Tree, job: Job) -> None:
    """Take a step off the list: it is done, or nobody wants it any more."""
    _changed(tree, lambda jobs: {key: value for key, value in jobs.items() if key != job.key})


def jobs(tree: Tree) -> list[Job]:
    """Requests that are not done, the oldest first."""
    document = tree.store.document(tree.tree_id, KIND, KEY)
    if document is None or not document.body["jobs"]:
        return []
    stored = [Job(**{**each, "address": Address(each["address"])}) for each in document.body["jobs"].values()]
    return sorted(stored, key=lambda job: job.asked)


def _changed(tree: Tree, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Change the list of open jobs against the version that was read, until nobody interferes."""
    for attempt in range(_ATTEMPTS):
        document = tree.store.document(tree.tree_id, KIND, KEY)
        before = dict(document.body["jobs"]) if document else {}
        after = change(before)
        if after == before:
            return
        try:
            version = document.version if document else 0
            tree.store.put_document(tree.tree_id, KIND, KEY, {"jobs": after}, expected=version)
        except StaleDocumentError:
            if attempt == _ATTEMPTS - 1:
                raise
            time.sleep(0.01)
        else:
            return


def offered() -> list[str]:
    """Unpackers that can be asked here: induction, and the language model if this server was told one."""
    return ["induction", "language-model"] if os.environ.get(MODEL) else ["induction"]


def price(tree: Tree, address: Address, unpacker: str, n: int = PROPOSALS) -> str:
    """What one step will cost, before it is asked for.

    Raises:
        InputError: The language model can't be used.
    """
    if unpacker != "language-model":
        return f"one step of {count(n, 'proposal')} from D; no language model, no money"
    found = planned(tree, address, unpacker, n=n)
    by = f" by {found.prices}" if found.prices else ""
    usd = "a price that is not known" if found.usd is None else f"about {usd_in_words(found.usd)}{by}"
    wait = f", about {duration(found.seconds)}" if found.seconds else ""
    return f"{count(found.calls, 'question')} to {os.environ[MODEL]}: {found.tokens:,} tokens, {usd}{wait}"
