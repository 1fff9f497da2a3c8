"""The alarm and the audit on a tree: who is doubted, what is asked again, and when f is given up."""

from __future__ import annotations

import numpy as np
import pytest

from kb.errors import InputError
from kb.knowledge import Tree
from learning.fitting import latest_fit
from learning.people import imitation
from learning.people.agreement import Agreement, Outcome
from learning.people.alarm import Alarm, alarm, outcome_of
from learning.people.audit import audit_state, begin_audit, sequential_test
from learning.people.findings import people_findings
from learning.people.samples import choose_sample, draw_sample, samples
from tests.learning.people.simulated import forecast_cases, rate_aspects, write_dogs
from tests.tasks import Table


@pytest.fixture(autouse=True)
def _without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imitation, "is_torch_installed", lambda: False)


@pytest.fixture
def asked(planted_tree: Tree, planted_table: Table) -> Tree:
    """Fifty random cases, forecast unaided by somebody who is mostly right; nothing is rated."""
    drawn = draw_sample(write_dogs(planted_tree), 50)
    forecast_cases(planted_tree, drawn.cases, planted_table.codes(planted_tree))
    return planted_tree


def test_right_ratings_are_confirmed(asked: Tree) -> None:
    rate_aspects(asked, snow=0.05, body=0.9)

    found = alarm(asked)

    assert found.outcome == "confirmed"
    assert not found.rings
    assert found.doubt is None
    assert found.sentences()[0].startswith("People's unaided forecasts of 50 random cases confirm")


def test_reversed_ratings_raise_the_alarm_and_are_doubted(asked: Tree) -> None:
    rate_aspects(asked, snow=0.95, body=0.1)

    found = alarm(asked)

    assert found.outcome == "contradicted"
    assert found.rings
    assert any("Ask again first" in said for said in found.sentences())
    assert {a.text for a in found.ask_again[:2]} & {"snow tells.", "body_0 tells.", "body_1 tells."}
    assert all(a.moves >= b.moves for a, b in zip(found.ask_again, found.ask_again[1:], strict=False))


def test_where_forecasts_go_against_ratings_and_against_d_they_are_doubted(
    planted_tree: Tree, planted_table: Table
) -> None:
    """Without the planted column D is right about D*, so it can bear witness."""
    tree = write_dogs(planted_tree)
    tree.store.set_dropped(tree.tree_id, tree.children()[0].address, is_dropped=True)
    drawn = draw_sample(tree, 50)
    truth = planted_table.codes(tree)
    rate_aspects(tree, snow=0.5, body=0.9)
    forecast_cases(tree, drawn.cases, 1 - truth)

    found = alarm(tree)

    assert (found.outcome, found.doubt) == ("contradicted", "predictions")


def test_where_ratings_go_against_forecasts_and_d_they_are_doubted(
    planted_tree: Tree, planted_table: Table
) -> None:
    tree = write_dogs(planted_tree)
    tree.store.set_dropped(tree.tree_id, tree.children()[0].address, is_dropped=True)
    drawn = draw_sample(tree, 50)
    rate_aspects(tree, snow=0.5, body=0.1)
    forecast_cases(tree, drawn.cases, planted_table.codes(tree))

    found = alarm(tree)

    assert (found.outcome, found.doubt) == ("contradicted", "ratings")


@pytest.mark.parametrize(
    ("test", "z_on_D", "outcome"),
    [
        ("confirmed", None, "confirmed"),
        ("confirmed", 8.5, "confirmed"),
        ("confirmed", 0.4, "not confirmed"),
        ("confirmed", -3.0, "not confirmed"),
        ("not confirmed", 8.5, "not confirmed"),
        ("contradicted", 8.5, "contradicted"),
        ("contradicted", None, "contradicted"),
    ],
)
def test_sides_of_words_are_confirmed_by_both_witnesses_or_by_none(
    test: Outcome,
    z_on_D: float | None,
    outcome: Outcome,
) -> None:
    assert outcome_of(Agreement(test, 0.01, 0.99, 3.0, 50), z_on_D) == outcome


def test_what_only_forecasts_confirm_is_said_not_to_be() -> None:
    test = Agreement("confirmed", 0.01, 0.99, 3.0, 50)

    said = Alarm("not confirmed", test, 0.4, None, ()).sentences()[0]

    assert "go with the ratings (chance 0.010)" in said
    assert "(z 0.4): not confirmed" in said


def test_without_ratings_nothing_is_confirmed(asked: Tree) -> None:
    found = alarm(asked)

    assert found.agreement is None
    assert not found.rings


def test_cases_that_somebody_picked_are_not_heard(planted_tree: Tree, planted_table: Table) -> None:
    tree = write_dogs(planted_tree)
    rate_aspects(tree, snow=0.05, body=0.9)
    picked = choose_sample(tree, range(50))
    forecast_cases(tree, picked.cases, planted_table.codes(tree))

    assert alarm(tree).agreement is None


def test_findings_say_all_of_it_in_sentences_and_json(asked: Tree) -> None:
    rate_aspects(asked, snow=0.05, body=0.9)

    found = people_findings(asked)

    said = " ".join(found.sentences())
    assert "confirm the ratings" in said
    assert "f is the reader" in said
    assert "nats on average" in said
    written = found.to_dict()
    assert written["imitation"]["certificate"]["n"] == 25
    assert written["alarm"]["outcome"] == "confirmed"


def test_an_audit_goes_on_where_it_was_and_asks_about_new_cases(asked: Tree) -> None:
    first = begin_audit(asked, n=30)

    assert begin_audit(asked, n=30) == first
    assert not set(first.cases) & set(samples(asked)[0].cases)
    assert audit_state(asked).n == 0
    assert "Nobody has forecast" in audit_state(asked).sentence


def test_an_audit_that_was_stopped_while_it_began_is_in_nobody_s_way(
    asked: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(imitation.Imitation, "forecast", stop)
        with pytest.raises(KeyboardInterrupt):
            begin_audit(asked, n=20)

    begun = begin_audit(asked, n=30)

    assert (begun.name, len(begun.cases)) == ("audit 2", 30)
    assert begin_audit(asked, n=30) == begun


def test_an_audit_notices_that_people_changed_their_mind(planted_tree: Tree, planted_table: Table) -> None:
    tree, truth = write_dogs(planted_tree), planted_table.codes(planted_tree)
    rate_aspects(tree, snow=0.05, body=0.9)
    forecast_cases(tree, draw_sample(tree, 120).cases, truth)
    drawn = begin_audit(tree, n=60)
    forecast_cases(tree, drawn.cases, 1 - truth, sure=0.98, right=1.0)

    found = audit_state(tree)

    assert found.outcome == "no longer imitates"
    assert begin_audit(tree, n=20).name == "audit 2"


def test_an_audit_is_about_f_as_it_was_when_it_began(asked: Tree, planted_table: Table) -> None:
    drawn = begin_audit(asked, n=30)
    truth = planted_table.codes(asked)
    forecast_cases(asked, drawn.cases, truth)
    before = audit_state(asked)

    forecast_cases(asked, samples(asked)[0].cases, 1 - truth)  # V anew, so f is fitted anew

    assert audit_state(asked) == before


def test_an_audit_is_about_the_points_that_f_read_when_it_began(asked: Tree, planted_table: Table) -> None:
    drawn = begin_audit(asked, n=30)
    forecast_cases(asked, drawn.cases, planted_table.codes(asked))
    before, was = audit_state(asked), latest_fit(asked).points.theta

    rate_aspects(asked, snow=0.02, body=0.98)  # Z is fitted anew

    assert latest_fit(asked).points.theta != pytest.approx(was)
    assert audit_state(asked) == before


def test_an_audit_needs_a_certificate_to_hold_f_to(planted_tree: Tree, planted_table: Table) -> None:
    tree = write_dogs(planted_tree)
    picked = choose_sample(tree, range(40))
    forecast_cases(tree, picked.cases, planted_table.codes(tree))

    with pytest.raises(InputError, match="no certificate"):
        begin_audit(tree)
    with pytest.raises(InputError, match="no audit was begun"):
        audit_state(tree)


@pytest.mark.parametrize(("mean", "wrong"), [(0.2, "still imitates"), (0.2, "no longer imitates")])
def test_the_sequential_test_is_wrong_in_one_audit_of_twenty_at_most(mean: float, wrong: str) -> None:
    rng = np.random.default_rng(0)
    said: list[str] = [
        sequential_test(rng.beta(0.5, 0.5 * (1 - mean) / mean, size=100), mean, planned=100)
        for _ in range(200)
    ]

    assert said.count(wrong) <= 18  # the 99.5 % quantile of 200 at 5 %


def test_the_sequential_test_decides_where_the_difference_is_large() -> None:
    rng = np.random.default_rng(1)

    near, far = 0.1 * rng.random(100), 0.5 + 0.3 * rng.random(100)

    assert sequential_test(near, 0.2, planned=100) == "still imitates"
    assert sequential_test(far, 0.2, planned=100) == "no longer imitates"


def test_a_sample_that_somebody_calls_like_an_audit_is_none(dogs: Tree) -> None:
    draw_sample(dogs, 5, name="auditors")

    assert people_findings(dogs).audit is None
