"""Search with filters, the evidence on D, the map, and how a statement was unpacked."""

from __future__ import annotations

from typing import Any

import numpy as np

from kb.address import ROOT, child
from kb.knowledge import Tree
from kb.statements import Draft, Statement
from ui.explorer.evidence import evidence_of, outcome_table, summary
from ui.explorer.finding import find, flagged_by_anyone, found_table
from ui.explorer.judged import Judged, judged_by
from ui.explorer.provenance import steps_of
from ui.explorer.theme import map_colours
from ui.explorer.treemap import statements_below, treemap

NOBODY = Judged({}, frozenset(), frozenset())


def _all(tree: Tree, words: str, filters: list[str], judged: Judged = NOBODY) -> list[str]:
    found: list[str] = []
    after = None
    while True:
        page = find(tree, words, filters, judged, flagged=flagged_by_anyone(tree), after=after)
        found += [s.address for s in page.items]
        after = page.after
        if after is None:
            return found


def test_filters_find_what_a_walk_finds(dogs: Tree) -> None:
    dogs.judge("rating", "0.0", "human:bob", answer="flag")
    dogs.judge("rating", "0.1", "human:ada", value=0.9)
    ada = judged_by(dogs, "human:ada")
    every = list(dogs.walk(dropped=True))
    assert _all(dogs, "", ["unexpanded"]) == [
        s.address for s in every if not s.is_unpacked and not s.n_children and not s.is_dropped
    ]
    assert set(_all(dogs, "", ["unrated"], ada)) == {
        s.address for s in every if s.address not in {"0", "0.1"} and not s.is_dropped
    }
    assert _all(dogs, "", ["flagged"]) == ["0.0"]
    assert _all(dogs, "", ["needs you"]) == []
    assert set(_all(dogs, "snow", [])) == {s.address for s in every if "snow" in s.text.lower()}
    assert set(_all(dogs, "snow", ["unexpanded"])) <= set(_all(dogs, "snow", []))


def test_a_large_tree_is_searched_page_by_page(planted_tree: Tree) -> None:
    made = [Statement(child(ROOT, i), Draft(f"Statement {i}.")) for i in range(900)]
    planted_tree.store.put_statements(planted_tree.tree_id, made)
    first = find(planted_tree, "", ["unexpanded"], NOBODY)
    assert first.after is not None
    assert first.looked_at < 900
    assert len(_all(planted_tree, "", ["unexpanded"])) == 900


def test_a_flag_taken_back_is_none(dogs: Tree) -> None:
    flag = dogs.judge("rating", "0.0", "human:bob", answer="flag")
    dogs.judge("rating", "0.0", "human:bob", answer="undo", supersedes=flag.id)
    assert flagged_by_anyone(dogs) == frozenset()


def test_finds_lead_to_their_statements(dogs: Tree) -> None:
    page = find(dogs, "snow", [], NOBODY)
    assert [row["cells"][0]["go"] for row in found_table(page, NOBODY)["rows"]] == [
        s.address for s in page.items
    ]


def test_evidence_counts_the_cases_that_a_statement_speaks_about(dogs: Tree) -> None:
    s = next(s for s in dogs.walk() if s.draft.when)
    found = evidence_of(dogs, s)
    rows = dogs.D.cases.matches([s.draft.when or ""])[:, 0]
    assert (found.covered, found.of) == (int(rows.sum()), dogs.D.n)
    assert list(found.outcomes.values()) == np.bincount(dogs.D.y[rows], minlength=2).tolist()
    assert sum(found.base.values()) == dogs.D.n
    assert f"{found.covered:,} of {dogs.D.n} cases of D" in summary(dogs, found)[0]
    assert all(
        len(row["cells"]) == len(outcome_table(found)["columns"]) for row in outcome_table(found)["rows"]
    )


def test_a_statement_without_a_condition_says_that_it_has_none(dogs: Tree) -> None:
    found = evidence_of(dogs, dogs.statement(ROOT))
    assert found.covered is None
    assert "no condition of its own" in summary(dogs, found)[0]
    assert len(outcome_table(found)["columns"]) == 2


def test_the_map_holds_the_first_levels_and_no_more_tiles_than_asked(dogs: Tree) -> None:
    every = [s for s in dogs.walk() if not s.is_dropped]
    whole = statements_below(dogs, dogs.statement(ROOT))
    assert {s.address for s in whole} == {s.address for s in every}
    few = statements_below(dogs, dogs.statement(ROOT), 6)
    assert len(few) == 6
    spec = treemap(whole, NOBODY, map_colours(is_dark=False))

    def tiles(level: list[dict[str, Any]]) -> int:
        return sum(1 + tiles(tile["children"]) for tile in level)

    assert tiles(spec["series"][0]["data"]) == len(every) - 1
    assert "formatter" not in str(spec)


def test_provenance_shows_every_proposal_and_offers_the_ones_not_taken(dogs: Tree) -> None:
    address = next(s.address for s in dogs.walk() if s.is_unpacked)
    made = dogs.store.expansions(dogs.tree_id, address)
    steps = steps_of(dogs, dogs.statement(address))["steps"]
    assert [len(step["proposals"]) for step in steps] == [len(e.proposals) for e in made]
    for step, e in zip(steps, sorted(made, key=lambda e: not e.is_current), strict=True):
        for place, proposal in enumerate(step["proposals"]):
            takes = place != e.committed and not e.proposals[place].problems
            assert bool(proposal["action"]) == takes
