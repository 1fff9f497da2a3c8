"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kb.errors import FailedError, InputError

__all__ = ["named_faults", "new_file", "part_of", "put_in_place", "refuse_taken"]


def part_of(to: Path) -> Path:
    """The name under which a file is written before it is whole."""
    return to.with_name(to.name + ".part")


def refuse_taken(to: Path) -> None:
    """See that a new file can be made there.

    Raises:
        InputError: Something of that name exists, or the folder doesn't.
    """
    if to.exists():
        raise InputError("there is a file of that name.", where=str(to), remedy="Remove it or name another.")
    if not to.parent.is_dir():
        raise InputError(
            "its folder does not exist.", where=str(to), remedy=f"Make it first: mkdir -p {to.parent}"
        )


@contextmanager
def named_faults(where: Path) -> Iterator[None]:
    """Turn what the file system says into an error that names the file.

    Raises:
        FailedError: It said no.
    """
    try:
        yield
    except OSError as error:
        said = (error.strerror or str(error)).lower()
        raise FailedError(f"{said}.", where=str(error.filename or where)) from error


def put_in_place(part: Path, to: Path) -> None:
    """Give a written file its name, once its bytes are on the disk."""
    with part.open("rb") as written:
        os.fsync(written.fileno())
    part.replace(to)


@contextmanager
def new_file(to: Path) -> Iterator[Path]:
    """Where to write; afterwards it is ``to``, and after an error it is gone.

    Raises:
        InputError: There is a file of that name, or no folder for it.
        FailedError: The disk said no.
    """
    refuse_taken(to)
    part = part_of(to)
    with named_faults(to):
        try:
            yield part
            put_in_place(part, to)
        finally:
            part.unlink(missing_ok=True)
