"""Explore: walk the tree on the left, read the chosen statement on the right."""

from __future__ import annotations

import streamlit as st

from kb.address import ROOT
from ui.explorer import layout
from ui.explorer.session import Visit

__all__ = ["page"]


def page(visit: Visit) -> None:
    """Lay out the page."""
    layout.statement(visit.tree.statement(st.query_params.get("z", ROOT)).text)
