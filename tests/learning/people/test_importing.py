"""Forecasts from files: all or none, with the line that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from kb.errors import InputError
from kb.knowledge import Tree
from learning.people.forecasts import forecasts
from learning.people.importing import import_forecasts


def written(folder: Path, text: str) -> Path:
    path = folder / "said.csv"
    path.write_text(text)
    return path


def test_a_table_of_forecasts_is_read_once(planted_tree: Tree, tmp_path: Path) -> None:
    path = written(tmp_path, "case,rater,wolf,husky,seconds\n0,human:ada,0.25,0.75,9\n1,human:bo,60,40,\n")

    first, again = import_forecasts(planted_tree, path), import_forecasts(planted_tree, path)

    assert (first.added, first.known) == (2, 0)
    assert (again.added, again.known) == (0, 2)
    kept = forecasts(planted_tree, arm="unaided")
    assert [(f.rater, f.case, dict(f.probabilities)) for f in kept] == [
        ("human:ada", 0, {"wolf": 0.25, "husky": 0.75}),
        ("human:bo", 1, {"wolf": 0.6, "husky": 0.4}),
    ]
    assert kept[0].seconds == 9.0


def test_a_single_answer_is_a_forecast(planted_tree: Tree, tmp_path: Path) -> None:
    path = written(tmp_path, "case,answer\n3,wolf\n4,neither\n")

    import_forecasts(planted_tree, path, rater="human:ada", arm="from D", sample="W")

    first, second = forecasts(planted_tree, arm="from D")
    assert dict(first.probabilities) == {"wolf": 1.0}
    assert dict(second.probabilities) == {"wolf": 0.5, "husky": 0.5}
    assert first.sample == "W"


def test_views_and_citations_come_along(dogs: Tree, tmp_path: Path) -> None:
    path = tmp_path / "said.jsonl"
    path.write_text(
        '{"case": 2, "rater": "human:ada", "arm": "given Z", "probabilities": {"wolf": 0.2, "husky": 0.8},'
        ' "opened": ["0.0", "0.1"], "cited": "0.1"}\n'
    )

    import_forecasts(dogs, path)

    (kept,) = forecasts(dogs)
    assert [o.address for o in kept.opened] == ["0.0", "0.1"]
    assert kept.cited == ("0.1",)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("case,wolf,husky\n0,0.5,0.5\n1,0.5,0.4", r"said.csv:3: the probabilities sum to 0.9, not to 1"),
        ("case,wolf,cat\n0,0.5,0.5", r"said.csv:1: its column 'cat' is no class"),
        ("case,answer\n0,wolf\n1,cat", r"said.csv:3: 'cat' is no class.*neither means all alike"),
        ("case,answer,arm,opened,cited\n0,wolf,given Z,0,0.1", r"said.csv:2: 0.1 is cited but was not open"),
        ("case,answer\n200,wolf", r"said.csv:2: there is no case 200"),
        ("case,answer\n1.5,wolf", r"said.csv:2: case is 1.5, no whole number"),
        ("case,answer\nx,wolf", r"said.csv:2: case is 'x', no number"),
        ("case,answer\n1,", r"said.csv:2: it says nothing"),
        ("case,answer,arm\n1,wolf,guess", r"said.csv:2: 'guess' is no arm"),
        ("answer\nwolf", r"said.csv:1: its header has answer"),
        ("case,answer\n1,wolf,3,4", r"said.csv:2: it has more fields"),
        ('{"case": 1', r"said.csv:1: it is no JSON"),
        ('{"case": 1, "cat": 1}', r"said.csv:1: 'cat' is no class"),
        ("", r"said.csv: it is empty"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_kept(
    planted_tree: Tree, tmp_path: Path, lines: str, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        import_forecasts(planted_tree, written(tmp_path, lines), rater="human:ada")

    assert planted_tree.judgements() == []


def test_a_forecast_of_nobody_is_refused(planted_tree: Tree, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="it names no rater"):
        import_forecasts(planted_tree, written(tmp_path, "case,answer\n0,wolf\n"))
    with pytest.raises(InputError, match="there is no such file"):
        import_forecasts(planted_tree, tmp_path / "none.csv")


def test_a_warm_up_on_labelled_cases_stays_one_and_first_guesses_are_kept(
    planted_tree: Tree, tmp_path: Path
) -> None:
    first = """{"case": 1, "answer": "husky", "of": "D", "arm": "from D"}"""
    second = """{"case": 1, "answer": "husky", "first_guess": {"husky": 0.4, "wolf": 0.6}}"""

    import_forecasts(planted_tree, written(tmp_path, f"{first}\n{second}\n"), rater="human:ada")

    (warm_up,) = forecasts(planted_tree, of="D")
    (said,) = forecasts(planted_tree)
    assert (warm_up.arm, warm_up.of) == ("from D", "D")
    assert said.first_guess == {"husky": 0.4, "wolf": 0.6}
    with pytest.raises(InputError, match="no case 1 of E"):
        import_forecasts(planted_tree, written(tmp_path, first.replace('"D"', '"E"', 1)), rater="human:ada")
