"""Sides of words: shrinkage against its closed form, what vectors teach, and what silence must not."""

from __future__ import annotations

import inspect
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learning.sides import (
    NEGATED,
    SHARED,
    WORTH,
    SideAnswers,
    believed_sides,
    effective_answers,
    fit_sides,
    no_answers,
    turned,
)

UP, DOWN = np.eye(4)[0], np.eye(4)[1]


def answers(counts: Sequence[Sequence[float]], strength: list[list[float]] | None = None) -> SideAnswers:
    given = np.array(counts, dtype=np.float64)
    return SideAnswers(given, np.zeros_like(given[:, 1:]) if strength is None else np.array(strength))


def test_answers_are_shrunk_into_what_is_predicted() -> None:
    predicted = np.array([[0.2, 0.5, 0.3]])

    found = believed_sides(answers([[1, 6, 0]]), predicted)

    said = effective_answers(7.0)
    of_six = said * 6 / 7
    assert found.tau[0] == pytest.approx(
        [(of_six + WORTH * 0.5) / (said + WORTH), (WORTH * 0.3) / (said + WORTH)]
    )


def test_raters_of_one_word_err_together() -> None:
    worth = [float(effective_answers(n)) for n in (0.0, 0.5, 1.0, 10.0, 1e6)]

    assert worth[:3] == [0.0, 0.5, 1.0]
    assert worth[3] == pytest.approx(10 / (1 + 9 * SHARED))
    assert worth[4] == pytest.approx(1 / SHARED, rel=1e-3)


def test_ten_who_agree_about_a_word_are_not_ten_who_read_it_in_its_text() -> None:
    predicted = np.array([[1.0, 0.0, 0.0]] * 2)

    found = believed_sides(answers([[0, 3, 0], [0, 10, 0]]), predicted)

    assert found.tau[0, 0] < found.tau[1, 0] < 0.6


@given(st.lists(st.integers(0, 9), min_size=3, max_size=3))
@settings(deadline=None, max_examples=50)
def test_nobody_is_surer_than_two_in_a_hundred(counts: list[int]) -> None:
    found = believed_sides(answers([[float(c) for c in counts]]), np.array([[0.0, 1.0, 0.0]]))

    assert found.tau.min() >= 0.02
    assert found.tau.max() <= 0.98


def test_more_answers_make_it_surer() -> None:
    predicted = np.full((2, 3), 1 / 3)

    found = believed_sides(answers([[0, 1, 0], [0, 10, 0]]), predicted)

    assert found.sd[1, 0] < found.sd[0, 0]


def test_few_answers_tilt_no_word_to_a_side() -> None:
    prior = fit_sides(None, answers([[0, 3, 0], [0, 2, 0]]))

    assert prior.base[1] == prior.base[2]
    assert prior.base.sum() == pytest.approx(1.0)


def test_words_like_those_that_were_rated_are_believed_to_speak_like_them() -> None:
    rng = np.random.default_rng(0)
    vectors = np.concatenate([UP + 0.1 * rng.normal(size=(30, 4)), DOWN + 0.1 * rng.normal(size=(30, 4))])
    said = answers([[0, 0, 1]] * 30 + [[0, 1, 0]] * 30)

    q = fit_sides(vectors, said).predicted(np.array([UP, DOWN]), 2)

    assert q[0, 2] > 0.8 > 0.2 > q[0, 1]
    assert q[1, 1] > 0.8


def test_a_prior_that_was_told_of_dull_words_believes_that_others_are_dull() -> None:
    rng = np.random.default_rng(0)
    dull = np.eye(4)[2] + 0.1 * rng.normal(size=(40, 4))
    felt = UP + 0.1 * rng.normal(size=(40, 4))
    only_felt = fit_sides(felt, answers([[0, 0, 1]] * 20 + [[0, 1, 0]] * 20))
    both = fit_sides(
        np.concatenate([felt, dull]), answers([[0, 0, 1]] * 20 + [[0, 1, 0]] * 20 + [[1, 0, 0]] * 40)
    )

    assert both.predicted(dull[:1], 1)[0, 0] > 0.7 > only_felt.predicted(dull[:1], 1)[0, 0]


def test_vectors_that_tell_nothing_are_not_trusted() -> None:
    rng = np.random.default_rng(1)
    said = np.eye(3)[rng.integers(3, size=60)]

    assert fit_sides(rng.normal(size=(60, 8)), answers(said.tolist())).trust == 0.0


def test_without_vectors_the_base_rate_takes_their_place() -> None:
    prior = fit_sides(None, answers([[2, 0, 2]]))

    assert prior.predicted(None, 2) == pytest.approx(np.tile(prior.base, (2, 1)))


def test_not_good_takes_most_of_what_was_said_of_good_for_the_other_side() -> None:
    found = turned(answers([[1, 0, 9]], [[0.0, 4.5]]))

    assert found.counts[0] == pytest.approx([1 + 9 * (1 - NEGATED), 9 * NEGATED, 0.0])
    assert found.strength[0] == pytest.approx([4.5 * NEGATED, 0.0])


def test_a_tilt_of_all_words_says_nothing_of_one() -> None:
    tilted = np.tile([0.2, 0.2, 0.6], (5, 1))

    assert believed_sides(no_answers(5, 2), tilted).stated == pytest.approx(np.zeros((5, 2)))


def test_strength_is_stated_for_the_stronger_class_only() -> None:
    found = believed_sides(answers([[0, 1, 3]], [[0.25, 1.5]]), np.array([[1 / 3] * 3]))
    said = effective_answers(4.0)

    assert found.stated[0, 0] == 0.0
    assert found.stated[0, 1] == pytest.approx(1.25 / 4 * said / (said + WORTH))


@pytest.mark.parametrize("function", [fit_sides, believed_sides, turned])
def test_no_label_has_a_door_here(function: object) -> None:
    given = set(inspect.signature(function).parameters)  # type: ignore[arg-type]  # functions

    assert given <= {"vectors", "answers", "seed", "predicted", "worth"}
