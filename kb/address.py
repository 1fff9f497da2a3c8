"""Addresses: the path of ordinals from the root, which names a statement before it exists.

Written ``0.3.1``; a slot other than 0 is written in front of the ordinal it leads to, so ``0.3@2.1``
is child 1 in slot 2 of ``0.3``. A store keeps the order-preserving form, five base-62 digits a level
(two for the slot, three for the ordinal), in which lexicographic order is depth-first order.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import NewType

from kb.errors import InputError

__all__ = [
    "MAX_DEPTH",
    "MAX_ORDINAL",
    "MAX_SLOT",
    "ROOT",
    "Address",
    "Key",
    "address_of",
    "ancestors",
    "child",
    "depth",
    "key",
    "last_ordinal",
    "parent",
    "parse_address",
    "path_of",
    "slot_of",
]

Address = NewType("Address", str)
Key = NewType("Key", str)

ROOT = Address("0")
MAX_DEPTH = 512  # levels; 2,560 characters, well below the shortest index-key limit of the stores
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_VALUE = {digit: value for value, digit in enumerate(_DIGITS)}
_SLOT_WIDTH, _ORDINAL_WIDTH = 2, 3
_WIDTH = _SLOT_WIDTH + _ORDINAL_WIDTH
_ROOT_SEGMENT = "0" * _WIDTH
MAX_SLOT = len(_DIGITS) ** _SLOT_WIDTH - 1
MAX_ORDINAL = len(_DIGITS) ** _ORDINAL_WIDTH - 1
_WRITTEN = re.compile(r"0(?:(?:@[1-9][0-9]{0,8})?\.(?:0|[1-9][0-9]{0,8}))*", re.ASCII)
_STEP = re.compile(r"(?:@([0-9]+))?\.([0-9]+)", re.ASCII)
_WHOLE_STEP = re.compile(r"(?:@[0-9]+)?\.[0-9]+", re.ASCII)


def parse_address(text: str) -> Address:
    """The address that ``text`` writes.

    Raises:
        InputError: Not an address, deeper than MAX_DEPTH, or a slot or ordinal too large.

    >>> parse_address("0.3@2.1")
    '0.3@2.1'
    """
    address = Address(text.strip())
    path_of(address)
    return address


def _no_address(text: str) -> InputError:
    shown = text if len(text) <= 60 else text[:57] + "..."
    return InputError(
        f"{shown!r} is not an address.",
        remedy="Write the path of numbers from the root, such as 0, 0.3 or 0.3@2.1.",
    )


def _digits(value: int, width: int) -> str:
    written = ""
    for _ in range(width):
        value, place = divmod(value, len(_DIGITS))
        written = _DIGITS[place] + written
    return written


@lru_cache(maxsize=65_536)
def path_of(address: Address) -> str:
    """The fixed-width form of an address; its lexicographic order is depth-first order.

    Raises:
        InputError: Not an address, deeper than MAX_DEPTH, or a slot or ordinal that its digits can't hold.

    >>> path_of(Address("0.3@2.1"))
    '000000000302001'
    """
    if not _WRITTEN.fullmatch(address):
        raise _no_address(address)
    steps = _WHOLE_STEP.findall(address)
    if len(steps) >= MAX_DEPTH:
        raise InputError(f"the address has {len(steps) + 1} levels; {MAX_DEPTH} is the most.")
    return _ROOT_SEGMENT + "".join(map(_segment_of, steps))


@lru_cache(maxsize=65_536)
def _segment_of(step: str) -> str:
    """How one level below the root is stored."""
    ((slot, ordinal),) = _STEP.findall(step)
    if int(slot or 0) > MAX_SLOT or int(ordinal) > MAX_ORDINAL:
        raise InputError(
            f"the address holds slot {slot or 0}, ordinal {ordinal}; "
            f"{MAX_SLOT} and {MAX_ORDINAL} are the largest.",
        )
    return _digits(int(slot or 0), _SLOT_WIDTH) + _digits(int(ordinal), _ORDINAL_WIDTH)


def address_of(path: str) -> Address:
    """The address whose fixed-width form is ``path``.

    Raises:
        ValueError: Not such a form.
    """
    if path == _ROOT_SEGMENT:
        return ROOT
    return Address(_address_of(path[:-_WIDTH]) + _step_of(path[-_WIDTH:]))


@lru_cache(maxsize=65_536)  # a page holds many statements below few
def _address_of(path: str) -> str:
    segments = [path[at : at + _WIDTH] for at in range(0, len(path), _WIDTH)]
    if not segments or segments[0] != _ROOT_SEGMENT or len(segments) >= MAX_DEPTH:
        raise ValueError(f"{path!r} is not the stored form of an address")
    return ROOT + "".join(map(_step_of, segments[1:]))


@lru_cache(maxsize=65_536)
def _step_of(segment: str) -> str:
    """How one level below the root is written."""
    if len(segment) != _WIDTH or any(digit not in _VALUE for digit in segment):
        raise ValueError(f"{segment!r} is not the stored form of one level of an address")
    slot, ordinal = _number(segment[:_SLOT_WIDTH]), _number(segment[_SLOT_WIDTH:])
    return f"@{slot}.{ordinal}" if slot else f".{ordinal}"


def _number(digits: str) -> int:
    value = 0
    for digit in digits:
        value = value * len(_DIGITS) + _VALUE[digit]
    return value


def child(of: Address, ordinal: int, *, slot: int = 0) -> Address:
    """The address of child ``ordinal`` in ``slot`` of a statement."""
    address = Address(f"{of}@{slot}.{ordinal}" if slot else f"{of}.{ordinal}")
    path_of(address)
    return address


def parent(address: Address) -> Address | None:
    """The address one level up; None for the root."""
    if address == ROOT:
        return None
    head = address[: address.rindex(".")]
    at, dot = head.rfind("@"), head.rfind(".")
    return Address(head[:at] if at > dot else head)


def ancestors(address: Address) -> list[Address]:
    """The addresses above, the root first; empty for the root."""
    above: list[Address] = []
    up = parent(address)
    while up is not None:
        above.append(up)
        up = parent(up)
    return above[::-1]


def depth(address: Address) -> int:
    """Levels below the root: 0 for the root."""
    return address.count(".")


def slot_of(address: Address) -> int:
    """The slot of its parent that the statement lies in; 0 for the root."""
    return _last_step(address)[0]


def _last_step(address: Address) -> tuple[int, int]:
    """(slot, ordinal) of the last level."""
    head, _, ordinal = address.rpartition(".")
    at = head.rfind("@")
    return (int(head[at + 1 :]) if at > head.rfind(".") else 0), int(ordinal)


def last_ordinal(address: Address) -> int:
    """Its place among its siblings, from 0."""
    return _last_step(address)[1]


def key(tree_id: str, address: Address) -> Key:
    """The name of the node: 32 hexadecimal digits of blake2b over tree and path."""
    named = f"{tree_id}\0{path_of(address)}".encode()
    return Key(hashlib.blake2b(named, digest_size=16).hexdigest())
