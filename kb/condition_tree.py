"""Conditions as trees: the node types that a condition may consist of, and their one way as SQL."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

__all__ = [
    "OPERATORS",
    "WORDS",
    "Between",
    "Compare",
    "Contains",
    "Junction",
    "Leaf",
    "Missing",
    "Node",
    "Not",
    "OneOf",
    "Operator",
    "Truth",
    "Value",
    "days_since_1970",
    "leaves",
    "parentheses",
    "quoted_name",
    "quoted_text",
    "sql_of",
]

Value = float | str | bool | datetime.date
Operator = Literal["=", "<>", "<", "<=", ">", ">="]
OPERATORS: tuple[Operator, ...] = get_args(Operator)
WORDS = frozenset({"AND", "OR", "NOT", "BETWEEN", "IN", "IS", "NULL", "TRUE", "FALSE"})
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_DUCKDB_RESERVES = """
    all analyse analyze and anti any array as asc asof asymmetric at authorization between binary both by
    case cast check collate collation column columns concurrently constraint create cross default deferrable
    desc describe distinct do else end except false fetch for foreign freeze from full generated glob group
    having ilike in initially inner intersect into is isnull join lambda lateral leading left like limit map
    natural not notnull null offset on only or order outer overlaps pivot pivot_longer pivot_wider placing
    positional primary qualify references returning right select semi show similar some struct summarize
    symmetric table tablesample then to trailing true try_cast tuple union unique unpack unpivot using
    variadic when where window with"""
_RESERVED = frozenset(_DUCKDB_RESERVES.split())


@dataclass(frozen=True, slots=True)
class Compare:
    """A column against one value; a boolean column only with ``=``."""

    column: str
    operator: Operator
    value: Value


@dataclass(frozen=True, slots=True)
class Between:
    """A column between two values, both included."""

    column: str
    low: Value
    high: Value
    is_negated: bool = False


@dataclass(frozen=True, slots=True)
class OneOf:
    """A column that has one of at least two values."""

    column: str
    values: tuple[Value, ...]
    is_negated: bool = False


@dataclass(frozen=True, slots=True)
class Missing:
    """A column without a value."""

    column: str
    is_negated: bool = False


@dataclass(frozen=True, slots=True)
class Truth:
    """A boolean column IS TRUE or IS FALSE; unlike ``=`` it is false, not unknown, where missing."""

    column: str
    value: bool
    is_negated: bool = False


@dataclass(frozen=True, slots=True)
class Contains:
    """A text column that contains a word or phrase, in the form of ``kb.tokens.canonical_phrase``."""

    column: str
    phrase: str
    is_negated: bool = False


@dataclass(frozen=True, slots=True)
class Not:
    """The negation of a junction; other nodes hold their own."""

    part: Node


@dataclass(frozen=True, slots=True)
class Junction:
    """At least two parts joined by AND or OR; no part is a junction of the same word."""

    word: Literal["AND", "OR"]
    parts: tuple[Node, ...]


Leaf = Compare | Between | OneOf | Missing | Truth | Contains
Node = Leaf | Not | Junction


def leaves(node: Node) -> Iterator[Leaf]:
    """Its comparisons, from left to right."""
    if isinstance(node, Not):
        yield from leaves(node.part)
    elif isinstance(node, Junction):
        for part in node.parts:
            yield from leaves(part)
    else:
        yield node


def parentheses(node: Node) -> int:
    """How deep ``sql_of`` nests parentheses."""
    match node:
        case Junction(_, parts):
            return max(parentheses(part) + isinstance(part, Junction) for part in parts)
        case Not(part):
            return 1 + parentheses(part)
        case _:
            return 1


def sql_of(node: Node) -> str:
    """The one way to write it; reading it again gives the same node."""
    match node:
        case Junction(word, parts):
            return f" {word} ".join(
                _in_parentheses(p) if isinstance(p, Junction) else sql_of(p) for p in parts
            )
        case Not(part):
            return f"NOT {_in_parentheses(part)}"
        case Compare(column, _, bool() as value):
            return quoted_name(column) if value else f"NOT {quoted_name(column)}"
        case Compare(column, operator, value):
            return f"{quoted_name(column)} {operator} {_literal(value)}"
        case Between(column, low, high, negated):
            return f"{quoted_name(column)} {_not(negated)}BETWEEN {_literal(low)} AND {_literal(high)}"
        case OneOf(column, values, negated):
            return f"{quoted_name(column)} {_not(negated)}IN ({', '.join(map(_literal, values))})"
        case Missing(column, negated):
            return f"{quoted_name(column)} IS {_not(negated)}NULL"
        case Truth(column, value, negated):
            return f"{quoted_name(column)} IS {_not(negated)}{str(value).upper()}"
        case Contains(column, phrase, negated):
            return f"{_not(negated)}contains({quoted_name(column)}, {quoted_text(phrase)})"


def quoted_text(text: str) -> str:
    """``text`` as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def days_since_1970(day: datetime.date) -> int:
    """How dates are kept inside."""
    return day.toordinal() - datetime.date(1970, 1, 1).toordinal()


def _in_parentheses(node: Node) -> str:
    return f"({sql_of(node)})"


def _not(is_negated: bool) -> str:
    return "NOT " if is_negated else ""


def quoted_name(name: str) -> str:
    """``name`` as an SQL identifier, quoted where it must be."""
    if _PLAIN_NAME.fullmatch(name) and name.lower() not in _RESERVED and name.upper() not in WORDS:
        return name
    return '"' + name.replace('"', '""') + '"'


def _literal(value: Value) -> str:
    match value:
        case bool():
            return str(value).upper()
        case float():
            return repr(value).removesuffix(".0") if value else "0"
        case datetime.date():
            return f"DATE '{value.isoformat()}'"
        case _:
            return quoted_text(value)
