from __future__ import annotations

import datetime
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

import kb.cases
from kb.arrays import Mask
from kb.cases import Cases, Labelled, load_cases, load_labelled
from kb.condition_tree import Node
from kb.errors import FailedError, InputError
from kb.tables import prepare_task_from_columns
from kb.task import Column
from tests.cases import cases_from_arrays

COLUMNS = (
    Column("mass", "numeric"),
    Column("Island Name", "categorical", ("Dream", "Biscoe")),
    Column("size", "ordinal", ("low", "medium", "high")),
    Column("wet", "boolean", ("false", "true")),
    Column("day", "date"),
    Column("note", "text"),
)


def three_cases() -> Cases:
    return cases_from_arrays(
        COLUMNS,
        {
            "mass": [1, None, 2.5],
            "Island Name": ["Biscoe", None, "Dream"],
            "size": ["high", "low", None],
            "wet": [True, None, False],
            "day": [datetime.date(1970, 1, 2), None, "2020-02-29 12:00:00"],
            "note": ["a", None, "b c"],
        },
    )


def test_values_are_floats_codes_days_and_text() -> None:
    cases = three_cases()
    np.testing.assert_array_equal(cases.values("mass"), [1.0, np.nan, 2.5])
    np.testing.assert_array_equal(cases.values("Island Name"), [1, -1, 0])
    np.testing.assert_array_equal(cases.values("size"), [2, 0, -1])
    np.testing.assert_array_equal(cases.values("wet"), [1, -1, 0])
    np.testing.assert_array_equal(cases.values("day"), [1.0, np.nan, 18321.5])
    assert cases.values("note").tolist() == ["a", None, "b c"]
    assert cases.values("size").dtype == np.int32
    with pytest.raises(KeyError):
        cases.values("wings")


def test_a_row_shows_plain_values() -> None:
    assert three_cases().row(0) == {
        "mass": 1,
        "Island Name": "Biscoe",
        "size": "high",
        "wet": True,
        "day": "1970-01-02",
        "note": "a",
    }
    assert set(three_cases().row(1).values()) == {None, "low"}
    assert three_cases().row(2)["wet"] is False
    assert three_cases().row(2)["day"] == "2020-02-29 12:00:00"


def test_matches_answers_by_column_and_takes_unknown_as_false() -> None:
    asked = ["mass > 1", "\"Island Name\" = 'Biscoe'", "size >= 'medium'", "wet", "day > '2000-01-01'"]
    found = three_cases().matches([*asked, "note IS NULL", "NOT mass > 1"])
    assert found.dtype == np.bool_
    np.testing.assert_array_equal(
        found.T.astype(int),
        [[0, 0, 1], [1, 0, 0], [1, 0, 0], [1, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0]],
    )


def test_matches_of_nothing_and_of_no_cases() -> None:
    cases = three_cases()
    assert cases.matches([]).shape == (3, 0)
    assert cases.take(np.zeros(0, dtype=np.int64)).matches(["mass > 1", "wet"]).shape == (0, 2)


def test_a_condition_that_is_not_allowed_is_refused() -> None:
    with pytest.raises(InputError, match="read_csv"):
        three_cases().matches(["wet", "read_csv('/etc/passwd') > 1"])


def test_the_connection_reads_no_files() -> None:
    duckdb = pytest.importorskip("duckdb")
    connection = three_cases()._connection
    for query in ("FROM read_csv('/etc/passwd')", "SET enable_external_access = true", "ATTACH 'x.db'"):
        with pytest.raises(duckdb.Error):
            connection.execute(query)


def test_answers_are_asked_once_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    cases, asked = three_cases(), list[int]()
    original = Cases._ask

    def counted(self: Cases, nodes: Sequence[Node]) -> Iterator[Mask]:
        asked.append(len(nodes))
        return original(self, nodes)

    monkeypatch.setattr(Cases, "_ask", counted)
    first = cases.matches(["wet", "mass > 1", "wet"])
    again = cases.matches(["mass > 1", "note IS NULL", "wet"])
    assert asked == [2, 1]
    np.testing.assert_array_equal(first[:, [1, 0]], again[:, [0, 2]])


def test_kept_answers_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kb.cases, "CACHE_BYTES", 10)
    cases = three_cases()
    conditions = [f"mass > {k}" for k in range(30)]
    found = cases.matches(conditions)
    assert len(cases._cache) == 10
    np.testing.assert_array_equal(found, cases.matches(conditions))


def test_many_conditions_are_split_into_several_queries(monkeypatch: pytest.MonkeyPatch) -> None:
    conditions = [f"mass > {k}" for k in range(10)]
    whole = three_cases().matches(conditions)
    monkeypatch.setattr(kb.cases, "CELLS_PER_QUERY", 7)
    np.testing.assert_array_equal(three_cases().matches(conditions), whole)


def test_take_selects_rows_by_index_and_by_mask() -> None:
    cases = three_cases()
    assert [cases.take(np.array([2, 0])).row(k)["note"] for k in (0, 1)] == ["b c", "a"]
    assert cases.take(np.array([False, True, False])).n == 1
    labelled = Labelled(cases, np.array([0, 1, 0]))
    assert labelled.take(np.array([1])).y.tolist() == [1]
    assert labelled.n == 3


def test_the_digest_names_the_content() -> None:
    cases = three_cases()
    assert cases.digest == three_cases().digest
    assert cases.digest != cases.take(np.array([0, 1])).digest
    assert cases.digest != cases.take(np.array([0, 2, 1])).digest


def test_a_category_that_was_never_seen_gets_a_level_of_its_own() -> None:
    column = Column("island", "categorical", ("Dream",))
    cases = cases_from_arrays([column], {"island": ["Dundas", "Dream", None]})
    assert cases.columns[0].levels == ("Dream", "Dundas")
    found = cases.matches(["island = 'Dundas'", "island IS NULL", "island <> 'Dream'"])
    np.testing.assert_array_equal(found.T.astype(int), [[1, 0, 0], [0, 0, 1], [1, 0, 0]])


def test_what_was_prepared_is_what_is_loaded() -> None:
    train: dict[str, list[object]] = {
        "mass": [1.5, None, 3.0, 0.1],
        'is "land"': ["a", "b", None, "it's"],
        "wet": [True, False, None, True],
        "day": ["2020-01-01", "2020-01-02", "", "2020-01-03 06:00:00"],
        "y": ["p", "q", "p", "q"],
    }
    predict = {name: values[:2] for name, values in train.items() if name != "y"}
    prepared = prepare_task_from_columns("t", train=train, predict=predict, target="y")
    labelled = load_labelled(prepared.task, prepared.parquet_D)
    assert labelled.y.tolist() == [prepared.task.classes.index(str(label)) for label in train["y"]]
    assert labelled.y.dtype == np.int64
    assert labelled.cases.row(3) == {
        "mass": 0.1,
        'is "land"': "it's",
        "wet": True,
        "day": "2020-01-03 06:00:00",
    }
    assert set(labelled.cases.row(2).values()) == {3, None}
    assert load_cases(prepared.task, prepared.parquet_Dstar).n == 2


def test_data_that_are_not_of_the_task_are_refused() -> None:
    train = {"x": [1, 2, 3, 4], "y": ["p", "q", "p", "q"]}
    prepared = prepare_task_from_columns("t", train=train, predict={"x": [1, 2]}, target="y")
    with pytest.raises(FailedError, match="don't fit the task"):
        load_labelled(prepared.task, prepared.parquet_Dstar)
    with pytest.raises(FailedError, match="don't fit the task"):
        load_cases(prepared.task, b"PAR1 no parquet")


def test_neither_pandas_nor_pyarrow_is_needed() -> None:
    program = """
import sys
sys.modules["pandas"] = sys.modules["pyarrow"] = None
import kb.shift, kb.tables, kb.words
assert not {"duckdb", "sqlglot"} & set(sys.modules)
from kb.cases import load_cases
train = {"x": [1, 2, 3, 4], "z": ["a", "b", None, "a"], "y": ["p", "q", "p", "q"]}
prepared = kb.tables.prepare_task_from_columns("t", train=train, predict=train, target="y")
print(load_cases(prepared.task, prepared.parquet_Dstar).matches(["x > 2 AND z = 'a'"]).sum())
"""
    root = Path(kb.cases.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], cwd=root, capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.stderr) == ("1", "")
