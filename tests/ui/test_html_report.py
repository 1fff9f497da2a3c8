"""The page is one file that needs nothing else, and no text in it can become anything but text."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from rich.console import Console

from kb.records import Cost
from kb.shift import ColumnShift
from kb.task import Task
from learning.report import Effort, Kind, Report, StatementLine, build_report, score_rows
from learning.scores import Interval
from ui.html_report import html_page, spendings
from ui.plots import Axis, Mark, curve_plot, evidence_plot, interval_bar, labels, root
from ui.telling import MOST_TELLING
from ui.views.report import report_view

HOSTILE = "<script>alert(1)</script>\u202egnp\x1b[31m\" onload='x' &lt; <img src=//evil.example/x>"
KINDS: dict[str, Kind] = {
    "boosted trees": "classical",
    "ratings reversed": "ablation",
    "Priory": "priory",
    HOSTILE: "people",
}
VOID = {"meta"}


class Page(HTMLParser):
    """Tags, attributes and text of a page; fails where tags aren't closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.said: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] != ["style"]:
            self.said.append(data)

    @property
    def text(self) -> str:
        return "".join(self.said)


def sharp(y: np.ndarray, strength: float, seed: int) -> np.ndarray:
    logits = np.random.default_rng(seed).normal(size=(len(y), 3))
    logits[np.arange(len(y)), y] += strength
    p: np.ndarray = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return p


def made_up(text: str = "The island tells the species.", *, with_labels: bool = True) -> Report:
    y = np.random.default_rng(0).integers(3, size=90)
    names = {"boosted trees": 1.0, "ratings reversed": -1.0, "Priory": 2.0}
    forecasts = {
        n: {"D*": sharp(y, s, i), "D held out": sharp(y, 2.0, i + 9)}
        for i, (n, s) in enumerate(names.items())
    }
    if text == HOSTILE:
        forecasts[HOSTILE] = {"D*": sharp(y, 0.5, 20)}
    labels_known = {"D*": y, "D held out": y} if with_labels else {"D held out": y}
    statements = [
        StatementLine("0", "A bird is Adelie 44 %.", {"Adelie": 0.2}, 0.0, 0.9, 0.02, 1.0),
        StatementLine("0.0", text, {text: 1.5, "Gentoo": -1.0}, 142.0, 0.05, 0.04, 0.9, alarm=True),
        StatementLine("0.1", "Flippers tell.", {}, 90.0, 0.85, 0.1, 1.0),
        StatementLine("0.2", "Nobody rated this."),
    ]
    return build_report(
        Task(text, text, ("Adelie", text), (), about_train=text, about_predict=text, n_D=187, n_Dstar=146),
        score_rows(forecasts, labels_known, KINDS, seed=7),
        statements=statements,
        effort=Effort(Cost(steps=11, human_seconds=20.0), ((0, 0.36), (4, 0.13))),
        shift=[ColumnShift(text, 0.6, "far apart", text), ColumnShift("year", 0.05, "alike", "")],
        notes=[text],
    )


def test_the_page_says_what_a_sceptic_asks_for() -> None:
    page = Page(html_page(made_up()))

    for said in (
        "Priory beats boosted trees, the best other row, on D* by",
        "← the row to beat",
        "On held-out D",
        "Spurious alarms",
        "142 nats on D · plausible 5 % · speaks about 90 % of D*",
        "How D* differs from D",
        "every class at least 0.0001",
        "11 unpacking steps, 20 s of people",
        "--tree 'The island tells the species.' --seed 7 --labels LABELS.csv --html report.html",
    ):
        assert said in page.text
    assert page.tags.count("svg") > 10


def test_nothing_is_fetched_and_nothing_runs() -> None:
    html = html_page(made_up())
    page = Page(html)

    assert not {"script", "link", "img", "iframe", "object", "base", "form", "use", "image", "a"} & set(
        page.tags
    )
    assert not {
        name for name, _ in page.attributes if name.startswith("on") or name in {"src", "href", "xlink:href"}
    }
    assert not re.search(r"https?:|url\(|@import|//[a-z]", html)
    assert "default-src 'none'" in html


def test_hostile_text_stays_text_wherever_it_shows() -> None:
    html = html_page(made_up(HOSTILE))
    page = Page(html)

    assert set(page.tags) == set(Page(html_page(made_up())).tags)
    assert {name for name, _ in page.attributes} == {
        name for name, _ in Page(html_page(made_up())).attributes
    }
    assert "\u202e" not in html
    assert "\x1b" not in html
    assert "<script>alert(1)</script>⟨U+202E⟩gnp" in page.text


def test_a_long_text_is_cut_and_a_million_letters_take_no_time() -> None:
    html = html_page(made_up("<b>x</b> " * 120_000))

    assert len(html) < 150_000
    assert "&lt;b&gt;x&lt;/b&gt;" in html


def test_text_of_either_direction_is_kept_to_its_element() -> None:
    html = html_page(made_up("الجزيرة تحدد النوع"))
    assert '<span class="foreign" dir="auto">الجزيرة تحدد النوع</span>' in html


def test_without_labels_of_dstar_the_page_says_so_and_shows_held_out_d() -> None:
    page = Page(html_page(made_up(with_labels=False)))

    assert "No label of D* is known yet" in page.text
    assert "On held-out D, more of the same" in page.text
    assert "On D*, the cases to predict" not in page.text


def test_an_empty_report_is_still_a_page() -> None:
    empty = build_report(Task("new", "y", ("a", "b"), ()), score_rows({}, {}, {}, seed=0))
    page = Page(html_page(empty))

    assert "No label of D* is known yet" in page.text
    assert "How well it predicts" not in page.text
    assert "nothing" in page.text


def wide() -> Report:
    """A report of 160 statements below the root, and of words that it leaves out."""
    lines = [StatementLine("0", "Root.")]
    for i in range(40):
        lines += [StatementLine(f"0.{i}", f"Aspect {i}.", nats_on_D=1.0)]
        lines += [
            StatementLine(f"0.{i}.{j}", f"Claim {i} {j}.", nats_on_D=float(10 * i + j)) for j in range(3)
        ]
    task, nothing = Task("wide", "y", ("a", "b"), ()), score_rows({}, {}, {}, seed=0)
    return build_report(task, nothing, statements=lines, words_left_out=2_000)


def test_of_many_statements_those_that_earn_most_are_shown_and_the_others_counted() -> None:
    page = Page(html_page(wide()))

    assert "Claim 39 2." in page.text
    assert "Aspect 35." in page.text  # stands above some that earn much
    assert "Aspect 34." not in page.text
    assert "Claim 0 0." not in page.text
    assert "… and 2,140 more statements, which earn less on D." in page.text


def test_a_screen_shows_as_many_by_what_they_earn_alone() -> None:
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(report_view(wide()))
    shown = console.export_text()

    told = re.findall(r"(?:Claim|Aspect) [\d ]*\d", shown)
    assert told == [f"Claim {i} {j}" for i in range(39, 34, -1) for j in (2, 1, 0)]
    assert len(told) == MOST_TELLING
    assert "… and 2,145 more statements, which earn less on D" in shown


def test_little_money_is_not_rounded_to_none() -> None:
    assert spendings(Cost(tokens=7, usd=0.00123)) == ["7 tokens", "about $0.0012"]


def test_light_dark_and_narrow_are_in_the_style() -> None:
    html = html_page(made_up())
    assert "prefers-color-scheme: dark" in html
    assert "max-width: 640px" in html
    assert 'name="viewport"' in html


def test_an_interval_bar_puts_value_and_ends_on_the_axis() -> None:
    drawn = interval_bar(0.5, Interval(0.25, 9.0), Axis(1.0, 0.0, 100.0), guide=0.1)

    assert 'class="range" x1="25.0" y1="8.0" x2="100.0"' in drawn, "what is beyond the axis ends at its end"
    assert 'cx="50.0"' in drawn
    assert 'class="guide" x1="10.0"' in drawn


@pytest.mark.parametrize("high", [0.3, 1.0, 7.0, 142.0, 12_345.0])
def test_ticks_are_round_start_at_0_and_stay_on_the_axis(high: float) -> None:
    for axis in (Axis(high, 0.0, 100.0), Axis(high, 100.0, 0.0, root)):
        ticks = axis.ticks()
        assert ticks[0] == 0.0
        assert 2 <= len(ticks) <= 8
        assert ticks == sorted(ticks)
        assert ticks[-1] <= high


def test_labels_cover_neither_marks_nor_each_other() -> None:
    rng = np.random.default_rng(0)
    marks = [
        Mark(float(rng.random()), 0.05, float(n), f"statement {i} says so", False)
        for i, n in enumerate(range(80, 0, -2))
    ]
    x, y = Axis(1.0, 46.0, 426.0), Axis(100.0, 288.0, 28.0, root)

    drawn = labels(marks, x, y)

    rows = [(float(a), float(b)) for a, b in re.findall(r'x="([\d.]+)" y="([\d.]+)"', "".join(drawn))]
    assert 3 <= len(drawn) <= 7
    assert len({round(up) for _, up in rows}) == len(rows)


@pytest.mark.parametrize("rival", [0.2, 0.49, 0.53, 0.54, 0.55, 0.58, 0.62, 0.7, 1.5])
def test_the_two_names_of_the_curve_do_not_cover_each_other(rival: float) -> None:
    drawn = curve_plot([(0, 0.76), (4, 0.6), (9, 0.54)], ("hard veto", rival))
    ends = {name: float(y) for y, name in re.findall(r'class="label.*?" x=".*?" y="(.*?)".*?>(\w+)', drawn)}

    assert set(ends) == {"Priory", "hard"}
    assert abs(ends["Priory"] - ends["hard"]) >= 12


def test_a_thousand_statements_are_drawn_and_the_weakest_are_left_out() -> None:
    marks = [Mark(0.5, 0.0, float(i), f"s{i}", False) for i in range(5000)]
    drawn = evidence_plot(marks, (0.3, 5.0))

    assert drawn.count("<circle") == 2000
    assert "s4999:" in drawn
    assert "s2999:" not in drawn
