"""Trees: names, identity, and that they never see each other."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kb.address import ROOT, Address
from kb.errors import InputError
from kb.records import Judgement, Move, TreeRecord
from kb.statements import Draft, Measures
from kb.stores.protocol import Store, TreeExistsError, UnknownTreeError
from tests.contract.building import addresses, sound, unpack

PENGUINS = TreeRecord("a" * 32, "penguins", {"task": {"target": "species"}, "seed": 1})


def test_a_tree_is_found_by_its_name_with_its_root(store: Store) -> None:
    store.create_tree(PENGUINS, Draft("four in ten are Adelie", kind="claim", origin="induction"))

    found = store.tree("penguins")

    assert (found.tree_id, found.name, dict(found.spec)) == ("a" * 32, "penguins", dict(PENGUINS.spec))
    root = store.node(found.tree_id, ROOT)
    assert root is not None
    assert root.draft == Draft("four in ten are Adelie", kind="claim", origin="induction")
    assert (root.n_children, root.slot, root.is_unpacked, root.is_dropped) == (0, None, False, False)


def test_the_same_tree_again_changes_nothing(store: Store) -> None:
    store.create_tree(PENGUINS, Draft("the base rate"))
    store.create_tree(PENGUINS, Draft("another root"))

    root = store.node("a" * 32, ROOT)
    assert root is not None
    assert root.text == "the base rate"
    assert len(store.trees()) == 1


def test_a_name_names_one_tree(store: Store) -> None:
    store.create_tree(PENGUINS, Draft("the base rate"))
    with pytest.raises(TreeExistsError, match="there is a tree 'penguins' already"):
        store.create_tree(TreeRecord("b" * 32, "penguins", {}), Draft("the base rate"))
    assert [tree.tree_id for tree in store.trees()] == ["a" * 32]


def test_an_unknown_name_says_which_there_are(store: Store) -> None:
    store.create_tree(PENGUINS, Draft("the base rate"))
    with pytest.raises(UnknownTreeError, match="no tree 'hearts'; there are: penguins"):
        store.tree("hearts")


def test_an_unknown_tree_id_is_an_error_and_not_an_empty_tree(store: Store) -> None:
    with pytest.raises(UnknownTreeError):
        store.node("c" * 32, ROOT)


def test_trees_come_by_name(store: Store) -> None:
    for n, name in enumerate(("heart", "Adelie", "mushroom")):
        store.create_tree(TreeRecord(f"{n:032}", name, {}), Draft("the base rate"))
    assert [tree.name for tree in store.trees()] == ["Adelie", "heart", "mushroom"]


def test_a_spec_is_merged_at_its_top(store: Store) -> None:
    store.create_tree(PENGUINS, Draft("the base rate"))
    store.update_spec("a" * 32, {"seed": 2, "note": None})
    assert dict(store.tree("penguins").spec) == {"task": {"target": "species"}, "seed": 2, "note": None}


def test_a_spec_with_no_number_is_refused(store: Store) -> None:
    store.create_tree(PENGUINS, Draft("the base rate"))
    with pytest.raises(InputError, match="NaN"):
        store.update_spec("a" * 32, {"seed": float("nan")})
    assert store.tree("penguins").spec["seed"] == 1


def test_two_trees_never_see_each_other(store: Store, new_tree: Callable[[], str]) -> None:
    one, other = new_tree(), new_tree()
    unpack(store, one, ROOT, "the island tells", "the body tells")
    store.append_judgements(one, [Judgement("j1", "rating", Address("0.1"), "human:ada", 0.5)])
    store.append_moves(one, [Move("ask", Address("0.1"), "search", taken=True)])
    store.put_measures(one, {Address("0.1"): Measures(plausibility=0.5)})
    store.enqueue(one, [(Address("0.1"), 0, 1.0)])

    assert store.node(other, Address("0.1")) is None
    assert addresses(store.subtree(other, ROOT).items) == ["0"]
    assert store.children(other, ROOT).items == ()
    assert store.search(other, "island").items == ()
    assert store.expansions(other, ROOT) == []
    assert store.judgements(other).items == ()
    assert store.moves(other).items == ()
    assert store.waiting(other) == 0
    assert store.take(other, worker="w", seconds=9) == []
    assert store.lease(other, ROOT, 0, worker="w", seconds=9) is not None

    store.append_judgements(other, [Judgement("j1", "rating", ROOT, "human:ada", 0.9)])
    store.put_measures(other, {})
    assert len(store.judgements(one).items) == 1
    measured = store.node(one, Address("0.1"))
    assert measured is not None
    assert measured.plausibility == 0.5
    sound(store)


def test_a_closed_store_says_so(store: Store) -> None:
    from kb.errors import FailedError

    store.close()
    store.close()
    with pytest.raises(FailedError, match="was closed"):
        store.trees()
