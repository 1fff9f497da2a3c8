"""Write: statements by hand, leaving them out, and the choice between expansions."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from kb.address import Address
from kb.records import Move
from kb.statements import KINDS, Kind, Statement
from ui.face import Face, as_address, everywhere, rater_named
from ui.wording import clean

if TYPE_CHECKING:
    from kb.knowledge import Tree

__all__ = ["add", "choose", "drop", "edit", "restore"]

BY = click.option("--rater", "by", metavar="WHO", help="Who writes. Default: human:<your login>.")
WHEN = click.option(
    "--when", metavar="CONDITION", help='The cases it speaks about: "flipper_length_mm > 206".'
)
SIDE = click.option("--side", metavar="CLASS", help="The class it speaks for.")


@click.command()
@click.argument("address", callback=as_address)
@click.argument("text")
@WHEN
@SIDE
@click.option("--kind", type=click.Choice(KINDS), default="claim", show_default=True, help="What it is.")
@BY
@everywhere
def add(
    face: Face, address: Address, text: str, when: str | None, side: str | None, kind: Kind, by: str | None
) -> None:
    """Write a statement below ADDRESS; its points are fitted at once.

    \b
    priory add 0.2 "Customers who called support twice leave." --when "support_calls >= 2"
    """
    from learning.growing import add as added

    with face.tree() as tree:
        s = added(tree, address, text, when=when, side=side, kind=kind, by=rater_named(by))
        _note(face, tree, s)
    _tell(face, s)


@click.command()
@click.argument("address", callback=as_address)
@click.argument("text")
@WHEN
@SIDE
@BY
@everywhere
def edit(face: Face, address: Address, text: str, when: str | None, side: str | None, by: str | None) -> None:
    """Write the statement at ADDRESS anew.

    The new one gets an address of its own beside it. The old one is kept, but is no longer part of the tree.

    \b
    priory edit 0.1.0 "Flippers of 207 mm or more: Gentoo." --when "flipper_length_mm >= 207"
    """
    from learning.growing import edit as edited

    with face.tree() as tree:
        s = edited(tree, address, text, when=when, side=side, by=rater_named(by))
        _note(face, tree, s)
    _tell(face, s)


@click.command()
@click.argument("address", callback=as_address)
@click.option("--why", default="", help="A reason to remember.")
@BY
@everywhere
def drop(face: Face, address: Address, why: str, by: str | None) -> None:
    """Leave a statement out, with all below it; nothing is deleted.

    \b
    priory drop 0.0.2 --why "an accident of how the sample was drawn"
    """
    from learning.fitting import latest_fit
    from learning.growing import drop as dropped

    with face.tree() as tree:
        dropped(tree, address, by=rater_named(by), why=why)
        latest_fit(tree)
        s = tree.statement(address)
    _tell(face, s, after=f"Dropped. priory restore {address} brings it back.")


@click.command()
@click.argument("address", callback=as_address)
@click.option("--why", default="", help="A reason to remember.")
@BY
@everywhere
def restore(face: Face, address: Address, why: str, by: str | None) -> None:
    """Take a dropped statement back in, with all below it.

    \b
    priory restore 0.0.2
    """
    from learning.fitting import latest_fit
    from learning.growing import restore as restored

    with face.tree() as tree:
        restored(tree, address, by=rater_named(by), why=why)
        latest_fit(tree)
        s = tree.statement(address)
    _tell(face, s, after="Restored.")


@click.command()
@click.argument("address", callback=as_address, required=False)
@click.argument("slot", type=click.IntRange(0), required=False)
@click.option("--proposal", type=click.IntRange(1), help="Commit this proposal of a step, and follow it.")
@BY
@everywhere
def choose(
    face: Face, address: Address | None, slot: int | None, proposal: int | None, by: str | None
) -> None:
    """Make another expansion of a statement the current one.

    A statement may have been unpacked several times, each time into a slot of its own. Walks, ratings and
    predictions follow the current slot. With --proposal another proposal of a step is committed: of a step
    that waits for a person, else of the one in SLOT (the current one if left out). Without ADDRESS it lists
    the steps that wait.

    \b
    priory choose
    priory choose 0.1 1
    priory choose 0.1 --proposal 2
    """
    with face.tree() as tree:
        if address is None:
            _list_waiting(face, tree)
        elif proposal is not None:
            s = _proposal(tree, address, slot, proposal - 1, rater_named(by))
            _tell(face, s, after=f"Proposal {proposal} is committed, and the current one now.")
        elif slot is None:
            raise click.UsageError("Give a SLOT, or --proposal.")
        else:
            _follow(face, tree, address, slot, rater_named(by))


def _list_waiting(face: Face, tree: Tree) -> None:
    from learning.choosing import waiting_choices

    found = waiting_choices(tree)
    if face.json:
        face.print_json({"waiting": [choice.to_dict() for choice in found]})
        return
    from ui.views.steps import proposal_list

    for choice in found:
        face.show(proposal_list(tree.statement(choice.address), choice.proposals, committed=None))
        face.hint(f"Choose: priory choose {choice.address} --proposal {choice.best[0] + 1}")
    if not found:
        face.say("No step waits for a person.")


def _proposal(tree: Tree, address: Address, slot: int | None, proposal: int, by: str) -> Statement:
    """Commit a proposal of the step that waits, else of one that was made."""
    from learning.choosing import choose_proposal, commit_instead, waiting_choices

    if slot is None and any(choice.address == address for choice in waiting_choices(tree)):
        choose_proposal(tree, address, proposal, by=by)
    else:
        current = tree.statement(address).slot or 0
        commit_instead(tree, address, current if slot is None else slot, proposal, by=by)
    return tree.statement(address)


def _follow(face: Face, tree: Tree, address: Address, slot: int, by: str) -> None:
    from learning.fitting import refit

    tree.store.choose(tree.tree_id, address, slot)
    tree.log(Move("choose", address, by, taken=True, why=f"slot {slot}", created=time.time()))
    refit(tree, seed=face.seed)
    _tell(face, tree.statement(address), after=f"Slot {slot} is the current one now.")


def _note(face: Face, tree: Tree, s: Statement) -> None:
    """Say what is allowed in its condition but perhaps not meant."""
    from kb.conditions import parse_condition

    for note in parse_condition(s.draft.when, tree.task.columns).notes if s.draft.when else ():
        face.say(f"Note: {note}")


def _tell(face: Face, s: Statement, *, after: str = "") -> None:
    """Print one statement with what the fit just found about it."""
    if face.json:
        face.print_json(s.to_dict())
        return
    from ui.views.tree import written

    face.show(written(s))
    if after:
        face.say(clean(after))
