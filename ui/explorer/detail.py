"""The right half of Explore: the chosen statement, what can be done with it, and what is known of it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from kb.address import ROOT, Address
from kb.statements import Statement
from ui.explorer import layout, session
from ui.explorer.actions import buttons, proposals_at, rating_asked
from ui.explorer.card import card, children_table, judgement_table
from ui.explorer.evidence import evidence_of, outcome_table, summary
from ui.explorer.parts import part
from ui.explorer.session import Visit
from ui.explorer.theme import map_colours
from ui.explorer.treemap import MOST_TILES, statements_below, treemap
from ui.wording import count

__all__ = ["pane"]

TABS = ("Children", "Evidence", "Judgements", "Provenance", "Map")
PAGE = 50


@st.fragment(key="detail pane")
@layout.guarded
def pane(visit: Visit, go_to: Callable[[str], None]) -> None:
    """The card with its buttons and tabs."""
    s = visit.tree.statement(Address(st.query_params.get("z", ROOT)))
    judged = session.judged(visit)

    def followed(key: str) -> Callable[[], None]:
        def follow() -> None:
            go_to(st.session_state[key].select["z"])

        return follow

    shown_card = {**card(visit.tree, s, judged), "rates": True}
    part("card", shown_card, key="card", on={"select": followed("card"), "rate": rating_asked})
    buttons(visit, s)
    tabs = st.tabs(list(TABS), key="tab", on_change="rerun", bind="query-params")
    shown: dict[str, Callable[[], None]] = {
        "Children": lambda: _children(visit, s, followed("children")),
        "Evidence": lambda: _evidence(visit, s),
        "Judgements": lambda: _judgements(visit, s),
        "Provenance": lambda: proposals_at(visit, s),
        "Map": lambda: _map(visit, s),
    }
    for tab, name in zip(tabs, TABS, strict=True):
        if tab.open:
            with tab:
                shown[name]()


def _children(visit: Visit, s: Statement, follow: Callable[[], None]) -> None:
    if not s.n_children:
        why = "It was unpacked, and nothing was left to say." if s.is_unpacked else "Unpack it, or write one."
        layout.empty("Nothing below it yet" if not s.is_unpacked else "Nothing below it", why)
        return
    marks = st.session_state.setdefault("children pages", {})
    if marks.get("of") != s.address:
        marks.clear()
        marks.update(of=s.address, trail=[None])
    trail = marks["trail"]
    page = visit.tree.store.children(visit.tree.tree_id, s.address, after=trail[-1], limit=PAGE)
    part("table", children_table(page.items, session.judged(visit)), key="children", on={"select": follow})
    if page.after is None and len(trail) == 1:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Earlier", disabled=len(trail) == 1, on_click=trail.pop, key="children earlier")
        later = page.after
        st.button("Later", disabled=later is None, on_click=lambda: trail.append(later), key="children later")
        first = (len(trail) - 1) * PAGE
        st.caption(f"{first + 1:,} to {first + len(page.items):,} of {s.n_children:,}")


def _evidence(visit: Visit, s: Statement) -> None:
    found = evidence_of(visit.tree, s)
    for sentence in summary(visit.tree, found):
        st.text(sentence)
    part("table", outcome_table(found), key="outcomes")


def _judgements(visit: Visit, s: Statement) -> None:
    said = visit.tree.store.judgements(visit.tree.tree_id, address=s.address, limit=1000).items
    part("table", judgement_table(said, visit.rater, session.judged(visit), s.address), key="judgements")


def _map(visit: Visit, s: Statement) -> None:
    found = statements_below(visit.tree, s)
    if len(found) == 1:
        layout.empty("Nothing to map", "The map shows what lies below a statement.")
        return
    is_dark = st.context.theme.type == "dark"
    spec = treemap(found, session.judged(visit), map_colours(is_dark=is_dark))
    st.echarts_chart(
        spec, height=430, alt="Map of the statements below this one; the Children tab lists them."
    )
    more = " (the first; a tile further down shows more)" if len(found) >= MOST_TILES else ""
    st.caption(
        f"{count(len(found) - 1, 'statement')}{more}. Click a tile to look closer. "
        "Coloured: what you rated; grey: not yet."
    )
