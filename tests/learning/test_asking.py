"""Asking: leverage and worth against closed forms and brute force; what is asked, and taking answers back."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

from kb.address import ROOT, Address
from kb.arrays import Numbers
from kb.errors import InputError
from kb.knowledge import KnowledgeBase, Tree
from kb.statements import Draft, Statement
from kb.stores.protocol import UnknownAddressError
from kb.task import Column
from learning.asking import Question, answer, next_step, questions, undo
from learning.background import Background
from learning.fitting import Fit, latest_fit
from learning.growing import unpack
from learning.leverage import worth_of_asking
from learning.predicting import predict
from learning.prior import fit_prior
from learning.scorecard import Points, Scorecard
from learning.switches import Switchboard
from tests.cases import cases_from_arrays
from tests.tasks import Table, aspect_about, grow

TAU = {"0.0": 0.3, "0.1": 0.8}
NEEDS = [frozenset(["0.0"]), frozenset(["0.1"]), frozenset(["0.0", "0.1"])]
THETA = np.array([[0.0, 2.0], [0.5, -1.0], [0.0, 1.5]])
X = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 1.0]])


def hand_made(as_D: float = 0.0) -> Fit:
    """Claims a, b and a AND b, on two switches."""
    when = ("a > 0", "b > 0", "a > 0 AND b > 0")
    claims = tuple(Statement(Address(f"0.{i}.0"), Draft(w, "claim", w)) for i, w in enumerate(when))
    board = Switchboard.of(TAU, NEEDS)
    points = Points(np.array([0.2, 0.0]), THETA, 1.0)
    card = Scorecard(board, (-1, -1, -1), 2)
    return Fit(Background(claims, claims, (0, 1, 2), 3), fit_prior([]), card, points, points, as_D, 0)


def hand_made_cases() -> object:
    columns = [Column("a", "numeric"), Column("b", "numeric")]
    return cases_from_arrays(columns, {"a": X[:, 0], "b": X[:, 1]})


def matches() -> Numbers:
    return np.stack([X[:, 0], X[:, 1], X[:, 0] * X[:, 1]], axis=1)


def reader(g: tuple[int, ...]) -> Numbers:
    """P(second class | x, world), shape (n,)."""
    on = np.array([g[0], g[1], g[0] * g[1]], dtype=float)
    u = np.array([0.2, 0.0]) + (matches() * on) @ THETA
    return np.asarray(1.0 / (1.0 + np.exp(u[:, 0] - u[:, 1])))


def weight(g: tuple[int, ...]) -> float:
    return math.prod(t if on else 1 - t for t, on in zip(TAU.values(), g, strict=True))


def test_leverage_is_the_closed_form() -> None:
    share, _ = worth_of_asking(hand_made(), hand_made_cases())  # type: ignore[arg-type]  # cases

    odds = THETA[:, 1] - THETA[:, 0]
    a, b, both = matches().T
    variance = [
        0.3 * 0.7 * ((a * odds[0] + 0.8 * both * odds[2]) ** 2).sum(),
        0.8 * 0.2 * ((b * odds[1] + 0.3 * both * odds[2]) ** 2).sum(),
    ]
    assert share == pytest.approx(np.array(variance) / sum(variance), abs=1e-12)


@pytest.mark.parametrize("as_D", [0.0, 0.4])
def test_what_an_answer_is_worth_is_the_mutual_information_of_switch_and_outcome(as_D: float) -> None:
    _, nats = worth_of_asking(hand_made(as_D), hand_made_cases())  # type: ignore[arg-type]  # cases

    for i in range(2):
        total = 0.0
        for case in range(len(X)):
            joint = np.zeros((2, 2))  # setting of the switch, outcome
            for g in product((0, 1), repeat=2):
                p = reader(g)[case]
                joint[g[i]] += weight(g) * np.array([1 - p, p])
            independent = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
            total += float((joint * np.log(joint / independent)).sum())
        assert nats[i] == pytest.approx((1.0 - as_D) * total / len(X), abs=1e-10)


def test_a_switch_that_is_surely_on_has_no_leverage() -> None:
    made = hand_made()
    card = Scorecard(made.scorecard.board.with_tau([1.0, 0.8]), (-1, -1, -1), 2)
    sure = Fit(made.background, made.prior, card, made.points, made.plain, 0.0, 0)

    share, nats = worth_of_asking(sure, hand_made_cases())  # type: ignore[arg-type]  # cases

    assert share.tolist() == [0.0, 1.0]
    assert nats[0] == 0.0


def test_the_question_about_the_task_comes_before_all_others(dogs: Tree) -> None:
    first, second, *_ = questions(dogs, rater="human:ada")

    assert (first.kind, first.address) == ("task", ROOT)
    assert second.kind == "rating"
    assert dogs.task.about_predict in first.text


def test_questions_come_by_leverage(dogs: Tree) -> None:
    leverage = [q.leverage for q in questions(dogs, rater="human:ada")[1:]]

    assert leverage == sorted(leverage, reverse=True)
    assert sum(leverage) == pytest.approx(1.0)


def test_no_more_questions_than_asked_for(dogs: Tree) -> None:
    assert len(questions(dogs, rater="human:ada", limit=2)) == 2


@pytest.mark.parametrize(
    "said",
    [{"value": 0.4}, {"answer": "neither"}, {"answer": "here"}, {"answer": "skip"}, {"answer": "flag"}],
)
def test_what_a_rater_answered_or_skipped_is_not_asked_again(dogs: Tree, said: dict[str, object]) -> None:
    asked = questions(dogs, rater="human:ada")

    answer(dogs, asked[0], rater="human:ada", **said)  # type: ignore[arg-type]  # fields as they are
    answer(dogs, asked[1], rater="human:ada", **said)  # type: ignore[arg-type]  # fields as they are

    left = {(q.kind, q.address) for q in questions(dogs, rater="human:ada")}
    assert not left & {(q.kind, q.address) for q in asked[:2]}


def test_another_rater_is_asked_the_same(dogs: Tree) -> None:
    answer(dogs, questions(dogs, rater="human:ada")[0], rater="human:ada", value=0.5)

    assert questions(dogs, rater="human:bob")[0].kind == "task"


def test_a_statement_that_others_answered_comes_later(dogs: Tree) -> None:
    first = questions(dogs, rater="human:ada")[1].address
    for name in ("bob", "cy", "dee"):
        dogs.judge("rating", first, f"human:{name}", value=0.5)

    assert questions(dogs, rater="human:ada")[1].address != first


def test_a_question_shows_two_cases_of_each_side_and_no_label(dogs: Tree) -> None:
    question = questions(dogs, rater="human:ada")[1]

    assert len(question.examples_D) == len(question.examples_Dstar) == 2
    for example in (*question.examples_D, *question.examples_Dstar):
        assert dogs.task.target not in example
        assert not set(example.values()) & set(dogs.task.classes)


def test_examples_meet_the_condition_of_their_statement(dogs: Tree) -> None:
    claim = next(s for s in dogs.walk() if s.draft.when and s.draft.columns == ("snow",))
    dogs.judge("rating", claim.address, "human:bob", value=0.3)

    asked = {q.address: q for q in questions(dogs, rater="human:ada")}[claim.address]

    levels = {e["snow"] for e in (*asked.examples_D, *asked.examples_Dstar)}
    assert len(levels) == 1


def test_an_answer_and_its_undoing_give_the_forecasts_back(dogs: Tree) -> None:
    before = predict(dogs).p

    change = answer(dogs, aspect_about(dogs, "snow"), rater="human:ada", value=0.02)
    moved = predict(dogs).p
    undo(dogs, change.judgement_id, rater="human:ada")

    assert np.abs(moved - before).max() > 0.05
    assert predict(dogs).p == pytest.approx(before, abs=1e-12)


def test_an_undone_question_is_asked_again(dogs: Tree) -> None:
    question = questions(dogs, rater="human:ada")[1]
    change = answer(dogs, question, rater="human:ada", value=0.3)

    undo(dogs, change.judgement_id, rater="human:ada")

    assert question.address in {q.address for q in questions(dogs, rater="human:ada")}


def test_what_an_answer_changed_is_counted_on_dstar(dogs: Tree) -> None:
    before = predict(dogs).p

    change = answer(dogs, aspect_about(dogs, "snow"), rater="human:ada", answer="here")

    after = predict(dogs).p
    assert change.of == dogs.Dstar.n
    assert change.changed == int((before.argmax(axis=1) != after.argmax(axis=1)).sum())
    assert change.nats == pytest.approx(float((after * np.log(after / before)).sum(axis=1).mean()), abs=1e-9)


def test_an_answer_taken_back_twice_is_refused(dogs: Tree) -> None:
    change = answer(dogs, aspect_about(dogs, "snow"), rater="human:ada", value=0.3)
    undo(dogs, change.judgement_id, rater="human:ada")

    with pytest.raises(InputError, match="no standing answer of human:ada"):
        undo(dogs, change.judgement_id, rater="human:ada")


def test_nobody_takes_back_what_another_said(dogs: Tree) -> None:
    change = answer(dogs, aspect_about(dogs, "snow"), rater="human:ada", value=0.3)

    with pytest.raises(InputError, match="no standing answer of human:bob"):
        undo(dogs, change.judgement_id, rater="human:bob")


@pytest.mark.parametrize("value", [-0.01, 1.01, float("nan"), float("inf"), None])
def test_what_is_no_credence_is_refused_and_not_stored(dogs: Tree, value: float | None) -> None:
    with pytest.raises(InputError, match="is no credence"):
        answer(dogs, aspect_about(dogs, "snow"), rater="human:ada", value=value)

    assert dogs.judgements() == []


@pytest.mark.parametrize("rater", ["", "ada", "human:", "robot:r2", ":ada"])
def test_who_is_no_rater_is_refused(dogs: Tree, rater: str) -> None:
    with pytest.raises(InputError, match="is no rater"):
        answer(dogs, aspect_about(dogs, "snow"), rater=rater, value=0.5)


def test_what_is_no_answer_is_refused(dogs: Tree) -> None:
    with pytest.raises(InputError, match=r"'maybe' is no answer.*credence, neither, here, skip, flag"):
        answer(dogs, aspect_about(dogs, "snow"), rater="human:ada", answer="maybe")


def test_an_answer_about_a_statement_that_is_not_there_is_refused(dogs: Tree) -> None:
    with pytest.raises(UnknownAddressError, match=r"0\.99"):
        answer(dogs, "0.99", rater="human:ada", value=0.5)


def test_the_task_belief_mixes_in_the_reader_with_everything_on(dogs: Tree) -> None:
    task = Question("task", ROOT, "?")
    forecasts = []
    for value in (0.0, 0.25, 1.0):
        answer(dogs, task, rater="human:ada", value=value)
        forecasts.append(predict(dogs).p)
    fit = latest_fit(dogs)
    as_D = fit.forecast_as_D(fit.background.matches(dogs.Dstar))

    # a credence of 0 or 1 counts as .001 or .999
    none, some, all_ = forecasts
    pure = (none - 0.001 * as_D) / 0.999
    assert some == pytest.approx(0.75 * pure + 0.25 * as_D, abs=1e-9)
    assert all_ == pytest.approx(0.001 * pure + 0.999 * as_D, abs=1e-9)


def test_what_is_worth_doing_next_is_named(dogs: Tree) -> None:
    assert "priory rate" in next_step(dogs)

    for s in list(dogs.walk()):
        if s.kind == "aspect":
            dogs.judge("rating", s.address, "human:ada", value=0.9)

    assert "priory predict" in next_step(dogs)


def test_where_d_supports_nothing_the_next_step_is_to_write(kb: KnowledgeBase) -> None:
    coin = np.random.default_rng(5)
    part = {"x": np.round(coin.normal(size=60), 2)}
    tree = grow(kb, Table({**part, "y": np.array(["heads", "tails"] * 30)}, part, (), "y"))
    unpack(tree, ROOT)
    assert not tree.children(ROOT)
    assert "priory add 0" in next_step(tree)
    assert "priory learn" not in next_step(tree)


def test_before_anything_is_grown_the_next_step_is_to_learn(planted_tree: Tree) -> None:
    assert "priory learn" in next_step(planted_tree)
