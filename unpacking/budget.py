"""Budgets: what may be spent, in steps, tokens, money, seconds of machines and of people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kb.errors import InputError
from kb.records import Cost

__all__ = ["Budget"]


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits on what a run may cost; None is no limit.

    Attributes:
        steps: Unpacking steps.
        tokens: Tokens read and written by a model.
        usd: Money.
        seconds: Wall time of machines.
        human_seconds: Time of people.
    """

    steps: int | None = None
    tokens: int | None = None
    usd: float | None = None
    seconds: float | None = None
    human_seconds: float | None = None

    @classmethod
    def parse(cls, text: str) -> Budget:
        """The budget that a text such as ``steps=50,seconds=60`` writes.

        Raises:
            InputError: An unknown name, no number, a negative one, or half a step.
        """
        limits: dict[str, Any] = {}
        for part in filter(None, (p.strip() for p in text.split(","))):
            name, _, value = part.partition("=")
            name = name.strip().replace("-", "_")
            if name not in cls.__slots__:
                raise InputError(
                    f"{part!r} is not a limit.",
                    where="--budget",
                    remedy=f"Write name=number, with a name out of {', '.join(cls.__slots__)}.",
                )
            number = _number(part, value)
            if name in ("steps", "tokens") and not number.is_integer():
                raise InputError(f"{part!r} is not a whole number.", where="--budget")
            limits[name] = int(number) if name in ("steps", "tokens") else number
        return cls(**limits)

    def used_up(self, spent: Cost) -> str | None:
        """The first limit that is reached, in words; None while there is room."""
        for name in self.__slots__:
            limit = getattr(self, name)
            if limit is not None and getattr(spent, name) >= limit:
                return f"{name.replace('_', ' ')}: {getattr(spent, name):g} of {limit:g}"
        return None

    def exceeded(self, after: Cost) -> str | None:
        """The first limit that a cost would go beyond, in words; None where it stays within all."""
        for name in self.__slots__:
            limit = getattr(self, name)
            if limit is not None and getattr(after, name) > limit:
                return f"{name.replace('_', ' ')}: {getattr(after, name):g} of {limit:g}"
        return None


def _number(part: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise InputError(f"{part!r} has no number of 0 or more behind the sign.", where="--budget")
    return number
