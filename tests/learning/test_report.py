"""The report puts every row on the same cases, says losses first and survives JSON."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from kb.address import Address
from kb.records import Cost
from kb.shift import ColumnShift
from kb.statements import Draft, Measures, Statement
from kb.task import Task
from learning import scores
from learning.comparison import Difference
from learning.report import (
    Effort,
    Kind,
    Report,
    Scored,
    StatementLine,
    build_report,
    headline,
    lost_to_others,
    one_line,
    score_rows,
)
from learning.scores import Interval, accuracy, bootstrap, brier, expected_calibration_error, log_loss

TASK = Task("penguins", "species", ("Adelie", "Gentoo", "Chinstrap"), (), n_D=187, n_Dstar=146)
KINDS: dict[str, Kind] = {
    "boosted trees": "classical",
    "naive Bayes": "classical",
    "ratings reversed": "ablation",
    "people unaided": "people",
    "Priory": "priory",
}
NO_LABEL = "No label of D* is known yet: nothing here shows how well D* is predicted."


def sharp(y: np.ndarray[Any, Any], strength: float, seed: int) -> np.ndarray[Any, Any]:
    """Forecasts that lean to the truth, more so with more strength."""
    logits = np.random.default_rng(seed).normal(size=(len(y), 3))
    logits[np.arange(len(y)), y] += strength
    p = np.exp(logits)
    scaled: np.ndarray[Any, Any] = p / p.sum(axis=1, keepdims=True)
    return scaled


def case(n: int = 200, **strengths: float) -> tuple[Scored, np.ndarray[Any, Any]]:
    y = np.random.default_rng(0).integers(3, size=n)
    names = {k.replace("_", " "): k for k in strengths}
    forecasts = {
        name: {"D*": sharp(y, strengths[key], i), "D held out": sharp(y, strengths[key] + 1, i + 50)}
        for i, (name, key) in enumerate(names.items())
    }
    return score_rows(forecasts, {"D*": y, "D held out": y}, KINDS, seed=3), y


def test_rows_hold_the_scores_of_their_own_forecasts() -> None:
    y = np.random.default_rng(0).integers(3, size=120)
    p = sharp(y, 1.0, 1)

    (row,) = score_rows({"naive Bayes": {"D*": p}}, {"D*": y}, KINDS, seed=0).rows

    assert (row.name, row.kind, row.split, row.n) == ("naive Bayes", "classical", "D*", 120)
    expected = (accuracy(y, p), log_loss(y, p), brier(y, p), expected_calibration_error(y, p))
    assert (row.accuracy, row.log_loss, row.brier, row.ece) == pytest.approx(expected)
    assert all(row.ci[m].low < getattr(row, m) < row.ci[m].high for m in ("accuracy", "log_loss", "brier"))


def test_differences_are_paired_and_have_the_sign_of_priory_minus_other() -> None:
    y = np.random.default_rng(0).integers(3, size=150)
    good, bad = sharp(y, 3.0, 1), sharp(y, 0.5, 2)

    scored = score_rows({"naive Bayes": {"D*": bad}, "Priory": {"D*": good}}, {"D*": y}, KINDS, seed=4)
    (d,) = scored.differences

    losses = scores.case_log_losses(y, good), scores.case_log_losses(y, bad)
    assert (d.other, d.split, d.n) == ("naive Bayes", "D*", 150)
    assert d.log_loss == pytest.approx(losses[0].mean() - losses[1].mean())
    assert d.log_loss < 0 < d.accuracy
    paired = bootstrap(losses[0] - losses[1], seed=4)
    assert (d.log_loss_ci.low, d.log_loss_ci.high) == pytest.approx((paired.low, paired.high))


def test_the_best_other_row_is_never_priory_and_is_chosen_per_split() -> None:
    scored, _ = case(Priory=4.0, boosted_trees=2.0, naive_Bayes=1.0)
    assert scored.best_other == {"D*": "boosted trees", "D held out": "boosted trees"}


def test_losses_come_before_wins_and_name_nats_and_interval() -> None:
    y = np.random.default_rng(0).integers(3, size=300)
    scored = score_rows(
        {
            "boosted trees": {"D*": sharp(y, 1.0, 1), "D held out": sharp(y, 4.0, 2)},
            "naive Bayes": {"D*": sharp(y, 0.5, 3), "D held out": sharp(y, 3.5, 4)},
            "Priory": {"D*": sharp(y, 3.0, 5), "D held out": sharp(y, 1.5, 6)},
        },
        {"D*": y, "D held out": y},
        KINDS,
        seed=0,
    )

    said = headline(build_report(TASK, scored))

    assert said[0].startswith("Priory loses to boosted trees on D held out by 0.")
    assert " nats (95 % 0." in said[0]
    assert said[1] == "Priory also loses to naive Bayes on D held out, by log loss."
    assert said[2].startswith("Priory is right less often than boosted trees on D held out, by ")
    assert said[3].startswith("Priory beats boosted trees, the best other row, on D* by 0.")


def test_a_first_loss_is_not_told_as_another_one() -> None:
    lost, level = Interval(0.1, 0.3), Interval(-0.1, 0.1)
    here = [Difference("naive Bayes", "D*", 60, 0.0, level, 0.2, lost)]

    assert lost_to_others(here, "forest", []) == ["Priory loses to naive Bayes on D*, by log loss."]
    assert lost_to_others(here, "forest", ["…"]) == ["Priory also loses to naive Bayes on D*, by log loss."]


def test_a_difference_that_three_digits_do_not_show_is_no_loss() -> None:
    y = np.random.default_rng(0).integers(3, size=200)
    sure = 0.9998 * np.eye(3)[y] + 0.0001
    surer = 0.9999 * np.eye(3)[y] + 0.0001 / 3
    forecasts = {"naive Bayes": {"D*": surer}, "Priory": {"D*": sure}}

    (said,) = headline(build_report(TASK, score_rows(forecasts, {"D*": y}, KINDS, seed=0)))

    assert said.startswith("Priory and naive Bayes, the best other row, can't be told apart on D*: ")


def test_what_cannot_be_told_apart_is_said_so() -> None:
    y = np.random.default_rng(0).integers(3, size=60)
    forecasts = {"naive Bayes": {"D*": sharp(y, 1.5, 1)}, "Priory": {"D*": sharp(y, 1.5, 2)}}

    (said,) = headline(build_report(TASK, score_rows(forecasts, {"D*": y}, KINDS, seed=0)))

    assert said.startswith("Priory and naive Bayes, the best other row, can't be told apart on D*: ")
    assert "(95 % −0." in said
    assert " to +0." in said


def test_no_difference_has_no_sign() -> None:
    y = np.random.default_rng(0).integers(3, size=60)
    same = {"D*": sharp(y, 1.5, 1)}

    (said,) = headline(
        build_report(TASK, score_rows({"naive Bayes": same, "Priory": same}, {"D*": y}, KINDS, seed=0))
    )

    assert said.endswith("Priory's gain is 0.000 nats (95 % 0.000 to 0.000).")


@pytest.mark.parametrize("labels", [{}, {"D*": np.full(50, -1)}])
def test_without_labels_of_dstar_only_d_is_scored_and_that_is_said_first(labels: dict[str, Any]) -> None:
    y = np.random.default_rng(0).integers(3, size=50)
    p = {"D held out": sharp(y, 1.0, 1), "D*": sharp(y, 1.0, 2)}

    scored = score_rows({"naive Bayes": p, "Priory": p}, {"D held out": y, **labels}, KINDS, seed=0)
    report = build_report(TASK, scored)

    assert {r.split for r in scored.rows} == {"D held out"}
    assert headline(report)[0] == NO_LABEL


def test_cases_without_label_or_forecast_are_left_out_and_counted() -> None:
    y = np.random.default_rng(0).integers(3, size=100)
    y[:20] = -1
    people = sharp(np.maximum(y, 0), 5.0, 1)
    people[50:] = np.nan
    forecasts = {
        "naive Bayes": {"D*": sharp(np.maximum(y, 0), 1.0, 2)},
        "people unaided": {"D*": people},
        "Priory": {"D*": sharp(np.maximum(y, 0), 2.0, 3)},
    }

    scored = score_rows(forecasts, {"D*": y}, KINDS, seed=0)

    assert {r.name: r.n for r in scored.rows} == {"naive Bayes": 80, "people unaided": 30, "Priory": 80}
    assert {d.other: d.n for d in scored.differences} == {"naive Bayes": 80, "people unaided": 30}
    assert "80 of 100 labels of D* are known; the others aren't scored." in scored.notes
    assert "people unaided forecast 30 of 80 cases of D*." in scored.notes
    assert scored.best_other["D*"] == "naive Bayes", "a row that saw other cases is no row to beat"


@pytest.mark.parametrize("n", [1, 12])
def test_few_cases_get_intervals_and_a_warning(n: int) -> None:
    scored, _ = case(n, Priory=2.0, naive_Bayes=1.0)

    assert all(set(r.ci) == {"accuracy", "log_loss", "brier"} for r in scored.rows)
    cases = "case" if n == 1 else "cases"
    assert f"Only {n} labelled {cases} of D*: read its intervals as rough." in scored.notes


def test_all_right_is_no_certainty() -> None:
    y = np.zeros(20, dtype=np.int64)
    p = np.tile([0.9, 0.05, 0.05], (20, 1))

    (row,) = score_rows({"Priory": {"D*": p}}, {"D*": y}, KINDS, seed=0).rows

    assert row.accuracy == 1.0
    assert row.ci["accuracy"].low == pytest.approx(0.839, abs=0.001)
    assert row.ci["accuracy"].high == 1.0


def test_rows_of_many_cases_get_the_intervals_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    resampled, _ = case(400, Priory=2.0, naive_Bayes=1.0)
    monkeypatch.setattr(scores, "RESAMPLED_UNTIL", 100)
    normal, _ = case(400, Priory=2.0, naive_Bayes=1.0)

    for a, b in zip(resampled.rows, normal.rows, strict=True):
        for metric, interval in a.ci.items():
            assert (b.ci[metric].low, b.ci[metric].high) == pytest.approx(
                (interval.low, interval.high), abs=0.02
            )


def test_a_forecast_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match=r"forecast of D\* is \(3, 2\) for 2 cases"):
        score_rows({"Priory": {"D*": np.full((3, 2), 0.5)}}, {"D*": np.array([0, 1])}, KINDS, seed=0)


def full_report() -> Report:
    scored, _ = case(80, Priory=2.0, boosted_trees=1.0, ratings_reversed=-1.0)
    statements = [
        StatementLine(
            "0", "A bird is Adelie 44 %.", {"Adelie": np.float64(0.2)}, np.float64(3.0), 0.9, 0.05, 1.0
        ),
        StatementLine("0.1", "Flippers tell.", nats_on_D=float("nan")),
        StatementLine("0.0", "The island tells the species.", {}, 142.4, 0.05, 0.04, 0.9, alarm=True),
        StatementLine("0.2", "The year tells.", {}, 7.0, 0.2, 0.1, 0.9, alarm=True),
    ]
    return build_report(
        TASK,
        scored,
        statements=statements,
        effort=Effort(Cost(steps=11, human_seconds=20.0), ((0, 0.36), (4, 0.13))),
        shift=[
            ColumnShift("bill", 0.1, "alike", ""),
            ColumnShift("island", 0.9, "far apart", "Biscoe 0 % → 40 %"),
        ],
        notes=["Ratings are those of oracle:naturalist, a scripted stand-in."],
    )


def test_the_json_holds_what_the_issue_asks_for_and_is_stable() -> None:
    told = full_report().to_dict()
    text = json.dumps(told, allow_nan=False)

    assert text == json.dumps(full_report().to_dict(), allow_nan=False)
    assert json.loads(text) == told
    assert (told["task"], told["seed"], told["clip"]) == ("penguins", 3, 1e-4)
    assert list(told["rows"][0]) == [
        "name", "kind", "split", "n", "accuracy", "log_loss", "brier", "ece", "ci",
    ]  # fmt: skip
    assert list(told["statements"][0]) == [
        "address", "text", "points", "nats_on_D", "plausibility", "plausibility_sd", "carries_Dstar", "alarm",
    ]  # fmt: skip
    assert told["statements"][1]["nats_on_D"] is None
    assert told["ledger"]["human_minutes"] == pytest.approx(1 / 3)
    assert told["alarms"] == ["0.0", "0.2"]
    assert [s["column"] for s in told["shift"]] == ["island", "bill"]
    assert told["budget_curve"] == [[0, 0.36], [4, 0.13]]
    assert told["best_other"]["D*"] == "boosted trees"


def test_the_headline_ends_with_the_alarm_and_the_effort() -> None:
    alarm, effort = headline(full_report())[-2:]
    assert alarm == (
        "Spurious? “The island tells the species.” (0.0) earns 142 nats on D; people give it 5 %."
        " 1 more like it."
    )
    assert effort == "It took 20 s of people's time."


def test_clip_and_definitions_are_noted_after_what_was_given() -> None:
    notes = full_report().notes
    assert notes[0].startswith("Ratings are those of oracle:naturalist")
    assert any("at least 0.0001" in note for note in notes)


def test_a_line_is_made_of_a_stored_statement() -> None:
    bare = Statement(Address("0.1"), Draft("Flippers tell."))
    measured = Statement(
        Address("0.1"),
        Draft("Flippers tell."),
        measures=Measures({"Gentoo": 2.0}, 0.8, 0.1, 2, 9.0, 0.5, 0.4, True),
    )

    assert StatementLine.of(bare) == StatementLine("0.1", "Flippers tell.")
    line = StatementLine.of(measured)
    assert line == StatementLine("0.1", "Flippers tell.", {"Gentoo": 2.0}, 9.0, 0.8, 0.1, 0.4, alarm=True)


def test_hostile_text_becomes_one_short_line() -> None:
    shown = one_line("safe\u202e evil\x1b[31m\n\n" + "x" * 100_000)

    assert shown.isprintable()
    assert len(shown) <= 90
    assert shown.startswith("safe evil[31m x")
    assert shown.endswith("…")
