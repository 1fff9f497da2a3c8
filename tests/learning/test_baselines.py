"""The classical rows learn, and take whatever a table may hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kb.cases import Cases, Labelled
from kb.task import Column
from learning import baselines
from learning.baselines import CLASSICAL, classical_rows, encode, encoding
from learning.scores import CLIP, accuracy, log_loss


@pytest.fixture(autouse=True)
def _small_forests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baselines, "TREES", 20)
    monkeypatch.setattr(baselines, "ROUNDS", 25)


COLOURS = ("red", "green", "blue", "mauve")
MIXED = (
    Column("weight", "numeric"),
    Column("colour", "categorical", levels=COLOURS),
    Column("wet", "boolean", levels=("false", "true")),
    Column("size", "ordinal", levels=("s", "m", "l")),
    Column("day", "date"),
    Column("note", "text"),
)


def mixed(n: int, seed: int) -> tuple[Cases, np.ndarray[Any, Any]]:
    """A class that follows the colour, and the weight where the colour is red."""
    rng = np.random.default_rng(seed)
    colour = rng.integers(3, size=n).astype(np.int64)
    weight = rng.normal(50.0, 10.0, n)
    y = np.where(colour == 0, (weight > 50).astype(int), colour)
    weight[rng.random(n) < 0.1] = np.nan
    wet = rng.integers(-1, 2, size=n).astype(np.int64)
    size = rng.integers(3, size=n).astype(np.int64)
    day = rng.integers(9000, 9400, n).astype(float)
    text = np.array([f"case {i}" for i in range(n)], dtype=object)
    values = {"weight": weight, "colour": colour, "wet": wet, "size": size, "day": day, "note": text}
    return Cases(MIXED, values), y.astype(np.int64)


def numeric(X: np.ndarray[Any, Any]) -> Cases:
    columns = [Column(f"x{j}", "numeric") for j in range(X.shape[1])]
    return Cases(columns, {f"x{j}": X[:, j] for j in range(X.shape[1])})


def test_every_classical_row_learns_a_simple_rule_on_mixed_columns() -> None:
    train, y = mixed(400, 0)
    test, truth = mixed(300, 1)
    said: list[str] = []
    told: list[tuple[str, int, int]] = []

    rows = classical_rows(
        Labelled(train, y),
        {"D held out": test},
        seed=0,
        progress=lambda *step: told.append(step),
        note=said.append,
    )

    assert list(rows) == ["logistic regression", "naive Bayes", "boosted trees", "random forest", "MLP"]
    for splits in rows.values():
        assert splits["D held out"].shape == (300, 3)
        assert accuracy(truth, splits["D held out"]) > 0.85
    assert told == [(name, i, 5) for i, name in enumerate(rows)]
    assert said[0] == "Of the classical rows only tf-idf reads text: note."


def test_the_same_seed_gives_the_same_forecasts() -> None:
    train, y = mixed(60, 0)
    test, _ = mixed(20, 1)

    first, second = (classical_rows(Labelled(train, y), {"D*": test}, seed=5) for _ in range(2))

    for name in CLASSICAL:
        assert first[name]["D*"].tobytes() == second[name]["D*"].tobytes()


def test_numbers_are_standardised_with_the_median_where_missing() -> None:
    train = numeric(np.array([[1.0], [2.0], [6.0], [np.nan]]))
    test = numeric(np.array([[3.0], [np.nan], [1e30]]))

    D, other = encode(train, [test])

    sd = np.std([1.0, 2.0, 6.0])
    assert D[:, 0] == pytest.approx(np.array([-2.0, -1.0, 3.0, -1.0]) / sd)
    assert D[:, 1].tolist() == [0, 0, 0, 1]
    assert other[:, 0] == pytest.approx([0.0, -1.0 / sd, 20.0])
    assert other[:, 1].tolist() == [0, 1, 0]


def test_levels_that_are_rare_share_a_feature_and_unseen_ones_have_none() -> None:
    column = Column("colour", "categorical", levels=("a", "b", "c", "d", "never"))
    codes = np.array([0] * 5 + [1] * 3 + [2, 3, -1], dtype=np.int32)
    train = Cases([column], {"colour": codes})
    test = Cases([column], {"colour": np.array([0, 1, 2, 3, 4, -1], dtype=np.int32)})

    _, other = encode(train, [test])

    a, b, rare, missing = np.eye(4)
    assert other.tolist() == [list(a), list(b), list(rare), list(rare), [0, 0, 0, 0], list(missing)]


def test_levels_in_another_order_are_read_by_name() -> None:
    one, other = (Column("c", "categorical", levels=levels) for levels in (("a", "b"), ("new", "b", "a")))
    train = Cases([one], {"c": np.array([0, 0, 0, 1, 1, 1])})
    test = Cases([other], {"c": np.array([0, 1, 2])})

    assert encoding(train).matrix(test).tolist() == [[0, 0], [0, 1], [1, 0]]


@pytest.mark.parametrize("held", [np.nan, 7.0])
def test_columns_without_information_harm_nobody(held: float) -> None:
    rng = np.random.default_rng(0)
    y = (rng.random(60) < 0.25).astype(np.int64)
    rows = classical_rows(
        Labelled(numeric(np.full((60, 2), held)), y), {"D*": numeric(rng.normal(size=(5, 2)))}, seed=0
    )

    for splits in rows.values():
        assert np.isfinite(splits["D*"]).all()
        assert splits["D*"].sum(axis=1) == pytest.approx(1.0)


def test_text_alone_leaves_the_base_rate() -> None:
    column = Column("t", "text")
    train = Cases([column], {"t": np.array(["a", "b", "c", "d"], dtype=object)})
    y = np.array([0, 0, 0, 1], dtype=np.int64)

    rows = classical_rows(Labelled(train, y), {"D*": train}, seed=0)

    for splits in rows.values():
        assert splits["D*"] == pytest.approx(np.tile([0.75, 0.25], (4, 1)))


def test_one_class_only_is_forecast_up_to_the_floor() -> None:
    X = np.random.default_rng(0).normal(size=(20, 2))
    rows = classical_rows(Labelled(numeric(X), np.ones(20, np.int64)), {"D*": numeric(X)}, seed=0, K=3)

    for splits in rows.values():
        assert splits["D*"][0] == pytest.approx([CLIP, 1.0, CLIP], rel=1e-3)


def test_a_class_of_one_case_and_a_class_that_the_part_lacks_are_taken() -> None:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(41, 2))
    y = np.append((X[:40, 0] > 0).astype(np.int64), 2)
    rows = classical_rows(Labelled(numeric(X), y), {"D*": numeric(X)}, seed=0, K=4)

    for splits in rows.values():
        assert splits["D*"].shape == (41, 4)
        assert (splits["D*"][:, 3] < 2 * CLIP).all()


def test_a_single_labelled_case_is_enough_to_answer() -> None:
    X = np.zeros((1, 1))
    rows = classical_rows(Labelled(numeric(X), np.zeros(1, np.int64)), {"D*": numeric(X)}, seed=0, K=2)

    assert all(splits["D*"][0, 0] > 0.99 for splits in rows.values())


def test_no_case_to_forecast_is_an_empty_forecast() -> None:
    X = np.random.default_rng(0).normal(size=(30, 2))
    y = (X[:, 0] > 0).astype(np.int64)

    rows = classical_rows(Labelled(numeric(X), y), {"D*": numeric(X[:0])}, seed=0)

    assert all(splits["D*"].shape == (0, 2) for splits in rows.values())


def test_fifty_classes_beat_the_base_rate() -> None:
    rng = np.random.default_rng(2)
    y = np.repeat(np.arange(50), 8).astype(np.int64)
    X = np.column_stack([y % 7, y // 7]) + 0.15 * rng.normal(size=(400, 2))
    test = np.column_stack([y % 7, y // 7]) + 0.15 * rng.normal(size=(400, 2))

    rows = classical_rows(Labelled(numeric(X), y), {"D held out": numeric(test)}, seed=0)

    for splits in rows.values():
        assert splits["D held out"].shape == (400, 50)
        assert log_loss(y, splits["D held out"]) < 0.6 * np.log(50)


def test_many_rows_are_sampled_and_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baselines, "FIT_ROWS", 100)
    monkeypatch.setattr(baselines, "CELLS_AT_ONCE", 64)
    train, y = mixed(150, 0)
    test, truth = mixed(100, 1)
    said: list[str] = []

    rows = classical_rows(Labelled(train, y), {"D*": test}, seed=0, note=said.append)

    assert "Classical rows are fitted on 100 cases of D, drawn at random from 150." in said
    assert accuracy(truth, rows["boosted trees"]["D*"]) > 0.8


def test_a_fit_that_was_cut_short_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from sklearn.neural_network import MLPClassifier

    quick: Any = lambda *_: [lambda: MLPClassifier((4,), max_iter=2, random_state=0)]  # noqa: E731
    monkeypatch.setattr(baselines, "CLASSICAL", {"MLP": quick})
    train, y = mixed(60, 0)
    said: list[str] = []

    classical_rows(Labelled(train, y), {"D*": train}, seed=0, note=said.append)

    assert "The fit of MLP stopped at its limit of iterations, before it converged." in said
