"""Which doubts a claim hangs on: its own and its aspects', exceptions, copies of one claim."""

from __future__ import annotations

from itertools import pairwise
from math import prod

import pytest

from kb.address import Address
from kb.knowledge import KnowledgeBase, Tree
from kb.statements import Draft, Kind, Statement
from learning.background import Background, background_of, switches_of
from learning.growing import add, drop
from learning.predicting import predict
from learning.prior import Prior, Rating, fit_prior
from tests.tasks import Table, aspect_about, grow, log_loss
from unpacking.induction import InductionUnpacker
from unpacking.step import unpack_step


def statement(address: str, kind: Kind, *columns: str, when: str | None = None) -> Statement:
    return Statement(Address(address), Draft(f"{kind} {address}", kind, when, None, columns))


ROOT = statement("0", "claim")
SNOW = statement("0.0", "aspect", "snow")
DEEP = statement("0.0.0", "claim", "snow", when="snow")
DEEP_AND_BIG = statement("0.0.0.0", "claim", "body", "snow", when="snow AND body > 1")
BODY = statement("0.1", "aspect", "body")
BIG = statement("0.1.0", "claim", "body", when="body > 1")
EVERY = (ROOT, SNOW, DEEP, DEEP_AND_BIG, BODY, BIG)
GROUP = statement("0.2", "aspect", "legs", "body")
LEGS = statement("0.2.0", "aspect", "legs")
LONG = statement("0.2.0.0", "claim", "legs", when="legs > 1")


def rated(**said: float) -> Prior:
    """Prior from one rater; a_0_0 stands for the address 0.0."""
    return fit_prior([Rating(Address(k[2:].replace("_", ".")), "human:ada", v) for k, v in said.items()])


def on(claim: Statement, prior: Prior, every: tuple[Statement, ...] = EVERY) -> tuple[set[str], float]:
    """The switches that a claim needs, and the probability that all are on."""
    tau, (need,) = switches_of(every, [claim], prior)
    return set(need), prod(tau[name] for name in need)


def test_an_unrated_claim_hangs_on_its_aspect_alone() -> None:
    prior = rated(a_0_0=0.1)

    assert on(DEEP, prior) == ({"0.0"}, prior.rated[Address("0.0")].plausibility)


def test_two_claims_about_one_column_share_its_switch() -> None:
    _, needs = switches_of(EVERY, [DEEP, DEEP], rated())

    assert needs[0] == needs[1] == {"0.0"}


def test_a_claim_that_mentions_two_columns_needs_both_aspects() -> None:
    prior = rated(a_0_0=0.3, a_0_1=0.8)

    need, chance = on(DEEP_AND_BIG, prior)

    assert need == {"0.0", "0.1"}
    assert chance == pytest.approx(
        prior.rated[Address("0.0")].plausibility * prior.rated[Address("0.1")].plausibility
    )


def test_a_claim_rated_below_its_aspect_is_on_as_often_as_people_said() -> None:
    prior = rated(a_0_0=0.9, a_0_0_0=0.3)

    need, chance = on(DEEP, prior)

    assert need == {"0.0", "0.0.0"}
    assert chance == pytest.approx(prior.rated[Address("0.0.0")].plausibility)


def test_a_claim_rated_above_its_aspect_is_an_exception_that_stands_alone() -> None:
    prior = rated(a_0_0=0.1, a_0_0_0=0.9)

    need, chance = on(DEEP, prior)

    assert need == {"0.0.0"}
    assert chance == pytest.approx(prior.rated[Address("0.0.0")].plausibility)


def test_what_lies_below_an_exception_keeps_the_doubts_about_its_other_columns() -> None:
    prior = rated(a_0_0=0.1, a_0_0_0=0.9, a_0_1=0.5)

    need, _ = on(DEEP_AND_BIG, prior)

    assert need == {"0.0.0", "0.1"}


def test_an_unrated_refinement_shares_the_switch_of_the_rated_claim_above_it() -> None:
    need, _ = on(DEEP_AND_BIG, rated(a_0_0=0.9, a_0_0_0=0.3))

    assert need == {"0.0", "0.0.0", "0.1"}


def test_an_aspect_declared_here_is_off_with_all_its_claims() -> None:
    prior = rated(a_0_0=0.0)

    assert on(DEEP, prior)[1] == 0.0
    assert on(DEEP_AND_BIG, prior)[1] == 0.0
    assert on(BIG, prior)[1] > 0.0


def test_a_claim_rated_below_an_aspect_declared_here_is_an_exception() -> None:
    prior = rated(a_0_0=0.0, a_0_0_0=0.7)

    assert on(DEEP, prior) == ({"0.0.0"}, prior.rated[Address("0.0.0")].plausibility)


def test_a_claim_declared_here_below_an_aspect_declared_here_is_off() -> None:
    assert on(DEEP, rated(a_0_0=0.0, a_0_0_0=0.0))[1] == 0.0


def test_a_claim_declared_here_leaves_its_aspect_to_the_others() -> None:
    prior = rated(a_0_0=0.8, a_0_0_0=0.0)
    other = statement("0.0.1", "claim", "snow", when="NOT snow")

    assert on(DEEP, prior)[1] == 0.0
    assert on(other, prior, (*EVERY, other))[1] == pytest.approx(prior.rated[Address("0.0")].plausibility)


def test_a_group_that_people_rated_is_one_switch() -> None:
    every = (ROOT, GROUP, LEGS, LONG, BODY, BIG)
    prior = rated(a_0_2=0.6)

    assert on(LONG, prior, every)[0] == on(BIG, prior, every)[0] == {"0.2"}


def test_a_column_rated_by_itself_leaves_its_group() -> None:
    every = (ROOT, GROUP, LEGS, LONG, BODY, BIG)
    prior = rated(a_0_2=0.6, a_0_1=0.9)

    assert on(BIG, prior, every)[0] == {"0.1"}
    assert on(LONG, prior, every)[0] == {"0.2"}


def test_a_column_without_any_aspect_has_a_switch_of_its_own() -> None:
    tail = statement("0.3", "claim", "tail", when="tail > 1")

    assert on(tail, rated(), (*EVERY, tail)) == ({"column:tail"}, 0.5)


def test_a_search_is_told_a_lower_plausibility_only_where_nobody_rated() -> None:
    prior = rated(a_0_0=0.7)

    bold, _ = switches_of(EVERY, [DEEP, BIG], prior)
    cautious, _ = switches_of(EVERY, [DEEP, BIG], prior, cautious=True)

    assert cautious["0.0"] == bold["0.0"]
    assert cautious["0.1"] < bold["0.1"]


@pytest.fixture
def tree(kb: KnowledgeBase, planted_table: Table) -> Tree:
    """The planted task with two columns; what snow tells is unpacked, the body is left to people."""
    made = grow(kb, planted_table.without("body_1", "body_2"))
    mz = InductionUnpacker()
    unpack_step(made, Address("0"), mz)
    unpack_step(made, Address(aspect_about(made, "snow")), mz)
    return made


def test_statements_that_say_the_same_of_every_case_are_copies_of_one_claim(tree: Tree) -> None:
    claims = background_of(tree).claims
    first = next(s for s in background_of(tree).testable if s.draft.columns == ("snow",))

    add(tree, "0", "The same in other words.", when=f"NOT (NOT ({first.draft.when}))", side=first.draft.side)

    assert background_of(tree).claims == claims


def test_an_opposite_side_is_another_claim(tree: Tree) -> None:
    claims = background_of(tree).claims
    first = next(s for s in background_of(tree).testable if s.draft.columns == ("snow",))
    other = next(name for name in tree.task.classes if name != first.draft.side)

    add(tree, "0", "The contrary.", when=first.draft.when, side=other)

    assert background_of(tree).claims == claims + 1


def test_what_was_dropped_and_what_lies_below_it_is_no_part_of_z(tree: Tree) -> None:
    snow = aspect_about(tree, "snow")

    drop(tree, snow)

    assert all("snow" not in s.draft.columns for s in background_of(tree).testable)


def test_an_empty_background_matches_nothing(planted_tree: Tree) -> None:
    background = background_of(planted_tree)

    assert background == Background(background.every, (), (), 0)
    assert background.matches(planted_tree.D.cases).claims.shape == (planted_tree.D.n, 0)


def _paraphrase(when: str, number: int) -> tuple[str, str]:
    """The same condition in other words, and in text."""
    forms = [f"NOT (NOT ({when}))", f"({when}) AND ({when})", f"({when}) OR ({when})", when]
    return forms[number % len(forms)], f"Put differently ({number}), it is so."


def test_ten_paraphrases_move_the_log_odds_by_a_tenth_of_one_statement_at_most(tree: Tree) -> None:
    before = predict(tree).p
    first = add(tree, aspect_about(tree, "body_0"), "Big ones.", when="body_0 > 0.25", side="husky")
    one = predict(tree).p

    for i in range(10):
        when, text = _paraphrase("body_0 > 0.25", i)
        add(tree, aspect_about(tree, "body_0"), text, when=when, side="husky")

    assert first.points
    _moves_little(before, one, predict(tree).p)


def test_ten_thresholds_that_no_case_tells_apart_move_no_more(tree: Tree) -> None:
    values = sorted({*tree.D.cases.values("body_0").tolist(), *tree.Dstar.values("body_0").tolist()})
    gap, low = max((b - a, a) for a, b in pairwise(values) if -0.5 < a < 0.5)
    before = predict(tree).p
    above = aspect_about(tree, "body_0")
    add(tree, above, "Big ones.", when=f"body_0 > {low}", side="husky")
    one = predict(tree).p

    for i in range(10):
        add(
            tree, above, f"Bigger than that ({i}).", when=f"body_0 > {low + gap * (i + 1) / 12}", side="husky"
        )

    _moves_little(before, one, predict(tree).p)


def _moves_little(before: object, one: object, many: object) -> None:
    import numpy as np

    odds = [np.log(np.asarray(p)[:, 1] / np.asarray(p)[:, 0]) for p in (before, one, many)]
    moved, further = np.abs(odds[1] - odds[0]).max(), np.abs(odds[2] - odds[1]).max()
    assert moved > 0.01
    assert further <= 0.1 * moved


def test_an_unbelieved_column_hardly_moves_the_forecast(tree: Tree, planted_table: Table) -> None:
    y = planted_table.codes(tree)
    before = log_loss(predict(tree).p, y)

    tree.judge("rating", aspect_about(tree, "snow"), "human:ada", value=0.0, answer="here")

    assert log_loss(predict(tree).p, y) < before - 0.1
