"""Recorded raters: both forms of a file, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from kb.errors import InputError
from learning.recorded import RecordedAnswer, is_about_words, read_recorded, sides_by_sign

CLASSES = ("negative", "positive")
LEXICON = """\
good\t1.9\t0.9\t[2, 1, 0, 3, 2, 2, 1, 3, 2, 3]
awful\t-2.0\t0.7\t[-2, -1, -2, -3, -2, -2, -1, -3, -2, -2]
"""


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_lexicon_holds_ten_raters_a_word(tmp_path: Path) -> None:
    found = read_recorded(written(tmp_path / "lexicon.txt", LEXICON), CLASSES)

    assert [a.rater for a in found.of("good")] == [f"human:vader-{i}" for i in range(1, 11)]
    assert found.of("good", "human:vader-3") == (RecordedAnswer("human:vader-3", "neither", 0.0),)
    assert found.of("awful", "human:vader-4") == (RecordedAnswer("human:vader-4", "negative", 0.75),)
    assert found.of("unheard of") == ()


def test_a_table_names_a_class_and_a_strength_or_a_number(tmp_path: Path) -> None:
    text = (
        "word,rater,value,strength\nGood,human:ada,positive,0.75\nthe,human:ada,neither,\nbad,human:bob,-4,\n"
    )

    found = read_recorded(written(tmp_path / "words.csv", text), CLASSES)

    assert found.of("good") == (RecordedAnswer("human:ada", "positive", 0.75),)
    assert found.of("the")[0].side == "neither"
    assert found.of("bad") == (RecordedAnswer("human:bob", "negative", 1.0),)


def test_json_lines_are_read_as_tables_are(tmp_path: Path) -> None:
    path = written(tmp_path / "words.jsonl", '{"word": "not good", "rater": "human:ada", "value": -2}\n')

    assert read_recorded(path, CLASSES).of("not good")[0].side == "negative"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("word,value\ngood,7\n", "'7' is no answer"),
        ("word,value\ngood,maybe\n", "'maybe' is no answer"),
        ("word,value\n ,2\n", "names no word"),
        ("word,value,rater\ngood,2,ada\n", "'ada' is no rater"),
        ("word,value,strength\ngood,positive,3\n", "'3' is no strength"),
        ("name,value\ngood,2\n", "its header has name, value"),
        ("word,value\n", "holds no answer"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_read(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_recorded(written(tmp_path / "words.csv", text), CLASSES)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "words.csv"
    path.write_bytes(b"word,value\n\xff\xfe,2\n")

    with pytest.raises(InputError, match="can't be read as UTF-8"):
        read_recorded(path, CLASSES)


def test_numbers_need_two_classes(tmp_path: Path) -> None:
    path = written(tmp_path / "words.csv", "word,value\ngood,2\n")

    with pytest.raises(InputError, match="one of 3 classes"):
        read_recorded(path, ("a", "b", "c"))


def test_positive_numbers_speak_for_the_class_that_is_called_so() -> None:
    assert sides_by_sign(("positive", "negative")) == ("negative", "positive")
    assert sides_by_sign(("churned", "stayed")) == ("churned", "stayed")


def test_a_file_of_statements_is_not_taken_for_one_of_words(tmp_path: Path) -> None:
    assert is_about_words(written(tmp_path / "l.txt", LEXICON))
    assert is_about_words(written(tmp_path / "w.csv", "word,rater,value\n"))
    assert not is_about_words(written(tmp_path / "r.csv", "address,value\n"))
    assert not is_about_words(tmp_path / "missing.csv")
