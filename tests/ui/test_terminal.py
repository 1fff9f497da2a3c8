"""The command line as a real process: signals, terminals, pipes."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kb.knowledge import open_kb

ROOT = Path(__file__).parents[2]
# Tests that run in the background inherit deafness to Ctrl-C; a person's shell starts no command so.
PROGRAM = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.path.insert(0, sys.argv.pop(1))
from ui.main import main
main()
"""


def command(file: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-c", PROGRAM, str(ROOT), *arguments, "--kb", f"sqlite:///{file}"]


def on_a_terminal(file: Path, *arguments: str) -> str:
    """What a terminal shows; escape codes included."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "40"}
    with subprocess.Popen(
        command(file, *arguments), stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    ) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 65_536)
            except OSError:  # the other end is closed: the process has ended
                break
            if not part:
                break
            shown += part
        assert process.wait(60) == 0
    os.close(ours)
    return shown.decode()


def test_progress_is_shown_on_a_terminal_and_nowhere_else(file: Path) -> None:
    piped = subprocess.run(
        command(file, "unpack", "0", "--depth", "3"), capture_output=True, text=True, check=True, timeout=120
    )
    shown = on_a_terminal(file, "learn")

    assert "Learning" in shown
    assert "\x1b[" in shown
    assert "\x1b" not in piped.stdout + piped.stderr
    assert "Unpacking" not in piped.stderr


def test_an_interrupted_session_exits_130_and_keeps_every_answer(file: Path) -> None:
    with subprocess.Popen(
        command(file, "rate", "--rater", "ada"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write("2\n")
        process.stdin.flush()
        asked = ""
        while asked.count("? more") < 2 and (character := process.stderr.read(1)):
            asked += character
        assert "predictions changed" in asked
        time.sleep(0.2)  # from the question to the reading of its answer
        process.send_signal(signal.SIGINT)
        _, talk = process.communicate(timeout=60)

    with open_kb(f"sqlite:///{file}", create=False) as kb:
        said = kb.tree("heart").judgements()
    assert process.returncode == 130
    assert "Go on with: priory rate" in talk
    assert [(j.kind, j.value) for j in said] == [("task", 0.02)]


@pytest.mark.parametrize("arguments", [("show",), ("show", "--json"), ("predict",)])
def test_a_reader_that_leaves_early_is_no_error(file: Path, arguments: tuple[str, ...]) -> None:
    with subprocess.Popen(
        command(file, *arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        talk = process.stderr.read()

    assert "Error" not in talk
    assert "Traceback" not in talk
    assert "Broken" not in talk


def test_a_terminal_that_knows_only_ascii_is_no_error(file: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"}
    ended = subprocess.run(
        command(file, "show"), capture_output=True, check=False, timeout=60, env=environment
    )

    assert ended.returncode == 0
    ended.stdout.decode("ascii")
