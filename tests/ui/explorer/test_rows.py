"""Rows, cards and tables as data: what a person may see, and never more than was asked for."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from kb.address import ROOT, Address, child
from kb.knowledge import Tree
from kb.records import Cost
from kb.statements import Draft, Measures, Statement
from ui.explorer.card import card, children_table, judgement_table
from ui.explorer.judged import Judged, judged_by
from ui.explorer.provenance import steps_of
from ui.explorer.rows import MOST_BYTES, around, asked_for, row_of, rows
from ui.wording import cost_in_words

NOBODY = Judged({}, frozenset(), frozenset())
MEASURED = Measures(
    points={"wolf": 1.0, "husky": -1.0}, plausibility=0.2, rated=2, nats_on_D=30.0, alarm=True
)


def _rated(address: str) -> Judged:
    return Judged({Address(address): ("credence", 0.7)}, frozenset(), frozenset())


def test_a_row_hides_what_others_said_until_one_has_rated() -> None:
    s = Statement(Address("0.1"), Draft("Snow tells."), measures=MEASURED)
    before, after = row_of(s, NOBODY), row_of(s, _rated("0.1"))
    assert (before["ow"], before["h"], before["w"]) == ("", "", 0)
    assert (after["ow"], after["h"], after["w"]) == ("70 %", "20 %", 1)
    assert before["p"] == "+4 wolf"


def test_a_card_hides_what_others_said_until_one_has_rated(dogs: Tree) -> None:
    s = replace(dogs.statement("0.0"), measures=MEASURED)
    before = {f["label"]: f["value"] for f in card(dogs, s, NOBODY)["facts"]}
    after = {f["label"]: f["value"] for f in card(dogs, s, _rated("0.0"))["facts"]}
    assert before["people say"] == "after you rated it"
    assert after["people say"] == "20 %"


def test_a_card_and_its_provenance_say_what_a_step_cost_as_a_screen_does(
    dogs: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    (made,) = dogs.store.expansions(dogs.tree_id, ROOT)
    cost = Cost(tokens=1, usd=0.012, human_seconds=100.0)
    monkeypatch.setattr(dogs.store, "expansions", lambda *_: [replace(made, cost=cost)])
    said = {"t": f"step: {cost_in_words(cost)}"}

    assert said in card(dogs, dogs.statement("0.0"), NOBODY)["chips"]
    assert said in steps_of(dogs, dogs.statement(ROOT))["steps"][0]["chips"]


def test_an_answer_stays_small_whatever_the_texts_and_says_what_is_not_there(planted_tree: Tree) -> None:
    texts = ["漢" * 5_000, "a" * 100_000, "👩" * 3_000]
    made = [Statement(child(ROOT, i), Draft(texts[i % 3])) for i in range(120)]
    planted_tree.store.put_statements(planted_tree.tree_id, made)
    wanted = [ROOT, *(s.address for s in made), Address("0.999")]
    found, absent = rows(planted_tree, wanted, NOBODY)
    assert len(json.dumps(found)) <= MOST_BYTES + 2 * len(found)
    assert [r["a"] for r in found] == wanted[: len(found)]
    assert absent == ["0.999"]


def test_a_link_brings_the_way_to_its_statement_along(dogs: Tree) -> None:
    deepest = max((s.address for s in dogs.walk()), key=lambda a: a.count("."))
    brought = around(dogs, deepest)
    assert {ROOT, deepest} <= set(brought)
    assert {a.address for a in dogs.ancestors(deepest)} <= set(brought)


@pytest.mark.parametrize("sent", [None, "0.1", {"a": 1}, [None, {}, "0.x", "0.1@", "-1"]])
def test_whatever_a_browser_sends_it_is_addresses_or_nothing(sent: object) -> None:
    assert asked_for(sent) == []


def test_a_browser_gets_at_most_so_many_rows_at_once() -> None:
    assert len(asked_for([f"0.{i}" for i in range(5_000)])) == 150


def test_marks_come_from_standing_judgements_alone(dogs: Tree) -> None:
    taken_back = dogs.judge("rating", "0.0", "human:ada", value=0.1)
    dogs.judge("rating", "0.0", "human:ada", answer="undo", supersedes=taken_back.id)
    dogs.judge("rating", "0.1", "human:ada", value=0.4)
    dogs.judge("rating", "0.1", "human:ada", value=0.6)
    dogs.judge("rating", "0.1", "human:bob", value=0.9)
    dogs.judge("rating", "0.0", "human:ada", answer="flag", note="unclear")
    dogs.judge("prediction", "0", "human:ada", details={"cited": ["0.1"]})
    said = judged_by(dogs, "human:ada")
    assert said.own == {"0.1": ("credence", 0.6)}
    assert said.flagged == {"0.0"}
    assert said.cited == {"0.1"}
    assert judged_by(dogs, None) == NOBODY


def test_judgements_of_others_are_listed_only_after_ones_own(dogs: Tree) -> None:
    dogs.judge("rating", "0.0", "human:bob", value=0.9)
    dogs.judge("rating", "0.0", "model:x", value=0.8)
    said = dogs.store.judgements(dogs.tree_id, address=Address("0.0")).items
    hidden = judgement_table(said, "human:ada", NOBODY, "0.0")
    assert hidden["rows"] == []
    assert "2 judgements by others" in hidden["nothing"]
    shown = judgement_table(said, "human:ada", _rated("0.0"), "0.0")
    assert [row["cells"][0]["t"] for row in shown["rows"]] == ["x (model)", "bob"]


def test_children_lead_to_their_statements(dogs: Tree) -> None:
    table = children_table(dogs.children("0"), NOBODY)
    assert [row["cells"][1]["go"] for row in table["rows"]] == [s.address for s in dogs.children("0")]
    assert all(len(row["cells"]) == len(table["columns"]) for row in table["rows"])
