"""Results as files: whole, or not there; ``-`` is standard output."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kb.errors import FailedError, InputError
from ui.wording import clean

if TYPE_CHECKING:
    from ui.face import Face

__all__ = ["OUT_FILE", "STDOUT", "place_in_words", "refuse_lost", "write_whole", "written_through"]

STDOUT = Path("-")
_BLOCK = 2**20


class OutFile(click.Path):
    """Where a result goes: ``-`` is standard output, ``./-`` a file of that name.

    pathlib takes the two for one, so the file gets its whole path.
    """

    def __init__(self) -> None:
        super().__init__(dir_okay=False, path_type=Path)

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        return path.absolute() if path == STDOUT and os.fspath(value) != "-" else path


OUT_FILE = OutFile()


def place_in_words(path: Path) -> str:
    """Where a result went."""
    return "standard output" if path == STDOUT else clean(path)


def refuse_lost(face: Face, path: Path) -> None:
    """See, before the work is done, that there is a place for its result.

    Raises:
        click.UsageError: It would be mixed with JSON on standard output.
        InputError: There is no such folder, or a folder has that name.
    """
    if path == STDOUT:
        if face.json:
            raise click.UsageError("--json and - both print to standard output. Leave one of them out.")
        return
    if path.is_dir():
        raise InputError("it is a folder.", where=str(path), remedy="Name a file in it.")
    if not path.parent.is_dir():
        raise InputError(
            "its folder does not exist.", where=str(path), remedy=f"Make it first: mkdir -p {path.parent}"
        )


def write_whole(path: Path, text: str) -> None:
    """Put the text in place of what the file held, or print it; after an error the file is as it was.

    Raises:
        FailedError: The file can't be written.
    """
    if path == STDOUT:
        click.echo(text, nl=False)
        return
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(text, encoding="utf-8", newline="")
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        reason = (error.strerror or str(error)).lower()
        raise FailedError(f"it can't be written ({reason}).", where=str(path)) from error


@contextmanager
def written_through(path: Path) -> Iterator[Path]:
    """Where to write a result: the path itself, or for ``-`` a file that is printed once it is whole."""
    if path != STDOUT:
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder, "result")
        yield whole
        with whole.open("rb") as written:
            while block := written.read(_BLOCK):
                click.echo(block, nl=False)
