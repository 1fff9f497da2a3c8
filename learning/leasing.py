"""Leases: which item of a session a rater gets next, so that none is lost and none is asked of them twice.

An item is leased for ten minutes by a write that is conditional on its version; two raters never both get
the last place of one item.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from kb.knowledge import Tree
from learning.seats import Clock, Seat, change_item, change_seat, seat_of
from learning.sessions import Item, Session, all_items

__all__ = ["LEASE_SECONDS", "PASSED_OVER", "is_drawn", "leased", "move_on"]

LEASE_SECONDS = 600.0
AHEAD = 20  # candidates that one look at all items yields
GAP = 5  # answers between an item and its repeat, where that many are left
PASSED_OVER = ("skip", "flag")


def move_on(tree: Tree, session: Session, rater: str, clock: Clock) -> Seat:
    """Lease the first candidate that is still free; look through all items where none is left."""
    for look in (False, True):
        seat = _look_ahead(tree, session, rater, clock) if look else seat_of(tree, session, rater)
        for ordinal in seat.ahead:
            if change_item(tree, session, ordinal, lambda i: leased(session, i, rater, clock())) is not None:
                return change_seat(tree, session, rater, functools.partial(_seated, ordinal=ordinal))
    return change_seat(tree, session, rater, lambda s: replace(s, ahead=(), left=0))


def _seated(seat: Seat, *, ordinal: int) -> Seat:
    """Two windows of one rater get the same item: the first that was written stays."""
    if seat.current is not None:
        return seat
    rest = seat.ahead[seat.ahead.index(ordinal) + 1 :] if ordinal in seat.ahead else seat.ahead
    return replace(seat, current=ordinal, ahead=rest, left=max(0, seat.left - 1))


def leased(session: Session, item: Item, rater: str, now: float) -> Item | None:
    """The item with the rater's lease; None where it is answered, retired or all its places are taken."""
    if not _is_free(session, item, rater, now):
        return None
    if item.leases.get(rater, 0.0) - now > LEASE_SECONDS / 2.0:
        return item  # it is theirs for long enough; each write of it is a wait for the disk
    held = {who: until for who, until in item.leases.items() if until > now}
    return replace(item, leases={**held, rater: now + LEASE_SECONDS})


def _is_free(session: Session, item: Item, rater: str, now: float) -> bool:
    if item.is_retired or rater in item.answered:
        return False
    if session.raters is None or item.gold is not None or item.repeat_of is not None:
        return True
    said = sum(answer not in PASSED_OVER for _, answer in item.answered.values())
    held = sum(until > now for who, until in item.leases.items() if who != rater and who not in item.answered)
    return said + held < session.raters


def _look_ahead(tree: Tree, session: Session, rater: str, clock: Clock) -> Seat:
    """Look through all items once and note the next candidates, in this rater's order."""
    items, now = all_items(tree, session.name), clock()
    seat = seat_of(tree, session, rater)
    order = _order(session, rater, len(items))
    free = [o for o in order if _is_free(session, items[o], rater, now)]
    asked = [o for o in free if items[o].repeat_of is None]
    repeats = [o for o in free if items[o].repeat_of is not None]
    due = [o for o in repeats if _may_repeat(items, o, rater)]
    ahead = _interleaved(asked, due, items, seat, _rng(session, rater, f"repeats {seat.done}"))[:AHEAD]
    left = len(asked) + sum(not _is_passed_over(items, o, rater) for o in repeats)
    return change_seat(tree, session, rater, lambda s: replace(s, ahead=tuple(ahead), left=left))


def _order(session: Session, rater: str, n: int) -> list[int]:
    """Most valuable first as made; anything else in an order of the rater's own."""
    if session.statements == "valuable" and session.task != "comparison":
        return list(range(n))
    return [int(i) for i in _rng(session, rater, "order").permutation(n)]


def _is_passed_over(items: Sequence[Item], ordinal: int, rater: str) -> bool:
    """The rater skipped or flagged what would be repeated, so it never is."""
    original = items[ordinal].repeat_of
    said = items[original].answered.get(rater) if original is not None else None
    return said is not None and said[1] in PASSED_OVER


def _may_repeat(items: Sequence[Item], ordinal: int, rater: str) -> bool:
    """The rater answered, and did not pass over, what would be repeated."""
    original = items[ordinal].repeat_of
    said = items[original].answered.get(rater) if original is not None else None
    return said is not None and said[1] not in PASSED_OVER


def _interleaved(
    asked: list[int], due: list[int], items: Sequence[Item], seat: Seat, rng: np.random.Generator
) -> list[int]:
    """Repeats spread among what is asked, each GAP answers behind its original where so many are left."""
    place = {ordinal: i for i, ordinal in enumerate(seat.answered)}
    since = {o: seat.done - 1 - place.get(items[o].repeat_of or 0, 0) for o in due}
    found = asked[:AHEAD]
    for ordinal in sorted(due, key=lambda o: -since[o]):
        soonest = min(len(found), max(0, GAP - since[ordinal]))
        found.insert(int(rng.integers(soonest, len(found) + 1)), ordinal)
    return found


def is_drawn(session: Session, rater: str, ordinal: int, what: str) -> bool:
    """A fair coin per rater and item, balanced over each rater's items, the same on every machine."""
    n = max(session.size, ordinal + 1)
    return bool(_rng(session, rater, what).permutation(n)[ordinal] % 2)


def _rng(session: Session, *names: str) -> np.random.Generator:
    digest = hashlib.blake2b("\0".join((session.name, *names)).encode(), digest_size=8).digest()
    return np.random.default_rng([session.seed, int.from_bytes(digest)])
