"""The way back: the statement that some children amount to, and whether unpacking it brings them back."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kb.address import Address
from kb.errors import FailedError, InputError
from kb.figures import count
from kb.knowledge import Tree
from kb.records import Approval, Cost, Proposal
from kb.statements import Draft, Statement
from unpacking.checks import share_of_words
from unpacking.language_model.modes import LETTERS, MalformedError, as_object, json_in
from unpacking.language_model.prompts import prompt_named
from unpacking.language_model.requests import Request, Response
from unpacking.language_model.sending import Asked
from unpacking.language_model.showing import fitted, shown_path
from unpacking.language_model.unpacker import LanguageModelUnpacker, room_of
from unpacking.protocol import Situation
from unpacking.step import situation_of

__all__ = ["PACKING", "Packed", "pack"]

PACKING = "packing"  # the kind of document, keyed by address
MAX_TOKENS = 256
TRIES = 3


@dataclass(frozen=True, slots=True)
class Packed:
    """A statement packed from children, and the round trip.

    Attributes:
        address: The statement whose children were packed.
        text: What they amount to, in the model's words.
        children: The children that were packed.
        again: What unpacking the packed text proposed.
        approval: How far it brought the children back, in [-1, 1]; with reasons.
        cost: What it took.
    """

    address: Address
    text: str
    children: tuple[str, ...]
    again: Proposal
    approval: Approval
    cost: Cost

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces."""
        return {
            "address": self.address,
            "text": self.text,
            "children": list(self.children),
            "again": self.again.to_dict(),
            "approval": self.approval.to_dict(),
            "cost": self.cost.to_dict(),
        }


def pack(tree: Tree, address: Address, unpacker: LanguageModelUnpacker) -> Packed:
    """Pack the children of a statement, unpack the result, and keep how far that brings them back.

    Nothing in Z changes. The approval is stored as a judgement of kind ``approval``: it is what a packer and
    an unpacker can be trained to maximise.

    Raises:
        InputError: The statement has fewer than two children.
        FailedError: The model gave no answer that can be read.
    """
    situation = situation_of(tree, address, 0)
    children = [c for c in tree.children(address) if c.kind != "definition"]
    if len(children) < 2:
        raise InputError(
            f"it has {count(len(children), 'child', 'children')}; packing takes two or more.",
            where=f"{tree.name} {address}",
            remedy=f"Unpack it first: priory unpack {address}",
        )
    text, key, spent = _packed(unpacker.asked, situation, children)
    packed = replace(situation.statement, draft=replace(situation.statement.draft, text=text))
    proposals = unpacker.propose(replace(situation, statement=packed), 1)
    again = next((p for p in proposals if not p.problems), proposals[-1])
    approval = _brought_back(situation, children, again)
    found = Packed(
        address,
        text,
        tuple(c.text for c in children),
        again,
        replace(approval, responses=(key, *again.responses)),
        spent + sum((p.cost for p in proposals), Cost()),
    )
    tree.store.put_document(tree.tree_id, PACKING, address, found.to_dict())
    _judge(tree, found, unpacker.asked.name)
    return found


def _judge(tree: Tree, found: Packed, model: str) -> None:
    tree.judge(
        "approval",
        found.address,
        f"model:{model}",
        value=(found.approval.score + 1.0) / 2.0,
        note=found.text,
        details={"of": "packing", "score": found.approval.score, "at": time.time()},
    )


def _packed(asked: Asked, situation: Situation, children: Sequence[Statement]) -> tuple[str, str, Cost]:
    """The packed text, the key of its response, and what it took."""
    spent, problem = Cost(), ""
    for attempt in range(TRIES):
        request = _request(asked, situation, children, attempt)
        (response,) = asked.responses([request])
        spent += response.cost
        try:
            return _text_in(response), request.key, spent
        except MalformedError as error:
            problem = str(error)
    raise FailedError(
        f"asked {TRIES} times, it gave no answer that can be read: {problem}.", where=asked.name
    )


def _request(asked: Asked, situation: Situation, children: Sequence[Statement], seed: int) -> Request:
    prompt = prompt_named("pack")
    lists = "\n".join(["The statements:", *(f"- {' '.join(c.text.split())}" for c in children)])
    shown = replace(shown_path(situation), statement="", columns=(), earlier=())
    room = room_of(asked, None, MAX_TOKENS)
    told, more = {"letters": str(LETTERS)}, {"lists": lists}
    system, user, _ = fitted(prompt, told, situation, shown, room, more=more)
    schema = as_object({"text": {"type": "string", "minLength": 8, "maxLength": LETTERS}})
    return Request(
        asked.name,
        system,
        user,
        schema,
        seed=seed,
        max_tokens=MAX_TOKENS,
        purpose="pack",
        address=situation.statement.address,
    )


def _text_in(response: Response) -> str:
    if response.refusal:
        raise MalformedError(f"it refused: {response.refusal[:100]}")
    text = json_in(response.text).get("text")
    if not isinstance(text, str) or not text.strip():
        raise MalformedError("it holds no text")
    return " ".join(text.split())[: 2 * LETTERS]


def _brought_back(situation: Situation, children: Sequence[Statement], again: Proposal) -> Approval:
    """How far new children say what the old ones say: the mean of the best match of each old one."""
    if again.problems or not again.children:
        reason = again.problems[0] if again.problems else "nothing came back"
        return Approval(-1.0, (f"the round trip failed: {reason}",))
    old = [c.draft for c in children]
    best = [max(_match(situation, one, new) for new in again.children) for one in old]
    back = sum(b >= 0.5 for b in best)
    score = 2.0 * float(np.mean(best)) - 1.0
    reasons = (f"{back} of {len(old)} children came back",)
    return Approval(score, reasons, {"brought back": float(np.mean(best))})


def _match(situation: Situation, one: Draft, other: Draft) -> float:
    """By the cases of D that both speak about if they have conditions, else by the words that they share."""
    if one.when and other.when:
        picks = situation.D.cases.matches([one.when, other.when])
        either = picks.any(axis=1).sum()
        same_side = one.side is None or other.side is None or one.side == other.side
        return float(picks.all(axis=1).sum() / either) if either and same_side else 0.0
    return share_of_words(one.text, other.text)
