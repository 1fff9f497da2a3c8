"""Texts of a megabyte are values like any other; what is longer than a row may be is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from kb.cases import load_cases
from kb.errors import InputError
from kb.tables import TaskOptions, prepare_task

OPTIONS = TaskOptions(types={"note": "text"})


def files(folder: Path, long: str) -> tuple[Path, Path]:
    train, predict = folder / "a.csv", folder / "b.csv"
    rows = [f"short {k},{'yn'[k % 2]}" for k in range(9)]
    train.write_text("\n".join(["note,y", *rows, f"{long},n"]) + "\n")
    predict.write_text(f"note\n{long[:2_000_000]}\nnothing\n")
    return train, predict


def test_a_text_of_a_megabyte_is_read_whole(tmp_path: Path) -> None:
    train, predict = files(tmp_path, "good evening " * 160_000)
    prepared = prepare_task("long", train=train, predict=predict, target="y", options=OPTIONS)
    texts = load_cases(prepared.task, prepared.parquet_Dstar).texts("note")
    assert texts.lengths().tolist() == [307_692 + 1, 1]
    assert texts.contains("good evening").tolist() == [True, False]


def test_a_row_that_is_too_long_is_named(tmp_path: Path) -> None:
    train, predict = files(tmp_path, "good evening " * 1_400_000)
    with pytest.raises(InputError, match="a row of more than 16 MB"):
        prepare_task("long", train=train, predict=predict, target="y", options=OPTIONS)


def test_bytes_in_another_encoding_are_named_and_can_be_read(tmp_path: Path) -> None:
    train, predict = files(tmp_path, "plain")
    train.write_bytes(train.read_text().replace("short 3", "café 3").encode("latin-1"))
    with pytest.raises(InputError, match="is not utf-8 text") as refused:
        prepare_task("cafe", train=train, predict=predict, target="y", options=OPTIONS)
    assert refused.value.where.endswith("a.csv:5")
    latin = TaskOptions(types={"note": "text"}, encoding="latin-1")
    prepared = prepare_task("cafe", train=train, predict=predict, target="y", options=latin)
    assert load_cases(prepared.task, prepared.parquet_D).texts("note").contains("café").sum() == 1
