"""A small real knowledge base that every test gets a copy of, and the command line on it."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ui.main import priory

CLASSES = ("no", "yes")


def write_table(path: Path, rows: list[dict[str, object]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, fieldnames=list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return path


def patients(n: int, seed: int, *, ward_tells: float) -> list[dict[str, object]]:
    """Age tells everywhere; the ward tells with a probability, which is what differs in D*."""
    rng = random.Random(seed)
    rows: list[dict[str, object]] = []
    for _ in range(n):
        age = rng.randint(20, 90)
        died = (age > 60) if rng.random() < 0.9 else rng.random() < 0.5
        told = died if rng.random() < ward_tells else rng.random() < 0.5
        rows.append({"age": age, "ward": "north" if told else "south", "died": CLASSES[died]})
    return rows


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with train.csv, predict.csv and labels.csv."""
    folder = tmp_path_factory.mktemp("tables")
    later = patients(60, 2, ward_tells=0.0)
    write_table(folder / "train.csv", patients(120, 1, ward_tells=0.95))
    write_table(folder / "predict.csv", [{k: v for k, v in row.items() if k != "died"} for row in later])
    write_table(folder / "labels.csv", [{"died": row["died"]} for row in later])
    return folder


def called(*arguments: object, stdin: str | None = None) -> Result:
    """One call in this process."""
    return CliRunner().invoke(priory, [str(a) for a in arguments], input=stdin)


@pytest.fixture(scope="session")
def grown(tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a knowledge base with one tree, two levels deep, never rated."""
    file = tmp_path_factory.mktemp("kb") / "grown.db"
    kb = f"sqlite:///{file}"
    told = ["--about-predict", "patients of next year"]
    made = called(
        *("new", "heart", "--train", tables / "train.csv", "--predict", tables / "predict.csv"),
        *("--target", "died", "--kb", kb, *told),
    )
    assert made.exit_code == 0, made.stderr
    assert called("unpack", "0", "--depth", "2", "--kb", kb).exit_code == 0
    return file


@pytest.fixture
def file(grown: Path, tmp_path: Path) -> Path:
    """A copy of that knowledge base, for one test."""
    copy = tmp_path / "kb.db"
    assert called("backup", copy, "--kb", f"sqlite:///{grown}").exit_code == 0
    return copy


@pytest.fixture
def call(file: Path) -> Callable[..., Result]:
    """Call the command line on the copy."""

    def on_copy(*arguments: object, stdin: str | None = None) -> Result:
        return called(*arguments, "--kb", f"sqlite:///{file}", stdin=stdin)

    return on_copy


@pytest.fixture
def asked(call: Callable[..., Result]) -> Callable[..., Any]:
    """Call with ``--json`` and read what comes out; the call must succeed."""

    def document(*arguments: object) -> Any:
        result = call(*arguments, "--json")
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    return document
