"""``priory session``: what it makes, shows and writes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from kb.knowledge import open_kb
from learning.sessions import session_named
from learning.turns import Said, answer_turn, next_turn

Call = Callable[..., Result]
Asked = Callable[..., Any]


def rate(file: Path, name: str, rater: str, *, note: str = "") -> None:
    """Answer everything there is."""
    with open_kb(f"sqlite:///{file}", create=False) as kb:
        tree = kb.tree("heart")
        session = session_named(tree, name)
        while (turn := next_turn(tree, session, rater)) is not None:
            answer_turn(tree, turn, Said(value=0.25, seconds=5.0, note=note))


def test_a_session_is_made_listed_and_shown(call: Call, asked: Asked, file: Path) -> None:
    made = asked(
        "session", "new", "pilot", "--statements", "subtree", "--n", 4, "--repeats", 25, "--rater", "eve"
    )
    assert (made["name"], made["size"], made["by"], made["task"]) == ("pilot", 5, "human:eve", "credence")
    assert [s["name"] for s in asked("session", "list")] == ["pilot"]
    assert "pilot" in call("session", "list").stdout

    rate(file, "pilot", "human:ada")

    (ada,) = asked("session", "show", "pilot")["raters"]
    assert (ada["answered"], ada["seconds"], ada["consistency"]["n"]) == (5, 25.0, 1)
    shown = call("session", "show", "pilot").stdout
    assert "4 of 4 items complete" in shown
    assert "20 more items to go" in shown


def test_gold_is_given_in_per_cent(asked: Asked, file: Path) -> None:
    made = asked("session", "new", "gold", "--statements", "subtree", "--n", 3, "--gold", "0.0=10..30")
    assert made["gold"] == {"0.0": [0.1, 0.3]}

    rate(file, "gold", "human:ada")

    (ada,) = asked("session", "show", "gold")["raters"]
    assert (ada["gold_right"], ada["gold"]) == (1, 1)


@pytest.mark.parametrize("name", ["pilot.csv", "pilot.CSV"])
def test_rows_come_out_as_lines_and_as_a_table_that_no_spreadsheet_runs(
    call: Call, asked: Asked, file: Path, tmp_path: Path, name: str
) -> None:
    assert call("session", "new", "pilot", "--statements", "subtree", "--n", 2).exit_code == 0
    rate(file, "pilot", "human:ada", note="=1+1")

    lines = [json.loads(line) for line in call("session", "export", "pilot").stdout.splitlines()]
    assert [(r["value"], r["note"]) for r in lines] == [(0.25, "=1+1")] * 2
    assert asked("session", "export", "pilot") == lines

    out = tmp_path / name
    assert call("session", "export", "pilot", "--out", out, "--rater", "ada").exit_code == 0
    table = list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8"))))
    assert [(r["value"], r["note"], r["details.task"]) for r in table] == [("0.25", "'=1+1", "credence")] * 2


def test_a_session_without_answers_comes_out_as_an_empty_list(call: Call, asked: Asked) -> None:
    assert call("session", "new", "pilot", "--statements", "subtree", "--n", 2).exit_code == 0

    assert asked("session", "export", "pilot") == []
    for told in ((), ("--out", "-")):
        result = call("session", "export", "pilot", *told)
        assert (result.exit_code, result.stdout) == (0, "")
        assert "standard output, 0 answers" in result.stderr


def test_guidelines_come_from_a_file(asked: Asked, tmp_path: Path) -> None:
    told = tmp_path / "told.txt"
    told.write_text("Say what you think.\n", encoding="utf-8")

    assert asked("session", "new", "told", "--guidelines", told)["guidelines"] == "Say what you think."


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("new", "Not A Name"), "can't name a session"),
        (("new", "x", "--gold", "0.0"), "is not ADDRESS=LOW..HIGH"),
        (("new", "x", "--at", "0.99"), "no such statement"),
        (("new", "x", "--task", "prediction", "--sample", "nowhere"), "no sample 'nowhere'"),
        (("show", "nowhere"), "no session 'nowhere'"),
        (("export", "nowhere", "--out", "x.txt"), "neither .csv nor .jsonl"),
    ],
)
def test_bad_input_is_refused_with_what_to_do(call: Call, arguments: tuple[str, ...], message: str) -> None:
    result = call("session", *arguments)

    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())
