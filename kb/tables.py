"""From a person's tables to a task: D and D* as Parquet, columns with types, labels that never mix."""

from __future__ import annotations

import difflib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from kb.cases import Cases, load_cases
from kb.column_types import Cells, typed_column, typed_sql
from kb.condition_tree import quoted_name, quoted_text
from kb.errors import InputError
from kb.inference import Profile, names_rows, profiles, value_counts
from kb.reading import Raw, check_names, raw_from_arrays, raw_from_file
from kb.task import Column, ColumnType, Task, blob_digest

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

MAX_CLASSES = 50


@dataclass(frozen=True)
class TaskOptions:
    """What a person may say about a task beyond its two tables and its target.

    Attributes:
        about_train: One sentence that describes D.
        about_predict: A noun phrase that describes the cases of D*.
        types: Types of columns, where the inferred ones are wrong.
        levels: The values of ordinal columns, lowest first.
        delimiter: What separates values in the files; None finds out.
        encoding: Of the files, as Python names it; None is UTF-8.
        missing: What else stands for a missing value, besides an empty one, NA, N/A, NaN, null and ?.
        time: The column that orders the cases.
        environment: The column that names site, year or batch.
        drop: Columns to leave out.
        seed: Splits and folds of D are drawn with it.
        root: What the root of the tree says; empty for the base rate.
    """

    about_train: str = "the labelled cases"
    about_predict: str = "the cases to predict"
    types: Mapping[str, ColumnType] = field(default_factory=dict)
    levels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    delimiter: str | None = None
    encoding: str | None = None
    missing: Sequence[str] = ()
    time: str | None = None
    environment: str | None = None
    drop: Sequence[str] = ()
    seed: int = 0
    root: str = ""


@dataclass(frozen=True)
class PreparedTask:
    """A task and its data, ready to be stored.

    Attributes:
        task: The task; its digests name the two blobs.
        parquet_D: D with the target.
        parquet_Dstar: D* without any label.
        notes: What was left out or assumed, one sentence each.
    """

    task: Task
    parquet_D: bytes  # noqa: N815
    parquet_Dstar: bytes  # noqa: N815
    notes: tuple[str, ...] = ()


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
    with _connection() as connection:
        labelled, unlabelled = (
            raw_from_file(
                connection,
                Path(path),
                table,
                delimiter=options.delimiter,
                encoding=options.encoding,
                missing=options.missing,
            )
            for path, table in ((train, "d"), (predict, "p"))
        )
        return _Preparation(connection, labelled, unlabelled, target, options).prepared(name)


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
        preparation = _Preparation(connection, labelled, unlabelled, target, options or TaskOptions())
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
            raise _no_column(raw, task.target, "the target")
        given = connection.execute(f"SELECT {raw.place(task.target)} FROM labels").fetchall()  # noqa: S608
        rows = np.arange(raw.n)
        own = {column.name for column in task.columns}
        if numbered := [name for name in ("case", "row") if name in raw.names and name not in own]:
            rows = _row_numbers(connection, raw, numbered[0], task.n_Dstar)
        elif raw.n != task.n_Dstar:
            problem = f"has {raw.n:,} rows, D* has {task.n_Dstar:,}."
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
    with _connection() as connection:
        raw = raw_from_file(connection, Path(path), "p", delimiter=delimiter, encoding=encoding)
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
            raise _no_column(raw, column.name, "which D has")
    found = profiles(connection, raw.table, [raw.place(column.name) for column in task.columns])
    columns = [
        _with_further_levels(Cells(connection, [raw], column.name), column, profile)
        for column, profile in zip(task.columns, found, strict=True)
    ]
    parquet = _parquet(connection, raw, columns, None)
    return load_cases(replace(task, columns=tuple(columns)), parquet)


def columns_of(table: Any) -> dict[str, npt.ArrayLike]:
    """The columns of a mapping or of a data frame (pandas, polars: anything with ``columns``)."""
    if isinstance(table, Mapping):
        return dict(table)
    names = [str(name) for name in table.columns]
    check_names("a data frame", names)
    return {name: np.asarray(table[column]) for name, column in zip(names, table.columns, strict=True)}


class _Preparation:
    """One task on its way from two tables of text."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        labelled: Raw,
        unlabelled: Raw,
        target: str,
        options: TaskOptions,
    ) -> None:
        self.connection, self.target, self.options = connection, target, options
        self.labelled, self.unlabelled = labelled, unlabelled
        self.notes: list[str] = []

    def prepared(self, name: str) -> PreparedTask:
        classes = self._classes()
        columns = tuple(self._columns(self._names()))
        if not columns:
            raise InputError("has no column to predict from.", where=self.labelled.source, remedy="Add one.")
        parquet_D = _parquet(self.connection, self.labelled, columns, self.target)
        parquet_Dstar = _parquet(self.connection, self.unlabelled, columns, None)
        options = self.options
        task = Task(
            name=name,
            target=self.target,
            classes=classes,
            columns=columns,
            about_train=options.about_train,
            about_predict=options.about_predict,
            digest_D=blob_digest(parquet_D),
            digest_Dstar=blob_digest(parquet_Dstar),
            n_D=self.labelled.n,
            n_Dstar=self.unlabelled.n,
            time=options.time,
            environment=options.environment,
            seed=options.seed,
            root=options.root,
        )
        return PreparedTask(task, parquet_D, parquet_Dstar, tuple(self.notes))

    def _classes(self) -> tuple[str, ...]:
        """The classes, most frequent first; rows of D without a label are left out."""
        raw, target = self.labelled, self.target
        if target not in raw.names:
            raise _no_column(raw, target, "the target")
        place, where = raw.place(target), f"{raw.source}: column {target!r}"
        (present,) = self.connection.execute(f"SELECT count({place}) FROM {raw.table}").fetchall()[0]  # noqa: S608
        if present < raw.n:
            self.notes.append(f"{raw.n - present:,} rows of D have no label and are left out.")
            self.connection.execute(f"DELETE FROM {raw.table} WHERE {place} IS NULL")  # noqa: S608
            self.labelled = replace(raw, n=present)
        (profile,) = profiles(self.connection, raw.table, [place])
        if profile.distinct > MAX_CLASSES:
            raise _too_many_classes(where, target, profile)
        counts = value_counts(self.connection, raw.table, place)
        if len(counts) < 2:
            problem = f"is always {counts[0][0]!r}." if counts else "has no value."
            raise InputError(problem, where=where, remedy="Name a target with 2 to 50 classes.")
        if counts[-1][1] < 2:
            problem = f"class {counts[-1][0]!r} has one row only."
            raise InputError(problem, where=where, remedy="Add cases of it, or merge or drop the class.")
        return tuple(label for label, _ in counts)

    def _names(self) -> list[str]:
        """The columns of x by name, D's order; what D* lacks is an error, what D lacks a note."""
        D, Dstar, options = self.labelled, self.unlabelled, self.options
        named = [*options.drop, *options.types, *options.levels, options.time, options.environment]
        for name in filter(None, named):
            if name not in D.names and name not in Dstar.names:
                raise _no_column(D, name, "which the options name")
        if self.target in Dstar.names:
            self.notes.append(f"D* has {self.target}, too; its labels were dropped, not stored.")
            self.connection.execute(f"ALTER TABLE {Dstar.table} DROP {Dstar.place(self.target)}")
        names = [name for name in D.names if name != self.target and name not in options.drop]
        extra = [n for n in Dstar.names if n not in D.names and n != self.target and n not in options.drop]
        if extra:
            self.notes.append(f"Only D* has {_listed(extra)}; not used.")
        return names

    def _columns(self, names: Sequence[str]) -> Iterator[Column]:
        D, Dstar = self.labelled, self.unlabelled
        in_D = dict(zip(names, self._profiles(D, names), strict=True))
        kept = [name for name in names if not self._names_rows(name, in_D[name])]
        if left_out := [name for name in names if name not in kept]:
            self.notes.append(f"{_listed(left_out)} only names the rows; left out.")
        for name in kept:
            if name not in Dstar.names:
                raise _no_column(Dstar, name, "which D has")
        silent = []
        for name, in_Dstar in zip(kept, self._profiles(Dstar, kept), strict=True):
            column = self._column(name, in_D[name], in_Dstar)
            if column.distinct + (column.missing_D + column.missing_Dstar > 0) > 1:
                yield column
            else:
                silent.append(name)
        if silent:
            self.notes.append(f"{_listed(silent)} never changes; left out.")

    def _column(self, name: str, in_D: Profile, in_Dstar: Profile) -> Column:
        column = typed_column(
            Cells(self.connection, [self.labelled, self.unlabelled], name),
            in_D + in_Dstar,
            wanted=self.options.types.get(name),
            order=self.options.levels.get(name, ()),
        )
        if column.type == "ordinal" and not {name} & {*self.options.types, *self.options.levels}:
            self.notes.append(f"{name} is read as ordered: {' < '.join(column.levels)}.")
        missing = (1 - profile.present / profile.rows for profile in (in_D, in_Dstar))
        return replace(column, missing_D=next(missing), missing_Dstar=next(missing))

    def _profiles(self, raw: Raw, names: Sequence[str]) -> list[Profile]:
        return list(profiles(self.connection, raw.table, [raw.place(name) for name in names]))

    def _names_rows(self, name: str, profile: Profile) -> bool:
        options, raw = self.options, self.labelled
        if name in {*options.types, *options.levels, options.time, options.environment}:
            return False
        if not names_rows(name, raw.names.index(name), profile):
            return False
        query = f"SELECT count(DISTINCT {raw.place(name)}) FROM {raw.table}"  # noqa: S608
        return self.connection.execute(query).fetchall() == [(raw.n,)]


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


def _parquet(
    connection: duckdb.DuckDBPyConnection, raw: Raw, columns: Sequence[Column], target: str | None
) -> bytes:
    cells = [f"{typed_sql(c.type, raw.place(c.name))} AS {quoted_name(c.name)}" for c in columns]
    if target is not None:
        cells.append(f"{raw.place(target)} AS {quoted_name(target)}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "cases.parquet")
        query = f"COPY (SELECT {', '.join(cells)} FROM {raw.table}) TO {quoted_text(str(path))}"  # noqa: S608
        connection.execute(f"{query} (FORMAT parquet, COMPRESSION zstd)")
        return path.read_bytes()


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


def _too_many_classes(where: str, target: str, profile: Profile) -> InputError:
    problem = f"has about {profile.distinct:,} different values, more than {MAX_CLASSES} classes."
    if profile.numbers == profile.present:
        problem = f"is a number with about {profile.distinct:,} values; only classes can be predicted now."
        remedy = f"Bin it first, for instance into {target}_high: is it above the median?"
        return InputError(problem, where=where, remedy=remedy)
    return InputError(problem, where=where, remedy="Merge classes, or name another target.")


def _no_column(raw: Raw, name: str, what: str) -> InputError:
    if len(raw.names) == 1:
        problem = f"has one column only, {raw.names[0]!r}, and not {name!r}, {what}."
        return InputError(problem, where=raw.source, remedy="Name the delimiter, or add the column.")
    nearest = difflib.get_close_matches(name.casefold(), [n.casefold() for n in raw.names], n=1)
    near = [n for n in raw.names if n.casefold() in nearest]
    remedy = f"Did you mean {near[0]!r}?" if near else f"Its columns are {_listed(raw.names)}."
    return InputError(f"has no column {name!r}, {what}.", where=raw.source, remedy=remedy)


def _listed(names: Sequence[str]) -> str:
    some = ", ".join(names[:6])
    return f"{some} and {len(names) - 6:,} more" if len(names) > 6 else some
