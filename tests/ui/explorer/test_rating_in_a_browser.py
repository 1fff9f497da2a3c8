"""Rating and predicting in a real browser: keys, two raters at once, undo, sides, citations, reloads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from kb.address import Address
from kb.knowledge import Tree, open_kb
from kb.records import Judgement
from learning.people.forecasts import forecasts
from learning.session_results import standing
from learning.sessions import Session, new_session
from tests.ui.explorer.conftest import Visitor

if TYPE_CHECKING:
    from playwright.sync_api import Locator

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]


@contextmanager
def stored(url: str, name: str) -> Iterator[Tree]:
    with open_kb(url, create=False) as kb:
        yield kb.tree(name)


def answers(url: str, tree: str, session: str) -> list[Judgement]:
    """What stands of a session."""
    with stored(url, tree) as found:
        return [j for j in standing(found.judgements()) if j.session == session]


def begin(v: Visitor, path: str) -> None:
    v.page.goto(v.url + path)
    statement(v).wait_for(timeout=30_000)


def statement(v: Visitor) -> Locator:
    return v.page.locator(".card .says").first


def asked(v: Visitor) -> str:
    return statement(v).inner_text()


def done(v: Visitor) -> int | None:
    """How many are answered, as the page says; None where it asks nothing."""
    said = v.page.locator(".says-progress").all_inner_texts()
    return int(said[0].split()[0].replace(",", "")) if said and said[0] else None


def answer(v: Visitor, *keys: str) -> None:
    """Press keys and wait for the next question, or the end."""
    before = done(v)
    v.page.wait_for_timeout(330)  # earlier keys would count as meant for the last question
    v.press(*keys)
    v.until(lambda: done(v) != before)


def test_twenty_by_keyboard_with_two_raters_at_once(visit: Visit, explored: str) -> None:
    with stored(explored, "deep") as tree:
        new_session(tree, Session("together", raters=1, at=Address("0.2")), most=20)
    ada, bob = visit(name="Ada"), visit(name="Bob")
    for v in (ada, bob):
        begin(v, "/rate?tree=deep&s=together")

    left = 20
    while left:
        for v in (ada, bob):
            if left and v.page.locator(".axis").count():
                answer(v, "8", "5", "Enter")
                left -= 1
    ada.page.get_by_text("Thank you").wait_for()
    bob.page.get_by_text("Thank you").wait_for()

    kept = answers(explored, "deep", "together")
    assert len(kept) == 20
    assert len({j.address for j in kept}) == 20
    assert set(Counter(j.rater for j in kept)) == {"human:Ada", "human:Bob"}
    assert {j.value for j in kept} == {0.85}


def test_enter_three_times_answers_once_and_nothing_is_preselected(visit: Visit, explored: str) -> None:
    with stored(explored, "deep") as tree:
        new_session(tree, Session("thrice", at=Address("0.2")), most=5)
    v = visit()
    begin(v, "/rate?tree=deep&s=thrice")
    slider = v.page.get_by_role("slider")
    assert slider.get_attribute("aria-valuetext") == "not set"
    v.page.wait_for_timeout(400)
    v.press("Enter")
    assert "Set it first" in v.page.locator(".hint").inner_text()
    v.press("3", "0", "Enter", "Enter", "Enter")
    v.until(lambda: done(v) == 1)
    v.page.wait_for_timeout(600)

    assert done(v) == 1
    assert [j.value for j in answers(explored, "deep", "thrice")] == [0.3]
    assert slider.get_attribute("aria-valuetext") == "not set"


def test_an_arrow_goes_on_from_the_number_that_was_typed(visit: Visit, explored: str) -> None:
    with stored(explored, "deep") as tree:
        new_session(tree, Session("onward", at=Address("0.2")), most=2)
    v = visit()
    begin(v, "/rate?tree=deep&s=onward")
    answer(v, "7", "0", "ArrowRight", "Enter")

    (kept,) = answers(explored, "deep", "onward")
    assert kept.value == pytest.approx(0.7205, abs=1e-3)  # .1 in log-odds above .7


def test_neither_skip_flag_note_and_undo_by_key(visit: Visit, explored: str) -> None:
    with stored(explored, "deep") as tree:
        new_session(tree, Session("keys", at=Address("0.2")), most=8)
    v = visit()
    begin(v, "/rate?tree=deep&s=keys")
    answer(v, "n")
    answer(v, "s")
    v.page.wait_for_timeout(330)
    answer(v, "f", "2")
    v.press("m")
    v.page.get_by_role("textbox", name="Note").fill("3 of them s n Enter")
    v.press("Escape", "ArrowRight", "Shift+ArrowRight")
    answer(v, "Enter")
    last = asked(v)
    v.page.wait_for_timeout(330)
    v.press("u")
    v.until(lambda: done(v) == 3)
    again = asked(v)
    answer(v, "7", "Enter")
    assert asked(v) == last

    kept = answers(explored, "deep", "keys")
    said = [(j.answer, j.value, j.note) for j in kept]
    assert said[:3] == [("neither", None, ""), ("skip", None, ""), ("flag", None, "says two things")]
    assert said[3:] == [("credence", 0.07, "")]
    with stored(explored, "deep") as tree:
        (undo,) = [j for j in tree.judgements() if j.session == "keys" and j.answer == "undo"]
        (before,) = [j for j in tree.judgements() if j.id == undo.supersedes]
        assert before.note == "3 of them s n Enter"
        assert before.value == pytest.approx(0.6457, abs=1e-3)
        assert tree.statement(before.address).text == again


def test_seven_points_are_one_key_each(visit: Visit, explored: str) -> None:
    with stored(explored, "deep") as tree:
        new_session(tree, Session("seven", task="seven", at=Address("0.2")), most=3)
    v = visit()
    begin(v, "/rate?tree=deep&s=seven")
    answer(v, "6")
    answer(v, "1")
    v.page.wait_for_timeout(330)
    v.page.get_by_role("radio", name="4").click()
    v.page.get_by_text("Thank you").wait_for()

    kept = answers(explored, "deep", "seven")
    assert [(j.details["point"], round(j.value or 0.0, 3)) for j in kept] == [
        (6, 0.786),
        (1, 0.071),
        (4, 0.5),
    ]


def test_the_left_end_belongs_to_the_left_card_whichever_side_it_was_drawn_for(
    visit: Visit, explored: str
) -> None:
    with stored(explored, "deep") as tree:
        new_session(tree, Session("pairs", task="comparison", at=Address("0.2")), most=6)
    v = visit()
    begin(v, "/rate?tree=deep&s=pairs")
    lefts = []
    for _ in range(5):
        lefts.append(asked(v))
        answer(v, "ArrowLeft", "4", "Enter")
    lefts.append(asked(v))
    v.page.wait_for_timeout(330)
    v.press("t")
    v.page.get_by_text("Thank you").wait_for()

    kept = answers(explored, "deep", "pairs")
    with stored(explored, "deep") as tree:
        assert [tree.statement(str(j.details["left"])).text for j in kept] == lefts
    assert {j.details["swapped"] for j in kept} == {True, False}
    for j in kept[:5]:
        assert j.details["ratio"] == pytest.approx(0.25 if j.details["swapped"] else 4.0)
    assert (kept[5].details["log_ratio"], kept[5].details["tie"]) == (0.0, True)


def test_a_reload_in_the_middle_shows_the_same_question_and_loses_nothing(
    visit: Visit, explored: str
) -> None:
    with stored(explored, "deep") as tree:
        new_session(tree, Session("reload", at=Address("0.2")), most=5)
    v = visit()
    begin(v, "/rate?tree=deep&s=reload")
    answer(v, "4", "0", "Enter")
    shown = asked(v)
    v.press("9")
    v.page.reload()
    statement(v).wait_for()

    assert asked(v) == shown
    assert done(v) == 1
    assert v.page.get_by_role("slider").get_attribute("aria-valuetext") == "not set"
    assert len(answers(explored, "deep", "reload")) == 1


def test_a_prediction_with_its_view_and_citations(visit: Visit, explored: str) -> None:
    with stored(explored, "deep") as tree:
        new_session(tree, Session("cases", task="prediction", reveal=True), most=2)
    v = visit()
    v.page.goto(f"{v.url}/predict?tree=deep&s=cases")
    shares = v.page.locator(".share")
    shares.first.wait_for(timeout=30_000)
    for at, share in enumerate(("50", "30", "40")):
        shares.nth(at).fill(share)
    v.press("Enter")
    assert "sum to 120 %" in v.page.locator(".hint").inner_text()
    v.press("Control+.")
    assert v.page.locator(".total").inner_text() == "sum 100 %"
    v.page.wait_for_timeout(330)  # an answer in the first moment is refused
    v.press("Enter")
    v.tree.wait_for()
    first = [shares.nth(at).input_value() for at in range(3)]
    v.tree.focus()
    v.press("ArrowDown", "Enter")
    v.page.locator('.reading[data-address="0.0"]').wait_for()
    v.press("ArrowDown", "b")
    v.page.locator('.reading[data-address="0.1"] [aria-pressed="true"]').wait_for()

    v.page.reload()
    v.page.get_by_text("2 of 7 opened").wait_for(timeout=30_000)
    assert [shares.nth(at).input_value() for at in range(3)] == first
    v.page.wait_for_timeout(330)  # an answer in the first moment is refused
    for at, share in enumerate(("80", "10", "10")):
        shares.nth(at).fill(share)
    v.press("Enter")
    v.page.get_by_text("The last case's species was").wait_for()

    with stored(explored, "deep") as tree:
        (kept,) = [f for f in forecasts(tree, of="D") if f.session == "cases"]
        classes = tree.task.classes
    assert [kept.probabilities[c] for c in classes] == pytest.approx([0.8, 0.1, 0.1])
    assert kept.first_guess is not None
    assert [kept.first_guess[c] for c in classes] == pytest.approx([0.417, 0.25, 0.333])
    assert [o.address for o in kept.opened] == ["0.0", "0.1"]
    assert kept.cited == ("0.1",)


def test_two_outcomes_are_one_axis_and_a_case_can_be_predicted_without_z(visit: Visit, explored: str) -> None:
    with stored(explored, "heart") as tree:
        new_session(tree, Session("alone", task="prediction", arm="unaided"), most=1)
    v = visit()
    v.page.goto(f"{v.url}/predict?tree=heart&s=alone")
    v.page.get_by_role("slider").wait_for(timeout=30_000)
    assert v.tree.count() == 0
    v.page.wait_for_timeout(330)
    v.press("2", "5", "Enter")
    v.page.get_by_text("Thank you").wait_for()

    with stored(explored, "heart") as tree:
        (kept,) = [f for f in forecasts(tree, of="D") if f.session == "alone"]
        assert kept.arm == "unaided"
        assert kept.probabilities == pytest.approx(dict(zip(tree.task.classes, (0.75, 0.25), strict=True)))


@pytest.mark.parametrize("task", ["credence", "seven", "comparison"])
def test_a_phone_shows_the_whole_question(visit: Visit, explored: str, task: str) -> None:
    with stored(explored, "deep") as tree:
        new_session(tree, Session(f"phone-{task}", task=task, at=Address("0.2")), most=3)  # type: ignore[arg-type]  # parametrized
    v = visit(width=390)
    begin(v, f"/rate?tree=deep&s=phone-{task}")

    wide = v.page.evaluate("document.documentElement.scrollWidth")
    box = v.page.locator(".question").bounding_box()
    assert wide <= 390
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390


@pytest.mark.parametrize("path", ["/rate", "/rate?s=axe", "/predict?s=axe-cases", "/results"])
@pytest.mark.parametrize("dark", [False, True])
def test_no_serious_barrier(visit: Visit, explored: str, path: str, dark: bool) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    with stored(explored, "deep") as tree:
        if not [s for s in ("axe",) if tree.store.document(tree.tree_id, "session", s)]:
            new_session(tree, Session("axe", at=Address("0.2")), most=3)
            new_session(tree, Session("axe-cases", task="prediction"), most=3)
    v = visit(dark=dark, name="Eve")
    v.page.goto(f"{v.url}{path}{'&' if '?' in path else '?'}tree=deep")
    v.page.get_by_role("link", name="Rate").wait_for(timeout=30_000)
    v.page.wait_for_timeout(1500)
    v.page.locator('[data-test-script-state="notRunning"]').wait_for()  # what is being made anew is pale
    v.page.wait_for_timeout(500)

    found = axe.Axe().run(v.page).response["violations"]

    serious = [
        (each["id"], [node["html"][:200] for node in each["nodes"]])
        for each in found
        if each["impact"] in ("serious", "critical")
    ]
    assert not serious


def test_hostile_statements_are_only_letters(visit: Visit, explored: str) -> None:
    with stored(explored, "hostile") as tree:
        new_session(tree, Session("hostile", guidelines="<img src=x onerror=alert(1)> **no**"))
    v = visit()
    v.page.goto(f"{v.url}/rate?tree=hostile&s=hostile")
    v.page.get_by_text("<img src=x onerror=alert(1)> **no**").wait_for(timeout=30_000)
    v.page.get_by_role("button", name="I have read this").click()
    statement(v).wait_for()
    for _ in range(8):
        answer(v, "n")

    assert v.page.evaluate("window.__ran") is None
    assert v.page.locator(".card script, .card img, .card iframe, .card svg").count() == 0
