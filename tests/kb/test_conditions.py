from __future__ import annotations

import datetime
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kb.cases import Cases
from kb.condition_tree import (
    Between,
    Compare,
    Junction,
    Missing,
    Node,
    Not,
    OneOf,
    Truth,
    days_since_1970,
    sql_of,
)
from kb.conditions import conjunction, parse_condition, read_condition
from kb.errors import InputError
from kb.task import Column
from tests.cases import cases_from_arrays

COLUMNS = (
    Column("mass", "numeric"),
    Column("Flipper Length", "numeric"),
    Column("island", "categorical", ("Dream", "it's", "Ünï", "-- x", "a\\b")),
    Column("size", "ordinal", ("low", "medium", "high")),
    Column("smoker", "boolean", ("true", "false")),
    Column("date", "date"),
    Column('we"ird', "numeric"),
    Column("order", "text"),
    Column("größe", "numeric"),
    Column("NOT", "boolean", ("false", "true")),
)


def sql(text: str) -> str:
    return parse_condition(text, COLUMNS).sql


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("MASS>206", "mass > 206"),
        ("((mass)) > (206.0)", "mass > 206"),
        ("206 < mass", "mass > 206"),
        ("mass > -.5", "mass > -0.5"),
        ("mass == 2e2", "mass = 200"),
        ("mass != 3", "mass <> 3"),
        ("not mass > 3", "mass <= 3"),
        ("mass not between 1 and 2", "mass NOT BETWEEN 1 AND 2"),
        ("island in ('Dream')", "island = 'Dream'"),
        ("island IN ('Dream','it''s','Dream')", "island IN ('Dream', 'it''s')"),
        ("not island in ('Dream','it''s')", "island NOT IN ('Dream', 'it''s')"),
        ("island is not null", "island IS NOT NULL"),
        ("smoker = false", "NOT smoker"),
        ("smoker <> 1", "NOT smoker"),
        ("smoker is not true", "smoker IS NOT TRUE"),
        ("date >= '2020-02-29'", "date >= DATE '2020-02-29'"),
        ("date >= date '2020-02-29'", "date >= DATE '2020-02-29'"),
        ("size > 'low'", "size > 'low'"),
        ('"flipper length" < 3', '"Flipper Length" < 3'),
        ('"we""ird" is null', '"we""ird" IS NULL'),
        ("order = 'x'", "\"order\" = 'x'"),
        ("größe > 1", '"größe" > 1'),
        ('"NOT" and mass > 1', '"NOT" AND mass > 1'),
        ("mass > 1 or mass > 2 and smoker", "mass > 1 OR (mass > 2 AND smoker)"),
        ("(mass > 1 and (mass > 2 and smoker))", "mass > 1 AND mass > 2 AND smoker"),
        ("not (mass > 1 or not not smoker)", "NOT (mass > 1 OR smoker)"),
        ("smoker and smoker", "smoker"),
    ],
)
def test_the_same_condition_is_written_one_way(written: str, canonical: str) -> None:
    assert sql(written) == canonical
    assert sql(canonical) == canonical


def test_columns_come_in_the_order_of_the_task() -> None:
    assert parse_condition("smoker AND (island = 'x' OR mass > 1)", COLUMNS).columns == (
        "mass",
        "island",
        "smoker",
    )


def test_a_category_that_never_occurs_is_allowed_and_noted() -> None:
    condition = parse_condition("island IN ('Dream', 'Atlantis')", COLUMNS)
    assert condition.notes == ("island is never 'Atlantis', neither in D nor in D*.",)


@pytest.mark.parametrize(
    ("text", "piece", "remedy"),
    [
        ("flipper > 3", "flipper is not a column", '"Flipper Length"'),
        ("mas > 3", "mas is not a column", "mass"),
        ("island = Dream", "Dream is not a column", "'Dream'"),
        ("qqqq > 3", "qqqq is not a column", "The columns are mass"),
        ("lower(island) = 'a'", r"function lower\(…\)", "Write comparisons"),
        ("mass > (SELECT 1)", "SELECT is not allowed", "Write comparisons"),
        ("mass > 1; DROP TABLE x", "';' is not allowed", "Write comparisons"),
        ("mass > 1 -- hello", "comment 'hello'", "Leave it out"),
        ("mass > /* a */ 1", "comment 'a'", "Leave it out"),
        ("mass > $1", r"'\$' is not allowed", "Write"),
        ("mass > ?", "is not allowed", "Write"),
        ("*", r"'\*' is not allowed", "Write"),
        ("mass + 1 > 2", r"'\+' is not allowed", "Write"),
        ("mass - 1 > 2", "where a column is needed", "Write"),
        ("mass::INT > 2", "'::' is not allowed", "Write"),
        ("CAST(mass AS INT) > 2", r"function CAST\(…\)", "Write"),
        ("mass > größe", "where a value is needed", "Write"),
        ("order LIKE 'a%'", "LIKE is not allowed", "Write"),
        ("mass = 'a'", "'a' is the wrong type for mass, which is numeric", "a number, like 3.5"),
        ("smoker = 2", "2 is the wrong type for smoker", "TRUE or FALSE"),
        ("island = 3", "3 is the wrong type for island", "text in single quotes"),
        ("island = TRUE", "TRUE is the wrong type for island", "text"),
        ("mass = DATE '2020-01-01'", "DATE '2020-01-01' is the wrong type", "number"),
        ("date > '2020-13-01'", "'2020-13-01' is not a date", "DATE '2020-12-31'"),
        ("date > 3", "3 is the wrong type for date", "DATE"),
        ("island > 'a'", "island is categorical: its values have no order", "Use =, <> or IN"),
        ("size > 'huge'", "'huge' has no place in the order", "'low' < 'medium' < 'high'"),
        ("mass", "mass alone is no condition", "Compare it"),
        ("mass IS TRUE", "TRUE is the wrong type for mass", "number"),
        ("mass = NULL", "nothing equals NULL", "mass IS NULL"),
        ("mass <> NULL", "nothing equals NULL", "mass IS NOT NULL"),
        ("mass > 1e400", "too large", "1.7e308"),
        ("mass IN ()", "IN needs its values", "IN \\('a', 'b'\\)"),
        ("mass IN smoker", "IN needs its values", "IN \\('a', 'b'\\)"),
        ("1 < 2", "1 stands where a column is needed", "Write"),
        ("TRUE", "TRUE is not allowed", "Write"),
        ("", "is empty", "Write"),
        (" \n", "is empty", "Write"),
        ("mass > 'a", "a quote that is not closed", "Close it"),
        ("(mass > 1", "a parenthesis that is not closed", "Close it"),
        ("mass > 1)", "closes a parenthesis that was not opened", "Check"),
        ("mass mass", "is not a condition|is not allowed", "Write"),
        ("mass > 1 AND", "is not a condition", "Write"),
        ("mass > \x00", "no text file can hold", "Write"),
        ("island = '\ud800'", "no text file can hold", "Write"),
    ],
)
def test_what_is_not_listed_is_refused_by_name(text: str, piece: str, remedy: str) -> None:
    with pytest.raises(InputError, match=piece) as caught:
        parse_condition(text, COLUMNS)
    assert caught.value.where == f"condition {text!r}"
    assert caught.match(remedy)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 3_000 + "smoker" + ")" * 3_000,
        "NOT " * 2_000 + "smoker",
        "mass > " + "-" * 5_000 + "1",
        "mass > " + "- " * 4_000 + "1",
        "NOT (" * 1_500 + "smoker" + ")" * 1_500,
        "NOT smoker = " * 700 + "smoker",
        "(mass IN " * 1_000,
        "CASE " * 1_500,
        "[" * 5_000,
        "{{" * 2_000,
        "mass > 1 AND " * 900 + "smoker",
        "'" * 9_999,
    ],
)
def test_hostile_depth_and_length_are_refused_without_a_crash(text: str) -> None:
    with pytest.raises(InputError):
        parse_condition(text, COLUMNS)


def test_a_long_flat_condition_works() -> None:
    text = " OR ".join(f"mass={k}" for k in range(600))
    node = read_condition(text, COLUMNS)
    assert isinstance(node, Junction)
    assert len(node.parts) == 600


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        ("mass > 1", "smoker", "mass > 1 AND smoker"),
        ("mass > 1 OR smoker", "smoker", "(mass > 1 OR smoker) AND smoker"),
        ("(mass > 1 OR smoker)", "NOT smoker", "(mass > 1 OR smoker) AND NOT smoker"),
        ("island = 'a OR b'", "smoker", "island = 'a OR b' AND smoker"),
    ],
)
def test_a_conjunction_keeps_its_parts_together(first: str, second: str, both: str) -> None:
    assert conjunction(first, second) == both


def test_a_conjunction_refuses_what_would_fall_apart() -> None:
    with pytest.raises(InputError, match="not opened"):
        conjunction("mass > 1) OR (smoker", "smoker")


numbers = st.floats(allow_nan=False, allow_infinity=False)
words = st.sampled_from(["Dream", "it's", "Ünï", "-- x", "a\\b", "Atlantis", "';", '"'])
levels = st.sampled_from(["low", "medium", "high"])
days = st.dates(datetime.date(1900, 1, 1), datetime.date(2100, 1, 1))
ops = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])
names = st.sampled_from(["mass", "Flipper Length", 'we"ird', "größe"])
flags = st.booleans()


def several(values: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(values, min_size=2, max_size=4, unique=True).map(tuple)


leaf_nodes: st.SearchStrategy[Node] = st.one_of(
    st.builds(Compare, names, ops, numbers),
    st.builds(Between, names, numbers, numbers, flags),
    st.builds(OneOf, names, several(numbers), flags),
    st.builds(Compare, st.just("size"), ops, levels),
    st.builds(Compare, st.just("date"), ops, days),
    st.builds(Between, st.just("date"), days, days, flags),
    st.builds(Compare, st.sampled_from(["island", "order"]), st.sampled_from(["=", "<>"]), words),
    st.builds(OneOf, st.sampled_from(["island", "order"]), several(words), flags),
    st.builds(Compare, st.sampled_from(["smoker", "NOT"]), st.just("="), flags),
    st.builds(Truth, st.sampled_from(["smoker", "NOT"]), flags, flags),
    st.builds(Missing, st.sampled_from([c.name for c in COLUMNS]), flags),
)


def joined(parts: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    lists = st.lists(parts, min_size=2, max_size=3).map(tuple)
    junctions = st.builds(Junction, st.sampled_from(["AND", "OR"]), lists)
    return st.one_of(junctions, st.builds(Not, junctions))


nodes = st.recursive(leaf_nodes, joined, max_leaves=8)


@given(nodes)
def test_reading_what_was_written_changes_nothing(node: Node) -> None:
    once = sql(sql_of(node))
    assert sql(once) == once


@given(leaf_nodes)
def test_a_comparison_survives_being_written(node: Node) -> None:
    again = read_condition(sql_of(node), COLUMNS)
    assert again == node


@given(st.text(max_size=60))
@example("mass > 1_000")
@example("mass BETWEEN 1 AND 2 BETWEEN 3 AND 4")
def test_any_text_is_a_condition_or_an_input_error(text: str) -> None:
    try:
        canonical = parse_condition(text, COLUMNS).sql
    except InputError:
        return
    assert sql(canonical) == canonical


PIECES = """mass smoker island date size order 1 -1 .5 'Dream' 'low' DATE '2020-01-01' ( ) , = <> < >= AND OR
NOT BETWEEN IN IS NULL TRUE FALSE SELECT CASE lower * + ; -- /* */ :: . $1"""
pieces = st.sampled_from(PIECES.split())


@given(st.lists(pieces, max_size=14).map(" ".join))
@settings(max_examples=400)
def test_any_mix_of_words_is_a_condition_or_an_input_error(text: str) -> None:
    try:
        canonical = parse_condition(text, COLUMNS).sql
    except InputError:
        return
    assert sql(canonical) == canonical


def a_few_cases() -> Cases:
    rng = np.random.default_rng(0)
    n = 60

    def some(values: list[object]) -> list[object]:
        return [values[k] for k in rng.integers(0, len(values), n)]

    edges: list[object] = [None, 0.0, -1.0, 1.0, 0.1, 1e-300, -1e300, math.pi, 5e-324]
    return cases_from_arrays(
        COLUMNS,
        {
            "mass": some(edges),
            "Flipper Length": some(edges),
            'we"ird': some([None]),
            "größe": some(edges[1:]),
            "island": some([None, "Dream", "it's", "Ünï", "-- x", "a\\b"]),
            "size": some([None, "low", "medium", "high"]),
            "smoker": some([None, True, False]),
            "NOT": some([True, False]),
            "date": some([None, datetime.date(1970, 1, 1), datetime.date(2020, 2, 29), "1969-12-31"]),
            "order": some([None, "Dream", "it's", "';", '"', "a\\b"]),
        },
    )


CASES = a_few_cases()
Answer = tuple[np.ndarray, np.ndarray]  # what is true, and what is known


def comparable(name: str) -> tuple[np.ndarray, np.ndarray]:
    column, values = next(c for c in COLUMNS if c.name == name), CASES.values(name)
    if column.type in {"numeric", "date"}:
        return values, ~np.isnan(values)
    if column.type == "text":
        return values, np.array([v is not None for v in values])
    return values, values >= 0


def inner(name: str, value: object) -> object:
    column = next(c for c in COLUMNS if c.name == name)
    if isinstance(value, datetime.date):
        return days_since_1970(value)
    if column.levels:
        level = str(value).lower() if isinstance(value, bool) else value
        return column.levels.index(level) if level in column.levels else -9
    return value


OPERATIONS: dict[str, Callable[[Any, Any], Any]] = dict(
    zip(
        ("=", "<>", "<", "<=", ">", ">="),
        (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge),
        strict=True,
    )
)


def oracle(node: Node) -> Answer:
    """Kleene's three-valued logic in NumPy, written from the definition and not from the SQL."""
    if isinstance(node, Junction):
        true, known = oracle(node.parts[0])
        for part in node.parts[1:]:
            t, k = oracle(part)
            if node.word == "AND":
                known = (known & k) | (known & ~true) | (k & ~t)
                true = true & t
            else:
                known = (known & k) | (known & true) | (k & t)
                true = true | t
            true = true & known
        return true, known
    if isinstance(node, Not):
        true, known = oracle(node.part)
        return known & ~true, known
    values, known = comparable(node.column)
    if isinstance(node, Missing):
        return (known if node.is_negated else ~known), np.ones(CASES.n, dtype=bool)
    if isinstance(node, Truth):
        holds = known & (values == inner(node.column, node.value))
        return (~holds if node.is_negated else holds), np.ones(CASES.n, dtype=bool)
    if isinstance(node, Compare):
        value = inner(node.column, node.value)
        with np.errstate(invalid="ignore"):
            holds = OPERATIONS[node.operator](values, value)
        return known & holds, known
    if isinstance(node, Between):
        low, high = inner(node.column, node.low), inner(node.column, node.high)
        holds = (values >= low) & (values <= high)
    else:
        assert isinstance(node, OneOf)  # a phrase in a text has tests of its own
        holds = np.array([v in {inner(node.column, value) for value in node.values} for v in values])
    return known & (~holds if node.is_negated else holds), known


@given(st.lists(nodes, min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_cases_match_as_three_valued_logic_says(several_nodes: list[Node]) -> None:
    found = CASES.matches([sql_of(node) for node in several_nodes])
    for place, node in enumerate(several_nodes):
        np.testing.assert_array_equal(found[:, place], oracle(node)[0], err_msg=sql_of(node))
