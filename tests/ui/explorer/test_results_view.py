"""Results: nothing is drawn under its minimum, and reports are made beside the pages."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import pytest

from kb.arrays import Numbers
from kb.errors import InputError
from kb.knowledge import Tree
from learning.comparison import score_rows
from learning.report import Report, build_report
from learning.resolving import resolve
from learning.sessions import Session, new_session
from learning.turns import Said, answer_turn, next_turn
from tests.tasks import Table
from ui.explorer import report_runs
from ui.explorer.report_runs import Run, latest, start, version_of
from ui.explorer.results_view import (
    FEWEST_LABELS,
    alarm_html,
    drawn,
    labels_read,
    report_html,
    report_rows,
    resolved_in_words,
    under_way,
    withheld,
)


def made(tree: Tree, labels: int, held_out: int = 40) -> Report:
    """A report on so many labelled cases of D* and of D, with made-up forecasts."""
    rng = np.random.default_rng(0)
    y = {
        "D*": np.where(np.arange(60) < labels, rng.integers(2, size=60), -1),
        "D held out": np.ones(held_out, int),
    }
    forecasts: dict[str, dict[str, Numbers]] = {
        name: {split: np.stack([1.0 - q, q], axis=1) for split, q in by.items()}
        for name, by in (
            ("Priory", {split: rng.uniform(0.6, 0.9, len(codes)) for split, codes in y.items()}),
            ("logistic regression", {split: rng.uniform(0.1, 0.9, len(codes)) for split, codes in y.items()}),
        )
    }
    scored = score_rows(forecasts, y, {"Priory": "priory", "logistic regression": "classical"}, 0)
    return build_report(tree.task, scored)


def test_scores_on_few_labels_are_held_back_with_how_many_are_needed(dogs: Tree) -> None:
    shown, notes = withheld(made(dogs, 12))

    assert notes == [f"D*: 12 labels; {FEWEST_LABELS - 12} more are needed before its scores are shown."]
    assert {r.split for r in shown.rows} == {"D held out"}
    assert "D*" not in shown.calibration
    assert "On D*" not in report_html(shown)
    assert "on D* by" not in report_html(shown)


def test_scores_are_shown_from_enough_labels_on(dogs: Tree) -> None:
    found = made(dogs, FEWEST_LABELS)

    shown, notes = withheld(found)

    assert notes == []
    assert shown.rows == found.rows
    assert set(shown.calibration) == {"D*", "D held out"}
    html = report_html(shown)
    assert "On D*, the cases to predict" in html
    assert "<svg" in html
    rows = report_rows(shown)
    assert [(r["name"], r["split"], r["n"]) for r in rows[:2]] == [
        ("Priory", "D*", 20),
        ("logistic regression", "D*", 20),
    ]
    assert all(r["log_loss_low"] <= r["log_loss"] <= r["log_loss_high"] for r in rows)


def test_no_label_is_said(dogs: Tree) -> None:
    shown, notes = withheld(made(dogs, 0))

    assert notes == ["No label of D* is known: give 20 or more to see how well it is predicted."]
    assert {r.split for r in shown.rows} == {"D held out"}


def test_the_alarm_list_needs_no_label(dogs: Tree) -> None:
    html, note = alarm_html(dogs)

    assert "<svg" in html
    assert "Spurious alarms" in html
    assert note == ""
    assert drawn(html)["style"].count("body {") == 1  # for print alone


def test_a_report_is_made_beside_the_pages_and_is_of_this_version(
    dogs: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    def quick(_: Tree, __: object, *, progress: Callable[[str], None]) -> Report:
        for row in ("naive Bayes", "forest"):
            progress(row)
        return made(dogs, 30)

    monkeypatch.setattr(report_runs, "report", quick)
    monkeypatch.setattr(multiprocessing, "get_context", lambda _: threads)
    run = start(dogs.store.url, dogs, None)
    assert start(dogs.store.url, dogs, None) is run
    waited(run)

    assert (run.failure, run.step) == ("", 2)
    assert run.report is not None
    assert latest(dogs.store.url, dogs) is run
    assert run.version == version_of(dogs, None)
    assert run.version != version_of(dogs, np.zeros(3, dtype=np.int64))
    dogs.judge("rating", "0.0", "human:ada", value=0.5)
    assert run.version != version_of(dogs, None)


class threads:  # noqa: N801  # stands in for a context of processes
    """Threads for processes: what a report needs of them is to start and to say what it does."""

    @staticmethod
    def Process(*, target: Callable[..., None], args: tuple[Any, ...], daemon: bool) -> threading.Thread:  # noqa: N802
        here, *rest = args
        copy = os.dup(here.fileno())
        return threading.Thread(target=target, args=(Connection(copy), *rest), daemon=daemon)


def waited(run: Run) -> None:
    ends = time.monotonic() + 120
    while not run.is_over:
        assert time.monotonic() < ends
        time.sleep(0.02)


def test_a_report_that_can_not_be_made_says_why(dogs: Tree) -> None:
    run = start("sqlite:////nowhere/at/all.db", dogs, None)
    waited(run)

    assert run.report is None
    assert "/nowhere/at/all.db" in run.failure


def test_labels_are_read_as_the_command_line_reads_them(dogs: Tree, planted_table: Table) -> None:
    text = "animal\n" + "\n".join(planted_table.truth) + "\n"

    assert labels_read(dogs, text).tolist() == planted_table.codes(dogs).tolist()
    with pytest.raises(InputError):
        labels_read(dogs, "animal\ncat\n")


def test_forecasts_made_before_labels_were_known_are_scored(dogs: Tree, planted_table: Table) -> None:
    y = planted_table.codes(dogs)
    assert resolved_in_words(dogs) == ""
    resolve(dogs, np.where(np.arange(len(y)) < 5, y, -1))
    assert resolved_in_words(dogs).startswith("5 cases of D* resolved; 15 more are needed")
    resolve(dogs, np.where(np.arange(len(y)) < 30, y, -1))

    assert resolved_in_words(dogs).startswith("30 cases of D* resolved. Forecast before that: right in ")


def test_a_session_is_under_way_between_its_first_and_its_last_answer(dogs: Tree) -> None:
    session = new_session(dogs, Session("pilot", statements="subtree"), most=2)
    states = [under_way(dogs, [session], "human:ada")]
    while (turn := next_turn(dogs, session, "human:ada")) is not None:
        answer_turn(dogs, turn, Said(value=0.5))
        states.append(under_way(dogs, [session], "human:ada"))

    assert states[:2] == ["", "pilot"]
    assert under_way(dogs, [session], "human:ada") == ""
    assert under_way(dogs, [session], None) == ""
