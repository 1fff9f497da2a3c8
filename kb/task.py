"""The task: labelled cases D, cases to predict D*, and what people are told about both."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

__all__ = ["COLUMN_TYPES", "Column", "ColumnType", "Task", "blob_digest"]

ColumnType = Literal["numeric", "ordinal", "categorical", "boolean", "date", "text"]
COLUMN_TYPES: tuple[str, ...] = get_args(ColumnType)


def blob_digest(data: bytes) -> str:
    """The name under which stores keep bytes: 64 hexadecimal digits of blake2b."""
    return hashlib.blake2b(data, digest_size=32).hexdigest()


@dataclass(frozen=True, slots=True)
class Column:
    """One column of x.

    Attributes:
        name: As in the file.
        type: How statements may speak about it. Dates are numbers of days since 1970 inside, dates in text.
        levels: The values of a categorical or boolean column, most frequent first, or of an ordinal one,
            lowest first.
        missing_D: Share of missing values in D, in [0, 1].
        missing_Dstar: The same in D*.
        distinct: Different values in D and D*.
        example: One value, as a person would write it.
    """

    name: str
    type: ColumnType
    levels: tuple[str, ...] = ()
    missing_D: float = 0.0  # noqa: N815  # D is the name of the labelled cases
    missing_Dstar: float = 0.0  # noqa: N815
    distinct: int = 0
    example: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            **{name: getattr(self, name) for name in self.__slots__},
            "levels": list(self.levels),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Column:
        """The column that ``to_dict`` wrote."""
        return cls(**{**stored, "levels": tuple(stored["levels"])})


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be predicted from what. Holds no data; its digests name them.

    Attributes:
        name: What people call it.
        target: The column y.
        classes: The values of y, most frequent in D first; at least 2.
        columns: The columns of x that D and D* share, in the file's order.
        about_train: One sentence that describes D.
        about_predict: A noun phrase that describes the cases of D*, as in "Will this also hold for …?".
        digest_D: Blob digest of D (Parquet, with the target).
        digest_Dstar: Blob digest of D* (Parquet, without any label).
        n_D: Cases in D.
        n_Dstar: Cases in D*.
        time: The column that orders the cases; None without one.
        environment: The column that names site, year or batch; None without one.
        seed: Splits and folds of D are drawn with it.
        root: What the root of the tree says; empty for the base rate.
    """

    name: str
    target: str
    classes: tuple[str, ...]
    columns: tuple[Column, ...]
    about_train: str = "the labelled cases"
    about_predict: str = "the cases to predict"
    digest_D: str = ""  # noqa: N815
    digest_Dstar: str = ""  # noqa: N815
    n_D: int = 0  # noqa: N815
    n_Dstar: int = 0  # noqa: N815
    time: str | None = None
    environment: str | None = None
    seed: int = 0
    root: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def content_hash(self) -> str:
        """Names the task by all that it says, its data included: 32 hexadecimal digits of blake2b."""
        written = json.dumps(self.to_dict(), sort_keys=True, ensure_ascii=False)
        return hashlib.blake2b(written.encode(), digest_size=16).hexdigest()

    def column(self, name: str) -> Column:
        """The column of that name.

        Raises:
            KeyError: There is none.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form; ``from_dict`` reads it back."""
        return {
            **{name: getattr(self, name) for name in self.__slots__},
            "classes": list(self.classes),
            "columns": [c.to_dict() for c in self.columns],
            "extra": dict(self.extra),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Task:
        """The task that ``to_dict`` wrote."""
        return cls(
            **{
                **stored,
                "classes": tuple(stored["classes"]),
                "columns": tuple(Column.from_dict(c) for c in stored["columns"]),
            }
        )
