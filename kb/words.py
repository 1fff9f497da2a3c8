"""Plain words for columns, numbers and conditions, as a newcomer reads them."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence

from kb.condition_tree import (
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
)
from kb.conditions import read_condition
from kb.task import Column
from kb.tokens import Mark, split_phrase

__all__ = ["column_in_words", "in_words", "number_in_words", "phrase_in_words", "quantity_in_words"]

_NUMBERS: dict[Operator, str] = {
    "=": "is",
    "<>": "is not",
    "<": "below",
    "<=": "up to",
    ">": "above",
    ">=": "at least",
}
_DATES: dict[Operator, str] = {**_NUMBERS, "<": "before", ">": "after", ">=": "from"}
_LOWER: tuple[Operator, ...] = (">", ">=")
_UPPER: tuple[Operator, ...] = ("<", "<=")
# Units that end names of columns, as people write them. What might be something else ("min") is left out.
_WRITTEN = (
    "mm",
    "cm",
    "km",
    "mg",
    "g",
    "kg",
    "ml",
    "ms",
    "mph",
    "Hz",
    "kHz",
    "MHz",
    "kW",
    "kWh",
    "USD",
    "EUR",
)
_UNITS = {unit.lower(): unit for unit in _WRITTEN} | {"kmh": "km/h", "pct": "%", "percent": "%"}
_YEAR = re.compile(r"(?i)(?:^|.*[^a-z])(?:year|yr)(?:$|[^a-z].*)")


def in_words(when: str, columns: Sequence[Column]) -> str:
    """A condition in words, numbers in full.

    Raises:
        InputError: It is no condition over these columns.

    >>> columns = [Column("flipper_length_mm", "numeric"), Column("sex", "categorical")]
    >>> in_words("flipper_length_mm > 206 AND sex IS NULL", columns)
    'flipper length above 206 mm and sex is missing'
    """
    return _words(read_condition(when, columns))


def column_in_words(name: str, *, with_unit: bool = True) -> str:
    """A column's name with spaces for underscores and dots, and its unit, if it ends with one, in brackets.

    >>> column_in_words("flipper_length_mm"), column_in_words("flipper_length_mm", with_unit=False)
    ('flipper length (mm)', 'flipper length')
    """
    words, unit = _name_and_unit(name)
    return f"{words} ({unit})" if unit and with_unit else words


def _name_and_unit(name: str) -> tuple[str, str]:
    """Its words, and its unit or nothing."""
    *words, last = re.sub(r"[_.]+", " ", name).split() or [name]
    unit = _UNITS.get(last.lower(), "") if words else ""
    return " ".join(words if unit else [*words, last]), unit


def number_in_words(x: float) -> str:
    """A number to read at a glance: about three digits that mean something.

    >>> [number_in_words(x) for x in (4050.0, 206.25, 0.12345, 1_234_567)]
    ['4,050', '206', '0.123', '1.23 million']
    """
    if x != x or x in {float("inf"), float("-inf")}:
        return "unknown" if x != x else ("−" if x < 0 else "") + "infinite"
    size = abs(x)
    for name, unit in (("billion", 1e9), ("million", 1e6)):
        if unit <= size < 1e15:
            return f"{_plain(float(f'{x / unit:.3g}'))} {name}"
    if size >= 1e15 or 0 < size < 1e-4:
        return f"{x:.2g}"
    return _plain(float(round(x)) if size >= 100 else float(f"{x:.3g}"))


def quantity_in_words(column: str, x: float) -> str:
    """A value of that column to read at a glance; years have no comma."""
    return str(int(x)) if _is_year(column, x) else number_in_words(x)


def _is_year(column: str, x: float) -> bool:
    return float(x).is_integer() and _YEAR.fullmatch(column) is not None


def _plain(x: float) -> str:
    """Without loss, with commas between thousands."""
    if x.is_integer() and abs(x) < 1e15:
        return f"{int(x):,}"
    if not 1e-4 <= abs(x) < 1e15:
        return repr(x)
    whole, _, rest = repr(abs(x)).partition(".")
    return f"{'-' if x < 0 else ''}{int(whole):,}.{rest}"


def _words(node: Node) -> str:
    match node:
        case Junction("AND", parts):
            return " and ".join(_part(part) for part in _ranges(parts))
        case Junction(_, parts):
            return " or ".join(map(_part, parts))
        case Not(part):
            return f"not ({_words(part)})"
        case _:
            return _leaf_words(node)


def _named(column: str) -> str:
    return column_in_words(column, with_unit=False)


def _unit(column: str, value: Value) -> str:
    """What follows the number."""
    unit = _name_and_unit(column)[1]
    return f" {unit}" if unit and isinstance(value, float) and not isinstance(value, bool) else ""


def _leaf_words(leaf: Leaf) -> str:
    match leaf:
        case Compare(column, _, bool() as value):
            return f"{_named(column)} is {_value(column, value)}"
        case Compare(column, operator, value):
            words = _DATES if isinstance(value, datetime.date) else _NUMBERS
            return f"{_named(column)} {words[operator]} {_value(column, value)}{_unit(column, value)}"
        case Between(column, low, high, negated):
            return f"{_named(column)} {_span(column, low, high, is_negated=negated)}{_unit(column, high)}"
        case OneOf(column, values, False):
            return f"{_named(column)} is {_listed(column, values, 'or')}"
        case OneOf(column, values, _):
            return f"{_named(column)} is neither {_listed(column, values, 'nor')}"
        case Missing(column, negated):
            return f"{_named(column)} is {'known' if negated else 'missing'}"
        case Truth(column, value, negated):
            return f"{_named(column)} is {'not ' if negated else ''}{_value(column, value)}"
        case Contains(column, phrase, negated):
            says = "doesn't say" if negated else "says"
            return f"{_named(column)} {says} {phrase_in_words(phrase)}"


_MARKED: dict[Mark, str] = {
    "": "“{0}”",
    "not": "“{0}” after a negation",
    "very": "“very {0}” or the like",
    "rather": "“rather {0}” or the like",
    "loud": "“{1}” in capitals",
    "but": "“{0}” after a “but”",
    "before but": "“{0}” before a “but”",
}


def phrase_in_words(phrase: str) -> str:
    """A phrase that a text contains, as a person reads it, whatever the language of the text.

    >>> phrase_in_words("not gut"), phrase_in_words("good but")
    ('“gut” after a negation', '“good” before a “but”')
    """
    mark, words = split_phrase(phrase)
    return _MARKED[mark].format(words, phrase)


def _span(column: str, low: Value, high: Value, *, is_negated: bool) -> str:
    if not is_negated:
        return f"from {_value(column, low)} up to {_value(column, high)}"
    words = _DATES if isinstance(low, datetime.date) else _NUMBERS
    return f"{words['<']} {_value(column, low)} or {words['>']} {_value(column, high)}"


def _part(part: Node | str) -> str:
    if isinstance(part, str):
        return part
    return f"({_words(part)})" if isinstance(part, Junction) else _words(part)


def _ranges(parts: Sequence[Node]) -> list[Node | str]:
    """The parts, a lower and an upper end of one column written as one range."""
    found: list[Node | str] = []
    rest = _tightest(parts)
    while rest:
        first = rest.pop(0)
        other = next((part for part in rest if _are_ends(first, part)), None)
        if other is None or not isinstance(first, Compare) or not isinstance(other, Compare):
            found.append(first)
            continue
        rest.remove(other)
        low, high = (first, other) if first.operator in _LOWER else (other, first)
        words = _DATES if isinstance(low.value, datetime.date) else _NUMBERS
        ends = (f"{words[end.operator]} {_value(end.column, end.value)}" for end in (low, high))
        joint = " " if high.operator == "<=" else " and "
        found.append(f"{_named(low.column)} {joint.join(ends)}{_unit(low.column, high.value)}")
    return found


def _tightest(parts: Sequence[Node]) -> list[Node]:
    """The parts without ends of a column that another of its ends makes needless."""
    kept: list[Node] = []
    for part in parts:
        at = next((i for i, other in enumerate(kept) if _implies(part, other) or _implies(other, part)), None)
        if at is None:
            kept.append(part)
        elif _implies(part, kept[at]):
            kept[at] = part
    return kept


def _implies(first: Node, second: Node) -> bool:
    """Whether both are lower or both upper ends of one column, and the first leaves no more cases."""
    if not isinstance(first, Compare) or not isinstance(second, Compare) or first.column != second.column:
        return False
    a, b = _place(first.value), _place(second.value)
    for side, sign in ((_LOWER, 1.0), (_UPPER, -1.0)):
        if a is not None and b is not None and {first.operator, second.operator} <= {*side}:
            return (sign * a, first.operator == side[0]) >= (sign * b, second.operator == side[0])
    return False


def _place(value: Value) -> float | None:
    """Where a number or a day stands; None for what has no order here."""
    if isinstance(value, datetime.date):
        return float(value.toordinal())
    return value if isinstance(value, float) else None


def _are_ends(first: Node, second: Node) -> bool:
    if not isinstance(first, Compare) or not isinstance(second, Compare) or first.column != second.column:
        return False
    pair = {first.operator, second.operator}
    return len(pair & {*_LOWER}) == 1 and len(pair & {*_UPPER}) == 1


def _value(column: str, value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if _is_year(column, value) else _plain(value)
    return value.isoformat() if isinstance(value, datetime.date) else value


def _listed(column: str, values: Sequence[Value], word: str) -> str:
    *some, last = (_value(column, value) for value in values)
    return f"{', '.join(some)} {word} {last}"
