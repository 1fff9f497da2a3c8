from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest

from kb.cases import Cases
from kb.shift import ColumnShift, column_shifts
from kb.task import Column
from tests.cases import cases_from_arrays


def shift(column: Column, one: Sequence[object], other: Sequence[object], seed: int = 0) -> ColumnShift:
    D, Dstar = (cases_from_arrays([column], {column.name: side}) for side in (one, other))
    (found,) = column_shifts(D, Dstar, seed=seed)
    return found


ISLAND = Column("island", "categorical", ("Dream", "Biscoe", "Dundas"))
MASS = Column("mass_g", "numeric")


def test_the_distance_of_categories_is_their_total_variation() -> None:
    found = shift(ISLAND, ["Dream"] * 30 + ["Biscoe"] * 70, ["Dream"] * 55 + ["Biscoe"] * 40 + [None] * 5)
    assert found.distance == pytest.approx(0.5 * (0.25 + 0.30 + 0.05))
    assert found.what == "Biscoe 70 % → 40 %"


def test_distances_run_from_the_same_to_no_overlap() -> None:
    values = list(np.linspace(0, 1, 200))
    assert shift(MASS, values, values).distance == 0.0
    apart = shift(MASS, values, [x + 2 for x in values])
    assert (apart.distance, apart.verdict) == (1.0, "far apart")


def test_a_few_cases_to_predict_outside_a_large_range_are_seen() -> None:
    rng = np.random.default_rng(0)
    D = list(rng.normal(size=5_000))
    assert shift(MASS, D, list(rng.normal(3, 0.1, size=60))).verdict == "far apart"


@pytest.mark.parametrize("n", [20, 200, 5_000])
def test_chance_alone_is_hardly_ever_taken_for_a_shift(n: int) -> None:
    rng = np.random.default_rng(1)
    columns = [Column(f"x{k}", "numeric") for k in range(60)]
    columns += [Column(f"c{k}", "categorical", tuple("abcdefgh")) for k in range(60)]

    def drawn() -> Cases:
        values = {
            c.name: rng.normal(size=n) if c.name[0] == "x" else rng.choice(list("abcdefgh"), n)
            for c in columns
        }
        return cases_from_arrays(columns, values)

    verdicts = [found.verdict for found in column_shifts(drawn(), drawn())]
    assert verdicts.count("alike") >= 118  # three standard deviations: about 1 in 700 beyond each way


def test_a_shift_beyond_chance_is_found() -> None:
    rng = np.random.default_rng(2)
    found = shift(MASS, list(rng.normal(size=400)), list(rng.normal(0.5, size=400)))
    assert found.verdict == "differs"


def test_a_tiny_difference_is_alike_however_many_rows_show_it() -> None:
    n = 90_000
    one = ["Dream"] * (n // 2) + ["Biscoe"] * (n // 2)
    other = ["Dream"] * (n // 2 + 1_500) + ["Biscoe"] * (n // 2 - 1_500)
    assert shift(ISLAND, one, other).verdict == "alike"


@pytest.mark.parametrize(
    ("column", "one", "other", "what"),
    [
        (MASS, [4000, 4050, 4100], [4200, 4300, 4400], "median 4,050 → 4,300"),
        (Column("year", "numeric"), [2007, 2007], [2009, 2009], "median 2007 → 2009"),
        (MASS, [1, 2, 3], [1, 2, 9], "highest tenth from 2.8 → 7.6"),
        (MASS, [1, 2, 3], [1, 2, 3], "median 2 in both"),
        (MASS, [1, 2, 3], [1, None, None], "missing 0 % → 67 %"),
        (MASS, [1, 2, 3], [None], "missing 0 % → 100 %"),
        (Column("day", "date"), ["2020-01-01"], ["2021-01-01"], "median 2020-01-01 → 2021-01-01"),
        (Column("note", "text"), ["a b", "c d"], ["a b c d", "e f g h"], "median words 2 → 4"),
        (ISLAND, ["Dream"], ["Dream", "Dundas"], "new value Dundas in D* (50 %)"),
        (
            ISLAND,
            ["Dream", "Biscoe"],
            ["Biscoe"] * 9 + ["Dundas"],
            "Dream 50 % → 0 %; new value Dundas in D*",
        ),
        (ISLAND, ["Dream", "Biscoe"], [None, "Biscoe"], "missing 0 % → 50 %"),
        (Column("wet", "boolean", ("false", "true")), [True, False], [True], "false 50 % → 0 %"),
    ],
)
def test_a_shift_says_how_in_a_few_words(
    column: Column, one: list[object], other: list[object], what: str
) -> None:
    assert shift(column, one, other).what == what


def test_the_largest_distance_comes_first_and_the_seed_decides_all() -> None:
    rng = np.random.default_rng(3)
    columns = [Column(f"x{k}", "numeric") for k in range(4)]
    D = cases_from_arrays(columns, {f"x{k}": rng.normal(size=300) for k in range(4)})
    Dstar = cases_from_arrays(columns, {f"x{k}": rng.normal(k / 2, size=300) for k in range(4)})
    found = column_shifts(D, Dstar, seed=5)
    assert [s.column for s in found[:3]] == ["x3", "x2", "x1"]
    assert found == column_shifts(D, Dstar, seed=5)
    assert json.loads(json.dumps(found[0].to_dict()))["column"] == "x3"


def test_of_many_rows_some_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kb.shift.MAX_ROWS", 1_000)
    rng = np.random.default_rng(4)
    found = shift(MASS, list(rng.normal(size=3_000)), list(rng.normal(2, size=3_000)))
    assert found.verdict == "far apart"


def test_many_levels_and_no_cases_are_no_trouble() -> None:
    levels = tuple(f"v{k}" for k in range(500))
    column = Column("code", "categorical", levels)
    assert shift(column, levels, levels[::-1]).distance == 0.0
    D = cases_from_arrays([MASS], {"mass_g": [1, 2]})
    assert column_shifts(D, D.take(np.zeros(0, dtype=np.int64)))[0].what == "no cases to compare"
