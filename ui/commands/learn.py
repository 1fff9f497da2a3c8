"""Learn: the search for the statements that people find plausible and that explain the labelled cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from ui.face import Face, as_budget, everywhere, rater_named
from ui.progress import of_learning, progress_bar
from ui.wording import count

if TYPE_CHECKING:
    from kb.knowledge import Tree
    from learning.posterior import Posterior
    from unpacking.budget import Budget

__all__ = ["learn"]


def _chains(tree: Tree, n: int, budget: Budget | None, seed: int | None) -> Posterior | None:
    """The searches beside the tree's own, and the weights of what they found."""
    from learning.chains import learn_chains
    from learning.posterior import posterior

    learn_chains(tree, n, budget=budget, seed=seed)
    return posterior(tree)


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
@click.option(
    "--chains",
    type=click.IntRange(1),
    help="Search so many times, each with other luck, and average what they predict; 1 forgets the others.",
)
@click.option("--rater", metavar="WHO", help="Who answers at the terminal. Default: your login.")
@everywhere
def learn(
    face: Face,
    asked: str,
    budget: Budget | None,
    scope: Literal["on", "off"],
    resume: bool,
    chains: int | None,
    rater: str | None,
) -> None:
    """Search for statements that are plausible and explain D.

    It unpacks, replaces and drops statements, and keeps every step with its reason. It stops when nothing
    improves any more or the budget is used up; the same command goes on from there.

    \b
    priory learn --budget "steps=50,seconds=60"
    priory learn --ask terminal
    priory learn --chains 4
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
        several = _chains(tree, chains, budget, face.seed) if chains and not found.stopped else None
        what_next = next_step(tree)
    if face.json:
        face.print_json({**found.to_dict(), **(several.to_dict() if several else {})})
    else:
        face.show(learned_lines(found))
        if several:
            face.show(
                f"{count(len(several.fits), 'tree')} with weights {several.weights_in_words()} are averaged."
            )
        face.say(what_next)
    if found.stopped:
        face.stop_early(found.stopped, f"Go on with: priory learn {tree.option}")
