from __future__ import annotations

import pytest

from kb.errors import InputError
from kb.task import Column
from kb.words import column_in_words, in_words, number_in_words, quantity_in_words

COLUMNS = (
    Column("flipper_length_mm", "numeric"),
    Column("year", "numeric"),
    Column("island", "categorical", ("Dream", "Biscoe", "Torgersen")),
    Column("size", "ordinal", ("low", "medium", "high")),
    Column("has_tail", "boolean", ("true", "false")),
    Column("seen.on", "date"),
    Column("sex", "categorical", ("male", "female")),
)


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ("flipper_length_mm > 206", "flipper length above 206 mm"),
        ("flipper_length_mm >= 1206.5", "flipper length at least 1,206.5 mm"),
        ("flipper_length_mm <= -0.25", "flipper length up to -0.25 mm"),
        ("flipper_length_mm > 190 AND flipper_length_mm <= 206", "flipper length above 190 up to 206 mm"),
        (
            "flipper_length_mm < 206 AND flipper_length_mm >= 190",
            "flipper length at least 190 and below 206 mm",
        ),
        ("flipper_length_mm BETWEEN 190 AND 206", "flipper length from 190 up to 206 mm"),
        ("flipper_length_mm NOT BETWEEN 190 AND 206", "flipper length below 190 or above 206 mm"),
        ("year > 2008", "year above 2008"),
        ("island IN ('Dream','Biscoe')", "island is Dream or Biscoe"),
        ("island IN ('Dream','Biscoe','X')", "island is Dream, Biscoe or X"),
        ("island NOT IN ('Dream','Biscoe')", "island is neither Dream nor Biscoe"),
        ("island <> 'Dream'", "island is not Dream"),
        ("sex IS NULL", "sex is missing"),
        ("sex IS NOT NULL", "sex is known"),
        ("has_tail", "has tail is true"),
        ("NOT has_tail", "has tail is false"),
        ("has_tail IS NOT TRUE", "has tail is not true"),
        ("size > 'low'", "size above low"),
        ("\"seen.on\" > '2020-01-01'", "seen on after 2020-01-01"),
        ("sex IS NULL AND year = 2007", "sex is missing and year is 2007"),
        ("sex IS NULL OR year = 2007 AND has_tail", "sex is missing or (year is 2007 and has tail is true)"),
        ("NOT (sex IS NULL OR has_tail)", "not (sex is missing or has tail is true)"),
        (
            "year > 2008 AND has_tail AND year < 2012",
            "year above 2008 and below 2012 and has tail is true",
        ),
        ("year > 2008 AND year <= 2012 AND year <= 2010", "year above 2008 up to 2010"),
        ("year > 2008 AND has_tail AND year > 2009", "year above 2009 and has tail is true"),
        ("year >= 2008 AND year > 2008", "year above 2008"),
        ("\"seen.on\" > '2020-01-01' AND \"seen.on\" > '2020-05-01'", "seen on after 2020-05-01"),
        ("size > 'low' AND size > 'medium'", "size above low and size above medium"),
        ("year > 2008 OR year > 2010", "year above 2008 or year above 2010"),
    ],
)
def test_conditions_read_as_plain_words(when: str, words: str) -> None:
    assert in_words(when, COLUMNS) == words


def test_words_are_only_found_for_conditions() -> None:
    with pytest.raises(InputError, match="not a column"):
        in_words("wings > 3", COLUMNS)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("flipper_length_mm", "flipper length (mm)"),
        ("price_EUR", "price (EUR)"),
        ("g", "g"),
        ("t_min", "t min"),
        ("a.b", "a b"),
        ("Body Mass", "Body Mass"),
        ("__", "__"),
    ],
)
def test_columns_lose_their_underscores(name: str, words: str) -> None:
    assert column_in_words(name) == words


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (0.0, "0"),
        (12.0, "12"),
        (206.25, "206"),
        (4050.0, "4,050"),
        (999_999.9, "1,000,000"),
        (0.12345, "0.123"),
        (-3.456, "-3.46"),
        (1_234_567, "1.23 million"),
        (2.5e9, "2.5 billion"),
        (1e-5, "1e-05"),
        (1e20, "1e+20"),
        (float("nan"), "unknown"),
        (float("-inf"), "−infinite"),
    ],
)
def test_numbers_are_short_and_round(x: float, words: str) -> None:
    assert number_in_words(x) == words


def test_years_have_no_comma() -> None:
    assert quantity_in_words("year_built", 2007.0) == "2007"
    assert quantity_in_words("yearly_income", 2007.0) == "2,007"
