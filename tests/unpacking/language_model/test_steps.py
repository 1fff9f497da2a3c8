"""A step by a language model, from recorded replies: what is committed, what is kept, what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from kb.address import ROOT
from kb.errors import FailedError, InputError, StoppedError
from kb.knowledge import Tree
from learning.choosing import choose_proposal, waiting_choices
from learning.growing import Approving, unpack, unpack_below
from tests.language_models import BIG, DEEP, OLD, children, fake_chat
from unpacking.budget import Budget
from unpacking.language_model.unpacker import LanguageModel
from unpacking.transcripts import transcript

GOOD = children(BIG, DEEP)
OTHER = children(OLD, {**OLD, "text": "Wolves shun people."})


def model(
    *replies: str | BaseException,
    seen: list[Any] | None = None,
    usage: tuple[int, int] = (100, 20),
    **settings: Any,
) -> LanguageModel:
    return LanguageModel("fake:recorded", chat=fake_chat(replies, seen, usage), **settings)


def test_the_best_approved_reply_is_committed_and_everything_is_kept(planted_tree: Tree) -> None:
    done = unpack(planted_tree, ROOT, unpacker=model(OTHER, GOOD), n=2)

    assert [s.text for s in planted_tree.children()] == [BIG["text"], DEEP["text"]]
    assert [s.draft.when for s in planted_tree.children()] == ["body_0 > 0", "snow = 'deep'"]
    assert planted_tree.children()[0].points, "a testable statement has its points at once"
    assert done.committed == 1
    assert [len(p.children) for p in done.proposals] == [2, 2]
    assert all(p.approval and p.approval.reasons for p in done.proposals)
    assert done.cost.tokens == 240
    assert done.spec["prompt"].startswith("unpack-free@1 ")
    assert done.response is not None
    said = json.loads(planted_tree.store.blob(done.response))
    assert [s["response"]["text"] for s in said] == [OTHER, GOOD]
    assert "animal" in said[0]["request"]["user"]


def test_the_same_call_again_asks_nothing(planted_tree: Tree) -> None:
    seen: list[Any] = []
    first = unpack(planted_tree, ROOT, unpacker=model(GOOD, seen=seen), n=2)

    again = unpack(planted_tree, ROOT, unpacker=model(OTHER, seen=seen), n=2)

    assert again == first
    assert len(seen) == 2


def test_answers_that_were_stored_before_a_crash_are_not_paid_twice(planted_tree: Tree) -> None:
    seen: list[Any] = []
    with pytest.raises(RuntimeError, match="power cut"):
        unpack(planted_tree, ROOT, unpacker=model(GOOD, RuntimeError("power cut"), seen=seen), n=2)

    done = unpack(planted_tree, ROOT, unpacker=model(OTHER, seen=seen), n=2)

    assert len(seen) == 3
    assert [len(p.children) for p in done.proposals] == [2, 2]


def test_an_interrupt_leaves_the_tree_valid_and_the_statement_free(planted_tree: Tree) -> None:
    seen: list[Any] = []
    with pytest.raises(KeyboardInterrupt):
        unpack(planted_tree, ROOT, unpacker=model(GOOD, KeyboardInterrupt(), seen=seen), n=2)

    assert planted_tree.children() == []
    assert list(planted_tree.store.check()) == []
    assert unpack(planted_tree, ROOT, unpacker=model(OTHER, seen=seen), n=2).slot == 0
    assert len(seen) == 3


def test_a_model_is_shown_no_case_unless_told(planted_tree: Tree) -> None:
    seen: list[Any] = []
    unpack(planted_tree, ROOT, unpacker=model(GOOD, seen=seen), n=1)
    unpack(planted_tree, ROOT, unpacker=model(GOOD, seen=seen, examples=3), n=1)

    without, with_examples = (call[0][1].content for call in seen)
    assert "→" not in without
    assert with_examples.count("→") == 3
    assert "body_0: a number, " in without
    assert "snow: one of " in without


def test_a_reply_that_cannot_be_read_is_a_failed_proposal_and_asked_for_anew(planted_tree: Tree) -> None:
    done = unpack(planted_tree, ROOT, unpacker=model("I would rather not.", GOOD), n=1)

    assert [p.problems[:1] for p in done.proposals] == [
        ("the reply can't be read: it is no JSON (Expecting value: line 1 column 1 (char 0))",),
        (),
    ]
    assert done.committed == 1
    assert "asked 2 times" in done.proposals[1].how


def test_a_model_that_never_gives_json_gives_up_and_says_so(planted_tree: Tree) -> None:
    seen: list[Any] = []
    with pytest.raises(FailedError, match="no proposal passed the checks: the reply can't be read"):
        unpack(planted_tree, ROOT, unpacker=model("no", seen=seen), n=2)

    assert len(seen) == 6
    assert planted_tree.children() == []
    kept = planted_tree.store.document(planted_tree.tree_id, "failed-step", ROOT)
    assert kept is not None
    assert len(kept.body["step"]["proposals"]) == 6


def test_a_budget_ends_the_tries_of_a_model_that_never_gives_json(planted_tree: Tree) -> None:
    seen: list[Any] = []
    unpacker = model("no", seen=seen, usage=(900, 100), max_tokens=200)

    with pytest.raises(FailedError, match="no proposal passed the checks"):
        unpack(planted_tree, ROOT, unpacker=unpacker, n=1, budget=Budget(tokens=1_200))

    assert len(seen) == 1


def test_without_room_in_the_budget_nothing_is_asked(planted_tree: Tree) -> None:
    seen: list[Any] = []
    with pytest.raises(StoppedError, match="the budget has no room for the next call"):
        unpack(planted_tree, ROOT, unpacker=model(GOOD, seen=seen), budget=Budget(tokens=50))

    assert seen == []
    assert planted_tree.children() == []


def test_money_is_limited_only_where_its_price_is_known(planted_tree: Tree) -> None:
    with pytest.raises(InputError, match="no price is known"):
        unpack(planted_tree, ROOT, unpacker=model(GOOD), budget=Budget(usd=1.0))


def test_a_run_goes_on_below_until_its_tokens_are_spent(planted_tree: Tree) -> None:
    replies = [
        children(BIG, DEEP),
        children({**BIG, "text": "Of these, large ones.", "when": "body_1 > 0"}, OLD),
        children(
            {**BIG, "text": "Of these, wide ones.", "when": "body_2 > 0"}, {**OLD, "text": "Dogs obey."}
        ),
    ]
    seen: list[Any] = []
    unpacker = model(*replies, seen=seen, usage=(400, 100), max_tokens=100)

    grown = unpack_below(planted_tree, unpacker=unpacker, n=1, levels=2, budget=Budget(tokens=1_100))

    assert grown.expansions == 2
    assert grown.stopped == "the budget has no room for the next call (tokens: 1500 of 1100)."
    assert planted_tree.children("0.0")[0].draft.when == "body_0 > 0 AND body_1 > 0"
    more = unpack_below(planted_tree, unpacker=unpacker, n=1, levels=2)
    assert (more.expansions, more.stopped, len(seen)) == (1, None, 3)


def test_children_that_fail_a_check_are_left_out_of_a_proposal_of_its_own(planted_tree: Tree) -> None:
    bad = {**BIG, "text": "Cats purr.", "when": "tail > 1"}

    done = unpack(planted_tree, ROOT, unpacker=model(children(BIG, bad, DEEP)), n=1)

    whole, rest = done.proposals
    assert whole.problems == ("child 1: tail is not a column.",)
    assert len(whole.children) == 3
    assert [c.text for c in rest.children] == [BIG["text"], DEEP["text"]]
    assert done.committed == 1
    assert rest.cost.tokens == 0, "its reply is paid for once"


@pytest.mark.parametrize(
    ("child", "problem"),
    [
        ({**BIG, "when": "body_0 > 100"}, "speaks about 0 cases of D and D*"),
        ({**BIG, "side": "cat"}, "speaks for 'cat', which is no class"),
        ({**BIG, "text": "x" * 500}, "its text has 500 characters"),
        ({**BIG, "when": "1 = 1; DROP TABLE x"}, "not"),
    ],
)
def test_children_are_checked(planted_tree: Tree, child: dict[str, Any], problem: str) -> None:
    done = unpack(planted_tree, ROOT, unpacker=model(children(child, DEEP)), n=1)

    assert problem in done.proposals[0].problems[0]
    assert [s.text for s in planted_tree.children()] == [DEEP["text"]]


def test_a_contradiction_of_a_sibling_is_named(planted_tree: Tree) -> None:
    done = unpack(
        planted_tree, ROOT, unpacker=model(children(BIG, {**BIG, "text": "No.", "side": "wolf"})), n=1
    )

    assert done.proposals[0].problems == (
        "child 1: contradicts child 0, which speaks for husky on the same condition",
    )


def test_a_paraphrase_of_the_parent_is_no_child(planted_tree: Tree) -> None:
    unpack(planted_tree, ROOT, unpacker=model(children(OLD, {**OLD, "text": "Wolves shun people."})), n=1)
    same = {**OLD, "text": "For sledges, the huskies were bred."}

    done = unpack(
        planted_tree, "0.0", unpacker=model(children(same, {**OLD, "text": "Sledges are heavy."})), n=1
    )

    assert done.proposals[0].problems == ("child 0: says what its parent says in other words",)


def test_two_equal_replies_are_one_proposal(planted_tree: Tree) -> None:
    done = unpack(planted_tree, ROOT, unpacker=model(GOOD), n=2)

    assert done.proposals[1].problems == ("the same as proposal 1",)
    assert done.committed == 0


def test_a_person_is_needed_where_the_best_two_are_close(planted_tree: Tree) -> None:
    seen: list[Any] = []
    third = children({**OLD, "text": "Sledges are pulled by dogs."}, {**OLD, "text": "Wolves roam widely."})
    close = model(OTHER, third, seen=seen)

    with pytest.raises(StoppedError, match="needs a person: proposals 1 and 2 are about as good"):
        unpack(planted_tree, ROOT, unpacker=close, n=2, approving=Approving(margin=0.2))
    assert planted_tree.children() == []
    (waiting,) = waiting_choices(planted_tree)
    assert waiting.best == (0, 1) or waiting.best == (1, 0)

    done = choose_proposal(planted_tree, ROOT, 1, by="human:ada")

    assert done.chosen_by == "human:ada"
    assert [s.text for s in planted_tree.children()] == ["Sledges are pulled by dogs.", "Wolves roam widely."]
    assert waiting_choices(planted_tree) == []
    assert unpack(planted_tree, ROOT, unpacker=close, n=2, approving=Approving(margin=0.2)) == done
    assert len(seen) == 2
    with pytest.raises(InputError, match="no step waits"):
        choose_proposal(planted_tree, ROOT, 0, by="human:ben")


def test_a_run_leaves_what_needs_a_person_and_goes_on_beside_it(planted_tree: Tree) -> None:
    third = children({**OLD, "text": "Sledges are pulled by dogs."}, {**OLD, "text": "Wolves roam widely."})

    grown = unpack_below(
        planted_tree, unpacker=model(OTHER, third), n=2, levels=1, approving=Approving(margin=0.2)
    )

    assert grown.stopped == "1 step needs a person"


DEFINED = json.dumps(
    {"children": [{"term": "husky", "definition": "A sledge dog of the north with a thick coat."}]}
)


def test_definitions_are_of_what_stands_in_the_statement(planted_tree: Tree) -> None:
    strange = {"term": "quark", "definition": "A part of a proton, which nobody asked about."}
    said = json.dumps({"children": [*json.loads(DEFINED)["children"], strange]})

    unpack(planted_tree, ROOT, unpacker=model(said, mode="definitions"), n=1)

    (child,) = planted_tree.children()
    assert child.kind == "definition"
    assert child.text == "“husky” means: A sledge dog of the north with a thick coat."


def test_typed_replies_become_claims_that_can_be_tested(planted_tree: Tree) -> None:
    columns = json.dumps({"columns": ["snow", "body_0", "tail"]})
    said = json.dumps(
        {"snow": [{"cases": "is deep", "likely": "husky"}, {"cases": "is blue", "likely": "wolf"}], "tail": 1}
    )
    unpacker = model(columns, said, mode="typed")

    unpack(planted_tree, ROOT, unpacker=unpacker, n=1)
    unpack(planted_tree, "0.1", unpacker=unpacker, n=1)

    aspects = planted_tree.children()
    assert [(s.text, s.kind, s.draft.columns) for s in aspects] == [
        ("Body 0 tells the animal.", "aspect", ("body_0",)),
        ("Snow tells the animal.", "aspect", ("snow",)),
    ]
    (child,) = planted_tree.children("0.1")
    assert (child.text, child.draft.when, child.draft.side) == (
        "Snow is deep: husky more likely.",
        "snow = 'deep'",
        "husky",
    )


def test_free_statements_need_no_data(planted_tree: Tree) -> None:
    bare = replace(planted_tree.task, columns=(), classes=())
    unpacker = model(OTHER).on(planted_tree)
    from unpacking.step import situation_of

    situation = replace(situation_of(planted_tree, ROOT, 0), task=bare)
    (request,) = unpacker.requests(situation, 1)

    assert "when" not in str(request.schema)
    assert [c.text for c in unpacker.propose(situation, 1)[0].children] == [
        OLD["text"],
        "Wolves shun people.",
    ]


def test_what_was_said_can_be_read_again(planted_tree: Tree) -> None:
    done = unpack(planted_tree, ROOT, unpacker=model(GOOD), n=1)

    (said,) = transcript(planted_tree, done.proposals[0].responses)
    assert said["response"]["text"] == GOOD
    assert said["purpose"] == "unpack"
