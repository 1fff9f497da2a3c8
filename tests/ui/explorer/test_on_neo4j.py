"""Browsing, rating and predicting once each on a real Neo4j server, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from kb.knowledge import open_kb
from learning.people.forecasts import forecasts
from learning.sessions import Session, new_session
from tests.tasks import Table, grow
from tests.ui.explorer.conftest import Visitor, started, visitor_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.neo4j_server.places import GraphPlace

pytestmark = [pytest.mark.neo4j, pytest.mark.browser]


@pytest.fixture(scope="module")
def kb_url(graph: GraphPlace, planted_table: Table) -> str:
    """A Neo4j database with one tree, its root unpacked."""
    from learning.growing import unpack

    url = graph.emptied()
    with open_kb(url) as kb:
        unpack(grow(kb, planted_table, "dogs"), "0")
    return url


@pytest.fixture(scope="module")
def site(kb_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an explorer on it."""
    process, url = started(kb_url, tmp_path_factory.mktemp("site") / "log")
    yield url
    process.terminate()
    process.wait(timeout=20)


@pytest.fixture
def v(browser: Browser, site: str) -> Iterator[Visitor]:
    """A page of Ada's on it."""
    with visitor_of(browser, site) as found:
        yield found


def test_browsing_and_unpacking(v: Visitor, kb_url: str) -> None:
    v.go("/?tree=dogs")
    with open_kb(kb_url, create=False) as kb:
        address = next(s.address for s in kb.tree("dogs").children() if not s.is_unpacked)
    v.tree.focus()
    for _ in range(int(address.rpartition(".")[2]) + 1):
        v.press("ArrowDown")
    v.press("Enter")
    v.card(address).wait_for()
    v.press("e")
    v.page.get_by_role("tab", name="Provenance").click()
    v.page.get_by_text(re.compile(r"^Unpacked by induction, \d")).wait_for(timeout=60_000)
    with open_kb(kb_url, create=False) as kb:
        assert kb.tree("dogs").statement(address).is_unpacked


def test_rating(v: Visitor, kb_url: str) -> None:
    with open_kb(kb_url, create=False) as kb:
        new_session(kb.tree("dogs"), Session("rated"), most=1)
    v.page.goto(f"{v.url}/rate?tree=dogs&s=rated")
    v.page.get_by_role("slider").wait_for(timeout=30_000)
    v.page.wait_for_timeout(400)  # an answer in the first moment is refused
    v.press("8", "5", "Enter")
    v.page.get_by_text("Thank you").wait_for()
    with open_kb(kb_url, create=False) as kb:
        assert [(j.rater, j.value) for j in kb.tree("dogs").judgements() if j.session == "rated"] == [
            ("human:Ada", 0.85)
        ]


def test_predicting(v: Visitor, kb_url: str) -> None:
    with open_kb(kb_url, create=False) as kb:
        new_session(kb.tree("dogs"), Session("alone", task="prediction", arm="unaided"), most=1)
    v.page.goto(f"{v.url}/predict?tree=dogs&s=alone")
    v.page.get_by_role("slider").wait_for(timeout=30_000)
    v.page.wait_for_timeout(400)
    v.press("2", "5", "Enter")
    v.page.get_by_text("Thank you").wait_for()
    with open_kb(kb_url, create=False) as kb:
        (kept,) = [f for f in forecasts(kb.tree("dogs"), of="D") if f.session == "alone"]
    assert kept.rater == "human:Ada"
    assert sorted(kept.probabilities.values()) == pytest.approx([0.25, 0.75])
