"""Rating sessions and forecasts work on every store alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from kb.address import ROOT, Address
from kb.knowledge import Tree, open_kb
from kb.statements import Draft
from learning.forecast_turns import answer_forecast, cite_statement, guess_first, open_statement
from learning.people.forecasts import forecasts
from learning.session_results import export_session, show_session
from learning.sessions import Session, list_sessions, new_session
from learning.taking_back import take_back
from learning.turns import Said, Turn, answer_turn, next_turn
from tests.contract.conftest import Place
from tests.tasks import grow, planted

RATERS = ("human:ada", "human:bob")


@pytest.fixture
def dogs(place: Place) -> Iterator[Tree]:
    with open_kb(place.url) as kb:
        tree = grow(kb, planted(n=60, n_star=40), "dogs")
        for n in range(8):
            tree.store.append_child(tree.tree_id, ROOT, Draft(f"Claim {n}.", "claim"))
        yield tree


def turn_of(tree: Tree, session: Session, rater: str) -> Turn:
    found = next_turn(tree, session, rater)
    assert found is not None
    return found


def test_two_raters_share_a_session_take_answers_back_and_repeat(dogs: Tree) -> None:
    session = new_session(dogs, Session("pilot", raters=1, repeats=0.25, gold={Address("0.7"): (0.0, 0.5)}))
    first = answer_turn(dogs, turn_of(dogs, session, RATERS[0]), Said(value=0.9))
    take_back(dogs, session, RATERS[0], first.id)
    while turns := [t for rater in RATERS if (t := next_turn(dogs, session, rater))]:
        for turn in turns:
            answer_turn(dogs, turn, Said(value=0.25, seconds=2.0))

    found = show_session(dogs, session)
    asked = Counter((j["details.item"]) for j in export_session(dogs, session) if j["answer"] == "credence")
    assert (found.items, found.items_complete) == (8, 8)
    assert sum(r.gold_right for r in found.raters) == 2
    assert sum(r.consistency.n for r in found.raters) == 2
    assert max(asked.values()) == 2
    assert [s.name for s in list_sessions(dogs)] == ["pilot"]


def test_a_forecast_keeps_its_view(dogs: Tree) -> None:
    session = new_session(dogs, Session("cases", task="prediction"), most=2)
    turn = turn_of(dogs, session, RATERS[0])
    guess_first(dogs, turn, {"husky": 0.5, "wolf": 0.5})
    for n in (3, 1):
        open_statement(dogs, turn, Address(f"0.{n}"))
    cite_statement(dogs, turn, Address("0.3"), is_cited=True)

    answer_forecast(dogs, turn, {"husky": 0.9, "wolf": 0.1})

    (kept,) = forecasts(dogs, of="D")
    assert ([o.address for o in kept.opened], kept.cited) == (["0.3", "0.1"], ("0.3",))
    assert turn_of(dogs, session, RATERS[0]).item.case != turn.item.case
