"""Addresses: a name for a statement before it exists, in an order that stores can keep."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.address import (
    MAX_DEPTH,
    MAX_ORDINAL,
    MAX_SLOT,
    ROOT,
    Address,
    address_of,
    ancestors,
    child,
    depth,
    key,
    last_ordinal,
    parent,
    parse_address,
    path_of,
    slot_of,
)
from kb.errors import InputError

Steps = list[tuple[int, int]]
SMALL = st.tuples(st.integers(0, 3), st.integers(0, 70))
LARGE = st.tuples(st.integers(0, MAX_SLOT), st.integers(0, MAX_ORDINAL))
STEPS: st.SearchStrategy[Steps] = st.lists(SMALL | LARGE, max_size=12)


def written(steps: Steps) -> Address:
    """The address, built step by step."""
    address = ROOT
    for slot, ordinal in steps:
        address = child(address, ordinal, slot=slot)
    return address


@given(STEPS)
def test_an_address_survives_the_way_into_a_store_and_back(steps: Steps) -> None:
    address = written(steps)
    assert parse_address(address) == address
    assert address_of(path_of(address)) == address
    assert len(path_of(address)) == 5 * (len(steps) + 1)


@given(STEPS, STEPS)
def test_the_order_of_paths_is_depth_first_order(one: Steps, other: Steps) -> None:
    """Depth-first order compares slot and ordinal level by level, a parent before what is below it."""
    assert (path_of(written(one)) < path_of(written(other))) == (one < other)
    assert (path_of(written(one)) == path_of(written(other))) == (one == other)


@given(STEPS, STEPS)
def test_below_means_begins_with(above: Steps, more: Steps) -> None:
    top, below = path_of(written(above)), path_of(written([*above, *more]))
    assert below.startswith(top)
    assert top <= below < top + "~"


@given(st.lists(STEPS, min_size=2, max_size=2, unique_by=tuple), st.text(max_size=5), st.text(max_size=5))
def test_keys_tell_addresses_and_trees_apart(pair: list[Steps], tree: str, other: str) -> None:
    one, two = map(written, pair)
    assert key(tree, one) != key(tree, two)
    assert key(tree, one) == key(tree, one)
    assert re.fullmatch("[0-9a-f]{32}", key(tree, one))
    assert (key(tree, one) == key(other, one)) == (tree == other)


@given(STEPS)
def test_what_an_address_says_of_itself(steps: Steps) -> None:
    address = written(steps)
    assert depth(address) == len(steps)
    assert (slot_of(address), last_ordinal(address)) == (steps[-1] if steps else (0, 0))
    assert parent(address) == (written(steps[:-1]) if steps else None)
    assert ancestors(address) == [written(steps[:n]) for n in range(len(steps))]


@given(st.text() | st.text(alphabet="0123456789.@ \n-+"))
def test_a_text_is_an_address_or_an_input_error(text: str) -> None:
    try:
        address = parse_address(text)
    except InputError:
        return
    assert address == text.strip()
    assert address_of(path_of(address)) == address


@given(st.text() | st.text(alphabet="0123456789ABYZabz~", max_size=30))
def test_a_path_is_one_of_an_address_or_a_value_error(path: str) -> None:
    try:
        address = address_of(path)
    except ValueError:
        return
    assert path_of(address) == path


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "00",
        "0.",
        ".0",
        "0..1",
        "0.01",
        "0@0.1",
        "0@.1",
        "0@1",
        "0@1@2.1",
        "0.-1",
        "0.1 .2",
        "0.१",
        "0.1\n.2",
        "@1.0",
    ],
)
def test_what_is_no_address_says_how_to_write_one(text: str) -> None:
    with pytest.raises(InputError, match="Write the path of numbers from the root"):
        parse_address(text)
    with pytest.raises(InputError):
        path_of(Address(text))


def test_a_long_wrong_address_is_not_printed_whole() -> None:
    with pytest.raises(InputError) as caught:
        parse_address("x" * 10_000)
    assert len(str(caught.value)) < 250


def test_the_largest_step_fits_and_the_next_does_not() -> None:
    largest = child(ROOT, MAX_ORDINAL, slot=MAX_SLOT)
    assert path_of(largest) == "00000zzzzz"
    assert address_of("00000zzzzz") == largest
    with pytest.raises(InputError, match=f"{MAX_SLOT} and {MAX_ORDINAL} are the largest"):
        child(ROOT, MAX_ORDINAL + 1)
    with pytest.raises(InputError, match="are the largest"):
        child(ROOT, 0, slot=MAX_SLOT + 1)


def test_the_deepest_address_fits_and_the_next_does_not() -> None:
    deepest = parse_address("0" + ".1" * (MAX_DEPTH - 1))
    assert address_of(path_of(deepest)) == deepest
    assert len(ancestors(deepest)) == MAX_DEPTH - 1
    with pytest.raises(InputError, match=f"{MAX_DEPTH + 1} levels; {MAX_DEPTH} is the most"):
        child(deepest, 0)
    with pytest.raises(InputError, match=f"{MAX_DEPTH + 1} levels; {MAX_DEPTH} is the most"):
        parse_address(deepest + ".0")
    with pytest.raises(ValueError, match="not the stored form"):
        address_of(path_of(deepest) + "00000")


@pytest.mark.parametrize("path", ["", "0", "0000", "00001", "01000", "0000000", "00000 0000", "00000-0000"])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="is not the stored form"):
        address_of(path)
