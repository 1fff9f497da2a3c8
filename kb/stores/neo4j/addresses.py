"""Where a Neo4j database is, and who asks. The driver ignores the path of a URL, so it is read here."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

from kb.stores.neo4j.faults import BadStoreAddressError

__all__ = ["DEFAULT_DATABASE", "GraphAddress", "graph_address"]

DEFAULT_DATABASE = "neo4j"
_SCHEMES = ("neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc")
_PORT = 7687
_HOW = "Write neo4j://host:7687/database; a user and password may stand in front: neo4j://user:password@host."


@dataclass(frozen=True, slots=True)
class GraphAddress:
    """A database on a server.

    Attributes:
        uri: What the driver is given: scheme, host and port, and the routing context if there is one.
        shown: How messages name it, without user and password.
        database: Its name on the server.
        user: Who asks; empty for a server without authentication.
        password: Never shown; None where a user is named without one.
    """

    uri: str
    shown: str
    database: str
    user: str
    password: str | None = field(repr=False)


def graph_address(url: str, *, ask: Callable[[str], str] | None = None) -> GraphAddress:
    """The database that a URL names.

    Args:
        url: ``neo4j://[user[:password]@]host[:port][/database]``, or with another scheme of the driver.
        ask: Called with a question when a user is named and no password is given; returns it.

    User and password that the URL lacks are taken from NEO4J_USERNAME and NEO4J_PASSWORD.

    Raises:
        BadStoreAddressError: The URL names no database; the message holds no password.
    """
    parts = _split(url)
    host, port = _host(parts)
    database = unquote(parts.path.strip("/")) or DEFAULT_DATABASE
    shown_host = f"[{host}]" if ":" in host else host
    place = f"{parts.scheme}://{shown_host}:{port}"
    shown = f"{place}/{database}"
    if "/" in database:
        raise BadStoreAddressError(f"{database!r} is no database.", where=shown, remedy=_HOW)
    if parts.query and not parts.scheme.startswith("neo4j"):
        raise BadStoreAddressError("only neo4j:// takes options behind a '?'.", where=shown, remedy=_HOW)
    user, password = _who(parts, shown, ask)
    uri = place + (f"?{parts.query}" if parts.query else "")
    return GraphAddress(uri, shown, database, user, password)


def _split(url: str) -> SplitResult:
    parts: SplitResult | None = None
    with suppress(ValueError):  # its message may quote the password, so it is no cause of ours
        parts = urlsplit(url.strip())
    if parts is None or not _has_good_port(parts):
        raise BadStoreAddressError("the URL is malformed.", where="--kb", remedy=_HOW)
    if parts.scheme not in _SCHEMES:
        raise BadStoreAddressError(
            f"{parts.scheme!r} is no scheme of Neo4j; there are {', '.join(_SCHEMES)}.",
            where="--kb",
            remedy=_HOW,
        )
    if parts.fragment:
        raise BadStoreAddressError("a '#' in a password is written %23 in a URL.", where="--kb", remedy=_HOW)
    return parts


def _has_good_port(parts: SplitResult) -> bool:
    with suppress(ValueError):
        return parts.port is None or parts.port > 0
    return False


def _host(parts: SplitResult) -> tuple[str, int]:
    if not parts.hostname:
        raise BadStoreAddressError("the URL names no host.", where="--kb", remedy=_HOW)
    return parts.hostname, parts.port or _PORT


def _who(parts: SplitResult, shown: str, ask: Callable[[str], str] | None) -> tuple[str, str | None]:
    """User and password: from the URL, else from the environment, else asked for."""
    user = unquote(parts.username or "")
    password = None if parts.password is None else unquote(parts.password)
    named = os.environ.get("NEO4J_USERNAME", "")
    if password is None and (not user or user == named or not named):
        password = os.environ.get("NEO4J_PASSWORD") or None
    user = user or named or ("neo4j" if password is not None else "")
    if user and password is None and ask is not None:
        password = ask(f"Password of {user} at {shown}")
    return user, password
