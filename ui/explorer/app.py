"""One run of the app: navigation, header, and the page that the link names."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from kb.errors import PrioryError
from ui.explorer import layout, session
from ui.explorer.session import Visit

__all__ = ["PAGES", "PageEntry", "main"]


@dataclass(frozen=True, slots=True)
class PageEntry:
    """One page: its path, its title, its icon, and the module whose ``page(visit)`` lays it out."""

    path: str
    title: str
    icon: str
    module: str


ICON = Path(__file__).parent / "frontend" / "icon.svg"

PAGES = (
    PageEntry("explore", "Explore", ":material/account_tree:", "ui.explorer.pages.explore"),
    PageEntry("rate", "Rate", ":material/rate_review:", "ui.explorer.pages.rate"),
    PageEntry("predict", "Predict", ":material/online_prediction:", "ui.explorer.pages.predict"),
    PageEntry("results", "Results", ":material/monitoring:", "ui.explorer.pages.results"),
)


def main() -> None:
    """One run of the app."""
    st.set_page_config(page_title="Priory", page_icon=str(ICON), layout="wide")
    layout.styled()
    try:
        visit = session.visit()
    except PrioryError as error:
        st.navigation(
            [st.Page(lambda: None, title="Priory", url_path="down", default=True)], position="hidden"
        )
        layout.header(None, [])
        layout.banner(error)
        return
    pages = [
        st.Page(_shown(entry, visit), title=entry.title, icon=entry.icon, url_path=entry.path, default=not at)
        for at, entry in enumerate(PAGES)
    ]
    here = st.navigation(pages, position="hidden")
    layout.header(visit, pages)
    here.run()


def _shown(entry: PageEntry, visit: Visit | None) -> Callable[[], None]:
    @layout.guarded
    def shown() -> None:
        if visit is None:
            layout.empty(
                "No tree yet",
                "This knowledge base is empty. Make a tree in a terminal, then load this page again:",
                command="priory demo\npriory new NAME --train A.csv --predict B.csv --target y",
            )
            return
        page: Callable[[Visit], None] = importlib.import_module(entry.module).page
        page(visit)

    return shown
