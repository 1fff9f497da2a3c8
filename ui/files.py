"""Results as files: whole, or not there."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from kb.errors import FailedError, InputError

__all__ = ["refuse_lost", "write_whole"]


def refuse_lost(path: Path) -> None:
    """See, before the work is done, that there is a folder for its result.

    Raises:
        InputError: There is none, or a folder has that name.
    """
    if path.is_dir():
        raise InputError("it is a folder.", where=str(path), remedy="Name a file in it.")
    if not path.parent.is_dir():
        raise InputError(
            "its folder does not exist.", where=str(path), remedy=f"Make it first: mkdir -p {path.parent}"
        )


def write_whole(path: Path, text: str) -> None:
    """Put the text in place of what the file held; after an error that is still there.

    Raises:
        FailedError: The file can't be written.
    """
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(text, encoding="utf-8", newline="")
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        reason = (error.strerror or str(error)).lower()
        raise FailedError(f"it can't be written ({reason}).", where=str(path)) from error
