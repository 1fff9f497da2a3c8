"""Which statements of many are shown first: those that earn most on D, with what stands above them."""

from __future__ import annotations

from collections.abc import Sequence

from kb.address import Address, ancestors

__all__ = ["MOST_TELLING", "places_by_earnings", "places_of_most_telling"]

MOST_TELLING = 15  # statements that a person takes in at once


def places_by_earnings(nats: Sequence[float | None], most: int = MOST_TELLING) -> list[int]:
    """Places of those that earn most on D, the most first; of those that earn as much, in their order.

    >>> places_by_earnings([None, 2.0, -1.0, 2.0, 5.0], most=4)
    [4, 1, 3, 0]
    """
    return sorted(range(len(nats)), key=lambda i: -(nats[i] or 0.0))[:most]


def places_of_most_telling(
    addresses: Sequence[str], nats: Sequence[float | None], most: int = MOST_TELLING
) -> list[int]:
    """Places of the first statement, of those of the others that earn most, and of what stands above them.

    Args:
        addresses: In depth-first order, the first above all others.
        nats: What each earns on D; None where nothing is fitted yet.
        most: How many, what stands above them aside; where nothing is fitted, the first so many.
    """
    earning = [addresses[1 + i] for i in places_by_earnings(nats[1:], most)]
    kept = {*earning, *(str(above) for one in earning for above in ancestors(Address(one)))}
    return [i for i, address in enumerate(addresses) if i == 0 or address in kept]
