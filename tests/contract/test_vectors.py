"""Vectors of statements: kept, replaced, listed, and the nearest ones found."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from kb.address import ROOT, Address
from kb.errors import InputError
from kb.records import VECTOR_SIZE
from kb.stores.protocol import Store, UnknownAddressError
from tests.contract.building import addresses, grow, pages, sound, unpack

MODEL = "a-model"


def towards(*axes: float) -> list[float]:
    """A vector whose first numbers are given, the rest 0."""
    return [*axes, *[0.0] * (VECTOR_SIZE - len(axes))]


def kept(store: Store, tree: str, model: str = MODEL) -> dict[Address, Sequence[float]]:
    return dict(pages(lambda **page: store.vectors(tree, model, **page), 3))


def test_vectors_come_back_by_address_and_of_unit_length(store: Store, tree: str) -> None:
    unpack(store, tree, ROOT, *(f"statement {n}" for n in range(7)))
    given = {Address(f"0.{n}"): np.random.default_rng(n).normal(size=VECTOR_SIZE) for n in range(7)}
    store.put_vectors(tree, MODEL, {at: vector.tolist() for at, vector in reversed(given.items())})
    found = kept(store, tree)
    assert list(found) == list(given)
    for at, vector in given.items():
        assert np.abs(np.asarray(found[at]) - vector / np.linalg.norm(vector)).max() < 1e-6
    again = dict(found)
    store.put_vectors(tree, MODEL, again)
    assert {at: list(each) for at, each in kept(store, tree).items()} == {
        at: list(v) for at, v in again.items()
    }


def test_a_later_vector_replaces_and_models_are_apart(store: Store, tree: str) -> None:
    assert store.vector_models(tree) == ()
    store.put_vectors(tree, MODEL, {ROOT: towards(1)})
    store.put_vectors(tree, MODEL, {ROOT: towards(0, 2)})
    store.put_vectors(tree, "another", {ROOT: towards(0, 0, 1)})
    assert list(kept(store, tree)[ROOT])[:3] == [0, 1, 0]
    assert list(kept(store, tree, "another")[ROOT])[:3] == [0, 0, 1]
    assert store.vector_models(tree) == ("a-model", "another")
    sound(store)


@pytest.mark.parametrize(
    "wrong",
    [[1.0] * (VECTOR_SIZE - 1), [0.0] * VECTOR_SIZE, towards(float("nan")), towards(float("inf")), []],
)
def test_what_is_no_vector_is_refused_and_nothing_kept(store: Store, tree: str, wrong: list[float]) -> None:
    unpack(store, tree, ROOT, "a", "b")
    with pytest.raises(InputError, match="vector"):
        store.put_vectors(tree, MODEL, {Address("0.0"): towards(1), Address("0.1"): wrong})
    with pytest.raises(InputError, match="vector"):
        store.nearest(tree, MODEL, wrong)
    assert kept(store, tree) == {}


def test_a_vector_of_a_statement_that_is_not_stored_is_refused(store: Store, tree: str) -> None:
    with pytest.raises(UnknownAddressError):
        store.put_vectors(tree, MODEL, {ROOT: towards(1), Address("0.5"): towards(1)})
    assert kept(store, tree) == {}


def test_statements_without_a_vector_are_listed_in_every_slot(store: Store, tree: str) -> None:
    grow(store, tree, levels=2, width=3)
    unpack(store, tree, ROOT, "another view", slot=1)
    every = addresses(pages(lambda **page: store.subtree(tree, ROOT, every_slot=True, **page), 50))
    done = every[1::2]
    store.put_vectors(tree, MODEL, {Address(at): towards(1) for at in done})
    store.put_vectors(tree, "another", {Address(at): towards(1) for at in every})
    left = addresses(pages(lambda **page: store.without_vector(tree, MODEL, **page), 2))
    assert left == every[::2]
    assert store.without_vector(tree, "another").items == ()


def test_the_nearest_come_first_along_current_slots(
    store: Store, tree: str, new_tree: Callable[[], str]
) -> None:
    unpack(store, tree, ROOT, "a", "b", "c")
    unpack(store, tree, ROOT, "hidden", slot=1)
    close = {"0.0": 1.0, "0.1": 0.5, "0.2": -1.0, "0@1.0": 0.9}
    for at, first in close.items():
        store.put_vectors(tree, MODEL, {Address(at): towards(first, (1 - first**2) ** 0.5)})
    other = new_tree()
    store.put_vectors(other, MODEL, {ROOT: towards(1)})
    found = store.nearest(tree, MODEL, towards(3))
    assert [(each.address, round(cosine, 5)) for each, cosine in found] == [
        ("0.0", 1),
        ("0.1", 0.5),
        ("0.2", -1),
    ]
    assert all(-1 <= cosine <= 1 for _, cosine in found)
    assert [each.text for each, _ in store.nearest(tree, MODEL, towards(3), limit=1)] == ["a"]
    store.choose(tree, ROOT, 1)
    assert [each.address for each, _ in store.nearest(tree, MODEL, towards(3))] == ["0@1.0"]
    assert store.nearest(tree, "another", towards(1)) == []


def test_the_nearest_are_found_among_many(store: Store, tree: str) -> None:
    unpack(store, tree, ROOT, *(f"statement {n}" for n in range(1300)))
    random = np.random.default_rng(0).normal(size=(1300, VECTOR_SIZE))
    unit = random / np.linalg.norm(random, axis=1, keepdims=True)
    store.put_vectors(tree, MODEL, {Address(f"0.{n}"): unit[n].tolist() for n in range(1300)})
    wanted = [f"0.{n}" for n in np.argsort(-(unit @ unit[17]))[:10]]
    found = [each.address for each, _ in store.nearest(tree, MODEL, unit[17].tolist(), limit=10)]
    assert found[0] == "0.17"
    assert len(set(found) & set(wanted)) >= (10 if store.nearest_is_exact else 9)
