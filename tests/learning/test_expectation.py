"""The expectation over worlds, against plain Python that visits every world."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.arrays import Codes, Numbers
from learning import expectation as room
from learning.expectation import Expectation, expectation_over
from learning.switches import Switchboard, drawn_worlds, every_world

Worlds = list[tuple[list[bool], float]]


def worlds_of(board: Switchboard) -> Worlds:
    """(which families are on, probability) for all 2^S settings."""
    found = []
    for setting in product([False, True], repeat=len(board.tau)):
        chance = math.prod(t if on else 1.0 - t for t, on in zip(board.tau, setting, strict=True))
        found.append(([all(setting[i] for i in need) for need in board.needs], chance))
    return found


def log_reader(b: Numbers, S: Numbers, case: int, on: Sequence[bool]) -> list[float]:
    """log f(·|x, g) of one case in one world."""
    K = len(b)
    u = [b[k] + sum(S[f, case, k] for f in range(len(S)) if on[f]) for k in range(K)]
    top = max(u)
    total = top + math.log(sum(math.exp(v - top) for v in u))
    return [v - total for v in u]


def by_brute_force(board: Switchboard, b: Numbers, S: Numbers) -> tuple[Numbers, Numbers]:
    """E_g[log f] and E_g[f], each of shape (n, K)."""
    n = S.shape[1]
    log_f, f = np.zeros((n, len(b))), np.zeros((n, len(b)))
    for on, chance in worlds_of(board):
        for case in range(n):
            values = log_reader(b, S, case, on)
            if chance:
                log_f[case] += chance * np.array(values)
                f[case] += chance * np.exp(values)
    return log_f, f


BOARDS = {
    "own switches": Switchboard.of({"a": 0.3, "b": 0.8, "c": 0.5}, [frozenset(x) for x in "abc"]),
    "one shared switch": Switchboard.of({"a": 0.3}, [frozenset("a")]),
    "own times aspect": Switchboard.of(
        {"aspect": 0.6, "own": 0.4}, [frozenset({"aspect"}), frozenset({"aspect", "own"})]
    ),
    "two columns in one": Switchboard.of(
        {"a": 0.2, "b": 0.7}, [frozenset("a"), frozenset("b"), frozenset("ab")]
    ),
    "surely on and off": Switchboard.of({"a": 0.0, "b": 1.0, "c": 0.5}, [frozenset(x) for x in "abc"]),
    "always on": Switchboard.of({"a": 0.5}, [frozenset(), frozenset("a")]),
}


def drawn(seed: int, board: Switchboard, n: int, K: int, size: float = 2.0) -> tuple[Numbers, Numbers, Codes]:
    rng = np.random.default_rng(seed)
    S = size * rng.normal(size=(len(board.needs), n, K))
    S[rng.random(S.shape[:2]) < 0.3] = 0.0
    return rng.normal(size=K), S, rng.integers(K, size=n)


@pytest.mark.parametrize("K", [2, 3, 5])
@pytest.mark.parametrize("name", BOARDS)
def test_forecasts_and_losses_are_those_of_all_worlds(name: str, K: int) -> None:
    board = BOARDS[name]
    b, S, y = drawn(1, board, 12, K)
    log_f, f = by_brute_force(board, b, S)
    over = expectation_over(board, 12, K, seed=0)
    at = np.arange(12)

    value, _, _ = over.loss(b, S, y)

    assert value == pytest.approx(-log_f[at, y].sum(), abs=1e-9)
    assert over.log_likelihood(b, S, y) == pytest.approx(log_f[at, y], abs=1e-10)
    assert over.forecast(b, S) == pytest.approx(f, abs=1e-12)


@given(
    tau=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=5),
    picks=st.lists(st.sets(st.integers(0, 4)), min_size=1, max_size=5),
    K=st.integers(2, 4),
    seed=st.integers(0, 99),
)
@settings(deadline=None, max_examples=40)
def test_any_small_board_agrees_with_all_worlds(
    tau: list[float], picks: list[set[int]], K: int, seed: int
) -> None:
    named = {f"s{i}": t for i, t in enumerate(tau)}
    board = Switchboard.of(named, [frozenset(f"s{i % len(tau)}" for i in pick) for pick in picks])
    b, S, y = drawn(seed, board, 4, K)
    log_f, f = by_brute_force(board, b, S)
    over = expectation_over(board, 4, K, seed=0)

    assert over.log_likelihood(b, S, y) == pytest.approx(log_f[np.arange(4), y], abs=1e-9)
    assert over.forecast(b, S) == pytest.approx(f, abs=1e-12)


def test_more_cases_than_fit_one_block_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    board = BOARDS["own switches"]
    b, S, y = drawn(2, board, 50, 3)
    whole = expectation_over(board, 50, 3, seed=0)
    expected, gradient = whole.forecast(b, S), whole.loss(b, S, y)[2]

    monkeypatch.setattr(room, "_CELLS", 100)
    blocks = expectation_over(board, 50, 3, seed=0)

    assert blocks.forecast(b, S) == pytest.approx(expected, abs=1e-12)
    assert blocks.loss(b, S, y)[2] == pytest.approx(gradient, abs=1e-12)


def test_scores_far_beyond_the_range_of_exp_stay_finite() -> None:
    board = BOARDS["own switches"]
    b, S, y = drawn(3, board, 6, 3, size=900.0)
    over = expectation_over(board, 6, 3, seed=0)

    value, db, dS = over.loss(b, S, y)

    assert np.isfinite(value)
    assert np.isfinite(over.forecast(b, S)).all()
    assert np.isfinite(db).all()
    assert np.isfinite(dS).all()


def many(S: int = 14, tau: float = 0.4) -> Switchboard:
    """A switch for each of more families than are enumerated."""
    names = [f"s{i}" for i in range(S)]
    return Switchboard.of(dict.fromkeys(names, tau), [frozenset([n]) for n in names])


def sharing(S: int = 14) -> Switchboard:
    """The same with one doubtful aspect above all, so no two families are independent."""
    names = [f"s{i}" for i in range(S)]
    return Switchboard.of(
        {"aspect": 0.7, **dict.fromkeys(names, 0.4)}, [frozenset([n, "aspect"]) for n in names]
    )


VARIANTS = {
    "enumerated": (BOARDS["own times aspect"], 3),
    "drawn": (sharing(), 3),
    "normal": (many(), 2),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_the_gradient_of_the_loss_is_that_of_finite_differences(name: str) -> None:
    board, K = VARIANTS[name]
    b, S, y = drawn(4, board, 5, K)
    over = expectation_over(board, 5, K, seed=0)
    _, db, dS = over.loss(b, S, y)
    step = 1e-5

    def slope(change_b: Numbers, change_S: Numbers) -> float:
        up, down = over.loss(b + change_b, S + change_S, y)[0], over.loss(b - change_b, S - change_S, y)[0]
        return (up - down) / (2.0 * step)

    for k in range(K):
        # central differences are off by step²/6 times the third derivative, which is below 1 a case
        assert db[k] == pytest.approx(slope(step * np.eye(K)[k], np.zeros_like(S)), abs=1e-7)
    for at in np.ndindex(S.shape):
        change = np.zeros_like(S)
        change[at] = step
        assert dS[at] == pytest.approx(slope(np.zeros(K), change), abs=1e-7)


def test_the_normal_approximation_without_any_doubt_is_plain_regression() -> None:
    board = many().with_tau([1.0, 0.0] * 7)
    b, S, y = drawn(5, board, 6, 2)
    plain, exact = room._Normal(board), expectation_over(board, 6, 2, seed=0)

    for found, expected in zip(plain.loss(b, S, y), exact.loss(b, S, y), strict=True):
        assert found == pytest.approx(expected, abs=1e-12)


def by_draws(board: Switchboard, b: Numbers, S: Numbers, draws: int) -> Numbers:
    """E_g[f] from that many worlds, shape (n, K)."""
    worlds = drawn_worlds(board, draws, np.random.default_rng(7))
    on = board.families_on(worlds.switches)
    total = np.zeros(S.shape[1:])
    for world in on:
        u = b + np.tensordot(world, S, axes=1)
        e = np.exp(u - u.max(axis=1, keepdims=True))
        total += e / e.sum(axis=1, keepdims=True)
    return total / draws


def test_thirty_switches_are_nearly_normal() -> None:
    board = many(30)
    rng = np.random.default_rng(0)
    S = np.zeros((30, 200, 2))
    S[:, :, 1] = rng.normal(size=(30, 200)) * (rng.random((30, 200)) < 1 / 3)
    b = np.array([0.0, 0.3])

    near = expectation_over(board, 200, 2, seed=0).forecast(b, S)

    assert isinstance(expectation_over(board, 200, 2, seed=0), room._Normal)
    # research/what-carries-over.md, section 8: 30 switches, 10 a case: mean .0007, largest .0120
    # between the normal and 20,000 draws, whose own error is .5/sqrt(20,000) = .0035 at most
    apart = np.abs(near - by_draws(board, b, S, 20_000))
    assert apart.mean() < 0.003
    assert apart.max() < 0.02


def test_the_normal_loss_is_that_of_twenty_thousand_draws() -> None:
    board = many(30)
    rng = np.random.default_rng(1)
    S = np.zeros((30, 100, 2))
    S[:, :, 1] = rng.normal(size=(30, 100)) * (rng.random((30, 100)) < 1 / 3)
    b, y = np.zeros(2), rng.integers(2, size=100)
    on = board.families_on(drawn_worlds(board, 20_000, np.random.default_rng(5)).switches)
    u = np.tensordot(on, S[:, :, 1], axes=1) * np.where(y > 0, 1.0, -1.0)

    loss = expectation_over(board, 100, 2, seed=0).loss(b, S, y)[0]

    # softplus has slope 1 at most, so a draw of it varies less than u, whose deviation is about 1.6:
    # 1.6/sqrt(20,000) = .011 a case, and .0011 for the mean of 100 cases; .003 is left to the approximation
    assert loss / 100 == pytest.approx(np.logaddexp(0.0, -u).mean(), abs=0.005)


def test_drawn_worlds_forecast_as_all_worlds_do_on_average() -> None:
    board, n = sharing(12), 40
    b, S, _ = drawn(6, board, n, 3, size=1.0)
    worlds = every_world(board.with_tau([1.0, *board.tau[1:]]))
    exact = np.zeros((n, 3))
    for aspect, share in ((1.0, 0.7), (0.0, 0.3)):
        switches = worlds.switches.copy()
        switches[:, 0] = aspect
        on = board.families_on(switches)
        u = b + np.tensordot(on, S, axes=1)
        e = np.exp(u)
        exact += share * np.tensordot(worlds.weight, e / e.sum(axis=2, keepdims=True), axes=1)

    runs = [expectation_over(board, n, 3, seed=s, draws=64).forecast(b, S) for s in range(60)]

    assert isinstance(expectation_over(board, n, 3, seed=0), room._OverWorlds)
    # 60 runs of 64 worlds: a probability varies by .5 at most, .5/sqrt(3,840) = .008; five of these
    assert np.abs(np.mean(runs, axis=0) - exact).max() < 0.04


def test_drawn_worlds_are_those_of_the_seed() -> None:
    board = sharing()
    b, S, _ = drawn(6, board, 30, 3)

    first, again, other = (expectation_over(board, 30, 3, seed=s).forecast(b, S) for s in (1, 1, 2))

    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


def rows_sum_to_one(over: Expectation, b: Numbers, S: Numbers) -> bool:
    return bool(np.allclose(over.forecast(b, S).sum(axis=1), 1.0, atol=1e-12))


@pytest.mark.parametrize("name", VARIANTS)
def test_a_forecast_is_a_distribution(name: str) -> None:
    board, K = VARIANTS[name]
    b, S, _ = drawn(8, board, 300, K)

    assert rows_sum_to_one(expectation_over(board, 300, K, seed=0), b, S)


@pytest.mark.parametrize("name", VARIANTS)
def test_no_case_at_all_is_no_trouble(name: str) -> None:
    board, K = VARIANTS[name]
    b, S, y = drawn(8, board, 0, K)
    over = expectation_over(board, 0, K, seed=0)

    assert over.loss(b, S, y)[0] == 0.0
    assert over.forecast(b, S).shape == (0, K)


def test_the_joint_forecast_loses_no_more_than_the_reader_of_the_true_world_plus_its_surprise() -> None:
    board = BOARDS["two columns in one"]
    worlds = every_world(board)
    on = board.families_on(worlds.switches)
    for seed in range(30):
        b, S, _ = drawn(seed, board, 25, 3)
        rng = np.random.default_rng(seed)
        true = int(rng.choice(len(worlds.weight), p=worlds.weight))
        readers = np.array([[log_reader(b, S, i, list(world > 0)) for i in range(25)] for world in on])
        y = np.array([rng.choice(3, p=np.exp(row)) for row in readers[true]])
        of_world = readers[:, np.arange(25), y].sum(axis=1)

        joint = -np.logaddexp.reduce(np.log(worlds.weight) + of_world)

        assert joint <= -of_world[true] - np.log(worlds.weight[true]) + 1e-9


def test_each_forecast_loses_no_more_than_the_reader_of_any_world_plus_its_surprise() -> None:
    board = BOARDS["own times aspect"]
    b, S, _ = drawn(9, board, 40, 3)
    p = expectation_over(board, 40, 3, seed=0).forecast(b, S)

    for on, chance in worlds_of(board):
        for case in range(40):
            reader = np.array(log_reader(b, S, case, on))
            assert (-np.log(p[case]) <= -reader - math.log(chance) + 1e-9).all()


def test_the_expected_log_is_never_above_the_log_of_the_forecast() -> None:
    board = BOARDS["own switches"]
    b, S, y = drawn(10, board, 40, 3)
    over = expectation_over(board, 40, 3, seed=0)

    assert (over.log_likelihood(b, S, y) <= np.log(over.forecast(b, S)[np.arange(40), y]) + 1e-12).all()
