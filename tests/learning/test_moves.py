"""The model of moves: better than uniform where people have habits, and not used where they have none."""

from __future__ import annotations

import numpy as np
import pytest

from kb.address import Address
from kb.knowledge import Tree
from kb.records import Move
from learning.chance import Chance
from learning.moves import FEWEST, KINDS_OF_MOVE, MoveType, fit_moves, preference_of, typed_moves
from tests.learning.people.simulated import write_dogs

ADD, SPLIT = MoveType("add", 1, "aspect", False), MoveType("split", 2, "claim", True)


def test_probabilities_are_counts_smoothed_towards_uniform() -> None:
    model = fit_moves([ADD] * 30 + [SPLIT] * 10, sorts=4)

    types = 4 * len(KINDS_OF_MOVE)
    assert model.types == types
    assert np.exp(model.log_p[ADD]) == pytest.approx(31 / (40 + types))
    total = np.exp(model.log_p[ADD]) + np.exp(model.log_p[SPLIT]) + (types - 2) * np.exp(model.unseen)
    assert total == pytest.approx(1.0)


def test_habits_are_likelier_than_uniform_on_later_moves_and_noise_is_not_used() -> None:
    rng = np.random.default_rng(0)
    kinds = [MoveType(kind, d, "claim", False) for kind in KINDS_OF_MOVE for d in range(4)]

    habit = fit_moves([ADD if rng.random() < 0.7 else SPLIT for _ in range(60)], sorts=4)
    noise = [fit_moves([kinds[i] for i in rng.integers(len(kinds), size=60)], sorts=4) for _ in range(40)]

    assert habit.gain > 1.0
    assert habit.is_used
    assert np.mean([model.is_used for model in noise]) < 0.2


def test_the_measure_is_of_moves_that_were_not_counted() -> None:
    """Whoever changes habit is not foretold: the earlier 70 % say nothing of the later 30 %."""
    model = fit_moves([ADD] * 70 + [SPLIT] * 30, sorts=4)

    assert not model.is_used
    assert model.held_out == 30


def test_a_short_log_teaches_nothing() -> None:
    assert not fit_moves([ADD] * (FEWEST - 1), sorts=4).is_used


def log(tree: Tree, address: str, times: int, by: str = "human:ada", kind: str = "edit") -> None:
    tree.log(*(Move(kind, Address(address), by, taken=True, created=float(i)) for i in range(times)))


def test_the_search_prefers_what_people_work_on(planted_tree: Tree) -> None:
    tree = write_dogs(planted_tree)
    assert preference_of(tree)(tree.statement("0.1.0")) == 0.0
    log(tree, "0.1", 200)

    prefers = preference_of(tree)

    assert prefers(tree.statement("0.1")) > 0.5
    assert prefers(tree.statement("0.1.0")) < prefers(tree.statement("0.1"))


def test_the_search_does_not_learn_from_itself(planted_tree: Tree) -> None:
    tree = write_dogs(planted_tree)
    log(tree, "0.1", 60, by="search", kind="unpack")

    assert preference_of(tree)(tree.statement("0.1")) == 0.0
    assert len(typed_moves(tree)) > len(typed_moves(tree, by_people=True))


def test_luck_draws_moves_in_proportion_to_what_they_are_worth() -> None:
    worth = {Address("0.1"): 1.0, Address("0.2"): 0.0, Address("0.3"): -1.0}
    won = dict.fromkeys(worth, 0)
    for seed in range(3000):
        chance = Chance(temperature=1.0, seed=seed)
        won[max(worth, key=lambda a: worth[a] + chance.luck(a))] += 1

    weights = np.exp(list(worth.values()))
    assert np.array(list(won.values())) / 3000 == pytest.approx(weights / weights.sum(), abs=0.03)
    assert Chance().luck(Address("0.1")) == 0.0
    assert len(Chance(share=0.8, seed=1).rows(100)) == 80
