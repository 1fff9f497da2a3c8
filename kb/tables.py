"""From a person's tables to a task: D and D* as Parquet, columns with types, labels that never mix."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from kb.cases import Cases, load_cases
from kb.column_types import Cells, typed_column
from kb.encodings import Encoding, refuse_utf8_as
from kb.errors import InputError
from kb.figures import count
from kb.inference import Profile, profiles
from kb.preparation import Preparation, PreparedTask, TaskOptions, no_column, parquet_of
from kb.reading import Raw, check_names, raw_from_arrays, raw_from_file
from kb.task import Column, Task

if TYPE_CHECKING:
    import duckdb

__all__ = [
    "PreparedTask",
    "TaskOptions",
    "prepare_task",
    "prepare_task_from_columns",
    "read_cases",
    "read_labels",
]


def prepare_task(
    name: str, *, train: Path, predict: Path, target: str, options: TaskOptions | None = None
) -> PreparedTask:
    """The task of predicting ``target`` in one file from the labelled cases of another.

    Args:
        name: What people will call it.
        train: D: CSV, TSV or Parquet, with the target.
        predict: D*: the same columns; a target in it is dropped unread.
        target: The column y, 2 to 50 classes.
        options: Descriptions, and what inference got wrong.

    Raises:
        InputError: A file, a column or a value can't be used; names it and what mends it.
    """
    options = options or TaskOptions()
    train, predict = Path(train), Path(predict)
    of_predict = options.predict_encoding or options.encoding
    _refuse_utf8(train, options.encoding, _remedy_of_train(options))
    _refuse_utf8(predict, of_predict, "Say so: --predict-encoding utf-8")
    with _connection() as connection:
        labelled, unlabelled = (
            raw_from_file(
                connection,
                path,
                table,
                delimiter=options.delimiter,
                encoding=encoding,
                missing=options.missing,
            )
            for path, table, encoding in (
                (train, "d", Encoding(options.encoding, "--encoding")),
                (predict, "p", Encoding(of_predict, "--predict-encoding")),
            )
        )
        return Preparation(connection, labelled, unlabelled, target, options).prepared(name)


def _remedy_of_train(options: TaskOptions) -> str:
    if options.predict_encoding is not None:
        return "Say so: --encoding utf-8"
    return f"Say --encoding utf-8, and --predict-encoding {options.encoding} if the other file has it."


def _refuse_utf8(path: Path, said: str | None, remedy: str) -> None:
    """See that what was said of a file's encoding, if anything, is not said of one that is UTF-8."""
    if said is not None:
        refuse_utf8_as(path, said, remedy)


def prepare_task_from_columns(
    name: str,
    *,
    train: Mapping[str, npt.ArrayLike] | Any,
    predict: Mapping[str, npt.ArrayLike] | Any,
    target: str,
    options: TaskOptions | None = None,
) -> PreparedTask:
    """The same from one array or list per column, or from data frames.

    Raises:
        InputError: As ``prepare_task``.
    """
    with _connection() as connection:
        labelled = raw_from_arrays(connection, columns_of(train), "train", "d")
        unlabelled = raw_from_arrays(connection, columns_of(predict), "predict", "p")
        preparation = Preparation(connection, labelled, unlabelled, target, options or TaskOptions())
        return preparation.prepared(name)


def read_labels(path: Path, task: Task, *, delimiter: str | None = None) -> npt.NDArray[np.int64]:
    """Labels of D*, for a report: codes into the task's classes, shape (n_Dstar,), -1 where unknown.

    The file has the target column and either one row per case of D*, in order, or a column ``case`` or
    ``row`` that says which case each row labels, counted from 0 as forecasts are.

    Raises:
        InputError: A label that D lacks, another number of rows, a row that D* lacks or has twice.
    """
    with _connection() as connection:
        raw = raw_from_file(connection, Path(path), "labels", delimiter=delimiter)
        if task.target not in raw.names:
            raise no_column(raw, task.target, "the target")
        given = connection.execute(f"SELECT {raw.place(task.target)} FROM labels").fetchall()  # noqa: S608
        rows = np.arange(raw.n)
        own = {column.name for column in task.columns}
        if numbered := [name for name in ("case", "row") if name in raw.names and name not in own]:
            rows = _row_numbers(connection, raw, numbered[0], task.n_Dstar)
        elif raw.n != task.n_Dstar:
            problem = f"has {count(raw.n, 'row')}, D* has {task.n_Dstar:,}."
            raise InputError(problem, where=str(path), remedy="Give one per case, or a column case (from 0).")
    codes = {label: code for code, label in enumerate(task.classes)}
    labels = np.full(task.n_Dstar, -1, dtype=np.int64)
    for place, (row, (label,)) in enumerate(zip(rows, given, strict=True)):
        if label is not None and label not in codes:
            classes = ", ".join(task.classes[:8]) + (", …" if len(task.classes) > 8 else "")
            problem = f"{label!r} is no class of D, which has {classes}."
            where = f"{path}: column {task.target!r}, row {place + 1}"
            raise InputError(problem, where=where, remedy="Correct the label or leave it empty.")
        labels[row] = -1 if label is None else codes[label]
    return labels


def read_cases(path: Path, task: Task, *, delimiter: str | None = None, encoding: str | None = None) -> Cases:
    """Further cases to predict, from a file with the columns of the task; others are ignored.

    Raises:
        InputError: A column is absent, or a value doesn't fit its type.
    """
    path = Path(path)
    _refuse_utf8(path, encoding, "Leave the encoding out.")
    with _connection() as connection:
        raw = raw_from_file(connection, path, "p", delimiter=delimiter, encoding=Encoding(encoding))
        return _further_cases(connection, raw, task)


def cases_from_columns(table: Mapping[str, npt.ArrayLike] | Any, task: Task) -> Cases:
    """Further cases to predict, from one array or list per column, or from a data frame.

    Raises:
        InputError: A column is absent, or a value doesn't fit its type.
    """
    with _connection() as connection:
        raw = raw_from_arrays(connection, columns_of(table), "predict", "p")
        return _further_cases(connection, raw, task)


def _further_cases(connection: duckdb.DuckDBPyConnection, raw: Raw, task: Task) -> Cases:
    for column in task.columns:
        if column.name not in raw.names:
            raise no_column(raw, column.name, "which D has")
    found = profiles(connection, [raw], [column.name for column in task.columns])
    columns = [
        _with_further_levels(Cells(connection, [raw], column.name), column, profile)
        for column, profile in zip(task.columns, found, strict=True)
    ]
    parquet = parquet_of(connection, raw, columns, None)
    return load_cases(replace(task, columns=tuple(columns)), parquet)


def columns_of(table: Any) -> dict[str, npt.ArrayLike]:
    """The columns of a mapping or of a data frame (pandas, polars: anything with ``columns``).

    Raises:
        InputError: It has no named columns, or two with one name.
    """
    if isinstance(table, Mapping):
        return dict(table)
    if not hasattr(table, "columns"):
        problem = f"a {type(table).__name__} has no named columns."
        raise InputError(problem, remedy="Give a data frame, or a mapping of column to values.")
    names = [str(name) for name in table.columns]
    check_names("a data frame", names)
    return {name: np.asarray(table[column]) for name, column in zip(names, table.columns, strict=True)}


def _with_further_levels(cells: Cells, column: Column, profile: Profile) -> Column:
    order = column.levels if column.type == "ordinal" else ()
    levels = typed_column(cells, profile, wanted=column.type, order=order).levels
    if column.type != "categorical":
        return column
    return replace(column, levels=column.levels + tuple(v for v in levels if v not in column.levels))


@contextmanager
def _connection() -> Iterator[duckdb.DuckDBPyConnection]:
    import duckdb

    with tempfile.TemporaryDirectory() as folder:
        config: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": "false",
            "temp_directory": folder,
        }
        with duckdb.connect(config=config) as connection:
            connection.execute("SET python_enable_replacements = false; SET enable_progress_bar = false")
            yield connection


def _row_numbers(connection: duckdb.DuckDBPyConnection, raw: Raw, name: str, n: int) -> npt.NDArray[np.int64]:
    c = raw.place(name)
    query = f"SELECT TRY_CAST({c} AS BIGINT), {c} FROM {raw.table}"  # noqa: S608
    rows, seen = np.zeros(raw.n, dtype=np.int64), set()
    for place, (row, written) in enumerate(connection.execute(query).fetchall()):
        where = f"{raw.source}: column {name!r}, row {place + 1}"
        if row is None or not 0 <= row < n:
            raise InputError(f"{written!r} is no case of D*.", where=where, remedy=f"Cases are 0 to {n - 1}.")
        if row in seen:
            raise InputError(f"case {row} occurs twice.", where=where, remedy="Keep one of them.")
        seen.add(row)
        rows[place] = row
    return rows
