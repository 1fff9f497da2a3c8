"""Values on their way into any store: JSON text, page sizes, and how a replayed commit is known."""

from __future__ import annotations

import hashlib
import json

from kb.errors import InputError
from kb.records import Expansion

__all__ = ["canonical", "limit_of", "recorded"]

_ASSIGNED = ("first_ordinal", "created", "is_current")  # by the store, so they don't tell commits apart


def canonical(value: object, *, what: str) -> str:
    """JSON text with sorted keys and no white space; numbers of numpy become plain ones.

    Raises:
        InputError: A number is NaN or infinite; the message says in ``what``.
    """
    try:
        return json.dumps(
            value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_plain
        )
    except ValueError as error:
        raise InputError(
            "a number is NaN or infinite.", where=what, remedy="Give a finite one or none."
        ) from error


def _plain(value: object) -> object:
    item = getattr(value, "item", None)
    if item is None:
        raise TypeError(f"{type(value).__name__} is not a JSON value")
    return item()


def limit_of(limit: int) -> int:
    """The size of a page.

    Raises:
        ValueError: Below 1.
    """
    if limit < 1:
        raise ValueError(f"limit is {limit}: a page holds at least one item")
    return limit


def recorded(expansion: Expansion) -> tuple[str, bytes]:
    """The record of an expansion as stored, and the digest of 16 bytes by which a replay is known."""
    plain = {name: value for name, value in expansion.to_dict().items() if name not in _ASSIGNED}
    body = canonical(plain, what=f"the expansion of {expansion.address}")
    return body, hashlib.blake2b(body.encode("utf-8", "surrogatepass"), digest_size=16).digest()
