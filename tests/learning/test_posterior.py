"""Several Z: what chains share, how they are weighed, and where they disagree."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from kb.address import Address, depth
from kb.errors import InputError
from kb.knowledge import KnowledgeBase, Tree
from learning.asking import answer
from learning.chains import Chain, chains_of, forget_chains, learn_chains
from learning.fitting import latest_fit
from learning.posterior import Posterior, _weights, posterior
from learning.predicting import predict
from learning.search import learn
from tests.tasks import aspect_about, grow, log_loss, planted
from unpacking.budget import Budget


@pytest.fixture(scope="module")
def chained(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """A learned tree with two further chains; tests that write make chains of their own."""
    from kb.knowledge import open_kb

    kb = open_kb(f"sqlite:///{tmp_path_factory.mktemp('chains')}/kb.db")
    tree = grow(kb, planted(n=120, n_star=100))
    learn(tree)
    for column, value in (("snow", 0.1), ("body_0", 0.9), ("body_1", 0.9), ("body_2", 0.9)):
        answer(tree, aspect_about(tree, column), rater="human:ada", value=value)
    learn_chains(tree, 3)
    return tree


def test_chains_share_root_and_aspects_and_differ_below(chained: Tree) -> None:
    first, second = chains_of(chained)

    own = {(s.address, s.text) for s in chained.walk() if depth(s.address) <= 1}
    for chain in (first, second):
        assert {(s.address, s.text) for s in chain.statements if depth(s.address) <= 1} == own
    said = [frozenset(s.draft.when for s in c.statements if s.draft.when) for c in (first, second)]
    own_claims = frozenset(s.draft.when for s in chained.walk() if s.draft.when)
    assert len({*said, own_claims}) == 3


def test_what_people_rated_holds_in_every_chain(chained: Tree) -> None:
    found = posterior(chained)

    assert found is not None
    snow = Address(aspect_about(chained, "snow"))
    for fit in found.fits:
        tau = dict(zip(fit.scorecard.board.names, fit.scorecard.board.tau, strict=True))
        if snow in tau:
            assert tau[snow] == pytest.approx(found.fits[0].prior.rated[snow].plausibility)


def test_predictions_are_the_weighted_mean(chained: Tree) -> None:
    found = posterior(chained)

    assert found is not None
    assert sum(found.weights) == pytest.approx(1.0)
    mean = np.einsum("z,znk->nk", np.array(found.weights), found.forecasts(chained.Dstar))
    assert predict(chained).p == pytest.approx(mean)
    assert found.forecasts(chained.Dstar)[0] == pytest.approx(
        latest_fit(chained).forecast(latest_fit(chained).background.matches(chained.Dstar))
    )


def test_the_mean_loses_no_more_than_the_mean_of_their_losses(chained: Tree) -> None:
    y = planted(n=120, n_star=100).codes(chained)
    found = posterior(chained)

    assert found is not None
    losses = [log_loss(p, y) for p in found.forecasts(chained.Dstar)]
    assert log_loss(found.forecast(chained.Dstar), y) <= np.dot(found.weights, losses) + 1e-6


def test_disagreement_is_nothing_where_all_say_the_same(chained: Tree) -> None:
    found = posterior(chained)
    assert found is not None
    twins = Posterior((found.fits[0],) * 2, (0.5, 0.5), (0.0, 0.0))

    apart, none = found.disagreement(chained.Dstar), twins.disagreement(chained.Dstar)

    assert none.nats == pytest.approx(0.0, abs=1e-9)
    assert none.changed == 0.0
    assert apart.nats.mean() > 1e-4
    assert apart.nats.max() <= np.log(2.0)
    assert apart.places[0][2] >= apart.places[-1][2]
    assert "trees with weights" in found.sentence(chained.Dstar)


def test_a_z_that_foretells_d_better_weighs_more_but_not_by_a_few_nats_alone() -> None:
    rng = np.random.default_rng(0)
    one = -0.5 + 0.3 * rng.normal(size=100)
    close, far = one - 0.02 + 0.3 * rng.normal(size=100), one - 0.5

    near, clear = _weights(np.array([one, close]), 0), _weights(np.array([one, far]), 0)

    assert 0.05 < near[1] < 0.6
    assert clear[0] > 0.99


def test_a_chain_comes_back_from_the_store_as_it_was(chained: Tree) -> None:
    chain = chains_of(chained)[0]

    again = Chain.from_dict(chain.to_dict())

    assert [(s.address, s.draft) for s in again.statements] == [
        (s.address, s.draft) for s in chain.statements
    ]


def test_a_stopped_run_goes_on_and_one_chain_forgets_the_others(
    new_kb: Callable[[], KnowledgeBase],
) -> None:
    tree = grow(new_kb(), planted(n=60, n_star=40))
    with pytest.raises(InputError, match="root is not unpacked"):
        learn_chains(tree, 2)
    learn(tree, budget=Budget(steps=3))
    (first,) = learn_chains(tree, 2, budget=Budget(steps=3))

    kept = learn_chains(tree, 3, budget=Budget(steps=3))

    assert kept[0].to_dict() == first.to_dict()
    assert kept[1].seed != first.seed
    with pytest.raises(InputError, match="17 chains"):
        learn_chains(tree, 17)
    forget_chains(tree)
    assert posterior(tree) is None
