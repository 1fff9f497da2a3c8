"""J against closed forms: what doubt does to it, and what the formula as first written does."""

from __future__ import annotations

import numpy as np
import pytest

from kb.arrays import Codes, Numbers
from learning.fitting import folds_of
from learning.matches import Matches
from learning.objective import Objective
from learning.scorecard import Scorecard, contributions
from learning.switches import Switchboard


def task(seed: int = 0, n: int = 300) -> tuple[Numbers, Codes]:
    """Claim 0 is noisy and true; claims 1 to 6 speak about pieces of a column that is the label itself."""
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=n)
    true = rng.random(n) < 0.2 + 0.6 * y
    planted = y * 3 + rng.integers(3, size=n)
    return np.stack([true, *(planted == i for i in range(6))], axis=1).astype(float), y


def card(tau: list[float], hangs: list[int]) -> Scorecard:
    named = {f"s{i}": t for i, t in enumerate(tau)}
    board = Switchboard.of(named, [frozenset([f"s{i}"]) for i in hangs])
    return Scorecard(board, (-1,) * len(hangs), 2)


def objective(y: Codes, *, literal: bool = False) -> Objective:
    return Objective(y, tuple(folds_of(len(y), 0)), 1.0, 0, literal=literal)


def test_j_is_the_expected_log_likelihood_out_of_fold() -> None:
    A, y = task()
    scorecard = card([0.3, 0.8], [0, 1])
    J = objective(y)

    standing = J.stand(scorecard, Matches(A[:, :2]))

    total = 0.0
    for points, (_, score) in zip(standing.points, J.folds, strict=True):
        S = contributions(scorecard, A[score][:, :2], points.theta)
        for on, chance in (((0, 0), 0.14), ((1, 0), 0.06), ((0, 1), 0.56), ((1, 1), 0.24)):
            u = points.b + on[0] * S[0] + on[1] * S[1]
            log_p = u - np.log(np.exp(u).sum(axis=1, keepdims=True))
            total += chance * float(log_p[np.arange(len(score)), y[score]].sum())
    assert standing.terms.data == pytest.approx(total, abs=1e-8)
    assert standing.terms.log_prior == 0.0


def test_the_base_is_the_rate_of_the_classes_out_of_fold() -> None:
    A, y = task()
    J = objective(y)

    base = J.stand(card([], []), Matches(A[:, :0])).terms.base

    by_hand = sum(
        np.log((np.sum(y[fit] == y[i]) + 0.5) / (len(fit) + 1.0)) for fit, score in J.folds for i in score
    )
    assert base == pytest.approx(float(by_hand), abs=1e-9)


@pytest.mark.parametrize("pieces", [2, 6])
def test_a_planted_column_buys_at_most_its_plausibility_however_many_claims_it_makes(pieces: int) -> None:
    """With one switch for the column, in 95 of 100 worlds all its claims are off at once."""
    A, y = task()
    tau = 0.05
    J = objective(y)
    standing = J.stand(card([0.9], [0]), Matches(A[:, :1]))
    board, new = standing.scorecard.board.extended({"snow": tau}, [frozenset(["snow"])] * pieces), A[:, 1:]
    gain = J.gain(standing, board, [-1] * pieces, new[:, 6 - pieces :])

    # E log f = tau log f_on + (1 - tau) log f_off; log f_on is 0 at best, and f_off is a reader that does
    # without the column: no better than the one that was fitted to, out of fold, up to fitting noise
    assert gain <= tau * -standing.terms.data + 1.0


def test_where_each_case_meets_one_claim_only_sharing_a_switch_costs_nothing() -> None:
    A, y = task()
    J = objective(y)
    standing = J.stand(card([0.9], [0]), Matches(A[:, :1]))
    names = [f"snow{i}" for i in range(6)]
    board = standing.scorecard.board

    shared = J.gain(standing, board.extended({"snow": 0.3}, [frozenset(["snow"])] * 6), [-1] * 6, A[:, 1:])
    own = board.extended(dict.fromkeys(names, 0.3), [frozenset([n]) for n in names])
    apart = J.gain(standing, own, [-1] * 6, A[:, 1:])

    assert apart == pytest.approx(shared, abs=0.5)


def test_copies_of_the_planted_column_average_the_doubt_away_unless_they_share_it() -> None:
    _, y = task()
    copies = np.repeat(y[:, None].astype(float), 8, axis=1)
    J = objective(y)
    standing = J.stand(card([], []), Matches(copies[:, :0]))
    names = [f"copy{i}" for i in range(8)]

    shared = J.gain(standing, Switchboard.of({"snow": 0.3}, [frozenset(["snow"])] * 8), [-1] * 8, copies)
    own = Switchboard.of(dict.fromkeys(names, 0.3), [frozenset([n]) for n in names])
    apart = J.gain(standing, own, [-1] * 8, copies)

    one = J.gain(standing, Switchboard.of({"snow": 0.3}, [frozenset(["snow"])]), [-1], copies[:, :1])
    # eight claims that share a switch differ from one by having an eighth of its ridge
    assert shared == pytest.approx(one, abs=0.1 * one)
    assert apart > 2.0 * shared


def test_as_first_written_doubt_costs_only_its_logarithm() -> None:
    A, y = task()
    J = objective(y, literal=True)

    doubted = J.stand(card([0.9, 0.05], [0, 1, 1, 1, 1, 1, 1]), Matches(A)).terms
    believed = J.stand(card([0.9, 0.95], [0, 1, 1, 1, 1, 1, 1]), Matches(A)).terms

    assert doubted.data == pytest.approx(believed.data, abs=1e-9)
    assert doubted.log_prior == pytest.approx(np.log(0.9) + np.log(0.05), abs=1e-12)
    assert doubted.data + doubted.log_prior == doubted.J


def test_as_first_written_a_planted_column_is_bought_at_once() -> None:
    A, y = task()
    J = objective(y, literal=True)
    standing = J.stand(card([0.9], [0]), Matches(A[:, :1]))
    board = standing.scorecard.board.extended({"snow": 0.02}, [frozenset(["snow"])] * 6)

    gain = J.gain(standing, board, [-1] * 6, A[:, 1:])

    # it leaves next to nothing to explain, and pays 3.9 nats
    assert gain > 0.6 * -standing.terms.data


def test_what_a_move_promises_is_what_it_gives_when_nothing_else_is_fitted() -> None:
    A, y = task()
    J = objective(y)
    standing = J.stand(card([], []), Matches(A[:, :0]))
    board = Switchboard.of({"s0": 0.7}, [frozenset(["s0"])])

    promised = J.gain(standing, board, [-1], A[:, :1])

    given = J.stand(card([0.7], [0]), Matches(A[:, :1])).terms.J - standing.terms.J
    assert promised == pytest.approx(given, abs=0.05)


def test_taking_away_a_claim_that_says_nothing_changes_nothing() -> None:
    A, y = task()
    A[:, 1] = 0.0
    standing = objective(y).stand(card([0.7, 0.7], [0, 1]), Matches(A[:, :2]))

    assert objective(y).without(standing, [1]) == pytest.approx(0.0, abs=1e-9)


def test_taking_away_a_claim_that_earns_costs_nats() -> None:
    A, y = task()
    standing = objective(y).stand(card([0.9], [0]), Matches(A[:, :1]))

    assert objective(y).without(standing, [0]) < -5.0
