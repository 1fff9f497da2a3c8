"""Learn: the search for the statements that people find plausible and that explain the labelled cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from ui.face import Face, as_budget, everywhere, rater_named
from ui.progress import of_learning, progress_bar

if TYPE_CHECKING:
    from unpacking.budget import Budget

__all__ = ["learn"]


@click.command()
@click.option(
    "--ask",
    "asked",
    default="none",
    show_default=True,
    metavar="none|terminal|FILE",
    help="Who is asked when an answer is worth it: nobody, you, or a file of answers.",
)
@click.option("--budget", callback=as_budget, help='What may be spent: "steps=50,seconds=60".')
@click.option(
    "--scope",
    type=click.Choice(["on", "off"]),
    default="on",
    show_default=True,
    help="off: believe that everything carries over, to see what that does.",
)
@click.option("--resume/--afresh", default=True, show_default=True, help="Go on with the last run.")
@click.option("--rater", metavar="WHO", help="Who answers at the terminal. Default: your login.")
@everywhere
def learn(
    face: Face,
    asked: str,
    budget: Budget | None,
    scope: Literal["on", "off"],
    resume: bool,
    rater: str | None,
) -> None:
    """Search for statements that are plausible and explain D.

    It unpacks, replaces and drops statements, and keeps every step with its reason. It stops when nothing
    improves any more or the budget is used up; the same command goes on from there.

    \b
    priory learn --budget "steps=50,seconds=60"
    priory learn --ask terminal
    """
    from learning.asking import next_step
    from learning.search import learn as learned
    from ui.asked import asker
    from ui.views.learned import learned_lines

    with face.tree() as tree, progress_bar(face, "Learning") as bar:
        ask = asker(face, tree, asked, rater=rater_named(rater), bar=bar)
        told = of_learning(bar)
        found = learned(
            tree, budget=budget, scope=scope, ask=ask, resume=resume, seed=face.seed, progress=told
        )
        what_next = next_step(tree)
    if face.json:
        face.print_json(found.to_dict())
    else:
        face.show(learned_lines(found))
        face.say(what_next)
    if found.stopped:
        face.stop_early(found.stopped, "Go on with: priory learn")
