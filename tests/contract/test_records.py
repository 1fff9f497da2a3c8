"""Judgements, moves and blobs: what is appended stays as it was said."""

from __future__ import annotations

import itertools
import os
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kb.address import ROOT, Address
from kb.errors import FailedError, InputError
from kb.records import Judgement, Move
from kb.stores.protocol import Store, UnknownAddressError
from tests.contract.building import grow, pages, sound
from tests.contract.conftest import Clock

SAID = Judgement(
    "s1/7",
    "rating",
    Address("0.1"),
    "human:ada",
    0.25,
    answer="credence",
    note="it depends — on the season",
    seconds=4.5,
    session="s1",
    supersedes="s1/6",
    details={"shown": ["a", "b"], "unset": None},
    created=1_600_000_000.0,
)

_NUMBERS = itertools.count()


@pytest.fixture(autouse=True)
def _two_children(store: Store, tree: str) -> None:
    grow(store, tree, levels=1)


def test_a_judgement_is_kept_whole(store: Store, tree: str) -> None:
    assert store.append_judgements(tree, [SAID]) == 1
    assert store.judgements(tree).items == (SAID,)


def test_a_judgement_is_said_once_and_never_changed(store: Store, tree: str) -> None:
    other = replace(SAID, id="s1/8")
    store.append_judgements(tree, [SAID])
    assert store.append_judgements(tree, [replace(SAID, value=0.75), other, other]) == 1
    assert store.judgements(tree).items == (SAID, other)
    assert not any(name.startswith(("delete", "update_j", "edit")) for name in dir(store))


def test_judgements_are_appended_all_or_none(store: Store, tree: str) -> None:
    lost = replace(SAID, id="lost", address=Address("0.9"))
    with pytest.raises(UnknownAddressError, match=r"0\.9: no such statement"):
        store.append_judgements(tree, [SAID, lost])
    with pytest.raises(InputError, match="NaN or infinite"):
        store.append_judgements(tree, [SAID, replace(SAID, id="nan", value=float("nan"))])
    assert store.judgements(tree).items == ()


def test_judgements_are_found_by_address_and_rater_in_order(store: Store, tree: str) -> None:
    said = [
        replace(SAID, id=str(n), address=Address(f"0.{n % 2}"), rater=f"human:{'ab'[n // 2 % 2]}")
        for n in range(20)
    ]
    store.append_judgements(tree, said)
    for limit in (1, 3, 100):
        for address in (None, Address("0.0"), Address("0.1")):
            for rater in (None, "human:a", "human:b"):
                found = pages(
                    lambda address=address, rater=rater, **page: store.judgements(
                        tree, address=address, rater=rater, **page
                    ),
                    limit,
                )
                wanted = [j for j in said if address in (None, j.address) and rater in (None, j.rater)]
                assert found == wanted
    assert store.judgements(tree, address=Address("0.7")).items == ()
    assert store.judgements(tree, rater="human:' OR 1=1").items == ()


def test_moves_are_kept_whole_in_order_and_as_often_as_made(store: Store, tree: str, clock: Clock) -> None:
    made = Move(
        "drop", Address("0.7.7"), "search", taken=False, why="costs more", terms={"J": -1.5}, run="r1"
    )
    store.append_moves(tree, [made, made])
    clock.now += 1
    store.append_moves(tree, [replace(made, created=5.0)])
    found = pages(lambda **page: store.moves(tree, **page), 2)
    assert [replace(each, id="") for each in found] == [
        replace(made, created=at) for at in (clock.now - 1, clock.now - 1, 5.0)
    ]
    assert len({each.id for each in found}) == 3


def test_a_move_with_an_id_is_kept_once(store: Store, tree: str) -> None:
    made = Move("drop", ROOT, "human:ada", taken=True, id="m1", created=1.0)
    assert store.append_moves(tree, [made, made]) == 1
    assert store.append_moves(tree, [replace(made, why="again"), replace(made, id="m2")]) == 1
    assert store.moves(tree).items == (made, replace(made, id="m2"))


def test_moves_are_appended_all_or_none(store: Store, tree: str) -> None:
    fine = Move("ask", ROOT, "search", taken=True)
    with pytest.raises(InputError):
        store.append_moves(tree, [fine, replace(fine, terms={"J": float("inf")})])
    assert store.moves(tree).items == ()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(note=st.text(), rater=st.text())
def test_judgements_hold_any_text(store: Store, tree: str, note: str, rater: str) -> None:
    said = replace(SAID, id=f"{next(_NUMBERS)} {note}", note=note, rater=rater, details={note: rater})
    store.append_judgements(tree, [said])
    assert store.judgements(tree, rater=rater).items[-1] == said


@pytest.mark.parametrize("size", [0, 1, 999_999, 1_000_000, 1_000_001, 3_500_000, 17_000_000])
def test_blobs_of_any_size_come_back(store: Store, size: int) -> None:
    data = os.urandom(size)
    digest = store.put_blob(data)
    assert len(digest) == 64
    assert store.put_blob(data) == digest
    assert store.blob(digest) == data
    assert store.has_blob(digest)
    sound(store)


def test_a_missing_blob_is_an_error(store: Store) -> None:
    assert not store.has_blob("0" * 64)
    with pytest.raises(FailedError, match="there is no blob"):
        store.blob("0" * 64)
