"""Results: nothing is drawn under its minimum, and reports are made beside the pages."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from kb.errors import InputError
from kb.knowledge import Tree
from learning.reporting import report
from learning.sessions import Session, new_session
from learning.turns import Said, answer_turn, next_turn
from tests.tasks import Table
from ui.explorer.report_runs import latest, start, version_of
from ui.explorer.results_view import (
    FEWEST_LABELS,
    alarm_html,
    drawn,
    labels_read,
    report_html,
    report_rows,
    under_way,
    withheld,
)


def test_scores_on_few_labels_are_held_back_with_how_many_are_needed(
    dogs: Tree, planted_table: Table
) -> None:
    y = planted_table.codes(dogs)
    few = np.where(np.arange(len(y)) < 12, y, -1)

    shown, notes = withheld(report(dogs, few))

    assert f"D*: 12 labels; {FEWEST_LABELS - 12} more are needed before its scores are shown." in notes
    assert {r.split for r in shown.rows} == {"D held out"}
    assert "D*" not in shown.calibration
    assert "On D*" not in report_html(shown)


def test_scores_are_shown_from_enough_labels_on(dogs: Tree, planted_table: Table) -> None:
    found = report(dogs, planted_table.codes(dogs))

    shown, notes = withheld(found)

    assert notes == []
    assert shown.rows == found.rows
    html = report_html(shown)
    assert "On D*, the cases to predict" in html
    assert "<svg" in html
    rows = report_rows(shown)
    assert {r["name"] for r in rows} >= {"Priory", "logistic regression"}
    assert all(r["log_loss_low"] <= r["log_loss"] <= r["log_loss_high"] for r in rows)


def test_no_label_is_said(dogs: Tree) -> None:
    _, notes = withheld(report(dogs, None))

    assert any("No label of D* is known" in note for note in notes)


def test_the_alarm_list_needs_no_label(dogs: Tree) -> None:
    html, note = alarm_html(dogs)

    assert "<svg" in html
    assert "Spurious alarms" in html
    assert note == ""
    assert drawn(html)["style"].count("body {") == 1  # for print alone


def test_a_report_is_made_beside_the_pages_and_is_of_this_version(dogs: Tree, planted_table: Table) -> None:
    url, y = dogs.store.url, planted_table.codes(dogs)
    run = start(url, dogs, y)
    assert start(url, dogs, y) is run
    ends = time.monotonic() + 120
    while not run.is_over:
        assert time.monotonic() < ends
        time.sleep(0.05)

    assert run.failure == ""
    assert run.report is not None
    assert run.step > 3
    assert latest(url, dogs) is run
    again = replace(dogs.record, spec=dogs.store.tree("dogs").spec)
    dogs.record = again
    assert run.version == version_of(dogs, y)
    dogs.judge("rating", "0.0", "human:ada", value=0.5)
    assert run.version != version_of(dogs, y)


def test_a_report_that_can_not_be_made_says_why(dogs: Tree) -> None:
    run = start("sqlite:////nowhere/at/all.db", dogs, None)
    ends = time.monotonic() + 60
    while not run.is_over:
        assert time.monotonic() < ends
        time.sleep(0.05)

    assert run.report is None
    assert "/nowhere/at/all.db" in run.failure


def test_labels_are_read_as_the_command_line_reads_them(dogs: Tree, planted_table: Table) -> None:
    text = "animal\n" + "\n".join(planted_table.truth) + "\n"

    assert labels_read(dogs, text).tolist() == planted_table.codes(dogs).tolist()
    with pytest.raises(InputError):
        labels_read(dogs, "animal\ncat\n")


def test_a_session_is_under_way_between_its_first_and_its_last_answer(dogs: Tree) -> None:
    session = new_session(dogs, Session("pilot", statements="subtree"), most=2)
    states = [under_way(dogs, [session], "human:ada")]
    while (turn := next_turn(dogs, session, "human:ada")) is not None:
        answer_turn(dogs, turn, Said(value=0.5))
        states.append(under_way(dogs, [session], "human:ada"))

    assert states[:2] == ["", "pilot"]
    assert under_way(dogs, [session], "human:ada") == ""
    assert under_way(dogs, [session], None) == ""
