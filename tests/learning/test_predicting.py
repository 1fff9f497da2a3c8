"""Forecasts of cases, and what they are said to rest on."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from kb.errors import InputError
from kb.knowledge import Tree
from learning.background import background_of
from learning.fitting import latest_fit
from learning.matches import Matches
from learning.predicting import explain, predict
from learning.scorecard import Points, Scorecard
from learning.switches import Switchboard
from tests.tasks import aspect_about


@pytest.mark.parametrize("name", ["dogs", "birds"])
def test_forecasts_are_distributions_over_the_classes(name: str, request: pytest.FixtureRequest) -> None:
    tree: Tree = request.getfixturevalue(name)

    p = predict(tree).p

    assert p.shape == (tree.Dstar.n, len(tree.task.classes))
    assert p.sum(axis=1) == pytest.approx(np.ones(len(p)), abs=1e-9)
    assert (p > 0).all()


@pytest.mark.parametrize("name", ["dogs", "birds"])
def test_a_case_is_forecast_the_same_alone_and_among_others(
    name: str, request: pytest.FixtureRequest
) -> None:
    tree: Tree = request.getfixturevalue(name)
    together = predict(tree).p

    for case in (0, 7, tree.Dstar.n - 1):
        assert predict(tree, tree.Dstar.take(np.array([case]))).p[0] == pytest.approx(
            together[case], abs=1e-9
        )


@pytest.mark.parametrize("switches", [8, 11, 14])
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("K", [2, 3])
def test_how_many_cases_are_asked_about_changes_no_forecast(
    dogs: Tree, switches: int, shared: bool, K: int
) -> None:
    """Many cases must not be read with other, coarser expectations than one."""
    names = [f"s{i}" for i in range(switches)]
    also = frozenset(["s0"]) if shared else frozenset[str]()
    board = Switchboard.of(dict.fromkeys(names, 0.3), [also | {n} for n in names])
    rng = np.random.default_rng(0)
    points = Points(rng.normal(size=K), 3.0 * rng.normal(size=(switches, K)), 1.0)
    fit = replace(
        latest_fit(dogs),
        scorecard=Scorecard(board, (-1,) * switches, K),
        points=points,
        plain=points,
        as_D=0.0,
    )
    A = Matches((rng.random((3_000, switches)) < 0.3).astype(float))

    many = fit.forecast(A)

    for case in (0, 300, 2_999):
        assert fit.forecast(A[np.array([case])])[0] == pytest.approx(many[case], abs=1e-9)


def test_no_cases_give_no_forecasts(dogs: Tree) -> None:
    assert predict(dogs, dogs.Dstar.take(np.zeros(0, dtype=np.int64))).p.shape == (0, 2)


def test_without_any_statement_every_case_is_forecast_at_the_base_rate(planted_tree: Tree) -> None:
    p = predict(planted_tree).p

    share = (np.bincount(planted_tree.D.y) + 0.5) / (planted_tree.D.n + 1.0)  # half a case is added to each
    assert p == pytest.approx(np.tile(share, (len(p), 1)), abs=1e-12)


def test_the_same_tree_forecasts_the_same_twice(dogs: Tree) -> None:
    assert predict(dogs).p.tobytes() == predict(dogs).p.tobytes()


def test_an_explanation_cites_statements_that_speak_about_its_case(dogs: Tree) -> None:
    by_address = {s.address: s for s in background_of(dogs).testable}

    for case in range(5):
        found = explain(dogs, case)
        assert found.probabilities == pytest.approx(
            dict(zip(dogs.task.classes, predict(dogs).p[case], strict=True)), abs=1e-9
        )
        for citation in (*found.because, *found.switched_off, *found.unrated):
            when = by_address[citation.address].draft.when or ""
            assert dogs.Dstar.matches([when])[case, 0]
            assert citation.text == by_address[citation.address].text


def test_what_people_do_not_believe_is_cited_as_switched_off(dogs: Tree) -> None:
    dogs.judge("rating", aspect_about(dogs, "snow"), "human:ada", value=0.05)
    for column in ("body_0", "body_1", "body_2"):
        dogs.judge("rating", aspect_about(dogs, column), "human:ada", value=0.9)

    for case in range(10):
        found = explain(dogs, case)
        assert not any("now" in c.text for c in found.because)
        assert any("now" in c.text for c in found.switched_off)
        assert found.unrated == ()


def test_what_nobody_rated_is_named(dogs: Tree) -> None:
    dogs.judge("rating", aspect_about(dogs, "snow"), "human:ada", value=0.05)

    unrated = [c for case in range(5) for c in explain(dogs, case).unrated]

    assert unrated
    assert not any("now" in c.text for c in unrated)


def test_points_of_a_citation_are_centred(dogs: Tree) -> None:
    for citation in explain(dogs, 0).because:
        assert sum(citation.points.values()) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("case", [-1, 200, 10**9])
def test_a_case_that_dstar_lacks_is_refused(dogs: Tree, case: int) -> None:
    with pytest.raises(InputError, match="numbered 0 to 199"):
        explain(dogs, case)


def test_predictions_and_explanations_are_json(birds: Tree) -> None:
    some = predict(birds, birds.Dstar.take(np.arange(3)), bounds=True).to_dict()

    assert json.loads(json.dumps(some))["predictions"][2]["case"] == 2
    assert json.loads(json.dumps(explain(birds, 1).to_dict()))["case"] == 1
