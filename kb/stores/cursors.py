"""Opaque page cursors: where a page ended, and which query it belongs to."""

from __future__ import annotations

import base64
import hashlib
import json

from kb.errors import InputError

__all__ = ["decode", "encode"]

Place = str | int
_LARGEST = 2**63


def _fingerprint(query: str) -> str:
    return hashlib.blake2b(query.encode("utf-8", "replace"), digest_size=4).hexdigest()


def encode(query: str, *place: Place) -> str:
    """The cursor behind ``place`` in the order of ``query`` (its name and arguments, any text)."""
    plain = json.dumps([_fingerprint(query), *place], separators=(",", ":"))
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def decode(query: str, cursor: str, *kinds: type[Place]) -> tuple[Place, ...]:
    """The place that ``encode`` wrote for the same query.

    Raises:
        InputError: Not a cursor, or one of another query.

    >>> decode("children 0", encode("children 0", 7), int)
    (7,)
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        plain = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        fingerprint, *place = plain
    except (ValueError, TypeError, RecursionError) as broken:
        raise _bad(cursor, "is not the end of a page") from broken
    fits = len(place) == len(kinds) and all(
        type(value) is kind and (isinstance(value, str) or abs(value) < _LARGEST)
        for value, kind in zip(place, kinds, strict=True)
    )
    if fingerprint != _fingerprint(query) or not fits:
        raise _bad(cursor, "is the end of a page of another listing")
    return tuple(place)


def _bad(cursor: str, what: str) -> InputError:
    shown = cursor if len(cursor) <= 40 else cursor[:37] + "..."
    return InputError(f"{shown!r} {what}.", where="after", remedy="Start again without it.")
