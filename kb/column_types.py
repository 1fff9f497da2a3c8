"""Typed columns: what a person said or inference found, checked against every value."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kb.columns import CODED
from kb.errors import InputError
from kb.inference import (
    MAX_LEVELS,
    TRUTHS,
    Profile,
    date_of,
    infer_type,
    levels_in_order,
    mostly_numbers,
    value_counts,
)
from kb.reading import Raw
from kb.task import COLUMN_TYPES, Column, ColumnType

if TYPE_CHECKING:
    import duckdb

__all__ = ["Cells", "typed_column", "typed_sql"]

_TRUE = "|".join(re.escape(true) for true, _ in TRUTHS)
_FALSE = "|".join(re.escape(false) for _, false in TRUTHS)


@dataclass(frozen=True)
class Cells:
    """All values of one column, as text.

    Attributes:
        connection: Where the tables are.
        raws: The tables that hold the column.
        name: Its name.
    """

    connection: duckdb.DuckDBPyConnection
    raws: Sequence[Raw]
    name: str

    def counts(self) -> list[tuple[str, int]]:
        """The values and how often each occurs, most frequent first."""
        return value_counts(self.connection, self.raws, self.name)

    def first(self, fault: str) -> tuple[str, str] | None:
        """Place and value of the first cell for which ``fault`` is true, SQL with {0} for the cell."""
        for raw in self.raws:
            place = raw.place(self.name)
            query = (
                f"SELECT rowid + 1, {place} FROM {raw.table} "  # noqa: S608  # c0, c1, …
                f"WHERE {fault.format(place)} ORDER BY rowid LIMIT 1"
            )
            for row, value in self.connection.execute(query).fetchall():
                return f"{raw.source}: column {self.name!r}, row {row}", str(value)
        return None

    def refusal(self, fault: str, problem: str, remedy: str) -> InputError:
        """The error about the first such cell."""
        where, value = self.first(fault) or (f"column {self.name!r}", "a value")
        return InputError(f"{value!r} {problem}.", where=where, remedy=remedy)


def typed_column(
    cells: Cells, profile: Profile, *, wanted: ColumnType | None = None, order: Sequence[str] = ()
) -> Column:
    """The column with its type and levels.

    Args:
        cells: Its values, which must all fit the type.
        profile: Their counts.
        wanted: The type, where a person said it.
        order: The levels of an ordinal column, lowest first, where a person said them.

    Raises:
        InputError: A value doesn't fit; names the file, the row and the value.
    """
    if wanted is not None and wanted not in COLUMN_TYPES:
        problem, remedy = f"{wanted!r} is no type.", f"Use one of {', '.join(COLUMN_TYPES)}."
        raise InputError(problem, where=f"column {cells.name!r}", remedy=remedy)
    wanted = wanted or ("ordinal" if order else None)
    is_coded = wanted in CODED or (wanted is None and _may_have_levels(profile))
    counts = cells.counts() if is_coded else []
    kind = wanted or infer_type(profile, [value for value, _ in counts])
    if wanted is None and kind in {"text", "categorical"} and mostly_numbers(profile):
        kind = "numeric"  # so that the slip is named
    _check(cells, profile, kind)
    distinct = len(counts) if is_coded else profile.distinct
    levels = _levels(cells.name, kind, counts, order)
    example = f"{float(profile.example):.15g}" if kind == "numeric" and profile.present else profile.example
    return Column(cells.name, kind, levels=levels, distinct=distinct, example=example)


def typed_sql(kind: ColumnType, c: str) -> str:
    """SQL that turns the text of a column into values of its type."""
    if kind == "numeric":
        return f"TRY_CAST({c} AS DOUBLE)"
    if kind == "date":
        return date_of(c)
    if kind == "boolean":
        is_true, is_false = (f"regexp_full_match({c}, '{pattern}', 'i')" for pattern in (_TRUE, _FALSE))
        return f"CASE WHEN {is_true} THEN true WHEN {is_false} THEN false END"
    return c


def _may_have_levels(profile: Profile) -> bool:
    is_number = profile.numbers == profile.present and not profile.padded
    return profile.distinct <= (2 if is_number else MAX_LEVELS)


def _levels(
    name: str, kind: ColumnType, counts: Sequence[tuple[str, int]], order: Sequence[str]
) -> tuple[str, ...]:
    levels = tuple(value for value, _ in counts)
    if kind == "boolean":
        n_true = sum(n for value, n in counts if value.casefold() in {true for true, _ in TRUTHS})
        return ("true", "false") if 2 * n_true >= sum(n for _, n in counts) else ("false", "true")
    if kind == "ordinal":
        return _ordered(name, levels, order)
    return levels if kind == "categorical" else ()


def _ordered(name: str, levels: tuple[str, ...], order: Sequence[str]) -> tuple[str, ...]:
    where = f"column {name!r}"
    if order:
        strange = [level for level in levels if level not in order]
        if strange:
            problem = f"{strange[0]!r} is not one of {' < '.join(order)}."
            raise InputError(problem, where=where, remedy="Add it to the order, or correct the value.")
        return tuple(order)
    known = levels_in_order(levels)
    if known:
        return known
    try:
        return tuple(sorted(levels, key=float))
    except ValueError as error:
        some = ", ".join(levels[:5])
        remedy = "Say its levels, lowest first."
        raise InputError(f"the order of {some} is not known.", where=where, remedy=remedy) from error


def _check(cells: Cells, profile: Profile, kind: ColumnType) -> None:
    if kind == "numeric" and profile.infinite:
        raise cells.refusal(
            "isinf(TRY_CAST({0} AS DOUBLE))", "is infinite", "Give a number or leave it empty."
        )
    fits = {"numeric": profile.numbers, "date": profile.dates, "boolean": -1}.get(kind, profile.present)
    what = {"numeric": "a number", "date": "a date (year first, as in 2020-12-31)"}.get(kind, "true or false")
    fault = f"{{0}} IS NOT NULL AND {typed_sql(kind, '{0}')} IS NULL"
    if fits < profile.present and cells.first(fault):
        remedy = (
            "Correct it, leave it empty, say that it stands for a missing value, or give the column a type."
        )
        raise cells.refusal(fault, f"is not {what}", remedy)
