"""Rating the statement that one looks at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kb.errors import InputError
from kb.knowledge import Tree, open_kb
from tests.ui.explorer.conftest import Visitor
from ui.explorer.judged import judged_by
from ui.explorer.rating_one import SESSION, fit_beside, keep, turn_for, view_of


def _event(turn_id: str, **more: Any) -> dict[str, Any]:
    return {"turn": turn_id, "answer": "credence", "value": 0.8, "seconds": 4.0, **more}


def test_an_answer_is_kept_once_and_a_second_one_takes_its_place(dogs: Tree) -> None:
    s = dogs.statement("0.0")
    turn = turn_for(dogs, s, "human:ada")
    keep(dogs, turn, _event(turn.id))
    keep(dogs, turn, _event(turn.id))
    assert [(j.value, j.session) for j in dogs.judgements()] == [(0.8, SESSION)]
    again = turn_for(dogs, s, "human:ada")
    keep(dogs, again, _event(again.id, value=0.3))
    assert judged_by(dogs, "human:ada").own == {"0.0": ("credence", 0.3)}


def test_an_answer_to_another_statement_is_refused(dogs: Tree) -> None:
    here, there = (turn_for(dogs, dogs.statement(a), "human:ada") for a in ("0.0", "0.1"))
    with pytest.raises(InputError, match="belongs to another statement"):
        keep(dogs, here, _event(there.id))
    assert dogs.judgements() == []


def test_it_is_shown_in_its_domain_and_with_nothing_of_the_fit(dogs: Tree) -> None:
    s = dogs.statement("0.0")
    view = view_of(dogs, turn_for(dogs, s, "human:ada"))
    assert view["cards"][0]["text"] == s.text
    assert len(view["domains"]) == 2
    assert not {"points", "nats", "plausibility"} & set(str(view).replace("'", " ").split())


def test_the_numbers_follow_beside_the_page(dogs: Tree) -> None:
    before = dogs.statement("0.0").plausibility
    turn = turn_for(dogs, dogs.statement("0.0"), "human:ada")
    keep(dogs, turn, _event(turn.id, value=0.02))
    thread = fit_beside(dogs)
    assert thread is not None
    thread.join(timeout=60)
    after = dogs.statement("0.0").plausibility
    assert before is not None
    assert after is not None
    assert after < before


@pytest.mark.browser
def test_r_rates_what_is_shown(visit: Callable[..., Visitor], explored: str) -> None:
    v = visit("/?tree=deep&z=0.0", name="Rita")
    v.tree.focus()
    v.press("r")
    v.page.get_by_role("slider").wait_for()
    v.page.wait_for_timeout(500)
    v.page.get_by_role("slider").press("8")
    v.press("5", "Enter")
    v.page.get_by_role("slider").wait_for(state="hidden")
    v.row("Level 1, statement 0.").get_by_text("85 %").wait_for()
    with open_kb(explored, create=False) as kb:
        said = judged_by(kb.tree("deep"), "human:Rita")
    assert said.own == {"0.0": ("credence", 0.85)}
