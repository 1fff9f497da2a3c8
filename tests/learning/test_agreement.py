"""Alpha against published values, a second implementation and its edge cases."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from kb.address import Address
from kb.arrays import Numbers
from kb.records import Judgement
from learning.agreement import FEWEST_ITEMS, agreement_of, alpha, alpha_interval, table_of

NAN = float("nan")
# four observers, twelve units: Krippendorff (2011), section C
PUBLISHED = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
        [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
    ]
)


def test_alpha_is_the_published_one() -> None:
    assert alpha(PUBLISHED) == pytest.approx(0.849, abs=5e-4)
    assert alpha(PUBLISHED, "ordinal") == pytest.approx(0.815, abs=5e-4)


def by_pairs(values: Numbers) -> float:
    """Alpha by its definition: mean squared difference within items over that between any two answers."""
    units = [[v for v in column if not np.isnan(v)] for column in values.T]
    units = [u for u in units if len(u) >= 2]
    everything = [v for u in units for v in u]
    n = len(everything)
    within = sum(sum((a - b) ** 2 for a, b in permutations(u, 2)) / (len(u) - 1) for u in units) / n
    between = sum((a - b) ** 2 for a, b in permutations(everything, 2)) / (n * (n - 1))
    return float(1.0 - within / between)


def test_alpha_is_its_definition_for_continuous_answers_with_holes() -> None:
    rng = np.random.default_rng(0)
    values = rng.random((1, 30)) + 0.3 * rng.random((4, 30))
    values[rng.random(values.shape) < 0.4] = NAN

    assert alpha(values) == pytest.approx(by_pairs(values), abs=1e-12)


def test_alpha_of_nothing_to_compare_is_not_a_number() -> None:
    assert np.isnan(alpha(np.array([[0.5, NAN], [NAN, 0.5]])))
    assert np.isnan(alpha(np.full((2, 5), 0.5)))


def test_the_interval_holds_alpha_and_shrinks_with_items() -> None:
    rng = np.random.default_rng(1)
    values = rng.random((1, 400)) + 0.2 * rng.standard_normal((3, 400))

    few, many = alpha_interval(values[:, :25]), alpha_interval(values)

    assert few is not None
    assert many is not None
    assert few.low < alpha(values[:, :25]) < few.high
    assert many.high - many.low < 0.5 * (few.high - few.low)


def said(rater: str, n: int, value: float, **more: object) -> Judgement:
    given: dict[str, object] = {"value": value, **more}
    return Judgement(f"{rater} {n} {more}", "rating", Address(f"0.{n}"), rater, **given)  # type: ignore[arg-type]  # fields


def test_agreement_is_not_said_of_too_few_items() -> None:
    judgements = [
        said(r, n, 0.1 * (n % 8)) for n in range(FEWEST_ITEMS - 3) for r in ("human:ada", "human:bob")
    ]

    found = agreement_of(judgements)

    assert (found.alpha, found.interval, found.needed) == (None, None, 3)
    assert found.pairs[0].alpha is None
    assert found.pairs[0].apart == 0.0


def test_agreement_leaves_repeats_and_what_was_taken_back_out() -> None:
    judgements = [said(r, n, 0.1 * (n % 8)) for n in range(FEWEST_ITEMS) for r in ("human:ada", "human:bob")]
    judgements.append(said("human:ada", 3, 0.9, details={"repeat_of": 3}))
    wrong = said("human:ada", 40, 0.9)
    undo = Judgement("u", "rating", Address("0.40"), "human:ada", answer="undo", supersedes=wrong.id)

    found = agreement_of([*judgements, wrong, undo, said("human:bob", 40, 0.1)])

    assert found.alpha == 1.0
    assert found.items == FEWEST_ITEMS
    assert found.interval is not None


def test_comparisons_are_turned_the_same_way_round() -> None:
    judgements = [
        Judgement(
            rater,
            "comparison",
            Address(first),
            rater,
            1.5,
            details={"than": second, "log_ratio": ratio},
        )
        for rater, first, second, ratio in (
            ("human:ada", "0.1", "0.2", 1.5),
            ("human:bob", "0.2", "0.1", -1.5),
        )
    ]

    raters, items, values = table_of(judgements)

    assert (raters, items) == (["human:ada", "human:bob"], [("0.1", "0.2")])
    assert values.tolist() == [[1.5], [1.5]]
