"""The three ways to ask for a step: free statements, a typed grammar, definitions.

A mode gives the schema of the answer and turns an answer that kept to it into statements. Whatever else a
reply holds is passed over, so nothing that a model writes decides more than texts, conditions and sides.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from kb.conditions import conjunction
from kb.errors import InputError
from kb.statements import Draft, Kind
from unpacking.language_model.typed import is_about_columns, read_typed, typed_schema
from unpacking.protocol import Situation

__all__ = ["MODES", "NAME", "MalformedError", "Mode", "ModeName", "as_object", "json_in"]

NAME = "language-model"
ModeName = Literal["free", "typed", "definitions"]
FREE, DEFINITIONS = "unpack-free", "unpack-definitions"
COLUMNS, TYPED = "unpack-columns", "unpack-typed"
FEWEST, MOST = 2, 6
MOST_NAMED = 200  # columns that a schema lists
MOST_READ = 12  # children of a reply that are looked at
LETTERS = 200
KINDS: tuple[Kind, ...] = ("claim", "aspect", "assumption")
_FENCE = re.compile(r"^\s*```[a-z]*\s*\n(.*?)\n?\s*```\s*$", re.DOTALL)
_TESTABLE = (
    "Where the columns allow it, a statement can be tested: give in `when` the cases that it speaks about, "
    "an SQL condition over columns such as mass_g > 4500 AND colour IN ('red', 'blue'), and in `side` the "
    "outcome that it makes more likely there. Leave both empty for a statement that no condition tests; "
    "if it says that some columns tell the outcome (kind aspect), name them in `about`."
)


class MalformedError(ValueError):
    """A reply is not what the schema asks for; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Mode:
    """One way to ask for a step.

    Attributes:
        prompts: The prompt files.
        prompt: Which of them a situation takes.
        schema: The schema of the answer, given the situation, a seed and how many columns it may offer.
        told: What the prompt's instructions ask for.
        read: The children of an answer.
    """

    prompts: tuple[str, ...]
    prompt: Callable[[Situation], str]
    schema: Callable[[Situation, int, int], dict[str, Any] | None]
    told: Callable[[Situation], dict[str, str]]
    read: Callable[[Situation, Mapping[str, Any]], tuple[Draft, ...]]


def json_in(text: str) -> Mapping[str, Any]:
    """The JSON object that a reply holds, whether or not it stands in a code fence.

    Raises:
        MalformedError: It holds none.
    """
    fence = _FENCE.match(text)
    try:
        found = json.loads(fence[1] if fence else text)
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"it is no JSON ({error})") from error
    if not isinstance(found, dict):
        raise MalformedError(f"it is a JSON {type(found).__name__}, not an object")
    return found


def as_object(properties: Mapping[str, Any], required: list[str] | None = None) -> dict[str, Any]:
    """The schema of an object with these properties and no others."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties) if required is None else required,
        "additionalProperties": False,
    }


def _list_of(item: Mapping[str, Any]) -> dict[str, Any]:
    return as_object(
        {"children": {"type": "array", "minItems": FEWEST, "maxItems": MOST, "items": dict(item)}}
    )


def _free_schema(situation: Situation, seed: int, columns: int) -> dict[str, Any]:
    del seed, columns
    text = {"type": "string", "minLength": 8, "maxLength": LETTERS}
    properties: dict[str, Any] = {"text": text, "kind": {"type": "string", "enum": list(KINDS)}}
    if situation.task.columns:
        properties["when"] = {"type": "string", "maxLength": 300}
        properties["side"] = {"type": "string", "enum": ["", *situation.task.classes]}
        names = [c.name for c in situation.task.columns[:MOST_NAMED]]
        properties["about"] = {"type": "array", "maxItems": 4, "items": {"type": "string", "enum": names}}
    return _list_of(as_object(properties))


def _definitions_schema(situation: Situation, seed: int, columns: int) -> dict[str, Any]:
    del situation, seed, columns
    term = {"type": "string", "minLength": 2, "maxLength": 60}
    definition = {"type": "string", "minLength": 8, "maxLength": LETTERS}
    return _list_of(as_object({"term": term, "definition": definition}))


def _told(situation: Situation) -> dict[str, str]:
    testable = _TESTABLE if situation.task.columns else ""
    return {"fewest": str(FEWEST), "most": str(MOST), "letters": str(LETTERS), "testable": testable}


def _children_of(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    children = answer.get("children")
    if not isinstance(children, list):
        raise MalformedError("it has no list of children")
    if not children or not all(isinstance(c, dict) for c in children):
        raise MalformedError("its list of children is empty or holds what is no object")
    return children[:MOST_READ]


def _text_of(child: Mapping[str, Any], name: str) -> str:
    value = child.get(name, "")
    if value is None:
        return ""
    if not isinstance(value, str):
        raise MalformedError(f"{name} of a child is no text")
    return " ".join(value.split())


def _read_free(situation: Situation, answer: Mapping[str, Any]) -> tuple[Draft, ...]:
    drafts: dict[tuple[str, str | None], Draft] = {}
    for child in _children_of(answer):
        kind: Kind = next((k for k in KINDS if k == child.get("kind")), "claim")
        when = _text_of(child, "when") if situation.task.columns else ""
        draft = Draft(
            text=_text_of(child, "text"),
            kind="claim" if when else kind,
            when=_within(situation, when) if when else None,
            side=_text_of(child, "side") or None,
            columns=() if when else _columns_of(situation, child),
            origin=NAME,
        )
        drafts.setdefault((draft.text.casefold(), draft.when), draft)
    return tuple(drafts.values())


def _columns_of(situation: Situation, child: Mapping[str, Any]) -> tuple[str, ...]:
    """The columns that a statement without a condition is about."""
    about = child.get("about")
    named = {str(name) for name in about} if isinstance(about, list) else set()
    return tuple(c.name for c in situation.task.columns if c.name in named)


def _within(situation: Situation, when: str) -> str:
    """The condition within the cases that the statement above speaks about."""
    try:
        return conjunction(situation.path_when, when) if situation.path_when else when
    except InputError:
        return when  # no condition at all; the checks will say so


def _read_definitions(situation: Situation, answer: Mapping[str, Any]) -> tuple[Draft, ...]:
    """Definitions of what stands in the statement; others are no part of making it precise."""
    text = situation.statement.text.casefold()
    drafts: dict[str, Draft] = {}
    for child in _children_of(answer):
        term, definition = _text_of(child, "term").strip("\"'“”‘’"), _text_of(child, "definition")
        if not term or not definition:
            raise MalformedError("a definition has no term or says nothing")
        if term.casefold() not in text or not any(letter.isalpha() for letter in term):
            continue
        drafts.setdefault(term.casefold(), Draft(f"“{term}” means: {definition}", "definition", origin=NAME))
    return tuple(drafts.values())


def _typed_prompt(situation: Situation) -> str:
    return COLUMNS if is_about_columns(situation) else TYPED


MODES: Mapping[ModeName, Mode] = {
    "free": Mode((FREE,), lambda _: FREE, _free_schema, _told, _read_free),
    "typed": Mode((COLUMNS, TYPED), _typed_prompt, typed_schema, lambda _: {}, read_typed),
    "definitions": Mode((DEFINITIONS,), lambda _: DEFINITIONS, _definitions_schema, _told, _read_definitions),
}
