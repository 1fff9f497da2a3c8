"""Predict: a case, a first guess, the statements that one takes as given, and the final answer."""

from __future__ import annotations

from typing import Any

import streamlit as st

from kb.address import ROOT, parse_address
from kb.errors import InputError, PrioryError
from learning.forecast_turns import (
    Begun,
    answer_forecast,
    begun,
    cite_statement,
    guess_first,
    open_statement,
    score_of,
)
from learning.seats import open_guidelines, seat_of
from learning.sessions import Session, session_named
from learning.taking_back import take_back
from learning.turns import Said, Turn, answer_turn
from ui.explorer import layout, lobby
from ui.explorer.forecast_view import (
    case_of,
    forecast_view,
    score_in_words,
    shares_sent,
    step_of,
    tree_rows,
    view_of,
)
from ui.explorer.parts import part
from ui.explorer.rows import around, asked_for
from ui.explorer.seated import failed, moved_on, state_of, turn_of
from ui.explorer.session import Visit
from ui.explorer.turn_view import progress_in_words
from ui.wording import count

__all__ = ["page"]

INPUT, TREE, VIEW = "forecast", "forecast tree", "forecast view"
HEIGHT = 330
STEPS = {"first guess": "1  first guess", "explore": "2  explore and cite", "final": "3  final answer"}


def page(visit: Visit) -> None:
    """Lay out the page."""
    if visit.rater is None:
        layout.ask_name("Predictions are kept under a name; a model learns how people predict, not who.")
        return
    name = st.query_params.get("s")
    if not name:
        lobby.lobby(visit, ("prediction",), "predict")
        return
    held = session_named(visit.tree, name)
    if held.task != "prediction":
        raise InputError("this session asks for ratings.", where=held.name, remedy="Open it under Rate.")
    if not lobby.told(visit, held):
        lobby.guidelines(held, lambda: open_guidelines(visit.tree, held, str(visit.rater)))
        return
    _predicting(visit, held)


@st.fragment
@layout.guarded
def _predicting(visit: Visit, held: Session) -> None:
    """One case, or the end."""
    turn, state = turn_of(visit, held), state_of(visit, held)
    if turn is None:
        _revealed(state)
        lobby.end(visit, held)
        return
    done = begun(visit.tree, turn)
    lobby.heading(held, progress_in_words(seat_of(visit.tree, held, turn.rater)))
    _revealed(state)
    if turn.arm != "given Z":
        with st.container(key="alone", width=760):
            _case(visit, turn)
            _input(visit, held, turn, done)
        return
    _steps(done)
    left, right = st.columns([6, 5], gap="large")
    with left:
        _case(visit, turn)
        _input(visit, held, turn, done)
    with right:
        if done.first_guess is None:
            layout.empty(
                "Z comes next", "Say what you think of the case alone first; then the statements open."
            )
        else:
            _explore(visit, held, turn, done)


def _revealed(state: dict[str, Any]) -> None:
    if state.get("score"):
        with st.container(key="score", border=True):
            st.text(state["score"])


def _steps(done: Begun) -> None:
    here = "first guess" if done.first_guess is None else "final" if done.opened else "explore"
    with st.container(horizontal=True, gap="small", key="steps"):
        for step, label in STEPS.items():
            st.badge(label, color="green" if step == here else "gray")


def _case(visit: Visit, turn: Turn) -> None:
    values = [{"cells": [{"t": name}, {"t": value}]} for name, value in case_of(visit.tree, turn)]
    columns = [{"label": "the case"}, {"label": ""}]
    part("table", {"columns": columns, "rows": values, "nothing": "Every value is missing."}, key="case")


def _input(visit: Visit, held: Session, turn: Turn, done: Begun) -> None:
    seat, state = seat_of(visit.tree, held, turn.rater), state_of(visit, held)
    view = forecast_view(visit.tree, turn, seat, done, trouble=state["trouble"], tries=state["tries"])
    answers = {"submit": lambda: _submitted(visit, held), "undo": lambda: _undone(visit, held)}
    part("rating", view, key=INPUT, on=answers)


def _explore(visit: Visit, held: Session, turn: Turn, done: Begun) -> None:
    """The reduced tree, the statement that is read, and the view."""
    tree, state = visit.tree, state_of(visit, held)
    reading = state.get("reading") or (done.opened[-1].address if done.opened else ROOT)
    wanted = state.pop("wanted", None)
    found, absent = tree_rows(tree, around(tree, reading) if wanted is None else asked_for(wanted), done)
    root = tree.statement(ROOT)
    part(
        "tree",
        {
            "tree": f"{tree.tree_id} predict",
            "stamp": f"{turn.id} {len(done.cited)} {done.cited}",
            "selected": reading,
            "rows": found,
            "absent": absent,
            "busy": [],
            "height": HEIGHT,
            "acts": {"b": "cite"},
            "foot": f"{count(root.n_children, 'statement')} below the root",
        },
        key=TREE,
        on={
            "rows": lambda: state.update(wanted=st.session_state[TREE].rows["want"]),
            "select": lambda: _open(visit, held, st.session_state[TREE].select),
            "act": lambda: _cite(visit, held, st.session_state[TREE].act),
        },
    )
    shown = view_of(tree, turn, done, state.get("reading"), trouble=state.get("view trouble", ""))
    part(
        "view",
        shown,
        key=VIEW,
        on={
            "read": lambda: _open(visit, held, st.session_state[VIEW].read),
            "cite": lambda: _cite(visit, held, st.session_state[VIEW].cite),
        },
    )


def _open(visit: Visit, held: Session, event: Any) -> None:
    """Open a statement, or read an opened one again."""
    state = state_of(visit, held)
    if not event or state["turn"] is None:
        return
    try:
        address = parse_address(str(event.get("z")))
        open_statement(visit.tree, state["turn"], address)
    except PrioryError as error:
        state["view trouble"] = str(error)
        return
    state.update({"reading": address, "view trouble": ""})


def _cite(visit: Visit, held: Session, event: Any) -> None:
    """Cite the statement, opening it if it isn't, or take the citation back."""
    state = state_of(visit, held)
    turn: Turn | None = state["turn"]
    if not event or turn is None:
        return
    try:
        address = parse_address(str(event.get("z")))
        done = open_statement(visit.tree, turn, address)
        cite_statement(visit.tree, turn, address, is_cited=address not in done.cited)
    except PrioryError as error:
        state["view trouble"] = str(error)
        return
    state.update({"reading": address, "view trouble": ""})


def _submitted(visit: Visit, held: Session) -> None:
    """Keep the first guess or the forecast; where that fails the case stays as it is, with why."""
    event = st.session_state[INPUT].submit
    turn: Turn | None = state_of(visit, held)["turn"]
    if not event or turn is None or not str(event.get("turn")).startswith(turn.id):
        return
    try:
        if event.get("answer") == "skip":
            answer_turn(visit.tree, turn, Said(answer="skip", details={"case": turn.item.case}))
            moved_on(visit, held)
        else:
            _kept(visit, held, turn, event)
    except PrioryError as error:
        failed(visit, held, f"Not kept: {error}")


def _kept(visit: Visit, held: Session, turn: Turn, event: Any) -> None:
    done = begun(visit.tree, turn)
    p = shares_sent(visit.tree, event, turn, done)
    if step_of(turn, done) == "first guess":
        guess_first(visit.tree, turn, p)
        state_of(visit, held).update(trouble="")
        return
    answer_forecast(visit.tree, turn, p)
    score = score_of(visit.tree, turn, p, done.first_guess) if held.reveal else None
    moved_on(visit, held, score=score_in_words(visit.tree, score) if score else "")


def _undone(visit: Visit, held: Session) -> None:
    """Take the last forecast back."""
    event = st.session_state[INPUT].undo
    if not event:
        return
    try:
        take_back(visit.tree, held, str(visit.rater), str(event.get("judgement")))
    except PrioryError as error:
        failed(visit, held, f"Not taken back: {error}")
        return
    moved_on(visit, held)
