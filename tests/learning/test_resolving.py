"""Resolved cases: the posterior over worlds against enumeration, and scores that stay as they were."""

from __future__ import annotations

import numpy as np
import pytest

from kb.errors import InputError
from kb.knowledge import Tree
from learning.fitting import latest_fit
from learning.predicting import predict
from learning.reporting import report
from learning.resolving import current_fit, resolve, resolved_cases, reweighted
from learning.scorecard import contributions
from learning.switches import every_world
from tests.learning.people.simulated import rate_aspects, write_dogs
from tests.tasks import Table, log_loss


@pytest.fixture
def dogs_by_hand(planted_tree: Tree) -> Tree:
    rate_aspects(write_dogs(planted_tree), snow=0.5, body=0.5)
    return planted_tree


def some(tree: Tree, table: Table, n: int) -> np.ndarray:
    labels = np.full(tree.task.n_Dstar, -1, dtype=np.int64)
    labels[:n] = table.codes(tree)[:n]
    return labels


def test_the_weights_of_worlds_are_bayes_rule(dogs_by_hand: Tree, planted_table: Table) -> None:
    fit = latest_fit(dogs_by_hand)
    A = fit.background.matches(dogs_by_hand.Dstar.take(np.arange(5)))
    y = planted_table.codes(dogs_by_hand)[:5]

    found = reweighted(fit, A, y)

    worlds = every_world(fit.scorecard.board)
    S = contributions(fit.scorecard, A.claims, fit.points.theta)
    weight = np.zeros(len(worlds.weight))
    for w, on in enumerate(fit.scorecard.board.families_on(worlds.switches)):
        u = fit.points.b + np.einsum("f,fnk->nk", on, S)
        p = np.exp(u) / np.exp(u).sum(axis=1, keepdims=True)
        weight[w] = worlds.weight[w] * np.prod(p[np.arange(5), y])
    plain = fit.forecast_as_D(A)[np.arange(5), y].prod()
    as_D = fit.as_D * plain / (fit.as_D * plain + (1.0 - fit.as_D) * weight.sum())
    assert found.worlds is not None
    kept = np.sort(weight / weight.sum())[-len(found.worlds.weight) :]
    assert np.sort(found.worlds.weight) == pytest.approx(kept, abs=1e-5)
    assert found.as_D == pytest.approx(as_D)
    assert found.scorecard.board.tau == pytest.approx(
        np.clip((weight / weight.sum()) @ worlds.switches, 0.02, 0.98)
    )


def test_labels_of_dstar_turn_the_switches_that_people_left_open(
    dogs_by_hand: Tree, planted_table: Table
) -> None:
    y = planted_table.codes(dogs_by_hand)
    before = log_loss(predict(dogs_by_hand).p[40:], y[40:])

    found = resolve(dogs_by_hand, some(dogs_by_hand, planted_table, 40))

    board = current_fit(dogs_by_hand).scorecard.board
    tau = dict(zip(board.names, board.tau, strict=True))
    assert tau["0.0"] < 0.1  # snow
    assert np.mean([tau[body] for body in ("0.1", "0.2", "0.3")]) > 0.6
    assert found.as_D[1] < found.as_D[0]
    assert found.switches[0][0] == "0.0"
    assert log_loss(predict(dogs_by_hand).p[40:], y[40:]) < before - 0.05


def test_points_learn_nothing_from_resolved_cases(dogs_by_hand: Tree, planted_table: Table) -> None:
    before = latest_fit(dogs_by_hand)

    resolve(dogs_by_hand, some(dogs_by_hand, planted_table, 40))

    after = current_fit(dogs_by_hand)
    assert after.points.theta.tobytes() == before.points.theta.tobytes()
    assert latest_fit(dogs_by_hand).scorecard.board == before.scorecard.board


def test_earlier_forecasts_keep_their_scores(dogs_by_hand: Tree, planted_table: Table) -> None:
    y = planted_table.codes(dogs_by_hand)
    made = predict(dogs_by_hand).p

    first = resolve(dogs_by_hand, some(dogs_by_hand, planted_table, 20))
    then = predict(dogs_by_hand).p
    second = resolve(dogs_by_hand, some(dogs_by_hand, planted_table, 40))

    assert first.log_loss == pytest.approx(log_loss(made[:20], y[:20]))
    assert (second.added, second.known, second.resolved) == (20, 20, 40)
    assert second.log_loss == pytest.approx(log_loss(then[20:40], y[20:40]))
    kept = resolved_cases(dogs_by_hand)
    assert kept.p == pytest.approx(np.concatenate([made[:20], then[20:40]]))
    scored = next(r for r in report(dogs_by_hand, y).rows if r.kind == "priory" and r.split == "D*")
    now = predict(dogs_by_hand).p
    expected = np.concatenate([made[:20], then[20:40], now[40:]])
    assert scored.log_loss == pytest.approx(log_loss(expected, y), abs=1e-3)


def test_a_resolved_label_stays(dogs_by_hand: Tree, planted_table: Table) -> None:
    labels = some(dogs_by_hand, planted_table, 10)
    resolve(dogs_by_hand, labels)
    labels[3] = 1 - labels[3]

    with pytest.raises(InputError, match=r"case 3 was resolved as"):
        resolve(dogs_by_hand, labels)
    with pytest.raises(InputError, match="no label is known"):
        resolve(dogs_by_hand, np.full(200, -1))

    assert len(resolved_cases(dogs_by_hand).cases) == 10
