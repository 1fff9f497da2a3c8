"""Look: the trees of a knowledge base, a tree from any address down, and its statements by words."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

import click

from kb.address import ROOT, Address
from kb.searching import SEARCHES, SearchBy
from ui.face import Face, as_address, everywhere
from ui.progress import of_reading, progress_bar
from ui.telling import MOST_TELLING
from ui.wording import clean, count

if TYPE_CHECKING:
    from kb.knowledge import Tree
    from kb.statements import Statement

__all__ = ["search", "show", "trees"]

SHOWN_IN_ORDER = 200  # of a tree, for programs, and with what was dropped
MOST_READ = 5_000  # statements among which those that earn most are looked for


@click.command()
@everywhere
def trees(face: Face) -> None:
    """List the trees of the knowledge base.

    \b
    priory trees --kb sqlite:///penguins.db
    """
    with face.opened() as kb:
        found = kb.trees()
    if face.json:
        face.print_json({"trees": [{"name": r.name, "tree_id": r.tree_id, **r.spec} for r in found]})
        return
    if not found:
        face.say(f"No tree in {face.shown_kb} yet. Make one: priory demo")
        return
    from ui.views.tree import tree_list

    face.show(tree_list(found))


@click.command()
@click.argument("address", callback=as_address, default=ROOT)
@click.option("--depth", default=2, show_default=True, type=click.IntRange(0), help="Levels below it.")
@click.option(
    "--limit",
    type=click.IntRange(1),
    help=f"The first so many, in order. Default: on a screen the {MOST_TELLING} that earn most, "
    f"in JSON {SHOWN_IN_ORDER}.",
)
@click.option("--dropped", is_flag=True, help="Show dropped statements, too.")
@click.option(
    "--provenance", is_flag=True, help="Show the step: prompts, proposals, checks, approvals, cost."
)
@everywhere
def show(
    face: Face, address: Address, depth: int, limit: int | None, dropped: bool, provenance: bool
) -> None:
    """Show a statement and what lies below it, of many only those that earn most on D.

    With --provenance it shows instead how the statement was unpacked, word by word.

    \b
    priory show
    priory show 0.1 --depth 3
    priory show 0.1 --provenance
    """
    if provenance:
        _show_provenance(face, address)
        return
    in_order = face.json or dropped  # what is dropped earns nothing
    most = limit or (SHOWN_IN_ORDER if in_order else MOST_READ)
    with face.tree() as tree:
        top, path = tree.statement(address), tree.ancestors(address)
        found = list(islice(_below(tree, top, depth, dropped=dropped), most + 1))
    if face.json:
        shown = [s.to_dict() for s in found[:most]]
        face.print_json({"tree": tree.name, "statements": shown, "more": len(found) > most})
        return
    from ui.views.tree import TREE_LEGEND, most_telling, one_statement, outline

    picked = found[:most] if limit or in_order else most_telling(found[:most])
    face.show(outline(picked))
    if address != ROOT:
        face.show("", one_statement(top, path))
    if len(picked) < len(found):
        face.hint(_what_is_left(len(picked), len(found), is_first=bool(limit or in_order)))
    face.hint(TREE_LEGEND)


def _what_is_left(shown: int, of: int, *, is_first: bool) -> str:
    """How much is not shown, and how to see it."""
    if is_first:
        return f"Only the first {shown:,} are shown; --limit shows more, an address starts further down."
    among = f"more than {MOST_READ:,}" if of > MOST_READ else f"{of:,}"
    return (
        f"{shown:,} of {among} statements are shown: those that earn most on D, with what stands above them. "
        f"--limit {min(of, MOST_READ)} shows as many in order, an address starts further down."
    )


def _show_provenance(face: Face, address: Address) -> None:
    """Show every step that was made or failed at a statement."""
    from unpacking.provenance import provenance

    with face.tree() as tree:
        of, steps = tree.statement(address), provenance(tree, address)
    if face.json:
        face.print_json({"address": address, "steps": [step.to_dict() for step in steps]})
        return
    from ui.views.provenance import step_lines

    if not steps:
        face.say(f"{address} was never unpacked.")
    for step in steps:
        face.show(step_lines(of, step), "")


def _below(tree: Tree, top: Statement, levels: int, *, dropped: bool) -> Iterator[Statement]:
    """The statement and what lies below, level by level down each branch: a shallow look reads little."""
    yield top
    if levels and top.n_children:
        for child in tree.children(top.address, dropped=dropped):
            yield from _below(tree, child, levels - 1, dropped=dropped)


def some_text(_: click.Context, __: click.Parameter, given: str) -> str:
    """A click callback: a text that says something."""
    if not given.strip():
        raise click.BadParameter("say what to look for.")
    return given


@click.command()
@click.argument("text", callback=some_text)
@click.option(
    "--by",
    type=click.Choice(SEARCHES),
    default="words",
    show_default=True,
    help="All of its words, or about what it means.",
)
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000), help="Page size.")
@click.option("--after", metavar="MARK", help="Go on behind an earlier page.")
@everywhere
def search(face: Face, text: str, by: SearchBy, limit: int, after: str | None) -> None:
    """Find statements that have all the words of TEXT, or mean about the same.

    Alike in meaning is not agreement: "more likely" and "less likely" come out close. The first search by
    meaning reads every statement, which takes minutes for ten thousand, and keeps what it means; a later one
    reads only what is new, and one that was stopped goes on. It needs the extra search.

    \b
    priory search "flipper length"
    priory search "long wings" --by meaning
    """
    with face.tree() as tree, progress_bar(face, "Reading statements") as bar:
        found = tree.search(text, by=by, limit=limit, after=after, progress=of_reading(bar))
    if face.json:
        face.print_json(found.to_dict())
        return
    from ui.views.tree import found_list

    if found.statements:
        face.show(found_list(found.statements, found.similarities))
        face.hint(f"Found by {found.by}: {found.method}.")
    elif by == "words":
        face.say(f"No statement of {tree.name} has all of: {clean(text)}")
    else:
        face.say(f"No statement of {tree.name} was found.")
    if found.after:
        face.hint(f"{count(len(found.statements), 'statement')} shown. More: --after {found.after}")
