"""One step: proposals are checked, scored, all kept, and the best without problems is committed."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from kb.address import Address
from kb.errors import FailedError
from kb.knowledge import Tree
from kb.records import Approval, Proposal
from kb.statements import Draft
from kb.stores.protocol import UnknownAddressError
from unpacking.approvers import Approver, each
from unpacking.induction import InductionUnpacker
from unpacking.protocol import Situation
from unpacking.step import best_approved, propose, unpack_step

ROOT = Address("0")


class Scripted:
    """Proposes what it was given."""

    name = "scripted"

    def __init__(self, *sets: tuple[Draft, ...]) -> None:
        self.sets = sets

    def propose(self, situation: Situation, n: int) -> tuple[Proposal, ...]:
        del situation
        return tuple(Proposal(children, how=str(i)) for i, children in enumerate(self.sets[:n]))

    def spec(self) -> dict[str, object]:
        return {"sets": len(self.sets)}


def claim(text: str, when: str | None = None, side: str | None = None) -> Draft:
    return Draft(text, "claim", when, side)


def likes(*scores: float) -> Approver:
    return Approver("scripted", each(lambda _, proposal: Approval(scores[int(proposal.how)])))


GOOD = (claim("Big is a husky.", "body_0 > 0", "husky"),)


def test_the_most_approved_proposal_is_committed_and_all_are_kept(planted_tree: Tree) -> None:
    others = ((claim("One."),), (claim("Two."),), (claim("Three."),))

    done = unpack_step(planted_tree, ROOT, Scripted(*others), approver=likes(0.1, 0.9, 0.5))

    assert [p.how for p in done.proposals] == ["0", "1", "2"]
    assert done.committed == 1
    assert [s.text for s in planted_tree.children()] == ["Two."]


def test_of_equals_the_first_is_committed(planted_tree: Tree) -> None:
    others = ((claim("One."),), (claim("Two."),))

    assert unpack_step(planted_tree, ROOT, Scripted(*others), approver=likes(0.5, 0.5)).committed == 0


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        (claim("Sub.", "body_0 > (SELECT 1)"), "child 0"),
        (claim("Unknown.", "tail > 1"), "child 0"),
        (claim(""), "0 characters"),
        (claim("x" * 401), "401 characters"),
        (claim("A cat.", "body_0 > 0", "cat"), "'cat', which is no class"),
    ],
)
def test_a_proposal_with_a_problem_is_kept_but_not_committed(
    planted_tree: Tree, bad: Draft, problem: str
) -> None:
    done = unpack_step(planted_tree, ROOT, Scripted((bad,), GOOD))

    assert any(problem in p for p in done.proposals[0].problems)
    assert done.proposals[0].approval is not None
    assert done.proposals[0].approval.score == -1.0
    assert done.committed == 1


def test_a_child_that_repeats_a_sibling_is_a_problem(planted_tree: Tree) -> None:
    twice = (claim("Big.", "body_0 > 0"), claim("Large.", "body_0>0.0"))

    (made,) = propose(planted_tree, ROOT, Scripted(twice), n=1, seed=0)

    assert made.problems == ("child 1: repeats the condition of child 0",)


@pytest.mark.parametrize(("origin", "problems"), [("induction", 0), ("language-model", 1)])
def test_only_induction_may_find_again_what_stands_beside_its_parent(
    planted_tree: Tree, origin: str, problems: int
) -> None:
    narrow, wide = claim("Small.", "body_0 <= 0"), claim("Not large.", "body_0 <= 1")
    unpack_step(planted_tree, ROOT, Scripted((narrow, wide)))
    again = replace(claim("At most 0.", "body_0 <= 0"), origin=origin)

    (made,) = propose(planted_tree, Address("0.1"), Scripted((again,)), n=1, seed=0)

    assert len(made.problems) == problems


def test_when_all_have_problems_nothing_is_stored_and_the_statement_is_free_again(planted_tree: Tree) -> None:
    with pytest.raises(FailedError, match="no proposal passed the checks: child 0"):
        unpack_step(planted_tree, ROOT, Scripted((claim("Bad.", "tail > 1"),)))

    assert planted_tree.children() == []
    assert not planted_tree.statement(ROOT).is_unpacked
    assert unpack_step(planted_tree, ROOT, InductionUnpacker()).children


def test_conditions_are_committed_in_their_one_way_of_writing(planted_tree: Tree) -> None:
    unpack_step(planted_tree, ROOT, Scripted((claim("Big.", "((BODY_0)>1.50)"),)))

    (child,) = planted_tree.children()
    assert child.draft.when == "body_0 > 1.5"
    assert child.draft.columns == ("body_0",)


def test_an_unpacker_that_fails_leaves_the_statement_free(planted_tree: Tree) -> None:
    class Broken(Scripted):
        def propose(self, situation: Situation, n: int) -> tuple[Proposal, ...]:
            raise RuntimeError(f"the model hung up after {n} tokens on {situation.statement.address}")

    with pytest.raises(RuntimeError, match="hung up"):
        unpack_step(planted_tree, ROOT, Broken())

    assert unpack_step(planted_tree, ROOT, Scripted(GOOD)).slot == 0


def test_while_another_worker_holds_a_statement_it_is_not_unpacked(planted_tree: Tree) -> None:
    held = planted_tree.store.lease(planted_tree.tree_id, ROOT, 0, worker="other", seconds=60)
    assert held is not None

    with pytest.raises(FailedError, match="another worker"):
        unpack_step(planted_tree, ROOT, Scripted(GOOD))


def test_a_statement_that_is_not_stored_is_refused(planted_tree: Tree) -> None:
    with pytest.raises(UnknownAddressError, match="Unpack it first"):
        unpack_step(planted_tree, Address("0.4"), Scripted(GOOD))


def test_nothing_more_to_say_is_an_expansion_too(planted_tree: Tree) -> None:
    unpack_step(planted_tree, ROOT, Scripted(()))

    assert planted_tree.statement(ROOT).is_unpacked
    assert planted_tree.children() == []


def test_proposing_writes_nothing(planted_tree: Tree) -> None:
    propose(planted_tree, ROOT, InductionUnpacker(), n=3, seed=0)

    assert planted_tree.children() == []
    assert planted_tree.moves() == []


def test_an_unpacker_is_shown_the_path_and_earlier_siblings_only(planted_tree: Tree) -> None:
    shown: list[Situation] = []

    class Spy(Scripted):
        def propose(self, situation: Situation, n: int) -> tuple[Proposal, ...]:
            shown.append(situation)
            return super().propose(situation, n)

    siblings = tuple(claim(f"Claim {i}.", f"body_0 > {i}") for i in range(3))
    unpack_step(planted_tree, ROOT, Scripted(siblings))
    unpack_step(planted_tree, Address("0.1"), Spy((claim("More.", "body_0 > 1 AND body_1 > 0"),)))

    (situation,) = shown
    assert [s.address for s in situation.above] == ["0"]
    assert [s.address for s in situation.earlier] == ["0.0"]
    assert situation.path_when == "body_0 > 1"


def test_unpackers_see_no_case_that_is_held_out_for_the_report(planted_tree: Tree) -> None:
    shown: list[Situation] = []

    class Spy(Scripted):
        def propose(self, situation: Situation, n: int) -> tuple[Proposal, ...]:
            shown.append(situation)
            return super().propose(situation, n)

    unpack_step(planted_tree, ROOT, Spy(GOOD))

    held = int(planted_tree.held_out.sum())
    assert held == 32
    assert shown[0].D.n == planted_tree.D.n - held


def test_the_best_of_none_is_an_error_that_says_so() -> None:
    with pytest.raises(FailedError, match="none was made"):
        best_approved(ROOT, ())


def test_a_proposal_nobody_scored_is_not_chosen() -> None:
    unscored = Proposal(GOOD)
    scored = replace(unscored, approval=Approval(-0.9))

    assert best_approved(ROOT, (unscored, scored)) == 1


def test_a_lease_does_not_run_out_while_a_model_thinks(
    planted_tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unpacking.step.LEASE_SECONDS", 0.2)

    class Slow(Scripted):
        def propose(self, situation: Situation, n: int) -> tuple[Proposal, ...]:
            time.sleep(0.6)
            store, tree_id = planted_tree.store, planted_tree.tree_id
            assert store.lease(tree_id, ROOT, 0, worker="hasty", seconds=60) is None
            return super().propose(situation, n)

    assert unpack_step(planted_tree, ROOT, Slow(GOOD)).slot == 0
