"""Cross-examination, packing, first guesses and a second model's approval, from recorded replies."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kb.address import ROOT
from kb.errors import FailedError, InputError
from kb.knowledge import Tree
from learning.asking import questions
from learning.examining import agreement_with_people, ask, commit_definition, packed, rate_by_model
from learning.growing import unpack, unpack_below
from learning.prior import ratings_of
from tests.language_models import BIG, DEEP, OLD, Sent, children, fake_chat, served
from unpacking.language_model.examination import disagreements, examinations
from unpacking.language_model.judging import model_approver
from unpacking.language_model.sending import Asked, ready
from unpacking.language_model.specs import parse_spec
from unpacking.language_model.unpacker import LanguageModel
from unpacking.step import propose


def model(*replies: str | Exception, seen: list[Any] | None = None, mode: Any = "free") -> LanguageModel:
    return LanguageModel("fake:recorded", chat=fake_chat(replies, seen), mode=mode)


def reader(tree: Tree, *replies: str, seen: list[Any] | None = None) -> Asked:
    return ready(tree, parse_spec("fake:judge"), chat=fake_chat(replies, seen))


def defined(text: str, when: str = "") -> str:
    return json.dumps({"definition": text, "when": when})


@pytest.fixture
def tree(planted_tree: Tree) -> Tree:
    """Two claims below the root."""
    unpack(planted_tree, ROOT, unpacker=model(children(BIG, DEEP)), n=1)
    return planted_tree


def test_readers_agree_when_their_conditions_pick_the_same_cases(tree: Tree) -> None:
    one, other = defined("More than 0.", "body_0 > 0"), defined("From 0.001 on.", "body_0 >= 0.001")

    found = ask(tree, "0.0", "what is big?", model=model(one, other))

    assert found.overlap == pytest.approx(1.0, abs=0.06)
    assert found.agree is True
    assert [r.when for r in found.readings] == ["body_0 > 0", "body_0 >= 0.001"]
    assert found.readings[0].cases == found.readings[1].cases


def test_a_disagreement_is_kept_and_shown_to_whoever_rates(tree: Tree) -> None:
    before = [s.points for s in tree.children()]

    found = ask(
        tree,
        "0.0",
        "what is big?",
        model=model(defined("Above 0.", "body_0 > 0"), defined("Above 2.", "body_0 > 2")),
    )

    assert found.agree is False
    assert found.overlap is not None
    assert found.overlap < 0.6
    assert examinations(tree, tree.children()[0].address) == [found]
    told = ("what is big? Two readers disagree: “Above 0.” against “Above 2.”",)
    assert disagreements(tree, tree.children()[0].address) == told
    assert [s.points for s in tree.children()] == before


def test_a_question_to_a_person_says_what_readers_disagree_on(planted_tree: Tree) -> None:
    unpack_below(planted_tree, levels=2)
    answers = defined("Some.", "snow = 'deep'"), defined("None.", "snow = 'bare'")
    ask(planted_tree, "0.0", "how much snow?", model=model(*answers))

    (asked,) = [q for q in questions(planted_tree, rater="human:ada") if q.address == "0.0"]

    assert asked.remarks == ("how much snow? Two readers disagree: “Some.” against “None.”",)


def test_without_conditions_nothing_is_decided(tree: Tree) -> None:
    found = ask(tree, "0.0", "what is big?", model=model(defined("Large."), defined("Huge.", "no condition")))

    assert (found.overlap, found.agree) == (None, None)


def test_a_reader_sees_the_path_and_not_the_other_reader(tree: Tree) -> None:
    seen: list[Any] = []
    ask(tree, "0.0", "what is big?", model=model(defined("One thing."), defined("Another."), seen=seen))

    first, second = (messages[1].content for messages, _ in seen)
    assert first == second
    assert BIG["text"] in first
    assert DEEP["text"] not in first
    assert "what is big?" in first


def test_a_definition_is_written_below_the_statement(tree: Tree) -> None:
    found = ask(tree, "0.0", "what is big?", model=model(defined("Above 0 is big.", "body_0 > 0")))

    written = commit_definition(tree, found, by="human:ada")

    assert (written.kind, written.text, written.draft.when) == ("definition", "Above 0 is big.", None)
    assert written.address == "0.0.0"


def test_the_same_question_again_is_paid_for_once(tree: Tree) -> None:
    seen: list[Any] = []
    for _ in range(2):
        ask(tree, "0.0", "what is big?", model=model(defined("Large."), seen=seen))

    assert len(seen) == 2
    assert len(examinations(tree, tree.children()[0].address)) == 1


def test_a_reader_that_never_answers_fails_the_question(tree: Tree) -> None:
    with pytest.raises(FailedError, match="asked 3 times, it gave no answer"):
        ask(tree, "0.0", "what is big?", model=model("hm"))

    with pytest.raises(InputError, match="0 letters"):
        ask(tree, "0.0", " ", model=model("hm"))


def test_packing_is_judged_by_what_unpacking_brings_back(tree: Tree) -> None:
    text = json.dumps({"text": "Huskies are big and live in deep snow."})

    good = packed(tree, ROOT, model=model(text, children(BIG, DEEP)))

    assert good.text == "Huskies are big and live in deep snow."
    assert good.approval.score == pytest.approx(1.0)
    assert good.approval.reasons == ("2 of 2 children came back",)
    kept = [j for j in tree.judgements() if j.kind == "approval"]
    assert [(j.rater, j.value, j.details["of"]) for j in kept] == [("model:fake:recorded", 1.0, "packing")]
    assert [s.text for s in tree.children()] == [BIG["text"], DEEP["text"]]


def test_a_round_trip_that_loses_the_children_is_not_approved(tree: Tree) -> None:
    bad = packed(
        tree,
        ROOT,
        model=model(
            json.dumps({"text": "Dogs exist, somehow."}), children(OLD, {**OLD, "text": "Cats purr."})
        ),
    )

    assert bad.approval.score < -0.5
    assert bad.approval.reasons == ("0 of 2 children came back",)


def test_packing_needs_children(planted_tree: Tree) -> None:
    with pytest.raises(InputError, match="it has 0 children; packing takes two or more"):
        packed(planted_tree, ROOT, model=model("x"))


def test_a_first_guess_from_votes_is_kept_apart_from_people(tree: Tree) -> None:
    votes = ['{"answer": "Yes"}', '{"answer": "No"}', "yes.", '{"answer": "Yes"}', '{"answer": "Yes"}']
    people_before = ratings_of(tree.judgements())

    found = rate_by_model(tree, model=model(*votes), limit=1)

    (said,) = [j for j in tree.judgements() if j.rater == "model:fake:recorded"]
    assert found.rated == 1
    assert said.value == pytest.approx(5 / 7)
    assert said.details["how"] == "5 votes"
    assert ratings_of(tree.judgements()) == people_before


def test_a_first_guess_from_probabilities_needs_no_prose(tree: Tree) -> None:
    top = [
        {"token": "Yes", "logprob": -0.105, "bytes": None},
        {"token": " no", "logprob": -2.303, "bytes": None},
    ]
    content = [{"token": "Yes", "logprob": -0.105, "bytes": None, "top_logprobs": top}]
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": "Yes"},
        "finish_reason": "stop",
        "logprobs": {"content": content},
    }
    body = {"id": "x", "object": "chat.completion", "created": 0, "model": "small", "choices": [choice]}
    body["usage"] = {"prompt_tokens": 50, "completion_tokens": 1, "total_tokens": 51}
    with served(Sent(raw=json.dumps(body).encode())) as (spec, server):
        rate_by_model(tree, model=spec, limit=1)

    (said,) = [j for j in tree.judgements() if j.rater.startswith("model:")]
    assert said.value == pytest.approx(0.9, abs=0.001)
    assert said.details["how"] == "label log-probabilities"
    assert len(server.bodies) == 1
    assert server.bodies[0]["logprobs"] is True


def test_agreement_with_people_is_over_what_both_rated(tree: Tree) -> None:
    for place, (ours, theirs) in {"0.0": (0.9, 0.7), "0.1": (0.2, 0.3)}.items():
        tree.judge("rating", place, "model:m", value=ours)
        tree.judge("rating", place, "human:ada", value=theirs)

    (agreement,) = agreement_with_people(tree)

    assert (agreement.rater, agreement.statements) == ("model:m", 2)
    assert agreement.mean_difference == pytest.approx(0.15)
    assert agreement.correlation is None


def judged(**scores: int) -> str:
    rows = [
        {
            "list": name,
            "reason": f"{name} is fine.",
            **dict.fromkeys(("faithful", "specific", "distinct", "together"), s),
        }
        for name, s in scores.items()
    ]
    return json.dumps({"judged": rows})


def test_a_judge_sees_both_orders_and_its_order_bias_cancels(planted_tree: Tree) -> None:
    seen: list[Any] = []
    first_is_best = judged(A=2, B=-2)
    approver = model_approver(reader(planted_tree, first_is_best, seen=seen))
    unpacker = model(children(BIG, DEEP), children(OLD, {**OLD, "text": "Wolves shun people."})).on(
        planted_tree
    )

    proposals = propose(planted_tree, ROOT, unpacker, n=2, seed=0, approver=approver)

    forward, backward = (messages[1].content for messages, _ in seen)
    assert forward.index(BIG["text"]) < forward.index(OLD["text"])
    assert backward.index(BIG["text"]) > backward.index(OLD["text"])
    approvals = [p.approval for p in proposals if p.approval]
    assert [a.score for a in approvals] == [0.0, 0.0]
    assert [a.terms["differs by order"] for a in approvals] == [2.0, 2.0]
    assert approvals[0].approver == "model:fake:judge"
    assert approvals[0].responses
    assert approvals[0].cost.tokens == 120


def test_a_judge_that_writes_nonsense_has_no_opinion(planted_tree: Tree) -> None:
    approver = model_approver(reader(planted_tree, judged(A=7)))
    unpacker = model(children(BIG, DEEP)).on(planted_tree)

    (proposal,) = propose(planted_tree, ROOT, unpacker, n=1, seed=0, approver=approver)

    assert proposal.approval is not None
    assert proposal.approval.score == 0.0
    assert "no opinion" in proposal.approval.reasons[0]
