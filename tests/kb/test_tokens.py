"""What a text says, word by word, in several languages."""

from __future__ import annotations

import pytest

from kb.tokens import canonical_phrase, marks, split_phrase, tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Not a good film.", ["not", "not a", "not good", "not film"]),
        ("It isn’t good, great though", ["it", "isn't", "not good", "great", "though"]),
        ("never one, two", ["never", "not one", "two"]),
        ("no plot but fun", ["no", "not plot", "but", "fun"]),
        ("Kein guter Film, aber schön", ["kein", "not guter", "not film", "aber", "schön"]),
        ("Ce n'est pas bon", ["ce", "n'est", "pas", "not bon"]),
        ("8/10 and 7.5", ["8/10", "and", "7.5"]),
        ("<br /><b>Bold</b> http://a.b/c", ["bold"]),
        ("Größe naïve über-gut", ["größe", "naïve", "über-gut"]),
        ("WOW!!! really?! :) 😀", ["wow", "!!", "really", "?!", ":)", "😀"]),
        ("", []),
        ("… — ()", []),
    ],
)
def test_words_come_in_order_and_negation_reaches_three_of_them(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


def test_scripts_without_spaces_are_read_in_pairs_and_katakana_whole() -> None:
    assert tokens("面白くない。") == ["面白", "白く", "くな", "ない"]
    assert tokens("ラーメンは好") == ["ラーメン", "は好"]
    assert tokens("不好看") == ["不好", "好看"]


def test_vowel_signs_do_not_cut_a_word() -> None:
    assert tokens("हिन्दी में अच्छा") == ["हिन्दी", "में", "अच्छा"]


def test_full_width_letters_are_the_same_words() -> None:
    assert tokens("ＧＯＯＤ！") == ["good", "!"]


def test_marks_say_how_a_word_is_said() -> None:
    assert {"very thin", "GREAT", "but great", "thin but"} <= marks("The plot is very thin, but GREAT")
    assert {"rather slow"} <= marks("somewhat slow")
    assert {"very schön"} <= marks("sehr schön")


def test_a_negated_word_has_no_mark_and_a_text_in_capitals_is_not_loud() -> None:
    assert marks("not very good") == set()
    assert marks("ALL OF IT") == set()


@pytest.mark.parametrize(
    ("written", "canonical", "mark"),
    [
        ("  NOT   Good", "not good", "not"),
        ("GOOD", "GOOD", "loud"),
        ("I", "i", ""),
        ("Waste of  Time", "waste of time", ""),
        ("very good", "very good", "very"),
        ("good BUT", "good but", "before but"),
        ("but good", "but good", "but"),
        ("面白くない", "面白くない", ""),
        ("!!!", "!!", ""),
        (" , ", "", ""),
    ],
)
def test_a_phrase_has_one_form(written: str, canonical: str, mark: str) -> None:
    assert canonical_phrase(written) == canonical
    assert canonical_phrase(canonical) == canonical
    assert split_phrase(canonical).mark == mark


def test_a_megabyte_is_read_to_its_end() -> None:
    found = tokens("good " * 200_000 + "end")
    assert len(found) == 200_001
    assert found[-1] == "end"
