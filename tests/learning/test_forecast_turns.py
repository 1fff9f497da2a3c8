"""Forecasts in a session: first guess, view, citations, and what is kept of them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kb.address import ROOT, Address
from kb.errors import InputError
from kb.knowledge import KnowledgeBase, Tree
from kb.statements import Draft
from kb.stores.protocol import UnknownAddressError
from learning.forecast_turns import (
    answer_forecast,
    begun,
    cite_statement,
    guess_first,
    open_statement,
    score_of,
    shares_of,
)
from learning.people.forecasts import forecasts
from learning.people.samples import draw_sample
from learning.resolving import resolve
from learning.sessions import Session, new_session
from learning.taking_back import take_back
from learning.turns import Said, Turn, answer_turn, next_turn
from tests.tasks import Table, grow

ADA = "human:ada"
EVEN = {"husky": 0.5, "wolf": 0.5}


@pytest.fixture
def tree(kb: KnowledgeBase, planted_table: Table) -> Tree:
    made = grow(kb, planted_table, "dogs")
    for n in range(9):
        made.store.append_child(made.tree_id, ROOT, Draft(f"Claim {n}.", "claim"))
    return made


def turn_in(tree: Tree, session: Session) -> Turn:
    found = next_turn(tree, session, ADA)
    assert found is not None
    return found


def test_the_view_is_kept_with_the_forecast_and_the_first_guess_stays(tree: Tree) -> None:
    draw_sample(tree, 5)
    session = new_session(tree, Session("cases", task="prediction", sample="V"))
    turn = turn_in(tree, session)
    at = iter([100.0, 110.0, 120.0, 130.0, 5000.0, 5010.0])

    begun(tree, turn, clock=lambda: next(at))
    guess_first(tree, turn, EVEN, clock=lambda: next(at))
    open_statement(tree, turn, Address("0.3"), clock=lambda: next(at))
    open_statement(tree, turn, Address("0.1"), clock=lambda: next(at))
    cite_statement(tree, turn, Address("0.1"), is_cited=True, clock=lambda: next(at))
    guess_first(tree, turn, {"husky": 1.0}, clock=lambda: 5010.0)
    answer_forecast(tree, turn, {"husky": 0.8, "wolf": 0.2}, clock=lambda: next(at))

    (kept,) = forecasts(tree)
    assert (kept.case, kept.arm, kept.sample, kept.session) == (turn.item.case, "given Z", "V", "cases")
    assert kept.first_guess == EVEN
    assert kept.probabilities == {"husky": 0.8, "wolf": 0.2}
    assert [(o.address, o.seconds) for o in kept.opened] == [("0.3", 20.0), ("0.1", 30.0)]
    assert kept.cited == ("0.1",)
    assert kept.seconds == 30.0 + 300.0 + 10.0  # a night's pause counts as five minutes


def test_a_forecast_sent_twice_is_kept_once_and_can_be_taken_back(tree: Tree) -> None:
    session = new_session(tree, Session("cases", task="prediction", arm="unaided"))
    turn = turn_in(tree, session)

    kept = answer_forecast(tree, turn, EVEN)
    answer_forecast(tree, turn, {"husky": 0.9, "wolf": 0.1})
    after = turn_in(tree, session)
    assert after.item.ordinal != turn.item.ordinal
    (first,) = forecasts(tree, of="D")
    assert first.probabilities == EVEN

    take_back(tree, session, ADA, kept.id)

    assert forecasts(tree, of="D") == []
    assert turn_in(tree, session).item.ordinal == turn.item.ordinal


def test_a_case_can_be_skipped(tree: Tree) -> None:
    session = new_session(tree, Session("cases", task="prediction"), most=1)

    with pytest.raises(InputError, match="takes a forecast"):
        answer_turn(tree, turn_in(tree, session), Said(value=0.5))
    answer_turn(tree, turn_in(tree, session), Said(answer="skip"))

    assert next_turn(tree, session, ADA) is None
    assert forecasts(tree, of="D") == []


def test_nothing_is_opened_before_the_first_guess_and_no_more_than_seven(tree: Tree) -> None:
    turn = turn_in(tree, new_session(tree, Session("cases", task="prediction")))
    with pytest.raises(InputError, match="first guess comes before"):
        open_statement(tree, turn, Address("0.0"))
    with pytest.raises(InputError, match="first guess comes first"):
        answer_forecast(tree, turn, EVEN)
    guess_first(tree, turn, EVEN)
    for n in (*range(7), 3):
        open_statement(tree, turn, Address(f"0.{n}"))
    with pytest.raises(InputError, match="7 statements are open"):
        open_statement(tree, turn, Address("0.7"))
    with pytest.raises(UnknownAddressError):
        open_statement(tree, turn, Address("0.99"))
    with pytest.raises(InputError, match="is not open"):
        cite_statement(tree, turn, Address("0.7"), is_cited=True)
    assert [o.address for o in begun(tree, turn).opened] == [f"0.{n}" for n in range(7)]


def test_citations_are_given_and_taken_back(tree: Tree) -> None:
    turn = turn_in(tree, new_session(tree, Session("cases", task="prediction")))
    guess_first(tree, turn, EVEN)
    for n in range(2):
        open_statement(tree, turn, Address(f"0.{n}"))
        cite_statement(tree, turn, Address(f"0.{n}"), is_cited=True)

    assert cite_statement(tree, turn, Address("0.0"), is_cited=False).cited == ("0.1",)


def test_half_of_the_cases_are_predicted_without_z(tree: Tree) -> None:
    session = new_session(tree, Session("cases", task="prediction", arm="both"), most=10)
    arms = []
    while (turn := next_turn(tree, session, ADA)) is not None:
        arms.append(turn.arm)
        if turn.arm == "unaided":
            with pytest.raises(InputError, match="without Z"):
                open_statement(tree, turn, Address("0.0"))
        else:
            guess_first(tree, turn, EVEN)
        answer_forecast(tree, turn, EVEN)

    assert sorted(arms) == ["given Z"] * 5 + ["unaided"] * 5
    assert [f.arm for f in forecasts(tree, of="D")] == arms


def test_scores_are_those_of_the_label_and_unknown_for_the_cases_to_predict(tree: Tree) -> None:
    turn = turn_in(tree, new_session(tree, Session("known", task="prediction")))
    label = tree.task.classes[int(tree.D.y[turn.item.case or 0])]
    other = next(c for c in tree.task.classes if c != label)

    score = score_of(tree, turn, {label: 0.8, other: 0.2}, None)

    assert score is not None
    assert score.label == label
    assert score.log_loss == pytest.approx(-math.log(0.8))
    assert score.brier == pytest.approx(0.08)
    draw_sample(tree, 3)
    unknown = turn_in(tree, new_session(tree, Session("unknown", task="prediction", sample="V")))
    assert score_of(tree, unknown, EVEN, None) is None
    labels = np.full(tree.task.n_Dstar, -1, dtype=np.int64)
    labels[unknown.item.case] = 1
    resolve(tree, labels)
    known = score_of(tree, unknown, EVEN, None)
    assert known is not None
    assert known.label == tree.task.classes[1]


def test_shares_must_sum_to_one() -> None:
    assert shares_of(("a", "b", "c"), [0.3333, 0.3333, 0.3333])["a"] == pytest.approx(1 / 3)
    with pytest.raises(InputError, match="sum to 90 %"):
        shares_of(("a", "b"), [0.5, 0.4])
    with pytest.raises(InputError, match="no share for each class"):
        shares_of(("a", "b"), [1.0])
