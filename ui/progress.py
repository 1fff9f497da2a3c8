"""Progress on stderr: a bar with what is done and the time left, on a terminal only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ui.face import Face

__all__ = ["Progress", "progress_bar"]

Progress = Callable[[int, int | None, str], None]
"""Takes what is done, what there is in all (None if unknown) and what is being done."""


@contextmanager
def progress_bar(face: Face, what: str) -> Iterator[Progress | None]:
    """A bar while the block runs; None where nobody would see one."""
    talk = face.talk
    if not talk.is_terminal or face.quiet or face.json:
        yield None
        return
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    left = TimeRemainingColumn(compact=True, elapsed_when_finished=True)
    parts = (TextColumn("{task.description}", markup=False), BarColumn(bar_width=20))
    with Bar(
        *parts, TextColumn("{task.fields[doing]}", markup=False), left, console=talk, transient=True
    ) as bar:
        task = bar.add_task(what, total=None, doing="")

        def advance(done: int, total: int | None = None, doing: str = "") -> None:
            bar.update(task, completed=done, total=total, doing=doing)

        yield advance
