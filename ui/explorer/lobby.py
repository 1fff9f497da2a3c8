"""Around a session: which there are, making one, its guidelines, its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from kb.errors import InputError, PrioryError
from learning.seats import Seat, seat_of
from learning.session_results import consistency_of, export_session, standing
from learning.sessions import Session, TaskKind, list_sessions, new_session, session_named
from ui.explorer import layout
from ui.explorer.links import safe_label
from ui.explorer.session import Visit
from ui.explorer.turn_view import progress_in_words
from ui.explorer.worth import worth_now
from ui.rows import as_csv, as_json_lines
from ui.wording import clean, count, duration

__all__ = ["end", "guidelines", "heading", "lobby", "told"]

ASKS = {
    "credence": "how sure you are, in per cent",
    "seven": "how plausible, on seven points",
    "comparison": "which of two is more plausible",
    "prediction": "predictions of cases",
}
QUICK = "most-valuable"
MOST_QUICK = 40


def lobby(visit: Visit, tasks: Sequence[TaskKind], path: str) -> None:
    """The sessions of these tasks with one's own progress, and a way to make one."""
    with st.container(key="lobby", width=820):
        _listed(visit, tasks, path)


def _listed(visit: Visit, tasks: Sequence[TaskKind], path: str) -> None:
    found = [s for s in list_sessions(visit.tree) if s.task in tasks]
    st.title("Rate" if path == "rate" else "Predict", anchor=False)
    st.text(
        f"How plausible is it that a statement also holds for {visit.tree.task.about_predict}? "
        "One statement at a time; every answer is kept at once."
        if path == "rate"
        else f"What do you think of {visit.tree.task.about_predict}, case by case? First alone, then with Z."
    )
    if not found:
        _first(visit, path)
    for each in found:
        _row(visit, each, path)
    _maker(visit, tasks, path)


def _first(visit: Visit, path: str) -> None:
    """No session yet: one click makes a good one."""
    with st.container(border=True):
        st.subheader("No session yet", anchor=False)
        if path == "rate":
            st.text("Begin with the statements whose answers change the predictions most.")
            plan = Session(QUICK, statements="valuable", seed=visit.tree.task.seed, by=str(visit.rater))
        else:
            st.text("Begin with labelled cases that no number was chosen with; they show how well you do.")
            plan = Session("warm-up", task="prediction", reveal=True, arm="both", by=str(visit.rater))
        if st.button("Begin", type="primary", icon=":material/play_arrow:", key="begin"):
            with st.spinner("Choosing what to ask …"):
                made = _begun(visit, plan)
            go(made.name)


def _begun(visit: Visit, plan: Session) -> Session:
    """The session as planned; a second click while it is being made finds the one of the first."""
    try:
        return new_session(visit.tree, plan, most=MOST_QUICK)
    except InputError:
        return session_named(visit.tree, plan.name)


def _row(visit: Visit, held: Session, path: str) -> None:
    seat = seat_of(visit.tree, held, str(visit.rater))
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        with st.container(gap=None):
            st.subheader(safe_label(held.name), anchor=False)
            st.caption(safe_label(_about(held, seat)))
        word = "Resume" if seat.done else "Begin"
        key = f"open {held.name}"
        if st.button(word, key=key, type="primary" if path else "secondary", icon=":material/play_arrow:"):
            go(held.name)


def _about(held: Session, seat: Seat) -> str:
    mine = progress_in_words(seat) if seat.done else f"{count(held.size, 'item')}"
    return f"{ASKS[held.task]} · {mine}"


def go(name: str | None) -> None:
    """Open a session, or the list of them."""
    kept = {key: st.query_params[key] for key in ("tree",) if key in st.query_params}
    st.query_params.from_dict({**kept, **({"s": name} if name else {})})
    st.rerun()


def heading(held: Session, says: str = "") -> None:
    """One quiet line above the question: the session, and how far one is."""
    with st.container(key="session heading", horizontal=True, vertical_alignment="center"):
        st.caption(" · ".join(filter(None, (safe_label(held.name), ASKS[held.task], safe_label(says)))))
        st.space("stretch")
        if held.guidelines:
            with st.popover("Guidelines", type="tertiary", icon=":material/menu_book:"):
                st.text(_lines(held.guidelines))
        if st.button("All sessions", type="tertiary", key="all sessions"):
            go(None)


def told(visit: Visit, held: Session) -> bool:
    """There are no guidelines, or the rater has opened them."""
    return not held.guidelines or bool(seat_of(visit.tree, held, str(visit.rater)).guidelines_opened)


def guidelines(held: Session, opened: Callable[[], Any]) -> None:
    """What to read before the first question."""
    with st.container(key="guidelines", width=760):
        st.title("Before you begin", anchor=False)
        st.text(_lines(held.guidelines))
        if st.button("I have read this", type="primary", shortcut="Enter", key="have read"):
            opened()
            st.rerun()


def _lines(text: str) -> str:
    """Foreign text on the lines that it has, for ``st.text``."""
    return "\n".join(clean(line) for line in text.splitlines())


def end(visit: Visit, held: Session) -> None:
    """Nothing is left: thanks, how consistent one was, one's own answers to take away."""
    rater = str(visit.rater)
    said = [j for j in standing(visit.tree.judgements()) if j.session == held.name and j.rater == rater]
    with st.container(key="end", width=760):
        st.title("Thank you" if said else "Nothing to ask", anchor=False)
        st.text(_ended(held, len(said), sum(j.seconds for j in said)))
        again = consistency_of(said)
        if again.n:
            close = "within a factor of two" if held.task == "comparison" else "within 10 points"
            st.text(f"{again.n} came twice; you answered {again.close} of them {close} of the first time.")
        if said and held.task in ("credence", "seven"):
            _worth(visit, rater)
        if said:
            _downloads(visit, held, rater)
        if st.button("All sessions", key="all sessions"):
            go(None)


def _ended(held: Session, n: int, seconds: float) -> str:
    if not n:
        return f"Nothing in {held.name} is left for you at the moment: it is answered, or with others."
    kept = f"{count(n, 'answer')} kept, {duration(seconds)} of your time."
    return f"Nothing in {held.name} is left for you. {kept}"


def _worth(visit: Visit, rater: str) -> None:
    with st.spinner("Working out what more ratings would change …"):
        try:
            st.text(worth_now(visit.tree, rater))
        except PrioryError as error:
            layout.banner(error)


def _downloads(visit: Visit, held: Session, rater: str) -> None:
    rows = export_session(visit.tree, held, rater=rater)
    with st.container(horizontal=True):
        for kind, written, mime in (
            ("csv", as_csv, "text/csv"),
            ("jsonl", as_json_lines, "application/jsonl"),
        ):
            st.download_button(
                f"My answers as {kind.upper()}",
                written(rows),
                file_name=f"{held.name}.{kind}",
                mime=mime,
                icon=":material/download:",
                on_click="ignore",
                key=f"download {kind}",
            )


def _maker(visit: Visit, tasks: Sequence[TaskKind], path: str) -> None:
    """For leads: a session by hand; the command line knows more."""
    with st.expander("Make a session"), st.form("make", border=False):
        name = st.text_input("Name", max_chars=40, placeholder="pilot-1", key="make name")
        left, right = st.columns(2)
        task = left.selectbox("It asks for", tasks, format_func=lambda t: ASKS[t], key="make task")
        plan = _rating_plan(right) if path == "rate" else _prediction_plan(visit, right)
        most = left.number_input("Items at most", 1, 5_000, 40, key="make most")
        told_first = st.text_area("Guidelines, which each rater opens once", key="make guidelines")
        if st.form_submit_button("Make it", type="primary"):
            _made(visit, Session(name.strip(), task=task, guidelines=told_first.strip(), **plan), int(most))
    kind = "" if path == "rate" else " --task prediction"
    st.caption(f"More choices, gold items among them: priory session new NAME{kind}")


def _rating_plan(place: Any) -> dict[str, Any]:
    words = {
        "valuable": "most valuable first",
        "unrated": "all that nobody rated",
        "subtree": "all of the tree",
    }
    chosen = place.selectbox("Statements", list(words), format_func=words.get, key="make statements")
    paths = {"with": "shown", "without": "hidden", "both": "shown for a random half"}
    path = place.selectbox("The statements above", list(paths), format_func=paths.get, key="make path")
    repeats = place.number_input("Asked twice, per cent", 0, 50, 10, key="make repeats")
    return {"statements": chosen, "path": path, "repeats": repeats / 100.0}


def _prediction_plan(visit: Visit, place: Any) -> dict[str, Any]:
    from learning.people.samples import samples

    names = ["", *(s.name for s in samples(visit.tree))]
    sample = place.selectbox(
        "Cases",
        names,
        format_func=lambda n: f"sample {n} of D*" if n else "labelled cases",
        key="make sample",
    )
    arms = {"given Z": "after reading Z", "unaided": "alone", "both": "a random half of each"}
    arm = place.selectbox("Predicted", list(arms), format_func=arms.get, key="make arm")
    reveal = place.checkbox("Show the score after each, where the label is known", key="make reveal")
    return {"sample": sample, "arm": arm, "reveal": reveal}


def _made(visit: Visit, plan: Session, most: int) -> None:
    try:
        made = new_session(
            visit.tree, replace(plan, by=str(visit.rater), seed=visit.tree.task.seed), most=most
        )
    except PrioryError as error:
        st.error(safe_label(str(error)))
        return
    go(made.name)
