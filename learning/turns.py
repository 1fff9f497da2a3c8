"""Turns in a rating session: what a rater is asked now, how it is shown, and what was said.

The judgement is written first, under an id that item, rater and attempt give; whatever breaks off or is sent
twice, an answer is kept once and is never lost. Taking one back stands in ``learning.taking_back``.
"""

from __future__ import annotations

import functools
import hashlib
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kb.address import ancestors
from kb.errors import InputError
from kb.knowledge import Tree
from kb.records import Judgement
from kb.statements import Statement
from learning.leasing import is_drawn, leased, move_on
from learning.ratios import LARGEST
from learning.seats import KEPT_FOR_UNDO, Clock, Seat, change_item, change_seat, seat_of
from learning.sessions import Item, Session
from learning.taking_back import finish_undo

__all__ = ["Said", "Turn", "answer_turn", "next_turn", "settle"]

PACES = 20  # answers whose median time says how long the rest takes


@dataclass(frozen=True, slots=True)
class Turn:
    """An item that is a rater's to answer now, and how it is to be shown.

    Attributes:
        session: Which session.
        rater: Whose turn.
        item: What is asked.
        attempt: How often an answer to it was taken back.
        statements: What it is about, in the item's order.
        with_path: The statements above are shown.
        swapped: The second statement of a comparison stands on the left.
        arm: Of a prediction: ``given Z`` or ``unaided``.
    """

    session: Session
    rater: str
    item: Item
    attempt: int
    statements: tuple[Statement, ...]
    with_path: bool
    swapped: bool
    arm: str

    @property
    def id(self) -> str:
        """Of the judgement that answers it; the same turn has the same id, however often it is sent."""
        said = f"{self.session.name}\0{self.item.ordinal}\0{self.rater}\0{self.attempt}"
        return hashlib.blake2b(said.encode(), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Said:
    """What a rater said in a turn.

    Attributes:
        answer: ``credence``, ``neither``, ``here``, ``skip`` or ``flag``; a comparison knows ``credence``,
            ``skip`` and ``flag``.
        value: Credence in [0, 1]; of a comparison the log of how many times the odds of the *first* statement
            are those of the second (above 0: the first is more plausible).
        note: Free text, such as the reason of a flag.
        seconds: From the first sight of the item to the answer.
        details: How it was given: ``first_ms`` until the first touch, ``adjustments``, ``point`` of a
            scale.
    """

    answer: str = "credence"
    value: float | None = None
    note: str = ""
    seconds: float = 0.0
    details: Mapping[str, Any] = field(default_factory=dict)


def next_turn(tree: Tree, session: Session, rater: str, *, clock: Clock = time.time) -> Turn | None:
    """The item that is the rater's to answer; the same one until it is answered.

    Returns:
        None when nothing is left for this rater at the moment: all is answered, or with others.

    Raises:
        InputError: The guidelines were not opened yet.
        FailedError: The store can't be reached or written.
    """
    seat = seat_of(tree, session, rater)
    if session.guidelines and not seat.guidelines_opened:
        raise InputError(
            "the guidelines come first.", where=f"session {session.name}", remedy="Open them once."
        )
    if seat.undoing:
        seat = finish_undo(tree, session, rater, seat.undoing)
    while True:
        if seat.current is None:
            seat = move_on(tree, session, rater, clock)
            if seat.current is None:
                return None
        turn = _held(tree, session, seat, clock)
        if turn is not None:
            return turn
        seat = change_seat(tree, session, rater, functools.partial(_without, over=seat.current))


def _without(seat: Seat, *, over: int | None) -> Seat:
    return replace(seat, current=None) if seat.current == over else seat


def _held(tree: Tree, session: Session, seat: Seat, clock: Clock) -> Turn | None:
    """The current item, its lease prolonged; None where it was answered, went to others or left Z."""
    ordinal = seat.current if seat.current is not None else -1
    item = change_item(tree, session, ordinal, lambda i: leased(session, i, seat.rater, clock()))
    if item is None:
        return None
    statements = _statements_of(tree, item)
    if statements is None:
        change_item(tree, session, ordinal, lambda i: replace(i, is_retired=True))
        return None
    turn = _turn(session, seat, item, statements)
    if kept := recorded(tree, turn):  # the answer was kept and then something broke off
        settle(tree, turn, kept, seconds=None)
        return None
    return turn


def _turn(session: Session, seat: Seat, item: Item, statements: Sequence[Statement]) -> Turn:
    place = item.ordinal if item.repeat_of is None else item.repeat_of
    swapped = is_drawn(session, seat.rater, place, "sides") is (item.repeat_of is None)
    arm = session.arm
    if arm == "both":
        arm = "unaided" if is_drawn(session, seat.rater, place, "arm") else "given Z"
    return Turn(
        session=session,
        rater=seat.rater,
        item=item,
        attempt=int(seat.attempts.get(str(item.ordinal), 0)),
        statements=tuple(statements),
        with_path=session.path == "with"
        or (session.path == "both" and is_drawn(session, seat.rater, place, "path")),
        swapped=item.kind == "comparison" and swapped,
        arm=arm,
    )


def _statements_of(tree: Tree, item: Item) -> list[Statement] | None:
    """The item's statements in its order; None where one of them, or one above it, has left Z."""
    wanted = {a for address in item.about for a in (*ancestors(address), address)}
    stored = {s.address: s for s in tree.store.nodes(tree.tree_id, sorted(wanted))}
    if any(a not in stored or stored[a].is_dropped for a in wanted):
        return None
    return [stored[a] for a in item.about]


def answer_turn(tree: Tree, turn: Turn, said: Said) -> Judgement:
    """Keep an answer, once however often it is sent, and give the item back.

    Raises:
        InputError: The answer is none, or a credence lies outside [0, 1].
        FailedError: It could not be kept; the turn stays the rater's, so that it can be sent again.
    """
    judgement = _judgement(turn, said)
    tree.store.append_judgements(tree.tree_id, [judgement])
    settle(tree, turn, judgement.answer, seconds=said.seconds)
    return judgement


def _judgement(turn: Turn, said: Said) -> Judgement:
    from learning.asking import check_answer

    item = turn.item
    if item.kind == "prediction" and said.answer != "skip":
        raise InputError("a case takes a forecast.", remedy="Use learning.forecast_turns.answer_forecast.")
    how = {
        **said.details,
        "item": item.ordinal,
        "task": turn.session.task,
        "with_path": turn.with_path,
        "is_gold": item.gold is not None,
        "repeat_of": item.repeat_of,
    }
    if item.kind == "comparison":
        how |= {"than": item.about[1], "left": item.about[int(turn.swapped)], "swapped": turn.swapped}
        if said.answer == "credence":
            log_ratio = _checked_ratio(said.value)
            how |= {"log_ratio": log_ratio, "ratio": math.exp(log_ratio)}
    judgement = Judgement(
        id=turn.id,
        kind=item.kind,  # type: ignore[arg-type]  # items are made with kinds of judgements
        address=item.about[0],
        rater=turn.rater,
        value=None if item.kind == "comparison" else said.value,
        answer=said.answer,
        note=said.note,
        seconds=said.seconds,
        session=turn.session.name,
        details=how,
    )
    if item.kind != "comparison" or said.answer != "credence":
        check_answer(judgement)
    return judgement


def _checked_ratio(value: float | None) -> float:
    if value is None or not abs(value) <= math.log(LARGEST) + 1e-9:
        raise InputError(f"{value} is no log ratio.", remedy="Give at most a thousand times either way.")
    return value


def settle(tree: Tree, turn: Turn, answer: str, *, seconds: float | None) -> None:
    """Note at the item and at the seat that the turn is over."""
    rater, ordinal = turn.rater, turn.item.ordinal

    def answered(item: Item) -> Item:
        held = {who: until for who, until in item.leases.items() if who != rater}
        return replace(item, leases=held, answered={**item.answered, rater: (turn.id, answer)})

    def seated(seat: Seat) -> Seat:
        if (ordinal, turn.id) in seat.recent:
            return seat
        paces = seat.paces if seconds is None else (*seat.paces, round(seconds, 1))[-PACES:]
        return replace(
            seat,
            current=None if seat.current == ordinal else seat.current,
            answered=(*(o for o in seat.answered if o != ordinal), ordinal),
            recent=(*seat.recent, (ordinal, turn.id))[-KEPT_FOR_UNDO:],
            paces=paces,
        )

    change_item(tree, turn.session, ordinal, answered)
    change_seat(tree, turn.session, rater, seated)


def recorded(tree: Tree, turn: Turn) -> str:
    """The word of the answer that is kept under the turn's id; empty where there is none."""
    after: str | None = None
    while True:
        page = tree.store.judgements(tree.tree_id, address=turn.item.about[0], rater=turn.rater, after=after)
        found = next((j.answer for j in page.items if j.id == turn.id), "")
        after = page.after
        if found or after is None:
            return found
