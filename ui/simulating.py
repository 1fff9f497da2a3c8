"""A rating session with recorded raters: the curve of what their answers buy, round by round."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ui.face import Face

if TYPE_CHECKING:
    from kb.knowledge import Tree
    from learning.rounds import Round

__all__ = ["curve_line", "simulated"]

USUAL = 300  # answers, unless a limit is given


def simulated(
    face: Face, tree: Tree, file: Path, rater: str | None, limit: int | None, labels: Path | None
) -> None:
    """Ask recorded raters and show each round.

    Args:
        face: The shared options.
        tree: Whose words.
        file: What people once said.
        rater: Whose answers; None draws one of those who rated the word.
        limit: Answers.
        labels: Labels of D*, to score the rounds with.
    """
    from kb.tables import read_labels
    from learning.recorded import read_recorded
    from learning.rounds import curve_in_words, simulate

    recorded = read_recorded(file, tree.task.classes)
    truth = read_labels(labels, tree.task) if labels else None
    rounds = simulate(
        tree,
        recorded,
        most=limit or USUAL,
        rater=rater,
        labels=truth,
        seed=tree.task.seed if face.seed is None else face.seed,
        progress=lambda r: face.say(curve_line(r)),
    )
    if face.json:
        face.print_json({"rounds": [r.to_dict() for r in rounds]})
        return
    if not rounds:
        face.say("There is no word to ask about.")
        return
    face.say(curve_in_words(rounds))
    face.hint("(recorded raters; what the file leaves out was answered by oracle:unlisted)")


def curve_line(r: Round) -> str:
    """What the answers so far have bought, in a line."""
    right = f"{r.accuracy:.1%} right, {r.log_loss:.3f} nats" if r.accuracy is not None else ""
    expects = f"expects {r.expects:.0%} right"
    changed = f"{r.changed:,} of {r.of:,} predictions changed, by {r.nats:.3f} nats a case"
    return ", ".join(filter(None, (f"{r.answers:>5,} answers: {right or expects}", changed)))
