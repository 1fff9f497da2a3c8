"""Opening a store by its URL."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

from kb.errors import InputError
from kb.stores.protocol import Store

__all__ = ["graph_url", "open_store", "sqlite_file"]

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(.*)", re.DOTALL)  # two letters at least: C: is a drive
_GRAPH_SCHEMES = {"neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc"}
_HOW = (
    "Write sqlite:///file.db for a file here, sqlite:////folder/file.db for one elsewhere, just its path, "
    "or neo4j://host:7687/database."
)


def open_store(
    url: str,
    *,
    create: bool = True,
    clock: Callable[[], float] | None = None,
    ask: Callable[[str], str] | None = None,
) -> Store:
    """The store that ``url`` names; close it when done, or use it in a ``with``.

    Args:
        url: ``sqlite:///relative.db``, ``sqlite:////absolute.db`` or a bare path, on a local disk: SQLite's
            write-ahead log doesn't work over a network file system. Or ``neo4j://host:7687/database``, also
            with ``bolt``, ``+s`` and ``+ssc``; user and password stand in front of the host, or come from
            NEO4J_USERNAME and NEO4J_PASSWORD.
        create: Make an empty knowledge base where there is none.
        clock: Seconds since 1970; leases run by it. Without one: the clock of this machine for a file, of
            the server for Neo4j.
        ask: Called with a question when a server wants a password that nobody gave; returns it.

    Raises:
        InputError: The URL names no store, no file and none may be made, or another program's data.
        FailedError: The store is newer than the code, damaged, not writable or not reachable.
    """
    graph = graph_url(url)
    if graph is not None:
        from kb.stores.neo4j.opening import open_neo4j  # here, so that importing this loads no database

        return open_neo4j(graph, create=create, clock=clock, ask=ask)
    file = sqlite_file(url)
    from kb.stores.sqlite import open_sqlite

    return open_sqlite(file, url=url, create=create, clock=clock or time.time)


def graph_url(url: str) -> str | None:
    """The URL if it names a graph database, else None."""
    written = _SCHEME.fullmatch(url.strip())
    return url.strip() if written and written[1].lower() in _GRAPH_SCHEMES else None


def sqlite_file(url: str) -> Path:
    """The file that the URL names.

    Raises:
        InputError: It names none.
    """
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
