"""Comparing two statements of a tree: what is stored, what it changes, what is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kb.address import Address
from kb.errors import InputError
from kb.knowledge import KnowledgeBase, Tree
from learning.asking import answer
from learning.comparing import compare, consistency
from learning.fitting import latest_fit
from learning.growing import add
from tests.tasks import Table, grow


@pytest.fixture
def tree(new_kb: Callable[[], KnowledgeBase], planted_table: Table) -> Tree:
    made = grow(new_kb(), planted_table)
    for column, when in (("snow", "snow = 'deep'"), ("body_0", "body_0 > 0"), ("body_1", "body_1 > 0.5")):
        aspect = add(made, "0", f"{column} tells.", kind="aspect")
        add(made, aspect.address, f"{column} is high.", when=when)
    return made


def test_a_ratio_sets_the_switches_of_both_statements(tree: Tree) -> None:
    answer(tree, "0.1.0", rater="human:ada", value=0.5)

    found = compare(tree, "0.1.0", "0.0.0", 8.0, rater="human:ada")

    fit = latest_fit(tree)
    assert {"0.1.0", "0.0.0"} <= set(fit.scorecard.board.names)
    assert fit.prior.rated[Address("0.1.0")].plausibility == found.plausibility[0] > found.plausibility[1]
    assert 3.0 < found.ratio < 8.0  # a rating and the base hold against it


def test_comparisons_that_contradict_each_other_are_named(tree: Tree) -> None:
    compare(tree, "0.0", "0.1", 3.0, rater="human:ada")
    compare(tree, "0.1", "0.2", 3.0, rater="human:ada")
    found = compare(tree, "0.2", "0.0", 9.0, rater="human:ada")

    assert found.consistency == consistency(tree)
    assert found.consistency.worst is not None
    assert found.consistency.worst.off_by == pytest.approx(81.0)


@pytest.mark.parametrize(
    ("first", "second", "ratio", "message"),
    [
        ("0.0", "0.0", 2.0, "compared with itself"),
        ("0.0", "0.1", 0.0, "the ratio 0 lies outside"),
        ("0.0", "0.1", float("nan"), "the ratio nan lies outside"),
    ],
)
def test_what_can_be_no_comparison_is_refused_and_nothing_stored(
    tree: Tree, first: str, second: str, ratio: float, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        compare(tree, first, second, ratio, rater="human:ada")

    assert tree.judgements() == []


def test_no_ratio_is_taken_of_what_holds_only_in_d(tree: Tree) -> None:
    answer(tree, "0.0", rater="human:ada", answer="here")

    with pytest.raises(InputError, match="declared true of the labelled cases only"):
        compare(tree, "0.0", "0.1", 2.0, rater="human:ada")
