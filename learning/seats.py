"""Seats: each rater's place in a session, kept so that reloads, other browsers and crashes change nothing."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from kb.errors import FailedError
from kb.knowledge import Tree
from kb.stores.protocol import StaleDocumentError
from learning.sessions import ITEM, Item, Session, item_key

__all__ = [
    "KEPT_FOR_UNDO",
    "Clock",
    "Seat",
    "change_item",
    "change_seat",
    "open_guidelines",
    "seat_of",
    "seconds_left",
]

SEAT = "session-rater"
TRIES = 100
KEPT_FOR_UNDO = 10

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Seat:
    """A rater's place in a session.

    Attributes:
        rater: Whose.
        guidelines_opened: When, in seconds since 1970; 0 before.
        current: Ordinal of the item that is theirs now; None between two.
        ahead: Ordinals to try next.
        left: Items that were left for them when it was last counted, the current one not among them.
        answered: Their ordinals, in order.
        recent: The last ten answers (ordinal, judgement id), for undo.
        attempts: Ordinal → how often an answer was taken back.
        taken_back: The last ten answers that were taken back.
        undoing: The answer (ordinal, judgement id) that is being taken back; None at rest.
        paces: Seconds of the last answers.
    """

    rater: str
    guidelines_opened: float = 0.0
    current: int | None = None
    ahead: tuple[int, ...] = ()
    left: int = 0
    answered: tuple[int, ...] = ()
    recent: tuple[tuple[int, str], ...] = ()
    attempts: Mapping[str, int] = field(default_factory=dict)
    taken_back: tuple[str, ...] = ()
    undoing: tuple[int, str] | None = None
    paces: tuple[float, ...] = ()

    @property
    def done(self) -> int:
        """Items answered, skipped or flagged."""
        return len(self.answered)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form; ``from_dict`` reads it back."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        return {**plain, "recent": [list(r) for r in self.recent], "attempts": dict(self.attempts)}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Seat:
        """The seat that ``to_dict`` wrote."""
        undoing = stored["undoing"]
        return cls(
            **{
                **stored,
                "ahead": tuple(stored["ahead"]),
                "answered": tuple(stored["answered"]),
                "recent": tuple((int(i), str(j)) for i, j in stored["recent"]),
                "taken_back": tuple(stored["taken_back"]),
                "undoing": undoing and (int(undoing[0]), str(undoing[1])),
                "paces": tuple(stored["paces"]),
            }
        )


def seat_of(tree: Tree, session: Session, rater: str) -> Seat:
    """The rater's place; a new one before the first turn."""
    found = tree.store.document(tree.tree_id, SEAT, _seat_key(session, rater))
    return Seat.from_dict(found.body) if found else Seat(rater)


def _seat_key(session: Session, rater: str) -> str:
    return f"{session.name}/{rater}"


def change_seat(tree: Tree, session: Session, rater: str, change: Callable[[Seat], Seat]) -> Seat:
    """Rewrite a seat, again from what is stored where somebody else was quicker."""
    for _ in range(TRIES):
        found = tree.store.document(tree.tree_id, SEAT, _seat_key(session, rater))
        before = Seat.from_dict(found.body) if found else Seat(rater)
        after = change(before)
        if found and after == before:
            return after
        try:
            version = found.version if found else 0
            key = _seat_key(session, rater)
            tree.store.put_document(tree.tree_id, SEAT, key, after.to_dict(), expected=version)
        except StaleDocumentError:
            continue
        return after
    raise _contended(session)


def change_item(
    tree: Tree, session: Session, ordinal: int, change: Callable[[Item], Item | None]
) -> Item | None:
    """Rewrite an item unless ``change`` declines; None when it does."""
    key = item_key(session.name, ordinal)
    for _ in range(TRIES):
        found = tree.store.document(tree.tree_id, ITEM, key)
        if found is None:
            raise FailedError(
                "an item of the session is gone.", where=f"{tree.name} {key}", remedy="Make it anew."
            )
        before = Item.from_dict(found.body)
        after = change(before)
        if after is None or after == before:
            return after
        try:
            tree.store.put_document(tree.tree_id, ITEM, key, after.to_dict(), expected=found.version)
        except StaleDocumentError:
            continue
        return after
    raise _contended(session)


def _contended(session: Session) -> FailedError:
    return FailedError(
        "too many raters wrote at once.",
        where=f"session {session.name}",
        remedy="Try again; nothing was lost.",
    )


def open_guidelines(tree: Tree, session: Session, rater: str, *, clock: Clock = time.time) -> Seat:
    """Note that the rater has opened the guidelines."""
    return change_seat(
        tree, session, rater, lambda s: s if s.guidelines_opened else replace(s, guidelines_opened=clock())
    )


def seconds_left(seat: Seat) -> float | None:
    """How long the rest takes at the rater's pace; None before three answers."""
    if len(seat.paces) < 3:
        return None
    return statistics.median(seat.paces) * (seat.left + (seat.current is not None))
