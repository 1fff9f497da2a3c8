"""Rate, Predict and Results without a browser: empty, one, many, a wrong link, the store down."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kb.address import ROOT
from kb.errors import FailedError
from kb.knowledge import Tree, open_kb
from kb.statements import Draft
from learning.seats import seat_of
from learning.sessions import Session, list_sessions, new_session
from learning.turns import Said, answer_turn, next_turn
from tests.tasks import grow, planted

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

    from tests.neo4j_server.places import GraphPlace

ADA = "human:Ada"
SCRIPT = Path(__file__).parents[3] / "ui" / "explorer" / "script" / "priory.py"
Open = Callable[..., "AppTest"]


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Tree]:
    with open_kb(f"sqlite:///{tmp_path}/pages.db") as kb:
        made = grow(kb, planted(n=80, n_star=60), "dogs", about_predict="dogs in the city")
        for n in range(6):
            made.store.append_child(made.tree_id, ROOT, Draft(f"Claim {n}.", "claim"))
        yield made


@pytest.fixture
def opened(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Opens a page, as Ada unless told otherwise."""
    pytest.importorskip("streamlit", reason="the explorer's pages need Streamlit")
    from streamlit.testing.v1 import AppTest

    from ui.explorer import session as visits

    monkeypatch.setenv("PRIORY_KB", tree.store.url)

    def page(path: str, *, name: str = "Ada", **query: str) -> AppTest:
        at = AppTest.from_file(SCRIPT, default_timeout=60)
        at.session_state["name"] = name
        at.query_params["tree"] = "dogs"
        at.run()
        at._page_hash = next(h for h, p in at._registered_pages.items() if p["url_pathname"] == path)
        for key, value in query.items():
            at.query_params[key] = value
        at.run()
        assert not at.exception
        return at

    yield page
    visits._opened(os.environ["PRIORY_KB"]).close()
    visits.reopen()


def said(at: AppTest) -> str:
    """All that the page says in Streamlit's own elements."""
    kinds = ("title", "subheader", "text", "caption", "error")
    found = [e for kind in kinds for e in at.get(kind)]
    return " ".join(str(getattr(e, "value", "")) for e in found).replace("\\", "")


def part(at: AppTest, name: str) -> dict[str, Any]:
    """What a component of ours was given; it must be on the page once."""
    (found,) = (e.proto for e in at.get("bidi_component") if e.proto.component_name == f"priory_{name}")
    given: dict[str, Any] = json.loads(found.json)
    return given


def test_nobody_rates_or_predicts_without_a_name(opened: Open) -> None:
    for path in ("rate", "predict"):
        at = opened(path, name="")
        assert "Who are you?" in said(at)
        assert not at.button(key="page name use").disabled


def test_with_no_session_one_click_makes_one_and_asks(opened: Open, tree: Tree) -> None:
    at = opened("predict")
    assert "No session yet" in said(at)

    at.button(key="begin").click().run()

    assert [s.name for s in list_sessions(tree)] == ["warm-up"]
    assert part(at, "rating")["question"].endswith("How likely is it that animal is wolf?")


def test_before_anything_is_fitted_the_question_about_the_task_is_worth_asking(opened: Open) -> None:
    at = opened("rate")

    at.button(key="begin").click().run()

    shown = part(at, "rating")
    assert "dogs in the city drawn and labelled" in shown["cards"][0]["text"]
    assert shown["progress"] == "0 done, 1 to go"
    assert shown["allows"] == ["skip", "flag", "note", "undo"]


def test_one_session_is_listed_with_ones_own_progress(opened: Open, tree: Tree) -> None:
    session = new_session(tree, Session("pilot"))
    assert "pilot" in said(opened("rate"))
    turn = next_turn(tree, session, ADA)
    assert turn is not None
    answer_turn(tree, turn, Said(value=0.5))

    assert "1 done, 5 to go" in said(opened("rate"))
    assert "6 items" in said(opened("rate", name="Bob"))


def test_a_session_by_hand(opened: Open, tree: Tree) -> None:
    at = opened("rate")
    at.text_input(key="make name").input("by-hand")
    at.selectbox(key="make task").select("seven")
    at.selectbox(key="make statements").select("subtree")
    at.text_area(key="make guidelines").input("Read **me**.\nTwice.")
    at.button(key="FormSubmitter:make-Make it").click().run()

    (made,) = list_sessions(tree)
    assert (made.name, made.task, made.guidelines, made.repeats) == (
        "by-hand",
        "seven",
        "Read **me**.\nTwice.",
        0.1,
    )
    assert at.query_params["s"] == "by-hand"
    assert "Read **me**.\nTwice." in said(at)
    at.button(key="have read").click().run()
    assert part(at, "rating")["task"] == "seven"
    assert seat_of(tree, made, ADA).guidelines_opened > 0


def test_a_name_that_is_none_is_said_and_nothing_is_made(opened: Open, tree: Tree) -> None:
    at = opened("rate")
    at.text_input(key="make name").input("Not A Name")
    at.button(key="FormSubmitter:make-Make it").click().run()

    assert "can't name a session" in said(at)
    assert list_sessions(tree) == []


def test_a_question_shows_the_statement_in_its_domain_and_nothing_of_the_fit(
    opened: Open, tree: Tree
) -> None:
    new_session(tree, Session("pilot"))

    shown = part(opened("rate", s="pilot"), "rating")

    assert shown["cards"][0]["text"].startswith("Claim")
    assert [len(d["cases"]) for d in shown["domains"]] == [2, 2]
    assert "dogs in the city" in shown["question"]
    assert "animal" not in {name for d in shown["domains"] for case in d["cases"] for name, _ in case}
    assert not {"points", "nats", "plausibility", "label"} & set(json.dumps(shown).split('"'))


def test_the_end_says_how_consistent_one_was_and_gives_ones_answers(opened: Open, tree: Tree) -> None:
    session = new_session(tree, Session("pilot", task="comparison", repeats=0.4))
    while (turn := next_turn(tree, session, ADA)) is not None:
        answer_turn(tree, turn, Said(value=1.0, seconds=2.0))

    at = opened("rate", s="pilot")

    assert "Thank you" in said(at)
    assert "came twice" in said(at)
    assert {b.key for b in at.get("download_button")} == {"download csv", "download jsonl"}


def test_links_to_what_is_not_there_say_so(opened: Open, tree: Tree) -> None:
    new_session(tree, Session("pilot"))
    new_session(tree, Session("cases", task="prediction"))

    assert "no session 'nowhere'" in said(opened("rate", s="nowhere"))
    assert "asks for predictions" in said(opened("rate", s="cases"))
    assert "asks for ratings" in said(opened("predict", s="pilot"))


def _down(*_: object, **__: object) -> None:
    raise FailedError("the disk is full.")


def test_a_store_that_is_down_is_a_banner_with_retry(
    opened: Open, tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kb.stores.sqlite.store import SqliteStore

    new_session(tree, Session("pilot"))
    with monkeypatch.context() as broken:
        broken.setattr(SqliteStore, "put_document", _down)
        at = opened("rate", s="pilot")
        assert "the disk is full" in said(at)

    at.button(key="retry").click().run()

    assert part(at, "rating")["cards"][0]["text"].startswith("Claim")


def test_predicting_begins_with_the_case_alone(opened: Open, tree: Tree) -> None:
    new_session(tree, Session("cases", task="prediction"))

    at = opened("predict", s="cases")

    assert part(at, "rating")["turn"].endswith(":first guess")
    assert part(at, "rating")["start"] is None
    assert {row["cells"][0]["t"] for row in part(at, "table")["rows"]} == {
        "body 0",
        "body 1",
        "body 2",
        "snow",
    }
    assert "Z comes next" in said(at)


def test_results_of_an_empty_tree_say_what_is_missing(opened: Open) -> None:
    words = said(opened("results"))

    assert "Nobody has answered yet" in words
    assert "Nothing is fitted yet" in words
    assert "There is none yet" in words


def test_results_count_people_and_hold_agreement_back_until_there_is_enough(opened: Open, tree: Tree) -> None:
    for rater in (ADA, "human:Bob"):
        for n in range(6):
            tree.judge("rating", f"0.{n}", rater, value=0.1 * n, seconds=5.0)

    at = opened("results", name="Eve")

    assert "14 more items to go" in said(at)
    assert "60 s of people's time" in said(at)
    tables = [
        json.loads(e.proto.json) for e in at.get("bidi_component") if e.proto.component_name == "priory_table"
    ]
    assert [[c["t"] for c in row["cells"]][:2] for row in tables[0]["rows"]] == [
        ["Ada", "6"],
        ["Bob", "6"],
    ]
    assert [[c["t"] for c in row["cells"]][2:] for row in tables[1]["rows"]] == [["6", "0.00", "14 more"]]


def test_results_are_held_back_from_a_rater_in_the_middle_of_a_session(opened: Open, tree: Tree) -> None:
    session = new_session(tree, Session("pilot"))
    turn = next_turn(tree, session, ADA)
    assert turn is not None
    answer_turn(tree, turn, Said(value=0.5))

    at = opened("results")
    assert "in the middle of pilot" in said(at)
    assert not at.tabs

    at.button[-1].click().run()
    assert at.tabs


@pytest.mark.neo4j
def test_rating_and_predicting_on_a_graph_database(
    graph: GraphPlace, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = graph.emptied()
    with open_kb(url) as kb:
        tree = grow(kb, planted(n=80, n_star=60), "dogs", about_predict="dogs in the city")
        for n in range(3):
            tree.store.append_child(tree.tree_id, ROOT, Draft(f"Claim {n}.", "claim"))
        new_session(tree, Session("pilot"))
        new_session(tree, Session("cases", task="prediction"))
    monkeypatch.setenv("PRIORY_KB", url)

    assert part(opened("rate", s="pilot"), "rating")["cards"][0]["text"].startswith("Claim")
    assert part(opened("predict", s="cases"), "rating")["turn"].endswith(":first guess")
    assert "Nobody has answered yet" in said(opened("results"))
