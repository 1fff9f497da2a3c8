"""What induction proposes, and how approval ranks it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from kb.address import Address, parent
from kb.knowledge import KnowledgeBase, Tree
from kb.records import Proposal
from kb.statements import Draft
from learning.growing import unpack_below
from tests.tasks import Table, aspect_about, grow
from unpacking.approval import score_by_data
from unpacking.checks import checked
from unpacking.induction import InductionUnpacker, _verdict
from unpacking.protocol import Situation
from unpacking.step import propose, unpack_step

ROOT = Address("0")


def proposals(tree: Tree, address: str = "0", n: int = 3, seed: int = 0) -> tuple[Proposal, ...]:
    return propose(tree, Address(address), InductionUnpacker(), n=n, seed=seed)


@pytest.fixture
def grown(kb: KnowledgeBase, planted_table: Table) -> Tree:
    tree = grow(kb, planted_table)
    unpack_below(tree, levels=2)
    return tree


def test_below_the_root_are_aspects_and_below_aspects_claims(grown: Tree) -> None:
    for s in grown.walk(levels=2):
        if s.address != ROOT:
            assert s.kind == ("aspect" if not s.draft.when else "claim")
    assert all(s.kind == "aspect" for s in grown.children())
    assert all(c.kind == "claim" for s in grown.children() for c in grown.children(s.address))


def test_every_column_that_tells_something_has_an_aspect(grown: Tree) -> None:
    said = {c for s in grown.children() for c in s.draft.columns}

    assert said == {"body_0", "body_1", "body_2", "snow"}


@pytest.mark.parametrize("n", [1, 2, 3, 5])
@pytest.mark.parametrize("address", ["0", "0.0", "0.1"])
def test_proposals_really_differ_and_are_no_more_than_asked_for(grown: Tree, address: str, n: int) -> None:
    made = proposals(grown, address, n)

    assert 1 <= len(made) <= n
    contents = [tuple((c.when, c.columns) for c in p.children) for p in made]
    assert len(set(contents)) == len(contents)


@pytest.mark.parametrize("address", ["0", "0.0", "0.1", "0.1.0"])
def test_what_induction_proposes_has_no_problem(grown: Tree, address: str) -> None:
    for made in proposals(grown, address, 5):
        assert made.problems == ()


@pytest.mark.parametrize("address", ["0", "0.0", "0.1", "0.1.0"])
def test_every_approval_lies_between_minus_one_and_one(grown: Tree, address: str) -> None:
    for made in proposals(grown, address, 5):
        assert made.approval is not None
        assert -1.0 <= made.approval.score <= 1.0


def test_a_claim_speaks_for_the_class_that_its_cases_are_in(grown: Tree) -> None:
    D = grown.D_for_choosing
    base = np.bincount(D.y, minlength=2) / D.n
    for s in grown.walk():
        if s.draft.when:
            rows = D.cases.matches([s.draft.when])[:, 0]
            share = np.bincount(D.y[rows], minlength=2) / rows.sum()
            # of two classes, the one that is more frequent here than in all of D, up to half a case
            assert s.draft.side == grown.task.classes[int(np.argmax(share / base))]


@pytest.mark.parametrize(
    ("shares", "base", "words"),
    [
        ([0.7, 0.2, 0.1], [1, 1, 1], "a"),
        ([0.5, 0.4, 0.1], [1, 1, 1], "a or b"),
        ([0.35, 0.35, 0.3], [1, 1, 2], "a or b more often"),
        ([0.4, 0.3, 0.3], [1, 1, 1], "a more often"),
        ([*[0.02] * 49, 0.02], [*[1] * 48, 2, 1], "a or b more often"),
        ([0.06, *[0.94 / 49] * 49], [1] * 50, "a more often"),
        ([1 / 3] * 3, [1, 1, 1], "a more often"),
    ],
)
def test_a_claim_names_no_class_that_is_hardly_ever_so(
    shares: list[float], base: list[float], words: str
) -> None:
    classes = [chr(ord("a") + k) for k in range(len(shares))]
    whole = np.array(base, dtype=np.float64)
    assert _verdict(10_000 * np.array(shares), 10_000 * whole / whole.sum(), classes)[1] == words


def test_a_refinement_speaks_of_some_cases_of_its_parent(kb: KnowledgeBase) -> None:
    """Where a is yes, b tells the class; where a is no, it is nearly always the second."""
    rng = np.random.default_rng(0)
    a, b = rng.integers(2, size=500), rng.integers(2, size=500)
    is_first = np.where(a == 1, rng.random(500) < 0.05 + 0.9 * b, rng.random(500) < 0.05)
    words, y = np.array(["no", "yes"], dtype=object), np.where(is_first, "first", "second").astype(object)
    x = {"a": words[a], "b": words[b]}
    tree = grow(kb, Table({**x, "y": y}, x, tuple(y), "y"))

    unpack_below(tree, levels=4)

    when = {s.address: s.draft.when for s in tree.walk() if s.draft.when}
    below = [(child, above) for child in when if (above := parent(child)) in when]
    assert below
    for child, above in below:
        assert above is not None
        speaks, held = tree.D.cases.matches([when[child] or "", when[above] or ""]).T
        assert speaks.any()
        assert not (speaks & ~held).any()
        assert (held & ~speaks).any()


def test_columns_that_measure_one_thing_are_proposed_together(kb: KnowledgeBase) -> None:
    rng = np.random.default_rng(2)
    y = rng.integers(2, size=300)
    size = y + rng.normal(size=300)
    x = {"left": size + 0.1 * rng.normal(size=300), "right": size + 0.1 * rng.normal(size=300)}
    x["colour"] = y + rng.normal(size=300)
    words = np.array(["no", "yes"], dtype=object)[y]
    tree = grow(kb, Table({**x, "y": words}, x, tuple(words), "y"))

    made = proposals(tree, "0", 3)

    groups = [{c.columns for c in p.children} for p in made]
    assert {("left", "right"), ("colour",)} in groups


def test_another_seed_looks_at_other_cases(planted_tree: Tree) -> None:
    unpack_step(planted_tree, ROOT, InductionUnpacker())
    address = aspect_about(planted_tree, "body_0")

    first, again, other = (proposals(planted_tree, address, 3, seed) for seed in (0, 0, 1))

    assert first == again
    assert [p.children for p in first] != [p.children for p in other]


def situation(tree: Tree) -> Situation:
    return Situation(tree.task, tree.statement(ROOT), (), (), tree.D_for_choosing, tree.Dstar)


def scored(tree: Tree, *when: str) -> float:
    children = tuple(Draft(f"It is so: {w}.", "claim", w) for w in when)
    shown = situation(tree)
    return score_by_data(shown, checked(shown, Proposal(children))).score


def test_what_tells_the_class_is_approved_more_than_what_does_not(planted_tree: Tree) -> None:
    assert scored(planted_tree, "snow = 'deep'", "snow = 'bare'") > scored(
        planted_tree, "body_0 > 5", "body_0 <= 5"
    )


def test_what_tells_nothing_is_approved_no_more_than_an_empty_proposal(planted_tree: Tree) -> None:
    nothing = score_by_data(situation(planted_tree), Proposal(())).score

    assert scored(planted_tree, "body_0 > 50") <= nothing


def test_unreadably_long_statements_are_approved_less(planted_tree: Tree) -> None:
    shown = situation(planted_tree)
    short = Proposal((Draft("Deep.", "claim", "snow = 'deep'"),))
    long = Proposal((Draft("Deep, " * 50 + "deep.", "claim", "snow = 'deep'"),))

    assert score_by_data(shown, long).score < score_by_data(shown, short).score


def test_statements_that_no_case_to_predict_meets_are_approved_less(
    new_kb: Callable[[], KnowledgeBase], planted_table: Table
) -> None:
    emptied = Table(
        planted_table.train,
        {**planted_table.predict, "snow": np.array([None] * 200, dtype=object)},
        planted_table.truth,
        planted_table.target,
    )
    usual, without = grow(new_kb(), planted_table), grow(new_kb(), emptied)

    assert scored(without, "snow = 'deep'") < scored(usual, "snow = 'deep'")
