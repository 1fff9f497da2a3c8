"""The Neo4j store: each method of the contract, handed to the module that knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from kb.address import Address
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
from kb.stores.neo4j import (
    blobs,
    checks,
    copies,
    documents,
    expansions,
    growth,
    logs,
    repairs,
    statements,
    vectors,
    work,
)
from kb.stores.neo4j.connections import Database
from kb.stores.neo4j.search import search

__all__ = ["Neo4jStore"]


class Neo4jStore:
    """Trees in one Neo4j database. ``kb.stores.protocol.Store`` says what each method does."""

    nearest_is_exact = False

    def __init__(self, db: Database) -> None:
        self._db, self.url = db, db.where  # without user and password

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._db.close()

    def create_tree(self, tree: TreeRecord, root: Draft) -> None:
        """Store a tree with its root."""
        growth.create_tree(self._db, tree, root)

    def trees(self) -> list[TreeRecord]:
        """All trees, by name."""
        return growth.trees(self._db)

    def tree(self, name: str) -> TreeRecord:
        """The tree of that name."""
        return growth.tree_named(self._db, name)

    def update_spec(self, tree_id: str, changes: Mapping[str, object]) -> None:
        """Merge ``changes`` into the tree's spec."""
        growth.update_spec(self._db, tree_id, changes)

    def put_blob(self, data: bytes) -> str:
        """Store bytes and return their digest."""
        return blobs.put_blob(self._db, data)

    def blob(self, digest: str) -> bytes:
        """The bytes of that digest."""
        return blobs.blob(self._db, digest)

    def has_blob(self, digest: str) -> bool:
        """The blob is stored, whole."""
        return blobs.has_blob(self._db, digest)

    def node(self, tree_id: str, address: Address) -> Statement | None:
        """The statement, or None."""
        return statements.node(self._db, tree_id, address)

    def nodes(self, tree_id: str, addresses: Sequence[Address]) -> list[Statement]:
        """Those of the addresses that are stored."""
        return statements.nodes(self._db, tree_id, addresses)

    def ancestors(self, tree_id: str, address: Address) -> list[Statement]:
        """Stored statements above the address."""
        return statements.above(self._db, tree_id, address)

    def children(
        self,
        tree_id: str,
        of: Address,
        *,
        slot: int | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[Statement]:
        """Children in ordinal order."""
        return statements.children(self._db, tree_id, of, slot=slot, after=after, limit=limit)

    def subtree(
        self,
        tree_id: str,
        of: Address,
        *,
        after: str | None = None,
        limit: int = 100,
        every_slot: bool = False,
    ) -> Page[Statement]:
        """The statement and all below it, depth first."""
        return statements.subtree(self._db, tree_id, of, after=after, limit=limit, every_slot=every_slot)

    def search(
        self, tree_id: str, text: str, *, after: str | None = None, limit: int = 20
    ) -> Page[Statement]:
        """Statements that have all the words, shortest first."""
        return search(self._db, tree_id, text, after=after, limit=limit)

    def append_child(self, tree_id: str, of: Address, child: Draft) -> Statement:
        """Append one statement and return it."""
        return growth.append_child(self._db, tree_id, of, child)

    def put_statements(self, tree_id: str, new: Sequence[Statement]) -> int:
        """Store statements at their addresses."""
        return growth.put_statements(self._db, tree_id, new)

    def set_dropped(self, tree_id: str, address: Address, *, is_dropped: bool) -> None:
        """Take a statement out of Z, or back in."""
        growth.set_dropped(self._db, tree_id, address, is_dropped=is_dropped)

    def lease(
        self, tree_id: str, address: Address, slot: int, *, worker: str, seconds: float
    ) -> Lease | None:
        """Take the slot, or None while it is held."""
        return expansions.lease(self._db, tree_id, address, slot, worker=worker, seconds=seconds)

    def renew(self, lease: Lease, *, seconds: float) -> Lease:
        """The same lease with a later end."""
        return expansions.renew(self._db, lease, seconds=seconds)

    def release(self, lease: Lease) -> None:
        """Give the slot back without a commit."""
        expansions.release(self._db, lease)

    def commit(self, lease: Lease, expansion: Expansion) -> Expansion:
        """Store the expansion with its children, or nothing."""
        return expansions.commit(self._db, lease, expansion)

    def expansions(self, tree_id: str, address: Address) -> list[Expansion]:
        """All expansions of a statement, by slot."""
        return expansions.expansions(self._db, tree_id, address)

    def expansions_within(
        self, tree_id: str, of: Address, *, after: str | None = None, limit: int = 100
    ) -> Page[Expansion]:
        """Expansions of the statement and of all below it, by address and slot."""
        return expansions.expansions_within(self._db, tree_id, of, after=after, limit=limit)

    def put_expansions(self, tree_id: str, records: Sequence[Expansion]) -> int:
        """Record expansions whose children are stored."""
        return expansions.put_expansions(self._db, tree_id, records)

    def choose(self, tree_id: str, address: Address, slot: int) -> None:
        """Make a committed slot the current one."""
        expansions.choose(self._db, tree_id, address, slot)

    def append_judgements(self, tree_id: str, judgements: Sequence[Judgement]) -> int:
        """Append all or none; returns how many were new."""
        return logs.append_judgements(self._db, tree_id, judgements)

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
        return logs.judgements(self._db, tree_id, address, rater, after, limit)

    def append_moves(self, tree_id: str, moves: Sequence[Move]) -> int:
        """Append all or none; returns how many were new."""
        return logs.append_moves(self._db, tree_id, moves)

    def moves(self, tree_id: str, *, after: str | None = None, limit: int = 1000) -> Page[Move]:
        """Moves in the order in which they were appended."""
        return logs.moves(self._db, tree_id, after=after, limit=limit)

    def put_measures(self, tree_id: str, measures: Mapping[Address, Measures]) -> None:
        """Replace the measures of all statements of the tree."""
        growth.put_measures(self._db, tree_id, measures)

    def enqueue(self, tree_id: str, requests: Sequence[tuple[Address, int, float]]) -> int:
        """Ask for expansions; returns how many were new."""
        return work.enqueue(self._db, tree_id, requests)

    def take(self, tree_id: str, *, worker: str, seconds: float, limit: int = 1) -> list[WorkItem]:
        """Lease the waiting items of highest priority."""
        return work.take(self._db, tree_id, worker=worker, seconds=seconds, limit=limit)

    def give_up(self, item: WorkItem, *, reason: str) -> None:
        """Take a failed item out of the queue."""
        work.give_up(self._db, item, reason=reason)

    def waiting(self, tree_id: str) -> int:
        """Items neither finished nor given up."""
        return work.waiting(self._db, tree_id)

    def given_up(self, tree_id: str, *, after: str | None = None, limit: int = 100) -> Page[GivenUp]:
        """Items that workers gave up."""
        return work.given_up(self._db, tree_id, after=after, limit=limit)

    def ask_again(self, tree_id: str, address: Address, slot: int) -> bool:
        """Put a given-up item back into the queue."""
        return work.ask_again(self._db, tree_id, address, slot)

    def queue(self, tree_id: str, *, after: str | None = None, limit: int = 100) -> Page[QueueEntry]:
        """What waits, is worked on or was given up."""
        return work.queue(self._db, tree_id, after=after, limit=limit)

    def put_queue(self, tree_id: str, entries: Sequence[QueueEntry]) -> int:
        """Ask for expansions as another store had them."""
        return work.put_queue(self._db, tree_id, entries)

    def put_document(
        self, tree_id: str, kind: str, key: str, body: Mapping[str, Any], *, expected: int | None = None
    ) -> Document:
        """Write a JSON value under a kind and a key."""
        return documents.put_document(self._db, tree_id, Document(kind, key, body), expected=expected)

    def document(self, tree_id: str, kind: str, key: str) -> Document | None:
        """The document, or None."""
        return documents.document(self._db, tree_id, kind, key)

    def documents(
        self, tree_id: str, kind: str, *, prefix: str = "", after: str | None = None, limit: int = 100
    ) -> Page[Document]:
        """The documents of a kind, by key."""
        return documents.documents(self._db, tree_id, kind, prefix=prefix, after=after, limit=limit)

    def document_kinds(self, tree_id: str) -> tuple[str, ...]:
        """The kinds of which there is a document."""
        return documents.document_kinds(self._db, tree_id)

    def put_vectors(self, tree_id: str, model: str, new: Mapping[Address, Sequence[float]]) -> None:
        """Keep what the texts of statements mean to a model."""
        vectors.put_vectors(self._db, tree_id, model, new)

    def vectors(
        self, tree_id: str, model: str, *, after: str | None = None, limit: int = 100
    ) -> Page[tuple[Address, Sequence[float]]]:
        """The vectors that are kept for a model, by address."""
        return vectors.vectors(self._db, tree_id, model, after=after, limit=limit)

    def vector_models(self, tree_id: str) -> tuple[str, ...]:
        """The models of which there is a vector."""
        return vectors.vector_models(self._db, tree_id)

    def without_vector(
        self, tree_id: str, model: str, *, after: str | None = None, limit: int = 100
    ) -> Page[Statement]:
        """Statements of which the model has no vector yet, by address."""
        return vectors.without_vector(self._db, tree_id, model, after=after, limit=limit)

    def nearest(
        self, tree_id: str, model: str, vector: Sequence[float], *, limit: int = 20
    ) -> list[tuple[Statement, float]]:
        """Statements along current slots with their cosine, the most alike first."""
        return vectors.nearest(self._db, tree_id, model, vector, limit=limit)

    def repair(self) -> Iterator[Finding]:
        """Mend what the rest of the store tells, and yield what was mended."""
        return repairs.repair(self._db)

    def check(self) -> Iterator[Finding]:
        """Yield what is broken."""
        return checks.check(self._db)

    def invariants(self) -> tuple[str, ...]:
        """What ``check`` checks, in words."""
        return checks.INVARIANTS

    def backup(self, to: Path) -> None:
        """Write a copy that is whole while others go on working."""
        copies.backup(self, to)
