"""Samples of D*: drawn at random, disjoint, remembered with how they came to be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kb.errors import InputError
from kb.knowledge import Tree
from learning.people import samples as module
from learning.people.samples import choose_sample, draw_sample, is_as_drawn, sample_named, samples


def test_a_sample_is_kept_and_the_same_call_gives_it_again(planted_tree: Tree) -> None:
    first = draw_sample(planted_tree, 40, seed=3)

    assert draw_sample(planted_tree, 40, seed=3) == first
    assert samples(planted_tree) == [first]
    assert len(set(first.cases)) == 40
    assert all(0 <= case < planted_tree.Dstar.n for case in first.cases)
    assert sample_named(planted_tree) == first


def test_samples_are_disjoint_until_nothing_is_left(planted_tree: Tree) -> None:
    one = draw_sample(planted_tree, 120)
    other = draw_sample(planted_tree, 80, name="later")

    assert sorted(one.cases + other.cases) == list(range(200))
    with pytest.raises(InputError, match="200 cases to predict and 200 of them are in samples already"):
        draw_sample(planted_tree, 1, name="third")


def test_more_cases_than_there_are_is_an_error_and_stores_nothing(planted_tree: Tree) -> None:
    with pytest.raises(InputError, match=r"201 cases can't be drawn: there are 200.*Draw at most 200"):
        draw_sample(planted_tree, 201)
    with pytest.raises(InputError, match="0 cases are none"):
        draw_sample(planted_tree, 0)

    assert samples(planted_tree) == []


def test_every_case_is_as_likely_and_in_any_place(planted_tree: Tree) -> None:
    drawn = [module._drawn(planted_tree, 20, seed, []) for seed in range(1000)]

    often = np.bincount(np.ravel(drawn), minlength=200)
    assert abs(often - 100).max() < 5.0 * np.sqrt(100 * 0.9)
    first = np.array([cases[0] for cases in drawn])
    assert abs(first.mean() - 99.5) < 5.0 * 57.7 / np.sqrt(1000)


def test_a_sample_can_be_drawn_again_to_see_that_it_was_drawn(planted_tree: Tree) -> None:
    draw_sample(planted_tree, 30)
    later = draw_sample(planted_tree, 30, seed=5, name="later")

    assert is_as_drawn(planted_tree, later)
    assert not is_as_drawn(planted_tree, replace(later, cases=tuple(sorted(later.cases))))


def test_a_picked_sample_says_so(planted_tree: Tree) -> None:
    picked = choose_sample(planted_tree, [5, 1, 9])

    assert (picked.how, picked.cases) == ("chosen", (5, 1, 9))
    assert not is_as_drawn(planted_tree, picked)
    assert not set(draw_sample(planted_tree, 150, name="W").cases) & {1, 5, 9}


@pytest.mark.parametrize(
    ("cases", "said"),
    [([200], "there is no case 200.*0 to 199"), ([3, 3], "case 3 is named twice"), ([], "no case is named")],
)
def test_cases_that_are_none_are_refused(planted_tree: Tree, cases: list[int], said: str) -> None:
    with pytest.raises(InputError, match=said):
        choose_sample(planted_tree, cases)


def test_a_picked_case_of_another_sample_is_refused(planted_tree: Tree) -> None:
    drawn = draw_sample(planted_tree, 10)

    with pytest.raises(InputError, match=f"case {drawn.cases[0]} is in sample V already"):
        choose_sample(planted_tree, [drawn.cases[0]], name="W")


def test_a_name_that_is_taken_is_not_drawn_over(planted_tree: Tree) -> None:
    draw_sample(planted_tree, 10)

    with pytest.raises(InputError, match="there is a sample V already"):
        draw_sample(planted_tree, 11)
    with pytest.raises(InputError, match=r"there is no sample 'W'.*There is V"):
        sample_named(planted_tree, "W")


def test_two_that_draw_at_once_get_different_cases(
    planted_tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = module._drawn
    raced: list[bool] = []

    def slow(tree: Tree, n: int, seed: int, earlier: list[module.Sample]) -> tuple[int, ...]:
        if not raced:
            raced.append(True)
            draw_sample(planted_tree, 100, name="quick")
        return real(tree, n, seed, earlier)

    monkeypatch.setattr(module, "_drawn", slow)
    late = draw_sample(planted_tree, 100, name="slow")

    quick = sample_named(planted_tree, "quick")
    assert not set(quick.cases) & set(late.cases)
    assert [s.name for s in samples(planted_tree)] == ["quick", "slow"]
