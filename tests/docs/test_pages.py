"""Every command and every script of the README and the docs, run as written and in order."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.reading import ROOT, RUN, Step, blocks, steps

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
RUNNING = [page for page in PAGES if page.name not in ("CONTRIBUTING.md", "cli.md", "measurements.md")]
NOT_RUN = {"", "bash", "csv", "cypher", "json", "sql", "text", *RUN}
SECONDS = 120


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.fixture
def reader(tmp_path: Path) -> dict[str, str]:
    """The environment of a reader who installed Priory: ``priory`` and ``python`` are on the path."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "python").symlink_to(sys.executable)
    (programs / "priory").write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -c "import sys; from ui.main import main; '
        f'sys.argv[0] = \'priory\'; main()" "$@"\n'
    )
    (programs / "priory").chmod(0o755)
    known = {k: v for k, v in os.environ.items() if not k.startswith("PRIORY_")}
    return {
        **known,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "100",
        "LOGNAME": "ada",
        "USER": "ada",
    }


def is_for_make(step: Step) -> bool:
    return step.language == "console" and step.code.startswith(("make", "pip install"))


@pytest.mark.parametrize("page", RUNNING, ids=named)
def test_every_command_and_script_runs_as_written(page: Path, reader: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    for step in steps(page):
        if is_for_make(step):
            continue
        shell = ["bash", "-euo", "pipefail", "-c", step.code]
        command = [sys.executable, "-c", step.code] if step.language == "python" else shell
        done = subprocess.run(
            command,
            cwd=folder,
            env=reader,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        said = f"{named(page)}:{step.line}\n{step.code}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        assert done.returncode == 0, said
        assert "Traceback" not in done.stderr, said


def test_what_is_not_run_here_is_a_target_and_ci_runs_it() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    ci = (ROOT / ".ci" / "run").read_text()
    commands = [s.code.split("#")[0].strip() for page in PAGES for s in steps(page) if is_for_make(s)]
    assert commands
    for command in commands:
        if command.startswith("make"):
            assert set(command.split()[1:]) <= targets, command
        else:
            assert command in ci, command
    for command in ("make demo", "make test"):
        assert command in commands
        assert re.search(rf"^{command}$", ci, re.MULTILINE), command


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_code_blocks_say_their_language(page: Path) -> None:
    assert {b.language for b in blocks(page)} <= NOT_RUN - {""}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (page.parent / target).exists(), target


def test_the_guide_says_the_speed_of_reading_that_was_measured() -> None:
    measured = (ROOT / "benchmarks" / "results" / "search.md").read_text(encoding="utf-8")
    (_, speed) = re.findall(r"^\| numpy \(Priory\) \| (\S+) \| (\d+) \|$", measured, re.MULTILINE)[0]

    assert f"(about {speed} a second" in (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
