"""Grow: unpack statements, one step or many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kb.address import ROOT, Address
from ui.face import Face, as_address, as_budget, everywhere
from ui.progress import of_growth, of_work, progress_bar
from ui.wording import count

if TYPE_CHECKING:
    from kb.knowledge import Tree
    from unpacking.budget import Budget

__all__ = ["unpack", "worker"]

MOST_CHILDREN = 1000


@click.command()
@click.argument("address", callback=as_address, default=ROOT)
@click.option("--unpacker", default="induction", show_default=True, metavar="NAME", help="Who proposes.")
@click.option("--n", default=3, show_default=True, type=click.IntRange(1, 20), help="Proposals per step.")
@click.option("--depth", default=1, show_default=True, type=click.IntRange(1), help="Levels to unpack.")
@click.option("--budget", callback=as_budget, help='What may be spent: "steps=50,seconds=60".')
@click.option("--dry-run", is_flag=True, help="Show the proposals and commit nothing.")
@click.option("--queue", is_flag=True, help="Leave what is there to unpack to workers: priory worker.")
@everywhere
def unpack(
    face: Face,
    address: Address,
    unpacker: str,
    n: int,
    depth: int,
    budget: Budget | None,
    dry_run: bool,
    queue: bool,
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
            _preview(face, tree, address, unpacker, n)
        elif queue:
            _enqueue(face, tree, address, depth)
        elif depth == 1:
            _step(face, tree, address, unpacker, n, budget)
        else:
            _many(face, tree, address, unpacker, n, depth, budget)


def _enqueue(face: Face, tree: Tree, address: Address, depth: int) -> None:
    """Queue what is not unpacked yet among the statements that are there."""
    tree.statement(address)
    open_ones = [s.address for s in tree.walk(address, levels=depth - 1) if not s.is_unpacked]
    new = tree.store.enqueue(tree.tree_id, [(place, 0, 0.0) for place in open_ones])
    if face.json:
        face.print_json({"queued": new, "waiting": tree.store.waiting(tree.tree_id)})
    elif depth == 1:
        face.say(f"Queued: {address}" if new else f"{address} is queued or unpacked already.")
    else:
        face.say(f"Queued: {count(new, 'statement')}. The same command queues what they are unpacked into.")


def _preview(face: Face, tree: Tree, address: Address, unpacker: str, n: int) -> None:
    from learning.growing import preview

    proposals = preview(tree, address, unpacker=unpacker, n=n, seed=face.seed or 0)
    if face.json:
        face.print_json({"address": address, "proposals": [p.to_dict() for p in proposals]})
        return
    from ui.views.steps import proposal_list

    face.show(proposal_list(tree.statement(address), proposals, committed=None))
    face.hint(f"Nothing was committed. priory unpack {address} commits the best approved one.")


def _step(face: Face, tree: Tree, address: Address, unpacker: str, n: int, budget: Budget | None) -> None:
    from learning.fitting import latest_fit
    from learning.growing import unpack as unpacked

    before = _slots(tree, address)
    expansion = unpacked(tree, address, unpacker=unpacker, n=n, budget=budget, seed=face.seed)
    latest_fit(tree)
    if face.json:
        face.print_json(expansion.to_dict())
        return
    from ui.views.steps import proposal_list
    from ui.views.tree import outline

    of = tree.statement(address)
    face.talk.print(proposal_list(of, expansion.proposals, expansion.committed))
    face.say()
    if expansion.slot in before:
        face.say(f"It was unpacked so before: slot {expansion.slot}.")
    page = tree.store.children(tree.tree_id, address, slot=expansion.slot, limit=MOST_CHILDREN)
    face.show(outline([of, *(s for s in page.items if not s.is_dropped)]))
    if before and expansion.slot not in _slots(tree, address, current=True):
        face.hint(
            f"The tree follows another slot. This one from now on: priory choose {address} {expansion.slot}"
        )


def _slots(tree: Tree, address: Address, *, current: bool = False) -> set[int]:
    """Slots of the expansions that are there; nothing where the statement is not there yet."""
    if tree.store.node(tree.tree_id, address) is None:
        return set()
    found = tree.store.expansions(tree.tree_id, address)
    return {e.slot for e in found if e.is_current or not current}


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
@click.option("--unpacker", default="induction", show_default=True, metavar="NAME", help="Who proposes.")
@click.option("--n", default=3, show_default=True, type=click.IntRange(1, 20), help="Proposals per step.")
@click.option("--limit", type=click.IntRange(1), help="Take at most so many steps.")
@click.option("--wait", is_flag=True, help="Wait for more when the queue is empty, until Ctrl-C.")
@everywhere
def worker(face: Face, unpacker: str, n: int, limit: int | None, wait: bool) -> None:
    """Unpack what is queued; any number of workers may run at once.

    Steps come into the queue with priory unpack --queue. Two workers never do the same step, and the step of
    one that was killed goes back into the queue.

    \b
    priory worker
    priory worker --wait
    """
    from learning.fitting import latest_fit
    from learning.growing import unpacker_named
    from unpacking.worker import work

    with face.tree() as tree, progress_bar(face, "Working") as bar:
        told, patience = of_work(bar), None if wait else 0.0
        done = work(tree, unpacker_named(unpacker), n=n, most=limit, patience=patience, progress=told)
        if done.done:
            latest_fit(tree)
    if face.json:
        face.print_json({"done": done.done, "given_up": done.given_up, "waiting": done.waiting})
    else:
        face.say(f"{count(done.done, 'step')} done, {done.given_up:,} given up, {done.waiting:,} waiting.")
