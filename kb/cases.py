"""Cases: the rows of x by column, and which of them a condition speaks about."""

from __future__ import annotations

import datetime
import hashlib
import tempfile
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from kb.columns import CODED, text_of_day
from kb.condition_tree import (
    Between,
    Compare,
    Contains,
    Junction,
    Leaf,
    Missing,
    Node,
    Not,
    OneOf,
    Truth,
    Value,
    days_since_1970,
    leaves,
    quoted_name,
    quoted_text,
)
from kb.conditions import read_condition
from kb.errors import FailedError
from kb.task import Column, Task
from kb.texts import TextIndex, text_index

if TYPE_CHECKING:
    import duckdb

__all__ = ["Cases", "Labelled", "load_cases", "load_labelled"]

CACHE_BYTES = 256 * 2**20
CELLS_PER_QUERY = 2**29  # answers that one query may hold at once, a byte each
NEVER = -2  # the code of a value that no case has; missing is -1


class Cases:
    """Rows of x, kept by column.

    Args:
        columns: The columns, in order.
        values: Per column an array of shape (n,), as ``values`` returns it.
    """

    def __init__(self, columns: Sequence[Column], values: Mapping[str, npt.NDArray[Any]]) -> None:
        self.columns = tuple(columns)
        self._values = {column.name: values[column.name] for column in columns}
        self.n = next((len(array) for array in self._values.values()), 0)
        self._cache: OrderedDict[str, npt.NDArray[np.uint8]] = OrderedDict()
        self._texts: dict[str, TextIndex] = {}

    def __len__(self) -> int:
        return self.n

    def values(self, name: str) -> npt.NDArray[Any]:
        """One column, shape (n,); not to be written to.

        Numeric and date: float64, NaN where missing; dates in days since 1970. Boolean, categorical and
        ordinal: int32 codes into the column's levels, -1 where missing. Text: str or None.

        Raises:
            KeyError: There is no such column.
        """
        return self._values[name]

    def texts(self, name: str) -> TextIndex:
        """The words of a text column; read once, however often they are asked for.

        Raises:
            KeyError: There is no such column.
        """
        if name not in self._texts:
            self._texts[name] = text_index(self._values[name])
        return self._texts[name]

    def matches(self, conditions: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Where each condition holds, shape (n, len(conditions)); unknown counts as False.

        Raises:
            InputError: A condition is not allowed, see ``kb.conditions``.
        """
        found = np.zeros((self.n, len(conditions)), dtype=np.bool_, order="F")
        places: dict[str, list[int]] = {}
        for place, condition in enumerate(conditions):
            places.setdefault(condition, []).append(place)
        for condition, holds in self._answers(list(places)):
            found[:, places[condition]] = holds[:, None]
        return found

    def row(self, i: int) -> dict[str, object]:
        """Case ``i`` as plain values to show: numbers, text, True, dates as text, None where missing."""
        return {column.name: _shown(column, self._values[column.name][i]) for column in self.columns}

    def take(self, rows: npt.NDArray[Any]) -> Cases:
        """The cases at ``rows``, indices or a mask of shape (n,)."""
        some = Cases(self.columns, {name: array[rows] for name, array in self._values.items()})
        some._texts = {name: index.take(rows) for name, index in self._texts.items()}  # its own kind
        return some

    @cached_property
    def digest(self) -> str:
        """Names the content: 32 hexadecimal digits of blake2b over the columns and their values."""
        digest = hashlib.blake2b(digest_size=16)
        for column in self.columns:
            array = self._values[column.name]
            digest.update(repr((column.name, column.type, column.levels)).encode())
            is_text = array.dtype == object
            digest.update(repr(array.tolist()).encode() if is_text else np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def _answers(self, conditions: Sequence[str]) -> Iterator[tuple[str, npt.NDArray[np.bool_]]]:
        unknown = []
        for condition in conditions:
            if (packed := self._cache.get(condition)) is None:
                unknown.append(condition)
                continue
            self._cache.move_to_end(condition)
            yield condition, np.unpackbits(packed, count=self.n).astype(np.bool_)
        nodes = {condition: read_condition(condition, self.columns) for condition in unknown}
        alone = {condition: node for condition, node in nodes.items() if isinstance(node, Contains)}
        for condition, node in alone.items():
            yield condition, self._says(node)
        unknown = [condition for condition in unknown if condition not in alone]
        at_once = max(1, CELLS_PER_QUERY // max(1, self.n))
        for start in range(0, len(unknown), at_once):
            batch = unknown[start : start + at_once]
            for condition, holds in zip(batch, self._ask([nodes[c] for c in batch]), strict=True):
                self._keep(condition, np.packbits(holds))
                yield condition, holds

    def _keep(self, condition: str, packed: npt.NDArray[np.uint8]) -> None:
        self._cache[condition] = packed
        while len(self._cache) * packed.nbytes > CACHE_BYTES:
            self._cache.popitem(last=False)

    def _says(self, leaf: Contains) -> npt.NDArray[np.bool_]:
        """Where the text contains the phrase, or doesn't; without a text neither."""
        index = self.texts(leaf.column)
        found = index.contains(leaf.phrase)
        return ~found & ~index.missing if leaf.is_negated else found

    def _ask(self, nodes: Sequence[Node]) -> Iterator[npt.NDArray[np.bool_]]:
        """One query for all nodes; DuckDB reads the arrays where they are."""
        if not self.n:
            yield from (np.zeros(0, dtype=np.bool_) for _ in nodes)
            return
        places = {column.name: place for place, column in enumerate(self.columns)}
        said = {leaf for node in nodes for leaf in leaves(node) if isinstance(leaf, Contains)}
        compiler = _Compiler({column.name: column for column in self.columns}, places, self._answered(said))
        asked = [f"coalesce({compiler.sql(node)}, false) AS m{k}" for k, node in enumerate(nodes)]
        used = sorted({places[leaf.column] for node in nodes for leaf in leaves(node) if leaf not in said})
        sources = [_source(self.columns[place], place) for place in used] + list(compiler.said.values())
        tables = (["cases"] if used else []) + (["said"] if said else [])
        query = f"SELECT {', '.join(sources)} FROM {' POSITIONAL JOIN '.join(tables)}"  # noqa: S608
        query = f"SELECT {', '.join(asked)} FROM ({query})"  # noqa: S608
        answer = self._connection.execute(query).fetchnumpy()
        yield from (np.asarray(answer[f"m{k}"], dtype=np.bool_) for k in range(len(nodes)))

    def _answered(self, leaves_of_text: set[Contains]) -> dict[tuple[str, str], str]:
        """Names of columns in the table ``said``: which texts contain each phrase, NULL without a text."""
        if not leaves_of_text:
            return {}
        phrases = sorted({(leaf.column, leaf.phrase) for leaf in leaves_of_text})
        names = {phrase: f"w{k}" for k, phrase in enumerate(phrases)}
        arrays = {}
        for (column, phrase), name in names.items():
            index = self.texts(column)
            arrays[name] = np.where(index.missing, -1, index.contains(phrase)).astype(np.int8)
        self._connection.register("said", arrays)
        return names

    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        import duckdb

        connection = duckdb.connect(
            config={"enable_external_access": "false", "autoinstall_known_extensions": "false"}
        )
        arrays = {f"c{place}": array for place, array in enumerate(self._values.values())}
        connection.register("cases", arrays)
        connection.execute("SET python_enable_replacements = false; SET lock_configuration = true")
        return connection


@dataclass(frozen=True)
class Labelled:
    """Cases with their labels.

    Attributes:
        cases: The rows of x.
        y: Codes into the task's classes, int64, shape (n,).
    """

    cases: Cases
    y: npt.NDArray[np.int64]

    @property
    def n(self) -> int:
        """How many cases."""
        return self.cases.n

    def take(self, rows: npt.NDArray[Any]) -> Labelled:
        """The cases at ``rows``, indices or a mask of shape (n,)."""
        return Labelled(self.cases.take(rows), self.y[rows])


def load_cases(task: Task, parquet: bytes) -> Cases:
    """The cases that ``prepare_task`` wrote, labels left aside.

    Raises:
        FailedError: The bytes don't hold the columns of the task.
    """
    read = _read(parquet, [_stored(column) for column in task.columns])
    return Cases(task.columns, {column.name: _filled(read[k]) for k, column in enumerate(task.columns)})


def load_labelled(task: Task, parquet: bytes) -> Labelled:
    """The labelled cases that ``prepare_task`` wrote.

    Raises:
        FailedError: The bytes don't hold the columns of the task, or no labels.
    """
    (codes,) = _read(parquet, [_code(task.target, task.classes)])
    if (codes < 0).any():
        raise FailedError("the stored labels are not classes of the task", remedy="Run priory verify.")
    return Labelled(load_cases(task, parquet), np.asarray(codes, dtype=np.int64))


def _read(parquet: bytes, expressions: Sequence[str]) -> list[npt.NDArray[Any]]:
    import duckdb

    named = ", ".join(f"{expression} AS c{k}" for k, expression in enumerate(expressions))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "cases.parquet")
        path.write_bytes(parquet)
        with duckdb.connect() as connection:
            try:
                answer = connection.execute(f"SELECT {named} FROM read_parquet(?)", [str(path)]).fetchnumpy()  # noqa: S608
            except duckdb.Error as error:
                raise FailedError(
                    f"the stored data don't fit the task: {str(error).splitlines()[0]}",
                    remedy="Run priory verify.",
                ) from error
    return [answer[f"c{k}"] for k in range(len(expressions))]


def _stored(column: Column) -> str:
    name = quoted_name(column.name)
    if column.type == "numeric":
        return f"coalesce({name}::DOUBLE, 'nan'::DOUBLE)"
    if column.type == "date":
        return f"coalesce(epoch({name}) / 86400.0, 'nan'::DOUBLE)"
    if column.type in CODED:
        return _code(column.name, column.levels)
    return f"{name}::VARCHAR"


def _code(name: str, levels: Sequence[str]) -> str:
    if not levels:
        return "(-1)::INTEGER"
    enum = ", ".join(map(quoted_text, levels))
    return f"coalesce(enum_code(TRY_CAST({quoted_name(name)}::VARCHAR AS ENUM({enum})))::INTEGER, -1)"


def _filled(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if isinstance(array, np.ma.MaskedArray):
        filled = np.array(array.data, dtype=object)
        filled[np.ma.getmaskarray(array)] = None
        return filled
    return array


def _shown(column: Column, value: Any) -> object:
    if column.type in CODED:
        level = column.levels[value] if value >= 0 else None
        return level == "true" if level and column.type == "boolean" else level
    if column.type == "text":
        return None if value is None else str(value)
    if np.isnan(value):
        return None
    if column.type == "date":
        return text_of_day(float(value))
    return int(value) if float(value).is_integer() and abs(value) < 2**53 else float(value)


def _source(column: Column, place: int) -> str:
    """The column in the query, NULL where missing."""
    if column.type == "text":
        return f"c{place}"
    missing = "-1" if column.type in CODED else "'nan'::DOUBLE"
    return f"nullif(c{place}, {missing}) AS c{place}"


class _Compiler:
    """Writes a node as SQL over the arrays: places for names, codes for levels, days for dates."""

    def __init__(
        self,
        columns: Mapping[str, Column],
        places: Mapping[str, int],
        said: Mapping[tuple[str, str], str],
    ) -> None:
        self.columns, self.places, self.said = columns, places, said

    def sql(self, node: Node) -> str:
        if isinstance(node, Junction):
            return "(" + f" {node.word} ".join(map(self.sql, node.parts)) + ")"
        if isinstance(node, Not):
            return f"(NOT {self.sql(node.part)})"
        return f"({self._leaf(node)})"

    def _leaf(self, leaf: Leaf) -> str:
        column, place = self.columns[leaf.column], f"c{self.places[leaf.column]}"
        match leaf:
            case Compare(_, operator, value):
                return f"{place} {operator} {self._value(column, value)}"
            case Between(_, low, high, negated):
                ends = f"{self._value(column, low)} AND {self._value(column, high)}"
                return f"{place} {'NOT ' if negated else ''}BETWEEN {ends}"
            case OneOf(_, values, negated):
                # a chain, not an IN, for which DuckDB would plan a join
                listed = " OR ".join(f"{place} = {self._value(column, value)}" for value in values)
                return f"NOT ({listed})" if negated else listed
            case Missing(_, negated):
                return f"{place} IS {'NOT ' if negated else ''}NULL"
            case Contains(name, phrase, negated):
                return f"nullif({self.said[name, phrase]}, -1) = {0 if negated else 1}"
            case Truth(_, value, negated):
                different = "" if negated else "NOT "
                return f"{place} IS {different}DISTINCT FROM {self._value(column, value)}"

    def _value(self, column: Column, value: Value) -> str:
        if isinstance(value, datetime.date):
            return f"{days_since_1970(value)}::DOUBLE"
        if isinstance(value, float):
            written = repr(value)
            return written if "e" in written else f"{written}e0"  # else DuckDB rounds it as a decimal
        if column.type == "text":
            return quoted_text(str(value))
        level = str(value).lower() if isinstance(value, bool) else value
        return str(column.levels.index(level) if level in column.levels else NEVER)
