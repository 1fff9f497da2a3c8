"""Refusals that every store words alike."""

from __future__ import annotations

from collections.abc import Sequence

from kb.address import Address
from kb.records import Lease, TreeRecord
from kb.stores.protocol import ExpansionExistsError, StaleLeaseError, UnknownTreeError

__all__ = ["expansion_exists", "place_named", "refuse_stale", "tree_among"]


def place_named(address: Address, slot: int) -> str:
    """A slot of a statement, as errors name it."""
    return f"{address} slot {slot}"


def refuse_stale(newest: int, held: Lease) -> None:
    """Refuse a lease that is not the newest one.

    Raises:
        StaleLeaseError: ``newest`` is another fence.
    """
    if newest != held.fence:
        raise StaleLeaseError(
            f"lease {held.fence} of {held.worker} is stale, {newest} came after it; nothing was written.",
            where=place_named(held.address, held.slot),
            remedy="Take a new lease.",
        )


def expansion_exists(where: str, address: Address, slot: int) -> ExpansionExistsError:
    """The error for a slot that holds another expansion."""
    return ExpansionExistsError(
        "another expansion is committed there.",
        where=f"{where} {place_named(address, slot)}",
        remedy="Use another slot; both are kept.",
    )


def tree_among(found: Sequence[TreeRecord], name: str, *, where: str) -> TreeRecord:
    """The tree of that name.

    Raises:
        UnknownTreeError: There is none; the message names the ones there are.
    """
    for tree in found:
        if tree.name == name:
            return tree
    there = ", ".join(tree.name for tree in found) or "none yet"
    raise UnknownTreeError(
        f"there is no tree {name!r}; there are: {there}.",
        where=where,
        remedy="Name one of them with --tree, or make it: priory new.",
    )
