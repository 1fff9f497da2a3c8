"""People's forecasts from the command line: sessions, files, f, audits, resolved cases, moves by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from kb.errors import InputError
from kb.knowledge import open_kb
from learning.people.forecasts import Forecast, forecasts
from ui.forecast_replies import read_case_reply, read_distribution

Call = Callable[..., Result]


def stored(file: Path, **which: str) -> list[Forecast]:
    with open_kb(f"sqlite:///{file}", create=False) as kb:
        return forecasts(kb.tree("heart"), **which)  # type: ignore[arg-type]  # literals


@pytest.mark.parametrize(
    ("typed", "no"),
    [
        ("70 30", 0.7),
        ("70% 30 %", 0.7),
        ("33.3 66.7", 0.333),
        ("no 80", 0.8),
        ("YES 25", 0.75),
        ("yes 100", 0.0),
    ],
)
def test_a_line_writes_a_distribution(typed: str, no: float) -> None:
    found = read_distribution(typed, ("no", "yes"))

    assert found["no"] == pytest.approx(no)
    assert sum(found.values()) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("70 20", "they sum to 90, not to 100"),
        ("50 20 30", "3 numbers for 2 classes"),
        ("50", "1 number for 2 classes"),
        ("perhaps 30", "'perhaps 30' is no forecast.*no, yes"),
        ("no 130", "130 is above 100"),
        ("", "is no forecast"),
    ],
)
def test_a_line_that_writes_none_is_explained(typed: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_distribution(typed, ("no", "yes"))


def test_words_open_find_and_stop_unless_they_are_classes() -> None:
    assert read_case_reply("o 0.1", ("no", "yes")).doing == "open"
    assert read_case_reply("0.1.2", ("no", "yes")).text == "0.1.2"
    assert read_case_reply("f old age", ("no", "yes")).text == "old age"
    assert read_case_reply("q", ("no", "yes")).doing == "stop"
    assert read_case_reply("s 80", ("s", "t")).probabilities == {"s": 0.8, "t": pytest.approx(0.2)}


def test_a_sample_is_drawn_once_listed_and_not_larger_than_dstar(call: Call) -> None:
    first = call("sample", "--n", 10, "--seed", 4)
    again = call("sample", "--n", 10, "--seed", 4)

    assert first.exit_code == 0
    assert first.stdout == again.stdout
    assert "10 cases drawn with seed 4" in call("sample").stdout
    too_many = call("sample", "--n", 100, "--name", "W")
    assert too_many.exit_code == 2
    assert "100 cases can't be drawn: there are 60 cases to predict and 10 of them" in too_many.stderr
    assert call("sample", "--n", 3, "--cases", "1").exit_code == 2
    assert "is no list of cases" in call("sample", "--cases", "a b", "--name", "W").stderr


def test_a_session_keeps_view_citations_and_distribution(call: Call, file: Path) -> None:
    call("sample", "--n", 5)
    lines = ["f ward", "o 0.0", "o 0.1", "o 0.1", "v", "70 30", "0.0", "q"]
    result = call("predict", "--by-hand", "--rater", "ada", stdin="\n".join(lines) + "\n")

    assert result.exit_code == 0
    (kept,) = stored(file)
    assert [o.address for o in kept.opened] == ["0.0", "0.1"]
    assert kept.cited == ("0.0",)
    assert list(kept.probabilities.values()) == [0.7, 0.3]
    assert (kept.rater, kept.arm, kept.sample) == ("human:ada", "given Z", "V")
    assert "4 cases left" in result.stderr


def test_a_citation_of_a_closed_statement_is_asked_again(call: Call, file: Path) -> None:
    lines = ["o 0.0", "70 30", "0.1", "0.0"]
    result = call("predict", "--by-hand", "--limit", 1, stdin="\n".join(lines) + "\n")

    assert "0.1 is not open" in result.stderr
    (kept,) = stored(file)
    assert kept.cited == ("0.0",)


def test_unaided_forecasts_open_nothing_and_a_stopped_session_goes_on(call: Call, file: Path) -> None:
    call("sample", "--n", 3)
    first = call("predict", "--by-hand", "--unaided", "--rater", "bo", stdin="o 0.1\n60 40\nu\n80 20\nq\n")
    second = call("predict", "--by-hand", "--unaided", "--rater", "bo", stdin="10 90\n20 80\n")

    assert "o is not for forecasts that are unaided" in first.stderr
    assert "taken back" in first.stderr
    kept = stored(file, arm="unaided")
    assert len(kept) == 3
    assert {round(max(f.probabilities.values()), 2) for f in kept} == {0.8, 0.9}
    assert all(not f.opened for f in kept)
    assert second.exit_code == 0
    assert (
        "forecast all of these" in call("predict", "--by-hand", "--unaided", "--rater", "bo", stdin="").stderr
    )


def test_after_reading_d_and_on_d_itself(call: Call, file: Path) -> None:
    read = call("predict", "--by-hand", "--from-d", "--limit", 1, stdin="\ng\n55 45\n")
    practised = call("predict", "--by-hand", "--unaided", "--practise", "--limit", 1, stdin="90 10\n")

    assert "First read some of" in read.stderr
    assert [f.arm for f in stored(file)] == ["from D"]
    assert "it is " in practised.stderr
    assert len(stored(file, of="D")) == 1


def test_forecasts_come_from_a_file_whole_or_not_at_all(call: Call, file: Path, tmp_path: Path) -> None:
    said = tmp_path / "said.csv"
    said.write_text("case,rater,no,yes\n0,human:ada,0.4,0.6\n1,human:ada,0.4,0.5\n")

    wrong = call("predict", "--from", said)
    assert wrong.exit_code == 2
    assert "said.csv:3: the probabilities sum to 0.9, not to 1" in wrong.stderr
    assert stored(file) == []

    said.write_text("case,rater,no,yes\n0,human:ada,0.4,0.6\n1,human:ada,0.5,0.5\n")
    assert "2 forecasts added" in call("predict", "--from", said).stderr
    assert call("predict", "--from", said, "--all").exit_code == 2
    assert call("predict", "--unaided", "--from-d").exit_code == 2


@pytest.fixture
def forecast(call: Call, tables: Path, tmp_path: Path) -> None:
    """Forty random cases, forecast unaided by somebody who is right."""
    drawn = json.loads(call("sample", "--n", 40, "--json").stdout)[0]["cases"]
    truth = (tables / "labels.csv").read_text().split()[1:]
    said = tmp_path / "said.csv"
    shares = {"no": "0.9,0.1", "yes": "0.1,0.9"}
    rows = [f"{case},human:ada,{shares[truth[case]]}" for case in drawn]
    said.write_text("\n".join(["case,rater,no,yes", *rows]) + "\n")
    assert call("predict", "--from", said).exit_code == 0


@pytest.fixture(autouse=True)
def _without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("learning.people.imitation.is_torch_installed", lambda: False)


@pytest.mark.usefixtures("forecast")
def test_people_shows_alarm_f_and_certificate(call: Call) -> None:
    call("rate", "0.0", "95", "--rater", "ada")
    shown, written = call("people"), json.loads(call("people", "--json").stdout)

    text = " ".join(shown.stdout.split())
    assert "f is the reader" in text
    assert "nats on average" in text
    assert "imitation loss" in text
    assert written["imitation"]["certificate"]["n"] == 20
    assert [a["arm"] for a in written["arms"]] == ["unaided"]


@pytest.mark.usefixtures("forecast")
def test_f_forecasts_all_of_dstar(call: Call) -> None:
    found = json.loads(call("predict", "--imitate", "--json").stdout)

    assert len(found["predictions"]) == 60
    assert call("predict", "--imitate", "--bounds").exit_code == 2


@pytest.mark.usefixtures("forecast")
def test_an_audit_asks_about_other_cases_and_says_how_it_stands(call: Call, file: Path) -> None:
    begun = call("audit", "--n", 5, stdin="70 30\n60 40\nq\n")

    assert begun.exit_code == 0
    assert "on 2 of 5 cases" in begun.stdout
    asked = [f.case for f in stored(file) if f.sample == "audit 1"]
    assert len(asked) == 2
    assert json.loads(call("audit", "--status", "--json").stdout)["n"] == 2


@pytest.mark.usefixtures("forecast")
def test_a_report_has_the_arms_as_rows(call: Call, tables: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("learning.reporting.classical_rows", lambda *_, **__: {})  # slow, and no people's
    monkeypatch.setattr("learning.reporting.ablation_rows", lambda *_: [])
    found = json.loads(call("report", "--labels", tables / "labels.csv", "--json").stdout)

    rows = {row["name"]: row for row in found["rows"] if row["kind"] == "people"}
    assert set(rows) == {
        "people, unaided",
        "people unaided, imitated from x alone",
        "f: people unaided, imitated through Z",
    }
    assert rows["people, unaided"]["n"] == 40
    assert rows["people, unaided"]["accuracy"] == 1.0
    assert found["people"]["alarm"]["outcome"] in ("confirmed", "not confirmed", "contradicted")


def test_resolved_cases_move_what_is_believed(call: Call, tables: Path, tmp_path: Path) -> None:
    truth = (tables / "labels.csv").read_text().split()[1:]
    some = tmp_path / "some.csv"
    some.write_text("\n".join(["case,died", *(f"{i},{truth[i]}" for i in range(30))]) + "\n")

    result = call("resolve", "--labels", some)

    assert result.exit_code == 0
    assert "30 cases resolved" in result.stderr
    assert "that they are drawn and labelled as D was" in result.stdout
    assert "column:" not in result.stdout
    some.write_text("case,died\n31,perhaps\n")
    wrong = call("resolve", "--labels", some)
    assert wrong.exit_code == 2
    assert "'perhaps' is no class of D" in wrong.stderr
    assert json.loads(call("resolve", "--labels", tables / "labels.csv", "--json").stdout)["known"] == 30


def test_statements_are_split_merged_and_rescoped_by_hand(call: Call) -> None:
    call("add", "0.0", "Older than seventy.", "--when", "age > 70")
    address = json.loads(call("show", "--depth", 3, "--json").stdout)["statements"]
    old = next(s["address"] for s in address if s["text"] == "Older than seventy.")

    parts = json.loads(call("split", old, "ward = 'north'", "--why", "wards differ", "--json").stdout)
    merged = call("merge", *(p["address"] for p in parts), "--text", "Again one.")
    statements = json.loads(call("show", "--depth", 3, "--json").stdout)["statements"]
    one = next(s for s in statements if s["text"] == "Again one.")
    rescoped = call("rescope", one["address"], "age > 80", "--text", "Older than eighty.")

    assert len(parts) == 2
    assert merged.exit_code == rescoped.exit_code == 0
    assert "Older than eighty." in rescoped.stdout
    refused = call("split", old, "height > 3")
    assert refused.exit_code == 2
    assert "height" in refused.stderr
