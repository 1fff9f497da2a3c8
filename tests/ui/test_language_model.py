"""The commands that ask a language model, on a server of this machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tests.language_models import Sent, children, need, served
from tests.ui.conftest import called

need("langchain_openai", "langchain-openai")

OLDER = {
    "text": "Old patients die more often.",
    "kind": "claim",
    "when": "age > 70",
    "side": "yes",
    "about": [],
}
NORTH = {
    "text": "The north ward is where people die.",
    "kind": "claim",
    "when": "ward = 'north'",
    "side": "yes",
}
YOUNG = {"text": "Young patients live.", "kind": "claim", "when": "age < 40", "side": "no", "about": []}
GOOD, OTHER = Sent(children(OLDER, NORTH)), Sent(children(YOUNG, NORTH))
AT = "0.0.0"  # a claim that the induction unpacker has left a leaf


def model(spec: str, *more: str) -> tuple[str, ...]:
    return ("--model", spec, "--n", "2", "--parallel", "1", *more)


def test_a_dry_run_prints_what_would_leave_the_machine_and_asks_nothing(call: Callable[..., Result]) -> None:
    with served(GOOD) as (spec, server):
        done = call("unpack", AT, *model(spec, "--dry-run"))

    assert done.exit_code == 0, done.stderr
    assert "1 step, 2 calls" in done.stdout
    assert "no price is known" in done.stdout
    assert "The statement to break up:" in done.stdout
    assert server.bodies == []


def test_a_dry_run_needs_no_key(call: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    planned = call("unpack", AT, *model("openai:gpt-5-mini", "--dry-run"))
    asked = call("unpack", AT, *model("openai:gpt-5-mini"))

    assert planned.exit_code == 0, planned.stderr
    assert "1 step, 2 calls" in planned.stdout
    assert "Dollars go by prices estimated on" in planned.stdout
    assert "PRIORY_PRICES" in planned.stdout
    assert (asked.exit_code, asked.stdout) == (2, "")
    assert "needs the key OPENAI_API_KEY" in asked.stderr


def test_a_step_is_committed_and_its_provenance_can_be_read(call: Callable[..., Result]) -> None:
    with served(OTHER, GOOD) as (spec, _):
        done = call("unpack", AT, *model(spec, "--seed", "5"))
        assert done.exit_code == 0, done.stderr
    shown = call("show", AT, "--provenance")

    assert "by language-model, seed 5" in shown.stdout
    assert "prompt: unpack-free@1" in shown.stdout
    assert "answered (100 tokens read, 20 written)" in shown.stdout
    assert "approval" in shown.stdout


def test_too_small_a_budget_stops_with_its_code(call: Callable[..., Result]) -> None:
    with served(GOOD) as (spec, server):
        done = call("unpack", AT, *model(spec, "--budget", "tokens=10"))

    assert done.exit_code == 3
    assert "no room for the next call" in done.stderr
    assert server.bodies == []


def test_a_model_that_never_gives_json_exits_with_one(call: Callable[..., Result]) -> None:
    with served(Sent("nonsense")) as (spec, _):
        done = call("unpack", AT, *model(spec))

    assert done.exit_code == 1
    assert "no proposal passed the checks: the reply can't be read" in done.stderr
    assert "failed: no proposal passed" in call("show", AT, "--provenance").stdout


@pytest.mark.parametrize(
    ("spec", "says"),
    [("gpt", "names no model"), ("openai:gpt-5-mini", "OPENAI_API_KEY"), ("local:none.gguf", "no such file")],
)
def test_a_model_that_cannot_be_used_is_bad_input(
    call: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, spec: str, says: str
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    done = call("unpack", AT, "--model", spec)

    assert done.exit_code == 2
    assert says in done.stderr


def test_a_person_chooses_where_proposals_are_close(
    call: Callable[..., Result], asked: Callable[..., Any]
) -> None:
    with served(GOOD, OTHER) as (spec, _):
        done = call("unpack", AT, *model(spec, "--margin", "2"))
    assert done.exit_code == 3
    assert "needs a person" in done.stderr
    (waiting,) = asked("choose")["waiting"]
    assert waiting["address"] == AT

    call("choose", AT, "--proposal", str(waiting["best"][1] + 1), "--rater", "human:ada")

    assert asked("choose")["waiting"] == []
    assert len(asked("show", AT, "--depth", "1")["statements"]) > 1


def test_readers_are_asked_and_compared(asked: Callable[..., Any]) -> None:
    definitions = [json.dumps({"definition": f"Above {n}.", "when": f"age > {n}"}) for n in (70, 40)]
    with served(*map(Sent, definitions)) as (spec, _):
        found = asked("ask", AT, "what is old?", "--model", spec, "--commit")

    assert found["agree"] is False
    assert [r["when"] for r in found["readings"]] == ["age > 70", "age > 40"]
    assert found["committed"] == f"{AT}.0"


def test_children_are_packed(asked: Callable[..., Any]) -> None:
    with served(Sent(json.dumps({"text": "Age and ward decide."})), GOOD) as (spec, _):
        found = asked("pack", "0", "--model", spec)

    assert found["text"] == "Age and ward decide."
    assert -1.0 <= found["approval"]["score"] <= 1.0


def test_a_model_rates_and_the_report_says_how_far_people_agree(
    call: Callable[..., Result], asked: Callable[..., Any]
) -> None:
    with served(Sent('{"answer": "Yes"}')) as (spec, _):
        rated = asked("rate", "--rater", f"model:{spec}", "--limit", "2")
    assert rated["rated"] == 2
    call("rate", "0.0", "80", "--rater", "human:ada")

    (model,) = asked("report")["models"]

    assert model["rater"] == f"model:{spec}"
    assert model["statements"] <= 2


def test_a_tree_without_cases_holds_free_statements(tmp_path: Path) -> None:
    kb = ("--kb", f"sqlite:///{tmp_path}/words.db")
    made = called("new", "rates", "--root", "Inflation falls when central banks raise rates.", *kb)
    assert made.exit_code == 0, made.stderr
    said = [
        {"text": "Dearer credit lowers demand.", "kind": "claim"},
        {"text": "A strong currency makes imports cheap.", "kind": "claim", "when": "x > 1", "side": "up"},
    ]
    with served(Sent(children(*said))) as (spec, server):
        done = called("unpack", "0", *model(spec), *kb)
    assert done.exit_code == 0, done.stderr
    assert "columns" not in server.bodies[0]["messages"][1]["content"]
    assert "Dearer credit lowers demand." in called("show", *kb).stdout

    labels = tmp_path / "labels.csv"
    labels.write_text("case,y\n0,up\n")
    for asked in ("predict --all", "learn", "explain 0", f"resolve --labels {labels}"):
        failed = called(*asked.split(), *kb)
        assert failed.exit_code == 2, asked
        assert "has no labelled cases" in failed.stderr
    for command in (("report",), ("unpack", "0.0", *model(spec), "--mode", "typed")):
        failed = called(*command, *kb)
        assert failed.exit_code == 2, command
        assert "has no labelled cases" in failed.stderr or "has none" in failed.stderr
