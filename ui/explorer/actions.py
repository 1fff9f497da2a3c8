"""What can be done with a statement: unpack it, rate it, write one below it, choose among proposals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from kb.address import Address
from kb.errors import PrioryError
from kb.statements import Statement
from learning.choosing import choose_proposal, commit_instead, waiting_choice
from learning.growing import add
from ui.explorer import jobs, layout, rating_one, session, working
from ui.explorer.jobs import Job
from ui.explorer.links import safe_label
from ui.explorer.parts import part
from ui.explorer.provenance import choice_steps, steps_of
from ui.explorer.session import Visit
from ui.wording import clean

__all__ = ["act", "busy", "buttons", "proposals_at", "rating_asked"]

POLL = 1.0  # seconds between two looks at a step that is under way
WHO = "Say who you are first: top right."


def busy(visit: Visit) -> list[Job]:
    """Steps that wait or are under way; whoever loads a page puts the worker to work on them."""
    found = [job for job in jobs.jobs(visit.tree) if job.state in (jobs.WAITING, jobs.WORKING)]
    if found:
        working.start(visit.tree)
    return found


def act(visit: Visit, asked: Mapping[str, Any]) -> None:
    """A callback of the tree: a key was pressed on a row."""
    address = Address(str(asked["z"]))
    st.query_params["z"] = address
    if asked["does"] == "unpack":
        _unpack(visit, address)
    elif asked["does"] == "rate":
        st.session_state["rating"] = True
    elif asked["does"] == "write":
        st.session_state["writing"] = True
    st.rerun(["tree pane", "detail pane"])


def _unpack(visit: Visit, address: Address) -> None:
    if visit.rater is None:
        st.session_state["told"] = WHO
        return
    statement = visit.tree.statement(address)
    if statement.is_unpacked and not st.session_state.get("unpack again"):
        st.session_state["told"] = (
            "It is unpacked already. Provenance shows how, and can take another proposal."
        )
        return
    unpacker = str(st.session_state.get("unpacker") or jobs.offered()[0])
    jobs.ask(visit.tree, address, unpacker=unpacker, by=visit.rater)
    working.start(visit.tree)


def rating_asked() -> None:
    """A callback of the card: its statement is to be rated."""
    st.session_state["rating"] = True


def buttons(visit: Visit, s: Statement) -> None:
    """The row of buttons below the card, and what there is to say about them."""
    open_job = next((job for job in jobs.jobs(visit.tree) if job.address == s.address), None)
    if told := st.session_state.pop("told", None):
        st.caption(f":red[{safe_label(told)}]")
    _row(visit, s, is_free=open_job is None)
    if open_job is not None and open_job.state in (jobs.WAITING, jobs.WORKING):
        _under_way(visit, s.address)
    elif waiting_choice(visit.tree, s.address) is not None:
        _choose(visit, s, open_job)
    elif open_job is not None:
        _stuck(visit, open_job)
    elif not s.is_unpacked:
        _priced(visit, s)
    rates, writes = (st.session_state.pop(name, False) for name in ("rating", "writing"))
    if rates:
        _rate(visit, s)
    elif writes:
        _write(visit, s)


def _row(visit: Visit, s: Statement, *, is_free: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="actions"):
        st.button(
            "Unpack",
            icon=":material/account_tree:",
            shortcut="e",
            type="primary" if not s.is_unpacked else "secondary",
            disabled=s.is_unpacked or not is_free,
            help="It is unpacked already; Provenance shows how." if s.is_unpacked else None,
            on_click=_unpack,
            args=(visit, s.address),
        )
        if st.button("Rate :gray[R]", icon=":material/balance:", key="rate it"):
            st.session_state["rating"] = True
        if st.button("Write one", icon=":material/edit:", shortcut="a"):
            st.session_state["writing"] = True
        if len(jobs.offered()) > 1 and not s.is_unpacked:
            st.selectbox("By", jobs.offered(), key="unpacker", label_visibility="collapsed", width=190)


def _priced(visit: Visit, s: Statement) -> None:
    unpacker = str(st.session_state.get("unpacker") or jobs.offered()[0])
    try:
        said = f"Unpack: {jobs.price(visit.tree, s.address, unpacker)}."
    except PrioryError as error:
        said = f"It can't be unpacked by {unpacker}: {error}"
    st.caption(safe_label(clean(said)))


@st.fragment(run_every=POLL)
@layout.guarded
def _under_way(visit: Visit, address: Address) -> None:
    working.settle(visit.tree)
    job = next((job for job in busy(visit) if job.address == address), None)
    if job is None:
        st.rerun()
    state = "is being unpacked" if job.state == jobs.WORKING else "waits to be unpacked"
    st.caption(
        f":material/progress_activity: {address} {state} by {safe_label(job.unpacker)}. "
        "You may leave this page."
    )


def _stuck(visit: Visit, job: Job) -> None:
    st.error(safe_label(f"It could not be unpacked: {clean(job.reason)}"), icon=":material/error:")
    with st.container(horizontal=True):
        st.button("Retry", key="retry job", on_click=_again, args=(visit, job), icon=":material/refresh:")
        st.button("Dismiss", key="dismiss job", on_click=jobs.forget, args=(visit.tree, job))


def _again(visit: Visit, job: Job) -> None:
    jobs.retry(visit.tree, job)
    working.start(visit.tree)


def _choose(visit: Visit, s: Statement, job: Job | None) -> None:
    st.warning("Needs you: the best proposals are too close to tell apart.", icon=":material/back_hand:")

    def chosen() -> None:
        place = int(st.session_state["choice"].commit["place"])
        if visit.rater is None:
            st.session_state["told"] = WHO
            return
        choose_proposal(visit.tree, s.address, place, by=visit.rater)
        if job is not None:
            jobs.forget(visit.tree, job)
        session.forget_judged()

    part("proposals", choice_steps(visit.tree, s), key="choice", on={"commit": layout.told_of_errors(chosen)})


def proposals_at(visit: Visit, s: Statement) -> None:
    """How the statement came to be, and how it was unpacked: every proposal, and which was taken."""

    def committed() -> None:
        asked = st.session_state["steps"].commit
        if visit.rater is None:
            st.session_state["told"] = WHO
            return
        commit_instead(visit.tree, s.address, int(asked["slot"]), int(asked["place"]), by=visit.rater)
        st.rerun(["tree pane", "detail pane"])

    found = steps_of(visit.tree, s)
    if not found["steps"]:
        layout.empty(
            "Not unpacked yet", "Once it is, every proposal stands here with what spoke for and against it."
        )
        return
    part("proposals", found, key="steps", on={"commit": layout.told_of_errors(committed)})


@st.dialog("How plausible is it?", width="large")
@layout.guarded
def _rate(visit: Visit, s: Statement) -> None:
    if visit.rater is None:
        layout.ask_name("It stands beside what you rate.")
        return
    turn = rating_one.turn_for(visit.tree, s, visit.rater)

    def submitted() -> None:
        kept = rating_one.keep(visit.tree, turn, dict(st.session_state["rate one"].submit))
        session.forget_judged()
        st.session_state["rated"] = kept.id
        rating_one.fit_beside(visit.tree)

    if st.session_state.pop("rated", None):
        st.rerun()
    shown = rating_one.view_of(visit.tree, turn, trouble=st.session_state.pop("told", ""))
    part("rating", shown, key="rate one", on={"submit": layout.told_of_errors(submitted)})


@st.dialog("Write a statement", width="medium")
def _write(visit: Visit, s: Statement) -> None:
    st.caption("Below:")
    layout.statement(s.text[:400])
    if visit.rater is None:
        layout.ask_name("It stands beside what you write.")
        return
    text = st.text_area(
        "What it says", max_chars=400, placeholder="Customers who called support twice leave."
    )
    when = st.text_input("The cases it speaks about, if that can be tested", placeholder="support_calls >= 2")
    columns = ", ".join(column.name for column in visit.tree.task.columns[:40])
    st.caption(f"A condition over: {safe_label(clean(columns))}")
    sides = ["no outcome in particular", *visit.tree.task.classes]
    side = st.selectbox("Speaks for", sides, format_func=clean)
    if not st.button("Add it", type="primary", shortcut="Ctrl+Enter"):
        return
    try:
        added = add(
            visit.tree,
            s.address,
            text,
            when=when.strip() or None,
            side=None if side == sides[0] else side,
            by=visit.rater,
        )
    except PrioryError as error:
        st.error(safe_label(clean(error)))
        return
    st.query_params["z"] = added.address
    st.rerun()
