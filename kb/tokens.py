"""Tokens: what a text says, word by word, in any language and without a list of words to leave out.

Words are runs of letters, marks and digits in any script, in lower case. Scripts without spaces between words
(Chinese, Japanese, Thai and their neighbours) are read in overlapping pairs of letters, as search engines do;
katakana, which writes loan words, stays whole. Within three words after a negation, up to a stop or a "but",
``good`` becomes ``not good``: a token of its own, since it says something else.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Literal, NamedTuple

__all__ = ["Mark", "Phrase", "canonical_phrase", "marks", "split_phrase", "tokens"]

Mark = Literal["", "not", "very", "rather", "loud", "but", "before but"]

SCOPE = 3  # words that a negation reaches
BOOSTED = 2  # words that a booster reaches


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


# What negates, stresses or turns a sentence; listed since they act on other words, never to be left out.
# Words that mean something else in another of these languages (Spanish sin, Italian mai) are not listed.
NEGATIONS = _listed("""
    not no never nothing without hardly barely neither nor cannot lacks lack lacking none nobody nowhere
    rarely seldom nicht kein keine keinen keinem keiner keines nie niemals nichts ohne weder kaum pas jamais
    sans rien aucun aucune nunca jamás nada tampoco ningún ninguna non senza niente nessuno não nem sem niet
    geen nooit zonder inte ikke ikkje aldrig aldri utan uten nigdy nic не нет без никогда ничего ни
""")
BUTS = _listed("but however aber jedoch doch mais pero ma mas maar men но ale")
BOOSTERS = _listed("""
    very really so extremely absolutely completely totally incredibly highly deeply truly utterly entirely
    particularly especially exceptionally remarkably amazingly awfully terribly such most sehr wirklich
    äußerst besonders unglaublich absolut total echt très vraiment extrêmement tellement muy realmente
    sumamente molto davvero zeer heel erg muito mycket veldig meget bardzo очень
""")
DAMPERS = _listed("""
    somewhat slightly rather fairly partly mildly occasionally almost kinda sorta moderately etwas eher
    ziemlich bisschen teilweise assez plutôt bastante algo poco abbastanza piuttosto vrij nogal ganska
    ganske dość довольно
""")
_HALVES = {"very": BOOSTERS, "rather": DAMPERS}
_UNMARKED = BOOSTERS | DAMPERS | BUTS
_UNSPACED = (  # Thai, Lao, Burmese, Khmer; hiragana; Han; without katakana
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ebd\u0ec0-\u0ecd\u1000-\u109f\u1780-\u17d3"
    "\u3005-\u3007\u3041-\u309f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
)
_STOPS = '.,;:()…。、，；：—–\n"'


class Phrase(NamedTuple):
    """A phrase that a condition may name.

    Attributes:
        mark: How its word is said; empty for a word or words as they stand.
        words: The word, or words that follow each other.
    """

    mark: Mark
    words: str


@cache
def _pattern() -> re.Pattern[str]:
    """One alternative per kind of token; built when the first text is read."""
    beyond = "".join(_ranges_of_marks())
    letter = rf"[^\W_{_UNSPACED}]|[{beyond}]"
    return re.compile(
        rf"""
        (?P<skip><[a-zA-Z/!][^<>]{{0,200}}>|https?://\S+)
        |(?P<face>(?<!\w)(?:[:;=]['^]?-?[)(\]\[dDpPoO/\\|*3]|<3|[xX]D)(?!\w)|[\u2600-\u27bf\U0001f300-\U0001faff])
        |(?P<rate>\d+(?:[.,]\d+)?(?:/\d+(?:[.,]\d+)?)?(?![^\W\d_]))
        |(?P<pairs>[{_UNSPACED}]+)
        |(?P<word>(?:{letter})+(?:['’\-](?:{letter})+)*)
        |(?P<shout>[!?]+)
        |(?P<stop>[{re.escape(_STOPS)}]+)
        """,
        re.VERBOSE,
    )


def _ranges_of_marks() -> Iterator[str]:
    """Combining marks, which vowels are in many scripts and which ``\\w`` does not hold."""
    start = None
    for code in range(0x300, 0x11A00):
        is_mark = unicodedata.category(chr(code))[0] == "M" and not re.match(f"[{_UNSPACED}]", chr(code))
        if is_mark and start is None:
            start = code
        elif not is_mark and start is not None:
            yield f"{chr(start)}-{chr(code - 1)}"
            start = None


class _Piece(NamedTuple):
    kind: str
    text: str  # as written
    word: str  # in lower case


def _pieces(text: str) -> Iterator[_Piece]:
    for found in _pattern().finditer(unicodedata.normalize("NFKC", text)):
        kind, written = str(found.lastgroup), found.group()
        if kind == "pairs":
            if len(written) == 1:
                yield _Piece("word", written, written)
            for one, other in pairwise(written):
                yield _Piece("word", one + other, one + other)
        elif kind == "shout":
            yield _Piece(kind, written, "?!" if len(set(written)) > 1 else written[:2])
        elif kind == "rate":
            yield _Piece("word", written, written)
        elif kind == "face":
            yield _Piece(kind, written, written.upper() if written.lower() == "xd" else written)
        elif kind == "word":
            yield _Piece(kind, written, written.replace("’", "'").lower())
        else:
            yield _Piece("stop", written, "")


def _negates(word: str) -> bool:
    return word in NEGATIONS or word.endswith("n't")


def tokens(text: str) -> list[str]:
    """The words in order, ``not`` before those that a negation governs; smileys and ``!`` are words, too.

    >>> tokens("Not a good film, but I loved it!")
    ['not', 'not a', 'not good', 'not film', 'but', 'i', 'loved', 'it', '!']
    """
    found, left = [], 0
    for piece in _pieces(text):
        word = piece.word
        if piece.kind in {"stop", "shout"}:
            left = 0
            if word:
                found.append(word)
        elif piece.kind == "face":
            found.append(word)
        elif _negates(word):
            found.append(word)
            left = SCOPE
        else:
            left = 0 if word in BUTS else left
            found.append(f"not {word}" if left else word)
            left = max(left - 1, 0)
    return found


def marks(text: str) -> set[str]:
    """How words are said that no negation governs.

    ``very w`` and ``rather w`` for up to two words behind a booster or a damper, ``W`` for a word in capitals
    in a text that is not all capitals, ``but w`` and ``w but`` for what stands behind and before a "but".

    >>> sorted(marks("The plot is very thin, but GREAT"))
    ['GREAT', 'but great', 'is but', 'plot but', 'the but', 'thin but', 'very thin']
    """
    words = [piece for piece in _pieces(text) if piece.kind == "word"]
    low = [piece.word for piece in words]
    turn = next((i for i, word in enumerate(low) if word in BUTS), None)
    is_loud = text.isupper()
    found = set()
    for i, (piece, word) in enumerate(zip(words, low, strict=True)):
        if word in _UNMARKED or any(map(_negates, low[max(i - SCOPE, 0) : i + 1])):
            continue
        before = reversed(low[max(i - BOOSTED, 0) : i])
        if nearest := next((mark for w in before for mark in _HALVES if w in _HALVES[mark]), ""):
            found.add(f"{nearest} {word}")
        if len(word) > 1 and piece.text.isupper() and not is_loud:
            found.add(word.upper())
        if turn is not None:
            found.add(f"but {word}" if i > turn else f"{word} but")
    return found


def split_phrase(phrase: str) -> Phrase:
    """The mark of a phrase and what it marks.

    >>> split_phrase("not good"), split_phrase("GOOD")
    (Phrase(mark='not', words='good'), Phrase(mark='loud', words='good'))
    """
    parts = phrase.split()
    if len(parts) == 1 and len(phrase) > 1 and phrase.isupper() and phrase.lower() != phrase:
        return Phrase("loud", phrase.lower())
    if len(parts) == 2:
        first, second = parts
        if first == "not" or first in _HALVES or first == "but":
            return Phrase(first, second)  # type: ignore[arg-type]  # each is a mark
        if second == "but":
            return Phrase("before but", first)
    return Phrase("", phrase)


def canonical_phrase(phrase: str) -> str:
    """The one way to write a phrase: lower case, but for one word in capitals; words apart by one space.

    Returns:
        Empty when there is no word in it.

    >>> canonical_phrase(" Not  GOOD "), canonical_phrase("GOOD"), canonical_phrase("I")
    ('not good', 'GOOD', 'i')
    """
    words = [piece for piece in _pieces(phrase) if piece.kind != "stop"]
    if len(words) == 1 and words[0].kind == "word" and split_phrase(words[0].text).mark == "loud":
        return words[0].text
    if any(piece.kind == "word" and re.match(f"[{_UNSPACED}]", piece.word) for piece in words):
        return " ".join(unicodedata.normalize("NFKC", phrase).lower().split())
    return " ".join(piece.word for piece in words)
