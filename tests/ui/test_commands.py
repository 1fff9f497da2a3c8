"""Every command on a real knowledge base: what it prints, what it stores, how it ends."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from kb.address import Address
from kb.embedding import is_embedding_installed
from kb.knowledge import open_kb
from kb.records import Judgement
from kb.statements import Draft
from learning.fitting import latest_fit
from learning.predicting import Citation, Explanation
from ui.main import priory
from ui.views.forecasts import explanation_lines

Call = Callable[..., Result]
Asked = Callable[..., Any]
HOSTILE = "\x1b[2Jgone\u202e [bold red]loud[/bold red] \x07"


def judgements(file: Path) -> list[Judgement]:
    with open_kb(f"sqlite:///{file}", create=False) as kb:
        return kb.tree("heart").judgements()


def aspect(asked: Asked, column: str) -> str:
    """The address of the aspect about a column."""
    shown = asked("show")["statements"]
    return str(next(s["address"] for s in shown if s["kind"] == "aspect" and s["columns"] == [column]))


def test_new_prints_columns_and_shift_and_what_to_do_next(tables: Path, tmp_path: Path) -> None:
    arguments = ["new", "heart", "--train", tables / "train.csv", "--predict", tables / "predict.csv"]
    kb = f"sqlite:///{tmp_path}/new.db"
    result = CliRunner().invoke(priory, [*map(str, arguments), "--target", "died", "--kb", kb])

    assert result.exit_code == 0
    assert "120" in result.stdout
    assert "numeric" in result.stdout
    assert "how D* differs from D" in result.stdout
    assert "priory learn" in result.stderr


def test_new_takes_types_that_overrule_the_inferred_ones(tables: Path, tmp_path: Path) -> None:
    arguments = ["new", "heart", "--train", tables / "train.csv", "--predict", tables / "predict.csv"]
    options = ["--target", "died", "--type", "ward=south<north", "--drop", "age", "--json"]
    kb = ["--kb", f"sqlite:///{tmp_path}/new.db"]
    result = CliRunner().invoke(priory, [*map(str, arguments), *options, *kb])

    (column,) = json.loads(result.stdout)["task"]["columns"]
    assert (column["name"], column["type"], column["levels"]) == ("ward", "ordinal", ["south", "north"])


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"--train": "nowhere.csv"}, "nowhere.csv"),
        ({"--target": "cured"}, "cured"),
        ({"--type": "age=colour"}, "age=colour"),
    ],
)
def test_new_refuses_bad_input_in_one_line_and_writes_nothing(
    tables: Path, tmp_path: Path, broken: dict[str, str], said: str
) -> None:
    options = {"--train": str(tables / "train.csv"), "--predict": str(tables / "predict.csv")}
    options |= {"--target": "died", "--kb": f"sqlite:///{tmp_path}/new.db", **broken}
    result = CliRunner().invoke(
        priory, ["new", "heart", *(word for pair in options.items() for word in pair)]
    )

    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert said in result.stderr
    assert not list(tmp_path.iterdir())


def test_a_wide_table_is_told_in_twenty_lines_and_json_has_all_columns(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    names = [f"c{i}" for i in range(600)]
    for file, n, more in (("train.csv", 30, ["y"]), ("predict.csv", 8, [])):
        rows = [[f"{v:.2f}" for v in rng.normal(size=600)] + ["ab"[i % 2] for _ in more] for i in range(n)]
        lines = [",".join(row) for row in [names + more, *rows]]
        (tmp_path / file).write_text("\n".join(lines), encoding="utf-8")
    told = [
        "--train",
        str(tmp_path / "train.csv"),
        "--predict",
        str(tmp_path / "predict.csv"),
        "--target",
        "y",
    ]

    shown, document = (
        CliRunner().invoke(priory, ["new", "wide", *told, "--kb", f"sqlite:///{tmp_path}/{i}.db", *more])
        for i, more in enumerate(([], ["--json"]))
    )

    assert len(shown.stdout.splitlines()) < 50
    assert "… and 580 more columns (all of them: priory trees --json)" in shown.stdout
    assert len(json.loads(document.stdout)["task"]["columns"]) == 600


def test_trees_lists_the_task(call: Call, asked: Asked) -> None:
    assert "patients of next year" in call("trees").stdout
    assert [tree["name"] for tree in asked("trees")["trees"]] == ["heart"]


def test_show_goes_as_deep_as_asked(asked: Asked) -> None:
    depths = {
        d: [s["address"].count(".") for s in asked("show", "--depth", d)["statements"]] for d in (0, 1, 2)
    }

    assert [max(found) for found in depths.values()] == [0, 1, 2]


def test_show_says_when_there_is_more(call: Call, asked: Asked) -> None:
    assert asked("show", "--limit", "2")["more"] is True
    assert "Only the first 2" in call("show", "--limit", "2").stderr


def test_show_of_an_unknown_address_names_the_nearest(call: Call) -> None:
    result = call("show", "0.0.99")

    assert result.exit_code == 2
    assert "0.0" in result.stderr
    assert "priory unpack" in result.stderr


def test_of_many_statements_show_takes_those_that_earn_most(call: Call, asked: Asked, file: Path) -> None:
    every = asked("show", "--depth", "9", "--limit", "500")["statements"]
    with open_kb(f"sqlite:///{file}", create=False) as kb:
        tree = kb.tree("heart")
        place = Address(next(s["address"] for s in every if s["kind"] == "aspect"))
        for i in range(30):
            tree.store.append_child(tree.tree_id, place, Draft(f"It is number {i} of them."))
        latest_fit(tree)
    every = asked("show", "--depth", "9")["statements"]

    shown = call("show", "--depth", "9")
    first = call("show", "--depth", "9", "--limit", "18")

    rows = [line.split()[0] for line in shown.stdout.splitlines() if line.startswith("0")]
    earned = sorted(every[1:], key=lambda s: -(s.get("nats_on_D") or 0.0))
    assert {s["address"] for s in earned[:15]} <= set(rows)
    assert rows == [s["address"] for s in every if s["address"] in rows]
    assert 16 <= len(rows) < 25 < len(every)
    assert f"{len(rows)} of {len(every)} statements are shown: those that earn most" in shown.stderr
    assert "Only the first 18 are shown" in first.stderr


def test_data_go_to_stdout_and_talk_to_stderr(call: Call) -> None:
    result = call("show")

    assert "odds" in result.stderr
    assert "odds" not in result.stdout
    assert call("show", "--quiet").stderr == ""


def test_search_finds_by_words(call: Call, asked: Asked) -> None:
    assert all("age" in s["text"].lower() for s in asked("search", "age")["statements"])
    assert "No statement" in call("search", 'nothing" OR *').stderr


def test_search_for_nothing_is_bad_input(call: Call) -> None:
    result = call("search", " ")

    assert result.exit_code == 2
    assert "say what to look for" in result.stderr


def test_search_finds_by_meaning_and_says_how(call: Call, asked: Asked) -> None:
    if not is_embedding_installed():
        refused = call("search", "how old", "--by", "meaning")
        assert (refused.exit_code, "priory[search]" in refused.stderr) == (1, True)
        return
    found = asked("search", "how old the sick person is", "--by", "meaning", "--limit", "3")
    assert (found["by"], len(found["statements"])) == ("meaning", 3)
    assert "age" in found["statements"][0]["text"].lower()
    assert "compared with all" in call("search", "seniors", "--by", "meaning").stderr
    assert call("search", "seniors", "--by", "meaning", "--after", "mark").exit_code == 2


def test_a_dry_run_commits_nothing(call: Call, asked: Asked) -> None:
    before = asked("show", "--depth", "9")
    leaf = before["statements"][-1]["address"]
    result = call("unpack", leaf, "--dry-run")

    assert "Proposal 1" in result.stdout
    assert asked("show", "--depth", "9") == before


def test_unpack_shows_the_proposals_and_which_was_committed(call: Call, asked: Asked) -> None:
    leaf = asked("show", "--depth", "9")["statements"][-1]["address"]
    result = call("unpack", leaf)

    assert result.exit_code == 0
    assert "← committed" in result.stderr
    assert asked("show", leaf)["statements"][0]["is_unpacked"] is True


def test_another_expansion_is_shown_as_what_it_is(call: Call, asked: Asked) -> None:
    again = call("unpack", "0.0")
    other = call("unpack", "0.0", "--n", "2")

    assert "was unpacked so before" in again.stderr
    assert "0.0@1.0" not in again.stdout
    assert "0.0@1.0" in other.stdout
    assert "priory choose 0.0 1" in other.stderr
    call("choose", "0.0", "1")
    assert "0.0@1.0" in {s["address"] for s in asked("show", "0.0")["statements"]}


def test_a_used_up_budget_exits_3_and_goes_on(call: Call, asked: Asked) -> None:
    first = call("unpack", "0", "--depth", "3", "--budget", "steps=1")
    sizes = [len(asked("show", "--depth", "9")["statements"])]
    second = call("unpack", "0", "--depth", "3")
    sizes.append(len(asked("show", "--depth", "9")["statements"]))

    assert first.exit_code == 3
    assert "same command goes on" in first.stderr
    assert second.exit_code == 0
    assert sizes[1] >= sizes[0]


@pytest.mark.parametrize("budget", ["steps=-1", "hours=3", "steps"])
def test_a_budget_that_is_none_is_bad_input(call: Call, budget: str) -> None:
    result = call("unpack", "0", "--budget", budget)

    assert result.exit_code == 2
    assert budget in result.stderr


def test_workers_do_what_is_queued(call: Call, asked: Asked) -> None:
    leaf = asked("show", "--depth", "9")["statements"][-1]["address"]
    assert asked("unpack", leaf, "--queue") == {"queued": 1, "waiting": 1}
    assert "queued or unpacked already" in call("unpack", leaf, "--queue").stderr

    assert asked("worker") == {"done": 1, "given_up": 0, "waiting": 0}
    assert asked("show", leaf)["statements"][0]["is_unpacked"] is True


def test_with_a_depth_all_that_is_left_to_unpack_is_queued(asked: Asked) -> None:
    shown = asked("show", "--depth", "2")["statements"]
    left = [s["address"] for s in shown if not s["is_unpacked"] and s["address"].count(".") <= 2]
    queued = asked("unpack", "0", "--depth", "3", "--queue")

    assert queued == {"queued": len(left), "waiting": len(left)}
    assert asked("worker")["done"] == len(left) > 1
    assert all(asked("show", address)["statements"][0]["is_unpacked"] for address in left)


def test_a_condition_about_a_value_that_never_occurs_says_so(call: Call) -> None:
    result = call("add", "0", "The west ward is dangerous.", "--when", "ward = 'west'")

    assert result.exit_code == 0
    assert "ward is never 'west'" in result.stderr


def test_a_written_statement_is_fitted_at_once(call: Call, asked: Asked) -> None:
    result = call(
        "add", "0", "Very old patients die.", "--when", "age > 85", "--side", "yes", "--rater", "ada"
    )
    written = next(
        s for s in asked("show", "--depth", "1")["statements"] if s["text"] == "Very old patients die."
    )

    assert result.exit_code == 0
    assert "yes" in result.stdout
    assert "of D*" in result.stdout
    assert written["origin"] == "human:ada"
    assert written["points"]


@pytest.mark.parametrize(
    "when", ["age > (SELECT 1)", "age > 1; DROP TABLE x", "pg_sleep(3)", "colour = 'red'"]
)
def test_a_condition_that_is_not_allowed_is_refused(call: Call, when: str) -> None:
    result = call("add", "0", "Anything.", "--when", when)

    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1


def test_edit_drop_and_restore_keep_everything(call: Call, asked: Asked) -> None:
    edited = asked("edit", "0.0", "Written anew.", "--rater", "human:ada")
    assert edited["replaces"] == "0.0"
    assert "0.0" not in [s["address"] for s in asked("show")["statements"]]

    assert call("restore", "0.0").exit_code == 0
    assert asked("drop", "0.0", "--why", "chance")["is_dropped"] is True
    assert "0.0" in [s["address"] for s in asked("show", "--dropped")["statements"]]
    assert call("drop", "0").exit_code == 2


def test_choose_makes_another_expansion_current(call: Call, asked: Asked) -> None:
    place = aspect(asked, "age")
    other = asked("unpack", place, "--seed", "7")
    chosen = asked("choose", place, other["slot"])

    assert other["slot"] == 1
    assert chosen["is_unpacked"] is True
    assert call("choose", place, "9").exit_code == 2


def test_one_rating_is_stored_with_its_rater(call: Call, asked: Asked, file: Path) -> None:
    place = aspect(asked, "age")
    result = call("rate", place, "85", "--rater", "ada", "--note", "clear")
    (said,) = judgements(file)

    assert result.exit_code == 0
    assert "predictions changed" in result.stderr
    assert (said.address, said.value, said.rater, said.note) == (place, 0.85, "human:ada", "clear")


def test_the_question_about_the_task_is_answered_by_its_name(call: Call, file: Path) -> None:
    assert call("rate", "task", "2").exit_code == 0
    (said,) = judgements(file)

    assert (said.kind, said.address, said.value) == ("task", "0", 0.02)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["0.0", "101"], "above 100"),
        (["0.0", "0.5"], "share or a percentage"),
        (["0.0", "u"], "no answer"),
        (["0.0", ""], "no answer"),
        (["0.77", "50"], "0.77"),
        (["0.0"], "VALUE"),
        (["0.0", "50", "--rater", "robot:r2"], "names no rater"),
        (["--from", "nowhere.csv"], "nowhere.csv"),
    ],
)
def test_a_wrong_rating_is_refused_and_nothing_is_stored(
    call: Call, file: Path, arguments: list[str], said: str
) -> None:
    result = call("rate", *arguments)

    assert result.exit_code == 2
    assert said in result.stderr
    assert judgements(file) == []


def test_a_session_asks_the_task_first_and_stores_what_was_typed(call: Call, file: Path) -> None:
    result = call("rate", "--rater", "ada", stdin="2\n10\nu\n5\nq\n")
    with open_kb(f"sqlite:///{file}", create=False) as kb:
        tree = kb.tree("heart")
        said = tree.judgements()
        held = tree.statement(said[1].address).plausibility

    assert result.exit_code == 0
    assert [(j.kind, j.answer, j.value) for j in said] == [
        ("task", "credence", 0.02),
        ("rating", "credence", 0.1),
        ("rating", "undo", None),
        ("rating", "credence", 0.05),
    ]
    assert said[2].supersedes == said[1].id
    assert said[3].address == said[1].address
    assert held is not None
    assert held < 0.2
    assert "patients of next year" in result.stderr
    assert "2 answers kept" in result.stderr


def test_a_session_whose_input_ends_keeps_its_answers_and_says_how_to_go_on(call: Call, file: Path) -> None:
    result = call("rate", stdin="2\n")

    assert result.exit_code == 0
    assert len(judgements(file)) == 1
    assert "priory rate" in result.stderr


def test_another_session_goes_on_where_the_last_one_stopped(call: Call, file: Path) -> None:
    call("rate", "--rater", "ada", stdin="2\n")
    call("rate", "--rater", "ada", stdin="5\n")

    assert [j.kind for j in judgements(file)] == ["task", "rating"]


def test_ratings_come_from_a_file(call: Call, asked: Asked, file: Path, tmp_path: Path) -> None:
    ratings = tmp_path / "ratings.csv"
    ratings.write_text("column,value,rater\nward,5,human:ada\ncolour,50,human:ada\n", encoding="utf-8")
    result = call("rate", "--from", ratings)

    assert result.exit_code == 0
    assert "1 rating added" in result.stderr
    assert "colour" in result.stderr
    assert [(j.address, j.value) for j in judgements(file)] == [(aspect(asked, "ward"), 0.05)]


def test_learn_says_what_it_came_to(call: Call, asked: Asked) -> None:
    assert "nats" in call("learn").stdout
    assert asked("learn")["stopped"] is None


def test_learn_stops_at_its_budget_with_exit_code_3(call: Call) -> None:
    result = call("learn", "--budget", "steps=0")

    assert result.exit_code == 3
    assert "Go on with: priory learn --tree heart" in result.stderr


def test_learn_asks_at_the_terminal(call: Call, file: Path) -> None:
    result = call("learn", "--ask", "terminal", "--rater", "ada", stdin="2\n90\nq\n")

    assert result.exit_code == 0
    assert [j.rater for j in judgements(file)] == ["human:ada", "human:ada"]


def test_learn_asks_a_file(call: Call, file: Path, tmp_path: Path) -> None:
    ratings = tmp_path / "ratings.csv"
    ratings.write_text("column,task,value\nward,,5\n,yes,2\n", encoding="utf-8")
    result = call("learn", "--ask", ratings, "--rater", "oracle:file")

    assert result.exit_code == 0
    assert {(j.kind, j.rater) for j in judgements(file)} == {
        ("rating", "oracle:file"),
        ("task", "oracle:file"),
    }


def test_predict_prints_the_first_cases(call: Call, asked: Asked) -> None:
    result = call("predict")

    assert "yes" in result.stdout
    assert "40 more" in result.stdout
    assert len(asked("predict")["predictions"]) == 60


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl"])
def test_predict_writes_a_line_per_case(call: Call, tmp_path: Path, name: str) -> None:
    result = call("predict", "--out", tmp_path / name, "--abstain")
    with (tmp_path / name).open(encoding="utf-8", newline="") as written:
        rows = list(csv.DictReader(written)) if name.endswith("csv") else [json.loads(x) for x in written]

    assert result.exit_code == 0
    assert len(rows) == 60
    assert abs(float(rows[0]["yes"]) + float(rows[0]["no"]) - 1) < 1e-9
    assert all(float(row["yes lowest"]) <= float(row["yes"]) + 1e-6 for row in rows)
    assert {row["agreed"] for row in rows} <= {"", "yes", "no"}


@pytest.mark.parametrize("name", ["out.xlsx", "out.json", "out.parquet"])
def test_predict_writes_no_format_that_it_does_not_know(call: Call, tmp_path: Path, name: str) -> None:
    result = call("predict", "--out", tmp_path / name)

    assert result.exit_code == 2
    assert f"{name}: forecasts are written as CSV or JSON lines" in result.stderr
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize(
    ("command", "begins"),
    [
        (("predict", "--out", "-"), "case,"),
        (("report", "--html", "-"), "<!doctype html>"),
        (("export", "-"), '{"priory"'),
        (("export", "-", "--format", "markdown"), "# heart"),
    ],
)
def test_a_dash_is_standard_output_and_no_file(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], begins: str
) -> None:
    monkeypatch.chdir(tmp_path)

    result = call(*command)

    assert result.exit_code == 0
    assert result.stdout.lower().startswith(begins)
    assert "standard output" in result.stderr
    assert not Path("-").exists()
    refused = call(*command, "--json")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "both print to standard output" in " ".join(refused.stderr.split())


def test_a_knowledge_base_is_not_printed(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    result = call("backup", "-")

    assert (result.exit_code, result.stdout) == (2, "")
    assert "Name a file" in result.stderr
    assert not Path("-").exists()


def test_a_file_may_be_called_a_dash(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    result = call("predict", "--out", "./-")

    assert (result.exit_code, result.stdout) == (0, "")
    assert (tmp_path / "-").read_text(encoding="utf-8").startswith("case,")


def test_predict_takes_the_cases_of_a_file(asked: Asked, tmp_path: Path) -> None:
    cases = tmp_path / "cases.csv"
    cases.write_text("age,ward\n88,north\n21,\n", encoding="utf-8")
    old, young = asked("predict", "--cases", cases)["predictions"]

    assert old["yes"] > young["yes"]


def test_explain_cites_statements(call: Call, asked: Asked) -> None:
    result = call("explain", "3", "--bounds")

    assert result.exit_code == 0
    assert "Case 3" in result.stdout
    assert "because" in result.stdout or "switched off" in result.stdout
    assert set(asked("explain", "3")["probabilities"]) == {"yes", "no"}
    assert call("explain", "60").exit_code == 2


def test_a_case_that_nothing_speaks_about_says_so(tables: Path, tmp_path: Path) -> None:
    kb = ("--kb", f"sqlite:///{tmp_path}/bare.db")
    files = ("--train", tables / "train.csv", "--predict", tables / "predict.csv")
    made = CliRunner().invoke(priory, [str(a) for a in ("new", "bare", *files, "--target", "died", *kb)])
    result = CliRunner().invoke(priory, ["explain", "0", *kb])

    assert (made.exit_code, result.exit_code) == (0, 0)
    assert "for D*?" not in result.stdout
    assert "No statement speaks about this case; the forecast is the base rate." in result.stdout


def test_only_what_the_condition_mentions_is_shown_of_the_case() -> None:
    values = {"a": 1.5, "bill": 2.25, "bill_depth": 178.78990069856692, "e": None, "is_old": True}
    because = tuple(
        Citation(Address("0.0"), text, {"x": 1.0}, 0.5, met, rated=True)
        for text, met in [
            ("Deep: x.", "bill depth above 0.126 and e is missing"),
            ("Old: x.", "is old is true"),
        ]
    )
    console = Console(width=120)
    with console.capture() as shown:
        console.print(explanation_lines(Explanation(3, values, {"x": 0.6, "y": 0.4}, because, (), (), None)))

    assert "a 1.5 · bill 2.25 · bill_depth 178.79 · e missing · is_old true" in shown.get()
    assert "Deep: x.  here 178.79, missing " in shown.get()
    assert "Old: x.  here true " in shown.get()


def test_baselines_stand_beside_each_other(call: Call, tables: Path) -> None:
    result = call("baselines", "--labels", tables / "labels.csv")

    assert result.exit_code == 0
    assert "naive Bayes" in result.stdout
    assert "← to beat" in result.stdout


def test_export_and_import_carry_a_tree_over(call: Call, asked: Asked, tmp_path: Path) -> None:
    assert call("export", tmp_path / "heart.jsonl").exit_code == 0
    other = f"sqlite:///{tmp_path}/other.db"
    brought = CliRunner().invoke(priory, ["import", str(tmp_path / "heart.jsonl"), "--kb", other])
    shown = CliRunner().invoke(priory, ["show", "--json", "--depth", "9", "--kb", other])

    assert brought.exit_code == 0
    assert json.loads(shown.stdout) == asked("show", "--depth", "9")


@pytest.mark.parametrize(
    ("name", "begins"),
    [("heart.md", "# heart"), ("heart.graphml", "<?xml"), ("heart.cypher", "// A tree of Priory")],
)
def test_export_writes_other_formats_by_their_names(
    call: Call, tmp_path: Path, name: str, begins: str
) -> None:
    assert call("export", tmp_path / name, "--address", "0.0").exit_code == 0
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(begins)


@pytest.mark.parametrize("name", ["heart.csv", "heart"])
def test_export_asks_for_a_format_where_the_name_says_none(call: Call, tmp_path: Path, name: str) -> None:
    result = call("export", tmp_path / name)

    assert result.exit_code == 2
    assert f"{name}: its name says no format" in result.stderr
    for ending in (".jsonl", ".graphml", ".cypher", ".md"):
        assert ending in result.stderr
    assert not (tmp_path / name).exists()
    assert call("export", tmp_path / name, "--format", "jsonl").exit_code == 0
    assert (tmp_path / name).exists()


def test_an_import_cut_in_half_is_bad_input(call: Call, tmp_path: Path) -> None:
    call("export", tmp_path / "heart.jsonl")
    whole = (tmp_path / "heart.jsonl").read_bytes()
    (tmp_path / "half.jsonl").write_bytes(whole[: len(whole) // 2])
    result = call("import", tmp_path / "half.jsonl")

    assert result.exit_code == 2
    assert "half.jsonl" in result.stderr
    nowhere = tmp_path / "none.db"
    assert (
        CliRunner().invoke(priory, ["import", str(tmp_path / "half.jsonl"), "--kb", str(nowhere)]).exit_code
        == 2
    )
    assert not nowhere.exists()


def test_an_import_holds_the_tree_that_is_named(call: Call, tmp_path: Path) -> None:
    call("export", tmp_path / "heart.jsonl")
    told = ["import", str(tmp_path / "heart.jsonl"), "--kb", str(tmp_path / "new.db"), "--tree"]
    refused = CliRunner().invoke(priory, [*told, "lungs"])

    assert refused.exit_code == 2
    assert "it holds the tree 'heart', not 'lungs'" in refused.stderr
    assert not (tmp_path / "new.db").exists()
    assert CliRunner().invoke(priory, [*told, "heart"]).exit_code == 0


def test_a_tree_has_a_name_and_what_is_worth_doing_next_quotes_it(call: Call, tables: Path) -> None:
    told = ("--train", tables / "train.csv", "--predict", tables / "predict.csv", "--target", "died")
    for given in ((" ", *told), ("", "--root", "Something holds.")):
        blank = call("new", *given)
        assert blank.exit_code == 2
        assert "a tree needs a name" in blank.stderr

    assert "priory learn --tree 'hearts of 2025'" in call("new", "hearts of 2025", *told).stderr


def test_the_newest_tree_is_meant_where_there_are_several(call: Call, tables: Path) -> None:
    told = ("--train", tables / "train.csv", "--predict", tables / "predict.csv", "--target", "died")
    call("new", "second", *told)
    result = call("show")

    assert "Tree second, the newest of 2" in result.stderr
    assert "0.0" in call("show", "--tree", "heart").stdout
    assert call("show", "--tree", "third").exit_code == 2


def test_another_task_under_a_known_name_is_refused(call: Call, tables: Path) -> None:
    told = ("--train", tables / "train.csv", "--predict", tables / "predict.csv", "--target", "ward")
    result = call("new", "heart", *told, "--drop", "died")

    assert result.exit_code == 2
    assert "heart" in result.stderr


def test_hostile_statements_reach_no_terminal(call: Call, file: Path) -> None:
    with open_kb(f"sqlite:///{file}", create=False) as kb:
        tree = kb.tree("heart")
        hostile = Draft(HOSTILE, when="age > 50", side="yes", columns=("age",), origin=HOSTILE)
        place = tree.store.append_child(tree.tree_id, Address("0"), hostile).address
    call("rate", place, "50", "--note", HOSTILE)

    for arguments in (["show"], ["show", place], ["search", "gone"], ["explain", "1"], ["unpack", place]):
        result = call(*arguments)
        assert result.exit_code == 0, result.stderr
        for letter in "\x1b\u202e\x07":
            assert letter not in result.output
    assert "[bold red]loud[/bold red]" in call("show", place).stdout
    assert "⟨U+202E⟩" in call("show", place).stdout


def test_a_report_has_every_row_and_writes_its_page(call: Call, tables: Path, tmp_path: Path) -> None:
    told = ("report", "--labels", tables / "labels.csv", "--html", tmp_path / "r.html", "--json")
    result = call(*told)
    found = json.loads(result.stdout)

    assert result.exit_code == 0
    assert {"Priory", "logistic regression", "hard veto", "ratings reversed"} <= {
        r["name"] for r in found["rows"]
    }
    assert {"task", "seed", "rows", "statements", "ledger"} <= set(found)
    assert "<html" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_a_report_into_a_folder_that_is_not_there_fails_at_once(call: Call, tmp_path: Path) -> None:
    result = call("report", "--html", tmp_path / "no" / "r.html")

    assert result.exit_code == 2
    assert "mkdir -p" in result.stderr
