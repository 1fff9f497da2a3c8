"""Texts for the labels of widgets, which Streamlit reads as Markdown."""

from __future__ import annotations

import re

__all__ = ["safe_label"]

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|:$~&])")


def safe_label(text: str) -> str:
    """A text for the label of a widget, which Streamlit reads as Markdown: every sign of it escaped.

    >>> safe_label("![x](http://a.b)")
    '\\\\!\\\\[x\\\\]\\\\(http\\\\://a\\\\.b\\\\)'
    """
    return _MARKDOWN.sub(r"\\\1", text)
