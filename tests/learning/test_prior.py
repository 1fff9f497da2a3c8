"""Prior: pooling of raters, inheritance, what counts as an answer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit

from kb.address import ROOT, Address, ancestors
from kb.records import Judgement, JudgementKind
from learning.prior import Rating, fit_prior, ratings_of, task_belief

A, B = Address("0.0"), Address("0.1")


def said(
    number: int,
    value: float | None = None,
    answer: str = "credence",
    *,
    rater: str = "human:ada",
    address: Address = A,
    kind: JudgementKind = "rating",
    supersedes: str | None = None,
) -> Judgement:
    return Judgement(f"j{number}", kind, address, rater, value, answer, supersedes=supersedes)


def test_one_rating_alone_is_the_closed_form_of_the_normal_model() -> None:
    belief = fit_prior([Rating(A, "human:ada", 0.9)]).rated[A]

    # base = logit(.9)/(1+6); posterior mean of m ~ N(base, 2²), answer ~ N(m, .5²)
    base, answer = logit(0.9) / 7, logit(0.9)
    mean = (answer / 0.25 + base / 4.0) / (1 / 0.25 + 1 / 4.0)
    assert belief.plausibility == pytest.approx(float(expit(mean)), abs=1e-12)


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=6))
@settings(deadline=None, max_examples=60)
def test_nobody_is_surer_than_two_in_a_hundred(values: list[float]) -> None:
    belief = fit_prior([Rating(A, f"human:{i}", v) for i, v in enumerate(values)]).rated[A]

    assert belief.plausibility == 0.0 or 0.02 <= belief.plausibility <= 0.98


@given(st.permutations(range(5)))
@settings(deadline=None, max_examples=20)
def test_the_order_of_the_ratings_is_of_no_matter(order: list[int]) -> None:
    ratings = [Rating(Address(f"0.{i % 3}"), f"human:{i}", 0.1 + 0.2 * i) for i in range(5)]

    shuffled = fit_prior([ratings[i] for i in order])

    expected = fit_prior(ratings)
    assert shuffled.base == pytest.approx(expected.base, abs=1e-12)
    for address, belief in expected.rated.items():
        assert shuffled.rated[address].plausibility == pytest.approx(belief.plausibility, abs=1e-12)


def test_raters_are_kept_apart_and_pooled_between_their_answers() -> None:
    belief = fit_prior([Rating(A, "human:ada", 0.2), Rating(A, "human:bob", 0.8)]).rated[A]

    assert belief.rated == 2
    assert 0.2 < belief.plausibility < 0.8
    assert belief.spread == pytest.approx(0.6)


def test_more_raters_who_agree_make_it_surer() -> None:
    one = fit_prior([Rating(A, "human:0", 0.8)]).rated[A]
    five = fit_prior([Rating(A, f"human:{i}", 0.8) for i in range(5)]).rated[A]

    assert five.sd < one.sd


def test_raters_who_disagree_elsewhere_are_trusted_less_here() -> None:
    here = [Rating(A, "human:ada", 0.95), Rating(B, "human:ada", 0.1)]
    agreed = fit_prior([*here, Rating(B, "human:bob", 0.1)])
    at_odds = fit_prior([*here, Rating(B, "human:bob", 0.95)])

    assert at_odds.noise > agreed.noise
    assert at_odds.rated[A].sd > agreed.rated[A].sd


def test_what_nobody_rated_inherits_from_the_nearest_rated_statement_above() -> None:
    prior = fit_prior([Rating(A, "human:ada", 0.9), Rating(Address("0.0.1"), "human:ada", 0.2)])

    def belief(address: str) -> tuple[float, Address | None]:
        found = prior.belief(Address(address), ancestors(Address(address)))
        return found.plausibility, found.by

    assert belief("0.0.0") == (prior.rated[A].plausibility, A)
    assert belief("0.0.1.4.2") == (prior.rated[Address("0.0.1")].plausibility, "0.0.1")
    assert belief("0.1.0")[1] is None


def test_a_search_believes_less_than_a_forecast_where_nobody_rated() -> None:
    prior = fit_prior([Rating(A, "human:ada", 0.7)])

    assert prior.unrated().low < prior.unrated().plausibility
    assert prior.rated[A].low == prior.rated[A].plausibility


def test_without_any_rating_everything_is_one_half() -> None:
    assert fit_prior([]).unrated().plausibility == 0.5


def test_declared_here_by_one_rater_alone_is_off_for_sure() -> None:
    prior = fit_prior(ratings_of([said(0, answer="here")]))

    assert prior.rated[A].plausibility == 0.0


def test_the_base_is_pooled_from_statements_and_not_from_declarations_about_d() -> None:
    with_here = fit_prior([Rating(A, "human:ada", 0.9), Rating(B, "human:ada", 0.0)])

    assert with_here.base == pytest.approx(fit_prior([Rating(A, "human:ada", 0.9)]).base)


def test_the_last_word_of_each_rater_counts() -> None:
    found = ratings_of([said(0, 0.2), said(1, 0.7), said(2, 0.4, rater="human:bob")])

    assert {(r.rater, r.value) for r in found} == {("human:ada", 0.7), ("human:bob", 0.4)}


@pytest.mark.parametrize("answer", ["skip", "flag"])
def test_a_skip_or_a_flag_is_no_rating(answer: str) -> None:
    assert ratings_of([said(0, answer=answer)]) == []


def test_a_rating_taken_back_gives_way_to_the_one_before() -> None:
    judgements = [said(0, 0.2), said(1, 0.7), said(2, answer="undo", supersedes="j1")]

    assert [r.value for r in ratings_of(judgements)] == [0.2]


def test_what_a_model_says_counts_only_if_asked_for() -> None:
    judgements = [said(0, 0.2), said(1, 0.7, rater="model:small")]

    assert len(ratings_of(judgements)) == 1
    assert len(ratings_of(judgements, with_models=True)) == 2


def test_what_a_model_says_of_the_task_counts_no_more_than_what_it_says_of_a_statement() -> None:
    people = [said(0, 0.8, kind="task", address=ROOT)]

    assert task_belief(
        [*people, said(1, 0.01, kind="task", rater="model:small", address=ROOT)]
    ) == task_belief(people)


def test_the_task_is_believed_at_the_mean_log_odds_of_its_raters() -> None:
    judgements = [
        said(0, 0.9, kind="task", address=ROOT),
        said(1, 0.2, kind="task", rater="human:bob", address=ROOT),
    ]

    assert task_belief(judgements) == pytest.approx(float(expit(np.mean([logit(0.9), logit(0.2)]))))


def test_skipping_the_question_about_the_task_takes_no_earlier_answer_back() -> None:
    answered = [said(0, 0.9, kind="task", address=ROOT)]

    assert task_belief([*answered, said(1, answer="skip", kind="task", address=ROOT)]) == task_belief(
        answered
    )


def test_an_answer_about_the_task_that_was_taken_back_counts_no_more() -> None:
    judgements = [
        said(0, 0.9, kind="task", address=ROOT),
        said(1, answer="undo", kind="task", supersedes="j0", address=ROOT),
    ]

    assert task_belief(judgements) == task_belief([])
