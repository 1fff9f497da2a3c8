"""Keep: in and out of other formats, copies, and a check of every invariant."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kb.address import ROOT, Address
from ui.face import Face, as_address, everywhere
from ui.progress import of_lines, progress_bar
from ui.wording import clean, count

if TYPE_CHECKING:
    from kb.records import Finding
    from kb.transfer import Transfer

__all__ = ["backup", "doctor", "export", "import_"]

FILE = click.Path(dir_okay=False, path_type=Path)
SUFFIXES = {".graphml": "graphml", ".md": "markdown"}


@click.command()
@click.argument("file", type=FILE)
@click.option("--address", callback=as_address, default=ROOT, help="Only this statement and what lies below.")
@click.option(
    "--format",
    "written_as",
    type=click.Choice(["jsonl", "graphml", "markdown"]),
    help="Default: by the name of FILE; jsonl is the only one that can be imported again.",
)
@everywhere
def export(face: Face, file: Path, address: Address, written_as: str | None) -> None:
    """Write a tree, or a part of it, to a new file.

    JSON lines hold everything: data, statements, expansions, judgements and moves, with a checksum. An export
    that was cut short goes on with the same command.

    \b
    priory export penguins.jsonl
    priory export outline.md --address 0.1
    """
    from kb.transfer import export_graphml, export_jsonl, export_markdown

    chosen = written_as or SUFFIXES.get(file.suffix.lower(), "jsonl")
    with face.tree() as tree, progress_bar(face, "Exporting") as bar:
        what, told = (tree.store, tree.record, file), of_lines(bar)
        if chosen == "jsonl":
            counts = dict(export_jsonl(*what, address=address, progress=told).counts)
        else:
            way = export_graphml if chosen == "graphml" else export_markdown
            counts = {"statement": way(*what, address=address, progress=told)}
    if face.json:
        face.print_json({"tree": tree.name, "file": str(file), **counts})
    else:
        face.say(f"{clean(tree.name)}: {_in_words(counts)} written to {file}")


@click.command("import")
@click.argument("file", type=FILE)
@everywhere
def import_(face: Face, file: Path) -> None:
    """Read a tree from a file of JSON lines.

    The whole file is checked before anything is written. The same file again changes nothing.

    \b
    priory import penguins.jsonl --kb sqlite:///copy.db
    """
    from kb.transfer import import_jsonl

    with face.opened(create=True) as kb, progress_bar(face, "Importing") as bar:
        done: Transfer = import_jsonl(kb.store, file, progress=of_lines(bar))
    if face.json:
        face.print_json(done.to_dict())
    else:
        face.say(f"{clean(done.tree.name)}: {_in_words(done.counts)} read from {file}")
        face.hint(f"Look at it: priory show --tree {clean(done.tree.name)}")


def _in_words(counts: Mapping[str, int]) -> str:
    return ", ".join(count(n, kind) for kind, n in counts.items() if n) or "nothing"


@click.command()
@click.argument("file", type=FILE)
@everywhere
def backup(face: Face, file: Path) -> None:
    """Copy the whole knowledge base to a new file while others go on working.

    \b
    priory backup before-the-workshop.db
    """
    with face.opened() as kb:
        kb.store.backup(file)
    if face.json:
        face.print_json({"file": str(file), "bytes": file.stat().st_size})
    else:
        face.say(f"Copied to {file}. Use it with --kb sqlite:///{file}")


@click.command()
@everywhere
def doctor(face: Face) -> None:
    """Check every invariant of the knowledge base and say what was checked.

    \b
    priory doctor
    """
    with face.opened() as kb:
        checked, found = kb.store.invariants(), list(kb.store.check())
    if face.json:
        face.print_json({"checked": list(checked), "findings": [_finding(f) for f in found]})
    else:
        for invariant in checked:
            broken = sum(f.invariant == invariant for f in found)
            face.show(f"{'✗' if broken else '✓'} {clean(invariant)}")
        for f in found:
            face.show(clean(f"! {f.where}: {f.message}"))
        broken_things = f"{len(found):,} broken" if found else "nothing is broken"
        face.say(f"{count(len(checked), 'invariant')} checked; {broken_things}.")
    if found:
        raise click.exceptions.Exit(1)


def _finding(f: Finding) -> dict[str, str]:
    return {"invariant": f.invariant, "where": f.where, "message": f.message}
