"""Reshape: split, merge and re-scope statements by hand."""

from __future__ import annotations

import click

from kb.address import Address
from kb.statements import Statement
from ui.face import Face, as_address, everywhere, rater_named

__all__ = ["merge", "rescope", "split"]

BY = click.option("--rater", "by", metavar="WHO", help="Who says so. Default: human:<your login>.")
WHY = click.option("--why", default="", help="A reason to remember.")


@click.command()
@click.argument("address", callback=as_address)
@click.argument("condition")
@WHY
@BY
@everywhere
def split(face: Face, address: Address, condition: str, why: str, by: str | None) -> None:
    """Cut the statement at ADDRESS in two: where CONDITION holds, and where it does not.

    \b
    priory split 0.1.0 "sex = 'male'" --why "males are heavier"
    """
    from learning.reshaping import split as cut

    with face.tree() as tree:
        made = cut(tree, address, condition, why=why, by=rater_named(by))
    _tell(face, *made)


@click.command()
@click.argument("addresses", nargs=-1, required=True)
@click.option("--text", required=True, help="What the new statement says.")
@WHY
@BY
@everywhere
def merge(face: Face, addresses: tuple[str, ...], text: str, why: str, by: str | None) -> None:
    """Put one statement in the place of several; it speaks wherever one of them did.

    \b
    priory merge 0.1.0 0.1.2 --text "Heavy birds and birds with long flippers: Gentoo."
    """
    from learning.reshaping import merge as merged

    with face.tree() as tree:
        made = merged(tree, addresses, text, why=why, by=rater_named(by))
    _tell(face, made)


@click.command()
@click.argument("address", callback=as_address)
@click.argument("condition")
@click.option("--text", default="", help="What it says then; as before if left out.")
@WHY
@BY
@everywhere
def rescope(face: Face, address: Address, condition: str, text: str, why: str, by: str | None) -> None:
    """Let the statement at ADDRESS speak about the cases of CONDITION from now on.

    \b
    priory rescope 0.0.1 "island = 'Dream' AND year < 2009" --why "only while the colony was there"
    """
    from learning.reshaping import rescope as rescoped

    with face.tree() as tree:
        made = rescoped(tree, address, condition, text=text, why=why, by=rater_named(by))
    _tell(face, made)


def _tell(face: Face, *made: Statement) -> None:
    if face.json:
        face.print_json([s.to_dict() for s in made])
        return
    from ui.views.tree import written

    face.show(*(written(s) for s in made))
