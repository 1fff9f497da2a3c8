"""Grow: unpack statements, one step or many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kb.address import ROOT, Address
from ui.face import Face, as_address, as_budget, everywhere
from ui.model_options import ModelOptions, model_options
from ui.progress import of_growth, of_work, progress_bar
from ui.wording import cost_in_words, count

if TYPE_CHECKING:
    from kb.knowledge import Tree
    from unpacking.budget import Budget

__all__ = ["unpack", "worker"]

MOST_CHILDREN = 1000


@click.command()
@click.argument("address", callback=as_address, default=ROOT)
@model_options
@click.option("--n", default=3, show_default=True, type=click.IntRange(1, 20), help="Proposals per step.")
@click.option("--depth", default=1, show_default=True, type=click.IntRange(1), help="Levels to unpack.")
@click.option("--budget", callback=as_budget, help='What may be spent: "steps=50,usd=0.5,tokens=20000".')
@click.option("--dry-run", is_flag=True, help="Show what would be done, and commit nothing.")
@click.option("--queue", is_flag=True, help="Leave what is there to unpack to workers: priory worker.")
@everywhere
def unpack(
    face: Face,
    how: ModelOptions,
    address: Address,
    n: int,
    depth: int,
    budget: Budget | None,
    dry_run: bool,
    queue: bool,
) -> None:
    """Unpack a statement into more specific ones.

    The children together say what it says. Several proposals are made and scored; the best approved one is
    committed and all are kept. With --depth it goes on below; after Ctrl-C or a used-up budget the same
    command goes on where it stopped. With --model a language model proposes; --dry-run then shows what would
    be asked and about what it would cost. Prices are estimates; PRIORY_PRICES names a file with yours.

    \b
    priory unpack 0.3
    priory unpack 0 --depth 3 --budget "steps=50,seconds=60"
    priory unpack 0.3 --dry-run
    priory unpack 0.3 --model openai:gpt-5-mini --budget usd=0.10
    priory unpack 0.3 --model local:SmolLM2.gguf --mode typed
    """
    with face.tree() as tree:
        if dry_run:
            _preview(face, tree, address, how, n, depth)
        elif queue:
            _enqueue(face, tree, address, depth)
        elif depth == 1:
            _step(face, tree, address, how, n, budget)
        else:
            _many(face, tree, address, how, n, depth, budget)


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


def _preview(face: Face, tree: Tree, address: Address, how: ModelOptions, n: int, depth: int) -> None:
    from learning.growing import preview

    if how.is_language_model:
        _plan(face, tree, address, how, n, depth)
        return
    proposals = preview(tree, address, unpacker=str(how.meant()), n=n, seed=face.seed or 0)
    if face.json:
        face.print_json({"address": address, "proposals": [p.to_dict() for p in proposals]})
        return
    from ui.views.steps import proposal_list

    face.show(proposal_list(tree.statement(address), proposals, committed=None))
    face.hint(f"Nothing was committed. priory unpack {address} commits the best approved one.")


def _plan(face: Face, tree: Tree, address: Address, how: ModelOptions, n: int, depth: int) -> None:
    """Show what would be asked and what it would cost; nothing is asked."""
    from learning.growing import planned

    found = planned(
        tree, address, how.meant(), n=n, levels=depth, seed=face.seed or 0, approving=how.approving(face)
    )
    if face.json:
        face.print_json(found.to_dict())
        return
    from ui.views.steps import plan_lines

    face.show(plan_lines(found))
    face.hint("Nothing was asked and nothing was spent.")


def _step(face: Face, tree: Tree, address: Address, how: ModelOptions, n: int, budget: Budget | None) -> None:
    from learning.fitting import latest_fit
    from learning.growing import unpack as unpacked

    before = _slots(tree, address)
    expansion = unpacked(
        tree,
        address,
        unpacker=how.meant(),
        n=n,
        budget=budget,
        seed=face.seed,
        approving=how.approving(face),
    )
    if tree.task.classes:
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
    elif expansion.cost.tokens:
        face.say(f"It took {cost_in_words(expansion.cost)}.")
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


def _many(  # the options of a run, as people type them
    face: Face,
    tree: Tree,
    address: Address,
    how: ModelOptions,
    n: int,
    depth: int,
    budget: Budget | None,
) -> None:
    from learning.fitting import latest_fit
    from learning.growing import unpack_below

    with progress_bar(face, "Unpacking") as bar:
        grown = unpack_below(
            tree,
            address,
            levels=depth,
            budget=budget,
            n=n,
            unpacker=how.meant(),
            seed=face.seed or 0,
            approving=how.approving(face),
            progress=of_growth(bar),
        )
    if tree.task.classes:
        latest_fit(tree)
    if face.json:
        found = {"expansions": grown.expansions, "statements": grown.statements, "stopped": grown.stopped}
        face.print_json({**found, "cost": grown.cost.to_dict()})
    else:
        took = f", {cost_in_words(grown.cost)}" if grown.cost.tokens else ""
        face.say(f"{count(grown.statements, 'statement')} in {count(grown.expansions, 'step')}{took}.")
        face.hint(f"Look at them: priory show {address} --depth {depth}")
    if grown.stopped:
        face.stop_early(grown.stopped, "The same command goes on.")


@click.command()
@model_options
@click.option("--n", default=3, show_default=True, type=click.IntRange(1, 20), help="Proposals per step.")
@click.option("--limit", type=click.IntRange(1), help="Take at most so many steps.")
@click.option("--wait", is_flag=True, help="Wait for more when the queue is empty, until Ctrl-C.")
@everywhere
def worker(face: Face, how: ModelOptions, n: int, limit: int | None, wait: bool) -> None:
    """Unpack what is queued; any number of workers may run at once.

    Steps come into the queue with priory unpack --queue. Two workers never do the same step, and the step of
    one that was killed goes back into the queue.

    \b
    priory worker
    priory worker --wait
    """
    from learning.fitting import latest_fit
    from learning.unpackers import at_work
    from unpacking.worker import work

    with face.tree() as tree, progress_bar(face, "Working") as bar:
        told, patience = of_work(bar), None if wait else 0.0
        at = at_work(tree, how.meant(), approving=how.approving(face))
        done = work(
            tree,
            at.unpacker,
            n=n,
            approver=at.approver,
            margin=at.margin,
            most=limit,
            patience=patience,
            progress=told,
        )
        if done.done and tree.task.classes:
            latest_fit(tree)
    if face.json:
        face.print_json({"done": done.done, "given_up": done.given_up, "waiting": done.waiting})
    else:
        face.say(f"{count(done.done, 'step')} done, {done.given_up:,} given up, {done.waiting:,} waiting.")
