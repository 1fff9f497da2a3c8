"""Walking the tree in a real browser: keys, lazy loading, links, Back, width, accessibility."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.ui.explorer.conftest import Visitor

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]


def test_keys_walk_the_tree_and_choose_statements(visit: Visit) -> None:
    v = visit("/?tree=deep")
    v.row("Level 1, statement 2.").wait_for()
    v.tree.focus()
    v.press("ArrowDown", "ArrowDown", "Enter")
    v.card("0.1").wait_for()
    assert v.search() == {"tree": "deep", "z": "0.1"}
    for key, address in (("j", "0.2"), ("k", "0.1"), ("u", "0")):
        v.press(key)
        v.card(address).wait_for()
    assert v.tree.evaluate("box => box.getRootNode().activeElement === box")
    v.press("End", "Enter")
    v.card("0.2").wait_for()
    v.press("Home")
    v.page.wait_for_timeout(1000)  # a pause ends the search by letters
    v.press("L", "e", "v", "e", "l", " ", "1", ",", " ", "s", "t")
    v.page.wait_for_timeout(1000)
    v.press("Enter")
    v.card("0.0").wait_for()
    v.press("g")
    v.card("0").wait_for()


def test_the_sign_that_a_page_is_at_work_hides_nobodys_name(visit: Visit) -> None:
    v = visit("/?tree=deep")
    v.row("Level 1, statement 2.").wait_for()
    low_left = v.page.evaluate(
        """() => {
            const sign = document.createElement("div");
            sign.dataset.testid = "stStatusWidget";
            sign.textContent = "Stop";
            document.body.append(sign);
            const box = sign.getBoundingClientRect();
            sign.remove();
            return box.top > innerHeight / 2 && box.right < innerWidth / 2;
        }"""
    )
    assert low_left


def test_nodes_open_one_after_the_other_to_the_fifth_level(visit: Visit) -> None:
    v = visit("/?tree=deep")
    v.tree.focus()
    for level in range(1, 6):
        v.row(f"Level {level}, statement 1.").wait_for()
        v.press(*(["ArrowDown"] * 2), "ArrowRight")
    v.row("Level 6, statement 1.").wait_for()
    row = v.row("Level 5, statement 1.")
    assert row.get_attribute("aria-level") == "6"
    assert row.get_attribute("aria-expanded") == "true"
    v.press("ArrowLeft")
    v.until(lambda: v.row("Level 6, statement 1.").count() == 0)


def test_only_rows_on_screen_are_drawn_and_scrolling_brings_the_others(visit: Visit) -> None:
    v = visit("/?tree=deep&z=0.2.7")
    v.row("One of many: 7.").wait_for()
    assert v.page.get_by_role("treeitem").count() < 70
    v.tree.focus()
    v.press("End")
    v.row("One of many: 399.").wait_for()
    assert v.page.get_by_role("treeitem").count() < 70
    assert v.row("One of many: 399.").get_attribute("aria-posinset") == "400"


def test_a_link_opens_its_path_and_back_returns(visit: Visit) -> None:
    v = visit("/?tree=deep&z=0.1.1.1.0")
    v.card("0.1.1.1.0").wait_for()
    chosen = v.page.locator("[role=treeitem][aria-selected=true]")
    v.until(lambda: chosen.count() == 1 and "Level 4, statement 0." in chosen.inner_text())
    v.page.get_by_role("button", name="Level 2, statement 1.").click()
    v.card("0.1.1").wait_for()
    v.page.go_back()
    v.card("0.1.1.1.0").wait_for()
    v.page.go_forward()
    v.card("0.1.1").wait_for()


def test_what_was_open_stays_open_over_a_reload(visit: Visit) -> None:
    v = visit("/?tree=deep")
    v.row("Level 1, statement 1.").wait_for()
    v.tree.focus()
    v.press("ArrowDown", "ArrowDown", "ArrowRight")
    v.row("Level 2, statement 0.").wait_for()
    v.page.reload()
    v.row("Level 2, statement 0.").wait_for()


@pytest.mark.parametrize("z", ["0.9.9", "nonsense", "0.99999999999"])
def test_an_address_with_nothing_at_it_says_so_and_offers_the_root(visit: Visit, z: str) -> None:
    v = visit()
    v.page.goto(f"{v.url}/?tree=deep&z={z}")
    v.page.get_by_text("No such statement").wait_for()
    v.page.get_by_role("button", name="Go to the root").click()
    v.card("0").wait_for()
    assert v.search()["z"] == "0"


def test_search_finds_filters_and_leads_to_the_statement(visit: Visit) -> None:
    v = visit("/?tree=deep")
    v.page.get_by_label("Search statements").fill("many 123")
    v.page.get_by_role("button", name="One of many: 123.").click()
    v.card("0.2.123").wait_for()
    assert v.search() == {"tree": "deep", "z": "0.2.123", "q": "many 123"}
    v.page.get_by_label("Search statements").fill("nothing has these words")
    v.page.get_by_text("Nothing found").wait_for()
    v.page.get_by_role("button", name="Back to the tree").click()
    v.tree.wait_for()


def test_a_name_is_entered_once_and_outlives_a_reload(visit: Visit) -> None:
    v = visit("/?tree=deep", name=None)
    v.page.get_by_role("button", name="Who are you?").click()
    v.page.get_by_label("Your name").fill("Grace <b>Hopper</b>")
    v.page.get_by_label("Your name").press("Enter")
    v.page.get_by_text("you: Grace").wait_for()
    v.page.reload()
    v.page.get_by_text("you: Grace <b>Hopper</b>").wait_for()


def test_a_phone_shows_everything_within_its_width(visit: Visit) -> None:
    v = visit("/?tree=deep&z=0.1.1", width=390)
    v.row("Level 2, statement 1.").wait_for()
    assert v.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert v.card().bounding_box()["width"] <= 390  # type: ignore[index]


@pytest.mark.parametrize("dark", [False, True])
def test_no_rule_of_accessibility_is_broken_seriously(visit: Visit, dark: bool) -> None:
    from axe_playwright_python.sync_playwright import Axe

    v = visit("/?tree=deep&z=0.1", dark=dark)
    v.row("Level 1, statement 1.").wait_for()
    found = Axe().run(v.page).response["violations"]
    serious = [
        (each["id"], [node["html"][:200] for node in each["nodes"]])
        for each in found
        if each["impact"] in ("serious", "critical")
    ]
    assert not serious


def test_another_tree_is_picked_in_the_header(visit: Visit) -> None:
    v = visit("/?tree=deep&z=0.1&tab=Evidence&q=many")
    v.page.get_by_label("Tree").click()
    v.page.get_by_role("option", name="heart").click()
    v.until(lambda: v.search().get("tree") == "heart")
    v.card("0").wait_for()
    v.tree.wait_for()
    v.until(lambda: "died is" in v.card("0").locator("h2").inner_text())
    assert "z" not in v.search()
