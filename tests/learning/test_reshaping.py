"""Split, merge and re-scope: what stands afterwards, what is remembered, what is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kb.errors import InputError
from kb.knowledge import Tree
from learning.reshaping import merge, rescope, split
from tests.learning.people.simulated import write_dogs


@pytest.fixture
def dogs_by_hand(planted_tree: Tree) -> Tree:
    return write_dogs(planted_tree)


def test_the_parts_of_a_split_speak_about_the_cases_of_the_whole(dogs_by_hand: Tree) -> None:
    old = dogs_by_hand.statement("0.1.0")

    here, there = split(dogs_by_hand, "0.1.0", "snow = 'deep'", why="by snow", by="human:ada")

    matches = dogs_by_hand.Dstar.matches([s.draft.when or "" for s in (old, here, there)])
    assert ((matches[:, 1] | matches[:, 2]) == matches[:, 0]).all()
    assert not (matches[:, 1] & matches[:, 2]).any()
    assert dogs_by_hand.statement("0.1.0").is_dropped
    assert (here.draft.replaces, here.draft.origin) == ("0.1.0", "human:ada")
    assert here.points
    move = dogs_by_hand.moves()[-1]
    assert (move.kind, move.address, move.by, move.why) == ("split", "0.1.0", "human:ada", "by snow")


def test_a_merged_statement_speaks_wherever_one_of_them_did(dogs_by_hand: Tree) -> None:
    before = dogs_by_hand.Dstar.matches(["body_0 > 1", "body_1 > 1"])

    made = merge(dogs_by_hand, ["0.1.1", "0.2.1"], "A large body.")

    now = dogs_by_hand.Dstar.matches([made.draft.when or ""])[:, 0]
    assert (now == before.any(axis=1)).all()
    assert made.text == "A large body."
    assert {"body_0", "body_1"} == set(made.draft.columns)
    assert dogs_by_hand.statement("0.2.1").is_dropped
    assert dogs_by_hand.moves()[-1].kind == "merge"


def test_a_rescoped_statement_keeps_its_text_unless_it_is_given(dogs_by_hand: Tree) -> None:
    made = rescope(dogs_by_hand, "0.1.0", "body_0 > 0.5")

    assert (made.text, made.draft.when) == ("body_0 > 0.", "body_0 > 0.5")
    assert dogs_by_hand.moves()[-1].why == "from body_0 > 0 to body_0 > 0.5"
    assert rescope(dogs_by_hand, made.address, "body_0 > 2", text="Huge.").text == "Huge."


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda t: split(t, "0.1", "snow = 'deep'"), "it has no condition"),
        (lambda t: split(t, "0.1.0", "colour = 'red'"), "colour"),
        (lambda t: split(t, "0.1.0", "body_0 > 0"), "cuts nothing off"),
        (lambda t: merge(t, ["0.1.0"], "One."), "two different statements"),
        (lambda t: merge(t, ["0.1.0", "0.1.0"], "One."), "two different statements"),
        (lambda t: merge(t, ["0.1.0", "0.1.1"], ""), "the text has 0 characters"),
        (lambda t: rescope(t, "0.1.0", "body_0 > 0"), "about these cases already"),
        (lambda t: rescope(t, "0", "body_0 > 0"), "it has no condition"),
        (lambda t: rescope(t, "0.9", "body_0 > 0"), "no such statement"),
    ],
    ids=["aspect", "column", "nothing", "one", "twice", "no text", "same", "root", "nowhere"],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    dogs_by_hand: Tree, act: Callable[[Tree], object], said: str
) -> None:
    before = [(s.address, s.is_dropped) for s in dogs_by_hand.walk(dropped=True)]

    with pytest.raises((InputError, LookupError), match=said):
        act(dogs_by_hand)

    assert [(s.address, s.is_dropped) for s in dogs_by_hand.walk(dropped=True)] == before


def test_statements_for_different_sides_are_not_merged(dogs_by_hand: Tree) -> None:
    from learning.growing import add

    one = add(dogs_by_hand, "0.1", "For wolves.", when="body_0 > 3", side="wolf")
    other = add(dogs_by_hand, "0.1", "For huskies.", when="body_0 < -3", side="husky")

    with pytest.raises(InputError, match="different sides, husky and wolf"):
        merge(dogs_by_hand, [one.address, other.address], "Both.")
