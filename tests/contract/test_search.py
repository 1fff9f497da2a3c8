"""Search: any text is a safe query, and what it finds is on the walk."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kb.address import ROOT, Address
from kb.records import TreeRecord
from kb.statements import Draft
from kb.stores.protocol import Store
from tests.contract.building import addresses, pages, sound, unpack


@pytest.fixture(autouse=True)
def _birds(store: Store, tree: str) -> None:
    unpack(
        store,
        tree,
        ROOT,
        "The island of Torgersen holds Adélie penguins, mostly near the shore",
        "Adelie penguins have short bills",
        "Gentoo: flippers > 206 mm AND body_mass",
        "NOT a word about birds OR fish",
        'don\'t look (at) the "island"',
    )


def found(store: Store, tree: str, text: str) -> list[str]:
    return addresses(store.search(tree, text).items)


def test_all_words_are_found_in_any_order_shortest_text_first(store: Store, tree: str) -> None:
    assert found(store, tree, "penguins adelie") == ["0.1", "0.0"]
    assert found(store, tree, "ISLAND") == ["0.4", "0.0"]
    assert found(store, tree, "penguins fish") == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("NOT", ["0.3"]),
        ("OR AND", []),
        ("island OR fish", []),
        ("NEAR(a b)", []),
        ("text : island", []),
        ("tree : 1", []),
        ('"island"', ["0.4", "0.0"]),
        ('"', []),
        ('""', []),
        ("* ^ - + ( ) { } :", []),
        ("isl*", []),
        ("island*", ["0.4", "0.0"]),
        ("don't", ["0.4"]),
        ("'; DROP TABLE statement; --", []),
        ("flippers>206", ["0.2"]),
        ("body_mass", ["0.2"]),
        ("", []),
        ("  \t\n", []),
        ("\0", []),
        ("island\0torgersen", ["0.0"]),
        ("%", []),
        ("_", []),
    ],
)
def test_nothing_in_a_query_is_an_operator(store: Store, tree: str, text: str, wanted: list[str]) -> None:
    assert found(store, tree, text) == wanted
    sound(store)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text() | st.text(alphabet="\"'*:^(){}+-~NEARORANDNOT island0,\\;%_\0"))
def test_any_text_is_a_safe_query(store: Store, tree: str, text: str) -> None:
    for each in store.search(tree, text, limit=2).items:
        assert each.address in {"0", "0.0", "0.1", "0.2", "0.3", "0.4"}


def test_the_same_place_in_another_tree_is_not_found(store: Store, tree: str) -> None:
    store.create_tree(TreeRecord("f" * 32, "fish", {}), Draft("cod and other fish"))
    store.append_child("f" * 32, ROOT, Draft("herring swim in the sea"))
    assert found(store, "f" * 32, "cod") == ["0"]
    assert found(store, "f" * 32, "fish") == ["0"]
    assert found(store, tree, "cod") == []
    assert found(store, tree, "herring") == []
    assert found(store, tree, "fish") == ["0.3"]


def test_the_number_of_a_tree_is_not_a_word(store: Store, tree: str) -> None:
    assert [found(store, tree, str(n)) for n in range(5)] == [[]] * 5


def test_what_is_not_on_the_walk_is_not_found(store: Store, tree: str) -> None:
    unpack(store, tree, Address("0.1"), "a bill is a beak")
    unpack(store, tree, ROOT, "beak again", slot=1)
    assert found(store, tree, "beak") == ["0.1.0"]
    store.choose(tree, ROOT, 1)
    assert found(store, tree, "beak") == ["0@1.0"]
    assert found(store, tree, "penguins") == []


def test_pages_of_matches_hold_each_once(store: Store, tree: str) -> None:
    for n in range(25):
        store.append_child(tree, ROOT, Draft(f"krill {'krill ' * (n % 4)}"))
    whole = addresses(store.search(tree, "krill", limit=100).items)
    assert len(whole) == len(set(whole)) == 25
    for limit in (1, 4, 25):
        assert addresses(pages(lambda **page: store.search(tree, "krill", **page), limit)) == whole
