"""Keep: in and out of other formats, and a copy of the file."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kb.address import ROOT, Address
from kb.errors import InputError
from ui.face import Face, as_address, everywhere
from ui.files import OUT_FILE, STDOUT, place_in_words, refuse_lost, written_through
from ui.progress import of_lines, progress_bar
from ui.wording import clean, count

if TYPE_CHECKING:
    from kb.transfer import Transfer

__all__ = ["backup", "export", "import_"]

FILE = click.Path(dir_okay=False, path_type=Path)
SUFFIXES = {".jsonl": "jsonl", ".graphml": "graphml", ".cypher": "cypher", ".md": "markdown"}


@click.command()
@click.argument("file", type=OUT_FILE)
@click.option("--address", callback=as_address, default=ROOT, help="Only this statement and what lies below.")
@click.option(
    "--format",
    "written_as",
    type=click.Choice([*SUFFIXES.values()]),
    help="Default: by the name of FILE; jsonl is the only one that can be imported again.",
)
@everywhere
def export(face: Face, file: Path, address: Address, written_as: str | None) -> None:
    """Write a tree, or a part of it, to a new file.

    JSON lines hold everything but vectors: data, statements, expansions, judgements, moves, documents and the
    queue, with a checksum. An export that was cut short goes on with the same command. The name of FILE ends
    in .jsonl, .graphml, .cypher or .md, or --format says what it holds; - is standard output.

    \b
    priory export penguins.jsonl
    priory export outline.md --address 0.1
    """
    from kb.transfer import export_cypher, export_graphml, export_jsonl, export_markdown

    refuse_lost(face, file)
    chosen = written_as or _by_name(file)
    with face.tree() as tree, progress_bar(face, "Exporting") as bar, written_through(file) as to:
        what, told = (tree.store, tree.record, to), of_lines(bar)
        if chosen == "jsonl":
            counts = dict(export_jsonl(*what, address=address, progress=told).counts)
        else:
            ways = {"graphml": export_graphml, "cypher": export_cypher, "markdown": export_markdown}
            counts = {"statement": ways[chosen](*what, address=address, progress=told)}
    if face.json:
        face.print_json({"tree": tree.name, "file": str(file), **counts})
    else:
        face.say(f"{clean(tree.name)}: {_in_words(counts)} written to {place_in_words(file)}")


def _by_name(file: Path) -> str:
    """The format that a file's name asks for."""
    if file == STDOUT:
        return "jsonl"
    if file.suffix.lower() not in SUFFIXES:
        endings = ", ".join(f"{ending} ({name})" for ending, name in SUFFIXES.items())
        raise InputError(
            "its name says no format that a tree is written in.",
            where=str(file),
            remedy=f"End it in {endings}, or say --format.",
        )
    return SUFFIXES[file.suffix.lower()]


@click.command("import")
@click.argument("file", type=FILE)
@everywhere
def import_(face: Face, file: Path) -> None:
    """Read a tree from a file of JSON lines.

    The whole file is checked before anything is made or written. The same file again changes nothing. With
    --tree the file must hold the tree of that name.

    \b
    priory import penguins.jsonl --kb sqlite:///copy.db
    """
    from kb.transfer import bring_in, verified

    with progress_bar(face, "Importing") as bar:
        export = verified(file)
        if face.tree_name not in {None, export.tree.name}:
            raise InputError(
                f"it holds the tree {export.tree.name!r}, not {face.tree_name!r}; nothing was imported.",
                where=str(file),
                remedy="Leave --tree out: a tree keeps its name.",
            )
        with face.opened(create=True) as kb:
            done: Transfer = bring_in(kb.store, export, progress=of_lines(bar))
    if face.json:
        face.print_json(done.to_dict())
    else:
        face.say(f"{clean(done.tree.name)}: {_in_words(done.counts)} read from {file}")
        face.hint(f"Look at it: priory show --tree {shlex.quote(clean(done.tree.name))}")


def _in_words(counts: Mapping[str, int]) -> str:
    return ", ".join(count(n, kind) for kind, n in counts.items() if n) or "nothing"


@click.command()
@click.argument("file", type=OUT_FILE)
@everywhere
def backup(face: Face, file: Path) -> None:
    """Copy the whole knowledge base to a new file while others go on working.

    \b
    priory backup before-the-workshop.db
    """
    if file == STDOUT:
        raise InputError("a knowledge base is no text to print.", where="-", remedy="Name a file.")
    with face.opened() as kb:
        kb.store.backup(file)
    if face.json:
        face.print_json({"file": str(file), "bytes": file.stat().st_size})
    else:
        face.say(f"Copied to {file}. Use it with --kb sqlite:///{file}")
