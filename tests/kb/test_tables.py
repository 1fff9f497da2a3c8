from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kb.cases import load_cases, load_labelled
from kb.errors import InputError
from kb.reading import MAX_COLUMNS
from kb.tables import (
    PreparedTask,
    TaskOptions,
    cases_from_columns,
    prepare_task,
    prepare_task_from_columns,
    read_cases,
    read_labels,
)
from kb.task import Column, ColumnType

D = """mass,island,sex,y
3750,Dream,male,Gentoo
3800,Biscoe,,Adelie
3900,Dream,female,Gentoo
3950.5,Dream,NA,Adelie
"""
DSTAR = "mass,island,sex\n4000,Biscoe,male\n?,Dundas,female\n"

Prepare = Callable[..., PreparedTask]


@pytest.fixture
def prepare(tmp_path: Path) -> Prepare:
    def prepared(
        train: str | bytes = D,
        predict: str | bytes = DSTAR,
        target: str = "y",
        suffix: str = ".csv",
        **options: Any,
    ) -> PreparedTask:
        for name, content in (("a", train), ("b", predict)):
            data = content.encode() if isinstance(content, str) else content
            tmp_path.joinpath(name + suffix).write_bytes(data)
        return prepare_task(
            "t",
            train=tmp_path / f"a{suffix}",
            predict=tmp_path / f"b{suffix}",
            target=target,
            options=TaskOptions(**options),
        )

    return prepared


def from_columns(**columns: Sequence[object]) -> PreparedTask:
    """A task in which D* is D, with a target that is always there."""
    n = len(next(iter(columns.values())))
    train = {**columns, "y": [("p", "q")[k % 2] for k in range(n)]}
    return prepare_task_from_columns("t", train=train, predict=columns, target="y")


def test_a_task_knows_its_columns_and_classes(prepare: Prepare) -> None:
    task = prepare(about_predict="birds elsewhere", seed=3, root="Birds differ.").task
    assert task.classes == ("Adelie", "Gentoo")
    assert (task.n_D, task.n_Dstar, task.seed, task.root) == (4, 2, 3, "Birds differ.")
    assert task.about_predict == "birds elsewhere"
    assert task.columns == (
        Column("mass", "numeric", missing_Dstar=0.5, distinct=5, example="3750"),
        Column("island", "categorical", ("Dream", "Biscoe", "Dundas"), distinct=3, example="Dream"),
        Column("sex", "categorical", ("female", "male"), missing_D=0.5, distinct=2, example="male"),
    )


def test_the_same_tables_give_the_same_bytes(prepare: Prepare) -> None:
    assert prepare() == prepare()


def test_labels_of_the_cases_to_predict_reach_nothing_that_is_stored(prepare: Prepare) -> None:
    without = prepare()
    labelled = prepare(predict="mass,island,sex,y\n4000,Biscoe,male,Gentoo\n?,Dundas,female,Secret\n")
    assert labelled.parquet_Dstar == without.parquet_Dstar
    assert labelled.task == without.task
    assert b"Secret" not in labelled.parquet_Dstar
    assert labelled.notes == ("D* has y, too; its labels were dropped, not stored.",)


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_found(prepare: Prepare, delimiter: str) -> None:
    task = prepare(D.replace(",", delimiter), DSTAR.replace(",", delimiter)).task
    assert [column.name for column in task.columns] == ["mass", "island", "sex"]


def test_decimal_commas_do_not_pass_for_delimiters(prepare: Prepare) -> None:
    task = prepare("a;b;y\n1,5;2,5;p\n2,5;3,5;q\n1,5;2,5;p\n2,5;3,5;q\n", "a;b\n1,5;2,5\n").task
    assert [column.name for column in task.columns] == ["a", "b"]


def test_two_files_may_have_two_encodings(prepare: Prepare) -> None:
    train, predict = D.replace("Dream", "Drém"), DSTAR.replace("Biscoe", "Drém")

    both = [
        prepare(train.encode("latin-1"), predict, encoding="latin-1", predict_encoding="utf-8"),
        prepare(train, predict.encode("latin-1"), predict_encoding="latin-1"),
    ]

    for prepared in both:
        assert set(prepared.task.column("island").levels) == {"Drém", "Biscoe", "Dundas"}


TRAIN_UTF8 = {"train": D.replace("Dream", "Drém")}
PREDICT_UTF8 = {"predict": DSTAR.replace("Biscoe", "Drém")}


@pytest.mark.parametrize(
    ("said", "named", "remedy"),
    [
        ({**PREDICT_UTF8, "encoding": "latin-1"}, "b.csv", "--predict-encoding utf-8"),
        ({**PREDICT_UTF8, "predict_encoding": "latin-1"}, "b.csv", "--predict-encoding utf-8"),
        ({**TRAIN_UTF8, "encoding": "latin-1"}, "a.csv", "--predict-encoding latin-1 if the other"),
        (
            {**TRAIN_UTF8, **PREDICT_UTF8, "encoding": "latin-1", "predict_encoding": "utf-8"},
            "a.csv",
            "Say so: --encoding utf-8",
        ),
    ],
)
def test_an_encoding_is_refused_where_its_file_is_utf8(
    prepare: Prepare, said: dict[str, str], named: str, remedy: str
) -> None:
    """latin-1 reads everything, so wrong letters would be stored without a word."""
    with pytest.raises(InputError, match=f"{named}: is UTF-8, not latin-1.*{remedy}"):
        prepare(**said)


def test_an_encoding_of_further_cases_is_refused_where_their_file_is_utf8(
    prepare: Prepare, tmp_path: Path
) -> None:
    task = prepare(**TRAIN_UTF8).task
    further = tmp_path / "further.csv"
    further.write_text(PREDICT_UTF8["predict"], encoding="utf-8")

    with pytest.raises(InputError, match=r"further\.csv: is UTF-8, not latin-1"):
        read_cases(further, task, encoding="latin-1")
    assert read_cases(further, task).n == 2


def test_a_file_in_the_wrong_encoding_says_which_option_names_its_own(
    prepare: Prepare, tmp_path: Path
) -> None:
    latin = DSTAR.replace("Biscoe", "Drém").encode("latin-1")

    with pytest.raises(InputError, match=r"b\.csv:2: is not utf-8 text.*--predict-encoding latin-1"):
        prepare(predict=latin)
    labels = tmp_path / "labels.csv"
    labels.write_bytes("y\nDrém\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"labels\.csv:2: is not utf-8 text\. Save it as UTF-8"):
        read_labels(labels, prepare().task)


def test_all_ways_to_write_a_file_give_one_task(prepare: Prepare, tmp_path: Path) -> None:
    plain = prepare().task
    variants = [
        prepare("\ufeff" + D, "\ufeff" + DSTAR),
        prepare(D.replace("\n", "\r\n"), DSTAR.replace("\n", "\r\n")),
        prepare(D.rstrip("\n"), DSTAR + "\n\n"),
        prepare(D.replace(",", " , "), DSTAR.replace(",", ", ")),
        prepare(D.replace("Dream", '"Dream"'), DSTAR),
        prepare(gzip.compress(D.encode()), gzip.compress(DSTAR.encode()), suffix=".csv.gz"),
        prepare(D.encode("utf-16"), DSTAR.encode("utf-16")),
        prepare(D.encode("latin-1"), DSTAR.encode("latin-1"), encoding="latin-1"),
    ]
    assert [variant.task for variant in variants] == [plain] * len(variants)
    duckdb = pytest.importorskip("duckdb")
    for name in ("a", "b"):
        tmp_path.joinpath(f"{name}.csv").write_text({"a": D, "b": DSTAR}[name])
        reader = f"read_csv('{tmp_path / name}.csv', nullstr = ['', 'NA', '?'])"
        duckdb.sql(f"COPY (FROM {reader}) TO '{tmp_path / name}.parquet'")
    by_parquet = prepare_task(
        "t", train=tmp_path / "a.parquet", predict=tmp_path / "b.parquet", target="y", options=TaskOptions()
    )
    assert by_parquet.task == plain


def test_quoted_values_may_hold_delimiters_and_lines(prepare: Prepare) -> None:
    task = prepare('a,b,y\n"x,\n1",1,p\n"u ""v""",2,q\n"x,\n1",1,p\nw,3,q\n', "a,b\nw,2\n").task
    assert set(task.columns[0].levels) == {"x,\n1", 'u "v"', "w"}


@pytest.mark.parametrize(
    ("values", "kind", "levels"),
    [
        ([1, 2, 3.5, None], "numeric", ()),
        (["1e3", "-2", " 7 ", "NaN"], "numeric", ()),
        ([0, 1, 1, 0], "boolean", ("true", "false")),
        ([False, False, True, None], "boolean", ("false", "true")),
        (["Yes", "no", "no", "N/A"], "boolean", ("false", "true")),
        (["2020-01-01", "2021-12-31 12:00:00", "null", "2020-01-01"], "date", ()),
        (["low", "high", "Medium", "low"], "ordinal", ("low", "Medium", "high")),
        (["20-29", "30-39", "<20", "40+"], "ordinal", ("<20", "20-29", "30-39", "40+")),
        (["low", "high", "huge", "low"], "categorical", ("low", "high", "huge")),
        (["007", "012", "007", "011"], "categorical", ("007", "011", "012")),
        (["a", "b", "b", None], "categorical", ("b", "a")),
    ],
)
def test_types_are_inferred(values: list[object], kind: str, levels: tuple[str, ...]) -> None:
    column = from_columns(x=values).task.columns[0]
    assert (column.type, column.levels) == (kind, levels)


def test_long_and_mostly_different_strings_are_text() -> None:
    reviews = [f"the room number {k} was quite nice and clean" for k in range(80)]
    assert from_columns(x=reviews).task.columns[0].type == "text"


def test_types_and_orders_can_be_overruled(prepare: Prepare) -> None:
    types: Mapping[str, ColumnType] = {"mass": "ordinal", "sex": "text"}
    task = prepare(types=types, levels={"island": ["Dundas", "Biscoe", "Dream"]}).task
    assert [column.type for column in task.columns] == ["ordinal", "ordinal", "text"]
    assert task.column("mass").levels == ("3750", "3800", "3900", "3950.5", "4000")
    assert task.column("island").levels == ("Dundas", "Biscoe", "Dream")


def test_what_stands_for_missing_can_be_said(prepare: Prepare) -> None:
    task = prepare(D.replace("3800", "Unknown"), missing=["unknown"]).task
    assert task.column("mass").missing_D == 0.25


def test_columns_that_only_name_the_rows_are_left_out() -> None:
    n = 30
    prepared = from_columns(
        id=list(range(n)),
        passenger_id=[k + 7 for k in range(n)],
        code=[f"k{k}" for k in range(n)],
        mass=[k + 0.5 for k in range(n)],
        rid=[k % 3 for k in range(n)],
    )
    assert [column.name for column in prepared.task.columns] == ["mass", "rid"]
    assert prepared.notes == ("id, passenger_id, code only name the rows; left out.",)


def test_a_row_number_need_not_be_in_both_files(prepare: Prepare) -> None:
    lines = D.splitlines()
    numbered = "\n".join([f",{lines[0]}", *(f"{k},{line}" for k, line in enumerate(lines[1:]))])
    assert prepare(numbered).task.columns == prepare().task.columns


def test_a_column_that_never_changes_is_left_out_unless_it_is_sometimes_missing() -> None:
    prepared = from_columns(a=[1, 1, 1, 1], b=[1, None, 1, 1], c=[None] * 4, d=[1, 2, 3, 4])
    assert [column.name for column in prepared.task.columns] == ["b", "d"]
    assert prepared.notes == ("a, c never change; left out.",)


def test_a_column_of_sentences_is_text_and_needs_no_note() -> None:
    words = [f"the {k} th visit went {'well' if k % 2 else 'badly'}, said the nurse" for k in range(80)]
    prepared = from_columns(note=words, mass=[k % 9 + 0.5 for k in range(80)])
    assert [column.type for column in prepared.task.columns] == ["text", "numeric"]
    assert prepared.notes == ()


def test_columns_of_one_file_and_dropped_ones_are_left_out(prepare: Prepare) -> None:
    prepared = prepare(predict="extra,mass,island\n1,2,Dream\n", drop=["sex"])
    assert [column.name for column in prepared.task.columns] == ["mass", "island"]
    assert prepared.notes == ("Only D* has extra; not used.",)


def test_rows_without_a_label_are_left_out_with_a_note(prepare: Prepare) -> None:
    prepared = prepare(D + "1,Dream,male,\n")
    assert prepared.task.n_D == 4
    assert prepared.notes == ("1 row of D has no label; left out.",)
    assert load_labelled(prepared.task, prepared.parquet_D).n == 4


def test_time_and_environment_are_kept_even_where_they_name_rows() -> None:
    train = {"day_id": [1, 2, 3, 4], "x": [1, 2, 1, 2], "y": ["p", "q", "p", "q"]}
    options = TaskOptions(time="day_id", environment="x")
    task = prepare_task_from_columns("t", train=train, predict=train, target="y", options=options).task
    assert (task.time, task.environment) == ("day_id", "x")
    assert [column.name for column in task.columns] == ["day_id", "x"]


WIDE = ",".join(f"x{k}" for k in range(MAX_COLUMNS + 1))

LONG = D.encode() + np.random.default_rng(0).bytes(200_000).hex().encode()
NO_BLOCK = b"\xff" * 9  # zlib knows no block of this type


def zipped(content: bytes) -> bytes:
    """The start of a gzip file, in which further blocks would follow."""
    zipper = zlib.compressobj(wbits=31)
    return zipper.compress(content) + zipper.flush(zlib.Z_FULL_FLUSH)


BAD: list[tuple[str, dict[str, Any], str, str, str]] = [
    # what is wrong, how it is given, where, problem, remedy
    ("empty", {"train": ""}, "a.csv", "is empty", "CSV, TSV or Parquet"),
    ("blank", {"train": " \n\n"}, "a.csv", "is empty", "CSV"),
    ("header only", {"train": "mass,island,sex,y\n"}, "a.csv", "a header but no rows", "Add cases"),
    ("D* header only", {"predict": "mass,island,sex\n"}, "b.csv", "a header but no rows", "Add cases"),
    ("PDF", {"train": b"%PDF-1.7 \x00"}, "a.csv", "is a PDF file", "CSV"),
    ("Excel", {"train": b"PK\x03\x04\x00"}, "a.csv", "Excel workbook", "CSV"),
    ("JSON", {"train": '[{"a": 1}]'}, "a.csv", "is JSON", "CSV"),
    ("HTML", {"train": "<html></html>"}, "a.csv", "is HTML", "CSV"),
    ("binary", {"train": b"a,b\n1,\x002\n"}, "a.csv:2", "zero bytes", "CSV"),
    ("not gzip", {"train": b"\x1f\x8bnothing"}, "a.csv", "can't be read", "Check"),
    ("damaged gzip", {"train": zipped(D.encode()) + NO_BLOCK}, "a.csv", "can't be read", "Check"),
    ("damaged late", {"train": zipped(LONG) + NO_BLOCK}, "a.csv", "breaks off", "fetch it again"),
    ("gzip cut short", {"train": zipped(LONG)}, "a.csv", "breaks off", "fetch it again"),
    ("no Parquet", {"train": b"PAR1 nothing at all"}, "a.csv", "is no Parquet file", "Write it again"),
    (
        "latin-1",
        {"train": D.replace("Dream", "Drém").encode("latin-1")},
        "a.csv:2",
        "is not utf-8",
        "--encoding",
    ),
    ("bad encoding", {"encoding": "utf-99"}, "a.csv", "'utf-99' is no encoding", "latin-1"),
    *(
        (name, {"encoding": name}, "a.csv", f"{name!r} is no encoding of text", "latin-1")
        for name in ("rot13", "base64", "hex", "zip", "undefined", "\udc80")
    ),
    ("punycode", {"encoding": "punycode"}, "a.csv:1", "is not punycode text", "UTF-8"),
    (
        "half a pair",
        {"train": D.replace("Dream", "+2AA-"), "encoding": "utf-7"},
        "a.csv:1",
        "is not utf-7 text",
        "UTF-8",
    ),
    ("bad delimiter", {"delimiter": ";;"}, "a.csv", "';;' can't separate", "one letter"),
    ("wrong delimiter", {"delimiter": ";"}, "a.csv", "one column only", "delimiter"),
    ("no delimiter", {"train": "mass y\n1 2\n3 4\n"}, "a.csv", "one column only", "delimiter"),
    ("ragged short", {"train": D + "1,2\n"}, "a.csv:6", "has 2 values, the header 4", "Correct the line"),
    ("ragged long", {"train": D + "1,2,3,4,5\n"}, "a.csv:6", "has 5 values, the header 4", "Correct"),
    ("ragged D*", {"predict": DSTAR + "1\n"}, "b.csv:4", "has 1 value, the header 3", "Correct"),
    ("open quote", {"train": D + '1,"2,3,4\n'}, "a.csv:6", "opens a quote", "quotes"),
    (
        "no target",
        {"target": "species"},
        "a.csv",
        "has no column 'species', the target",
        "mass, island, sex, y",
    ),
    ("near target", {"target": "Island "}, "a.csv", "has no column 'Island '", "Did you mean 'island'"),
    ("constant", {"train": D.replace("Gentoo", "Adelie")}, "column 'y'", "is always 'Adelie'", "2 to 50"),
    ("no labels", {"train": "a,y\n1,\n2,NA\n"}, "column 'y'", "has no value", "2 to 50"),
    ("lonely", {"train": D + "1,Dream,male,Chinstrap\n"}, "column 'y'", "'Chinstrap' has one row", "merge"),
    (
        "lacking",
        {"predict": "mass,sex\n1,male\n"},
        "b.csv",
        "has no column 'island', which D has",
        "mass, sex",
    ),
    ("labels alone", {"predict": "y\nAdelie\n"}, "b.csv", "one column only, 'y', which is to", "columns"),
    ("near", {"predict": "mass,Island,sex\n1,a,b\n"}, "b.csv", "no column 'island'", "Did you mean 'Island'"),
    ("twice", {"train": D.replace("sex,y", "mass,y")}, "a.csv", "more than one column 'mass'", "Rename"),
    ("cases", {"train": D.replace("sex,y", "MASS,y")}, "a.csv", "upper and lower case only", "Rename"),
    ("wide", {"train": f"{WIDE}\n"}, "a.csv", "has 10,001 columns, more than 10,000", "Leave out"),
    ("infinite", {"train": D.replace("3900", "inf")}, "a.csv: column 'mass', row 3", "'inf' is inf", "empty"),
    (
        "infinite D*",
        {"predict": DSTAR.replace("?", "-Infinity")},
        "b.csv: column 'mass', row 2",
        "inf",
        "number",
    ),
    (
        "typo",
        {"train": D + "12o,Dream,male,Adelie\n", "types": {"mass": "numeric"}},
        "row 5",
        "'12o' is not a number",
        "missing",
    ),
    ("bad date", {"types": {"island": "date"}}, "column 'island', row 1", "'Dream' is not a date", "type"),
    ("bad boolean", {"types": {"island": "boolean"}}, "row 1", "'Dream' is not true or false", "type"),
    (
        "bad type",
        {"types": {"island": "colour"}},
        "column 'island'",
        "'colour' is no type",
        "numeric, ordinal",
    ),
    (
        "no order",
        {"types": {"island": "ordinal"}},
        "column 'island'",
        "order of Dream",
        "lowest first",
    ),
    ("bad order", {"levels": {"island": ["Dream"]}}, "column 'island'", "is not one of Dream", "Add it"),
    (
        "bad option",
        {"types": {"wings": "numeric"}},
        "a.csv",
        "no column 'wings', which the options",
        "columns",
    ),
    ("bad time", {"time": "when"}, "a.csv", "no column 'when'", "columns"),
    ("nothing left", {"drop": ["mass", "island", "sex"]}, "a.csv", "no column to predict from", "Add"),
]


@pytest.mark.parametrize(
    ("given", "where", "problem", "remedy"), [b[1:] for b in BAD], ids=[b[0] for b in BAD]
)
def test_bad_input_is_named_with_its_place_and_a_remedy(
    prepare: Prepare, given: dict[str, Any], where: str, problem: str, remedy: str
) -> None:
    with pytest.raises(InputError) as caught:
        prepare(**given)
    error = caught.value
    assert where in error.where
    assert problem in error.message
    assert remedy in error.remedy
    assert "\n" not in str(error)


def test_a_file_that_is_absent_or_a_folder_is_named(tmp_path: Path) -> None:
    for path, problem in ((tmp_path / "none.csv", "no such file"), (tmp_path, "is a folder")):
        with pytest.raises(InputError, match=problem) as caught:
            prepare_task("t", train=path, predict=path, target="y", options=TaskOptions())
        assert caught.value.where == str(path)


def test_a_file_that_says_it_is_parquet_and_is_not_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"\xff\x00\x9d")
    with pytest.raises(InputError, match="is no Parquet file"):
        prepare_task("t", train=path, predict=path, target="y", options=TaskOptions())


def test_a_slip_among_many_numbers_is_named_and_not_taken_for_categories() -> None:
    with pytest.raises(InputError, match="'12o' is not a number") as caught:
        from_columns(x=[*range(100), "12o"])
    assert caught.value.where == "train: column 'x', row 101"


@pytest.mark.parametrize(
    ("labels", "remedy"), [(range(60), "Bin it first"), ([f"class {k}" for k in range(51)], "Merge")]
)
def test_more_than_fifty_classes_are_too_many(labels: Sequence[object], remedy: str) -> None:
    train = {"x": list(range(2 * len(labels))), "y": [*labels, *labels]}
    with pytest.raises(InputError, match=remedy):
        prepare_task_from_columns("t", train=train, predict={"x": [1]}, target="y")


def test_fifty_classes_work() -> None:
    train = {"x": list(range(100)), "y": [k % 50 for k in range(100)]}
    assert len(prepare_task_from_columns("t", train=train, predict={"x": [1]}, target="y").task.classes) == 50


def test_data_frames_are_taken_column_by_column() -> None:
    import pandas as pd

    train = pd.DataFrame(
        {"x": [1.0, None, 3.0, 4.0], "z": pd.Categorical(["a", None, "b", "a"]), "y": list("pqpq")}
    )
    train["day"] = pd.to_datetime(["2020-01-01", None, "2020-01-03", "2020-01-04"])
    prepared = prepare_task_from_columns("t", train=train, predict=train.drop(columns="y"), target="y")
    assert [(c.name, c.type) for c in prepared.task.columns] == [
        ("x", "numeric"),
        ("z", "categorical"),
        ("day", "date"),
    ]
    assert [c.missing_D for c in prepared.task.columns] == [0.25] * 3


@pytest.mark.parametrize(
    ("train", "problem"),
    [
        ({"x": [1, 2], "y": ["a"]}, "different lengths"),
        ({}, "no columns"),
        ({"x": np.zeros((2, 2)), "y": ["a", "b"]}, "2 dimensions"),
        ({"x": [], "y": []}, "no rows"),
    ],
)
def test_columns_that_make_no_table_are_refused(train: dict[str, Any], problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        prepare_task_from_columns("t", train=train, predict=train, target="y")


def test_cases_from_python_fit_the_task_as_those_of_a_file_do(prepare: Prepare) -> None:
    task = prepare().task
    cases = cases_from_columns({"mass": [1, np.nan], "island": ["X", None], "sex": ["male", "?"]}, task)
    assert cases.row(0) == {"mass": 1, "island": "X", "sex": "male"}
    assert set(cases.row(1).values()) == {None}
    with pytest.raises(InputError, match="has no column 'island', which D has"):
        cases_from_columns({"mass": [1], "sex": ["male"]}, task)
    with pytest.raises(InputError, match="a ndarray has no named columns"):
        cases_from_columns(np.zeros((2, 2)), task)


def test_a_column_that_is_not_all_numbers_is_noted(prepare: Prepare) -> None:
    prepared = prepare(predict="mass,island,sex\nheavy,Dream,male\n4000,Dream,male\n")
    assert prepared.task.column("mass").type == "categorical"
    assert prepared.notes == ("mass is read as categorical: not all of its values are numbers.",)


def test_a_thousand_columns_work() -> None:
    rng = np.random.default_rng(0)
    columns = {f"x{k}": rng.normal(size=20) for k in range(1_000)}
    prepared = prepare_task_from_columns(
        "t", train={**columns, "y": list("pq") * 10}, predict=columns, target="y"
    )
    assert len(prepared.task.columns) == 1_000
    assert load_cases(prepared.task, prepared.parquet_Dstar).matches(["x999 > 0"]).any()


def labels_of(tmp_path: Path, prepare: Prepare, text: str) -> list[int]:
    path = tmp_path / "labels.csv"
    path.write_text(text)
    return [int(code) for code in read_labels(path, prepare().task)]


def test_labels_are_read_in_order_or_by_case(tmp_path: Path, prepare: Prepare) -> None:
    assert labels_of(tmp_path, prepare, "y\nGentoo\nAdelie\n") == [1, 0]
    assert labels_of(tmp_path, prepare, "x,y\n1,Gentoo\n2,\n") == [1, -1]
    assert labels_of(tmp_path, prepare, "case,y\n1,Gentoo\n") == [-1, 1]
    assert labels_of(tmp_path, prepare, "row,y\n1,Gentoo\n0,Adelie\n") == [0, 1]


@pytest.mark.parametrize(
    ("text", "where", "problem"),
    [
        ("y\nGentoo\nEmperor\n", "column 'y', row 2", "'Emperor' is no class of D, which has Adelie, Gentoo"),
        ("y\nGentoo\n", "labels.csv", "has 1 row, D[*] has 2"),
        ("z\nGentoo\nGentoo\n", "labels.csv", "'z', and not 'y', the target"),
        ("row,y\n2,Gentoo\n", "column 'row', row 1", "'2' is no case"),
        ("row,y\none,Gentoo\n", "column 'row', row 1", "'one' is no case"),
        ("row,y\n1,Gentoo\n1,Adelie\n", "column 'row', row 2", "case 1 occurs twice"),
    ],
)
def test_labels_that_do_not_fit_are_refused(
    tmp_path: Path, prepare: Prepare, text: str, where: str, problem: str
) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        labels_of(tmp_path, prepare, text)
    assert where in caught.value.where


def test_further_cases_fit_the_task_and_may_hold_new_categories(tmp_path: Path, prepare: Prepare) -> None:
    task, path = prepare().task, tmp_path / "more.csv"
    path.write_text("sex,mass,island,other\nmale,4100,Atlantis,1\n,,Dream,2\n")
    cases = read_cases(path, task)
    assert cases.row(0) == {"mass": 4100, "island": "Atlantis", "sex": "male"}
    assert cases.columns[1].levels[:3] == task.columns[1].levels
    assert cases.matches(["island = 'Atlantis'", "mass IS NULL"]).tolist() == [[True, False], [False, True]]
    path.write_text("mass,island,sex\nheavy,Dream,male\n")
    with pytest.raises(InputError, match="'heavy' is not a number"):
        read_cases(path, task)
    path.write_text("mass,island\n1,Dream\n")
    with pytest.raises(InputError, match="has no column 'sex'"):
        read_cases(path, task)
