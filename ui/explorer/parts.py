"""The explorer's own components: JavaScript and CSS of ``frontend/``, which set text as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal

import streamlit as st

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

__all__ = ["part"]

_SHELL = '<div class="part" part="part"></div>'


@cache
def _registered(name: str) -> ComponentRenderer:
    folder = resources.files("ui.explorer").joinpath("frontend")
    read = {kind: folder.joinpath(f"{name}.{kind}") for kind in ("js", "css")}
    styles = [folder.joinpath("common.css"), read["css"]]
    css = "\n".join(s.read_text(encoding="utf-8") for s in styles if s.is_file())
    return st.components.v2.component(
        f"priory_{name}", html=_SHELL, css=css, js=read["js"].read_text(encoding="utf-8")
    )


def part(
    name: str,
    data: Mapping[str, Any],
    *,
    key: str,
    height: int | Literal["content", "stretch"] = "content",
    on: Mapping[str, Callable[[], None]] | None = None,
) -> Any:
    """Mount the component of ``frontend/NAME.js``.

    Args:
        name: Which.
        data: What it shows, JSON values; texts in it are untrusted and stay texts.
        key: Where its state is kept; unique on a page.
        height: In pixels, or as its content needs.
        on: Per event that it sends, what to call; ``st.session_state[key]`` then holds its value.
    """
    called: dict[str, Any] = {f"on_{event}_change": handler for event, handler in (on or {}).items()}
    return _registered(name)(data=dict(data), key=key, height=height, **called)
