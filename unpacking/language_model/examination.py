"""Cross-examination: two fresh readers of one path say what a word in it means, and cases tell if they agree.

Each reader sees the statement and what stands above it, and nothing of the other. Where both give a
condition, they agree if it picks the same cases of D; how alike their sentences are is shown and decides
nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kb.address import Address
from kb.conditions import parse_condition
from kb.errors import FailedError, InputError
from kb.knowledge import Tree
from kb.records import Cost, total
from unpacking.language_model.modes import LETTERS, MalformedError, as_object, json_in
from unpacking.language_model.prompts import prompt_named
from unpacking.language_model.requests import Request, Response
from unpacking.language_model.sending import Asked
from unpacking.language_model.showing import fitted, shown_path
from unpacking.language_model.unpacker import room_of
from unpacking.protocol import Situation
from unpacking.step import situation_of

__all__ = ["EXAMINATION", "Examination", "Reading", "disagreements", "examinations", "examine"]

EXAMINATION = "examination"  # the kind of document, keyed by address and question
MAX_TOKENS = 512
MOST_QUESTION = 400  # letters
SAME = 0.95  # of the cases that either picks, from which two conditions mean the same
TRIES = 3
_TESTABLE = (
    " If the columns allow it, also give in `when` the cases that it picks out, an SQL condition over the "
    "columns such as mass_g > 4500; else leave it empty."
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reader said.

    Attributes:
        reader: The model, and the seed it was asked with.
        text: The definition.
        when: The condition it gave, in canonical form; None if it gave none that can be read.
        cases: Cases of D that the condition picks; None without one.
        response: Key of the model's response.
    """

    reader: str
    text: str
    when: str | None
    cases: int | None
    response: str


@dataclass(frozen=True, slots=True)
class Examination:
    """Two readings of one question about one statement.

    Attributes:
        address: The statement.
        question: What was asked.
        readings: One per reader.
        overlap: Of the cases of D that either condition picks, the share that both pick, in [0, 1]; None
            where one of them gave no condition.
        likeness: Cosine of the two sentences' meanings, in [-1, 1]; None where it can't be measured. Decides
            nothing.
        agree: Whether the conditions pick the same cases; None where that can't be tested.
        cost: What it took, replies that were stored before included.
    """

    address: Address
    question: str
    readings: tuple[Reading, ...]
    overlap: float | None
    likeness: float | None
    agree: bool | None
    cost: Cost = Cost()  # noqa: RUF009  # a frozen value

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        readings = [{name: getattr(r, name) for name in Reading.__slots__} for r in self.readings]
        return {**plain, "readings": readings, "cost": self.cost.to_dict()}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Examination:
        """The examination that ``to_dict`` wrote."""
        readings = tuple(Reading(**reading) for reading in stored["readings"])
        return cls(**{**stored, "readings": readings, "cost": Cost(**stored["cost"])})


def examine(
    tree: Tree,
    address: Address,
    question: str,
    readers: Sequence[Asked],
    *,
    alike: Callable[[str, str], float] | None = None,
) -> Examination:
    """Ask two readers what something in a statement means, compare them, and keep that.

    Args:
        tree: Whose Z.
        address: The statement.
        question: What to ask, such as "what do you mean by 'large'?".
        readers: Two models, or one that is asked twice with two seeds.
        alike: Measures the likeness of two sentences, in [-1, 1].

    Raises:
        InputError: The question is empty or long.
        FailedError: A reader gave no answer that can be read.
    """
    asked = " ".join(question.split())
    if not 1 <= len(asked) <= MOST_QUESTION:
        raise InputError(f"the question has {len(asked)} letters; 1 to {MOST_QUESTION} are asked.")
    situation = situation_of(tree, address, 0)
    pair = [*readers, *readers][:2]
    said = [_reading(reader, situation, asked, seed) for seed, reader in enumerate(pair)]
    readings = tuple(reading for reading, _ in said)
    overlap = _overlap(situation, readings)
    found = Examination(
        address=address,
        question=asked,
        readings=readings,
        overlap=overlap,
        likeness=alike(readings[0].text, readings[1].text) if alike else None,
        agree=None if overlap is None else overlap >= SAME,
        cost=total([cost for _, cost in said]),
    )
    digest = hashlib.blake2b(asked.casefold().encode(), digest_size=6).hexdigest()
    tree.store.put_document(tree.tree_id, EXAMINATION, f"{address} {digest}", found.to_dict())
    return found


def examinations(tree: Tree, address: Address) -> list[Examination]:
    """What readers were asked about a statement."""
    return [Examination.from_dict(d.body) for d in tree.documents(EXAMINATION, prefix=f"{address} ")]


def disagreements(tree: Tree, address: Address) -> tuple[str, ...]:
    """What readers of a statement take differently, one sentence each, for whoever rates it."""
    return tuple(
        f"{found.question} Two readers disagree: "
        + " against ".join(f"“{reading.text}”" for reading in found.readings)
        for found in examinations(tree, address)
        if found.agree is False
    )


def _reading(asked: Asked, situation: Situation, question: str, seed: int) -> tuple[Reading, Cost]:
    """One reader's answer; one that can't be read is asked for anew."""
    problem, spent = "", Cost()
    for attempt in range(TRIES):
        request = _request(asked, situation, question, seed + 2 * attempt)
        (response,) = asked.responses([request])
        spent += response.cost
        try:
            text, written = _said(response)
        except MalformedError as error:
            problem = str(error)
            continue
        when, cases = _picked(situation, written)
        return Reading(f"{asked.name}, seed {request.seed}", text, when, cases, request.key), spent
    raise FailedError(
        f"asked {TRIES} times, it gave no answer that can be read: {problem}.",
        where=asked.name,
        remedy="Ask another model, or put the question otherwise.",
    )


def _request(asked: Asked, situation: Situation, question: str, seed: int) -> Request:
    is_testable = bool(situation.task.columns)
    properties: dict[str, Any] = {"definition": {"type": "string", "minLength": 4, "maxLength": LETTERS}}
    if is_testable:
        properties["when"] = {"type": "string", "maxLength": 300}
    told = {"testable": _TESTABLE if is_testable else ""}
    room = room_of(asked, None, MAX_TOKENS)
    prompt, shown = prompt_named("ask"), shown_path(situation)
    system, user, _ = fitted(prompt, told, situation, shown, room, more={"question": question})
    return Request(
        asked.name,
        system,
        user,
        as_object(properties),
        seed=seed,
        max_tokens=MAX_TOKENS,
        purpose="ask",
        address=situation.statement.address,
    )


def _said(response: Response) -> tuple[str, str]:
    """The definition and the condition as written."""
    if response.refusal:
        raise MalformedError(f"it refused: {response.refusal[:100]}")
    answer = json_in(response.text)
    text, when = answer.get("definition"), answer.get("when") or ""
    if not isinstance(text, str) or not text.strip() or not isinstance(when, str):
        raise MalformedError("it holds no definition")
    return " ".join(text.split())[:LETTERS], " ".join(when.split())


def _picked(situation: Situation, written: str) -> tuple[str | None, int | None]:
    """The condition in its canonical form, and how many cases of D it picks; neither where it is none."""
    if not written:
        return None, None
    try:
        when = parse_condition(written, situation.task.columns).sql
    except InputError:
        return None, None
    return when, int(situation.D.cases.matches([when]).sum())


def _overlap(situation: Situation, readings: Sequence[Reading]) -> float | None:
    """The cases of D that both pick, as a share of those that either does; 1 where neither picks any."""
    conditions = [r.when for r in readings if r.when is not None]
    if len(conditions) < 2:
        return None
    picks = situation.D.cases.matches(conditions)
    either, both = picks.any(axis=1).sum(), picks.all(axis=1).sum()
    return float(np.divide(both, either)) if either else 1.0
