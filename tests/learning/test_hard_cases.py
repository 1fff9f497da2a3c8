"""Tasks at the edge: new categories, missing values, few rows, many classes, nothing to learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kb.knowledge import KnowledgeBase, Tree
from learning.asking import answer, questions
from learning.fitting import latest_fit
from learning.predicting import explain, predict
from learning.search import learn
from tests.cases import cases_from_arrays
from tests.tasks import Table, aspect_about, grow, log_loss
from unpacking.budget import Budget

Columns = dict[str, np.ndarray[Any, Any]]


def named(codes: np.ndarray[Any, Any], prefix: str = "species") -> np.ndarray[Any, Any]:
    return np.array([f"{prefix} {k}" for k in codes], dtype=object)


def task(x: Columns, x_star: Columns, y: np.ndarray[Any, Any], y_star: np.ndarray[Any, Any]) -> Table:
    return Table({**x, "y": named(y)}, x_star, tuple(named(y_star)), "y")


def learned(kb: KnowledgeBase, table: Table, steps: int | None = None) -> Tree:
    tree = grow(kb, table)
    learn(tree, budget=Budget(steps=steps))
    return tree


def sound(tree: Tree, n: int | None = None) -> None:
    p = predict(tree).p
    assert p.shape == (tree.Dstar.n if n is None else n, len(tree.task.classes))
    assert np.isfinite(p).all()
    assert p.sum(axis=1) == pytest.approx(np.ones(len(p)), abs=1e-9)


@pytest.mark.parametrize("K", [2, 3, 50])
def test_two_to_fifty_classes_are_learned(kb: KnowledgeBase, K: int) -> None:
    rng = np.random.default_rng(0)

    def part(n: int) -> tuple[Columns, np.ndarray[Any, Any]]:
        y = np.arange(n) % K
        return {"a": y + 0.3 * rng.normal(size=n), "b": y % 5 + rng.normal(size=n)}, y

    (x, y), (x_star, y_star) = part(8 * K + 60), part(2 * K)
    table = task(x, x_star, y, y_star)

    tree = learned(kb, table, steps=3)

    sound(tree)
    assert log_loss(predict(tree).p, table.codes(tree)) < np.log(K)


def test_pure_noise_is_forecast_near_the_base_rate(kb: KnowledgeBase) -> None:
    rng = np.random.default_rng(1)
    x, x_star = ({f"c{i}": rng.normal(size=n) for i in range(3)} for n in (300, 300))
    y, y_star = (rng.random(300) < 0.3).astype(int), (rng.random(300) < 0.3).astype(int)
    table = task(x, x_star, y, y_star)

    tree = learned(kb, table)

    base = np.bincount(tree.D.y, minlength=2) / tree.D.n
    known = table.codes(tree)
    p = predict(tree).p
    # a claim costs what it learned of chance: some 20 numbers of half a nat each over 300 cases, at most
    assert log_loss(p, known) < float(-np.log(base[known]).mean()) + 10.0 / 300
    assert np.abs(p - base).mean() < 0.1


def test_a_task_whose_columns_tell_nothing_at_all_has_no_claims(kb: KnowledgeBase) -> None:
    x: Columns = {"a": np.tile([0.0, 1.0], 50), "b": np.tile([0.0, 0.0, 1.0, 1.0], 25)}
    y = np.repeat([0, 1], 50)

    tree = learned(kb, task(x, x, y, y))

    assert [s for s in tree.walk() if s.draft.when] == []
    assert predict(tree).p == pytest.approx(np.full((100, 2), 0.5), abs=1e-3)


def test_one_column_is_enough(kb: KnowledgeBase) -> None:
    y = np.arange(80) % 2
    x: Columns = {"a": y + np.linspace(0, 0.5, 80)}
    table = task(x, x, y, y)

    tree = learned(kb, table)

    sound(tree)
    assert (predict(tree).p.argmax(axis=1) == table.codes(tree)).all()


def test_twelve_rows_are_enough_to_say_something(kb: KnowledgeBase) -> None:
    y = np.arange(12) % 2
    x: Columns = {"a": y + np.linspace(0, 0.5, 12), "b": np.arange(12.0)}
    table = task(x, x, y, y)

    tree = learned(kb, table)

    sound(tree)
    assert not tree.held_out.any()
    answer(tree, questions(tree, rater="human:ada")[0], rater="human:ada", value=0.5)
    sound(tree)


def test_a_class_of_two_rows_that_folds_lack_breaks_nothing(kb: KnowledgeBase) -> None:
    y = np.array([0] * 40 + [1] * 40 + [2] * 2)
    x: Columns = {"a": y + np.linspace(0, 0.5, 82), "b": np.tile([0.0, 1.0], 41)}

    sound(learned(kb, task(x, x, y, y)))


def test_a_category_that_d_never_shows_is_forecast_without_what_speaks_of_its_column(
    kb: KnowledgeBase,
) -> None:
    rng = np.random.default_rng(2)
    y, y_star = rng.integers(2, size=150), rng.integers(2, size=50)
    words = np.array(["red", "blue"], dtype=object)
    x: Columns = {"colour": words[y], "size": y + rng.normal(size=150)}
    x_star: Columns = {
        "colour": np.array(["green"] * 50, dtype=object),
        "size": y_star + rng.normal(size=50),
    }
    tree = learned(kb, task(x, x_star, y, y_star))

    sound(tree)
    fit = latest_fit(tree)
    about_colour = [i for i, s in enumerate(fit.background.stand_ins()) if "colour" in s.draft.columns]
    named_colours = [i for i in about_colour if "<>" not in (fit.background.stand_ins()[i].draft.when or "")]
    assert named_colours
    assert not fit.background.matches(tree.Dstar).claims[:, named_colours].any()
    assert explain(tree, 0).values["colour"] == "green"


def test_a_category_that_neither_table_shows_can_still_be_forecast(dogs: Tree) -> None:
    columns = dogs.task.columns
    values: dict[str, Any] = {c.name: [0.0] for c in columns if c.type == "numeric"}

    p = predict(dogs, cases_from_arrays(columns, {**values, "snow": ["purple"]})).p

    assert p.sum() == pytest.approx(1.0)


def test_a_case_of_which_nothing_is_known_is_forecast_at_the_base(dogs: Tree) -> None:
    columns = dogs.task.columns
    values: dict[str, Any] = {c.name: [np.nan] for c in columns if c.type == "numeric"}
    fit = latest_fit(dogs)

    p = predict(dogs, cases_from_arrays(columns, {**values, "snow": [None]})).p[0]

    base = [np.exp(b.b) / np.exp(b.b).sum() for b in (fit.points, fit.plain)]
    assert p == pytest.approx((1 - fit.as_D) * base[0] + fit.as_D * base[1], abs=1e-9)


def test_missing_values_can_be_what_a_statement_speaks_about(kb: KnowledgeBase) -> None:
    rng = np.random.default_rng(3)
    y = rng.integers(2, size=200)
    measured = np.where((y == 1) & (rng.random(200) < 0.8), np.nan, rng.normal(size=200))
    x: Columns = {"test": measured, "other": rng.normal(size=200)}

    tree = learned(kb, task(x, x, y, y))

    said = [s.draft.when or "" for s in tree.walk()]
    assert any("IS NULL" in when for when in said)
    sound(tree)


def test_a_column_missing_throughout_dstar_says_nothing_there(kb: KnowledgeBase) -> None:
    rng = np.random.default_rng(4)
    y = rng.integers(2, size=150)
    x: Columns = {"a": y + rng.normal(size=150), "b": y + rng.normal(size=150)}
    x_star: Columns = {**x, "b": np.full(150, np.nan)}
    tree = learned(kb, task(x, x_star, y, y))

    sound(tree)
    a = aspect_about(tree, "b")
    assert all(s.measures and not s.measures.carries_Dstar for s in tree.walk(a) if s.draft.when)


def test_copies_of_one_case_are_all_forecast_alike(kb: KnowledgeBase) -> None:
    y = np.arange(60) % 2
    x: Columns = {"a": y + np.linspace(0, 0.5, 60)}
    tree = learned(kb, task(x, {"a": np.full(5, 0.2)}, y, np.zeros(5, dtype=int)))

    assert np.ptp(predict(tree).p, axis=0) == pytest.approx([0.0, 0.0], abs=1e-12)
