"""Three rooms: the points see labels of D, Prior sees ratings, nothing sees a label of D*."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kb.address import Address
from kb.knowledge import KnowledgeBase, Tree, open_kb
from kb.tables import TaskOptions, prepare_task
from learning.asking import answer
from learning.background import background_of
from learning.beliefs import traits_of
from learning.fitting import fit_numbers, latest_fit, refit
from learning.objective import Objective
from learning.predicting import predict
from learning.prior import Prior, Traits, fit_prior, ratings_of, task_belief
from learning.ratios import comparisons_of
from learning.scorecard import fit_points
from learning.search import learn
from learning.strength import choose_strength, choose_word_strength
from learning.words import fit_words
from tests.tasks import Table, grow
from unpacking.budget import Budget
from unpacking.induction import InductionUnpacker
from unpacking.step import unpack_step

FIT_PATH: list[Callable[..., Any]] = [
    fit_points,
    fit_numbers,
    choose_strength,
    choose_word_strength,
    fit_words,
    refit,
    latest_fit,
    learn,
    fit_prior,
    background_of,
    Objective,
    Objective.stand,
    Objective.gain,
    predict,
    unpack_step,
]


def with_labels_of(table: Table, shuffle: int) -> Table:
    """The same cases of D, the labels dealt out anew."""
    train = dict(table.train)
    train[table.target] = np.random.default_rng(shuffle).permutation(train[table.target])
    return Table(train, table.predict, table.truth, table.target)


def statements_by_hand(tree: Tree) -> Tree:
    """The same Z whatever the labels: written, not found."""
    from learning.growing import add

    for column, when in (("snow", "snow = 'deep'"), ("body_0", "body_0 > 0"), ("body_1", "body_1 > 0.5")):
        aspect = add(tree, "0", f"{column} tells.", kind="aspect")
        add(tree, aspect.address, f"{column} is high.", when=when)
    return tree


def numbers_of(prior: Prior) -> bytes:
    return repr((prior.base, prior.noise, sorted(prior.rated.items()))).encode()


@pytest.fixture
def rated_twins(new_kb: Callable[[], KnowledgeBase], planted_table: Table) -> tuple[Tree, Tree]:
    """The same statements and ratings on D and on D with its labels dealt out anew."""
    twins = []
    for table in (planted_table, with_labels_of(planted_table, 1)):
        tree = statements_by_hand(grow(new_kb(), table))
        for address, value in (("0.0", 0.1), ("0.1", 0.9), ("0.1.0", 0.5)):
            tree.judge("rating", Address(address), "human:ada", value=value)
        tree.judge("task", Address("0"), "human:ada", value=0.3)
        twins.append(tree)
    return twins[0], twins[1]


def test_other_labels_of_d_leave_prior_byte_for_byte_as_it_is(rated_twins: tuple[Tree, Tree]) -> None:
    one, other = (refit(tree) for tree in rated_twins)

    assert numbers_of(one.prior) == numbers_of(other.prior)
    assert one.as_D == other.as_D
    assert one.scorecard.board == other.scorecard.board


def test_other_labels_of_d_change_no_plausibility_that_is_shown(rated_twins: tuple[Tree, Tree]) -> None:
    for tree in rated_twins:
        refit(tree)

    shown = [
        [(s.address, s.measures and (s.measures.plausibility, s.measures.plausibility_sd)) for s in t.walk()]
        for t in rated_twins
    ]
    assert shown[0] == shown[1]


def test_other_labels_of_d_change_the_points(rated_twins: tuple[Tree, Tree]) -> None:
    one, other = (refit(tree) for tree in rated_twins)

    assert np.abs(one.points.theta - other.points.theta).max() > 0.1


def test_other_ratings_change_no_label_and_no_match_that_the_points_are_fitted_on(
    rated_twins: tuple[Tree, Tree],
) -> None:
    tree = rated_twins[0]
    before, y = refit(tree), tree.D.y.tobytes()

    answer(tree, "0.2", rater="human:ada", value=0.05)

    after = latest_fit(tree)
    assert tree.D.y.tobytes() == y
    assert after.background == before.background or after.background.copy_of == before.background.copy_of
    assert after.plain.theta == pytest.approx(before.plain.theta, abs=1e-9)


@pytest.mark.parametrize("function", FIT_PATH, ids=lambda f: f.__qualname__)
def test_no_label_of_dstar_has_a_door_into_the_fit(function: Callable[..., Any]) -> None:
    """Whatever could hold data is named; a new argument of that sort has to be looked at by somebody."""
    doors = {
        name
        for name, p in inspect.signature(function).parameters.items()
        if any(
            t in str(p.annotation)
            for t in (
                "Numbers",
                "Codes",
                "Mask",
                "Matches",
                "Folds",
                "Held",
                "Labelled",
                "Cases",
                "Path",
                "Any",
            )
        )
    }

    assert doors <= {"A", "y", "folds", "held", "cases"}  # matches and labels of D; x to predict
    assert not (doors & {"y", "folds"} and doors & {"cases"})


@pytest.mark.parametrize(
    "function", [fit_prior, ratings_of, comparisons_of, task_belief], ids=lambda f: f.__name__
)
def test_prior_is_shown_judgements_and_nothing_else(function: Callable[..., Any]) -> None:
    given = set(inspect.signature(function).parameters) - {"with_models"}

    assert given in ({"ratings", "comparisons", "traits"}, {"judgements"})


def test_what_prior_knows_of_a_statement_is_no_label_and_depends_on_none() -> None:
    assert {f.name for f in fields(Traits)} == {"columns", "depth", "shift"}
    assert set(inspect.signature(traits_of).parameters) == {"shifts", "every"}


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """D and a D* that carries its labels, each of them a word that occurs nowhere else."""
    rng = np.random.default_rng(0)
    train, predict_file = tmp_path / "D.csv", tmp_path / "Dstar.csv"
    for path, n, words in ((train, 120, ("wolf", "husky")), (predict_file, 80, ("wolfqx", "huskyqx"))):
        y = rng.integers(2, size=n)
        x = np.round(2.0 * y + rng.normal(size=n), 2)
        rows = [f"{a},{b},{words[k]}" for a, b, k in zip(x, rng.integers(9, size=n), y, strict=True)]
        path.write_text("\n".join(["size,other,animal", *rows]) + "\n")
    return train, predict_file


def test_labels_that_the_file_of_dstar_carries_are_stored_nowhere(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    import duckdb

    prepared = prepare_task("dogs", train=files[0], predict=files[1], target="animal", options=TaskOptions())
    with open_kb(f"sqlite:///{tmp_path}/kb.db") as kb:
        tree = kb.create(prepared)
        learn(tree, budget=Budget(steps=2))
        predict(tree)
        stored = tree.store.blob(tree.task.digest_Dstar)
    path = tmp_path / "stored.parquet"
    path.write_bytes(stored)
    with duckdb.connect() as connection:
        columns = connection.execute("SELECT name FROM parquet_schema(?)", [str(path)]).fetchall()[1:]

    assert columns == [("size",), ("other",)]
    assert b"qx" not in stored
    everything = b"".join(p.read_bytes() for p in tmp_path.glob("kb.db*"))
    assert b"huskyqx" not in everything
    assert b"wolfqx" not in everything


def test_other_labels_in_the_file_of_dstar_change_no_forecast(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    found = []
    for i, swap in enumerate((False, True)):
        if swap:
            text = files[1].read_text()
            files[1].write_text(text.replace("wolfqx", "?").replace("huskyqx", "wolf").replace("?", "husky"))
        prepared = prepare_task("dogs", train=files[0], predict=files[1], target="animal")
        with open_kb(f"sqlite:///{tmp_path}/kb{i}.db") as kb:
            tree = kb.create(prepared)
            learn(tree, budget=Budget(steps=2))
            found.append(predict(tree).p)

    assert found[0].tobytes() == found[1].tobytes()


def test_an_unpacker_is_shown_cases_of_dstar_without_labels(planted_tree: Tree) -> None:
    shown = []

    class Spy(InductionUnpacker):
        def propose(self, situation: Any, n: int) -> Any:
            shown.append(situation)
            return InductionUnpacker.propose(self, situation, n)

    unpack_step(planted_tree, Address("0"), Spy())

    (situation,) = shown
    assert not hasattr(situation.Dstar, "y")
    assert planted_tree.task.target not in [c.name for c in situation.Dstar.columns]
