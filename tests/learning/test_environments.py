"""Environments: the Bayes factor against enumeration, its direction, and what it moves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.special import log_softmax, logsumexp

from kb.address import ROOT, Address
from kb.arrays import Codes, Numbers
from kb.knowledge import KnowledgeBase, Tree
from kb.statements import Draft
from learning.asking import answer
from learning.environments import (
    Environments,
    _log_evidence,
    environments_of,
    evidence_about,
    in_words,
    log_bayes_factor,
    moved_tau,
)
from learning.fitting import latest_fit, refit
from learning.growing import add
from learning.matches import Matches
from learning.people.alarm import says_of_ratings, unrated_points, worth_asking_again
from learning.scorecard import Points, Scorecard, contributions
from learning.switches import Switchboard
from tests.tasks import Table, grow


def drawn(rng: np.random.Generator, *, shared: bool, n: int = 150) -> tuple[Numbers, Codes, Codes]:
    """Two claims, three environments, points that are the same in all of them or not."""
    A, place = (rng.random((n, 2)) < 0.5).astype(np.float64), rng.integers(3, size=n)
    theta = 1.2 * rng.normal(size=(3, 2, 2))
    if shared:
        theta[:] = theta[0]
    u = np.einsum("nm,nmk->nk", A, theta[place])
    p = np.exp(log_softmax(u, axis=1))
    return A, (rng.random(n) < p[:, 1]).astype(np.int64), place


def test_the_evidence_is_the_integral() -> None:
    rng = np.random.default_rng(0)
    A, y = np.ones((12, 1)), (rng.random(12) < 0.7).astype(np.int64)
    grid = np.linspace(-8, 8, 321)
    first, second = np.meshgrid(grid, grid, indexing="ij")
    u = np.stack([first.ravel(), second.ravel()], axis=1)
    log_f = log_softmax(u, axis=1) @ np.bincount(y, minlength=2)
    log_prior = -0.5 * (u**2).sum(axis=1) - np.log(2.0 * np.pi)
    exact = logsumexp(log_f + log_prior) + 2.0 * np.log(grid[1] - grid[0])

    assert _log_evidence(A, y, np.zeros((12, 2)), 1.0) == pytest.approx(exact, abs=0.05)


def test_points_that_are_shared_speak_for_a_statement_and_others_against_it() -> None:
    rng = np.random.default_rng(1)

    def factor(*, shared: bool) -> float:
        A, y, place = drawn(rng, shared=shared)
        return log_bayes_factor(A, y, np.zeros((len(y), 2)), place)

    same, other = ([factor(shared=shared) for _ in range(20)] for shared in (True, False))

    assert np.mean(np.array(same) > 0.0) >= 0.9
    assert np.mean(np.array(other) < 0.0) >= 0.85


def test_of_many_cases_all_environments_are_heard_whatever_their_order() -> None:
    rng = np.random.default_rng(3)
    place = np.repeat(np.arange(3), 2_000)
    A = (rng.random((6_000, 1)) < 0.5).astype(np.float64)
    y = np.where(rng.random(6_000) < 0.9, A[:, 0] != (place == 1), A[:, 0] == (place == 1)).astype(np.int64)
    card = Scorecard(Switchboard(("0.0",), (0.5,), (frozenset({0}),), (0,)), (-1,), 2)
    points = Points(np.zeros(2), np.zeros((1, 2)), 1.0)

    found = evidence_about(card, Matches(A, None), y, points, Environments("site", ("a", "b", "c"), place))

    assert found.log_bayes["0.0"] < -100.0


def test_one_environment_says_nothing() -> None:
    A, y, place = drawn(np.random.default_rng(2), shared=False)

    assert log_bayes_factor(A, y, np.zeros((len(y), 2)), np.zeros_like(place)) == 0.0


def test_the_order_and_names_of_environments_are_of_no_matter() -> None:
    A, y, place = drawn(np.random.default_rng(3), shared=True)
    offset = np.zeros((len(y), 2))

    assert log_bayes_factor(A, y, offset, place) == pytest.approx(
        log_bayes_factor(A, y, offset, 2 - place), abs=1e-4
    )


@pytest.mark.parametrize(
    ("tau", "nats", "after"), [(0.5, 0.0, 0.5), (0.5, np.log(3.0), 0.75), (0.0, 9.0, 0.0), (0.9, -40.0, 0.02)]
)
def test_a_plausibility_moves_as_bayes_says_and_never_to_certainty(
    tau: float, nats: float, after: float
) -> None:
    assert moved_tau(tau, nats) == pytest.approx(after)


def sites(seed: int = 0, *, sizes: tuple[int, ...] = (60, 60, 60)) -> Table:
    """Colour tells the animal in every site; the camera tells it, but another way round in each."""
    rng = np.random.default_rng(seed)

    def part(n: int, place: Codes) -> tuple[dict[str, np.ndarray], np.ndarray]:
        y = rng.integers(2, size=n)
        colour = np.where(rng.random(n) < 0.85, y, 1 - y)
        turned = (y + place) % 2
        camera = np.where(rng.random(n) < 0.85, turned, 1 - turned)
        x = {
            "colour": np.array(["grey", "white"], dtype=object)[colour],
            "camera": np.array(["left", "right"], dtype=object)[camera],
            "site": np.array(["north", "south", "west", "east"], dtype=object)[place],
        }
        return x, np.array(["wolf", "husky"], dtype=object)[y]

    place = np.repeat(np.arange(len(sizes)), sizes)
    train, y = part(len(place), place)
    predict, truth = part(80, np.full(80, 3))
    return Table({**train, "animal": y}, predict, tuple(truth), "animal")


def grown(kb: KnowledgeBase, table: Table, environment: str | None = "site") -> Tree:
    tree = grow(kb, table, environment=environment)
    for column, when in (("colour", "colour = 'white'"), ("camera", "camera = 'right'")):
        draft = Draft(f"{column} tells.", "aspect", columns=(column,), origin="human:test")
        aspect = tree.store.append_child(tree.tree_id, ROOT, draft)
        add(tree, aspect.address, f"{when}.", when=when)
    return tree


def test_sites_move_the_switches_that_people_rated_the_same(kb: KnowledgeBase) -> None:
    tree = grown(kb, sites())
    for aspect in ("0.0", "0.1"):
        answer(tree, aspect, rater="human:ada", value=0.5)

    fit = latest_fit(tree)

    tau = dict(zip(fit.scorecard.board.names, fit.scorecard.board.tau, strict=True))
    assert tau["0.0"] > 0.75
    assert tau["0.1"] < 0.2
    assert refit(tree, keep_strengths=True).scorecard.board == fit.scorecard.board


def test_what_the_sites_say_is_told_after_an_answer(kb: KnowledgeBase) -> None:
    tree = grown(kb, sites())

    change = answer(tree, "0.1", rater="human:ada", value=0.5)

    assert "In each site of the labelled cases it says something else" in change.evidence
    assert "from 50 % to" in change.evidence
    assert in_words(tree, "0.7", {}, 0.5) == ""


def test_the_alarm_hears_what_ratings_say_and_not_what_the_sites_add(kb: KnowledgeBase) -> None:
    tree = grown(kb, sites())
    answer(tree, "0.0", rater="human:ada", value=0.5)
    answer(tree, "0.1", rater="human:ada", value=0.8)
    fit = latest_fit(tree)
    A = fit.background.matches(tree.Dstar)
    unrated = unrated_points(fit, fit.background.matches(tree.D.cases), tree.D.y)

    says = says_of_ratings(fit, unrated, A)

    board = fit.scorecard.board
    assert board.tau[board.names.index("0.1")] < 0.5  # moved to the other side by the sites
    told = {name: fit.prior.rated[Address(name)].plausibility for name in board.names}
    S = contributions(fit.scorecard, A.claims, unrated.points.theta)
    believed = 2.0 * board.with_tau([told[name] for name in board.names]).family_tau() - 1.0
    assert says == pytest.approx(np.einsum("f,fnk->nk", believed, S))
    again = {a.address: a for a in worth_asking_again(tree, fit, tree.Dstar)}
    assert again[Address("0.0")].moves < 0.01  # one half turned around is one half, whatever the sites say
    assert "0.1" not in again  # the sites are so sure that no rating would change it


def test_without_an_environment_column_ratings_stand_as_they_are(kb: KnowledgeBase) -> None:
    tree = grown(kb, sites(), environment=None)

    change = answer(tree, "0.1", rater="human:ada", value=0.5)

    assert change.evidence == ""
    assert environments_of(tree) is None
    assert latest_fit(tree).evidence.log_bayes == {}


def test_environments_with_one_row_are_left_out_in_words(new_kb: Callable[[], KnowledgeBase]) -> None:
    tree = grown(new_kb(), sites(sizes=(60, 60, 1)))

    fit = latest_fit(tree)

    assert set(fit.evidence.log_bayes) == {"column:colour", "column:camera"} or fit.evidence.log_bayes
    assert any("are left out: west (1)" in note for note in fit.evidence.notes)

    lonely = grown(new_kb(), sites(sizes=(60, 1)))
    found = latest_fit(lonely).evidence
    assert found.log_bayes == {}
    assert any("hold 1 environment of site" in note for note in found.notes)
