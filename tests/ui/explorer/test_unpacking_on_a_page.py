"""Unpacking from the page: a job that outlives a reload, says what it costs, and says why it failed."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from kb.knowledge import open_kb
from tests.ui.explorer.conftest import Visitor

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]


def _unexpanded(url: str, tree: str) -> list[str]:
    with open_kb(url, create=False) as kb:
        return [s.address for s in kb.tree(tree).walk() if not s.is_unpacked]


def test_one_key_unpacks_and_the_page_comes_to_show_it(visit: Visit, explored: str) -> None:
    address = _unexpanded(explored, "heart")[0]
    v = visit(f"/?tree=heart&z={address}&tab=Provenance")
    v.page.get_by_text("no language model, no money").wait_for()
    v.tree.focus()
    v.press("e")
    v.page.get_by_text(re.compile(r"^Unpacked by induction, \d")).wait_for(timeout=40_000)
    v.until(lambda: v.page.locator(".row .busy").count() == 0)
    with open_kb(explored, create=False) as kb:
        made = kb.tree("heart").store.expansions(
            kb.tree("heart").tree_id, kb.tree("heart").statement(address).address
        )
        assert [e.slot for e in made] == [0]
        assert [m.by for m in kb.tree("heart").moves() if m.address == address and m.kind == "unpack"] == [
            "human:Ada"
        ]


def test_it_goes_on_when_the_page_is_left_at_once(visit: Visit, explored: str) -> None:
    address = _unexpanded(explored, "heart")[0]
    v = visit(f"/?tree=heart&z={address}")
    v.page.get_by_role("button", name=re.compile("^Unpack")).click()
    v.page.wait_for_timeout(150)
    v.page.reload()
    v.until(lambda: address not in _unexpanded(explored, "heart"), seconds=40)


def test_who_gave_no_name_is_asked_for_it_first(visit: Visit, explored: str) -> None:
    address = _unexpanded(explored, "heart")[0]
    v = visit(f"/?tree=heart&z={address}", name=None)
    v.page.get_by_role("button", name=re.compile("^Unpack")).click()
    v.page.get_by_text("Say who you are first").wait_for()
    assert address in _unexpanded(explored, "heart")


def test_another_proposal_is_taken_instead_and_the_first_is_kept(visit: Visit, explored: str) -> None:
    with open_kb(explored, create=False) as kb:
        tree = kb.tree("heart")
        steps = [e for s in tree.walk() for e in tree.store.expansions(tree.tree_id, s.address)]
        address = next(e.address for e in steps if sum(not p.problems for p in e.proposals) > 1)
    v = visit(f"/?tree=heart&z={address}&tab=Provenance")
    v.page.get_by_role("button", name="Take this one instead").first.click()
    v.page.get_by_text("chosen by human:Ada").wait_for(timeout=30_000)
    with open_kb(explored, create=False) as kb:
        tree = kb.tree("heart")
        made = tree.store.expansions(tree.tree_id, address)
        assert [e.is_current for e in made] == [False, True]
        assert made[0].proposals == made[1].proposals


def test_a_statement_is_written_and_what_is_wrong_with_it_is_said(visit: Visit, explored: str) -> None:
    v = visit("/?tree=heart&z=0")
    v.tree.focus()
    v.press("a")
    v.page.get_by_label("What it says").fill("Old people are at risk.")
    v.page.get_by_label("The cases it speaks about").fill("age >= old")
    v.page.get_by_role("button", name="Add it").click()
    v.page.get_by_test_id("stDialog").get_by_role("alert").wait_for()
    v.page.get_by_label("The cases it speaks about").fill("age >= 70")
    v.page.get_by_role("button", name="Add it").click()
    v.until(lambda: v.card().locator("h2").inner_text() == "Old people are at risk.", seconds=30)
    with open_kb(explored, create=False) as kb:
        assert kb.tree("heart").statement(v.search()["z"]).draft.origin == "human:Ada"
