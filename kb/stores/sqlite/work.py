"""The queue of requested expansions."""

from __future__ import annotations

from collections.abc import Sequence

from kb.address import Address, address_of, child
from kb.errors import InputError
from kb.records import GivenUp, Lease, Page, QueueEntry, WorkItem
from kb.stores.cursors import decode, encode
from kb.stores.sqlite.connections import Database
from kb.stores.sqlite.queries import QUERIES
from kb.stores.sqlite.rows import place, tree_pk
from kb.stores.values import limit_of

__all__ = ["ask_again", "enqueue", "give_up", "given_up", "put_queue", "queue", "take", "waiting"]

_ASK = (
    "INSERT INTO work (tree, statement, slot, state, priority) "
    "SELECT ?1, ?2, ?3, 'asked', ?4 "
    "WHERE NOT EXISTS (SELECT 1 FROM expansion WHERE statement = ?2 AND slot = ?3) "
    "ON CONFLICT (statement, slot) DO UPDATE SET state = 'asked', priority = excluded.priority "
    "WHERE state = 'unasked'"
)


def queue(db: Database, tree_id: str, *, after: str | None, limit: int) -> Page[QueueEntry]:
    """One page of what waits, is worked on or was given up."""
    query = f"queue {tree_id}"
    last = 0 if after is None else int(decode(query, after, int)[0])
    with db.reading() as conn:
        tree = tree_pk(db, conn, tree_id)
        rows = conn.execute(QUERIES["queue"], (last, tree, limit_of(limit) + 1)).fetchall()
    items = tuple(
        QueueEntry(address_of(path), slot, priority, attempts, (reason or "") if state != "asked" else None)
        for _, path, slot, priority, attempts, reason, state in rows[:limit]
    )
    return Page(items, encode(query, rows[limit - 1][0]) if len(rows) > limit else None)


def put_queue(db: Database, tree_id: str, entries: Sequence[QueueEntry]) -> int:
    """Ask for expansions as another store had them, all or none; returns how many were new."""
    for each in entries:
        _refuse_nan(each.address, each.slot, each.priority)
    n_new = 0
    with db.writing() as conn:
        tree = tree_pk(db, conn, tree_id)
        for each in entries:
            pk = place(conn, tree, each.address)[0]
            is_new = conn.execute(_ASK, (tree, pk, each.slot, float(each.priority))).rowcount
            n_new += is_new
            if is_new:
                state = "asked" if each.reason is None else "given-up"
                conn.execute(
                    "UPDATE work SET state = ?, attempts = ?, reason = ? WHERE statement = ? AND slot = ?",
                    (state, each.attempts, each.reason, pk, each.slot),
                )
    return n_new


def _refuse_nan(address: Address, slot: int, priority: float) -> None:
    child(address, 0, slot=slot)
    if priority != priority:  # NaN has no place in an order
        raise InputError("the priority is NaN.", where=address, remedy="Give a number.")


def enqueue(db: Database, tree_id: str, requests: Sequence[tuple[Address, int, float]]) -> int:
    """Ask for expansions, all or none; returns how many were new."""
    for request in requests:
        _refuse_nan(*request)
    n_new = 0
    with db.writing() as conn:
        tree = tree_pk(db, conn, tree_id)
        for address, slot, priority in requests:
            pk = place(conn, tree, address)[0]
            n_new += conn.execute(_ASK, (tree, pk, slot, float(priority))).rowcount
    return n_new


def take(db: Database, tree_id: str, *, worker: str, seconds: float, limit: int) -> list[WorkItem]:
    """Lease the waiting items of highest priority."""
    now = db.clock()
    until = now + seconds
    with db.writing(is_durable=False) as conn:
        tree = tree_pk(db, conn, tree_id)
        conn.execute(QUERIES["expire"], (tree, now))
        rows = conn.execute(QUERIES["claim"], (worker, until, tree, limit_of(limit))).fetchall()
        items = []
        for _, statement, slot, priority, attempts, fence in sorted(rows, key=lambda row: (-row[3], row[0])):
            (path,) = conn.execute("SELECT path FROM statement WHERE pk = ?", (statement,)).fetchone()
            address = address_of(path)
            held = Lease(tree_id, address, slot, worker, fence, until)
            items.append(WorkItem(address, slot, float(priority), attempts, held))
    return items


def give_up(db: Database, item: WorkItem, *, reason: str) -> None:
    """Take a failed item out of the queue; does nothing when its lease is no longer held."""
    with db.writing() as conn:
        pk = place(conn, tree_pk(db, conn, item.lease.tree_id), item.address)[0]
        conn.execute(
            "UPDATE work SET state = 'given-up', reason = ?, worker = NULL, until = NULL, fence = fence + 1 "
            "WHERE statement = ? AND slot = ? AND fence = ? AND state = 'asked'",
            (reason, pk, item.slot, item.lease.fence),
        )


def given_up(db: Database, tree_id: str, *, after: str | None, limit: int) -> Page[GivenUp]:
    """One page of the items that workers gave up."""
    query = f"given up {tree_id}"
    last = 0 if after is None else int(decode(query, after, int)[0])
    with db.reading() as conn:
        tree = tree_pk(db, conn, tree_id)
        rows = conn.execute(QUERIES["given up"], (tree, last, limit_of(limit) + 1)).fetchall()
    items = tuple(GivenUp(address_of(row[1]), row[2], row[3], row[4] or "") for row in rows[:limit])
    return Page(items, encode(query, rows[limit - 1][0]) if len(rows) > limit else None)


def ask_again(db: Database, tree_id: str, address: Address, slot: int) -> bool:
    """Put a given-up item back into the queue; False when there is none."""
    with db.writing() as conn:
        pk = place(conn, tree_pk(db, conn, tree_id), address)[0]
        again = conn.execute(
            "UPDATE work SET state = 'asked', reason = NULL "
            "WHERE statement = ? AND slot = ? AND state = 'given-up'",
            (pk, slot),
        )
    return again.rowcount == 1


def waiting(db: Database, tree_id: str) -> int:
    """Items neither finished nor given up."""
    with db.reading() as conn:
        tree = (tree_pk(db, conn, tree_id),)
        free, leased = (conn.execute(QUERIES[name], tree).fetchone()[0] for name in ("waiting", "leased"))
    return int(free) + int(leased)
