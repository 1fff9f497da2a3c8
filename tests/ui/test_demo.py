"""The demo, end to end, and the reference page that is made from the commands."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kb.errors import FailedError
from kb.knowledge import open_kb
from ui import penguins
from ui.demo import Demo
from ui.face import Face
from ui.penguins import HOME, birds, write_penguins

ROOT = Path(__file__).parents[2]
PROGRAM = "import sys; sys.path.insert(0, sys.argv.pop(1)); from ui.main import main; main()"


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A fresh process without a terminal, as in a script."""
    command = [sys.executable, "-c", PROGRAM, str(ROOT), *arguments]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PRIORY")}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=600, cwd=folder, env=environment
    )


def test_D_is_drawn_from_the_birds_at_home_and_no_bird_is_lost(tmp_path: Path) -> None:  # noqa: N802
    found = write_penguins(tmp_path, seed=3)
    train, predict, labels = (
        list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
        for path in (found.train, found.predict, found.labels)
    )

    assert all(HOME[bird["species"]] == bird["island"] for bird in train)
    assert len(train) == round(0.7 * sum(HOME[b["species"]] == b["island"] for b in birds()))
    assert len(train) + len(predict) == len(birds()) == 344
    assert "species" not in predict[0]
    assert len(labels) == len(predict)
    assert "NA" in {bird["sex"] for bird in train + predict}


def test_another_seed_draws_other_birds(tmp_path: Path) -> None:
    one, same, other = (
        write_penguins(tmp_path, seed).train.read_text(encoding="utf-8") for seed in (0, 0, 1)
    )

    assert one == same != other


def test_without_the_data_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(penguins, "PACKAGE", "no_such_package_of_penguins")

    with pytest.raises(FailedError, match=r"pip install 'priory\[demo\]'"):
        birds()


def test_the_demo_runs_twice_from_data_to_report(tmp_path: Path) -> None:
    first = run(tmp_path, "demo")
    assert first.returncode == 0, first.stderr

    talk, data = first.stderr, first.stdout
    steps = ["Task penguins", "how D* differs from D", "Unpacked the background", "oracle:naturalist", "Next"]
    assert [talk.index(step) for step in steps] == sorted(talk.index(step) for step in steps)
    results = ["Priory", "← to beat", "nats on D", "! Spurious?", "Case "]
    assert [data.index(part) for part in results] == sorted(data.index(part) for part in results)
    assert "Island" in data[data.index("! Spurious?") :].splitlines()[0]

    again = run(tmp_path, "demo", "--json")
    assert again.returncode == 0, again.stderr
    assert "here already" in again.stderr
    found = json.loads(again.stdout)
    on_Dstar = {row["name"]: row for row in found["report"]["rows"] if row["split"] == "D*"}
    assert on_Dstar["Priory"]["accuracy"] > on_Dstar["random forest"]["accuracy"] + 0.2
    assert found["report"]["task"] == found["tree"] == "penguins"

    shown = run(tmp_path, "show", "--kb", "sqlite:///penguins.db", "--json")
    assert json.loads(shown.stdout)["tree"] == "penguins"


def test_another_draw_gets_a_name_of_its_own_and_the_same_is_used_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_kb(f"sqlite:///{tmp_path}/kb.db") as kb:
        names = []
        for seed in (0, 1, 1):
            data = write_penguins(tmp_path, seed)
            names.append(Demo(Face(seed=seed), asks=False).stored(kb, data.train, data.predict).name)

    assert names == ["penguins", "penguins-2", "penguins-2"]
    assert "Tree penguins here is of another draw" in capsys.readouterr().err


def test_the_reference_page_is_not_stale() -> None:
    command = [sys.executable, str(ROOT / "docs" / "generate_cli.py"), "--check"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=60)

    assert ended.returncode == 0, ended.stderr
