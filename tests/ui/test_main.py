"""How a call of the command line ends: help, exit codes, errors, and what is imported on the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from kb.errors import FailedError, InputError, StoppedError
from ui.face import Face, everywhere
from ui.main import MODULES, Commands, priory

ROOT = Path(__file__).parents[2]
HEAVY = [
    "torch",
    "sklearn",
    "pandas",
    "duckdb",
    "numpy",
    "streamlit",
    "langchain",
    "neo4j",
    "scipy",
    "sqlglot",
]


def called(*arguments: str, env: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(priory, list(arguments), env=env)


def failing(error: BaseException) -> Commands:
    """A command line whose one command, ``look``, fails."""

    @click.command()
    @everywhere
    def look(face: Face) -> None:  # noqa: ARG001
        raise error

    class One(Commands):
        def resolve_command(
            self,
            ctx: click.Context,  # noqa: ARG002
            args: list[str],
        ) -> tuple[str | None, click.Command | None, list[str]]:
            return "look", look, args[1:]

    return One("priory")


def in_process(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    program = "import sys; sys.path.insert(0, sys.argv.pop(1)); from ui.main import main; main()"
    command = [sys.executable, "-c", program, str(ROOT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False, timeout=120)


def test_alone_it_says_what_to_do_next() -> None:
    result = called()

    assert result.exit_code == 0
    assert result.stdout.count("priory ") >= 3
    assert len(result.stdout.splitlines()) <= 12


def test_help_lists_every_command_with_a_sentence() -> None:
    result = called("--help")

    listed = {line.split()[0]: line for line in result.stdout.splitlines() if line.startswith("  ")}
    assert result.exit_code == 0
    assert set(MODULES) <= set(listed)
    assert all(len(listed[name].split()) > 2 for name in MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_each_command_explains_itself_with_an_example(name: str) -> None:
    result = called(name, "--help")

    assert result.exit_code == 0
    assert f"priory {name}" in result.stdout.split("Options:")[0].split("\n", 1)[1]
    command = priory.get_command(click.Context(priory), name)
    parts = command.commands if isinstance(command, click.Group) else ()
    for helped in [called(name, part, "--help") for part in parts] or [result]:
        for option in ("--kb", "--tree", "--json", "--quiet", "--debug", "--seed"):
            assert option in helped.stdout


def test_an_unknown_command_names_the_nearest_and_exits_2() -> None:
    result = called("shwo")

    assert result.exit_code == 2
    assert "Did you mean show" in result.stderr
    assert result.stdout == ""


def test_a_wrong_option_exits_2_with_one_line() -> None:
    result = called("trees", "--depht", "3")

    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1


def test_an_option_in_front_of_the_command_is_told_where_it_goes() -> None:
    result = called("--kb", "sqlite:///a.db", "trees")

    assert result.exit_code == 2
    assert "Options stand behind the command: priory trees --kb …" in result.stderr


def test_wrong_usage_is_json_where_json_is_asked_for() -> None:
    result = called("show", "--depth", "far", "--json")

    error = json.loads(result.stderr)["error"]
    assert result.exit_code == 2
    assert set(error) == {"code", "message", "where", "remedy"}
    assert error["code"] == "usage"
    assert "far" in error["message"]


@pytest.mark.parametrize(("kind", "code"), [(InputError, 2), (FailedError, 1), (StoppedError, 3)])
def test_a_known_error_is_one_line_and_its_class_gives_the_exit_code(
    kind: type[InputError], code: int
) -> None:
    result = CliRunner().invoke(failing(kind("no.", where="a.csv, line 3", remedy="Mend it.")), ["look"])

    assert result.exit_code == code
    assert result.stderr == "Error: a.csv, line 3: no. Mend it.\n"
    assert result.stdout == ""


def test_a_known_error_is_json_with_its_code() -> None:
    error = FailedError("disk full.", where="x.db", remedy="Make room.")
    result = CliRunner().invoke(failing(error), ["look", "--json"])

    assert json.loads(result.stderr) == {
        "error": {"code": "failed", "message": "disk full.", "where": "x.db", "remedy": "Make room."}
    }


def test_an_unforeseen_error_is_one_line_that_asks_for_debug() -> None:
    result = CliRunner().invoke(failing(ZeroDivisionError("by zero")), ["look"])

    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert "--debug" in result.stderr
    assert "Traceback" not in result.stderr


def test_debug_prints_the_traceback() -> None:
    result = CliRunner().invoke(failing(ZeroDivisionError("by zero")), ["look", "--debug"])

    assert "Traceback" in result.stderr
    assert result.exit_code == 1


def test_an_interrupt_exits_130_and_says_how_to_go_on() -> None:
    result = CliRunner().invoke(failing(KeyboardInterrupt()), ["look", "--seed", "3"])

    assert result.exit_code == 130
    assert "priory look --seed 3" in result.stderr


def test_hostile_text_in_an_error_reaches_no_terminal() -> None:
    error = InputError("value \x1b[2J\u202e[bold]x[/bold]\nnext", where="a\x07.csv")
    result = CliRunner().invoke(failing(error), ["look"])

    assert result.stderr == "Error: a.csv: value [2J⟨U+202E⟩[bold]x[/bold] next\n"


def test_a_reader_that_leaves_is_no_error() -> None:
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from ui.main import main; main(['--help'])"
    command = f'"{sys.executable}" -c "{program}" | true'
    for _ in range(3):
        ended = subprocess.run(command, shell=True, capture_output=True, text=True, check=False, timeout=60)
        assert ended.stderr == ""


@pytest.mark.parametrize("arguments", [[], ["--help"], ["rate", "--help"], ["nothing"]])
def test_no_heavy_library_is_imported_to_help(arguments: list[str]) -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); import atexit, json\n"
        f"heavy = {HEAVY!r}\n"
        "atexit.register(lambda: print('LOADED', [h for h in heavy if h in sys.modules]))\n"
        "from ui.main import main; main()"
    )
    command = [sys.executable, "-c", program, str(ROOT), *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert ended.stdout.splitlines()[-1] == "LOADED []"


def test_an_empty_knowledge_base_says_how_to_begin(tmp_path: Path) -> None:
    result = called("show", "--kb", f"sqlite:///{tmp_path}/none.db")

    assert result.exit_code in {1, 2}
    assert len(result.stderr.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_the_knowledge_base_comes_from_the_environment(tmp_path: Path) -> None:
    missing = f"sqlite:///{tmp_path}/from-environment.db"
    result = called("show", env={**os.environ, "PRIORY_KB": missing})

    assert "from-environment" in result.stderr
