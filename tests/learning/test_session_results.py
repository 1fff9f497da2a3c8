"""What came of a session: counted by hand."""

from __future__ import annotations

import pytest

from kb.address import ROOT, Address
from kb.knowledge import KnowledgeBase, Tree
from kb.statements import Draft
from learning.session_results import consistency_of, export_session, show_session, standing, worth_of_next
from learning.sessions import Session, new_session
from learning.taking_back import take_back
from learning.turns import Said, answer_turn, next_turn
from tests.tasks import Table, grow

ADA, BOB = "human:ada", "human:bob"


@pytest.fixture
def tree(kb: KnowledgeBase, planted_table: Table) -> Tree:
    made = grow(kb, planted_table, "dogs")
    for n in range(8):
        made.store.append_child(made.tree_id, ROOT, Draft(f"Claim {n}.", "claim"))
    return made


def rate_all(tree: Tree, session: Session, rater: str, *, again: float = 0.0) -> None:
    while (turn := next_turn(tree, session, rater)) is not None:
        value = 0.1 * int(turn.item.about[0].split(".")[1])
        value += again if turn.item.repeat_of is not None else 0.0
        answer_turn(tree, turn, Said(value=value, seconds=3.0))


def test_progress_time_gold_and_consistency(tree: Tree) -> None:
    gold = {Address("0.3"): (0.0, 0.2), Address("0.5"): (0.4, 0.6)}
    session = new_session(tree, Session("pilot", gold=gold, repeats=0.25))
    rate_all(tree, session, ADA, again=0.3)

    found = show_session(tree, session)

    (ada,) = found.raters
    assert (ada.answered, ada.skipped, ada.flagged) == (10, 0, 0)
    assert (ada.seconds, ada.median_seconds) == (30.0, 3.0)
    assert (ada.gold_right, ada.gold) == (1, 2)
    assert ada.gold_interval is not None
    assert ada.gold_interval.low < 0.5 < ada.gold_interval.high
    assert (ada.consistency.n, ada.consistency.close) == (2, 0)
    assert ada.consistency.apart == pytest.approx(0.3)
    assert (found.items, found.items_answered, found.items_complete) == (8, 8, 8)
    assert found.agreement.needed == 20
    assert found.to_dict()["session"]["gold"] == {"0.3": [0.0, 0.2], "0.5": [0.4, 0.6]}


def test_answers_outside_sessions_repeat_nothing(tree: Tree) -> None:
    for n in range(3):
        tree.judge("rating", f"0.{n}", ADA, value=0.5)

    assert consistency_of(tree.judgements()).n == 0


def test_an_item_is_complete_when_as_many_answered_as_are_wanted(tree: Tree) -> None:
    session = new_session(tree, Session("two", raters=2))
    rate_all(tree, session, ADA)
    turn = next_turn(tree, session, BOB)
    assert turn is not None
    answer_turn(tree, turn, Said(answer="skip"))
    rate_one = next_turn(tree, session, BOB)
    assert rate_one is not None
    answer_turn(tree, rate_one, Said(value=0.5))

    found = show_session(tree, session)

    assert (found.items_answered, found.items_complete) == (8, 1)
    assert [(r.answered, r.skipped) for r in found.raters] == [(8, 0), (1, 1)]


def test_rows_hold_all_that_was_said_with_texts_and_corrections(tree: Tree) -> None:
    session = new_session(tree, Session("pilot"), most=1)
    turn = next_turn(tree, session, ADA)
    assert turn is not None
    kept = answer_turn(tree, turn, Said(value=0.4, note="hm", details={"first_ms": 900}))
    take_back(tree, session, ADA, kept.id)
    tree.judge("rating", "0.7", BOB, value=0.9)

    rows = export_session(tree, session)

    assert [(r["answer"], r["value"], r["supersedes"]) for r in rows] == [
        ("credence", 0.4, None),
        ("undo", None, kept.id),
    ]
    assert rows[0]["text"] == turn.statements[0].text
    assert (rows[0]["note"], rows[0]["details.first_ms"], rows[0]["details.with_path"]) == ("hm", 900, True)
    assert export_session(tree, session, rater=BOB) == []
    assert len(export_session(tree)) == 3
    assert [j.rater for j in standing(tree.judgements())] == [BOB]


def test_the_next_answers_are_worth_less_once_all_is_rated(dogs: Tree) -> None:
    before = worth_of_next(dogs, rater=ADA)
    session = new_session(dogs, Session("worth", statements="valuable"))
    while (turn := next_turn(dogs, session, ADA)) is not None:
        answer_turn(dogs, turn, Said(value=0.02))

    assert before > 0.01
    assert worth_of_next(dogs, rater=ADA) == 0.0
