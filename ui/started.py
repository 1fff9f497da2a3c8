"""What is said about a task that was just stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ui.face import Face

if TYPE_CHECKING:
    from kb.knowledge import Tree

__all__ = ["say_started"]


def say_started(face: Face, tree: Tree, notes: Sequence[str]) -> None:
    """Print the task, its columns, its shift, what was assumed, and what is worth doing next."""
    from kb.shift import column_shifts
    from learning.asking import next_step

    shifts = column_shifts(tree.D.cases, tree.Dstar)
    if face.json:
        face.print_json(
            {"tree": tree.name, "task": tree.task.to_dict(), "shift": shifts, "notes": list(notes)}
        )
        return
    from ui.views.task import column_list, shift_list, task_lines

    face.show(task_lines(tree.task), "", column_list(tree.task.columns), "", shift_list(shifts))
    for note in notes:
        face.say(f"Note: {note}")
    face.say()
    face.say(next_step(tree))
