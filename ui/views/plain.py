"""The pieces that all views are made of: a table without lines, text under guides, safe cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from ui.wording import clean

__all__ = ["ALARM", "FOUND", "QUIET", "Guided", "Hanging", "cell", "listing", "say"]

ALARM, FOUND, QUIET = "bold red", "green", "dim"


def cell(text: object, style: str = "") -> Text:
    """Foreign text, cleaned; markup in it stays letters."""
    return Text(clean(text), style=style)


def say(*parts: str | tuple[str, str]) -> Text:
    """One line of our own words and foreign ones, each with its style."""
    line = Text()
    for part in parts:
        text, style = part if isinstance(part, tuple) else (part, "")
        line.append(text, style)
    return line


@dataclass(frozen=True, slots=True)
class Guided:
    """Text that wraps behind its guides, so that depth stays visible on every line.

    Attributes:
        text: What to print.
        depth: How many guides stand in front of it.
    """

    text: Text
    depth: int = 0

    @property
    def _guides(self) -> str:
        return "│ " * min(self.depth, 12)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = max(12, options.max_width - len(self._guides))
        for line in self.text.wrap(console, width):
            line.rstrip()
            yield Text.assemble((self._guides, QUIET), line)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        most = len(self._guides) + self.text.cell_len
        return Measurement(min(24, most), most).with_maximum(options.max_width)


@dataclass(frozen=True, slots=True)
class Hanging:
    """A label, and text that wraps behind it.

    Attributes:
        label: Stands in front of the first line; short.
        text: What to print.
        width: How far the text is indented.
    """

    label: Text
    text: Text
    width: int = 11

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        label = self.label.copy()
        label.truncate(self.width, pad=True)
        for line in self.text.wrap(console, max(20, options.max_width - self.width)):
            line.rstrip()
            yield Text.assemble(label, line)
            label = Text(" " * self.width)


def listing(headers: Sequence[str], rows: Iterable[Sequence[RenderableType]], *, right: str = "") -> Table:
    """A table without lines.

    Args:
        headers: One per column; all empty for no header at all.
        rows: Cells, as many as headers.
        right: Per column ``r`` for right-aligned, ``w`` for the one that may wrap, anything else for left.
    """
    table = Table(
        box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=any(headers), header_style=QUIET
    )
    for place, header in enumerate(headers):
        kind = right[place : place + 1]
        table.add_column(
            header,
            justify="right" if kind == "r" else "left",
            no_wrap=kind != "w",
            overflow="fold" if kind == "w" else "ellipsis",
        )
    for row in rows:
        table.add_row(*row)
    return table
