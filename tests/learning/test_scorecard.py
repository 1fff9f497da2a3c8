"""Fitted points, against other solvers and closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from kb.arrays import Codes, Numbers
from learning.expectation import expectation_over
from learning.fitting import fit_numbers, folds_of
from learning.matches import Matches
from learning.scorecard import Held, Points, Scorecard, all_on, contributions, fit_points
from learning.strength import choose_strength
from learning.switches import Switchboard

Case = tuple[Numbers, Codes]


def card(tau: list[float], side: list[int], K: int = 2, share: list[int] | None = None) -> Scorecard:
    """One claim per entry of ``side``; claim i hangs on switch ``share[i]``, its own by default."""
    named = {f"s{i}": t for i, t in enumerate(tau)}
    hangs = share if share is not None else list(range(len(side)))
    return Scorecard(Switchboard.of(named, [frozenset([f"s{i}"]) for i in hangs]), tuple(side), K)


def cases(seed: int, n: int, m: int, K: int = 2) -> Case:
    rng = np.random.default_rng(seed)
    y = rng.integers(K, size=n)
    A = (rng.random((n, m)) < 0.3 + 0.3 * (y[:, None] % 2 == np.arange(m) % 2)).astype(float)
    return A, y


def fitted(scorecard: Scorecard, A: Numbers, y: Codes, strength: float = 1.0, **more: object) -> Points:
    over = expectation_over(scorecard.board, len(y), scorecard.classes, seed=0)
    return fit_points(scorecard, Matches(A), y, over, strength=strength, **more)  # type: ignore[arg-type]  # options as they are


@pytest.mark.parametrize("K", [2, 3])
def test_with_everything_on_the_fit_is_ridge_regression_on_top_of_the_base_rate(K: int) -> None:
    from scipy.optimize import minimize

    A, y = cases(0, 200, 4, K)
    base = np.log((np.bincount(y, minlength=K) + 0.5) / (200 + K / 2))

    def ridge(z: Numbers) -> float:
        u = base + A @ z.reshape(4, K)
        top = u.max(axis=1)
        log_p = u[np.arange(200), y] - top - np.log(np.exp(u - top[:, None]).sum(axis=1))
        return float(-log_p.sum() + 0.5 * z @ z)

    theirs = minimize(ridge, np.zeros(4 * K), method="BFGS", options={"gtol": 1e-6}).x.reshape(4, K)

    ours = fitted(card([1.0] * 4, [-1] * 4, K), A, y)

    # the ridge has curvature 1 and more, so a gradient of 1e-4 leaves 1e-4; ftol stops a little before
    assert ours.theta == pytest.approx(theirs, abs=5e-3)
    assert ours.b == pytest.approx(base, abs=1e-12)


def test_a_statement_that_is_surely_off_gets_no_points() -> None:
    A, y = cases(1, 100, 2)

    points = fitted(card([0.0, 1.0], [-1, -1]), A, y)

    assert np.abs(points.theta[0]).max() < 1e-6
    assert np.abs(points.theta[1]).max() > 0.1


def test_points_stay_on_the_side_that_their_statement_speaks_for() -> None:
    A, y = cases(2, 200, 3, 3)
    against = (A[:, 0] > 0) & (y == 2)
    y[against] = 0  # what the first claim says of class 2 is now wrong

    points = fitted(card([0.8] * 3, [2, 1, -1], 3), A, y)

    assert points.theta[0].tolist() == pytest.approx([0.0, 0.0, 0.0], abs=1e-9)
    assert points.theta[1, [0, 2]].tolist() == [0.0, 0.0]
    assert points.theta[1, 1] >= 0.0


def test_the_fit_beats_every_small_change_of_its_numbers() -> None:
    scorecard = card([0.3, 0.8], [1, -1], 2, share=[0, 1, 0])
    scorecard = Scorecard(scorecard.board, (1, -1, -1), 2)
    A, y = cases(3, 150, 3)
    points = fitted(scorecard, A, y)
    over = expectation_over(scorecard.board, len(y), 2, seed=0)

    def objective(theta: Numbers) -> float:
        return over.loss(points.b, contributions(scorecard, A, theta), y)[0] + 0.5 * float((theta**2).sum())

    best = objective(points.theta)
    rng = np.random.default_rng(0)
    for _ in range(100):
        change = 0.02 * rng.normal(size=points.theta.shape)
        change[0, 0] = 0.0  # the first speaks for class 1
        theta = points.theta + change
        theta[0, 1] = max(theta[0, 1], 0.0)
        # gtol is 1e-4, ftol a relative 1e-9: at most about 1e-4 of some 80 nats are left on the table
        assert objective(theta) >= best - 1e-4


def test_the_loss_of_a_fit_is_what_its_points_lose() -> None:
    scorecard = card([0.4, 0.7], [-1, -1])
    A, y = cases(4, 80, 2)
    points = fitted(scorecard, A, y)
    over = expectation_over(scorecard.board, 80, 2, seed=0)

    lost = over.loss(points.b, contributions(scorecard, A, points.theta), y)[0]

    assert points.loss == pytest.approx(lost, abs=1e-9)


def test_where_to_begin_makes_no_difference_to_where_it_ends() -> None:
    scorecard = card([0.4, 0.7, 0.9], [-1, 1, -1])
    A, y = cases(5, 150, 3)
    cold = fitted(scorecard, A, y)
    begun = fitted(card([0.4, 0.7], [-1, 1]), A[:, :2], y)

    warm = fitted(scorecard, A, y, start=begun)

    assert warm.theta == pytest.approx(cold.theta, abs=5e-3)


def test_what_other_statements_add_is_kept_while_new_ones_are_fitted() -> None:
    A, y = cases(6, 150, 2)
    both = card([0.5, 0.8], [-1, -1])
    first = fitted(card([0.5], [-1]), A[:, :1], y)
    fixed = np.zeros((2, 150, 2))
    fixed[0] = A[:, :1] @ first.theta
    only_new = Scorecard(Switchboard(both.board.names, both.board.tau, both.board.needs, (1,)), (-1,), 2)

    added = fitted(only_new, A[:, 1:], y, held=Held(fixed))

    alone = fitted(card([0.8], [-1]), A[:, 1:], y)
    assert added.loss < first.loss
    assert added.loss < alone.loss
    assert fixed[1].any() == np.False_


def test_doubt_about_one_statement_leaves_the_explaining_to_the_other() -> None:
    """Fitting in expectation is the point: a doubtful copy of the label explains nothing away."""
    rng = np.random.default_rng(7)
    y = rng.integers(2, size=400)
    A = np.stack([rng.random(400) < 0.2 + 0.6 * y, y == 1], axis=1).astype(float)

    def weight_of_first(tau: float) -> float:
        theta = fitted(card([0.9, tau], [-1, -1]), A, y).theta
        return float(theta[0, 1] - theta[0, 0])

    alone = fitted(card([0.9], [-1]), A[:, :1], y).theta
    assert weight_of_first(0.02) == pytest.approx(float(alone[0, 1] - alone[0, 0]), rel=0.1)
    assert weight_of_first(1.0) < 0.5 * weight_of_first(0.02)


def test_contributions_sum_the_statements_of_a_family() -> None:
    scorecard = card([0.5, 0.5], [-1] * 3, 2, share=[0, 1, 0])
    A = np.array([[1.0, 1.0, 1.0], [0.0, 0.0, 1.0]])
    theta = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])

    S = contributions(scorecard, A, theta)

    assert S.tolist() == [[[6.0, 8.0], [5.0, 6.0]], [[3.0, 4.0], [0.0, 0.0]]]


def test_the_strength_for_noise_is_the_strongest() -> None:
    rng = np.random.default_rng(8)
    A, y = (rng.random((150, 12)) < 0.5).astype(float), rng.integers(2, size=150)
    scorecard = card([0.9] * 12, [-1] * 12)

    strength, _ = choose_strength(scorecard, Matches(A), y, folds_of(150, 0), seed=0)

    assert strength == 10.0


def test_the_loss_reported_with_the_strength_is_out_of_fold() -> None:
    A, y = cases(9, 60, 3)
    scorecard = card([1.0] * 3, [-1] * 3)
    folds = folds_of(60, 0)

    strength, loss = choose_strength(scorecard, Matches(A), y, folds, seed=0)

    lost = 0.0
    for fit, score in folds:
        points = fitted(scorecard, A[fit], y[fit], strength)
        u = points.b + A[score] @ points.theta
        lost += sum(np.log(np.exp(row - row[k]).sum()) for row, k in zip(u, y[score], strict=True))
    # each fold was begun from the stronger λ before, so it may stop a little elsewhere
    assert loss == pytest.approx(lost / 60, abs=1e-3)


@pytest.mark.parametrize("n", [3, 12, 61, 2_500])
def test_no_case_is_scored_by_a_fit_that_saw_it(n: int) -> None:
    folds = folds_of(n, 4)

    for fit, score in folds:
        assert not set(fit.tolist()) & set(score.tolist())
        assert sorted([*fit.tolist(), *score.tolist()]) == list(range(n))
    if n < 2_000:
        assert sorted(np.concatenate([score for _, score in folds]).tolist()) == list(range(n))


def test_a_class_that_a_fold_lacks_does_not_break_the_fit() -> None:
    A, _ = cases(10, 30, 2)
    y = np.zeros(30, dtype=np.int64)
    y[:2] = 1
    y[2:4] = 2

    points = fit_numbers(card([0.9] * 2, [-1, 2], 3), Matches(A), y, seed=0)

    assert np.isfinite(points.b).all()
    assert np.isfinite(points.theta).all()


def test_no_statement_at_all_fits_the_base_rate() -> None:
    y = np.array([0] * 30 + [1] * 10, dtype=np.int64)

    points = fit_numbers(Scorecard(Switchboard.of({}, []), (), 2), Matches(np.zeros((40, 0))), y, seed=0)

    p = np.exp(points.b) / np.exp(points.b).sum()
    assert p[1] == pytest.approx(10.5 / 41, abs=1e-12)  # half a case is added to each class


def test_more_of_the_same_is_read_with_every_switch_on() -> None:
    scorecard = all_on(card([0.0, 0.3], [-1, 1]))

    assert scorecard.board.tau == (1.0, 1.0)
    assert scorecard.side == (-1, 1)
