"""The contract of every store. ``tests/contract`` holds each implementation to these sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from kb.address import Address
from kb.errors import FailedError, InputError
from kb.records import (
    Document,
    Expansion,
    Finding,
    GivenUp,
    Judgement,
    Lease,
    Move,
    Page,
    QueueEntry,
    TreeRecord,
    WorkItem,
)
from kb.statements import Draft, Measures, Statement

__all__ = [
    "ExpansionExistsError",
    "MigrationNeededError",
    "NewerDatabaseError",
    "StaleDocumentError",
    "StaleLeaseError",
    "Store",
    "TreeExistsError",
    "UnknownAddressError",
    "UnknownTreeError",
]


class StaleLeaseError(FailedError):
    """A later lease was granted, or this one ran out and was taken. Nothing was written."""

    code = "stale-lease"


class StaleDocumentError(FailedError):
    """The document is not at the version that the write was made for. Nothing was written."""

    code = "stale-document"


class ExpansionExistsError(FailedError):
    """Another expansion is committed in this slot. Nothing was written."""

    code = "expansion-exists"


class MigrationNeededError(FailedError):
    """The database was made by an older Priory; ``kb.stores.migrating`` brings it up to date."""

    code = "migration-needed"


class NewerDatabaseError(FailedError):
    """The database was made by a newer Priory than this one."""

    code = "newer-database"


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

    Trees are named by ``tree_id``; an unknown one is an UnknownTreeError. Writes are durable when the call
    returns. Every method may raise FailedError when the database can't be reached or written, and InputError
    when a text or number can't be stored (half a character, NaN) or ``after`` is not the end of a page of the
    same listing. A page is keyset: stable under inserts, no row twice. ``created`` is filled in from the
    store's clock where it is 0.
    """

    url: str
    nearest_is_exact: bool  # ``nearest`` looks at every vector

    def __enter__(self) -> Self:
        """The store itself; leaving the ``with`` closes it."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""

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
        """Merge ``changes`` into the top level of the tree's spec (its id stays)."""

    def put_blob(self, data: bytes) -> str:
        """Store bytes (up to several GB, in chunks) under their blake2b digest and return it; idempotent."""

    def blob(self, digest: str) -> bytes:
        """The bytes of that digest.

        Raises:
            FailedError: There are none, or they don't match their digest.
        """

    def has_blob(self, digest: str) -> bool:
        """The blob is stored, whole."""

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
        """The statement and all below it in depth-first order, along current slots unless ``every_slot``.

        Dropped ones are included. ``of`` itself need not be on a current slot.
        """

    def search(
        self, tree_id: str, text: str, *, after: str | None = None, limit: int = 20
    ) -> Page[Statement]:
        """Statements along current slots that have all the words, the shortest text first.

        Any text is a safe query; nothing in it is an operator. Case and accents are of no matter.
        """

    def append_child(self, tree_id: str, of: Address, child: Draft) -> Statement:
        """Append one statement to the current slot (slot 0 if there is none) and return it.

        Raises:
            UnknownAddressError: ``of`` is not stored.
        """

    def put_statements(self, tree_id: str, new: Sequence[Statement]) -> int:
        """Store statements at their addresses, all or none; parents come before children or are stored.

        Those stored already with the same draft stay as they are (they get measures if they have none).
        ``n_children``, ``slot`` and ``is_unpacked`` are the store's own business.

        Returns:
            How many were new.

        Raises:
            UnknownAddressError: A parent is not stored.
            InputError: Another statement is stored at one of the addresses.
        """

    def put_expansions(self, tree_id: str, records: Sequence[Expansion]) -> int:
        """Record expansions whose children are stored, all or none, without a lease.

        The first of a statement becomes current. Those stored already stay as they are.

        Returns:
            How many were new.

        Raises:
            InputError: The children stored from ``first_ordinal`` on are not those of the expansion.
            ExpansionExistsError: A different expansion is in the slot.
        """

    def set_dropped(self, tree_id: str, address: Address, *, is_dropped: bool) -> None:
        """Take a statement out of Z, or back in."""

    def lease(
        self, tree_id: str, address: Address, slot: int, *, worker: str, seconds: float
    ) -> Lease | None:
        """Take the slot with a fence above all earlier ones.

        Returns:
            None while it is held, even by a worker of the same name.

        Raises:
            UnknownAddressError: The statement is not stored.
            ExpansionExistsError: The slot is committed.
        """

    def renew(self, lease: Lease, *, seconds: float) -> Lease:
        """The same lease with a later end; one that ran out can be renewed until somebody takes the slot.

        Raises:
            StaleLeaseError: A later lease was granted, or it was given back or used up.
        """

    def release(self, lease: Lease) -> None:
        """Give the slot back without a commit; does nothing when it is no longer held.

        The lease can't be used afterwards.
        """

    def commit(self, lease: Lease, expansion: Expansion) -> Expansion:
        """Store the expansion with its children, or nothing.

        The children of the committed proposal come behind those that people wrote into the slot before.
        The slot becomes current unless another slot with an expansion is. The same expansion committed twice
        changes nothing, whatever became of the lease.

        Returns:
            The expansion as stored (``first_ordinal``, ``created``, ``is_current`` filled in).

        Raises:
            StaleLeaseError: A later lease was granted, or this one was given back.
            ExpansionExistsError: A different expansion is in the slot.
            ValueError: The lease is for another slot.
        """

    def expansions(self, tree_id: str, address: Address) -> list[Expansion]:
        """All expansions of a statement, by slot; none for a statement that is not stored."""

    def expansions_within(
        self, tree_id: str, of: Address, *, after: str | None = None, limit: int = 100
    ) -> Page[Expansion]:
        """Expansions of the statement and of all below it, in every slot, by address and slot."""

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

    def append_moves(self, tree_id: str, moves: Sequence[Move]) -> int:
        """Append all or none; those whose id is known are left as they are, those without one get one.

        Returns:
            How many were new.
        """

    def moves(self, tree_id: str, *, after: str | None = None, limit: int = 1000) -> Page[Move]:
        """Moves in the order in which they were appended."""

    def put_measures(self, tree_id: str, measures: Mapping[Address, Measures]) -> None:
        """Replace the measures of all statements of the tree by these (others lose theirs), or none.

        Raises:
            UnknownAddressError: A measure is about a statement that is not stored.
        """

    def enqueue(self, tree_id: str, requests: Sequence[tuple[Address, int, float]]) -> int:
        """Ask for expansions (address, slot, priority), all or none.

        Known, given up or committed ones are left as they are.

        Returns:
            How many were new.

        Raises:
            UnknownAddressError: A statement is not stored.
        """

    def take(self, tree_id: str, *, worker: str, seconds: float, limit: int = 1) -> list[WorkItem]:
        """Lease the waiting items of highest priority, older ones first among equals.

        Items whose lease ran out or was released wait again; ``commit`` finishes them.
        """

    def give_up(self, item: WorkItem, *, reason: str) -> None:
        """Take a failed item out of the queue with its reason, so that no worker tries it again.

        Does nothing when its lease is no longer held. ``lease`` can still take the slot.
        """

    def waiting(self, tree_id: str) -> int:
        """Items neither finished nor given up."""

    def given_up(self, tree_id: str, *, after: str | None = None, limit: int = 100) -> Page[GivenUp]:
        """Items that workers gave up, in the order in which they were asked for or first leased."""

    def ask_again(self, tree_id: str, address: Address, slot: int) -> bool:
        """Put a given-up item back into the queue.

        Returns:
            False when there is no such item: it was never given up, or it is committed.

        Raises:
            UnknownAddressError: The statement is not stored.
        """

    def queue(self, tree_id: str, *, after: str | None = None, limit: int = 100) -> Page[QueueEntry]:
        """What waits, is worked on or was given up, in the order in which it was asked for."""

    def put_queue(self, tree_id: str, entries: Sequence[QueueEntry]) -> int:
        """Ask for expansions as another store had them, given-up ones included, all or none.

        Those asked for already or committed are left as they are.

        Returns:
            How many were new.

        Raises:
            UnknownAddressError: A statement is not stored.
        """

    def put_document(
        self, tree_id: str, kind: str, key: str, body: Mapping[str, Any], *, expected: int | None = None
    ) -> Document:
        """Write a JSON value under a kind and a key, and return it at its new version.

        Args:
            tree_id: The tree.
            kind: What sort of thing it is.
            key: Which one; not empty.
            body: JSON values only.
            expected: The version that must be stored now, 0 for none; None writes whatever is there.

        Raises:
            StaleDocumentError: Another version is stored.
            InputError: The key is empty, or a value is no JSON.
        """

    def document(self, tree_id: str, kind: str, key: str) -> Document | None:
        """The document, or None."""

    def documents(
        self, tree_id: str, kind: str, *, prefix: str = "", after: str | None = None, limit: int = 100
    ) -> Page[Document]:
        """The documents of a kind whose key begins with ``prefix``, by the code points of their keys."""

    def document_kinds(self, tree_id: str) -> tuple[str, ...]:
        """The kinds of which there is a document, by name."""

    def put_vectors(self, tree_id: str, model: str, new: Mapping[Address, Sequence[float]]) -> None:
        """Keep what the texts of statements mean to a model, all or none; later ones replace earlier ones.

        Vectors are brought to unit length.

        Raises:
            UnknownAddressError: A statement is not stored.
            InputError: A vector is not of VECTOR_SIZE finite numbers, or all of them are 0.
        """

    def vectors(
        self, tree_id: str, model: str, *, after: str | None = None, limit: int = 100
    ) -> Page[tuple[Address, Sequence[float]]]:
        """The vectors that are kept for a model, by address."""

    def vector_models(self, tree_id: str) -> tuple[str, ...]:
        """The models of which there is a vector, by name."""

    def without_vector(
        self, tree_id: str, model: str, *, after: str | None = None, limit: int = 100
    ) -> Page[Statement]:
        """Statements in every slot of which the model has no vector yet, by address."""

    def nearest(
        self, tree_id: str, model: str, vector: Sequence[float], *, limit: int = 20
    ) -> list[tuple[Statement, float]]:
        """Statements along current slots with their cosine, the most alike first.

        Exact where ``nearest_is_exact``; else an index may miss some. Those without a vector are never found.

        Raises:
            InputError: As for ``put_vectors``.
        """

    def repair(self) -> Iterator[Finding]:
        """Mend what ``check`` finds and the rest of the store tells, page by page, and yield what was mended.

        Nothing is ever removed: what can only be mended by losing something stays as it is.
        """

    def check(self) -> Iterator[Finding]:
        """Walk every invariant page by page and yield what is broken; nothing for a sound store."""

    def invariants(self) -> tuple[str, ...]:
        """What ``check`` checks, in words."""

    def backup(self, to: Path) -> None:
        """Write a consistent copy to a new file while others go on working.

        Raises:
            InputError: The file exists, or its folder does not.
        """
