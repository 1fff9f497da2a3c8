"""Numbers and foreign texts as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.errors import InputError
from kb.records import Cost
from ui.answers import read_reply
from ui.wording import clean, cost_in_words, decimals, duration, percent, points, shortened, strongest


@given(st.text())
def test_cleaned_text_can_neither_break_a_line_nor_move_a_cursor(text: str) -> None:
    safe = clean(text)

    assert safe.isprintable() or all(c.isprintable() or c in "\u200c\u200d" or c.isspace() for c in safe)
    assert not set(safe) & set("\x1b\n\r\x07\x9b\u202e\u2066\u2028")
    safe.encode()


@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)


def test_a_direction_override_is_spelled_out() -> None:
    assert clean("safe\u202etxt.exe") == "safe⟨U+202E⟩txt.exe"


def test_ordinary_letters_of_any_script_stay() -> None:
    assert clean("naïve – 柳田 · می‌خواهم 👩‍🔬") == "naïve – 柳田 · می‌خواهم 👩‍🔬"


@given(st.text(), st.integers(min_value=2, max_value=60))
def test_a_shortened_text_is_never_longer_than_asked(text: str, most: int) -> None:
    assert len(shortened(text, most)) <= most


@given(st.floats(min_value=0, max_value=1))
def test_only_certainty_is_written_as_certain(p: float) -> None:
    assert (percent(p) == "100 %") == (p == 1.0)
    assert (percent(p) == "0 %") == (p == 0.0)


def test_ten_points_are_ten_times_the_odds() -> None:
    assert points(2.302585) == "+10"


def test_the_own_side_of_a_statement_is_named_first() -> None:
    assert strongest({"a": -3.0, "b": 1.0}, "b") == ("b", 1.0)
    assert strongest({"a": -3.0, "b": 1.0}) == ("a", -3.0)
    assert strongest({"a": 0.01}) is None
    assert strongest({}) is None


def test_a_negative_number_that_rounds_to_nothing_has_no_sign() -> None:
    assert decimals(-0.001) == "0.00"
    assert decimals(-12.3) == "−12"


def test_times_are_said_in_the_unit_that_fits() -> None:
    assert [duration(s) for s in (0.2, 61, 240, 7200)] == ["1 s", "61 s", "4 minutes", "2.0 hours"]


@pytest.mark.parametrize(
    ("typed", "command", "value"),
    [
        ("0", "credence", 0.0),
        ("1", "credence", 0.01),
        ("85%", "credence", 0.85),
        ("12,5", "credence", 0.125),
        ("100 %", "credence", 1.0),
        (" N ", "neither", None),
        ("h", "here", None),
        ("s", "skip", None),
        ("u", "undo", None),
        ("Q", "stop", None),
    ],
)
def test_an_answer_is_read_as_typed(typed: str, command: str, value: float | None) -> None:
    reply = read_reply(typed)

    assert (reply.command, reply.value) == (command, value)


@pytest.mark.parametrize("typed", ["", "101", "-1", "yes", "n 5", "nan", "1e2", "٨٥", "85 85", "\x1b[A"])
def test_what_is_no_answer_is_refused(typed: str) -> None:
    with pytest.raises(InputError):
        read_reply(typed)


def test_a_share_is_not_taken_for_a_percentage() -> None:
    with pytest.raises(InputError, match=r"0\.85 could be a share"):
        read_reply("0.85")


@pytest.mark.parametrize(
    ("cost", "said"),
    [
        (Cost(), "nothing"),
        (Cost(seconds=0.2), "less than a second"),
        (Cost(tokens=1, usd=0.00123), "1 token, about $0.0012"),
        (Cost(tokens=1_200, usd=1.239, seconds=6.2), "1,200 tokens, about $1.24, 7 s"),
        (Cost(human_seconds=100.0), "2 minutes of a person's time"),
    ],
)
def test_a_cost_is_said_as_far_as_it_is_anything(cost: Cost, said: str) -> None:
    assert cost_in_words(cost) == said
