"""Another proposal than the committed one: by a person, later, without losing what stood."""

from __future__ import annotations

import pytest

from kb.address import Address
from kb.errors import FailedError, InputError, StoppedError
from kb.knowledge import Tree
from kb.records import Cost, Expansion
from kb.stores.protocol import StaleDocumentError
from learning import choosing
from learning.choosing import choose_proposal, commit_instead, waiting_choice
from learning.growing import Approving, unpack
from unpacking.step import leased

ASPECT = Address("0.1")


def texts(tree: Tree) -> list[str]:
    return [s.text for s in tree.children(ASPECT)]


def test_another_proposal_is_committed_beside_the_first_and_followed(planted_tree: Tree) -> None:
    first = unpack(planted_tree, ASPECT)
    other = next(i for i, p in enumerate(first.proposals) if i != first.committed and not p.problems)

    done = commit_instead(planted_tree, ASPECT, first.slot, other, by="human:ada")

    assert (done.slot, done.committed, done.chosen_by, done.cost) == (1, other, "human:ada", Cost())
    assert texts(planted_tree) == [c.text for c in first.proposals[other].children]
    assert planted_tree.children(ASPECT)[0].address == Address("0.1@1.0")
    stood = planted_tree.store.children(planted_tree.tree_id, ASPECT, slot=0).items
    assert [s.draft for s in stood] == list(first.children)
    assert [m.why for m in planted_tree.moves() if m.kind == "choose"] == [
        f"proposal {other + 1} instead of {first.committed + 1}"
    ]


def test_the_same_choice_again_and_the_way_back_make_no_further_slots(planted_tree: Tree) -> None:
    first = unpack(planted_tree, ASPECT)
    other = next(i for i in range(len(first.proposals)) if i != first.committed)

    once = commit_instead(planted_tree, ASPECT, 0, other)
    back = commit_instead(planted_tree, ASPECT, 0, first.committed)
    again = commit_instead(planted_tree, ASPECT, 0, other)

    assert (once.slot, back.slot, again.slot) == (1, 0, 1)
    assert len(planted_tree.store.expansions(planted_tree.tree_id, ASPECT)) == 2
    assert texts(planted_tree) == [c.text for c in first.proposals[other].children]


@pytest.mark.parametrize(("slot", "proposal", "says"), [(3, 0, "no step in slot 3"), (0, 9, "no proposal 9")])
def test_what_is_not_there_cannot_be_chosen(planted_tree: Tree, slot: int, proposal: int, says: str) -> None:
    unpack(planted_tree, ASPECT)

    with pytest.raises(InputError, match=says):
        commit_instead(planted_tree, ASPECT, slot, proposal)

    assert len(planted_tree.store.expansions(planted_tree.tree_id, ASPECT)) == 1


def waiting(tree: Tree) -> None:
    """Make a step that waits for a person."""
    with pytest.raises(StoppedError, match="needs a person"):
        unpack(tree, ASPECT, approving=Approving(margin=1.0))


def test_of_two_who_choose_at_once_one_makes_children(
    planted_tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting(planted_tree)
    check = choosing._check

    def ben_comes_between(step: Expansion, proposal: int, where: str) -> None:
        monkeypatch.setattr(choosing, "_check", check)
        check(step, proposal, where)
        choose_proposal(planted_tree, ASPECT, 1, by="human:ben")

    monkeypatch.setattr(choosing, "_check", ben_comes_between)
    with pytest.raises(StaleDocumentError):
        choose_proposal(planted_tree, ASPECT, 0, by="human:ada")

    (done,) = planted_tree.store.expansions(planted_tree.tree_id, ASPECT)
    assert (done.committed, done.chosen_by) == (1, "human:ben")


def test_a_choice_that_cannot_be_committed_goes_on_waiting(planted_tree: Tree) -> None:
    waiting(planted_tree)

    with leased(planted_tree, ASPECT, 0) as lease:
        with pytest.raises(FailedError):
            choose_proposal(planted_tree, ASPECT, 0, by="human:ada")
        assert waiting_choice(planted_tree, ASPECT) is not None
        planted_tree.store.release(lease)

    assert choose_proposal(planted_tree, ASPECT, 0, by="human:ada").committed == 0
    assert waiting_choice(planted_tree, ASPECT) is None
