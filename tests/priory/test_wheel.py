"""The wheel: what is in it, and that it works in an environment of its own, from another folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = {"graph_schema", "kb", "unpacking", "learning", "ui", "priory"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that neither old builds nor the checkout take part."""
    copy = tmp_path_factory.mktemp("source")
    for room in sorted(ROOMS | {"tests", "benchmarks", "docs"}):
        shutil.copytree(ROOT / room, copy / room, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy / name)
    to = tmp_path_factory.mktemp("wheel")
    build = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(to), str(copy)]
    subprocess.run([sys.executable, "-m", "pip", "--disable-pip-version-check", *build], check=True)
    (found,) = to.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def held(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_it_holds_the_rooms_and_nothing_else(held: set[str]) -> None:
    assert {name.partition("/")[0] for name in held if ".dist-info/" not in name} == ROOMS


def test_it_holds_every_module(held: set[str]) -> None:
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            assert path.relative_to(ROOT).as_posix() in held


def test_it_holds_what_the_code_reads(held: set[str]) -> None:
    assert {f"{room}/py.typed" for room in ROOMS} <= held
    assert {"ui/data/penguins-oracle.csv", "unpacking/language_model/prices.json"} <= held
    for path in (ROOT / "unpacking" / "prompts").glob("*.md"):
        assert path.relative_to(ROOT).as_posix() in held
    for path in (ROOT / "graph_schema" / "sqlite").glob("*.sql"):
        assert path.relative_to(ROOT).as_posix() in held


def test_it_carries_the_licence(held: set[str]) -> None:
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in held)


def test_it_works_from_another_folder(wheel: Path, tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    python, priory = str(venv / "bin" / "python"), str(venv / "bin" / "priory")
    into = ["--python", python, "install", "--quiet", "--no-deps", "--no-index", str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", "--disable-pip-version-check", *into], check=True)
    (site,) = venv.glob("lib/python*/site-packages")
    (site / "needs.pth").write_text(sysconfig.get_path("purelib") + "\n")  # what it needs, not our checkout
    away = tmp_path / "away"
    away.mkdir()
    alone = {k: v for k, v in os.environ.items() if not k.startswith(("PRIORY_", "PYTHON", "COVERAGE"))}

    def run(*command: str) -> str:
        done = subprocess.run(command, cwd=away, env=alone, capture_output=True, text=True, check=True)
        return done.stdout

    where = run(python, "-c", "import kb, ui, priory; print(kb.__file__, ui.__file__, priory.__file__)")
    assert all(Path(place).is_relative_to(venv) for place in where.split())
    assert "a prior you can read" in run(priory).lower()
    (away / "a.csv").write_text("x,y\n" + "".join(f"{n},{'ab'[n % 2]}\n" for n in range(40)))
    (away / "b.csv").write_text("x\n1\n2\n")
    run(priory, "new", "small", "--train", "a.csv", "--predict", "b.csv", "--target", "y")
    assert "small" in run(priory, "trees")
