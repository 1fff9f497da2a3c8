"""Which statements of many are shown first: those that earn most on D, with what stands above them."""

from __future__ import annotations

from collections.abc import Sequence

from kb.address import Address, ancestors

__all__ = ["TELLING", "telling"]

TELLING = 15  # statements that a person takes in at once


def telling(addresses: Sequence[str], nats: Sequence[float | None], most: int = TELLING) -> list[int]:
    """Places of the first statement, of those of the others that earn most, and of what stands above them.

    Args:
        addresses: In depth-first order, the first above all others.
        nats: What each earns on D; None where nothing is fitted yet.
        most: How many, what stands above them aside; where nothing is fitted, the first so many.
    """
    order = sorted(range(1, len(addresses)), key=lambda i: -(nats[i] or 0.0))[:most]
    kept = {addresses[i] for i in order}
    kept |= {str(above) for i in order for above in ancestors(Address(addresses[i]))}
    return [i for i, address in enumerate(addresses) if i == 0 or address in kept]
