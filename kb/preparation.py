"""Preparation: one task on its way from two tables of text to typed columns, classes and Parquet."""

from __future__ import annotations

import difflib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from kb.column_types import Cells, typed_column, typed_sql
from kb.condition_tree import quoted_name, quoted_text
from kb.errors import InputError
from kb.inference import Profile, names_rows, presence, profiles, value_counts
from kb.reading import Raw
from kb.task import Column, ColumnType, Task, blob_digest

if TYPE_CHECKING:
    import duckdb

__all__ = ["Preparation", "PreparedTask", "TaskOptions", "no_column", "parquet_of"]

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
        encoding: Of both files, as Python names it; None is UTF-8.
        predict_encoding: Of the cases to predict, where it is another; None is the same.
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
    predict_encoding: str | None = None
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


class Preparation:
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
        """The task under that name.

        Raises:
            InputError: A column or a value can't be used.
        """
        classes = self._classes()
        columns = tuple(self._columns(self._names()))
        if not columns:
            raise InputError("has no column to predict from.", where=self.labelled.source, remedy="Add one.")
        parquet_D = parquet_of(self.connection, self.labelled, columns, self.target)
        parquet_Dstar = parquet_of(self.connection, self.unlabelled, columns, None)
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
            raise no_column(raw, target, "the target")
        place, where = raw.place(target), f"{raw.source}: column {target!r}"
        (present,) = self.connection.execute(f"SELECT count({place}) FROM {raw.table}").fetchall()[0]  # noqa: S608
        if present < raw.n:
            lost = raw.n - present
            has = "row of D has" if lost == 1 else "rows of D have"
            self.notes.append(f"{lost:,} {has} no label; left out.")
            self.connection.execute(f"DELETE FROM {raw.table} WHERE {place} IS NULL")  # noqa: S608
            self.labelled = replace(raw, n=present)
        (profile,) = profiles(self.connection, [self.labelled], [target])
        if profile.distinct > MAX_CLASSES:
            raise _too_many_classes(where, target, profile)
        counts = value_counts(self.connection, [self.labelled], target)
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
                raise no_column(D, name, "which the options name")
        if Dstar.names == (self.target,):
            problem = f"has one column only, {self.target!r}, which is to be predicted."
            raise InputError(problem, where=Dstar.source, remedy="Give the cases with their columns.")
        if self.target in Dstar.names:
            self.notes.append(f"D* has {self.target}, too; its labels were dropped, not stored.")
            self.connection.execute(f"ALTER TABLE {Dstar.table} DROP {Dstar.place(self.target)}")
        names = [name for name in D.names if name != self.target and name not in options.drop]
        extra = [n for n in Dstar.names if n not in D.names and n != self.target and n not in options.drop]
        if extra:
            self.notes.append(f"Only D* has {_listed(extra)}; not used.")
        return names

    def _columns(self, names: Sequence[str]) -> Iterator[Column]:
        found = self._profiles(names)
        left_out = [name for name in names if self._names_rows(name, found[name])]
        kept = [name for name in names if name not in left_out]
        if left_out:
            self.notes.append(f"{_listed(left_out)} only {_verb('name', left_out)} the rows; left out.")
        for name in kept:
            if name not in self.unlabelled.names:
                raise no_column(self.unlabelled, name, "which D has")
        silent = []
        present = [presence(self.connection, raw, kept) for raw in (self.labelled, self.unlabelled)]
        for name, in_D, in_Dstar in zip(kept, *present, strict=True):
            column = self._column(name, found[name])
            missing = 1 - in_D / self.labelled.n, 1 - in_Dstar / self.unlabelled.n
            if column.distinct + (sum(missing) > 0) > 1:
                yield replace(column, missing_D=missing[0], missing_Dstar=missing[1])
            else:
                silent.append(name)
        if silent:
            self.notes.append(f"{_listed(silent)} never {_verb('change', silent)}; left out.")

    def _column(self, name: str, profile: Profile) -> Column:
        options = self.options
        column = typed_column(
            Cells(self.connection, [self.labelled, self.unlabelled], name),
            profile,
            wanted=options.types.get(name),
            order=options.levels.get(name, ()),
        )
        if column.type == "ordinal" and name not in {*options.types, *options.levels}:
            self.notes.append(f"{name} is read as ordered: {' < '.join(column.levels)}.")
        is_mixed = 0.5 <= profile.numbers / max(1, profile.present) < 1
        if is_mixed and column.type in {"categorical", "text"} and name not in options.types:
            self.notes.append(f"{name} is read as {column.type}: not all of its values are numbers.")
        return column

    def _profiles(self, names: Sequence[str]) -> dict[str, Profile]:
        """Of D and D* together, or of D alone where D* lacks the column."""
        D, Dstar = self.labelled, self.unlabelled
        shared = [name for name in names if name in Dstar.names]
        alone = [name for name in names if name not in Dstar.names]
        together = profiles(self.connection, [D, Dstar], shared)
        return dict(zip([*shared, *alone], [*together, *profiles(self.connection, [D], alone)], strict=True))

    def _names_rows(self, name: str, profile: Profile) -> bool:
        options, raw = self.options, self.labelled
        if name in {*options.types, *options.levels, options.time, options.environment}:
            return False
        if not names_rows(name, raw.names.index(name), profile, raw.n):
            return False
        query = f"SELECT count(DISTINCT {raw.place(name)}) FROM {raw.table}"  # noqa: S608
        return self.connection.execute(query).fetchall() == [(raw.n,)]


def parquet_of(
    connection: duckdb.DuckDBPyConnection, raw: Raw, columns: Sequence[Column], target: str | None
) -> bytes:
    """The table with these columns as Parquet, the target last if it is named."""
    cells = [f"{typed_sql(c.type, raw.place(c.name))} AS {quoted_name(c.name)}" for c in columns]
    if target is not None:
        cells.append(f"{raw.place(target)} AS {quoted_name(target)}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "cases.parquet")
        query = f"COPY (SELECT {', '.join(cells)} FROM {raw.table}) TO {quoted_text(str(path))}"  # noqa: S608
        connection.execute(f"{query} (FORMAT parquet, COMPRESSION zstd)")
        return path.read_bytes()


def _too_many_classes(where: str, target: str, profile: Profile) -> InputError:
    problem = f"has about {profile.distinct:,} different values, more than {MAX_CLASSES} classes."
    if profile.numbers == profile.present:
        problem = f"is a number with about {profile.distinct:,} values; only classes can be predicted now."
        remedy = f"Bin it first, for instance into {target}_high: is it above the median?"
        return InputError(problem, where=where, remedy=remedy)
    return InputError(problem, where=where, remedy="Merge classes, or name another target.")


def no_column(raw: Raw, name: str, what: str) -> InputError:
    """The error about a column that a table should have; says which one is near."""
    if len(raw.names) == 1:
        problem = f"has one column only, {raw.names[0]!r}, and not {name!r}, {what}."
        return InputError(problem, where=raw.source, remedy="Name the delimiter, or add the column.")
    nearest = difflib.get_close_matches(name.casefold(), [n.casefold() for n in raw.names], n=1)
    near = [n for n in raw.names if n.casefold() in nearest]
    remedy = f"Did you mean {near[0]!r}?" if near else f"Its columns are {_listed(raw.names)}."
    return InputError(f"has no column {name!r}, {what}.", where=raw.source, remedy=remedy)


def _verb(word: str, names: Sequence[str]) -> str:
    return word if len(names) > 1 else f"{word}s"


def _listed(names: Sequence[str]) -> str:
    some = ", ".join(names[:6])
    return f"{some} and {len(names) - 6:,} more" if len(names) > 6 else some
