"""Rate: the sessions there are, and one question at a time."""

from __future__ import annotations

from typing import Any

import streamlit as st

from kb.errors import InputError, PrioryError
from learning.seats import open_guidelines, seat_of
from learning.sessions import Session, session_named
from learning.taking_back import take_back
from learning.turns import Turn, answer_turn, next_turn
from ui.explorer import layout, lobby, session
from ui.explorer.parts import part
from ui.explorer.session import Visit
from ui.explorer.turn_view import said_of, turn_view
from ui.explorer.worth import worth_when_known

__all__ = ["page"]

KEY = "rating"


def page(visit: Visit) -> None:
    """Lay out the page."""
    if visit.rater is None:
        layout.ask_name("Ratings are kept under a name, so that raters can be told apart and compared.")
        return
    name = st.query_params.get("s")
    if not name:
        lobby.lobby(visit, ("credence", "seven", "comparison"), "rate")
        return
    held = session_named(visit.tree, name)
    if held.task == "prediction":
        raise InputError(
            "this session asks for predictions.", where=held.name, remedy="Open it under Predict."
        )
    if not lobby.told(visit, held):
        lobby.guidelines(held, lambda: open_guidelines(visit.tree, held, str(visit.rater)))
        return
    _asking(visit, held)


@st.fragment
@layout.guarded
def _asking(visit: Visit, held: Session) -> None:
    """One question, or the end; a rerun of this part alone answers a key."""
    turn = _turn(visit, held)
    if turn is None:
        lobby.end(visit, held)
        return
    seat = seat_of(visit.tree, held, turn.rater)
    state = _state(visit, held)
    view = turn_view(
        visit.tree,
        turn,
        seat,
        worth=worth_when_known(visit, held, seat.done),
        trouble=state["trouble"],
        tries=state["tries"],
    )
    lobby.heading(held)
    part(
        "rating",
        view,
        key=KEY,
        on={"submit": lambda: _submitted(visit, held), "undo": lambda: _undone(visit, held)},
    )


def _state(visit: Visit, held: Session) -> dict[str, Any]:
    """What this browser knows of the session: the turn, and what went wrong with it."""
    which = (visit.tree.tree_id, held.name, visit.rater)
    state: dict[str, Any] = st.session_state.setdefault("rating state", {})
    if state.get("which") != which:
        state.clear()
        state.update(which=which, turn=None, trouble="", tries=0)
    return state


def _turn(visit: Visit, held: Session) -> Turn | None:
    """The turn of this browser; it is asked of the store once."""
    state = _state(visit, held)
    if state["turn"] is None:
        state["turn"] = next_turn(visit.tree, held, str(visit.rater))
    turn: Turn | None = state["turn"]
    return turn


def _submitted(visit: Visit, held: Session) -> None:
    """Keep the answer; where that fails the same question stays, with why."""
    state, event = _state(visit, held), st.session_state[KEY].submit
    turn: Turn | None = state["turn"]
    if not event or turn is None or event.get("turn") != turn.id:
        return
    try:
        answer_turn(visit.tree, turn, said_of(event, turn))
    except PrioryError as error:
        state.update(trouble=f"Not kept: {error} Enter sends it again.", tries=state["tries"] + 1)
        return
    state.update(turn=None, trouble="")
    session.forget_judged()


def _undone(visit: Visit, held: Session) -> None:
    """Take the last answer back."""
    state, event = _state(visit, held), st.session_state[KEY].undo
    if not event:
        return
    try:
        take_back(visit.tree, held, str(visit.rater), str(event.get("judgement")))
    except PrioryError as error:
        state.update(trouble=f"Not taken back: {error}", tries=state["tries"] + 1)
        return
    state.update(turn=None, trouble="")
    session.forget_judged()
