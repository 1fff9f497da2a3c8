"""Who answers while the search runs: nobody, a person at the terminal, or a file."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ui.face import Face
from ui.progress import Bar

if TYPE_CHECKING:
    from kb.knowledge import Tree
    from learning.asking import Question

__all__ = ["asker"]


def asker(
    face: Face, tree: Tree, whom: str, *, rater: str, bar: Bar | None
) -> Callable[[Question], None] | None:
    """What puts a question of the search; None when nobody is asked.

    Args:
        face: The shared options.
        tree: What is rated.
        whom: ``none``, ``terminal`` or the name of a file of ratings.
        rater: Who answers, at the terminal or where the file names nobody.
        bar: Taken away before a person is asked.
    """
    if whom == "none":
        return None
    if whom == "terminal":
        return _at_the_terminal(face, tree, rater, bar)
    from learning.importing import import_ratings

    def from_file(_: Question) -> None:
        import_ratings(tree, Path(whom), rater=rater)  # whatever it says of Z as it stands; known ones stay

    return from_file


def _at_the_terminal(face: Face, tree: Tree, rater: str, bar: Bar | None) -> Callable[[Question], None]:
    from learning import asking
    from ui.rating import RatingSession

    session = RatingSession(tree, rater, asking, sys.stdin, face.talk)

    def ask(_: Question) -> None:
        if bar is not None:
            bar.stop()
        session.ask_next()  # the search asks for nobody in particular; this rater may have answered that

    return ask
