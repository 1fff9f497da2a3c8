"""The queue of requested expansions."""

from __future__ import annotations

import math
import random
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from neo4j import ManagedTransaction, Record

from kb.address import Address, child, key
from kb.errors import InputError
from kb.records import GivenUp, Lease, Page, QueueEntry, WorkItem
from kb.stores.cursors import decode, encode
from kb.stores.neo4j.connections import Database, run
from kb.stores.neo4j.queries import QUERIES
from kb.stores.neo4j.rows import chunks, known_tree, unknown_address
from kb.stores.values import limit_of

__all__ = ["ask_again", "enqueue", "give_up", "given_up", "put_queue", "queue", "take", "waiting"]

_CROWD_SECONDS = 2.0  # after meeting others at the head of the queue, a worker starts somewhere behind it
_EXPIRY_SECONDS = 1.0  # while others wait, leases that ran out are looked for so often; at the end every time
_SPREAD = 32  # so many claims from the head at most


def enqueue(db: Database, tree_id: str, requests: Sequence[tuple[Address, int, float]]) -> int:
    """Ask for expansions, all or none; returns how many were new."""
    return put_queue(db, tree_id, [QueueEntry(*request) for request in requests])


def put_queue(db: Database, tree_id: str, entries: Sequence[QueueEntry]) -> int:
    """Ask for expansions as another store had them, all or none; returns how many were new."""
    rows: dict[tuple[Address, int], dict[str, Any]] = {}
    for each in entries:
        child(each.address, 0, slot=each.slot)
        if math.isnan(each.priority):  # NaN has no place in an order
            raise InputError("the priority is NaN.", where=each.address, remedy="Give a number.")
        rows.setdefault(
            (each.address, each.slot),
            {
                "at": len(rows),
                "key": key(tree_id, each.address),
                "slot": each.slot,
                "address": each.address,
                "priority": float(each.priority),
                "state": "asked" if each.reason is None else "given-up",
                "reason": each.reason,
                "attempts": each.attempts or None,
            },
        )
    wanted = sorted(rows.values(), key=lambda row: (str(row["key"]), row["slot"]))

    def work(tx: ManagedTransaction) -> int:
        known_tree(db, tree_id, tx)
        keys = sorted({row["key"] for row in wanted})
        if sum(len(run(tx, QUERIES["present"], keys=part)) for part in chunks(keys)) != len(keys):
            raise unknown_address(tx, tree_id, [each.address for each in entries])
        clock = run(tx, QUERIES["clock"])[0]["clock"]
        given = {"tree": tree_id, "clock": clock}
        return sum(run(tx, QUERIES["enqueue"], rows=part, **given)[0]["n"] for part in chunks(wanted))

    return db.writing(work)


def take(db: Database, tree_id: str, *, worker: str, seconds: float, limit: int) -> list[WorkItem]:
    """Lease the waiting items of highest priority.

    Nothing skips locked rows in Cypher, so workers that start at the same head would wait for each other's
    claims and find them taken. Who finds that starts, for a while, at random a little behind the head.
    """
    known_tree(db, tree_id)
    claim = _Claim(db, tree_id, {"worker": worker, "seconds": seconds}, limit_of(limit))
    if time.monotonic() > db.expired_at.get(tree_id, -math.inf) + _EXPIRY_SECONDS:
        claim.expire()
    skip = limit * random.randrange(_SPREAD) if time.monotonic() < db.crowded_until else 0  # noqa: S311  # spreads workers
    rows = claim.take(skip) or (claim.take(0) if skip else [])
    if len(rows) < limit:
        claim.expire()
        rows += claim.take(0, limit - len(rows))
    if len(rows) < limit and db.read(QUERIES["any waiting"], tree=tree_id, lowest=-math.inf):
        db.crowded_until = time.monotonic() + _CROWD_SECONDS  # what waits was held by somebody's claim
        rows = rows or claim.take(0)
    rows.sort(key=lambda row: (-row["w.priority"], row["w.seq"]))
    return [_item(tree_id, worker, row) for row in rows]


@dataclass(frozen=True, slots=True)
class _Claim:
    """Claims of one call, each a transaction of its own."""

    db: Database
    tree_id: str
    given: Mapping[str, object]
    limit: int

    def take(self, skip: int, limit: int | None = None) -> list[Record]:
        """Lease so many of those that wait, behind the first ``skip``.

        A claim whose answer was lost is recognised by its grant; what it took runs out if that fails, too.
        """
        grant = uuid.uuid4().hex
        n = self.limit if limit is None else limit

        def settle() -> list[Record] | None:
            return self.db.read(QUERIES["granted"], tree=self.tree_id, grant=grant) or None

        return self.db.write(
            QUERIES["claim"],
            settle=settle,
            tree=self.tree_id,
            grant=grant,
            lowest=-math.inf,
            skip=skip,
            limit=n,
            now=self.db.now,
            **self.given,
        )

    def expire(self) -> None:
        """Let the items wait again whose lease ran out."""
        self.db.write(QUERIES["expire"], tree=self.tree_id, now=self.db.now)
        self.db.expired_at[self.tree_id] = time.monotonic()


def _item(tree_id: str, worker: str, row: Record) -> WorkItem:
    _, address, slot, priority, attempts, fence, until, _ = row.values()
    held = Lease(tree_id, Address(address), slot, worker, fence, until)
    return WorkItem(held.address, slot, priority, attempts, held)


def give_up(db: Database, item: WorkItem, *, reason: str) -> None:
    """Take a failed item out of the queue; does nothing when its lease is no longer held."""
    tree_id, fence = item.lease.tree_id, item.lease.fence
    given = {"key": key(tree_id, item.address), "slot": item.slot, "fence": fence, "reason": reason}

    def work(tx: ManagedTransaction) -> None:
        known_tree(db, tree_id, tx)
        run(tx, QUERIES["give up"], **given)

    db.writing(work)


def ask_again(db: Database, tree_id: str, address: Address, slot: int) -> bool:
    """Put a given-up item back into the queue; False when there is none."""
    at = key(tree_id, address)

    def work(tx: ManagedTransaction) -> bool:
        known_tree(db, tree_id, tx)
        if not run(tx, QUERIES["place"], key=at):
            raise unknown_address(tx, tree_id, [address])
        return bool(run(tx, QUERIES["ask again"], key=at, slot=slot))

    return db.writing(work)


def waiting(db: Database, tree_id: str) -> int:
    """Items neither finished nor given up."""
    known_tree(db, tree_id)
    return int(db.read(QUERIES["waiting"], tree=tree_id)[0]["n"])


def given_up(db: Database, tree_id: str, *, after: str | None, limit: int) -> Page[GivenUp]:
    """One page of the items that workers gave up."""
    query = f"given up {tree_id}"
    last = -1 if after is None else int(decode(query, after, int)[0])
    known_tree(db, tree_id)
    rows = _listed(db, tree_id, "given-up", last, limit_of(limit) + 1)
    items = tuple(
        GivenUp(each.address, each.slot, each.attempts, each.reason or "") for _, each in rows[:limit]
    )
    return Page(items, encode(query, rows[limit - 1][0]) if len(rows) > limit else None)


def queue(db: Database, tree_id: str, *, after: str | None, limit: int) -> Page[QueueEntry]:
    """One page of what waits, is worked on or was given up."""
    query = f"queue {tree_id}"
    last = -1 if after is None else int(decode(query, after, int)[0])
    known_tree(db, tree_id)
    wanted = limit_of(limit) + 1
    rows = sorted(
        (row for state in ("asked", "given-up") for row in _listed(db, tree_id, state, last, wanted)),
        key=lambda row: row[0],
    )
    items = tuple(each for _, each in rows[:limit])
    return Page(items, encode(query, rows[limit - 1][0]) if len(rows) > limit else None)


def _listed(db: Database, tree_id: str, state: str, last: int, limit: int) -> list[tuple[int, QueueEntry]]:
    """When each was asked for, in nanoseconds, and what."""
    rows = db.read(QUERIES["work"], tree=tree_id, state=state, after=last, limit=limit)
    found = []
    for row in rows:
        seq, address, slot, priority, attempts, reason = row.values()
        given = None if state == "asked" else reason or ""
        found.append((seq, QueueEntry(Address(address), slot, priority, attempts, given)))
    return found
