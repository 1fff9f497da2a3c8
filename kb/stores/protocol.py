"""The contract of every store. ``tests/contract`` holds each implementation to these sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from kb.address import Address
from kb.errors import FailedError, InputError
from kb.records import Expansion, Finding, Judgement, Lease, Move, Page, TreeRecord, WorkItem
from kb.statements import Draft, Measures, Statement

__all__ = [
    "ExpansionExistsError",
    "StaleLeaseError",
    "Store",
    "TreeExistsError",
    "UnknownAddressError",
    "UnknownTreeError",
]


class StaleLeaseError(FailedError):
    """A later lease was granted, or this one ran out and was taken. Nothing was written."""

    code = "stale-lease"


class ExpansionExistsError(FailedError):
    """Another expansion is committed in this slot. Nothing was written."""

    code = "expansion-exists"


class TreeExistsError(InputError):
    """A tree of this name is in the knowledge base."""

    code = "tree-exists"


class UnknownTreeError(InputError, LookupError):
    """No tree of this name is in the knowledge base."""

    code = "unknown-tree"


class UnknownAddressError(InputError, LookupError):
    """No statement is stored at this address of this tree."""

    code = "unknown-address"


class Store(Protocol):
    """Keeps trees for several processes at once.

    Trees are named by ``tree_id``. Writes are durable when the call returns. Every method may raise
    FailedError when the
    database can't be reached or written. A page is keyset: stable under inserts, no row twice.
    """

    url: str

    def close(self) -> None:
        """Give the database back; a second call does nothing."""

    def create_tree(self, tree: TreeRecord, root: Draft) -> None:
        """Store a tree with its root at address 0.

        Raises:
            TreeExistsError: The name is taken by a tree with another id. The same tree again changes nothing.
        """

    def trees(self) -> list[TreeRecord]:
        """All trees, by name."""

    def tree(self, name: str) -> TreeRecord:
        """The tree of that name.

        Raises:
            UnknownTreeError: There is none; the message names the ones there are.
        """

    def update_spec(self, tree_id: str, changes: Mapping[str, object]) -> None:
        """Merge ``changes`` into the tree's spec (its id stays)."""

    def put_blob(self, data: bytes) -> str:
        """Store bytes (up to several GB, in chunks) under their blake2b digest and return it; idempotent."""

    def blob(self, digest: str) -> bytes:
        """The bytes of that digest.

        Raises:
            FailedError: There are none, or they don't match their digest.
        """

    def node(self, tree_id: str, address: Address) -> Statement | None:
        """The statement, or None."""

    def nodes(self, tree_id: str, addresses: Sequence[Address]) -> list[Statement]:
        """Those of the addresses that are stored, in address order."""

    def ancestors(self, tree_id: str, address: Address) -> list[Statement]:
        """Stored statements above the address, the root first."""

    def children(
        self,
        tree_id: str,
        of: Address,
        *,
        slot: int | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[Statement]:
        """Children in ordinal order, of the current slot unless one is named; dropped ones included."""

    def subtree(
        self,
        tree_id: str,
        of: Address,
        *,
        after: str | None = None,
        limit: int = 100,
        every_slot: bool = False,
    ) -> Page[Statement]:
        """The statement and all below it in depth-first order, along current slots unless ``every_slot``."""

    def search(
        self, tree_id: str, text: str, *, after: str | None = None, limit: int = 20
    ) -> Page[Statement]:
        """Statements along current slots that have all the words, best match first.

        Any text is a safe query; nothing in it is an operator.
        """

    def append_child(self, tree_id: str, of: Address, child: Draft) -> Statement:
        """Append one statement to the current slot (slot 0 if there is none) and return it.

        Raises:
            UnknownAddressError: ``of`` is not stored.
        """

    def set_dropped(self, tree_id: str, address: Address, *, is_dropped: bool) -> None:
        """Take a statement out of Z, or back in."""

    def lease(
        self, tree_id: str, address: Address, slot: int, *, worker: str, seconds: float
    ) -> Lease | None:
        """Take the slot with a fence above all earlier ones.

        Returns:
            None while another worker holds it.

        Raises:
            UnknownAddressError: The statement is not stored.
            ExpansionExistsError: The slot is committed.
        """

    def renew(self, lease: Lease, *, seconds: float) -> Lease:
        """The same lease with a later end.

        Raises:
            StaleLeaseError: It is no longer held.
        """

    def release(self, lease: Lease) -> None:
        """Give the slot back without a commit; does nothing when it is no longer held."""

    def commit(self, lease: Lease, expansion: Expansion) -> Expansion:
        """Store the expansion with its children, or nothing.

        The children of the committed proposal come behind those that people wrote into the slot before.
        The slot becomes
        current unless another slot with an expansion is. The same expansion committed twice changes nothing.

        Returns:
            The expansion as stored (``first_ordinal``, ``created``, ``is_current`` filled in).

        Raises:
            StaleLeaseError: A later lease was granted.
            ExpansionExistsError: A different expansion is in the slot.
        """

    def expansions(self, tree_id: str, address: Address) -> list[Expansion]:
        """All expansions of a statement, by slot."""

    def choose(self, tree_id: str, address: Address, slot: int) -> None:
        """Make a committed slot the current one.

        Raises:
            UnknownAddressError: There is no expansion in that slot.
        """

    def append_judgements(self, tree_id: str, judgements: Sequence[Judgement]) -> int:
        """Append all or none; those whose id is known are left as they are.

        Returns:
            How many were new.

        Raises:
            UnknownAddressError: A judgement is about a statement that is not stored.
        """

    def judgements(
        self,
        tree_id: str,
        *,
        address: Address | None = None,
        rater: str | None = None,
        after: str | None = None,
        limit: int = 1000,
    ) -> Page[Judgement]:
        """Judgements in the order in which they were appended."""

    def append_moves(self, tree_id: str, moves: Sequence[Move]) -> None:
        """Append all or none."""

    def moves(self, tree_id: str, *, after: str | None = None, limit: int = 1000) -> Page[Move]:
        """Moves in the order in which they were appended."""

    def put_measures(self, tree_id: str, measures: Mapping[Address, Measures]) -> None:
        """Replace the measures of all statements of the tree by these (others lose theirs)."""

    def enqueue(self, tree_id: str, requests: Sequence[tuple[Address, int, float]]) -> int:
        """Ask for expansions (address, slot, priority); known or committed ones are left as they are.

        Returns:
            How many were new.
        """

    def take(self, tree_id: str, *, worker: str, seconds: float, limit: int = 1) -> list[WorkItem]:
        """Lease the waiting items of highest priority.

        Items whose lease ran out wait again; ``commit`` finishes them.
        """

    def give_up(self, item: WorkItem, *, reason: str) -> None:
        """Take a failed item out of the queue with its reason, so that no worker tries it again."""

    def waiting(self, tree_id: str) -> int:
        """Items neither finished nor given up."""

    def check(self) -> Iterator[Finding]:
        """Walk every invariant page by page and yield what is broken; nothing for a sound store."""

    def invariants(self) -> tuple[str, ...]:
        """What ``check`` checks, in words."""

    def backup(self, to: Path) -> None:
        """Write a consistent copy while others go on working."""
