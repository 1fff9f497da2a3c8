"""Cuts and groups of columns: round, disjoint, complete, as many as were asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kb.cases import Cases
from kb.task import Column, ColumnType
from tests.cases import cases_from_arrays
from unpacking.bins import bin_column, round_between

finite = st.floats(-1e12, 1e12, allow_nan=False)


@given(finite, finite)
@settings(deadline=None, max_examples=500)
def test_a_round_number_lies_between_its_neighbours(a: float, b: float) -> None:
    assume(a != b)
    low, high = min(a, b), max(a, b)

    assert low <= round_between(low, high) < high


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**6))
@settings(deadline=None, max_examples=200)
def test_between_whole_numbers_lies_a_whole_number(low: int, gap: int) -> None:
    assert float(round_between(float(low), float(low + gap))).is_integer()


@given(st.integers(-500, 500), st.integers(1, 300))
@settings(deadline=None, max_examples=200)
def test_no_other_number_but_nought_between_them_has_fewer_digits(low: int, gap: int) -> None:
    a, b = low / 10, (low + gap) / 10
    found = round_between(a, b)

    def zeros(v: float) -> int:
        """Powers of ten that divide v, in tenths."""
        tenths = round(v * 10)
        return 9 if tenths == 0 else next(k for k in range(9) if tenths % 10 ** (k + 1))

    assert zeros(found) >= max((zeros(t / 10) for t in range(low, low + gap) if t), default=0)


def column(kind: ColumnType, *levels: str) -> Column:
    return Column("x", kind, levels)


def of(col: Column, values: Any) -> Cases:
    return cases_from_arrays([col], {"x": values})


def pieces_of(cases: Cases, conditions: tuple[str, ...]) -> np.ndarray[Any, Any]:
    held: np.ndarray[Any, Any] = cases.matches(list(conditions)).sum(axis=1)
    return held


@given(
    st.lists(
        st.one_of(st.none(), st.floats(-1e6, 1e6), st.integers(-5, 5).map(float)), min_size=12, max_size=80
    ),
    st.integers(2, 6),
    st.integers(0, 99),
)
@settings(deadline=None, max_examples=60)
def test_pieces_of_a_number_are_disjoint_and_hold_every_case(
    values: list[float | None], pieces: int, seed: int
) -> None:
    x = np.array([np.nan if v is None else v for v in values])
    y = np.where(np.nan_to_num(x) > np.random.default_rng(seed).normal(), 1, 0).astype(np.int64)
    cases = of(column("numeric"), x)

    bins = bin_column(column("numeric"), cases, y, 2, pieces)

    if bins is not None:
        held = pieces_of(cases, bins.conditions)
        assert (held[~np.isnan(x)] == 1).all()
        assert (held <= 1).all()
        assert len([c for c in bins.conditions if "NULL" not in c]) <= pieces


@given(
    st.lists(st.sampled_from(["a", "b", "c", "d", "e", "it's", None]), min_size=20, max_size=120),
    st.integers(2, 4),
    st.sampled_from(["categorical", "ordinal"]),
    st.integers(0, 99),
)
@settings(deadline=None, max_examples=60)
def test_groups_of_categories_are_disjoint_and_no_more_than_asked_for(
    values: list[str | None], pieces: int, kind: ColumnType, seed: int
) -> None:
    col = column(kind, "a", "b", "c", "d", "e", "it's")
    cases = of(col, values)
    y = np.random.default_rng(seed).integers(3, size=len(values))

    bins = bin_column(col, cases, y, 3, pieces)

    if bins is not None:
        assert pieces_of(cases, bins.conditions).max() <= 1
        assert len([c for c in bins.conditions if "NULL" not in c]) <= pieces


@pytest.mark.parametrize("kind", ["numeric", "categorical"])
def test_the_codes_are_what_the_conditions_say(kind: ColumnType) -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=200)
    col = column(kind, "a", "b", "c", "d")
    values: Any
    if kind == "numeric":
        values = y + rng.normal(size=200)
        values[:30] = np.nan
    else:
        values = [None if i < 30 else "abcd"[(k + int(rng.integers(3))) % 4] for i, k in enumerate(y)]
    cases = of(col, values)
    bins = bin_column(col, cases, y, 2, 3)
    assert bins is not None

    matches = cases.matches(list(bins.conditions))

    for i, code in enumerate(bins.codes):
        assert matches[i].tolist() == [code == k for k in range(len(bins.conditions))]


def test_missing_values_are_a_piece_of_their_own() -> None:
    y = np.repeat([0, 1], 50)
    x = np.where(np.arange(100) < 20, np.nan, y + np.linspace(0, 1, 100))

    bins = bin_column(column("numeric"), of(column("numeric"), x), y, 2, 3)

    assert bins is not None
    assert bins.conditions[-1] == "x IS NULL"


def test_few_missing_values_are_in_no_piece() -> None:
    y = np.repeat([0, 1], 50)
    x = np.where(np.arange(100) < 2, np.nan, y + np.linspace(0, 1, 100))
    bins = bin_column(column("numeric"), of(column("numeric"), x), y, 2, 3)

    assert bins is not None
    assert all("NULL" not in c for c in bins.conditions)
    assert (bins.codes[:2] == len(bins.conditions)).all()


def test_a_number_that_never_changes_but_is_often_missing_is_cut_by_its_missingness() -> None:
    y = np.repeat([0, 1], 50)
    cases = of(column("numeric"), np.where(y == 0, np.nan, 1.0))

    bins = bin_column(column("numeric"), cases, y, 2, 3)

    assert bins is not None
    assert (pieces_of(cases, bins.conditions) == 1).all()


@pytest.mark.parametrize("scale", [1e300, 1e-300, 1.0])
def test_numbers_of_any_size_are_cut(scale: float) -> None:
    y = np.repeat([0, 1], 50)
    cases = of(column("numeric"), scale * (1.0 + np.arange(100.0)))

    bins = bin_column(column("numeric"), cases, y, 2, 2)

    assert bins is not None
    assert cases.matches(list(bins.conditions)).sum(axis=0).tolist() == [50, 50]


def test_neighbours_that_single_precision_takes_for_one_are_told_apart() -> None:
    y = np.repeat([0, 1], 50)
    cases = of(column("numeric"), 1_700_000_000.0 + np.arange(100.0))

    bins = bin_column(column("numeric"), cases, y, 2, 2)

    assert bins is not None
    assert cases.matches(list(bins.conditions)).sum(axis=0).tolist() == [50, 50]


def test_cuts_fall_where_the_classes_change() -> None:
    x = np.arange(100.0)
    bins = bin_column(column("numeric"), of(column("numeric"), x), (x > 61).astype(np.int64), 2, 2)

    assert bins is not None
    assert bins.conditions == ("x <= 61", "x > 61")


def test_dates_are_cut_at_days() -> None:
    days = np.datetime64("2020-01-01") + np.arange(100)
    col = column("date")
    cases = of(col, days.astype("datetime64[D]").astype(np.float64))

    bins = bin_column(col, cases, (np.arange(100) > 49).astype(np.int64), 2, 2)

    assert bins is not None
    assert cases.matches(list(bins.conditions)).sum(axis=0).tolist() == [50, 50]


def test_only_neighbours_of_an_order_are_grouped() -> None:
    levels = ("low", "mid", "high")
    col = column("ordinal", *levels)
    values = [levels[i % 3] for i in range(90)]
    y = np.array([1 if v == "mid" else 0 for v in values])  # low and high tell the same

    bins = bin_column(col, of(col, values), y, 2, 2)

    assert bins is not None
    assert not any("'low'" in c and "'high'" in c and "'mid'" not in c for c in bins.conditions)


def test_categories_that_tell_the_same_are_grouped() -> None:
    col = column("categorical", "a", "b", "c")
    values = ["abc"[i % 3] for i in range(90)]
    y = np.array([1 if v == "b" else 0 for v in values])

    bins = bin_column(col, of(col, values), y, 2, 2)

    assert bins is not None
    assert sorted(bins.conditions) == ["x = 'b'", "x IN ('a', 'c')"]


def test_a_boolean_is_cut_in_two() -> None:
    col = column("boolean", "true", "false")
    y = np.repeat([0, 1], 20)

    bins = bin_column(col, of(col, [bool(k) for k in y]), y, 2, 5)

    assert bins is not None
    assert sorted(bins.conditions) == ["NOT x", "x"]


@pytest.mark.parametrize(
    ("kind", "values"),
    [("numeric", np.ones(40)), ("text", [f"word {i}" for i in range(40)]), ("categorical", ["a"] * 40)],
)
def test_what_never_changes_or_is_text_is_not_cut(kind: ColumnType, values: Any) -> None:
    col = column(kind, "a") if kind == "categorical" else column(kind)

    assert bin_column(col, of(col, values), np.arange(40) % 2, 2, 3) is None


def test_too_few_cases_are_not_cut() -> None:
    assert (
        bin_column(column("numeric"), of(column("numeric"), np.arange(9.0)), np.arange(9) % 2, 2, 3) is None
    )
