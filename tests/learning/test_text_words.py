"""The words of texts: fitted sparse, against dense fits, enumerated worlds and closed forms."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import approx_fprime
from scipy.special import softmax

from kb.arrays import Codes, Numbers
from learning.clouds import Cloud, WordCard, cloud_of, log_likelihood_in, loss_in, nodes_for, pull_of
from learning.expectation import expectation_over
from learning.matches import Matches, WordMatches, word_matches
from learning.scorecard import Scorecard, contributions, fit_points, forecast
from learning.strength import choose_word_strength
from learning.switches import Switchboard
from learning.words import fit_words, forecast_words


def made(n: int, w: int, K: int = 2, seed: int = 0) -> tuple[WordMatches, Codes]:
    rng = np.random.default_rng(seed)
    pattern = sparse.csr_array((rng.random((n, w)) < 0.4).astype(float))
    y = (pattern @ rng.normal(size=(w, K)) + rng.gumbel(size=(n, K))).argmax(axis=1)
    return word_matches(pattern, 0.4 * w), y


def card(w: int, K: int = 2, seed: int = 1, *, stated: bool = False) -> WordCard:
    rng = np.random.default_rng(seed)
    said = rng.random((w, K)) * (rng.random((w, K)) < 0.5) if stated else np.zeros((w, K))
    return WordCard(rng.uniform(0.1, 0.9, (w, K)), said)


@pytest.mark.parametrize("K", [2, 3])
def test_a_cloud_is_close_to_all_worlds_of_its_words(K: int) -> None:
    """Worlds one by one; a sum of so few words is not yet normal, hence the tolerance."""
    A, _ = made(8, 6 if K == 2 else 4, K)
    w = A.pattern.shape[1]
    believed, theta = card(w, K), np.random.default_rng(2).uniform(0.0, 0.8, (w, K))
    points = fit_words(believed, A, np.arange(8) % K)
    expected = np.zeros((8, K))
    for setting in product([0.0, 1.0], repeat=w * K):
        g = np.array(setting).reshape(w, K)
        chance = np.where(g > 0, believed.tau, 1.0 - believed.tau).prod()
        u = points.b + A.scale[:, None] * (A.pattern @ (g * theta))
        expected += chance * softmax(u, axis=1)

    found = forecast_words(believed, replace(points, words=theta), A)

    assert found == pytest.approx(expected, abs=0.006 if K == 2 else 0.03)
    assert found.sum(axis=1) == pytest.approx(np.ones(8))


@pytest.mark.parametrize(("K", "worlds"), [(2, 1), (2, 12), (3, 1), (4, 3)])
def test_gradients_in_scores_and_moments_are_those_of_the_loss(K: int, worlds: int) -> None:
    rng = np.random.default_rng(0)
    n, C = 5, 1 if K == 2 else K
    u, y = rng.normal(size=(K, worlds, n)), rng.integers(K, size=n)
    weight = rng.dirichlet(np.ones(worlds))
    mean, variance = rng.normal(size=(n, C)), rng.uniform(0.1, 2.0, (n, C))
    nodes = nodes_for(K, worlds, 0)

    def loss(z: Numbers) -> float:
        u_, m, v = np.split(z, [u.size, u.size + mean.size])
        at = Cloud(m.reshape(mean.shape), v.reshape(variance.shape))
        return loss_in(u_.reshape(u.shape), weight, at, y, nodes)[0]

    _, du, slope = loss_in(u, weight, Cloud(mean, variance), y, nodes)
    z = np.concatenate([u.ravel(), mean.ravel(), variance.ravel()])

    expected = approx_fprime(z, loss, 1e-6)
    assert np.concatenate([du.ravel(), slope.mean.ravel(), slope.variance.ravel()]) == pytest.approx(
        expected, abs=2e-4
    )


@pytest.mark.parametrize("K", [2, 3])
def test_the_pull_on_words_is_the_gradient_through_the_moments(K: int) -> None:
    A, y = made(12, 5, K)
    believed, theta = card(5, K), np.random.default_rng(3).uniform(0.1, 1.0, (5, K))
    nodes, u = nodes_for(K, 1, 0), np.zeros((K, 1, 12))

    def loss(z: Numbers) -> float:
        return loss_in(u, np.ones(1), cloud_of(believed, A, z.reshape(5, K)), y, nodes)[0]

    slope = loss_in(u, np.ones(1), cloud_of(believed, A, theta), y, nodes)[2]
    pull = pull_of(believed, A.pattern.T.tocsr(), A.scale, theta, slope)

    assert pull.ravel() == pytest.approx(approx_fprime(theta.ravel(), loss, 1e-6), abs=1e-3)


def test_words_that_surely_carry_over_are_ridge_regression_on_top_of_the_base_rate() -> None:
    """With τ = 1 and no stated strength, θ⁺ - θ⁻ of two classes is the weight of a plain ridge."""
    from scipy.optimize import minimize

    A, y = made(150, 6)
    points = fit_words(WordCard(np.ones((6, 2)), np.zeros((6, 2))), A, y, strength=2.0)
    X = A.scale[:, None] * A.pattern.toarray()
    sign = np.where(y > 0, 1.0, -1.0)

    def loss(v: Numbers) -> float:
        u = points.b[1] - points.b[0] + X @ v
        return float(np.logaddexp(0.0, -sign * u).sum()) + float(v @ v)

    expected = minimize(loss, np.zeros(6)).x
    assert points.words[:, 1] - points.words[:, 0] == pytest.approx(expected, abs=2e-3)
    assert (points.words >= 0.0).all()
    assert np.minimum(points.words[:, 0], points.words[:, 1]) == pytest.approx(np.zeros(6), abs=1e-6)


def test_words_with_few_switches_agree_with_the_dense_scorecard() -> None:
    """The same statements as table claims with a side and a switch each, all their worlds enumerated."""
    A, y = made(120, 3)
    A = WordMatches(A.pattern, np.ones(120))
    believed = card(3)
    tau = {f"s{i}{k}": float(believed.tau[i, k]) for i in range(3) for k in range(2)}
    board = Switchboard.of(tau, [frozenset([name]) for name in tau])
    dense = Scorecard(board, tuple(k for _ in range(3) for k in range(2)), 2)
    twice = np.repeat(A.pattern.toarray(), 2, axis=1)
    over = expectation_over(board, 120, 2, seed=0)
    claims = fit_points(dense, Matches(twice), y, over)

    words = fit_words(believed, A, y)

    p = over.forecast(claims.b, contributions(dense, twice, claims.theta))
    assert forecast_words(believed, words, A) == pytest.approx(p, abs=0.03)


def test_what_the_data_never_show_speaks_as_strongly_as_people_say_on_their_scale() -> None:
    A, y = made(200, 8)
    believed = card(8, stated=True)
    silent = sparse.csr_array(sparse.hstack([A.pattern, sparse.csr_array((200, 2))]))
    more = WordCard(
        np.vstack([believed.tau, np.full((2, 2), 0.5)]),
        np.vstack([believed.stated, [[0.0, 0.8], [0.4, 0.0]]]),
    )

    shown, both = fit_words(believed, A, y), fit_words(more, WordMatches(silent, A.scale), y)

    assert both.words[:8] == pytest.approx(shown.words, abs=1e-9)
    assert both.scale == shown.scale > 0.0
    assert both.words[8:] == pytest.approx(both.scale * more.stated[8:])


def test_no_array_of_cases_by_words_is_made() -> None:
    """A dense one would take 80 GB here."""
    n = 100_000
    rng = np.random.default_rng(0)
    pattern = sparse.csr_array((np.ones(n), (np.arange(n), rng.permutation(n))), shape=(n, n))
    A = word_matches(pattern, 1.0)
    points = fit_words(WordCard(np.full((n, 2), 0.5), np.zeros((n, 2))), A, np.arange(n) % 2)
    assert forecast_words(WordCard(np.full((n, 2), 0.5), np.zeros((n, 2))), points, A).shape == (n, 2)


@pytest.mark.parametrize("K", [2, 3])
def test_words_and_table_claims_are_fitted_together(K: int) -> None:
    """A column that tells the class explains what the words don't, in the worlds of both."""
    A, y = made(200, 6, K)
    claims = np.stack([(y == 0) ^ (np.arange(200) % 5 == 0), np.ones(200, dtype=bool)], axis=1).astype(float)
    board = Switchboard.of({"a": 0.8, "b": 0.5}, [frozenset(["a"]), frozenset(["b"])])
    believed = card(6, K)
    both = Scorecard(board, (-1, -1), K, believed)
    over = expectation_over(board, 200, K, seed=0)

    points = fit_points(both, Matches(claims, A), y, over)
    alone = fit_words(believed, A, y)

    assert points.loss < alone.loss - 10.0
    p = forecast(both, points, Matches(claims, A), over)
    right = np.log(p[np.arange(200), y]).mean()
    plain = np.log(forecast_words(believed, alone, A)[np.arange(200), y]).mean()
    assert right > plain


def test_doubt_about_strength_moves_forecasts_towards_the_middle() -> None:
    A, y = made(100, 8)
    believed = card(8)
    points = fit_words(believed, A, y)
    sure = forecast_words(believed, points, A)[:, 1]
    doubted = forecast_words(WordCard(believed.tau, believed.stated, doubt=1.0), points, A)[:, 1]
    base = softmax(points.b)[1]

    moved = np.abs(sure - base) > 0.1
    assert (np.abs(doubted - 0.5)[moved] <= np.abs(sure - 0.5)[moved] + 1e-3).all()


def test_chance_alone_asks_for_a_strong_ridge() -> None:
    A, _ = made(120, 30)
    y = np.random.default_rng(5).integers(2, size=120)
    scorecard = Scorecard(Switchboard((), (), (), ()), (), 2, card(30))
    fold = np.arange(120) % 3
    folds = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(3)]
    strength, loss = choose_word_strength(scorecard, Matches(np.zeros((120, 0)), A), y, folds, seed=0)
    assert strength == 10.0
    assert loss == pytest.approx(np.log(2.0), abs=0.05)


def test_a_scorecard_with_words_needs_matches_with_words() -> None:
    scorecard = Scorecard(Switchboard((), (), (), ()), (), 2, card(3))
    over = expectation_over(scorecard.board, 4, 2, seed=0)
    with pytest.raises(ValueError, match="matches have none"):
        fit_points(scorecard, Matches(np.zeros((4, 0))), np.array([0, 1, 0, 1]), over)


def test_log_likelihood_and_loss_are_two_ways_to_say_one_thing() -> None:
    A, y = made(20, 5, 3)
    believed = card(5, 3)
    points = fit_words(believed, A, y)
    u = np.broadcast_to(points.b[:, None, None], (3, 1, 20))
    cloud = cloud_of(believed, A, points.words)
    each = log_likelihood_in(u, np.ones(1), cloud, y, nodes_for(3, 1, 0))
    assert -each.sum() == pytest.approx(points.loss, rel=1e-9)
    assert each.max() < 0.0
