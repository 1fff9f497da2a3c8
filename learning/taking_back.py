"""Taking answers back: a correction is appended, nothing is erased, and the item is the rater's again."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from kb.errors import InputError
from kb.knowledge import Tree
from kb.records import Judgement
from learning.seats import KEPT_FOR_UNDO, Seat, change_item, change_seat, seat_of
from learning.sessions import ITEM, Item, Session, item_key

__all__ = ["finish_undo", "take_back"]


def take_back(tree: Tree, session: Session, rater: str, judgement_id: str) -> None:
    """Take one of the last ten answers back: a correction is appended and the item is the rater's again.

    Taking the same answer back twice changes nothing.

    Raises:
        InputError: It is none of the rater's last ten answers in this session.
        FailedError: The store could not be written; try again.
    """
    seat = seat_of(tree, session, rater)
    ordinal = next((o for o, j in seat.recent if j == judgement_id), None)
    if ordinal is None and judgement_id in seat.taken_back:
        return
    if ordinal is None:
        raise InputError(
            f"{judgement_id!r} is none of your last {KEPT_FOR_UNDO} answers.", where=f"session {session.name}"
        )
    undoing = (ordinal, judgement_id)
    change_seat(tree, session, rater, lambda s: replace(s, undoing=undoing))
    finish_undo(tree, session, rater, undoing)


def finish_undo(tree: Tree, session: Session, rater: str, undoing: tuple[int, str]) -> Seat:
    """What was begun to be taken back is taken back; every step may be done twice."""
    ordinal, judgement_id = undoing

    def unanswered(item: Item) -> Item:
        said = {who: s for who, s in item.answered.items() if who != rater or s[0] != judgement_id}
        return replace(item, answered=said)

    def seated(seat: Seat) -> Seat:
        if seat.undoing != undoing:
            return seat
        waiting = () if seat.current in (None, ordinal) else (seat.current,)
        key = str(ordinal)
        return replace(
            seat,
            undoing=None,
            current=ordinal,
            ahead=tuple(int(o) for o in (*waiting, *seat.ahead) if o is not None),
            left=seat.left + len(waiting),
            answered=tuple(o for o in seat.answered if o != ordinal),
            recent=tuple(r for r in seat.recent if r != undoing),
            taken_back=(*seat.taken_back, judgement_id)[-KEPT_FOR_UNDO:],
            attempts={**seat.attempts, key: int(seat.attempts.get(key, 0)) + 1},
            paces=seat.paces[:-1],
        )

    found = tree.store.document(tree.tree_id, ITEM, item_key(session.name, ordinal))
    if found is not None:
        item = Item.from_dict(found.body)
        correction = Judgement(
            id=hashlib.blake2b(f"undo {judgement_id}".encode(), digest_size=16).hexdigest(),
            kind=item.kind,  # type: ignore[arg-type]  # items are made with kinds of judgements
            address=item.about[0],
            rater=rater,
            answer="undo",
            session=session.name,
            supersedes=judgement_id,
        )
        tree.store.append_judgements(tree.tree_id, [correction])
        change_item(tree, session, ordinal, unanswered)
    return change_seat(tree, session, rater, seated)
