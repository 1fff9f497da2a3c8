"""Copies of a database that is in use.

Community edition has no dump of a running database, and a transaction of Neo4j sees what others commit
meanwhile. So a backup is the copy that ``priory copy`` makes, into an embedded knowledge base in one file:
whole, and with everything that was stored when it began. It opens with ``--kb FILE``, and ``priory copy``
brings it back into any store.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from kb.errors import FailedError, InputError

if TYPE_CHECKING:
    from kb.stores.protocol import Store

__all__ = ["backup"]


def backup(store: Store, to: Path) -> None:
    """Copy all trees to a new file of the embedded store; writers go on meanwhile."""
    from kb.stores.sqlite import open_sqlite  # here: neither is needed to read or write a graph
    from kb.transfer.copying import SourceChangedError, copy_tree

    if to.exists():
        raise InputError("there is a file of that name.", where=str(to), remedy="Name another one.")
    if not to.parent.is_dir():
        raise InputError("its folder does not exist.", where=str(to), remedy=f"mkdir -p {to.parent}")
    part = to.with_name(to.name + ".part")
    try:
        part.unlink(missing_ok=True)
        with open_sqlite(part, url=str(part), clock=time.time) as copy:
            for tree in store.trees():
                with suppress(
                    SourceChangedError
                ):  # others went on writing; what was there before is in the copy
                    copy_tree(store, copy, tree)
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.rename(to)
    except OSError as error:
        raise FailedError(f"{(error.strerror or str(error)).lower()}.", where=str(to)) from error
    finally:
        for end in ("", "-wal", "-shm"):
            part.with_name(part.name + end).unlink(missing_ok=True)
