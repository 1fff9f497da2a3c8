"""Addresses of the explorer's states: every state is a link, and no link holds a credence or a name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlencode

__all__ = ["KEYS", "link", "safe_label", "state_of"]

KEYS = ("tree", "z", "q", "show", "tab", "p", "s", "x")
"""Tree, address, words sought, filters, open tab, page of children, rating session, case."""

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|:$~&])")


def state_of(given: Mapping[str, str]) -> dict[str, str]:
    """What a link says, unknown keys and empty values left out, in one order.

    >>> state_of({"z": "0.1", "tree": "birds", "name": "Ada", "q": ""})
    {'tree': 'birds', 'z': '0.1'}
    """
    return {key: given[key] for key in KEYS if given.get(key)}


def link(page: str, **state: str | None) -> str:
    """The relative URL of a state; the explore page is the root.

    >>> link("explore", tree="birds", z="0.1"), link("rate", tree="birds")
    ('/?tree=birds&z=0.1', '/rate?tree=birds')
    """
    path = "/" if page == "explore" else f"/{page}"
    query = urlencode(state_of({key: value for key, value in state.items() if value}))
    return f"{path}?{query}" if query else path


def safe_label(text: str) -> str:
    """A text for the label of a widget, which Streamlit reads as Markdown: every sign of it escaped.

    >>> safe_label("![x](http://a.b)")
    '\\\\!\\\\[x\\\\]\\\\(http\\\\://a\\\\.b\\\\)'
    """
    return _MARKDOWN.sub(r"\\\1", text)
