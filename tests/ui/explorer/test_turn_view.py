"""What a question shows, and how what a browser sends is read; whatever it sends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kb.address import ROOT
from kb.errors import InputError
from kb.knowledge import Tree, open_kb
from kb.statements import Draft
from learning.forecast_turns import begun, guess_first, open_statement, score_of
from learning.seats import Seat, seat_of
from learning.sessions import Session, new_session
from learning.turns import Turn, next_turn
from tests.tasks import grow, planted, three_species
from ui.explorer.forecast_view import case_of, forecast_view, score_in_words, shares_sent, tree_rows, view_of
from ui.explorer.turn_view import progress_in_words, said_of, turn_view
from ui.explorer.worth import in_words

ADA = "human:ada"


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Tree]:
    with open_kb(f"sqlite:///{tmp_path}/kb.db") as kb:
        made = grow(kb, planted(n=60, n_star=40), "dogs", about_predict="dogs in the city")
        top = made.store.append_child(
            made.tree_id, ROOT, Draft("The body tells.", "aspect", columns=("body_1",))
        )
        for when in ("body_1 > 0", "snow = 'deep'"):
            made.store.append_child(made.tree_id, top.address, Draft(f"{when}: wolf.", "claim", when=when))
        yield made


@pytest.fixture
def birds(tmp_path: Path) -> Iterator[Tree]:
    with open_kb(f"sqlite:///{tmp_path}/birds.db") as kb:
        made = grow(kb, three_species(n=60, n_star=40), "birds")
        for n in range(9):
            made.store.append_child(made.tree_id, ROOT, Draft(f"Claim {n}.", "claim"))
        yield made


def turn_in(tree: Tree, **plan: Any) -> Turn:
    found = next_turn(tree, new_session(tree, Session("s", **plan)), ADA)
    assert found is not None
    return found


def sent(turn: Turn, **event: Any) -> dict[str, Any]:
    return {"turn": turn.id, "answer": "credence", "value": 0.7, "seconds": 4.0, **event}


def test_the_path_is_shown_or_not_as_was_drawn(tree: Tree) -> None:
    turn = turn_in(tree, path="without")
    while "wolf" not in turn.statements[0].text:
        turn = turn_in_next(tree, turn)
    seat = seat_of(tree, turn.session, ADA)

    assert turn_view(tree, turn, seat)["cards"][0]["path"] == []


def turn_in_next(tree: Tree, turn: Turn) -> Turn:
    from learning.turns import Said, answer_turn

    answer_turn(tree, turn, Said(answer="skip"))
    found = next_turn(tree, turn.session, ADA)
    assert found is not None
    return found


def test_examples_are_cases_that_the_statement_speaks_about_and_its_columns_come_first(tree: Tree) -> None:
    turn = turn_in(tree)
    while "snow" not in turn.statements[0].text:
        turn = turn_in_next(tree, turn)

    shown = turn_view(tree, turn, seat_of(tree, turn.session, ADA))

    assert shown["cards"][0]["path"] == ["The body tells."]
    for domain in shown["domains"]:
        assert len(domain["cases"]) == 2
        for case in domain["cases"]:
            assert ["snow", "deep"] in case
    assert {d["name"] for d in shown["domains"]} == {"the labelled cases", "dogs in the city"}


def test_what_was_sent_for_another_turn_is_refused(tree: Tree) -> None:
    turn = turn_in(tree)

    with pytest.raises(InputError, match="another statement"):
        said_of({**sent(turn), "turn": "other"}, turn)


def test_an_answer_is_read_with_how_it_was_given(tree: Tree) -> None:
    turn = turn_in(tree)

    said = said_of(sent(turn, first_ms=800, changes=3, note="  a\x00b "), turn)

    assert (said.answer, said.value, said.note, said.seconds) == ("credence", 0.7, "ab", 4.0)
    assert said.details == {"first_ms": 800.0, "changes": 3.0}
    flagged = said_of(sent(turn, answer="flag", reason="unclear", note="very"), turn)
    assert (flagged.answer, flagged.value, flagged.note) == ("flag", None, "unclear: very")


@pytest.mark.parametrize("value", [None, "0.5", float("nan"), float("inf"), True, [0.5], {}])
def test_whatever_is_no_number_is_no_value(tree: Tree, value: object) -> None:
    turn = turn_in(tree)

    assert said_of(sent(turn, value=value, seconds=value), turn).value is None
    assert said_of(sent(turn, seconds=value), turn).seconds == 0.0


@pytest.mark.parametrize(("point", "value"), [(1, 0.5 / 7), (4, 0.5), (7, 6.5 / 7)])
def test_seven_points_are_the_middles_of_seven_equal_parts(tree: Tree, point: int, value: float) -> None:
    turn = turn_in(tree, task="seven")

    said = said_of(sent(turn, point=point), turn)

    assert said.value == pytest.approx(value, abs=1e-6)
    assert said.details["point"] == point
    for wrong in (0, 8, 2.5, "3", None):
        with pytest.raises(InputError, match="no point of the scale"):
            said_of(sent(turn, point=wrong), turn)


def test_the_left_end_is_the_left_card(tree: Tree) -> None:
    turn = turn_in(tree, task="comparison")
    seat = Seat(ADA)

    shown = turn_view(tree, turn, seat)
    said = said_of(sent(turn, value=1.5), turn)

    left = turn.statements[1 if turn.swapped else 0]
    assert shown["cards"][0]["text"] == left.text
    assert said.value == (-1.5 if turn.swapped else 1.5)


def test_progress_is_said_with_the_time_once_there_is_a_pace() -> None:
    assert progress_in_words(Seat(ADA, left=4)) == "0 done, 4 to go"
    assert progress_in_words(Seat(ADA, answered=(1, 2, 3), paces=(6.0,) * 3)) == "3 done, 0 to go"


def test_ten_more_are_worth_it_or_not() -> None:
    assert in_words(0.0099).endswith("You can stop.")
    assert "0.25 nats" in in_words(0.25)


def test_two_outcomes_are_an_axis_and_more_are_shares(tree: Tree, birds: Tree) -> None:
    binary, many = turn_in(tree, task="prediction"), turn_in(birds, task="prediction")

    first = forecast_view(tree, binary, Seat(ADA), begun(tree, binary))
    shares = forecast_view(birds, many, Seat(ADA), begun(birds, many))

    assert (first["task"], shares["task"]) == ("credence", "shares")
    assert shares["outcomes"] == list(birds.task.classes)
    sent_first = {"turn": first["turn"], "value": 0.3}
    assert shares_sent(tree, sent_first, binary, begun(tree, binary)) == pytest.approx(
        dict(zip(tree.task.classes, (0.7, 0.3), strict=True))
    )


@pytest.mark.parametrize(
    "shares", [None, [0.5, 0.5], [0.5, 0.5, "x"], [2.0, -1.0, 0.0], [0.3, 0.3, 0.3], "abc"]
)
def test_shares_that_are_none_are_refused(birds: Tree, shares: object) -> None:
    turn = turn_in(birds, task="prediction")
    done = begun(birds, turn)
    event = {"turn": f"{turn.id}:first guess", "shares": shares}

    with pytest.raises(InputError):
        shares_sent(birds, event, turn, done)


def test_a_final_answer_begins_with_the_first_guess_and_an_old_one_is_refused(birds: Tree) -> None:
    turn = turn_in(birds, task="prediction")
    guess = dict(zip(birds.task.classes, (0.5, 0.3, 0.2), strict=True))
    done = guess_first(birds, turn, guess)

    assert forecast_view(birds, turn, Seat(ADA), done)["start"] == [0.5, 0.3, 0.2]
    with pytest.raises(InputError, match="another case"):
        shares_sent(birds, {"turn": f"{turn.id}:first guess", "shares": [1, 0, 0]}, turn, done)


def test_the_case_shows_no_label_and_the_tree_no_numbers(tree: Tree) -> None:
    turn = turn_in(tree, task="prediction")
    guess_first(tree, turn, {"husky": 0.5, "wolf": 0.5})
    tree.judge("rating", "0.0", ADA, value=0.9)
    done = open_statement(tree, turn, tree.statement("0.0.0").address)

    assert "animal" not in dict(case_of(tree, turn))
    rows, _ = tree_rows(tree, [s.address for s in tree.walk()], done)
    assert all(row["p"] == "" and row["o"] is None and not row["w"] for row in rows)
    view = view_of(tree, turn, done, None)
    assert view["reading"]["address"] == "0.0.0"
    assert "about this case: body 1 above 0" in view["reading"]["speaks"]
    value = dict(case_of(tree, turn))["body 1"]
    assert view["reading"]["applies"] is (float(value) > 0)


def test_a_score_is_said_beside_that_of_the_first_guess(tree: Tree) -> None:
    turn = turn_in(tree, task="prediction")
    first = {"husky": 0.5, "wolf": 0.5}
    score = score_of(tree, turn, {"husky": 1.0, "wolf": 0.0}, first)
    assert score is not None

    said = score_in_words(tree, score)

    assert said.startswith(f"The last case's animal was {score.label}.")
    assert "first guess: 0.69 nats, Brier 0.50" in said
