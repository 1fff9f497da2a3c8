"""Another proposal than the committed one: by a person, later, without losing what stood."""

from __future__ import annotations

import pytest

from kb.address import Address
from kb.errors import InputError
from kb.knowledge import Tree
from kb.records import Cost
from learning.choosing import commit_instead
from learning.growing import unpack

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
