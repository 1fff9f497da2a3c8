"""Results: how well it predicts, what people doubt, how far they agree, and all of it as files."""

from __future__ import annotations

import streamlit as st

from kb.arrays import Codes
from kb.errors import PrioryError
from learning.session_results import export_session
from learning.sessions import Session, list_sessions
from ui.explorer import layout, results_view
from ui.explorer.links import safe_label
from ui.explorer.parts import part
from ui.explorer.report_runs import Run, latest, start, version_of
from ui.explorer.session import Visit
from ui.face import as_json
from ui.rows import as_csv, as_json_lines
from ui.views.sessions import agreement_sentence
from ui.wording import duration

__all__ = ["page"]

TABS = ("Predictions", "Alarms", "Raters", "Files")
MOST_LABEL_BYTES = 50_000_000


def page(visit: Visit) -> None:
    """Lay out the page."""
    sessions = list_sessions(visit.tree)
    st.title("Results", anchor=False)
    begun = results_view.under_way(visit.tree, sessions, visit.rater)
    if begun and not st.session_state.get("results anyway"):
        with st.container(border=True, width=640):
            st.subheader("Finish rating first?", anchor=False)
            st.text(
                f"You are in the middle of {begun}. What others said, and how statements do, would colour it."
            )
            if st.button("Show the results anyway"):
                st.session_state["results anyway"] = True
                st.rerun()
        return
    predictions, alarms, raters, files = st.tabs(TABS)
    with predictions:
        _predictions(visit)
    with alarms:
        _alarms(visit)
    with raters:
        _raters(visit, sessions)
    with files:
        _files(visit, sessions)


@layout.guarded
def _predictions(visit: Visit) -> None:
    labels = _labels(visit)
    if resolved := results_view.resolved_in_words(visit.tree):
        st.text(resolved)
    run = latest(visit.kb_url, visit.tree)
    if run is not None and not run.is_over:
        _running(visit)
        return
    is_current = run is not None and run.version == version_of(visit.tree, labels)
    _ask(visit, labels, run, is_current=is_current)
    if run is not None and run.report is not None:
        shown, needed = results_view.withheld(run.report)
        for note in needed:
            st.text(note)
        part("report", results_view.drawn(results_view.report_html(shown)), key="report")


def _ask(visit: Visit, labels: Codes | None, run: Run | None, *, is_current: bool) -> None:
    """A button where there is no report, or one of an older state."""
    if run is not None and run.failure:
        st.error(safe_label(run.failure), icon=":material/error:")
    elif run is None:
        st.text(
            "Priory, the same statements without ratings and the best plain classifiers, on the same cases."
        )
    elif not is_current:
        st.text("What is shown is of an earlier state: there are newer answers, statements or labels.")
    if run is None or run.failure or not is_current:
        word = "Work it out" if run is None else "Work it out again"
        if st.button(word, type="primary", icon=":material/calculate:", key="work out"):
            start(visit.kb_url, visit.tree, labels)
            st.rerun()


@st.fragment(run_every="1s")
def _running(visit: Visit) -> None:
    run = latest(visit.kb_url, visit.tree)
    if run is None or run.is_over:
        st.rerun()
    st.progress(min(0.95, run.step / 16.0), text=f"Fitting {safe_label(run.doing)}")
    st.caption("It goes on in the background; you can leave this page and come back.")


def _labels(visit: Visit) -> Codes | None:
    """Labels of D* from a file of this browser session; they are kept nowhere else."""
    with st.expander("Labels of D*"):
        st.text(
            f"A CSV file with the column {visit.tree.task.target}, in the order of D* or with a column row. "
            "It is read for this page and stored nowhere."
        )
        file = st.file_uploader("Labels of D*", type=["csv"], key="labels", label_visibility="collapsed")
    if file is None:
        return None
    try:
        if file.size > MOST_LABEL_BYTES:
            st.error("The file is too large.")
            return None
        return results_view.labels_read(visit.tree, file.getvalue().decode("utf-8"))
    except (PrioryError, UnicodeDecodeError) as error:
        st.error(safe_label(str(error)), icon=":material/error:")
        return None


@layout.guarded
def _alarms(visit: Visit) -> None:
    found, note = results_view.alarm_html(visit.tree)
    if not found:
        layout.empty(
            "Nothing is fitted yet",
            "Grow the tree and fit it, then every statement shows what it earns on D:",
            command=f"priory learn {visit.tree.option}",
        )
        return
    part("report", results_view.drawn(found), key="alarms")
    if note:
        st.caption(note)


@layout.guarded
def _raters(visit: Visit, sessions: list[Session]) -> None:
    names = ["", *(s.name for s in sessions)]
    chosen = st.selectbox(
        "Session",
        names,
        format_func=lambda n: n or "everything that was said",
        key="which session",
        width=320,
    )
    held = next((s for s in sessions if s.name == chosen), None)
    said = results_view.said_in(visit.tree.judgements(), held)
    if not said:
        layout.empty("Nobody has answered yet", "Ratings and predictions that people give are counted here.")
        return
    st.subheader("Progress", anchor=False)
    part("table", results_view.progress_table(said, [held] if held else sessions), key="progress")
    st.caption(f"{duration(sum(j.seconds for j in said))} of people's time in all.")
    found = results_view.agreement_in(said, held)
    st.subheader("Agreement", anchor=False)
    st.text(agreement_sentence(found))
    part("table", results_view.agreement_table(found), key="agreement")


@layout.guarded
def _files(visit: Visit, sessions: list[Session]) -> None:
    run = latest(visit.kb_url, visit.tree)
    st.subheader("What people said", anchor=False)
    names = ["", *(s.name for s in sessions)]
    chosen = st.selectbox(
        "Session", names, format_func=lambda n: n or "everything", key="which file", width=320
    )
    held = next((s for s in sessions if s.name == chosen), None)
    rows = export_session(visit.tree, held)
    stem = chosen or visit.tree.name
    with st.container(horizontal=True):
        _download("CSV", as_csv(rows), f"{stem}.csv", "text/csv", "said csv")
        _download("JSON lines", as_json_lines(rows), f"{stem}.jsonl", "application/jsonl", "said jsonl")
    st.subheader("The report", anchor=False)
    if run is None or run.report is None:
        st.text("There is none yet: work it out under Predictions.")
        return
    scores = as_csv(results_view.report_rows(run.report))
    whole = as_json(run.report.to_dict())
    with st.container(horizontal=True):
        _download("Scores as CSV", scores, f"{visit.tree.name}-scores.csv", "text/csv", "scores csv")
        _download(
            "All of it as JSON", whole, f"{visit.tree.name}-report.json", "application/json", "report json"
        )


def _download(label: str, written: str, name: str, mime: str, key: str) -> None:
    st.download_button(
        label, written, file_name=name, mime=mime, icon=":material/download:", on_click="ignore", key=key
    )
