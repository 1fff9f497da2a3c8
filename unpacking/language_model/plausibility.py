"""A first guess of plausibility by a model: from the probabilities of its words, never a number it writes."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

from kb.address import Address
from kb.errors import FailedError
from kb.knowledge import Tree
from kb.records import Cost, total
from unpacking.language_model.modes import MalformedError, as_object, json_in
from unpacking.language_model.prompts import prompt_named
from unpacking.language_model.requests import Request, Response
from unpacking.language_model.sending import Asked
from unpacking.language_model.showing import fitted, shown_path
from unpacking.language_model.specs import COMPATIBLE, LOCAL
from unpacking.language_model.unpacker import room_of
from unpacking.protocol import Situation
from unpacking.step import situation_of

__all__ = ["Guess", "first_guess"]

YES, NO = "Yes", "No"
VOTES = 5  # where the provider gives no probabilities
MAX_TOKENS = 32
_GIVES_PROBABILITIES = {LOCAL, COMPATIBLE, "openai"}


@dataclass(frozen=True, slots=True)
class Guess:
    """A model's first guess about one statement.

    Attributes:
        plausibility: Its probability that the statement also holds for D*, in (0, 1).
        how: ``label log-probabilities``, or ``5 votes`` of one word each, smoothed.
        responses: Keys of the responses it rests on.
        cost: What it took.
    """

    plausibility: float
    how: str
    responses: tuple[str, ...]
    cost: Cost


def first_guess(tree: Tree, address: Address, asked: Asked) -> Guess:
    """What a model takes a statement's plausibility to be, before any person has said anything.

    Raises:
        FailedError: It gave neither probabilities nor votes.
    """
    situation = situation_of(tree, address, 0)
    if asked.spec.provider in _GIVES_PROBABILITIES:
        guess = _by_probabilities(asked, situation)
        if guess is not None:
            return guess
    return _by_votes(asked, situation)


def _by_probabilities(asked: Asked, situation: Situation) -> Guess | None:
    """From the log-probabilities of the two words; None where the provider doesn't give both."""
    request = _request(asked, situation, labels=(YES, NO))
    try:
        (response,) = asked.responses([request])
    except FailedError:
        return None  # a server that gives no log-probabilities refuses the request
    if set(response.log_p) != {YES, NO}:
        return None
    log_odds = response.log_p[YES] - response.log_p[NO]
    plausibility = 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, log_odds))))
    return Guess(plausibility, "label log-probabilities", (request.key,), response.cost)


def _by_votes(asked: Asked, situation: Situation) -> Guess:
    requests = [_request(asked, situation, seed=seed) for seed in range(VOTES)]
    responses = asked.responses(requests)
    votes = [vote for r in responses if (vote := _vote(r)) is not None]
    if not votes:
        raise FailedError(
            "it answers neither yes nor no.",
            where=f"{asked.name} {situation.statement.address}",
            remedy="Ask another model.",
        )
    share = (sum(votes) + 1.0) / (len(votes) + 2.0)
    keys = tuple(r.key for r in requests)
    return Guess(share, f"{len(votes)} votes", keys, total([r.cost for r in responses]))


def _vote(response: Response) -> bool | None:
    try:
        said = json_in(response.text).get("answer")
    except MalformedError:
        said = response.text
    word = json.dumps(said).strip('" .').casefold()
    return True if word.startswith(YES.casefold()) else False if word.startswith(NO.casefold()) else None


def _request(asked: Asked, situation: Situation, *, labels: tuple[str, ...] = (), seed: int = 0) -> Request:
    told, room = {"yes": YES, "no": NO}, room_of(asked, None, MAX_TOKENS)
    system, user, _ = fitted(prompt_named("rate"), told, situation, shown_path(situation), room)
    schema = None if labels else as_object({"answer": {"type": "string", "enum": [YES, NO]}})
    return Request(
        asked.name,
        system,
        user,
        schema,
        seed=seed,
        temperature=0.0 if labels else 1.0,
        max_tokens=MAX_TOKENS,
        labels=labels,
        purpose="rate",
        address=situation.statement.address,
    )
