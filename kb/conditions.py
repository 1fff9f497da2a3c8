"""Conditions: which cases a statement speaks about, an allow-listed SQL expression over the columns of x.

What a person or a model wrote is never handed on. It is read into the few node types of
``kb.condition_tree``, and only those are ever written out again, so nothing that is not listed there can
reach a database.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from kb.condition_text import HOW, MAX_LETTERS, MAX_NESTING, as_part, listed_tokens, refused
from kb.condition_tree import (
    OPERATORS,
    Between,
    Compare,
    Contains,
    Junction,
    Leaf,
    Missing,
    Node,
    Not,
    OneOf,
    Operator,
    Truth,
    Value,
    leaves,
    parentheses,
    quoted_name,
    quoted_text,
    sql_of,
)
from kb.errors import InputError
from kb.task import Column
from kb.tokens import canonical_phrase

if TYPE_CHECKING:
    from sqlglot import exp

__all__ = ["Condition", "conjunction", "contained_phrase", "contains", "parse_condition", "read_condition"]

_NEGATED: dict[Operator, Operator] = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_MIRRORED: dict[Operator, Operator] = {"=": "=", "<>": "<>", "<": ">", ">": "<", "<=": ">=", ">=": "<="}


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that was checked.

    Attributes:
        sql: The one way to write it, DuckDB's dialect.
        columns: The columns it mentions, in the order of the task.
        notes: What is allowed but worth knowing, such as a category that never occurs.
    """

    sql: str
    columns: tuple[str, ...]
    notes: tuple[str, ...] = field(default=(), compare=False)


def parse_condition(text: str, columns: Sequence[Column]) -> Condition:
    """The condition that ``text`` writes, checked against the columns.

    Args:
        text: At most 10,000 letters; names in any case, quoted with ``"`` where they hold spaces.
        columns: The columns of x.

    Raises:
        InputError: Something in it is not allowed, unknown or of the wrong type; names the piece.

    >>> parse_condition("(Mass>=4.50e3)", [Column("mass", "numeric")]).sql
    'mass >= 4500'
    """
    node = read_condition(text, columns)
    found = {leaf.column for leaf in leaves(node)}
    notes = tuple(note for leaf in leaves(node) for note in _never_occurring(leaf, columns))
    return Condition(sql_of(node), tuple(c.name for c in columns if c.name in found), notes)


def read_condition(text: str, columns: Sequence[Column]) -> Node:
    """The same as a tree of nodes, for those who compile it or put it into words.

    Raises:
        InputError: As ``parse_condition``.
    """
    return _contains_alone(text, columns) or _read(text, tuple(columns))


def contains(column: str, phrase: str) -> str:
    """The condition that a text column contains a phrase, in its one form.

    >>> contains("review", "not good")
    "contains(review, 'not good')"
    """
    return sql_of(Contains(column, canonical_phrase(phrase)))


def contained_phrase(text: str, columns: Sequence[Column]) -> tuple[str, str] | None:
    """Column and phrase of a condition that is one ``contains`` and nothing else; None for any other."""
    node = _contains_alone(text, columns)
    return (node.column, node.phrase) if node else None


_CONTAINS = re.compile(r"""contains\(([A-Za-z_][A-Za-z0-9_]*|"(?:[^"]|"")+"), '((?:[^']|'')+)'\)""", re.ASCII)


def _contains_alone(text: str, columns: Sequence[Column]) -> Contains | None:
    """The node of a single ``contains`` in its one form: a text has thousands, too many for a parser."""
    return _alone(text, frozenset(column.name for column in columns if column.type == "text"))


@lru_cache(maxsize=65_536)
def _alone(text: str, texts: frozenset[str]) -> Contains | None:
    found = _CONTAINS.fullmatch(text)
    if found is None or len(text) > MAX_LETTERS:
        return None
    name, phrase = found[1], found[2].replace("''", "'")
    name = name[1:-1].replace('""', '"') if name.startswith('"') else name
    return Contains(name, phrase) if name in texts and canonical_phrase(phrase) == phrase else None


@lru_cache(maxsize=8_192)
def _read(text: str, columns: tuple[Column, ...]) -> Node:
    import sqlglot
    from sqlglot.errors import SqlglotError

    known = {column.name: column for column in columns}
    plain = listed_tokens(text, known)
    try:
        parsed = sqlglot.parse_one(plain, read="duckdb")
    except (SqlglotError, RecursionError) as error:
        raise refused(text, "is not a condition", HOW) from error
    node = _Reader(text, known).node(parsed)
    if parentheses(node) > MAX_NESTING or len(sql_of(node)) > MAX_LETTERS:
        raise refused(text, "written out in full is too long or too deeply nested", "Split it up.")
    return node


def conjunction(first: str, second: str) -> str:
    """Both conditions at once, each in parentheses where it has an OR of its own.

    Raises:
        InputError: One of them is no single expression, such as ``a) OR (b``.

    >>> conjunction("a > 1 OR b", "c")
    '(a > 1 OR b) AND c'
    """
    return f"{as_part(first)} AND {as_part(second)}"


def _never_occurring(leaf: Leaf, columns: Sequence[Column]) -> Iterator[str]:
    column = next(c for c in columns if c.name == leaf.column)
    if column.type not in {"categorical", "ordinal"}:
        return
    values = leaf.values if isinstance(leaf, OneOf) else (leaf.value,) if isinstance(leaf, Compare) else ()
    for value in values:
        if value not in column.levels:
            yield f"{column.name} is never {value!r}, neither in D nor in D*."


class _Reader:
    """Turns sqlglot's tree into ours, node by node; whatever is not listed is refused."""

    def __init__(self, text: str, known: Mapping[str, Column]) -> None:
        self.text, self.known = text, known

    def node(self, tree: exp.Expr) -> Node:
        from sqlglot import exp

        match tree:
            case exp.Paren():
                return self.node(tree.this)
            case exp.And() | exp.Or():
                return self._junction(tree)
            case exp.Not():
                return _negation(self.node(tree.this))
            case exp.Column():
                return self._bare(self._column(tree))
            case exp.Between():
                return self._between(tree)
            case exp.In():
                return self._one_of(tree)
            case exp.Is():
                return self._is(tree)
            case exp.Contains():
                return self._contains(tree)
        return self._compare(tree)

    def _junction(self, tree: exp.And | exp.Or) -> Node:
        from sqlglot import exp

        word: Literal["AND", "OR"] = "AND" if isinstance(tree, exp.And) else "OR"
        parts: list[Node] = []
        for operand in _chain(tree):
            part = self.node(operand)
            parts.extend(part.parts if isinstance(part, Junction) and part.word == word else (part,))
        unique = tuple(dict.fromkeys(parts))
        return unique[0] if len(unique) == 1 else Junction(word, unique)

    def _bare(self, column: Column) -> Node:
        if column.type != "boolean":
            raise self._refusal(
                f"{quoted_name(column.name)} alone is no condition: it is {column.type}",
                "Compare it with a value.",
            )
        return Compare(column.name, "=", value=True)

    def _between(self, tree: exp.Between) -> Node:
        column = self._column(tree.this)
        self._check_order(column)
        low, high = (self._value(column, tree.args[end]) for end in ("low", "high"))
        self._check_levels(column, (low, high))
        return Between(column.name, low, high)

    def _one_of(self, tree: exp.In) -> Node:
        column = self._column(tree.this)
        if not tree.expressions:
            raise self._refusal("IN needs its values in parentheses", "Write IN ('a', 'b').")
        values = tuple(dict.fromkeys(self._value(column, value) for value in tree.expressions))
        return OneOf(column.name, values) if len(values) > 1 else Compare(column.name, "=", values[0])

    def _is(self, tree: exp.Is) -> Node:
        from sqlglot import exp

        column, value = self._column(tree.this), tree.expression
        if isinstance(value, exp.Null):
            return Missing(column.name)
        if not isinstance(value, exp.Boolean):
            raise self._refusal(f"IS {_shown(value)} is not allowed", "IS takes NULL, TRUE or FALSE.")
        if column.type != "boolean":
            raise self._wrong_type(column, str(value.this).upper())
        return Truth(column.name, bool(value.this))

    def _contains(self, tree: exp.Contains) -> Node:
        from sqlglot import exp

        column, written = self._column(tree.this), tree.expression
        if column.type != "text":
            problem = f"contains() reads text; {quoted_name(column.name)} is {column.type}"
            raise self._refusal(problem, "Compare it with a value.")
        if not isinstance(written, exp.Literal) or not written.is_string:
            problem = f"{_shown(written)} stands where a word is needed"
            raise self._refusal(problem, "Write contains(column, 'word or phrase').")
        if any(value is not None for name, value in tree.args.items() if name not in {"this", "expression"}):
            raise self._refusal(
                "contains() takes a column and one phrase", "Join two of them with OR or AND."
            )
        phrase = canonical_phrase(str(written.this))
        if not phrase:
            raise self._refusal(f"{quoted_text(str(written.this))} holds no word", "Name a word or a phrase.")
        return Contains(column.name, phrase)

    def _compare(self, tree: exp.Expr) -> Node:
        from sqlglot import exp

        pairs = zip((exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE), OPERATORS, strict=True)
        operators: dict[type[exp.Expr], Operator] = dict(pairs)
        operator = operators.get(type(tree))
        if operator is None:
            raise self._refusal(f"{_shown(tree)} is not allowed", HOW)
        left, right = tree.args["this"].unnest(), tree.args["expression"].unnest()
        if isinstance(right, exp.Column) and not isinstance(left, exp.Column):
            left, right, operator = right, left, _MIRRORED[operator]
        column = self._column(left)
        if isinstance(right, exp.Null):
            remedy = f"Write {quoted_name(column.name)} IS {'' if operator == '=' else 'NOT '}NULL."
            raise self._refusal("nothing equals NULL", remedy)
        if operator not in {"=", "<>"}:
            self._check_order(column)
        value = self._value(column, right)
        if isinstance(value, bool):
            return Compare(column.name, "=", value if operator == "=" else not value)
        if operator not in {"=", "<>"}:
            self._check_levels(column, (value,))
        return Compare(column.name, operator, value)

    def _column(self, tree: exp.Expr) -> Column:
        from sqlglot import exp

        column = tree.unnest()
        # every name was quoted before, so one without quotes is a keyword out of place
        if not isinstance(column, exp.Column) or len(column.parts) != 1 or not column.this.quoted:
            raise self._refusal(f"{_shown(column)} stands where a column is needed", HOW)
        return self.known[column.name]

    def _value(self, column: Column, tree: exp.Expr) -> Value:
        from sqlglot import exp

        value, sign = tree.unnest(), 1.0
        while isinstance(value, exp.Neg):
            value, sign = value.this.unnest(), -sign
        number = isinstance(value, exp.Literal) and not value.is_string
        match value:
            case exp.Literal() if number:
                return self._number(column, sign * float(value.this))
            case exp.Literal() if sign == 1.0:
                return self._text(column, str(value.this))
            case exp.Boolean() if sign == 1.0:
                if column.type != "boolean":
                    raise self._wrong_type(column, str(value.this).upper())
                return bool(value.this)
            case exp.Cast(this=exp.Literal(is_string=True)) if sign == 1.0 and value.is_type("date"):
                if column.type != "date":
                    raise self._wrong_type(column, f"DATE {quoted_text(str(value.this.this))}")
                return self._text(column, str(value.this.this))
        raise self._refusal(f"{_shown(tree)} stands where a value is needed", HOW)

    def _number(self, column: Column, number: float) -> Value:
        if not math.isfinite(number):
            raise self._refusal("a number is too large", "Numbers go up to 1.7e308.")
        written = f"{number:.15g}"
        if column.type == "boolean" and number in {0.0, 1.0}:
            return number == 1.0
        if column.type in {"categorical", "ordinal"} and written in column.levels:
            return written
        if column.type != "numeric":
            raise self._wrong_type(column, written)
        return number + 0.0

    def _text(self, column: Column, text: str) -> Value:
        if column.type == "date":
            try:
                return datetime.date.fromisoformat(text)
            except ValueError as error:
                raise self._refusal(f"{text!r} is not a date", "Write DATE '2020-12-31'.") from error
        if column.type in {"numeric", "boolean"}:
            raise self._wrong_type(column, quoted_text(text))
        return text

    def _check_order(self, column: Column) -> None:
        if column.type not in {"numeric", "date", "ordinal"}:
            problem = f"{quoted_name(column.name)} is {column.type}: its values have no order"
            raise self._refusal(problem, "Use =, <> or IN.")

    def _check_levels(self, column: Column, values: Sequence[Value]) -> None:
        if column.type == "ordinal":
            for value in values:
                if value not in column.levels:
                    levels = " < ".join(map(quoted_text, column.levels))
                    problem = f"{value!r} has no place in the order of {quoted_name(column.name)}"
                    raise self._refusal(problem, f"The order is {levels}.")

    def _wrong_type(self, column: Column, written: str) -> InputError:
        takes = {
            "numeric": "a number, like 3.5",
            "date": "a date, like DATE '2020-12-31'",
            "boolean": "TRUE or FALSE",
        }.get(column.type, "text in single quotes")
        problem = f"{written} is the wrong type for {quoted_name(column.name)}, which is {column.type}"
        return self._refusal(problem, f"It takes {takes}.")

    def _refusal(self, problem: str, remedy: str) -> InputError:
        return refused(self.text, problem, remedy)


def _chain(tree: exp.And | exp.Or) -> list[exp.Expr]:
    """The operands of a run of the same word; the parser nests it as deep as it is long."""
    operands: list[exp.Expr] = []
    left: exp.Expr = tree
    while type(left) is type(tree):
        operands.append(left.args["expression"])
        left = left.args["this"]
    return [left, *reversed(operands)]


def _negation(node: Node) -> Node:
    match node:
        case Not(part):
            return part
        case Junction():
            return Not(node)
        case Compare(column, _, bool() as value):
            return Compare(column, "=", not value)
        case Compare(column, operator, value):
            return Compare(column, _NEGATED[operator], value)
        case _:
            return replace(node, is_negated=not node.is_negated)


def _shown(tree: exp.Expr) -> str:
    shown = tree.sql(dialect="duckdb")
    return shown if len(shown) <= 60 else shown[:60] + "…"
