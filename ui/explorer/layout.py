"""What every page shares: the header, the error banner, the empty state, and how a statement is shown."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ParamSpec

import streamlit as st

from kb.errors import InputError, PrioryError
from ui.explorer import session
from ui.explorer.links import safe_label
from ui.explorer.parts import part
from ui.explorer.session import Visit
from ui.explorer.theme import CSS
from ui.wording import clean

if TYPE_CHECKING:
    from streamlit.navigation.page import Page

__all__ = [
    "ask_name",
    "banner",
    "empty",
    "guarded",
    "header",
    "statement",
    "styled",
    "told_of_errors",
]

P = ParamSpec("P")


def styled() -> None:
    """The page's own CSS."""
    st.html(f"<style>{CSS}</style>")


def statement(text: str) -> None:
    """Show untrusted text as text: never Markdown, never HTML."""
    st.text(clean(text))


def header(visit: Visit | None, pages: Sequence[Page]) -> None:
    """The bar on top: what this is, which tree, where one can go, who one is."""
    with st.container(key="header", horizontal=True, vertical_alignment="center", gap="small"):
        st.header("Priory", width="content", anchor=False)
        if visit is not None:
            _tree_picker(visit)
            for page in pages:
                st.page_link(page, query_params={"tree": visit.tree.name})
        st.space("stretch")
        _who()


def _tree_picker(visit: Visit) -> None:
    names = [record.name for record in visit.trees]
    if len(names) == 1:
        st.badge(safe_label(names[0]), icon=":material/account_tree:", color="gray")
        return

    def picked() -> None:
        for key, nothing in (("q", ""), ("show", [])):  # what was sought in the tree that is left
            if key in st.session_state:
                st.session_state[key] = nothing
        st.query_params.from_dict({"tree": st.session_state["tree picker"]})

    st.session_state["tree picker"] = visit.tree.name
    st.selectbox(
        "Tree",
        names,
        key="tree picker",
        label_visibility="collapsed",
        width=180,
        format_func=clean,
        on_change=picked,
    )


def _who() -> None:
    name = session.name_given()
    if session.settings().auth:
        _who_logged_in(name)
        return
    part("remember", {"cookie": session.COOKIE, "value": name or ""}, key="remember")
    label = f"you: {safe_label(name)}" if name else "Who are you?"
    with st.popover(label, icon=":material/person:", type="tertiary", key="who"):
        _name_form("header name")


def _who_logged_in(name: str | None) -> None:
    if name is None:
        st.button("Log in", icon=":material/login:", on_click=st.login)
        return
    with st.popover(f"you: {safe_label(name)}", icon=":material/person:", type="tertiary", key="who"):
        st.button("Log out", on_click=st.logout)


def _name_form(key: str) -> None:
    def entered() -> None:
        try:
            session.set_name(str(st.session_state[key] or ""))
        except InputError as error:
            st.session_state[f"{key} error"] = str(error.remedy)
        else:
            st.session_state.pop(f"{key} error", None)
            session.forget_judged()

    st.text_input(
        "Your name", key=key, max_chars=session.MOST_NAME, on_change=entered, autocomplete="nickname"
    )
    st.button("Use this name", key=f"{key} use", on_click=entered, type="primary")
    if wrong := st.session_state.get(f"{key} error"):
        st.caption(f":red[{safe_label(wrong)}]")
    st.caption("It stands beside what you rate and write, and is kept until you close the browser.")


def ask_name(why: str) -> None:
    """The empty state of a page that needs to know who is there; call it where ``visit.rater`` is None.

    Args:
        why: One sentence: what the name is for here.
    """
    with st.container(border=True, width=520):
        st.subheader("Who are you?", anchor=False)
        st.text(why)
        if session.settings().auth:
            st.button("Log in", key="log in here", type="primary", on_click=st.login)
        else:
            _name_form("page name")


def banner(error: PrioryError) -> None:
    """Say what went wrong and what mends it, with a way to try again."""
    with st.container(key="banner"):
        st.error(safe_label(clean(error)), icon=":material/error:")
        st.button("Retry", key="retry", icon=":material/refresh:", on_click=session.reopen)


def empty(title: str, text: str, *, command: str = "") -> None:
    """A page with nothing to show yet: what is missing and what to do next.

    Args:
        title: What is missing, in a few words.
        text: What to do.
        command: What to type in a terminal, if that is the way.
    """
    with st.container(border=True):
        st.subheader(title, anchor=False)
        st.text(text)
        if command:
            st.code(command, language=None)


def told_of_errors(callback: Callable[[], None]) -> Callable[[], None]:
    """A callback whose errors are said on the page in the next run, instead of stopping it."""

    @functools.wraps(callback)
    def run() -> None:
        try:
            callback()
        except PrioryError as error:
            st.session_state["told"] = clean(error)

    return run


def guarded(body: Callable[P, None]) -> Callable[P, None]:
    """Turn the errors that Priory raises on purpose into a banner; for pages and for their fragments."""

    @functools.wraps(body)
    def run(*given: P.args, **named: P.kwargs) -> None:
        try:
            body(*given, **named)
        except PrioryError as error:
            banner(error)

    return run
