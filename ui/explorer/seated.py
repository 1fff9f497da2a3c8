"""What one browser knows of a session: its turn, and what went wrong with it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from learning.sessions import Session
from learning.turns import Turn, next_turn
from ui.explorer import session
from ui.explorer.session import Visit

__all__ = ["failed", "moved_on", "state_of", "turn_of"]


def state_of(visit: Visit, held: Session) -> dict[str, Any]:
    """Keys: turn, trouble (why the last answer wasn't kept), tries (how many weren't), and the page's own."""
    which = (visit.tree.tree_id, held.name, visit.rater)
    state: dict[str, Any] = st.session_state.setdefault("seated", {})
    if state.get("which") != which:
        state.clear()
        state.update(which=which, turn=None, trouble="", tries=0)
    return state


def turn_of(visit: Visit, held: Session) -> Turn | None:
    """The turn of this browser; it is asked of the store once, until it is over."""
    state = state_of(visit, held)
    if state["turn"] is None:
        state["turn"] = next_turn(visit.tree, held, str(visit.rater))
    turn: Turn | None = state["turn"]
    return turn


def moved_on(visit: Visit, held: Session, **more: Any) -> None:
    """The turn is over, what was said is kept."""
    state = state_of(visit, held)
    which, tries = state["which"], state["tries"]
    state.clear()
    state.update(which=which, turn=None, trouble="", tries=tries, **more)
    session.forget_judged()


def failed(visit: Visit, held: Session, trouble: str) -> None:
    """The turn stays, with why; the answer in the browser can be sent again."""
    state = state_of(visit, held)
    state.update(trouble=trouble, tries=state["tries"] + 1)
