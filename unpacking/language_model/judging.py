"""A second model as an approver: it judges all proposals of a step by a rubric, in both orders.

What stands first is judged otherwise than what stands last; so the same lists are judged once in order and
once in reverse, and the mean counts. How far the two differ is kept with the approval.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kb.errors import InputError
from kb.knowledge import Tree
from kb.records import Approval, Cost, Proposal, total
from unpacking.approvers import AUTOMATIC, Approver, mixed
from unpacking.language_model.modes import MalformedError, as_object, json_in
from unpacking.language_model.prompts import prompt_named
from unpacking.language_model.requests import Request, Response
from unpacking.language_model.sending import Asked, ready
from unpacking.language_model.showing import fitted, shown_path
from unpacking.language_model.specs import parse_spec
from unpacking.language_model.spending import Spending
from unpacking.language_model.unpacker import room_of
from unpacking.protocol import Situation

__all__ = ["CRITERIA", "approver_of", "model_approver", "weighed"]

CRITERIA = ("faithful", "specific", "distinct", "together")
MOST = 2  # of each criterion, either way
MAX_TOKENS = 1_024


@dataclass(frozen=True, slots=True)
class _Judged:
    """What one reading of the lists gave, per proposal; empty where the reply could not be read."""

    scores: Mapping[int, Mapping[str, float]] = field(default_factory=dict)
    reasons: Mapping[int, str] = field(default_factory=dict)
    problem: str = ""


def model_approver(asked: Asked) -> Approver:
    """The approver that asks a model. A reply that can't be read counts as no opinion, and says so."""

    def judge(situation: Situation, proposals: tuple[Proposal, ...]) -> tuple[Approval, ...]:
        open_ones = [i for i, p in enumerate(proposals) if not p.problems and p.children]
        if not open_ones:
            return tuple(_without_opinion(p, asked.name) for p in proposals)
        orders = list(dict.fromkeys((tuple(open_ones), tuple(reversed(open_ones)))))
        requests = [_request(asked, situation, proposals, order) for order in orders]
        responses = asked.responses(requests)
        judged = [_read(r, order) for r, order in zip(responses, orders, strict=True)]
        cost = total([r.cost for r in responses])
        keys = tuple(r.key for r in requests)
        share = _divided(cost, len(open_ones))
        return tuple(
            _approval(asked.name, i, judged, share, keys)
            if i in open_ones
            else _without_opinion(p, asked.name)
            for i, p in enumerate(proposals)
        )

    return Approver(f"model:{asked.name}", judge)


def _without_opinion(proposal: Proposal, name: str) -> Approval:
    score, reasons = (-1.0, proposal.problems) if proposal.problems else (0.0, ("it says nothing",))
    return Approval(score, reasons, approver=f"model:{name}")


def _divided(cost: Cost, among: int) -> Cost:
    """Each proposal's share of what judging all of them took; tokens are rounded to the nearest."""
    return Cost(tokens=round(cost.tokens / among), usd=cost.usd / among, seconds=cost.seconds / among)


def _request(
    asked: Asked, situation: Situation, proposals: Sequence[Proposal], order: tuple[int, ...]
) -> Request:
    prompt = prompt_named("approve")
    lists = "\n".join(
        f"List {_letter(place)}:\n" + "\n".join(f"- {_said(c.text)}" for c in proposals[i].children)
        for place, i in enumerate(order)
    )
    shown = shown_path(situation)
    system, user, _ = fitted(
        prompt, {}, situation, shown, room_of(asked, None, MAX_TOKENS), more={"lists": lists}
    )
    score = {"type": "integer", "enum": list(range(-MOST, MOST + 1))}
    one = as_object(
        {
            "list": {"type": "string", "enum": [_letter(k) for k in range(len(order))]},
            "reason": {"type": "string", "maxLength": 200},
            **dict.fromkeys(CRITERIA, score),
        }
    )
    schema = as_object(
        {"judged": {"type": "array", "minItems": len(order), "maxItems": len(order), "items": one}}
    )
    return Request(
        asked.name,
        system,
        user,
        schema,
        seed=situation.seed,
        temperature=0.0,
        max_tokens=MAX_TOKENS,
        purpose="approve",
        address=situation.statement.address,
    )


def _letter(place: int) -> str:
    return chr(ord("A") + place) if place < 26 else f"A{place}"


def _said(text: str) -> str:
    return " ".join(text.split())


def _read(response: Response, order: tuple[int, ...]) -> _Judged:
    if response.refusal:
        return _Judged(problem=f"refused: {response.refusal[:100]}")
    try:
        judged = json_in(response.text).get("judged")
    except MalformedError as error:
        return _Judged(problem=str(error))
    of_letter = {_letter(place): i for place, i in enumerate(order)}
    scores: dict[int, dict[str, float]] = {}
    reasons: dict[int, str] = {}
    for one in judged if isinstance(judged, list) else []:
        said: Mapping[str, Any] = one if isinstance(one, dict) else {}
        i = of_letter.get(str(said.get("list")))
        given = {name: _score(said.get(name)) for name in CRITERIA}
        if i is not None and all(value is not None for value in given.values()):
            scores[i] = {name: value for name, value in given.items() if value is not None}
            reasons[i] = _said(str(said.get("reason") or ""))[:200]
    return _Judged(scores, reasons, "" if scores else "it judges no list")


def _score(value: object) -> float | None:
    """A criterion in [-1, 1]; None for what is no number of the rubric."""
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MOST:
        return None
    return value / MOST


def _approval(name: str, i: int, judged: Sequence[_Judged], cost: Cost, keys: tuple[str, ...]) -> Approval:
    read = [one for one in judged if i in one.scores]
    approver = f"model:{name}"
    if not read:
        problem = next((one.problem for one in judged if one.problem), "it passed over this list")
        reason = f"no opinion: the reply can't be read ({problem})"
        return Approval(0.0, (reason,), approver=approver, cost=cost, responses=keys)
    terms = {name: sum(one.scores[i][name] for one in read) / len(read) for name in CRITERIA}
    each = [sum(one.scores[i].values()) / len(CRITERIA) for one in read]
    terms["differs by order"] = max(each) - min(each)
    reasons = tuple(dict.fromkeys(one.reasons[i] for one in read if one.reasons[i]))
    return Approval(sum(each) / len(each), reasons, terms, approver, cost, keys)


def approver_of(
    tree: Tree, written: Sequence[str], spending: Spending, person: Approver | None = None
) -> Approver:
    """The approver that people write: some of ``automatic``, ``model:SPEC`` and ``human``, each ``=WEIGHT``.

    Args:
        tree: Where a model's responses are kept.
        written: As typed, such as ``("automatic=1", "model:openai:gpt-5-mini=2")``; none means ``automatic``.
        spending: The run's budget, which a model's judgements are charged to, too.
        person: Asks a person; None where nobody can be asked.

    Raises:
        InputError: A name or a weight can't be read, or a person is wanted and there is none.
    """
    parts = [_part(tree, text, spending, person) for text in written]
    try:
        return mixed(parts) if parts else AUTOMATIC
    except ValueError as error:
        raise InputError(f"{error}.", where="--approver") from error


def weighed(text: str) -> tuple[str, float]:
    """An approver's name and weight, 1 if none is written; what follows ``=`` in a URL is no weight.

    >>> weighed("model:openai:gpt-5-mini=2")
    ('model:openai:gpt-5-mini', 2.0)
    """
    name, separator, weight = text.rpartition("=")
    try:
        heavy = float(weight) if separator else 1.0
    except ValueError:
        name, heavy = text, 1.0
    return (name if separator and name else text), heavy


def _part(tree: Tree, text: str, spending: Spending, person: Approver | None) -> tuple[Approver, float]:
    name, heavy = weighed(text)
    if name == AUTOMATIC.name:
        return AUTOMATIC, heavy
    if name.startswith("model:"):
        return model_approver(ready(tree, parse_spec(name.removeprefix("model:")), spending=spending)), heavy
    if name == "human":
        if person is None:
            raise InputError(
                "nobody can be asked here.",
                where="--approver human",
                remedy="Run it at a terminal, or use --margin and choose later.",
            )
        return person, heavy
    raise InputError(
        f"{text!r} is no approver.",
        where="--approver",
        remedy="Write automatic, human or model:SPEC, each with =WEIGHT behind it if several are mixed.",
    )
