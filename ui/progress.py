"""Progress on stderr: a bar with what is done and the time left, on a terminal only.

The rooms below report progress each in its own words; the functions here turn a bar into what they call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ui.face import Face
from ui.wording import clean, count, decimals

if TYPE_CHECKING:
    from rich.progress import Progress

    from kb.records import WorkItem
    from kb.statements import Statement
    from learning.growing import GrowthResult
    from learning.search import LearnResult
    from unpacking.worker import Worked

__all__ = [
    "Bar",
    "of_copying",
    "of_growth",
    "of_learning",
    "of_lines",
    "of_reading",
    "of_saying",
    "of_work",
    "progress_bar",
]


class Bar:
    """A bar that is shown.

    Args:
        shown: rich's bar.
        what: What is being done, all in all.
    """

    def __init__(self, shown: Progress, what: str) -> None:
        self.shown = shown
        self.task = shown.add_task(what, total=None, doing="")

    def advance(self, done: int | None = None, total: int | None = None, doing: str = "") -> None:
        """Say how much is done, of how much in all (None if unknown), and what is being done."""
        self.shown.update(self.task, completed=done, total=total, doing=clean(doing))

    def stop(self) -> None:
        """Take the bar away, so that a person can be asked."""
        self.shown.stop()


@contextmanager
def progress_bar(face: Face, what: str) -> Iterator[Bar | None]:
    """A bar while the block runs; None where nobody would see one."""
    talk = face.talk
    if not talk.is_terminal or face.quiet or face.json:
        yield None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[doing]}", markup=False, style="dim"),
        TimeElapsedColumn(),
        TimeRemainingColumn(compact=True),
        console=talk,
        transient=True,
    ) as shown:
        yield Bar(shown, what)


def of_growth(bar: Bar | None) -> Callable[[GrowthResult, Statement], None] | None:
    """As unpacking calls it."""
    if bar is None:
        return None
    shown = bar

    def advance(so_far: GrowthResult, _: Statement) -> None:
        found = f"{count(so_far.statements, 'statement')}, {count(so_far.expansions, 'step')}"
        shown.advance(doing=found)

    return advance


def of_learning(bar: Bar | None) -> Callable[[LearnResult], None] | None:
    """As the search calls it."""
    if bar is None:
        return None
    shown = bar

    def advance(so_far: LearnResult) -> None:
        found = f"{count(so_far.statements, 'statement')}, {count(so_far.steps, 'step')}"
        shown.advance(doing=f"{found}, {decimals(so_far.J)} nats")

    return advance


def of_saying(bar: Bar | None) -> Callable[[str], None] | None:
    """For work that says what it is doing."""
    if bar is None:
        return None
    shown = bar
    return lambda doing: shown.advance(doing=doing)


def of_lines(bar: Bar | None) -> Callable[[int, int | None], None] | None:
    """For work that counts lines."""
    if bar is None:
        return None
    shown = bar
    return lambda done, total: shown.advance(done, total, count(done, "line"))


def of_reading(bar: Bar | None) -> Callable[[int, int], None] | None:
    """As a search by meaning calls it, which reads what is new."""
    if bar is None:
        return None
    shown = bar
    return lambda done, total: shown.advance(done, total, f"{done:,} of {count(total, 'statement')}")


def of_copying(bar: Bar | None) -> Callable[[str, int, int | None], None] | None:
    """As a copy calls it."""
    if bar is None:
        return None
    shown = bar
    return lambda doing, done, total: shown.advance(done, total, f"{doing}, {count(done, 'record')}")


def of_work(bar: Bar | None) -> Callable[[Worked, WorkItem], None] | None:
    """As a worker calls it."""
    if bar is None:
        return None
    shown = bar

    def advance(so_far: Worked, _: WorkItem) -> None:
        done = so_far.done + so_far.given_up
        shown.advance(done, done + so_far.waiting, count(done, "step"))

    return advance
