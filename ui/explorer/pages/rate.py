"""Rate: the sessions there are, and one question at a time."""

from __future__ import annotations

import streamlit as st

from kb.errors import InputError, PrioryError
from learning.seats import open_guidelines, seat_of
from learning.sessions import Session, session_named
from learning.taking_back import take_back
from learning.turns import Turn, answer_turn
from ui.explorer import layout, lobby
from ui.explorer.parts import part
from ui.explorer.seated import failed, moved_on, state_of, turn_of
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
    turn = turn_of(visit, held)
    if turn is None:
        lobby.end(visit, held)
        return
    seat, state = seat_of(visit.tree, held, turn.rater), state_of(visit, held)
    worth = worth_when_known(visit, held, seat.done)
    view = turn_view(visit.tree, turn, seat, worth=worth, trouble=state["trouble"], tries=state["tries"])
    lobby.heading(held)
    answers = {"submit": lambda: _submitted(visit, held), "undo": lambda: _undone(visit, held)}
    part("rating", view, key=KEY, on=answers)


def _submitted(visit: Visit, held: Session) -> None:
    """Keep the answer; where that fails the same question stays, with why."""
    event = st.session_state[KEY].submit
    turn: Turn | None = state_of(visit, held)["turn"]
    if not event or turn is None or event.get("turn") != turn.id:
        return
    try:
        answer_turn(visit.tree, turn, said_of(event, turn))
    except PrioryError as error:
        failed(visit, held, f"Not kept: {error} Enter sends it again.")
        return
    moved_on(visit, held)


def _undone(visit: Visit, held: Session) -> None:
    """Take the last answer back."""
    event = st.session_state[KEY].undo
    if not event:
        return
    try:
        take_back(visit.tree, held, str(visit.rater), str(event.get("judgement")))
    except PrioryError as error:
        failed(visit, held, f"Not taken back: {error}")
        return
    moved_on(visit, held)
