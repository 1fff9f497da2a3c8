"""Vectors on their way into a store: of one size, finite, of unit length."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kb.arrays import FloatArray
from kb.errors import InputError
from kb.records import VECTOR_SIZE

__all__ = ["unit_vector"]


def unit_vector(given: Sequence[float], *, where: str) -> FloatArray:
    """The vector in float32 and of unit length, (VECTOR_SIZE,).

    Raises:
        InputError: It is not of VECTOR_SIZE finite numbers, or all are 0; the message says in ``where``.
    """
    vector = np.asarray(given, dtype=np.float32)
    if vector.shape != (VECTOR_SIZE,):
        raise InputError(f"the vector has the shape {vector.shape}, not ({VECTOR_SIZE},).", where=where)
    length = float(np.linalg.norm(vector.astype(np.float64)))
    if not np.isfinite(length) or length == 0.0:
        raise InputError("the vector is not finite, or it is 0.", where=where)
    unit: FloatArray = vector if abs(length - 1.0) < 1e-6 else (vector / length).astype(np.float32)
    return unit
