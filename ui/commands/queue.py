"""The queue: what waits for workers, what they gave up, and asking for it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kb.address import Address
from kb.errors import InputError
from ui.face import Face, as_address, everywhere
from ui.wording import clean, count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kb.knowledge import Tree
    from kb.records import GivenUp

__all__ = ["queue"]


@click.command()
@click.option(
    "--again", callback=as_address, metavar="ADDRESS", help="Ask again for a step that was given up."
)
@click.option("--again-all", is_flag=True, help="Ask again for every step that was given up.")
@everywhere
def queue(face: Face, again: Address | None, again_all: bool) -> None:
    """Show what waits for workers and what they gave up, and ask for it again.

    A worker gives a step up when it failed; no worker tries it again until somebody asks for it.

    \b
    priory queue
    priory queue --again 0.3
    """
    with face.tree() as tree:
        asked = _ask_again(tree, again, every=again_all) if again or again_all else []
        waiting, left = tree.store.waiting(tree.tree_id), list(_given_up(tree))
    if face.json:
        given_up = [_plain(each) for each in left]
        face.print_json({"waiting": waiting, "given_up": given_up, "asked_again": [_plain(e) for e in asked]})
        return
    for each in left:
        slot = f" slot {each.slot}" if each.slot else ""
        tries = count(each.attempts, "try", "tries")
        face.show(clean(f"{each.address}{slot}: given up after {tries}: {each.reason}"))
    if asked:
        face.say(f"{count(len(asked), 'step')} asked for again.")
    face.say(f"{count(waiting, 'step')} waiting or at work, {len(left):,} given up.")
    if left and not asked:
        face.hint("Ask again: priory queue --again ADDRESS, or --again-all. Work them off: priory worker")


def _given_up(tree: Tree) -> Iterator[GivenUp]:
    after = None
    while True:
        page = tree.store.given_up(tree.tree_id, after=after)
        yield from page.items
        after = page.after
        if after is None:
            return


def _ask_again(tree: Tree, address: Address | None, *, every: bool) -> list[GivenUp]:
    wanted = [each for each in _given_up(tree) if every or each.address == address]
    if not wanted and not every:
        raise InputError(
            "no step there was given up.", where=f"{tree.name} {address}", remedy="See them: priory queue"
        )
    return [each for each in wanted if tree.store.ask_again(tree.tree_id, each.address, each.slot)]


def _plain(each: GivenUp) -> dict[str, object]:
    return {"address": each.address, "slot": each.slot, "attempts": each.attempts, "reason": each.reason}
