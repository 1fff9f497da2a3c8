"""The pieces of the report's page: escaped text, sections, tables and figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from ui.wording import shortened

__all__ = ["figure", "foreign", "safe", "section", "table", "tone"]

TEXT_LETTERS = 280


def safe(text: object, most: int = TEXT_LETTERS) -> str:
    """Untrusted text for the page: one line, cut, no control or direction marks, escaped."""
    return escape(shortened(str(text)[: 20 * most], most))


def foreign(text: object, most: int = TEXT_LETTERS) -> str:
    """Untrusted text in an element of its own, so that its direction stays inside."""
    return f'<span class="foreign" dir="auto">{safe(text, most)}</span>'


def section(title: str, body: str, lead: str = "") -> str:
    """A part of the page; nothing where there is nothing to show."""
    if not body:
        return ""
    said = f'<p class="lead">{lead}</p>' if lead else ""
    return f"<section><h2>{title}</h2>{said}{body}</section>"


def figure(drawing: str, caption: str = "", title: str = "") -> str:
    """A drawing with what to see in it."""
    head = f"<h3>{title}</h3>" if title else ""
    return f"<figure>{head}{drawing}<figcaption>{caption}</figcaption></figure>"


def table(kind: str, caption: str, heads: Sequence[tuple[str, str]], rows: Iterable[str]) -> str:
    """A table that scrolls by itself on a narrow screen; ``heads`` are pairs of class and text."""
    head = "".join(f'<th scope="col" class="{c}">{text}</th>' for c, text in heads)
    title = f"<caption>{caption}</caption>" if caption else ""
    return (
        f'<div class="scroll" tabindex="0"><table class="{kind}">{title}<thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def tone(sentence: str) -> str:
    """The class of a sentence of the headline."""
    starts = {
        "loss": ("Priory loses", "Priory also loses", "Priory is right less", "No label"),
        "win": ("Priory beats",),
        "alarm": ("Spurious?", "Alarm:"),
    }
    return next((name for name, some in starts.items() if sentence.startswith(some)), "")
