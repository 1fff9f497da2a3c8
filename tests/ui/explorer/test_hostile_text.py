"""Statements are untrusted: whatever they hold, nothing of it runs and no request leaves the page."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable

import pytest

from tests.ui.explorer.conftest import HOSTILE, Visitor

pytestmark = pytest.mark.browser
TABS = ("Children", "Evidence", "Judgements", "Provenance", "Map")


def test_nothing_in_a_statement_runs_or_asks_for_anything(visit: Callable[..., Visitor]) -> None:
    v = visit("/?tree=hostile&z=0.0")
    v.tree.wait_for()
    for tab in TABS:
        v.page.get_by_role("tab", name=tab).click()
        v.page.wait_for_timeout(350)
    v.page.get_by_role("tab", name="Children").click()
    v.tree.focus()
    for i in range(1, len(HOSTILE)):
        v.press("j")
        v.card(f"0.{i}").wait_for()
    v.page.get_by_label("Search statements").fill("window")
    v.page.get_by_role("button", name="window.__ran").first.wait_for()
    assert v.page.evaluate("window.__ran") is None
    assert v.page.evaluate("document.querySelectorAll('iframe').length") == 0
    assert not v.strangers


def test_markup_is_shown_as_it_was_written(visit: Callable[..., Visitor]) -> None:
    v = visit("/?tree=hostile&z=0.1")
    assert v.card("0.1").locator("h2").inner_text() == HOSTILE[1]


def test_direction_marks_are_spelled_out_and_control_characters_are_gone(
    visit: Callable[..., Visitor],
) -> None:
    v = visit("/?tree=hostile&z=0.4")
    shown = v.card("0.4").locator("h2").inner_text()
    assert "⟨U+202E⟩right to left⟨U+202C⟩" in shown
    assert "\u202e" not in shown
    assert "\u001b" not in shown


def test_every_answer_carries_the_policy(server: str) -> None:
    for path in ("/", "/rate", "/healthz", "/_stcore/health", "/priory-parts/nothing.js"):
        request = urllib.request.Request(server + path)
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                headers = answer.headers
        except urllib.error.HTTPError as error:
            headers = error.headers
            error.close()
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "object-src 'none'" in policy
        script = policy.partition("script-src ")[2].partition(";")[0]
        assert "unsafe-inline" not in script
        assert "unsafe-eval'" not in script.replace("wasm-unsafe-eval", "")
        assert "http" not in policy
