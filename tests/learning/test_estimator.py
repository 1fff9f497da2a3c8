"""The face for notebooks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kb.errors import InputError
from kb.knowledge import open_kb
from learning.estimator import PriorClassifier
from learning.predicting import predict
from learning.prior import ratings_of, task_belief
from tests.tasks import Table


def split(table: Table) -> tuple[dict[str, object], np.ndarray[tuple[int], np.dtype[np.object_]]]:
    x: dict[str, object] = {name: v for name, v in table.train.items() if name != table.target}
    return x, table.train[table.target]


@pytest.fixture(scope="module")
def model(planted_table: Table) -> PriorClassifier:
    x, y = split(planted_table)
    return PriorClassifier(about_predict="dogs seen elsewhere").fit(x, y, planted_table.predict)


def test_it_forecasts_what_its_tree_forecasts(model: PriorClassifier, planted_table: Table) -> None:
    p = model.predict_proba(planted_table.predict)

    order = [model.tree.task.classes.index(name) for name in model.classes_]
    assert p == pytest.approx(predict(model.tree).p[:, order], abs=1e-9)
    assert model.classes_.tolist() == sorted(model.tree.task.classes)


def test_it_predicts_the_most_likely_class(model: PriorClassifier, planted_table: Table) -> None:
    p = model.predict_proba(planted_table.predict)

    assert model.predict(planted_table.predict).tolist() == [model.classes_[k] for k in p.argmax(axis=1)]


def test_ratings_by_column_improve_what_it_says_of_dstar(planted_table: Table) -> None:
    x, y = split(planted_table)
    fresh = PriorClassifier().fit(x, y, planted_table.predict)
    truth = np.array(planted_table.truth, dtype=object)
    before = (fresh.predict(planted_table.predict) == truth).mean()

    fresh.rate({"snow": 0.05, "body_0": 0.9, "body_1": 0.9, "body_2": 0.9})

    assert (fresh.predict(planted_table.predict) == truth).mean() > before
    assert {r.value for r in ratings_of(fresh.tree.judgements())} == {0.05, 0.9}
    fresh.close()


def test_the_task_can_be_rated_again(planted_table: Table) -> None:
    x, y = split(planted_table)
    fresh = PriorClassifier().fit(x, y, planted_table.predict)

    fresh.rate({}, as_D=0.9)
    fresh.rate({}, as_D=0.2)

    assert task_belief(fresh.tree.judgements()) == pytest.approx(0.2)
    fresh.close()


def test_a_column_called_y_is_a_column_like_any_other() -> None:
    rng = np.random.default_rng(0)
    label = rng.integers(2, size=100)
    x = {"y": label + 0.1 * rng.normal(size=100)}
    fresh = PriorClassifier().fit(x, np.where(label == 1, "one", "two"))

    assert [c.name for c in fresh.tree.task.columns] == ["y"]
    assert (fresh.predict(x) == np.where(label == 1, "one", "two")).mean() > 0.95
    fresh.close()


def test_a_rating_of_what_no_aspect_is_about_is_refused_with_what_there_is(model: PriorClassifier) -> None:
    with pytest.raises(InputError, match=r"no aspect is about 'tail'.*body_0"):
        model.rate({"tail": 0.5})


def test_a_rating_out_of_range_is_refused(model: PriorClassifier) -> None:
    with pytest.raises(InputError, match=r"snow: 1\.5 is no probability.*0 to 1"):
        model.rate({"snow": 1.5})


def test_before_it_is_fitted_it_says_what_to_do() -> None:
    with pytest.raises(InputError, match=r"not fitted.*fit\(X, y\)"):
        PriorClassifier().predict_proba({"a": [1.0]})


def test_it_asks_what_matters_most_first(model: PriorClassifier) -> None:
    assert model.questions(2)[0].kind == "task"
    assert "dogs seen elsewhere" in model.questions(1)[0].text


def test_it_can_keep_its_tree_in_a_file(planted_table: Table, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/dogs.db"
    x, y = split(planted_table)
    kept = PriorClassifier(kb=url, name="dogs").fit(x, y)
    said = [s.text for s in kept.statements()]
    kept.close()

    with open_kb(url, create=False) as kb:
        assert [s.text for s in kb.tree("dogs").walk()] == said


def test_labels_come_back_as_they_were_given() -> None:
    rng = np.random.default_rng(1)
    label = rng.integers(2, size=120)
    x = {"a": label + 0.1 * rng.normal(size=120)}
    fresh = PriorClassifier().fit(x, label)

    assert fresh.classes_.tolist() == [0, 1]
    assert fresh.score(x, label) > 0.95
    fresh.close()


def test_it_is_an_estimator_of_scikit_learn() -> None:
    import pandas as pd
    from sklearn.base import clone
    from sklearn.model_selection import cross_val_score

    rng = np.random.default_rng(2)
    label = rng.integers(2, size=90)
    x = pd.DataFrame({"a": label + 0.1 * rng.normal(size=90), "b": rng.normal(size=90)})
    model = PriorClassifier(about_predict="the rest", seed=3)

    assert clone(model).get_params() == model.get_params()
    assert clone(model).set_params(seed=4).seed == 4
    y = np.where(label == 1, "one", "two")
    assert cross_val_score(model, x, y, cv=2).min() > 0.9
    assert cross_val_score(model, x, y, cv=2, scoring="neg_log_loss").min() > -0.3
