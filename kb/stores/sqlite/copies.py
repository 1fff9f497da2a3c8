"""Consistent copies of a database that is in use."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

from kb.errors import FailedError, InputError
from kb.stores.sqlite.connections import Database, connect
from kb.stores.sqlite.faults import named_faults

__all__ = ["backup"]


def backup(db: Database, to: Path) -> None:
    """Copy one snapshot to a new file; writers go on meanwhile."""
    if to.exists():
        raise InputError("there is a file of that name.", where=str(to), remedy="Name another one.")
    if not to.parent.is_dir():
        raise InputError("its folder does not exist.", where=str(to), remedy=f"mkdir -p {to.parent}")
    part = to.with_name(to.name + ".part")
    try:
        part.unlink(missing_ok=True)
        with db.alone() as conn, named_faults(str(to)), closing(connect(part)) as copy:
            conn.backup(copy)  # in one step: a snapshot, however long it takes
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.rename(to)
    except OSError as error:
        raise FailedError(f"{(error.strerror or str(error)).lower()}.", where=str(to)) from error
    finally:
        part.unlink(missing_ok=True)
