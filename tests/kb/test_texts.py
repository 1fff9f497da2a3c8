"""Which word or phrase stands in which text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from kb.cases import Cases
from kb.conditions import contained_phrase, contains, parse_condition, read_condition
from kb.errors import InputError
from kb.task import Column
from kb.texts import passage, text_index
from kb.words import in_words
from tests.cases import cases_from_arrays

TEXTS = [
    "Not a good film",
    "good, very GOOD indeed",
    None,
    "what a waste of time",
    "a waste, of time and money",
    "",
    "面白くない映画",
]
COLUMNS = [Column("review", "text"), Column("age", "numeric")]


@pytest.fixture
def cases() -> Cases:
    return cases_from_arrays(COLUMNS, {"review": TEXTS, "age": [1, 2, 3, 4, 5, 6, 7]})


def rows(cases: Cases, when: str) -> list[int]:
    return np.flatnonzero(cases.matches([when])[:, 0]).tolist()


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("contains(review, 'good')", [1]),
        ("contains(review, 'not good')", [0]),
        ("contains(review, 'GOOD')", [1]),
        ("contains(review, 'very good')", [1]),
        ("contains(review, 'waste of time')", [3, 4]),
        ("contains(review, 'time of waste')", []),
        ("contains(review, '面白くない')", [6]),
        ("contains(review, '映')", [6]),
        ("contains(review, 'absent')", []),
        ("NOT contains(review, 'good')", [0, 3, 4, 5, 6]),
        ("contains(review, 'good') OR age > 6", [1, 6]),
        ("contains(review, 'waste') AND age > 4", [4]),
        ("NOT (contains(review, 'good') OR age > 4)", [0, 3]),
        ("review IS NULL", [2]),
    ],
)
def test_a_condition_on_words_holds_where_they_stand(cases: Cases, when: str, expected: list[int]) -> None:
    assert rows(cases, when) == expected


def test_some_cases_answer_as_they_do_among_all(cases: Cases) -> None:
    some = np.array([4, 0, 2, 1])
    asked = ["contains(review, 'waste of time')", "contains(review, 'not good')", "contains(review, 'GOOD')"]
    whole = cases.matches(asked)

    for taken in (cases.take(some), cases_from_arrays(COLUMNS, _values(cases, some))):
        assert (taken.matches(asked) == whole[some]).all()


def _values(cases: Cases, some: np.ndarray[tuple[int], np.dtype[np.int64]]) -> dict[str, Sequence[object]]:
    return {"review": [TEXTS[i] for i in some], "age": cases.values("age")[some].tolist()}


def test_many_phrases_at_once_are_the_phrases_one_by_one() -> None:
    index = text_index(TEXTS)
    phrases = ["good", "not good", "GOOD", "very good", "waste of time", "absent", "time"]

    together = index.pattern(phrases).toarray() > 0

    assert (together == np.stack([index.contains(p) for p in phrases], axis=1)).all()
    assert index.counts(phrases).tolist() == together.sum(axis=0).tolist()


def test_no_texts_and_no_phrases_give_empty_matrices() -> None:
    assert text_index([]).pattern(["a"]).shape == (0, 1)
    assert text_index([None, ""]).pattern([]).shape == (2, 0)
    assert text_index([None, ""]).matrix.nnz == 0


@pytest.mark.parametrize(
    ("when", "says"),
    [
        ("contains(age, 'x')", "contains\\(\\) reads text; age is numeric"),
        ("contains(review, 3)", "3 stands where a word is needed"),
        ("contains(review, age)", "age. stands where a word is needed"),
        ("contains(review, ' , ')", "holds no word"),
        ("contains(review, 'a', 'b')", "takes a column and one phrase"),
        ("contains(review)", "is not a condition"),
        ("lower(review) = 'x'", "function lower"),
    ],
)
def test_what_is_no_condition_on_words_is_refused(when: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        parse_condition(when, COLUMNS)


def test_the_quick_way_to_read_a_word_is_the_careful_one() -> None:
    for written in (
        contains("review", "it's"),
        "CONTAINS( review , 'It''s')",
        "contains(\"review\", 'it''s')",
    ):
        assert parse_condition(written, COLUMNS).sql == "contains(review, 'it''s')"
        assert read_condition(written, COLUMNS) == read_condition(contains("review", "it's"), COLUMNS)
    assert contained_phrase("contains(review, 'it''s')", COLUMNS) == ("review", "it's")
    assert contained_phrase("contains(review, 'good') OR age > 1", COLUMNS) is None
    assert contained_phrase("contains(age, 'good')", COLUMNS) is None


def test_words_read_as_a_person_says_them() -> None:
    assert in_words("contains(review, 'not good')", COLUMNS) == "review says “good” after a negation"
    assert in_words("NOT contains(review, 'GOOD')", COLUMNS) == "review doesn't say “GOOD” in capitals"


def test_a_passage_shows_the_word_and_not_the_megabyte() -> None:
    text = "before " * 5_000 + "there it was not a good film at all " + "after " * 5_000
    shown = passage(text, "not good", letters=80)
    assert "not a good film" in shown
    assert len(shown) <= 90
    assert passage("short", "absent") == "short"
