"""Results as files: whole, or not there."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from kb.errors import FailedError

__all__ = ["write_whole"]


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
