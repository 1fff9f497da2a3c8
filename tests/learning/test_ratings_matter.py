"""What ratings are worth on the planted task: true ones help, shuffled ones don't."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from kb.address import Address
from kb.knowledge import KnowledgeBase, open_kb
from learning import ablations
from learning.ablations import Setting, ablation_rows
from learning.background import background_of
from learning.growing import unpack_below
from learning.predicting import predict
from learning.prior import Rating, fit_prior, ratings_of
from learning.scorecard import Scorecard
from learning.side_answers import Said, WordsSaid
from tests.tasks import grow, log_loss, planted

SEEDS = range(5)


@dataclass
class Losses:
    """Log loss on D* per seed."""

    of: dict[str, list[float]]

    def mean(self, name: str) -> float:
        return float(np.mean(self.of[name]))


@pytest.fixture(scope="module")
def losses(tmp_path_factory: pytest.TempPathFactory) -> Losses:
    """Every row of the report that is Priory without one of its parts, on five draws of the planted task."""
    found: dict[str, list[float]] = {}
    for seed in SEEDS:
        with open_kb(f"sqlite:///{tmp_path_factory.mktemp('kb')}/kb.db") as kb:
            table = planted(100 + seed, n=140, n_star=300)
            tree = grow(kb, table)
            unpack_below(tree, levels=2)
            for s in tree.children():
                value = 0.05 if "snow" in s.draft.columns else 0.9
                tree.judge("rating", s.address, "oracle:naturalist", value=value)
            y, background = table.codes(tree), background_of(tree)
            A = background.matches(tree.D.cases)
            ratings = tuple(ratings_of(tree.judgements()))
            prior = fit_prior(ratings)
            setting = Setting(background, tree.task.classes, ratings, prior, 0.1, A, tree.D.y, seed)
            for name, by in ablation_rows(setting, {"D*": background.matches(tree.Dstar)}):
                found.setdefault(name, []).append(log_loss(by["D*"], y))
            found.setdefault("Priory", []).append(log_loss(predict(tree).p, y))
    return Losses(found)


def standard_error(losses: Losses, a: str, b: str) -> float:
    apart = np.array(losses.of[a]) - np.array(losses.of[b])
    return float(apart.std(ddof=1) / np.sqrt(len(apart)))


def test_true_ratings_help_on_dstar(losses: Losses) -> None:
    assert losses.mean("Priory") < losses.mean("same statements, no ratings") - 0.1


def test_shuffled_ratings_lose_to_true_ones(losses: Losses) -> None:
    assert losses.mean("ratings shuffled") >= losses.mean("Priory")


def test_shuffled_ratings_are_no_better_than_none_by_more_than_noise(losses: Losses) -> None:
    noise = standard_error(losses, "ratings shuffled", "same statements, no ratings")

    assert losses.mean("ratings shuffled") > losses.mean("same statements, no ratings") - 2.0 * noise


def test_reversed_ratings_are_worse_than_none(losses: Losses) -> None:
    assert losses.mean("ratings reversed") > losses.mean("same statements, no ratings")


def test_the_formula_as_first_written_falls_for_the_planted_column(losses: Losses) -> None:
    assert losses.mean("scope off") > losses.mean("Priory") + 0.2
    assert losses.mean("same statements, everything on") > losses.mean("Priory") + 0.2


def test_shuffling_moves_answers_and_invents_none(
    new_kb: Callable[[], KnowledgeBase], monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = grow(new_kb(), planted(0, n=60, n_star=40))
    unpack_below(tree, levels=1)
    said = tuple(
        Rating(s.address, "oracle:naturalist", 0.05 if "snow" in s.draft.columns else 0.9)
        for s in tree.children()
    )
    background = background_of(tree)
    A = background.matches(tree.D.cases)
    setting = Setting(background, tree.task.classes, said, fit_prior(said), 0.0, A, tree.D.y, 0)
    used: list[tuple[Rating, ...]] = []

    def keep(of: Setting, ratings: Sequence[Rating], _: WordsSaid | None) -> Scorecard:
        used.append(tuple(ratings))
        return of.scorecard

    monkeypatch.setattr(Setting, "scorecard_if", keep)

    ablations._shuffled(setting)

    (moved,) = used
    assert sorted(r.value for r in moved) == sorted(r.value for r in said)
    assert {r.address for r in moved} == {r.address for r in said}
    assert [r.value for r in moved] != [r.value for r in said]


def said(neither: float, negative: float, positive: float, *, credence: float = 0.0) -> Said:
    counts = np.array([neither, negative, positive])
    return Said(counts, 0.5 * counts[1:], credence, float(credence > 0))


def test_answers_about_words_are_turned_round_and_none_is_lost() -> None:
    words = WordsSaid(2, {Address("0.0"): said(1, 3, 0)}, {"grim": said(0, 2, 1, credence=0.8)})

    other = words.reversed()

    assert other.at[Address("0.0")].counts.tolist() == [1, 0, 3]
    assert other.at[Address("0.0")].strength.tolist() == [0, 1.5]
    assert other.elsewhere["grim"].counts.tolist() == [0, 1, 2]
    assert other.elsewhere["grim"].credence == pytest.approx(0.2)


def test_answers_about_words_are_shuffled_between_words() -> None:
    words = WordsSaid(2, {Address(f"0.{n}"): said(n, 0, 1) for n in range(9)})

    moved = words.shuffled(np.random.default_rng(0)).at

    assert set(moved) == set(words.at)
    assert sorted(each.counts[0] for each in moved.values()) == list(range(9))
    assert [each.counts[0] for each in moved.values()] != list(range(9))
