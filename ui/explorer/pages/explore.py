"""Explore: find and walk on the left, read and act on the right. The link is the whole state of the view."""

from __future__ import annotations

import streamlit as st

from kb.address import ROOT, Address, ancestors, parse_address
from kb.errors import InputError
from ui.explorer import detail, finding, layout, session
from ui.explorer.actions import act, busy
from ui.explorer.parts import part
from ui.explorer.rows import around, asked_for, rows
from ui.explorer.session import Visit
from ui.wording import clean, count

__all__ = ["page"]

HEIGHT = 620
PANES = ["tree pane", "detail pane"]


def page(visit: Visit) -> None:
    """Lay out the page."""
    chosen = _chosen(visit)
    if chosen is None:
        return
    left, right = st.columns([5, 6], gap="medium")
    with left, st.container(key="walk"):
        words, filters = _search_bar()
        if words or filters:
            _found(visit, words, filters)
        else:
            _tree_pane(visit)
    with right:
        detail.pane(visit, go_to)


def _chosen(visit: Visit) -> Address | None:
    """The statement that the link names; None, and said so, where there is none."""
    given = st.query_params.get("z", ROOT)
    try:
        address = parse_address(given)
    except InputError:
        address = None
    if address is not None and visit.tree.store.node(visit.tree.tree_id, address) is not None:
        return address
    with st.container(border=True, width=560):
        st.subheader("No such statement", anchor=False)
        layout.statement(f"There is nothing at {clean(given)[:80]} in {visit.tree.name}.")
        nearest = _nearest(visit, address)
        if nearest != ROOT:
            st.button(
                f"Go to {nearest}, the nearest above it", on_click=go_to, args=(nearest,), type="primary"
            )
        st.button("Go to the root", on_click=go_to, args=(ROOT,))
    return None


def _nearest(visit: Visit, address: Address | None) -> Address:
    above = visit.tree.store.nodes(visit.tree.tree_id, ancestors(address)) if address else []
    return above[-1].address if above else ROOT


def go_to(address: Address | str) -> None:
    """A callback: make the link name another statement; what else it says stays."""
    st.query_params["z"] = str(address)


def _search_bar() -> tuple[str, list[str]]:
    words = st.text_input(
        "Search statements",
        placeholder="search statements…",
        key="q",
        type="search",
        live="250ms",
        label_visibility="collapsed",
        bind="query-params",
    )
    filters = st.pills(
        "Only those that are",
        list(finding.FILTERS),
        selection_mode="multi",
        key="show",
        label_visibility="collapsed",
        bind="query-params",
    )
    return str(words or "").strip(), list(filters or [])


@st.fragment(key="tree pane")
@layout.guarded
def _tree_pane(visit: Visit) -> None:
    tree, judged = visit.tree, session.judged(visit)
    chosen = Address(st.query_params.get("z", ROOT))
    wanted = st.session_state.pop("rows wanted", None)
    found, absent = rows(tree, around(tree, chosen) if wanted is None else asked_for(wanted), judged)
    root = tree.statement(ROOT)
    part(
        "tree",
        {
            "tree": tree.tree_id,
            "stamp": session.stamp(visit),
            "selected": chosen,
            "rows": found,
            "absent": absent,
            "busy": [job.address for job in busy(visit)],
            "height": HEIGHT,
            "acts": True,
            "card": True,
            "foot": f"{count(root.n_children, 'statement')} right below the root",
        },
        key="tree",
        on={
            "rows": _rows_wanted,
            "select": _selected,
            "act": lambda: act(visit, st.session_state["tree"].act),
        },
    )


def _rows_wanted() -> None:
    st.session_state["rows wanted"] = st.session_state["tree"].rows["want"]


def _selected() -> None:
    go_to(st.session_state["tree"].select["z"])
    st.rerun(PANES)


def _found(visit: Visit, words: str, filters: list[str]) -> None:
    judged = session.judged(visit)
    flagged = finding.flagged_by_anyone(visit.tree) if "flagged" in filters else frozenset[Address]()
    pages = st.session_state.setdefault("found pages", {})
    state = (visit.tree.tree_id, words, tuple(filters))
    if pages.get("of") != state:
        pages.clear()
        pages.update(of=state, after=None)
    found = finding.find(visit.tree, words, filters, judged, flagged=flagged, after=pages["after"])
    if found.items:
        part("table", finding.found_table(found, judged), key="found", on={"select": _found_selected})
    else:
        _nothing(words, filters, is_end=found.after is None)
    with st.container(horizontal=True):
        if pages["after"] is not None:
            st.button("First page", on_click=lambda: pages.update(after=None))
        if found.after is not None:
            st.button("More", on_click=lambda: pages.update(after=found.after))
        st.button("Back to the tree", icon=":material/close:", on_click=_clear_search)
    st.caption(f"{count(len(found.items), 'statement')} of {found.looked_at:,} looked at")


def _found_selected() -> None:
    go_to(st.session_state["found"].select["z"])


def _nothing(words: str, filters: list[str], *, is_end: bool) -> None:
    layout.empty(
        "Nothing found" if is_end else "Nothing yet",
        f"No statement {f'has all of: {words}' if words else 'fits'}"
        + (f" and is {', '.join(filters)}." if filters else ".")
        if is_end
        else "None of those looked at so far fits. The tree is large: look on.",
    )


def _clear_search() -> None:
    st.session_state["q"] = ""
    st.session_state["show"] = []
