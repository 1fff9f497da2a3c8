"""f: what it learns from people, what it must never see, and how it is chosen, kept and certified."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from kb.errors import InputError
from kb.knowledge import KnowledgeBase, Tree
from learning.fitting import Fit, latest_fit
from learning.people import imitation as module
from learning.people.certificate import imitation_loss
from learning.people.from_x import fit_from_x
from learning.people.imitation import choose_imitator, halves, imitate, imitators
from learning.people.keeping import body_of, imitator_from
from learning.people.network import fit_network
from learning.people.reader import PARAMETERS, Reader, _doubted, fit_reader
from learning.people.reading import Reading, Said, reading_of
from learning.people.samples import choose_sample, draw_sample
from tests.learning.people.simulated import forecast_cases, rate_aspects, write_dogs
from tests.tasks import Table, grow


@pytest.fixture
def rated_dogs(planted_tree: Tree) -> Tree:
    rate_aspects(write_dogs(planted_tree), snow=0.1, body=0.9)
    return planted_tree


@pytest.fixture
def reading(rated_dogs: Tree) -> Reading:
    return reading_of(rated_dogs, latest_fit(rated_dogs), rated_dogs.Dstar)


MACHINE = Reader({name: start for name, (start, *_) in PARAMETERS.items()})


def test_with_the_numbers_it_starts_from_the_reader_is_the_machine_reader(
    rated_dogs: Tree, reading: Reading
) -> None:
    fit = latest_fit(rated_dogs)

    assert MACHINE.forecast(reading) == pytest.approx(fit.forecast(reading.A), abs=1e-12)


def test_a_reader_has_at_most_six_numbers_and_each_of_them_says_something(reading: Reading) -> None:
    assert len(PARAMETERS) <= 6
    before = MACHINE.forecast(reading)
    for name, (start, _, high, _) in PARAMETERS.items():
        moved = Reader({**MACHINE.values, name: min(start + 0.5, high)}).forecast(reading)
        changes = name != "depth"  # all claims of this tree stand equally deep
        assert (np.abs(moved - before).max() > 1e-3) == changes, name


def test_a_reader_finds_the_numbers_that_made_the_forecasts(reading: Reading) -> None:
    true = Reader({**MACHINE.values, "scale": 2.5, "base": 0.8})
    said = true.forecast(reading)

    found = fit_reader(reading, said)

    told, machine = (imitation_loss(said, f.forecast(reading)) for f in (found, MACHINE))
    assert told - imitation_loss(said, said) < 0.25 * (machine - imitation_loss(said, said))
    assert found.values["scale"] > 1.5
    assert found.values["base"] > 0.3


def test_without_forecasts_to_speak_of_the_reader_stays_the_machine_reader(reading: Reading) -> None:
    few = np.array([0, 1])

    found = fit_reader(reading.take(few), MACHINE.forecast(reading)[few])

    assert [found.values[n] for n in PARAMETERS] == pytest.approx(list(MACHINE.values.values()), abs=0.1)


def test_what_surely_does_not_carry_over_stays_off_when_doubts_are_taken_lightly(rated_dogs: Tree) -> None:
    """0 to the power of 0 is 1, which would turn on what everybody declared true of D only."""
    snow = rated_dogs.children()[0]
    rated_dogs.judge("rating", snow.address, "human:ada", answer="here")
    fit = latest_fit(rated_dogs)
    fit = replace(fit, points=fit.plain)  # as if it had been fitted while snow was believed
    reading = reading_of(rated_dogs, fit, rated_dogs.Dstar)
    assert 0.0 in reading.fit.scorecard.board.tau

    hardly, not_at_all = (Reader({**MACHINE.values, "doubt": d}).forecast(reading) for d in (1e-9, 0.0))

    assert not_at_all == pytest.approx(hardly, abs=1e-6)


def test_words_that_cant_speak_for_a_class_stay_silent_when_doubts_are_taken_lightly() -> None:
    tau = np.array([[0.0, 0.4], [1.0, 0.0]])

    assert _doubted(tau, 0.0).tolist() == [[0.0, 1.0], [1.0, 0.0]]
    assert _doubted(tau, 1.0) == pytest.approx(tau)


def test_a_view_reads_the_strongest_statements_only(reading: Reading) -> None:
    one = Reader(MACHINE.values, view=1).forecast(reading)
    several = Reader(MACHINE.values, view=7).forecast(reading)

    assert several == pytest.approx(MACHINE.forecast(reading), abs=1e-12)
    assert np.abs(one - several).max() > 0.01


def test_a_network_learns_what_no_statement_says(reading: Reading) -> None:
    pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    odds = 2.0 * rng.normal(size=reading.x.shape[1]) @ reading.x.T
    said = np.stack([1.0 / (1.0 + np.exp(odds)), 1.0 / (1.0 + np.exp(-odds))], axis=1)
    train, test = np.arange(100), np.arange(100, 200)

    network = fit_network(reading.take(train), said[train], decay=1.0, seed=0)
    reader = fit_reader(reading.take(train), said[train])

    gained = imitation_loss(said[test], reader.forecast(reading.take(test)))
    gained -= imitation_loss(said[test], network.forecast(reading.take(test)))
    assert gained > 0.1
    alone = fit_from_x(reading.take(train), said[train]).forecast(reading.take(test))
    assert imitation_loss(said[test], alone) < imitation_loss(said[test], reader.forecast(reading.take(test)))


def test_a_network_held_tightly_is_the_reader(reading: Reading) -> None:
    pytest.importorskip("torch")
    said = MACHINE.forecast(reading)

    network = fit_network(reading, said, decay=1e6, seed=0, reader=MACHINE)

    assert network.forecast(reading) == pytest.approx(said, abs=0.02)


@pytest.mark.parametrize("kind", ["reader", "network"])
def test_f_comes_back_from_the_store_as_it_was(reading: Reading, kind: str) -> None:
    if kind == "network":
        pytest.importorskip("torch")
    said = MACHINE.forecast(reading)
    f = fit_reader(reading, said) if kind == "reader" else fit_network(reading, said, decay=1.0, seed=0)

    assert imitator_from(body_of(f)).forecast(reading) == pytest.approx(f.forecast(reading), abs=1e-12)


def test_the_imitator_with_the_lowest_held_out_loss_is_chosen_and_the_readable_one_if_they_tie(
    reading: Reading,
) -> None:
    said = Said(np.arange(60), MACHINE.forecast(reading)[:60], ("human:ada",) * 60)
    some = reading.take(np.arange(60))
    stubborn = Reader({**MACHINE.values, "scale": 0.0})

    best, _, losses = choose_imitator(
        {"deaf": lambda *_: stubborn, "machine": lambda *_: MACHINE, "twin": lambda *_: MACHINE},
        some,
        said,
        seed=0,
    )

    assert best == "machine"
    assert losses["deaf"] > losses["machine"] == losses["twin"]


def test_all_forecasts_of_a_case_are_in_one_fold() -> None:
    folds = module._folds(np.repeat(np.arange(20), 3), seed=0)

    cases = [set((rows // 3).tolist()) for rows in folds]
    assert sum(len(c) for c in cases) == 20


FITTED_TO_PEOPLE: list[Callable[..., Any]] = [
    fit_reader,
    fit_network,
    fit_from_x,
    choose_imitator,
    imitate,
    imitators,
    Reader.forecast,
    reading_of,
]


@pytest.mark.parametrize("function", FITTED_TO_PEOPLE, ids=lambda f: f.__qualname__)
def test_no_label_has_a_door_into_f(function: Callable[..., Any]) -> None:
    """Whatever could hold data is named; a new argument of that sort has to be looked at by somebody."""
    doors = {
        name
        for name, p in inspect.signature(function).parameters.items()
        if any(t in str(p.annotation) for t in ("Numbers", "Codes", "Labelled", "Path", "Any", "Cases"))
    }

    assert doors <= {"people", "cases"}  # their forecasts; x to predict


def test_other_labels_of_d_leave_f_byte_for_byte_as_it_is_while_z_keeps_its_numbers(
    kb: KnowledgeBase, new_kb: Callable[[], KnowledgeBase], planted_table: Table
) -> None:
    """The permutation test: labels reach f only as the points of Z, which are held here."""
    shuffled = dict(planted_table.train)
    shuffled["animal"] = np.random.default_rng(1).permutation(shuffled["animal"])
    trees = [
        write_dogs(grow(kb, planted_table)),
        write_dogs(grow(new_kb(), replace(planted_table, train=shuffled))),
    ]
    said = np.random.default_rng(0).dirichlet([2.0, 2.0], size=60)
    fit: Fit = latest_fit(trees[0])
    found = []
    for tree in trees:
        reading = reading_of(tree, fit, tree.Dstar.take(np.arange(60)))
        _, f, losses = choose_imitator(imitators(7), reading, Said(np.arange(60), said, ("a",) * 60), seed=0)
        found.append(repr((losses, body_of(f), f.forecast(reading).tobytes())))

    assert latest_fit(trees[1]).points.theta != pytest.approx(fit.points.theta)
    assert found[0] == found[1]


@pytest.fixture
def without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the extra is not installed; importing it takes longer than all fits here."""
    monkeypatch.setattr(module, "is_torch_installed", lambda: False)


@pytest.mark.usefixtures("without_torch")
def test_without_torch_the_readers_compete_alone() -> None:
    assert list(imitators(30)) == ["reader", "reader of 7 statements"]
    assert list(imitators(7)) == ["reader"]


@pytest.mark.usefixtures("without_torch")
def test_half_of_v_fits_and_the_other_half_certifies(rated_dogs: Tree, planted_table: Table) -> None:
    drawn = draw_sample(rated_dogs, 60)
    forecast_cases(rated_dogs, drawn.cases, planted_table.codes(rated_dogs))

    found = imitate(rated_dogs)

    fitting, certifying = halves(drawn)
    assert set(fitting) | set(certifying) == set(drawn.cases)
    assert not set(fitting) & set(certifying)
    assert found.fitted_on == 30
    assert found.certificate is not None
    assert (found.certificate.n, found.certificate.population) == (30, 170)
    assert found.certificate.measured < found.certificate.nats < 3.0
    assert imitate(rated_dogs).to_dict() == found.to_dict()
    assert found.forecast().shape == (200, 2)


@pytest.mark.usefixtures("without_torch")
def test_what_the_certifying_half_says_changes_the_certificate_and_not_f(
    rated_dogs: Tree, planted_table: Table
) -> None:
    drawn = draw_sample(rated_dogs, 60)
    truth = planted_table.codes(rated_dogs)
    forecast_cases(rated_dogs, drawn.cases, truth)
    before = imitate(rated_dogs)

    forecast_cases(rated_dogs, halves(drawn)[1], 1 - truth)

    after = imitate(rated_dogs)
    assert body_of(after.f) == body_of(before.f)
    assert after.certificate is not None
    assert before.certificate is not None
    assert after.certificate.measured > before.certificate.measured + 0.1
    assert after.certificate.nats > before.certificate.nats


@pytest.mark.usefixtures("without_torch")
def test_a_sample_that_was_picked_by_hand_certifies_nothing(rated_dogs: Tree, planted_table: Table) -> None:
    picked = choose_sample(rated_dogs, range(40))
    forecast_cases(rated_dogs, picked.cases, planted_table.codes(rated_dogs))

    found = imitate(rated_dogs)

    assert found.certificate is None
    assert "picked by hand" in found.refused


@pytest.mark.usefixtures("without_torch")
def test_forecasts_given_z_are_imitated_where_there_are_enough(
    rated_dogs: Tree, planted_table: Table
) -> None:
    drawn = draw_sample(rated_dogs, 40)
    truth = planted_table.codes(rated_dogs)
    forecast_cases(rated_dogs, drawn.cases, truth)
    assert imitate(rated_dogs).arm == "unaided"

    forecast_cases(rated_dogs, drawn.cases, truth, arm="given Z")

    assert imitate(rated_dogs).arm == "given Z"
    assert imitate(rated_dogs, arm="unaided").arm == "unaided"


def test_too_few_forecasts_are_an_error_that_says_what_to_do(rated_dogs: Tree) -> None:
    with pytest.raises(InputError, match="priory sample"):
        imitate(rated_dogs)
    draw_sample(rated_dogs, 40)
    with pytest.raises(InputError, match=r"fewer than 4 forecasts.*priory predict --by-hand"):
        imitate(rated_dogs)
