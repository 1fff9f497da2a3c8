"""Grow: unpack statements, one step or many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kb.address import ROOT, Address
from ui.face import Face, as_address, as_budget, everywhere
from ui.progress import of_growth, progress_bar
from ui.wording import count

if TYPE_CHECKING:
    from kb.knowledge import Tree
    from unpacking.budget import Budget

__all__ = ["unpack"]


@click.command()
@click.argument("address", callback=as_address, default=ROOT)
@click.option("--unpacker", default="induction", show_default=True, metavar="NAME", help="Who proposes.")
@click.option("--n", default=3, show_default=True, type=click.IntRange(1, 20), help="Proposals per step.")
@click.option("--depth", default=1, show_default=True, type=click.IntRange(1), help="Levels to unpack.")
@click.option("--budget", callback=as_budget, help='What may be spent: "steps=50,seconds=60".')
@click.option("--dry-run", is_flag=True, help="Show the proposals and commit nothing.")
@everywhere
def unpack(
    face: Face, address: Address, unpacker: str, n: int, depth: int, budget: Budget | None, dry_run: bool
) -> None:
    """Unpack a statement into more specific ones.

    The children together say what it says. Several proposals are made and scored; the best approved one is
    committed and all are kept. With --depth it goes on below; after Ctrl-C or a used-up budget the same
    command goes on where it stopped.

    \b
    priory unpack 0.3
    priory unpack 0 --depth 3 --budget "steps=50,seconds=60"
    priory unpack 0.3 --dry-run
    """
    with face.tree() as tree:
        if dry_run:
            _preview(face, tree, address, n)
        elif depth == 1:
            _step(face, tree, address, unpacker, n, budget)
        else:
            _many(face, tree, address, unpacker, n, depth, budget)


def _preview(face: Face, tree: Tree, address: Address, n: int) -> None:
    from learning.growing import preview

    proposals = preview(tree, address, n=n)
    if face.json:
        face.print_json({"address": address, "proposals": [p.to_dict() for p in proposals]})
        return
    from ui.views.steps import proposal_list

    face.show(proposal_list(tree.statement(address), proposals, committed=None))
    face.hint(f"Nothing was committed. priory unpack {address} commits the best approved one.")


def _step(face: Face, tree: Tree, address: Address, unpacker: str, n: int, budget: Budget | None) -> None:
    from learning.fitting import latest_fit
    from learning.growing import unpack as unpacked

    expansion = unpacked(tree, address, unpacker=unpacker, n=n, budget=budget, seed=face.seed)
    latest_fit(tree)
    if face.json:
        face.print_json(expansion.to_dict())
        return
    from ui.views.steps import proposal_list
    from ui.views.tree import outline

    face.talk.print(proposal_list(tree.statement(address), expansion.proposals, expansion.committed))
    face.say()
    face.show(outline(tree.walk(address, levels=1), tree.task))


def _many(
    face: Face, tree: Tree, address: Address, unpacker: str, n: int, depth: int, budget: Budget | None
) -> None:
    from learning.fitting import latest_fit
    from learning.growing import unpack_below

    with progress_bar(face, "Unpacking") as bar:
        grown = unpack_below(
            tree, address, levels=depth, budget=budget, n=n, unpacker=unpacker, progress=of_growth(bar)
        )
    latest_fit(tree)
    if face.json:
        found = {"expansions": grown.expansions, "statements": grown.statements, "stopped": grown.stopped}
        face.print_json({**found, "cost": grown.cost.to_dict()})
    else:
        face.say(f"{count(grown.statements, 'statement')} in {count(grown.expansions, 'step')}.")
        face.hint(f"Look at them: priory show {address} --depth {depth}")
    if grown.stopped:
        face.stop_early(grown.stopped, "The same command goes on.")


@click.command()
@everywhere
def worker(face: Face) -> None:
    """Unpack what is queued.

    \b
    priory worker
    """
