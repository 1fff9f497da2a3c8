"""Rating sessions: what is asked of whom, what is kept, and what happens when things break off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from kb.address import ROOT, Address
from kb.errors import FailedError, InputError
from kb.knowledge import KnowledgeBase, Tree
from kb.records import Judgement
from kb.statements import Draft
from kb.stores.protocol import UnknownAddressError
from learning.asking import answer
from learning.seats import open_guidelines, seat_of, seconds_left
from learning.sessions import Session, all_items, list_sessions, new_session, session_named
from learning.taking_back import take_back
from learning.turns import Said, Turn, answer_turn, next_turn
from tests.tasks import Table, grow

ADA, BOB = "human:ada", "human:bob"


@pytest.fixture
def tree(kb: KnowledgeBase, planted_table: Table) -> Tree:
    """Twelve statements in two branches."""
    made = grow(kb, planted_table, "dogs")
    for branch in ("body", "snow"):
        top = made.store.append_child(made.tree_id, ROOT, Draft(f"The {branch} tells.", "aspect"))
        for n in range(5):
            made.store.append_child(made.tree_id, top.address, Draft(f"{branch} claim {n}.", "claim"))
    return made


def rated(tree: Tree, session: Session, rater: str, **said: Any) -> list[Turn]:
    """Answer until nothing is left."""
    turns = []
    while (turn := next_turn(tree, session, rater)) is not None:
        answer_turn(tree, turn, Said(**{"value": 0.7, "seconds": 4.0, **said}))
        turns.append(turn)
        assert len(turns) < 100
    return turns


def of_session(tree: Tree, rater: str) -> list[Judgement]:
    return [j for j in tree.judgements() if j.rater == rater]


def test_every_statement_is_asked_once_of_every_rater(tree: Tree) -> None:
    session = new_session(tree, Session("pilot"))

    for rater in (ADA, BOB):
        asked = Counter(t.statements[0].address for t in rated(tree, session, rater))
        assert set(asked.values()) == {1}
        assert set(asked) == {s.address for s in tree.walk()} - {ROOT}


def test_raters_get_the_statements_in_orders_of_their_own(tree: Tree) -> None:
    session = new_session(tree, Session("pilot", seed=3))

    ada, bob = ([t.item.ordinal for t in rated(tree, session, who)] for who in (ADA, BOB))

    assert ada != bob
    assert ada != sorted(ada)


def test_one_answer_per_item_is_shared_out_between_two_raters(tree: Tree) -> None:
    session = new_session(tree, Session("shared", raters=1))
    asked: list[Address] = []
    while turns := [t for who in (ADA, BOB) if (t := next_turn(tree, session, who))]:
        for turn in turns:
            answer_turn(tree, turn, Said(value=0.5))
            asked.append(turn.statements[0].address)

    assert len(asked) == len(set(asked)) == 12


def test_a_leased_item_comes_back_when_its_lease_has_run_out(tree: Tree) -> None:
    session = new_session(tree, Session("shared", raters=1), most=1)

    held = next_turn(tree, session, ADA, clock=lambda: 1000.0)
    assert held is not None
    assert next_turn(tree, session, BOB, clock=lambda: 1500.0) is None
    taken = next_turn(tree, session, BOB, clock=lambda: 1601.0)
    assert taken is not None
    assert taken.item.ordinal == held.item.ordinal


def test_an_answer_that_comes_after_the_lease_ran_out_is_kept_all_the_same(tree: Tree) -> None:
    session = new_session(tree, Session("shared", raters=1), most=1)
    late = next_turn(tree, session, ADA, clock=lambda: 1000.0)
    quick = next_turn(tree, session, BOB, clock=lambda: 2000.0)
    assert late is not None
    assert quick is not None
    answer_turn(tree, quick, Said(value=0.2))

    answer_turn(tree, late, Said(value=0.9))

    assert [(j.rater, j.value) for j in tree.judgements()] == [(BOB, 0.2), (ADA, 0.9)]


def test_a_reload_shows_the_same_item(tree: Tree) -> None:
    session = new_session(tree, Session("pilot"))

    first, again = next_turn(tree, session, ADA), next_turn(tree, session, ADA)

    assert first is not None
    assert again is not None
    assert first.item.ordinal == again.item.ordinal
    assert first.id == again.id


def test_an_answer_that_is_sent_three_times_is_kept_once(tree: Tree) -> None:
    session = new_session(tree, Session("pilot"))
    turn = next_turn(tree, session, ADA)
    assert turn is not None

    for value in (0.3, 0.3, 0.8):
        answer_turn(tree, turn, Said(value=value))

    assert [j.value for j in of_session(tree, ADA)] == [0.3]
    assert seat_of(tree, session, ADA).done == 1


def test_an_answer_after_which_everything_broke_off_is_not_asked_again(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = new_session(tree, Session("pilot"))
    turn = next_turn(tree, session, ADA)
    assert turn is not None
    with monkeypatch.context() as broken:
        broken.setattr(tree.store, "put_document", _fails)
        with pytest.raises(FailedError):
            answer_turn(tree, turn, Said(value=0.4))

    after = next_turn(tree, session, ADA)

    assert after is not None
    assert after.item.ordinal != turn.item.ordinal
    assert [j.value for j in of_session(tree, ADA)] == [0.4]


def test_an_answer_that_could_not_be_kept_leaves_the_turn_as_it_was(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = new_session(tree, Session("pilot"))
    turn = next_turn(tree, session, ADA)
    assert turn is not None
    with monkeypatch.context() as broken:
        broken.setattr(tree.store, "append_judgements", _fails)
        with pytest.raises(FailedError):
            answer_turn(tree, turn, Said(value=0.4))

    again = next_turn(tree, session, ADA)

    assert again is not None
    assert again.id == turn.id
    assert of_session(tree, ADA) == []


def _fails(*_: object, **__: object) -> None:
    raise FailedError("the disk is full.")


def test_an_answer_taken_back_is_asked_again_and_nothing_is_erased(tree: Tree) -> None:
    session = new_session(tree, Session("pilot"))
    first = next_turn(tree, session, ADA)
    assert first is not None
    kept = answer_turn(tree, first, Said(value=0.4))
    waiting = next_turn(tree, session, ADA)
    assert waiting is not None

    for _ in range(2):  # pressed twice
        take_back(tree, session, ADA, kept.id)
    again = next_turn(tree, session, ADA)

    assert again is not None
    assert again.item.ordinal == first.item.ordinal
    assert again.id != first.id
    answer_turn(tree, again, Said(value=0.6))
    said = [(j.answer, j.value, j.supersedes) for j in of_session(tree, ADA)]
    assert said == [("credence", 0.4, None), ("undo", None, kept.id), ("credence", 0.6, None)]
    then = next_turn(tree, session, ADA)
    assert then is not None
    assert then.item.ordinal == waiting.item.ordinal


def test_the_last_ten_answers_can_be_taken_back_and_no_more(tree: Tree) -> None:
    session = new_session(tree, Session("pilot"))
    rated(tree, session, ADA)
    ids = [j.id for j in of_session(tree, ADA)]

    for judgement_id in reversed(ids[-10:]):
        take_back(tree, session, ADA, judgement_id)

    with pytest.raises(InputError, match="none of your last 10 answers"):
        take_back(tree, session, ADA, ids[1])
    assert len(rated(tree, session, ADA)) == 10


def test_taking_back_that_broke_off_is_finished_at_the_next_turn(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = new_session(tree, Session("pilot"))
    turn = next_turn(tree, session, ADA)
    assert turn is not None
    kept = answer_turn(tree, turn, Said(value=0.4))
    with monkeypatch.context() as broken:
        broken.setattr(tree.store, "append_judgements", _fails)
        with pytest.raises(FailedError):
            take_back(tree, session, ADA, kept.id)

    again = next_turn(tree, session, ADA)

    assert again is not None
    assert again.item.ordinal == turn.item.ordinal
    assert [j.answer for j in of_session(tree, ADA)] == ["credence", "undo"]


def test_a_repeat_comes_to_the_same_rater_some_answers_later_and_is_marked(tree: Tree) -> None:
    session = new_session(tree, Session("repeats", repeats=0.25))

    assert next_turn(tree, session, ADA) is not None
    assert seat_of(tree, session, ADA).left == 14

    turns = rated(tree, session, ADA)

    assert len(turns) == 15
    at = {t.item.ordinal: place for place, t in enumerate(turns)}
    repeats = [t for t in turns if t.item.repeat_of is not None]
    assert len(repeats) == 3
    assert all(at[t.item.ordinal] > at[t.item.repeat_of] for t in repeats if t.item.repeat_of is not None)
    marked = [j.details["repeat_of"] for j in of_session(tree, ADA)]
    assert sum(m is not None for m in marked) == 3


def test_what_was_skipped_is_not_repeated(tree: Tree) -> None:
    session = new_session(tree, Session("repeats", repeats=0.25))

    assert len(rated(tree, session, ADA, answer="skip", value=None)) == 12


def test_gold_is_hidden_among_the_others_and_goes_to_everyone(tree: Tree) -> None:
    gold = {Address("0.1.0"): (0.0, 0.2)}
    session = new_session(tree, Session("gold", raters=1, gold=gold))

    asked = [t.statements[0].address for who in (ADA, BOB) for t in rated(tree, session, who)]

    counts = Counter(asked)
    assert counts.pop(Address("0.1.0")) == 2
    assert set(counts.values()) == {1}
    assert all_items(tree, "gold")[0].gold is None


def test_comparisons_hang_together_and_swap_their_sides(tree: Tree) -> None:
    session = new_session(tree, Session("pairs", task="comparison", repeats=0.2))

    turns = rated(tree, session, ADA, value=1.5)

    linked = {turns[0].item.about[0]}
    while more := {a for t in turns if linked & set(t.item.about) for a in t.item.about} - linked:
        linked |= more
    assert linked == {s.address for s in tree.walk()} - {ROOT}
    sides = Counter(t.swapped for t in turns if t.item.repeat_of is None)
    assert abs(sides[True] - sides[False]) <= len(turns) // 3
    swapped = {t.item.ordinal: t.swapped for t in turns}
    for turn in turns:
        if turn.item.repeat_of is not None:
            assert turn.swapped is not swapped[turn.item.repeat_of]


def test_a_comparison_is_kept_with_its_sides_and_ratio(tree: Tree) -> None:
    from learning.ratios import comparisons_of

    session = new_session(tree, Session("pairs", task="comparison"))
    turn = next_turn(tree, session, ADA)
    assert turn is not None

    kept = answer_turn(tree, turn, Said(value=1.2))

    first, second = turn.item.about
    assert kept.details["left"] == (second if turn.swapped else first)
    (found,) = comparisons_of(tree.judgements())
    assert (found.first, found.second, found.log_ratio) == (first, second, 1.2)


def test_the_path_is_a_factor_that_is_drawn_and_recorded(tree: Tree) -> None:
    session = new_session(tree, Session("paths", path="both"))

    shown = {t.item.ordinal: t.with_path for t in rated(tree, session, ADA)}

    assert Counter(shown.values()) == {True: 6, False: 6}
    assert {j.details["item"]: j.details["with_path"] for j in of_session(tree, ADA)} == shown


def test_only_unrated_statements_are_asked(tree: Tree) -> None:
    answer_about(tree, "0.0.1")
    session = new_session(tree, Session("rest", statements="unrated", at=Address("0.0")))

    assert [i.about for i in all_items(tree, session.name)] == [
        (Address(a),) for a in ("0.0", "0.0.0", "0.0.2", "0.0.3", "0.0.4")
    ]


def answer_about(tree: Tree, address: str) -> None:
    tree.judge("rating", address, BOB, value=0.5)


def test_the_most_valuable_are_asked_first_and_the_task_before_all(dogs: Tree) -> None:
    session = new_session(dogs, Session("worth", statements="valuable"), most=4)

    turns = rated(dogs, session, ADA)

    assert [t.item.ordinal for t in turns] == [0, 1, 2, 3]
    assert [t.item.kind for t in turns] == ["task", "rating", "rating", "rating"]
    answer(dogs, turns[1].statements[0].address, rater=BOB, value=0.5)


def test_guidelines_are_opened_once_before_the_first_item(tree: Tree) -> None:
    session = new_session(tree, Session("guided", guidelines="Read me."))
    with pytest.raises(InputError, match="guidelines come first"):
        next_turn(tree, session, ADA)

    open_guidelines(tree, session, ADA)

    assert next_turn(tree, session, ADA) is not None


def test_a_statement_that_left_the_tree_is_not_asked(tree: Tree) -> None:
    session = new_session(tree, Session("pilot"))
    tree.store.set_dropped(tree.tree_id, Address("0.1"), is_dropped=True)

    asked = {t.statements[0].address for t in rated(tree, session, ADA)}

    assert asked == {Address("0.0"), *(Address(f"0.0.{n}") for n in range(5))}


def test_time_left_is_the_pace_of_the_last_answers(tree: Tree) -> None:
    session = new_session(tree, Session("pilot"))
    for seconds in (2.0, 4.0, 90.0):
        assert seconds_left(seat_of(tree, session, ADA)) is None
        turn = next_turn(tree, session, ADA)
        assert turn is not None
        answer_turn(tree, turn, Said(value=0.5, seconds=seconds))
    next_turn(tree, session, ADA)

    seat = seat_of(tree, session, ADA)
    assert (seat.done, seat.left) == (3, 8)
    assert seconds_left(seat) == 4.0 * 9


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"name": "Not a name"}, "can't name a session"),
        ({"task": "guessing"}, "'guessing' is no task"),
        ({"path": "maybe"}, "'maybe' is no path"),
        ({"repeats": 1.0}, "no share of repeats"),
        ({"raters": 0}, "too few"),
        ({"gold": {Address("0.0"): (0.5, 0.2)}}, "no range"),
        ({"gold": {Address("0.0"): (0.1, 0.2)}, "task": "comparison"}, "has no gold"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(tree: Tree, wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        new_session(tree, replace(Session("pilot"), **wrong))
    assert list_sessions(tree) == []


def test_statements_that_are_not_there_are_refused(tree: Tree) -> None:
    with pytest.raises(UnknownAddressError):
        new_session(tree, Session("pilot", at=Address("0.9")))
    with pytest.raises(UnknownAddressError):
        new_session(tree, Session("pilot", gold={Address("0.9"): (0.0, 1.0)}))
    with pytest.raises(InputError, match="nothing is left to ask"):
        new_session(tree, Session("pair", task="comparison", at=Address("0.0.0")))


def test_a_name_is_taken_once(tree: Tree) -> None:
    made = new_session(tree, Session("pilot", by=ADA, guidelines="Read me."))

    with pytest.raises(InputError, match="a session of this name"):
        new_session(tree, Session("pilot"))
    assert list_sessions(tree) == [made]
    assert session_named(tree, "pilot") == made
    with pytest.raises(InputError, match=r"no session 'other' is in this tree \(pilot\)"):
        session_named(tree, "other")


def test_a_session_whose_making_broke_off_is_made_again(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    real: Callable[..., object] = tree.store.put_document
    written = 0

    def breaks(*given: Any, **more: Any) -> object:
        nonlocal written
        written += 1
        if written > 4:
            raise FailedError("the disk is full.")
        return real(*given, **more)

    with monkeypatch.context() as broken:
        broken.setattr(tree.store, "put_document", breaks)
        with pytest.raises(FailedError):
            new_session(tree, Session("pilot"))
    assert list_sessions(tree) == []

    assert new_session(tree, Session("pilot")).size == 12


def test_an_answer_that_is_none_is_refused_and_nothing_moves(tree: Tree) -> None:
    session = new_session(tree, Session("pilot"))
    turn = next_turn(tree, session, ADA)
    assert turn is not None

    with pytest.raises(InputError, match="no credence"):
        answer_turn(tree, turn, Said(value=1.5))
    with pytest.raises(InputError, match="is no answer"):
        answer_turn(tree, turn, Said(answer="perhaps"))

    again = next_turn(tree, session, ADA)
    assert again is not None
    assert again.id == turn.id
