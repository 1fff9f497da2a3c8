"""What a run spends on a model, against its budget: asked before every call, charged after it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace

from kb.errors import InputError, StoppedError
from kb.records import Cost
from unpacking.budget import Budget

__all__ = ["Spending"]


@dataclass(slots=True)
class Spending:
    """The money and tokens of one run. What is in the store already costs nothing again.

    Attributes:
        budget: The limits; None for none.
        spent: What this run has paid for so far, calls under way included at what they are expected to cost.
        began: When it began, by ``time.monotonic``.
    """

    budget: Budget | None = None
    spent: Cost = field(default_factory=Cost)
    began: float = field(default_factory=time.monotonic)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def reserve(self, expected: Cost, *, price_is_known: bool) -> None:
        """Set aside what a call is expected to cost.

        Raises:
            StoppedError: The budget has no room for it.
            InputError: Money is limited and nobody knows the price.
        """
        if self.budget and self.budget.usd is not None and not price_is_known:
            raise InputError(
                "the budget limits money, and no price is known for this model.",
                where="--budget",
                remedy="Give its price in a file that PRIORY_PRICES names, or limit tokens instead.",
            )
        with self._lock:
            after = self.spent + expected
            limit = self.budget and self.budget.exceeded(replace(after, seconds=self.seconds))
            if limit:
                raise StoppedError(
                    f"the budget has no room for the next call ({limit}).",
                    where="--budget",
                    remedy="The same command with a larger budget goes on; no response is paid twice.",
                )
            self.spent = after

    def charge(self, expected: Cost, actual: Cost) -> None:
        """Put what a call took in the place of what was set aside for it."""
        with self._lock:
            self.spent = replace(
                self.spent,
                tokens=self.spent.tokens - expected.tokens + actual.tokens,
                usd=self.spent.usd - expected.usd + actual.usd,
            )

    def is_over_in(self, wait: float) -> bool:
        """Whether the time of the budget is used up once ``wait`` seconds have passed."""
        limit = self.budget.seconds if self.budget else None
        return limit is not None and self.seconds + wait > limit

    @property
    def seconds(self) -> float:
        """Wall time since the run began."""
        return time.monotonic() - self.began
