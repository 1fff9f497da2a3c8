"""Opening a store by its URL."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

from kb.errors import FailedError, InputError
from kb.stores.protocol import Store

__all__ = ["open_store"]

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(.*)", re.DOTALL)  # two letters at least: C: is a drive
_GRAPH_SCHEMES = {"neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc"}
_HOW = (
    "Write sqlite:///file.db for a file here, sqlite:////folder/file.db for one elsewhere, or just its path."
)


def open_store(url: str, *, create: bool = True, clock: Callable[[], float] = time.time) -> Store:
    """The store that ``url`` names; close it when done, or use it in a ``with``.

    Args:
        url: ``sqlite:///relative.db``, ``sqlite:////absolute.db`` or a bare path, on a local disk: SQLite's
            write-ahead log doesn't work over a network file system.
        create: Make an empty knowledge base where there is none.
        clock: Seconds since 1970; leases run by it.

    Raises:
        InputError: The URL names no store, no file and none may be made, or another program's file.
        FailedError: The store is newer than the code, damaged, not writable or not reachable.
    """
    file = _file_of(url)
    from kb.stores.sqlite import open_sqlite  # here, so that importing this loads no database

    return open_sqlite(file, url=url, create=create, clock=clock)


def _file_of(url: str) -> Path:
    if not url.strip() or "\0" in url:
        raise InputError(f"{url!r} names no knowledge base.", where="--kb", remedy=_HOW)
    if url.startswith(("//", "\\\\")):
        raise InputError(
            f"{url} is on another machine; SQLite needs a local disk.", where="--kb", remedy=_HOW
        )
    written = _SCHEME.fullmatch(url)
    if written is None:
        return _named(url, url)
    scheme, rest = written[1].lower(), written[2]
    if scheme in _GRAPH_SCHEMES:
        raise FailedError(
            "the Neo4j store is not built yet.", where=url, remedy="Use a file meanwhile: sqlite:///file.db"
        )
    if scheme != "sqlite":
        raise InputError(f"{scheme!r} is no store of Priory.", where=url, remedy=_HOW)
    if not rest.startswith("///"):
        host = rest.removeprefix("//").partition("/")[0]
        raise InputError(f"it names a host, {host!r}; SQLite needs a local disk.", where=url, remedy=_HOW)
    if rest.startswith("/////"):
        raise InputError("it is on another machine; SQLite needs a local disk.", where=url, remedy=_HOW)
    return _named(rest[3:], url)


def _named(name: str, url: str) -> Path:
    if not name or name in {":memory:", "."} or name.endswith("/"):
        raise InputError("it names no file.", where=url, remedy=_HOW)
    if "?" in name and url.lower().startswith("sqlite:"):
        raise InputError("a SQLite URL has no options here.", where=url, remedy=_HOW)
    return Path(name).expanduser()
