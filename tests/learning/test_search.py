"""The search for Z: resumable, recorded, stopped cleanly; and what it must not buy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from kb.address import ROOT, parent
from kb.errors import InputError
from kb.knowledge import KnowledgeBase, Tree
from kb.records import Proposal
from learning.asking import Question, answer
from learning.growing import unpack
from learning.predicting import predict
from learning.search import learn
from tests.tasks import Table, aspect_about, grow, log_loss, planted
from unpacking.budget import Budget
from unpacking.induction import InductionUnpacker
from unpacking.step import Choice, propose, unpack_step

NewKB = Callable[[], KnowledgeBase]


def said(tree: Tree) -> list[tuple[str, str]]:
    return [(s.address, s.text) for s in tree.walk()]


def claims_about(tree: Tree, *columns: str) -> set[tuple[str | None, str | None]]:
    """(condition, side) of the testable statements that mention only these columns."""
    return {
        (s.draft.when, s.draft.side)
        for s in tree.walk()
        if s.draft.when and set(s.draft.columns) <= set(columns)
    }


def test_many_short_runs_find_what_one_long_run_finds(new_kb: NewKB, planted_table: Table) -> None:
    long, short = grow(new_kb(), planted_table), grow(new_kb(), planted_table)
    learn(long)

    runs = [learn(short, budget=Budget(steps=2))]
    while runs[-1].stopped and len(runs) < 20:
        runs.append(learn(short, budget=Budget(steps=2)))

    assert len(runs) > 2
    assert runs[-1].stopped is None
    assert said(short) == said(long)
    assert len({r.run for r in runs}) == 1


def test_the_same_search_twice_finds_the_same(new_kb: NewKB, planted_table: Table) -> None:
    one, two = grow(new_kb(), planted_table), grow(new_kb(), planted_table)

    first, second = learn(one), learn(two)

    assert said(one) == said(two)
    assert first.terms == second.terms


def test_a_search_that_is_done_changes_nothing_when_run_again(dogs: Tree) -> None:
    before = said(dogs)

    again = learn(dogs)

    assert said(dogs) == before
    assert again.steps == 0


def test_every_step_is_a_recorded_move_with_j_and_its_terms(kb: KnowledgeBase, planted_table: Table) -> None:
    tree = grow(kb, planted_table)

    done = learn(tree)

    taken = [m for m in tree.moves() if m.taken and m.run == done.run]
    assert len(taken) == done.steps
    for move in taken:
        assert move.by == "search"
        assert move.why
        assert {"J", "data", "log_prior", "base"} <= set(move.terms)


def test_offers_that_were_passed_over_are_recorded_too(dogs: Tree) -> None:
    offered = [m for m in dogs.moves() if not m.taken]

    assert offered
    assert all("offered" in m.terms for m in offered)


def test_the_steps_that_were_taken_raised_j(dogs: Tree) -> None:
    moves = [m for m in dogs.moves() if m.taken and m.kind == "unpack" and "J_before" in m.terms]

    # a step is chosen by what it adds with all else held, out of fold; refitting may cost a little
    assert all(m.terms["J"] > m.terms["J_before"] - 1.0 for m in moves)
    assert moves[-1].terms["J"] > moves[0].terms["base"] + 10.0


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_a_budget_of_steps_is_kept(kb: KnowledgeBase, planted_table: Table, steps: int) -> None:
    done = learn(grow(kb, planted_table), budget=Budget(steps=steps))

    assert done.steps == steps
    assert done.stopped == f"budget (steps: {steps} of {steps})"


def test_a_budget_of_no_step_leaves_the_tree_as_it_is(planted_tree: Tree) -> None:
    done = learn(planted_tree, budget=Budget(steps=0))

    assert done.steps == 0
    assert [s.address for s in planted_tree.walk()] == ["0"]


def test_what_a_stopped_run_found_can_predict(planted_tree: Tree) -> None:
    learn(planted_tree, budget=Budget(steps=2))

    assert np.isfinite(predict(planted_tree).p).all()


def test_a_scope_that_there_is_not_is_refused(planted_tree: Tree) -> None:
    with pytest.raises(InputError, match="'sometimes' is no scope"):
        learn(planted_tree, scope="sometimes")  # type: ignore[arg-type]  # wrong on purpose


def test_with_scope_off_the_objective_pays_the_logarithm_of_every_doubt(planted_tree: Tree) -> None:
    done = learn(planted_tree, scope="off", budget=Budget(steps=3))

    assert done.terms["log_prior"] < 0.0
    assert done.terms["J"] == pytest.approx(done.terms["data"] + done.terms["log_prior"])


def test_with_scope_on_it_pays_none(dogs: Tree) -> None:
    done = learn(dogs)

    assert done.terms["log_prior"] == 0.0


# explaining away


@pytest.fixture(scope="module")
def tagged() -> Table:
    """The planted task with a column that is the label itself in D and a coin in D*."""
    return planted(5, copies=True).without("snow")


def with_aspects(kb: KnowledgeBase, table: Table) -> Tree:
    tree = grow(kb, table)
    unpack(tree, "0")
    return tree


BODY = ("body_0", "body_1", "body_2")


def twins(new_kb: NewKB, table: Table, column: str, **said: object) -> tuple[Tree, Tree]:
    """With a column that people doubt, and without it; all others are believed, and D* is not as D."""
    trees = with_aspects(new_kb(), table), with_aspects(new_kb(), table.without(column))
    for tree in trees:
        tree.judge("task", "0", "human:ada", value=0.0)
        for s in tree.children():
            tree.judge(
                "rating", s.address, "human:ada", **(said if column in s.draft.columns else {"value": 0.9})
            )
        learn(tree)
    return trees


def committed(tree: Tree, *columns: str) -> set[tuple[str | None, str | None]]:
    """(condition, side) of the claims right below the aspects of these columns, dropped ones included."""
    kinds = {s.address: s.kind for s in tree.walk(dropped=True)}
    return {
        (s.draft.when, s.draft.side)
        for s in tree.walk(dropped=True)
        if s.draft.when
        and set(s.draft.columns) <= set(columns)
        and kinds[parent(s.address) or ROOT] == "aspect"
    }


def test_a_copy_of_the_label_declared_here_leaves_the_claims_of_other_aspects_as_they_are(
    new_kb: NewKB, tagged: Table
) -> None:
    doubted, clean = twins(new_kb, tagged, "tag", answer="here")

    assert len(committed(clean, *BODY)) >= 4
    assert committed(doubted, *BODY) == committed(clean, *BODY)


@pytest.mark.parametrize("seed", [5, 6])
def test_a_copy_of_the_label_declared_here_leaves_the_background_of_the_body_as_it_is(
    new_kb: NewKB, seed: int
) -> None:
    table = planted(seed, copies=True).without("snow")

    doubted, clean = twins(new_kb, table, "tag", answer="here")

    assert claims_about(doubted, *BODY) == claims_about(clean, *BODY)
    assert np.abs(predict(doubted).p - predict(clean).p).max() < 1e-6


def test_a_copy_of_the_label_believed_at_two_per_cent_explains_nothing_away(
    new_kb: NewKB, tagged: Table
) -> None:
    doubted, clean = twins(new_kb, tagged, "tag", value=0.02)

    for column in BODY:
        assert claims_about(doubted, column)
    # in 98 of 100 worlds the tag is off; the rest is that the points are not fitted in just the same worlds
    assert np.abs(predict(doubted).p - predict(clean).p).mean() < 0.02 + 0.03


def test_with_scope_off_a_copy_of_the_label_swallows_all_else(new_kb: NewKB, tagged: Table) -> None:
    tree = with_aspects(new_kb(), tagged)
    tree.judge("rating", aspect_about(tree, "tag"), "human:ada", value=0.02)

    learn(tree, scope="off")

    assert claims_about(tree, "tag")
    assert not claims_about(tree, *BODY)


def test_a_planted_column_is_not_bought_claim_by_claim(new_kb: NewKB) -> None:
    """A column with many values that all tell the class, rated low: its claims share one doubt."""
    table = planted(6).without("snow")
    rng = np.random.default_rng(0)
    y = (table.train["animal"] == "husky").astype(float)
    table.train["site"] = np.round(10 * y + rng.uniform(0, 9, size=len(y)), 2)
    table.predict["site"] = np.round(rng.uniform(0, 19, size=len(table.truth)), 2)
    doubted, clean = twins(new_kb, table, "site", value=0.02)

    lost = [log_loss(predict(tree).p, table.codes(tree)) for tree in (doubted, clean)]

    # p >= .98 x the forecast of the worlds without site, and of the world as D one in a thousand is mixed in;
    # what is left is that the points are not fitted in just the same worlds
    assert lost[0] < lost[1] + 0.021 + 0.04


# asking on the way


def test_people_are_asked_each_question_once(dogs: Tree) -> None:
    asked: list[tuple[str, str]] = []

    def person(question: Question) -> None:
        asked.append((question.kind, question.address))
        assert len(asked) < 20
        answer(dogs, question, rater="oracle:naturalist", value=0.5)

    learn(dogs, ask=person)

    assert asked[0][0] == "task"
    assert len(asked) == len(set(asked)) > 1


def test_a_person_who_says_nothing_is_not_asked_again(dogs: Tree) -> None:
    asked: list[Question] = []

    learn(dogs, ask=asked.append)

    assert len(asked) == 1


def test_answers_are_recorded_moves(dogs: Tree) -> None:
    learn(dogs, ask=lambda q: void(answer(dogs, q, rater="human:me", value=0.5)))

    assert [m.kind for m in dogs.moves()].count("ask") == len(dogs.judgements())


def void(_: object) -> None:
    return None


def test_progress_is_told_after_every_step(planted_tree: Tree) -> None:
    steps: list[int] = []

    learn(planted_tree, budget=Budget(steps=3), progress=lambda r: steps.append(r.steps))

    assert steps == [2, 3]


def test_a_step_that_fell_behind_is_replaced_and_kept(new_kb: NewKB) -> None:
    tree = grow(new_kb(), planted(3, n=400))
    unpack(tree, ROOT)
    mz = InductionUnpacker()
    place, made = max(
        ((s.address, propose(tree, s.address, mz, n=3, seed=0)) for s in tree.children(ROOT)),
        key=lambda pair: spread_of_gains(pair[1]),
    )
    worst = min(range(len(made)), key=lambda i: gain_of(made[i]))
    unpack_step(tree, place, mz, choice=Choice(made, worst, "human:careless"))

    learn(tree)

    stands = [e for e in tree.store.expansions(tree.tree_id, place) if e.is_current]
    replaced = [m for m in tree.moves() if m.kind == "replace" and m.address == place]
    assert [(e.slot, e.chosen_by) for e in stands] == [(1, "search")]
    assert tree.store.expansions(tree.tree_id, place)[0].chosen_by == "human:careless"
    assert replaced
    assert replaced[0].terms["gain"] > 1.0


def gain_of(proposal: Proposal) -> float:
    return proposal.approval.terms.get("gain_nats", 0.0) if proposal.approval else 0.0


def spread_of_gains(proposals: tuple[Proposal, ...]) -> float:
    return max(map(gain_of, proposals)) - min(map(gain_of, proposals))
