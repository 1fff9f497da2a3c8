"""The array types of this project: numbers, codes of classes or levels, and masks."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Codes", "FloatArray", "Mask", "Numbers"]

Numbers: TypeAlias = NDArray[np.float64]
FloatArray: TypeAlias = NDArray[np.float32]  # vectors that mean a text
Codes: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]
