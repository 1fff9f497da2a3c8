"""The typed grammar: every statement that a model can make is a condition on a column and a side.

The schema lists, per column, the conditions that the column allows and the outcomes; so a reply that keeps to
it can be tested on D whatever the model knows. A small model on one's own machine can do that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kb.arrays import Numbers
from kb.columns import text_of_day
from kb.condition_tree import leaves, quoted_name, quoted_text
from kb.conditions import conjunction, parse_condition, read_condition
from kb.statements import Draft
from kb.task import Column
from kb.words import column_in_words, in_words
from unpacking.checks import LEAST_CASES
from unpacking.protocol import Situation

__all__ = ["aspect", "is_about_columns", "read_typed", "tests_of", "typed_schema"]

ORIGIN = "language-model"
ENTRIES = 2  # that a column may have in one reply
ENTRIES_OF_ONE = 6  # where it is the only one
MOST_LEVELS = 8
MOST_ASPECTS = 8  # columns that one reply may name at the root
MOST_NAMED = 200  # columns that it may name them from
CUTS = (0.2, 0.4, 0.6, 0.8)  # quantiles of the cases that the statement speaks about


def typed_schema(situation: Situation, seed: int, columns: int) -> dict[str, Any] | None:
    """The schema of an answer: per column a list of its conditions, each with an outcome.

    Args:
        situation: The statement and the task. At the root the answer names columns instead.
        seed: Draws the columns where there are too many.
        columns: How many may be offered at once.

    Returns:
        None where no column has a condition that says more than the statement itself.
    """
    if is_about_columns(situation):
        return _columns_schema(situation)
    offered = _offered(situation)
    if not offered or len(situation.task.classes) < 2:
        return None
    names = list(offered)
    if len(names) > columns:
        drawn = np.random.default_rng([seed, len(names)]).permutation(len(names))[:columns]
        names = [names[i] for i in sorted(drawn.tolist())]
    side = {"type": "string", "enum": list(situation.task.classes)}
    keys = _keys(situation.task.columns)
    properties, most = {}, ENTRIES if len(names) > 1 else ENTRIES_OF_ONE
    for name in names:
        entry = {
            "type": "object",
            "properties": {"cases": {"type": "string", "enum": list(offered[name])}, "likely": side},
            "required": ["cases", "likely"],
            "additionalProperties": False,
        }
        properties[keys[name]] = {"type": "array", "minItems": 0, "maxItems": most, "items": entry}
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def is_about_columns(situation: Situation) -> bool:
    """At the root the model says which columns tell; below them, what they tell."""
    return not situation.above


def _columns_schema(situation: Situation) -> dict[str, Any] | None:
    keys = _keys([c for c in situation.task.columns if c.type != "text"])
    if not keys:
        return None
    column = {"type": "string", "enum": list(keys.values())[:MOST_NAMED]}
    named = {"type": "array", "minItems": 1, "maxItems": MOST_ASPECTS, "items": column}
    return {
        "type": "object",
        "properties": {"columns": named},
        "required": ["columns"],
        "additionalProperties": False,
    }


def _read_columns(situation: Situation, answer: Mapping[str, Any]) -> tuple[Draft, ...]:
    named = answer.get("columns")
    wanted = {str(name) for name in named} if isinstance(named, list) else set()
    keys = _keys([c for c in situation.task.columns if c.type != "text"])
    return tuple(aspect(situation, [name]) for name, key in keys.items() if key in wanted)


def aspect(situation: Situation, columns: Sequence[str]) -> Draft:
    """The statement that some columns tell the target."""
    words = [column_in_words(name) for name in columns]
    named = (
        f"{', '.join(words[:-1])} and {words[-1]} together tell" if len(words) > 1 else f"{words[0]} tells"
    )
    text = f"{named[:1].upper()}{named[1:]} the {column_in_words(situation.task.target)}."
    return Draft(text, "aspect", columns=tuple(columns), origin=ORIGIN)


def read_typed(situation: Situation, answer: Mapping[str, Any]) -> tuple[Draft, ...]:
    """The aspects or claims of an answer. What the schema does not list is passed over."""
    if is_about_columns(situation):
        return _read_columns(situation, answer)
    offered, keys = _offered(situation), _keys(situation.task.columns)
    drafts: dict[str, Draft] = {}
    for name, conditions in offered.items():
        entries = answer.get(keys[name])
        for entry in entries if isinstance(entries, list) else []:
            said = entry if isinstance(entry, dict) else {}
            when, side = conditions.get(str(said.get("cases"))), said.get("likely")
            if when is not None and side in situation.task.classes:
                drafts.setdefault(when, _claim(situation, when, str(side)))
    return tuple(drafts.values())


def _claim(situation: Situation, when: str, side: str) -> Draft:
    condition = parse_condition(when, situation.task.columns)
    words = in_words(condition.sql, situation.task.columns)
    text = f"{words[:1].upper()}{words[1:]}: {side} more likely."
    return Draft(text, "claim", condition.sql, side, condition.columns, origin=ORIGIN)


def _keys(columns: Sequence[Column]) -> dict[str, str]:
    """Per column the key that stands for it in a schema: every provider takes letters, digits and _."""
    keys: dict[str, str] = {}
    for place, column in enumerate(columns):
        plain = re.sub(r"[^A-Za-z0-9_]+", "_", column.name)[:50].strip("_") or "column"
        keys[column.name] = f"{plain}_{place}" if plain in keys.values() else plain
    return keys


def _offered(situation: Situation) -> dict[str, dict[str, str]]:
    """Per column that can say more: what to call its conditions, and each in full.

    Below an aspect these are its columns, else those that the statement does not speak about yet. Offered is
    what some of the statement's cases meet and some don't, ``LEAST_CASES`` each.
    """
    path, statement = situation.path_when, situation.statement
    about = set(statement.draft.columns) if statement.kind == "aspect" else set()
    said = {leaf.column for leaf in leaves(read_condition(path, situation.task.columns))} if path else set()
    found: list[tuple[str, str, str]] = []
    for column in situation.task.columns:
        if column.name not in said and (not about or column.name in about):
            for label, condition in tests_of(situation, column):
                found.append((column.name, label, conjunction(path, condition) if path else condition))
    if not found:
        return {}
    applies = situation.D.cases.matches([condition for _, _, condition in found]).sum(axis=0)
    within = int(situation.D.cases.matches([path]).sum()) if path else situation.D.n
    offered: dict[str, dict[str, str]] = {}
    for (name, label, condition), n in zip(found, applies.tolist(), strict=True):
        if LEAST_CASES <= n <= within - LEAST_CASES:
            offered.setdefault(name, {})[label] = condition
    return offered


def tests_of(situation: Situation, column: Column) -> list[tuple[str, str]]:
    """Conditions on one column, each with its name: both sides of some cuts, or each frequent value."""
    name = quoted_name(column.name)
    values = situation.D.cases.values(column.name)
    if column.type in ("numeric", "date"):
        if situation.path_when:
            values = values[situation.D.cases.matches([situation.path_when])[:, 0]]
        tests = []
        for cut in _cuts(values[~np.isnan(values)], whole=column.type == "date"):
            shown = text_of_day(cut) if column.type == "date" else f"{cut:.12g}"
            low, high = ("before", "from") if column.type == "date" else ("below", "at least")
            literal = f"DATE '{shown}'" if column.type == "date" else shown
            tests += [(f"{low} {shown}", f"{name} < {literal}"), (f"{high} {shown}", f"{name} >= {literal}")]
        return tests
    if column.type == "boolean":
        return [("true", f"{name} = TRUE"), ("false", f"{name} = FALSE")]
    if column.type in ("categorical", "ordinal"):
        return [(f"is {v}", f"{name} = {quoted_text(v)}") for v in column.levels[:MOST_LEVELS]]
    return []


def _cuts(known: Numbers, *, whole: bool) -> list[float]:
    """Quantiles, each once: rounded to three digits, or to whole days."""
    if len(known) < 2 * LEAST_CASES:
        return []
    found = np.quantile(known, CUTS).tolist()
    return sorted({float(round(q)) if whole else float(f"{q:.3g}") for q in found})
