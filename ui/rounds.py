"""A round of questions about words in a terminal session: many answers, one fit, one line of the curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kb.knowledge import Tree
    from learning.asking import Question
    from learning.fitting import Fit
    from learning.rounds import Round

__all__ = ["WordRound", "round_size"]

FIRST = 10  # questions of the first round


def round_size(answers: int) -> int:
    """Questions of the next round after so many answers; rounds double."""
    return max(FIRST, answers)


@dataclass
class WordRound:
    """Questions of one round that are still open, and the fit before it.

    Attributes:
        waiting: Questions about words, the most valuable first.
        size: How many there were.
        started: Place of its first question in the session.
        before: The fit before the round.
    """

    waiting: list[Question]
    size: int
    started: int
    before: Fit

    @classmethod
    def begun(cls, tree: Tree, open_now: Sequence[Question], started: int) -> WordRound:
        """A round of the questions about words that come first."""
        from learning.fitting import latest_fit

        waiting = [q for q in open_now if q.sides][: round_size(started - 1)]
        return cls(waiting, len(waiting), started, latest_fit(tree))

    def place(self, place: int) -> str:
        """Of a question in the session, as it is shown."""
        return f"{place} of {self.started - 1 + self.size}"

    def ended(self, tree: Tree, answers: int) -> Round | None:
        """Fit again and look at what the answers have bought; None if nothing was asked."""
        from learning.fitting import refit
        from learning.rounds import round_of

        if len(self.waiting) == self.size:
            return None
        after = refit(tree, keep_strengths=True)
        return round_of(tree.Dstar, self.before, after, answers)
