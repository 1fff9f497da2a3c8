"""Statements: what is written is read, at any size and in any script."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kb.address import MAX_DEPTH, ROOT, Address, ancestors, child, depth
from kb.errors import InputError
from kb.statements import Draft, Measures, Statement
from kb.stores.protocol import Store, UnknownAddressError
from tests.contract.building import addresses, drafts, grow, pages, sound, unpack

FULL = Draft(
    "flippers over 206 mm mean Gentoo",
    kind="claim",
    when="flipper_length_mm > 206",
    side="Gentoo",
    columns=("flipper_length_mm", "a column, with a comma"),
    origin="human:ada",
    replaces=Address("0.3@2.1"),
)


def test_every_field_of_a_statement_is_kept(store: Store, tree: str) -> None:
    appended = store.append_child(tree, ROOT, FULL)
    assert appended.address == "0.0"
    assert store.node(tree, Address("0.0")) == appended
    assert appended.draft == FULL
    assert appended.created == 1_700_000_000.0


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(), side=st.none() | st.text(), columns=st.lists(st.text(), max_size=4))
def test_any_text_comes_back_as_it_was(
    store: Store, tree: str, text: str, side: str | None, columns: list[str]
) -> None:
    appended = store.append_child(tree, ROOT, Draft(text, side=side, columns=tuple(columns), origin=text))
    read = store.node(tree, appended.address)
    assert read == appended


def test_half_a_character_is_refused_and_nothing_is_written(store: Store, tree: str) -> None:
    with pytest.raises(InputError, match="half a character"):
        store.append_child(tree, ROOT, Draft("so \ud800 far"))
    with pytest.raises(InputError, match="half a character"):
        unpack(store, tree, ROOT, "whole", "so \ud800 far")
    assert store.children(tree, ROOT).items == ()
    assert store.expansions(tree, ROOT) == []
    sound(store)


def test_a_megabyte_of_text_in_many_scripts(store: Store, tree: str) -> None:
    text = "Schnabel 嘴 клюв 🐧 \u202eright to left\u202c \0 " * 30_000
    assert len(text.encode()) > 1_000_000
    appended = store.append_child(tree, ROOT, Draft(text))
    read = store.node(tree, appended.address)
    assert read is not None
    assert read.text == text
    assert addresses(store.search(tree, "клюв").items) == ["0.0"]
    sound(store)


def test_ten_thousand_children_under_one_statement(store: Store, tree: str) -> None:
    unpack(store, tree, ROOT, *(f"child {n}" for n in range(10_000)))
    root = store.node(tree, ROOT)
    assert root is not None
    assert root.n_children == 10_000
    found = pages(lambda **page: store.children(tree, ROOT, **page), limit=999)
    assert addresses(found) == [f"0.{n}" for n in range(10_000)]
    walked = pages(lambda **page: store.subtree(tree, ROOT, **page), limit=4000)
    assert addresses(walked) == ["0", *addresses(found)]
    assert store.append_child(tree, ROOT, Draft("one more")).address == "0.10000"
    sound(store)


def test_a_tree_sixty_four_levels_deep(store: Store, tree: str) -> None:
    at = ROOT
    for level in range(64):
        unpack(store, tree, at, f"level {level}", slot=level % 3)
        at = child(at, 0, slot=level % 3)
    assert depth(at) == 64
    assert addresses(store.ancestors(tree, at)) == ancestors(at)
    assert addresses(store.subtree(tree, ROOT).items) == [*ancestors(at), at]
    assert addresses(store.search(tree, "level 63").items) == [at]
    sound(store)


def test_the_deepest_address_can_be_stored_and_nothing_below_it(store: Store, tree: str) -> None:
    deepest = Address("0" + ".0" * (MAX_DEPTH - 1))
    chain = [*ancestors(deepest)[1:], deepest]
    store.put_statements(tree, [Statement(address, Draft("deep")) for address in chain])
    assert len(store.ancestors(tree, deepest)) == MAX_DEPTH - 1
    assert len(store.subtree(tree, ROOT, limit=1000).items) == MAX_DEPTH
    with pytest.raises(InputError, match="513 levels"):
        store.append_child(tree, deepest, Draft("too deep"))


def test_some_statements_come_in_address_order_without_the_missing(store: Store, tree: str) -> None:
    grow(store, tree, levels=2)
    wanted = [Address(a) for a in ("0.1.1", "0.9", "0", "0.1", "0.1", "0.0.1")]
    assert addresses(store.nodes(tree, wanted)) == ["0", "0.0.1", "0.1", "0.1.1"]
    assert store.nodes(tree, []) == []
    assert store.node(tree, Address("0.9")) is None


def test_ancestors_of_a_statement_that_is_not_stored(store: Store, tree: str) -> None:
    grow(store, tree, levels=1)
    assert addresses(store.ancestors(tree, Address("0.1.7.2"))) == ["0", "0.1"]
    assert store.ancestors(tree, ROOT) == []


def test_nothing_is_appended_below_what_is_not_stored(store: Store, tree: str) -> None:
    grow(store, tree, levels=1)
    with pytest.raises(UnknownAddressError, match=r"nearest stored ancestor is 0\.1\b"):
        store.append_child(tree, Address("0.1.4"), Draft("floating"))


def test_a_text_that_is_no_address_is_refused(store: Store, tree: str) -> None:
    with pytest.raises(InputError, match=r"'1\.2' is not an address"):
        store.node(tree, Address("1.2"))


def test_children_of_what_is_not_stored_are_none(store: Store, tree: str) -> None:
    assert store.children(tree, Address("0.5")).items == ()
    assert store.subtree(tree, Address("0.5")).items == ()


def test_what_is_dropped_stays_and_says_so(store: Store, tree: str) -> None:
    grow(store, tree, levels=1)
    store.set_dropped(tree, Address("0.1"), is_dropped=True)
    assert [each.is_dropped for each in store.children(tree, ROOT).items] == [False, True]
    assert addresses(store.subtree(tree, ROOT).items) == ["0", "0.0", "0.1"]
    store.set_dropped(tree, Address("0.1"), is_dropped=False)
    assert [each.is_dropped for each in store.children(tree, ROOT).items] == [False, False]
    with pytest.raises(UnknownAddressError):
        store.set_dropped(tree, Address("0.7"), is_dropped=True)


def test_measures_replace_all_earlier_ones(store: Store, tree: str) -> None:
    grow(store, tree, levels=1)
    fitted = Measures({"Adelie": 0.5, "Gentoo": -0.5}, 0.9, 0.05, 3, 12.5, 0.25, 0.75, alarm=True)
    store.put_measures(tree, {Address("0.0"): fitted, Address("0.1"): Measures()})
    assert [each.measures for each in store.children(tree, ROOT).items] == [fitted, Measures()]

    store.put_measures(tree, {Address("0.1"): fitted})
    assert [each.measures for each in store.children(tree, ROOT).items] == [None, fitted]
    sound(store)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_measures_that_are_no_numbers_change_nothing(store: Store, tree: str, bad: float) -> None:
    grow(store, tree, levels=1)
    store.put_measures(tree, {Address("0.0"): Measures(plausibility=0.5)})
    with pytest.raises(InputError, match=r"0\.1: a number is NaN or infinite"):
        store.put_measures(tree, {Address("0.0"): Measures(), Address("0.1"): Measures(nats_on_D=bad)})
    with pytest.raises(UnknownAddressError):
        store.put_measures(tree, {Address("0.0"): Measures(), Address("0.9"): Measures()})
    assert [each.plausibility for each in store.children(tree, ROOT).items] == [0.5, None]


def test_statements_are_put_once_with_their_parents(store: Store, tree: str) -> None:
    new = [Statement(Address(a), Draft(f"at {a}")) for a in ("0.1.0", "0.0", "0.1", "0.1@2.0")]
    assert store.put_statements(tree, new) == 4
    assert store.put_statements(tree, new) == 0
    assert addresses(store.subtree(tree, ROOT, every_slot=True).items) == [
        "0",
        "0.0",
        "0.1",
        "0.1.0",
        "0.1@2.0",
    ]
    sound(store)

    with pytest.raises(UnknownAddressError):
        store.put_statements(tree, [Statement(Address(a), Draft("x")) for a in ("0.2", "0.5.0")])
    with pytest.raises(InputError, match="another statement is stored there"):
        store.put_statements(tree, [Statement(Address(a), Draft("x")) for a in ("0.2", "0.1")])
    assert store.node(tree, Address("0.2")) is None
    sound(store)


def test_expansions_are_put_only_where_their_children_are(store: Store, tree: str) -> None:
    made = unpack(store, tree, ROOT, "one", "two")
    assert store.put_expansions(tree, [made]) == 0
    foreign = [Statement(Address(f"0@1.{n}"), draft) for n, draft in enumerate(drafts("three", "four"))]
    store.put_statements(tree, foreign)
    from dataclasses import replace

    other = replace(made, slot=1, proposals=(replace(made.proposals[0], children=drafts("three", "five")),))
    with pytest.raises(InputError, match="not the statements that are stored"):
        store.put_expansions(tree, [other])
    right = replace(made, slot=1, proposals=(replace(made.proposals[0], children=drafts("three", "four")),))
    assert store.put_expansions(tree, [right]) == 1
    assert [each.is_current for each in store.expansions(tree, ROOT)] == [True, False]
    sound(store)
