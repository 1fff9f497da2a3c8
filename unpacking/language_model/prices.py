"""What models cost: a dated table that people edit, never a number in the code.

The bundled table holds estimates. ``PRIORY_PRICES`` names a file of the same form as ``prices.json``; its
models come before the bundled ones.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from kb.errors import InputError
from unpacking.language_model.specs import LOCAL

__all__ = ["ENVIRONMENT", "Price", "price_of"]

ENVIRONMENT = "PRIORY_PRICES"
_FREE = (f"{LOCAL}:", "ollama:")


@dataclass(frozen=True, slots=True)
class Price:
    """The price of a model.

    Attributes:
        input: US dollars per million tokens read.
        output: US dollars per million tokens written.
        date: Of the table, as it says itself; empty for what costs nothing.
        is_estimate: The bundled table has it, which nobody holds to what a provider charges.
    """

    input: float
    output: float
    date: str = ""
    is_estimate: bool = False

    @property
    def basis(self) -> str:
        """Where it comes from, and how to give another; empty for what costs nothing."""
        if not self.date:
            return ""
        if not self.is_estimate:
            return f"your prices of {self.date}"
        return f"prices estimated on {self.date} (yours: a file that {ENVIRONMENT} names)"

    def usd(self, input_tokens: float, output_tokens: float) -> float:
        """What so many tokens cost."""
        return (self.input * input_tokens + self.output * output_tokens) / 1e6


def price_of(model: str) -> Price | None:
    """The price of a model by its identity; None where no table has it. A date behind a name is passed over.

    Raises:
        InputError: The file that ``PRIORY_PRICES`` names can't be read.
    """
    if model.startswith(_FREE):
        return Price(0.0, 0.0)
    named = os.environ.get(ENVIRONMENT)
    for table in (*([_from_file(named)] if named else []), _bundled()):
        known = [name for name in table if model == name or model.startswith(f"{name}-20")]
        if known:
            return table[max(known, key=len)]
    return None


@cache
def _bundled() -> Mapping[str, Price]:
    written = resources.files("unpacking.language_model").joinpath("prices.json").read_text("utf-8")
    return _table(json.loads(written), is_estimate=True)


def _from_file(path: str) -> Mapping[str, Price]:
    try:
        return _table(json.loads(Path(path).read_text("utf-8")))
    except FileNotFoundError:
        problem = "there is no such file."
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        problem = f"it is no price table ({type(error).__name__}: {error})."
    raise InputError(
        problem,
        where=f"{ENVIRONMENT}={path}",
        remedy='Write {"date": "2026-01-31", "models": {"openai:NAME": {"input": 1.0, "output": 4.0}}}, '
        "in US dollars per million tokens.",
    )


def _table(written: Mapping[str, Any], *, is_estimate: bool = False) -> dict[str, Price]:
    date = str(written["date"])
    table = {}
    for model, price in written["models"].items():
        table[str(model)] = Price(float(price["input"]), float(price["output"]), date, is_estimate)
        if not 0.0 <= table[str(model)].input < 1e6 or not 0.0 <= table[str(model)].output < 1e6:
            raise ValueError(f"{model}: a price is 0 or more")
    return table
