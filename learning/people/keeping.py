"""f as it is kept in a tree, so that what was certified is what predicts and what is audited."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from learning.people.certificate import Certificate
from learning.people.network import Network
from learning.people.reader import Reader
from learning.people.reading import Said

__all__ = ["body_of", "certificate_from", "imitator_from", "state_of"]


def body_of(f: Reader | Network) -> dict[str, Any]:
    """An imitator as JSON values; ``imitator_from`` reads it back."""
    if isinstance(f, Reader):
        return f.to_dict()
    weights = {name: value.tolist() for name, value in f.weights.items()}
    return {**f.to_dict(), "weights": weights}


def imitator_from(stored: Mapping[str, Any]) -> Reader | Network:
    """The imitator that ``body_of`` wrote."""
    if stored["kind"] == "reader":
        return Reader(dict(stored["values"]), stored["view"])
    weights = {name: np.array(value, dtype=np.float64) for name, value in stored["weights"].items()}
    reader = imitator_from(stored["reader"])
    if not isinstance(reader, Reader):
        raise TypeError("a network reads through a reader")
    return Network(reader, weights, stored["decay"])


def certificate_from(stored: Mapping[str, Any] | None) -> Certificate | None:
    """The certificate that its ``to_dict`` wrote."""
    if stored is None:
        return None
    return Certificate(**{name: stored[name] for name in Certificate.__slots__})


def state_of(fit_state: object, said: Said, sample: object, seed: int) -> str:
    """A hash of all that f and its certificate depend on."""
    digest = hashlib.blake2b(repr((fit_state, sample, seed, said.raters)).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(said.cases).tobytes())
    digest.update(np.ascontiguousarray(said.p).tobytes())
    return digest.hexdigest()
