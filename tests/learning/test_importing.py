"""Ratings from files: what is read, and every way in which a file can be wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kb.address import ROOT
from kb.errors import InputError
from kb.knowledge import Tree
from learning.growing import unpack
from learning.importing import import_ratings
from learning.prior import ratings_of, task_belief
from tests.tasks import aspect_about


@pytest.fixture
def tree(planted_tree: Tree) -> Tree:
    """The planted task with its aspects."""
    unpack(planted_tree, "0")
    return planted_tree


def written(tmp_path: Path, text: str, name: str = "ratings.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def values(tree: Tree) -> dict[str, float]:
    return {str(r.address): r.value for r in ratings_of(tree.judgements())}


def test_a_line_names_its_statement_by_column_address_or_text(tree: Tree, tmp_path: Path) -> None:
    snow, body = aspect_about(tree, "snow"), aspect_about(tree, "body_0")
    text = tree.statement(aspect_about(tree, "body_1")).text.upper()
    path = written(tmp_path, f'column,address,text,value\nsnow,,,5\n,{body},,80\n,,"{text}",90 %\n')

    done = import_ratings(tree, path, rater="oracle:nat")

    assert (done.added, done.known, done.unknown) == (3, 0, ())
    assert values(tree) == {snow: 0.05, body: 0.8, aspect_about(tree, "body_1"): 0.9}


def test_a_task_line_answers_the_question_about_the_task(tree: Tree, tmp_path: Path) -> None:
    import_ratings(tree, written(tmp_path, "task,value\nyes,30\n"), rater="human:ada")

    (said,) = tree.judgements()
    assert (said.kind, said.address) == ("task", ROOT)
    assert task_belief([said]) == pytest.approx(0.3)


def test_words_stand_for_answers(tree: Tree, tmp_path: Path) -> None:
    lines = "column,value\nsnow,here\nbody_0,n\nbody_1,skip\n"

    import_ratings(tree, written(tmp_path, lines), rater="human:ada")

    assert [j.answer for j in tree.judgements()] == ["here", "neither", "skip"]


def test_probabilities_are_taken_as_they_are(tree: Tree, tmp_path: Path) -> None:
    import_ratings(tree, written(tmp_path, "column,probability\nsnow,0.05\n"), rater="human:ada")

    assert list(values(tree).values()) == [0.05]


def test_json_lines_are_read_too(tree: Tree, tmp_path: Path) -> None:
    lines = [
        {"column": "snow", "value": 5, "rater": "human:bob", "note": "snow melts", "seconds": 3.5},
        {"task": True, "probability": 0.2, "rater": "human:bob"},
    ]

    import_ratings(tree, written(tmp_path, "\n".join(map(json.dumps, lines)), "r.jsonl"))

    first, second = tree.judgements()
    assert (first.rater, first.note, first.seconds, first.value) == ("human:bob", "snow melts", 3.5, 0.05)
    assert (second.kind, second.value) == ("task", 0.2)


def test_the_same_file_again_adds_nothing(tree: Tree, tmp_path: Path) -> None:
    path = written(tmp_path, "column,value\nsnow,5\nbody_0,80\n")
    import_ratings(tree, path, rater="human:ada")

    again = import_ratings(tree, path, rater="human:ada")

    assert (again.added, again.known) == (0, 2)
    assert len(tree.judgements()) == 2


def test_what_the_tree_does_not_hold_is_named_with_its_line(tree: Tree, tmp_path: Path) -> None:
    done = import_ratings(tree, written(tmp_path, "column,value\nsnow,5\nisland,9\n"), rater="human:ada")

    assert done.added == 1
    assert done.unknown == ("line 3: island",)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "empty"),
        ("  \n\n", "empty"),
        ("name,score\na,1\n", r"ratings.csv:1: its header has name, score"),
        ("column,value\nsnow,5,6\n", r"ratings.csv:2: it has more fields"),
        ("address,value\n0.99,50\n", r"ratings.csv:2: no statement is stored at 0\.99"),
        ("column,value\nsnow,120\n", r"ratings.csv:2: 120 is no credence"),
        ("column,value\nsnow,-1\n", r"ratings.csv:2: -1 is no credence"),
        ("column,value\nsnow,nan\n", r"ratings.csv:2: nan is no credence"),
        ("column,value\nsnow,often\n", r"ratings.csv:2: 'often' is no number"),
        ("column,value\nsnow,\n", r"ratings.csv:2: '' is no number"),
        ("column,value\n,5\n", r"ratings.csv:2: it names no statement"),
        ("column,probability\nsnow,5\n", r"ratings.csv:2: 5\.0 is no credence"),
        ("address,value\n0.x,5\n", r"ratings.csv:2.*0\.x"),
        ("column,value,rater\nsnow,5,ada\n", r"ratings.csv:2: 'ada' is no rater"),
        ("column,value,seconds\nsnow,5,long\n", r"ratings.csv:2: 'long' is no number"),
        ('{"column": "snow", "value": 5}\n{"column": "sn', r"ratings.csv:2: it is no JSON"),
        ('{"column": "snow", "value": 5}\n[1]\n', r"ratings.csv:2: it is no JSON object"),
    ],
)
def test_a_file_that_is_wrong_anywhere_is_refused_whole(
    tree: Tree, tmp_path: Path, text: str, problem: str
) -> None:
    with pytest.raises(InputError, match=problem):
        import_ratings(tree, written(tmp_path, text), rater="human:ada")

    assert tree.judgements() == []


def test_a_file_that_is_not_there_is_named(tree: Tree, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.csv: there is no such file"):
        import_ratings(tree, tmp_path / "none.csv")


def test_bytes_that_are_no_text_are_refused(tree: Tree, tmp_path: Path) -> None:
    path = tmp_path / "ratings.csv"
    path.write_bytes(b"column,value\nsn\xffow,5\n")

    with pytest.raises(InputError, match="can't be read as UTF-8"):
        import_ratings(tree, path)


def test_a_folder_is_refused(tree: Tree, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can't be read"):
        import_ratings(tree, tmp_path)
