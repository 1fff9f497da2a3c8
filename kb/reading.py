"""Reading tables: CSV, TSV and Parquet files as text columns in DuckDB, or one error that says why not."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from kb.columns import is_missing, text_of
from kb.condition_tree import quoted_name, quoted_text
from kb.encodings import DAMAGED, UNSAID, Encoding, as_utf8, opened
from kb.errors import FailedError, InputError
from kb.figures import count

if TYPE_CHECKING:
    import duckdb

__all__ = ["MAX_COLUMNS", "Raw", "check_names", "missing_or_text", "raw_from_arrays", "raw_from_file"]

MAX_COLUMNS = 10_000
MAX_LINE = 2**24  # bytes of a row; a text of a megabyte is one value
MISSING = ("na", "n/a", "nan", "null", "?")
DELIMITERS = (",", "\t", ";", "|")
_NOT_A_TABLE = {
    b"%PDF": "a PDF file",
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Office file",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"SQLite format 3": "an SQLite database",
}
_WHOLE_NUMBERS = (
    "CASE WHEN isnan({0}) THEN NULL WHEN {0} = floor({0}) AND abs({0}) < 1e15 THEN {0}::BIGINT::VARCHAR "
    "ELSE {0}::VARCHAR END"
)


@dataclass(frozen=True)
class Raw:
    """A table as text, missing values as NULL.

    Attributes:
        source: What the person called it, for messages.
        table: Its name in DuckDB; the columns there are c0, c1, … in the order of ``names``.
        names: The columns.
        n: Rows.
    """

    source: str
    table: str
    names: tuple[str, ...]
    n: int

    def place(self, name: str) -> str:
        """The name of the column in DuckDB."""
        return f"c{self.names.index(name)}"


def raw_from_file(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    table: str,
    *,
    delimiter: str | None = None,
    encoding: Encoding = UNSAID,
    missing: Sequence[str] = (),
) -> Raw:
    """The file as a table of that name.

    Args:
        connection: Where the table goes.
        path: CSV, TSV or Parquet, CSV also gzipped.
        table: What to call it.
        delimiter: What stands between two values; None finds out.
        encoding: What a person said of it.
        missing: What else stands for a missing value, besides an empty one, NA, N/A, NaN, null and ?.

    Raises:
        InputError: It can't be read as a table; names the file, the line where one is to blame.
    """
    head = _head(path)
    if head.startswith(b"PAR1"):
        return _raw_from_parquet(connection, path, table, missing)
    with as_utf8(path, head, encoding) as plain:
        return _raw_from_csv(connection, path, plain, table, delimiter, missing)


def missing_or_text(expression: str, missing: Sequence[str]) -> str:
    """SQL for the trimmed text, NULL where it stands for a missing value.

    One regular expression, not an IN: DuckDB plans a join for each IN, a thousand joins for a thousand
    columns.
    """
    markers = "|".join(re.escape(marker.strip()) for marker in dict.fromkeys((*MISSING, *missing)))
    pattern = quoted_text(rf"\s*({markers})?\s*")
    return f"CASE WHEN NOT regexp_full_match({expression}, {pattern}, 'i') THEN trim({expression}) END"


def check_names(source: str, names: Sequence[str]) -> None:
    """Refuse too many columns, and two with one name.

    Raises:
        InputError: As said.
    """
    if len(names) > MAX_COLUMNS:
        problem = f"has {len(names):,} columns, more than {MAX_COLUMNS:,}."
        raise InputError(problem, where=source, remedy="Leave out those that can't matter.")
    twice = [name for name, n in Counter(name.casefold() for name in names).items() if n > 1]
    if twice:
        same = [name for name in names if name.casefold() == twice[0]]
        problem = f"has more than one column {same[0]!r}."
        if len(set(same)) > 1:
            problem = f"has columns that differ in upper and lower case only: {', '.join(map(repr, same))}."
        raise InputError(problem, where=source, remedy="Rename or drop one.")


def _head(path: Path) -> bytes:
    try:
        with opened(path) as file:
            head = file.read(65_536)
    except FileNotFoundError as error:
        raise InputError("there is no such file.", where=str(path), remedy="Check the path.") from error
    except IsADirectoryError as error:
        raise InputError("is a folder.", where=str(path), remedy="Name a file in it.") from error
    except DAMAGED as error:
        raise InputError(f"can't be read: {error}.", where=str(path), remedy="Check the file.") from error
    _check_head(path, head)
    return head


def _check_head(path: Path, head: bytes) -> None:
    remedy = "Give a CSV, TSV or Parquet file."
    if not head.strip():
        raise InputError("is empty.", where=str(path), remedy=remedy)
    for start, what in _NOT_A_TABLE.items():
        if head.startswith(start):
            raise InputError(f"is {what}, not a table.", where=str(path), remedy=remedy)
    if path.suffix.lower() == ".parquet" and not head.startswith(b"PAR1"):
        problem = "is no Parquet file, though its name says so."
        raise InputError(problem, where=str(path), remedy="Write it again, or name it .csv.")
    first = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if first in {b"{", b"["}:
        raise InputError("is JSON, not a table.", where=str(path), remedy=remedy)
    if first == b"<":
        raise InputError("is HTML or XML, not a table.", where=str(path), remedy=remedy)


def _raw_from_csv(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    plain: Path,
    table: str,
    delimiter: str | None,
    missing: Sequence[str],
) -> Raw:
    import duckdb

    delimiter, names = _header(path, plain, delimiter)
    check_names(str(path), names)
    types = ", ".join(f"'c{k}': 'VARCHAR'" for k in range(len(names)))
    cells = ", ".join(f"{missing_or_text(f'c{k}', missing)} AS c{k}" for k in range(len(names)))
    reader = (
        "read_csv(?, auto_detect = false, header = true, strict_mode = true, delim = ?, quote = '\"', "
        "escape = '\"', "
        f"max_line_size = {MAX_LINE}, buffer_size = {2 * MAX_LINE}, columns = {{{types}}})"
    )
    try:
        query = f"CREATE TABLE {table} AS SELECT {cells} FROM {reader}"  # noqa: S608  # names are c0, c1, …
        connection.execute(query, [str(plain), delimiter])
    except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
        raise FailedError(f"can't be read: {_first_line(error)}", where=str(path)) from error
    except duckdb.Error as error:
        raise _ragged(path, plain, delimiter, len(names), str(error)) from error
    return _counted(connection, Raw(str(path), table, names, 0))


def _counted(connection: duckdb.DuckDBPyConnection, raw: Raw) -> Raw:
    (n,) = connection.execute(f"SELECT count(*) FROM {raw.table}").fetchall()[0]  # noqa: S608
    if not n:
        raise InputError("has a header but no rows.", where=raw.source, remedy="Add cases.")
    return Raw(raw.source, raw.table, raw.names, n)


def _header(path: Path, plain: Path, delimiter: str | None) -> tuple[str, tuple[str, ...]]:
    """The delimiter and the names in the first line."""
    wanted = [delimiter] if delimiter else list(DELIMITERS)
    best: tuple[float, int, str, list[str]] | None = None
    for candidate in wanted:
        rows = _first_rows(path, plain, candidate)
        agree = sum(len(row) == len(rows[0]) for row in rows) / len(rows)
        score = (agree if len(rows[0]) > 1 else 0.0, len(rows[0]), candidate, rows[0])
        best = score if best is None or score[:2] > best[:2] else best
    if best is None:
        raise InputError("has no first line.", where=str(path), remedy="Add a header.")
    names = tuple(name.strip() or f"column {k}" for k, name in enumerate(best[3], start=1))
    return best[2], names


def _first_rows(path: Path, plain: Path, delimiter: str) -> list[list[str]]:
    if len(delimiter) != 1:
        remedy = "Name one letter, such as ';' or a tab."
        raise InputError(f"{delimiter!r} can't separate values.", where=str(path), remedy=remedy)
    rows: list[list[str]] = []
    csv.field_size_limit(MAX_LINE)
    with plain.open(encoding="utf-8-sig", newline="") as file:
        try:
            for row in csv.reader(file, delimiter=delimiter):
                if row:
                    rows.append(row)
                if len(rows) == 100:
                    break
        except csv.Error as error:
            if not rows:
                problem = f"can't be read as a table: {error}."
                raise InputError(problem, where=f"{path}:1", remedy="Check its quotes.") from error
    return rows


def _ragged(path: Path, plain: Path, delimiter: str, width: int, reported: str) -> InputError:
    """Which line DuckDB stumbled over, in words."""
    found = re.search(r"Line: (\d+)", reported)
    line = int(found.group(1)) if found else 0
    if "aximum line size" in reported:
        problem, remedy = f"has a row of more than {MAX_LINE >> 20} MB.", "Cut its text."
        return InputError(problem, where=f"{path}:{line}" if line else str(path), remedy=remedy)
    remedy = "Correct the line, put quotes around values that hold the delimiter, or name the delimiter."
    if "unterminated quote" not in reported:
        with plain.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=delimiter)
            for row in reader:
                if row and len(row) != width:
                    problem = f"has {count(len(row), 'value')}, the header {width:,}."
                    return InputError(problem, where=f"{path}:{reader.line_num}", remedy=remedy)
    problem = (
        "opens a quote and doesn't close it." if "quote" in reported else reported.strip().splitlines()[0]
    )
    return InputError(problem, where=f"{path}:{line}" if line else str(path), remedy=remedy)


def _raw_from_parquet(
    connection: duckdb.DuckDBPyConnection, path: Path, table: str, missing: Sequence[str]
) -> Raw:
    import duckdb

    try:
        described = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
        names = tuple(str(row[0]) for row in described)
        check_names(str(path), names)
        cells = [
            f"{typed_as_text(quoted_name(name), str(row[1]), str(path), missing)} AS c{k}"
            for k, (name, row) in enumerate(zip(names, described, strict=True))
        ]
        query = f"CREATE TABLE {table} AS SELECT {', '.join(cells)} FROM read_parquet(?)"  # noqa: S608
        connection.execute(query, [str(path)])
    except duckdb.Error as error:
        problem = f"is no Parquet file that can be read: {_first_line(error)}"
        raise InputError(problem, where=str(path), remedy="Write it again.") from error
    return _counted(connection, Raw(str(path), table, names, 0))


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]


def typed_as_text(name: str, kind: str, source: str, missing: Sequence[str]) -> str:
    """SQL that writes a typed column as text, whole numbers without a point.

    Raises:
        InputError: A list, a structure or bytes.
    """
    if kind in {"DOUBLE", "FLOAT"}:
        return _WHOLE_NUMBERS.format(name)
    if kind.startswith("DECIMAL"):
        return _WHOLE_NUMBERS.format(f"{name}::DOUBLE")
    if re.search(r"\[|STRUCT|MAP|UNION|BLOB|LIST", kind):
        remedy = "Leave it out or turn it into numbers or text."
        raise InputError(
            f"holds {kind.lower()}, not single values.", where=f"{source}: column {name}", remedy=remedy
        )
    return missing_or_text(f"{name}::VARCHAR", missing)


def raw_from_arrays(
    connection: duckdb.DuckDBPyConnection, columns: Mapping[str, npt.ArrayLike], source: str, table: str
) -> Raw:
    """Arrays or lists, one per column, as a table of that name.

    Raises:
        InputError: Columns of different lengths, none, or with one name.
    """
    names = tuple(str(name) for name in columns)
    check_names(source, names)
    arrays = {f"c{k}": _plain(values) for k, values in enumerate(columns.values())}
    lengths = {len(array) for array in arrays.values()}
    if len(lengths) != 1:
        problem = f"has columns of different lengths: {sorted(lengths)}." if lengths else "has no columns."
        raise InputError(problem, where=source, remedy="Give one value per case.")
    kinds = ["DOUBLE" if array.dtype.kind == "f" else "VARCHAR" for array in arrays.values()]
    cells = ", ".join(
        f"{typed_as_text(c, kind, source, ())} AS {c}" for c, kind in zip(arrays, kinds, strict=True)
    )
    connection.register("given", arrays)
    connection.execute(f"CREATE TABLE {table} AS SELECT {cells} FROM given")  # noqa: S608
    connection.unregister("given")
    return _counted(connection, Raw(source, table, names, 0))


def _plain(values: npt.ArrayLike) -> npt.NDArray[Any]:
    """An array that DuckDB reads: float64, or text with None where missing."""
    array = np.ma.filled(values, np.nan) if isinstance(values, np.ma.MaskedArray) else np.asarray(values)
    if array.ndim != 1:
        raise InputError(f"has {array.ndim} dimensions.", where="a column", remedy="Give one value per case.")
    if array.dtype.kind in "iuf":
        return array.astype(np.float64)
    text = np.empty(len(array), dtype=object)
    text[:] = [None if is_missing(value) else text_of(value) for value in array]
    return text
