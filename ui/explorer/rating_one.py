"""Rating the statement that one looks at: a turn of its own, outside any session."""

from __future__ import annotations

import threading
from typing import Any

from kb.errors import PrioryError
from kb.knowledge import Tree
from kb.records import Judgement
from kb.statements import Statement
from learning.fitting import latest_fit
from learning.seats import Seat
from learning.sessions import Item, Session
from learning.turns import Turn
from ui.explorer.turn_view import said_of, turn_view

__all__ = ["SESSION", "fit_beside", "keep", "turn_for", "view_of"]

SESSION = "explore"
"""What such ratings are marked with: whoever gave them may have seen points and fit before."""

MOST_STATEMENTS = 20_000  # of a tree that is fitted anew beside the page
_fitting = threading.Lock()


def turn_for(tree: Tree, s: Statement, rater: str) -> Turn:
    """A turn about one statement; another one after each of the rater's earlier answers about it."""
    said = tree.store.judgements(tree.tree_id, address=s.address, rater=rater).items
    return Turn(
        session=Session(f"{SESSION} {s.address}"),
        rater=rater,
        item=Item(0, "rating", (s.address,)),
        attempt=sum(j.kind == "rating" for j in said),
        statements=(s,),
        with_path=True,
        swapped=False,
        arm="given Z",
    )


def view_of(tree: Tree, turn: Turn, *, trouble: str = "", tries: int = 0) -> dict[str, Any]:
    """The turn as the rating component shows it, without what belongs to a session."""
    shown = turn_view(tree, turn, Seat(turn.rater), trouble=trouble, tries=tries)
    return {**shown, "progress": "", "share": 0.0, "undo": ""}


def keep(tree: Tree, turn: Turn, event: dict[str, Any]) -> Judgement:
    """Append what was said; the same answer sent twice is kept once.

    Raises:
        InputError: It is for another turn, or no answer.
    """
    said = said_of(event, turn)
    return tree.judge(
        "rating",
        turn.statements[0].address,
        turn.rater,
        id=turn.id,
        value=said.value,
        answer=said.answer,
        note=said.note,
        seconds=said.seconds,
        session=SESSION,
        details=said.details,
    )


def fit_beside(tree: Tree) -> threading.Thread | None:
    """Fit the numbers anew in a thread, so that the answer shows; not where that would take minutes."""
    page = tree.store.subtree(tree.tree_id, tree.statement("0").address, limit=MOST_STATEMENTS)
    if page.after is not None:
        return None
    thread = threading.Thread(target=_fit, args=(tree,), name=f"fitting {tree.name}", daemon=True)
    thread.start()
    return thread


def _fit(tree: Tree) -> None:
    with _fitting:
        try:
            latest_fit(tree)
        except PrioryError:
            return  # the answer is kept; whatever needs the numbers fits them again and says what is wrong
