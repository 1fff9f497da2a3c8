"""Conditions as text: only what is on the list is let through, before any parser sees it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from kb.condition_tree import WORDS, quoted_name, quoted_text
from kb.errors import InputError
from kb.task import Column

if TYPE_CHECKING:
    from sqlglot.tokenizer_core import Token

__all__ = ["HOW", "MAX_LETTERS", "MAX_NESTING", "as_part", "listed_tokens", "refused"]

MAX_LETTERS = 10_000
MAX_NESTING = 20  # sqlglot spends about 25 frames on a level, Python allows 1,000
HOW = (
    "Write comparisons of a column with a value, BETWEEN, IN, IS NULL, IS TRUE, contains(column, 'word'), "
    "joined by AND, OR, NOT."
)

_SYMBOLS = {
    "EQ": "=",
    "NEQ": "<>",
    "LT": "<",
    "LTE": "<=",
    "GT": ">",
    "GTE": ">=",
    "L_PAREN": "(",
    "R_PAREN": ")",
    "COMMA": ",",
    "DASH": "-",
}


def refused(condition: str, problem: str, remedy: str) -> InputError:
    """The error that names the condition, the piece and what to write instead."""
    shown = condition if len(condition) <= 200 else condition[:200] + "…"
    return InputError(f"{problem}.", where=f"condition {shown!r}", remedy=remedy)


def as_part(text: str) -> str:
    """The condition, in parentheses if it has an OR that they don't hold yet.

    Raises:
        InputError: It is no single expression, such as ``a) OR (b``.
    """
    level, needs = 0, False
    for token in _tokens(text):
        kind = token.token_type.name
        level += (kind == "L_PAREN") - (kind == "R_PAREN")
        needs = needs or (kind == "OR" and level == 0)
    return f"({text.strip()})" if needs else text.strip()


def _tokens(text: str) -> list[Token]:
    """The tokens of a text that is short, flat and free of comments."""
    import sqlglot
    from sqlglot.errors import SqlglotError

    if len(text) > MAX_LETTERS:
        raise refused(text, f"has {len(text):,} letters, more than {MAX_LETTERS:,}", "Split it up.")
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise refused(text, "holds a letter that no text file can hold", HOW)
    try:
        tokens = sqlglot.tokenize(text, read="duckdb")
    except SqlglotError as error:
        raise refused(text, "has a quote that is not closed", "Close it.") from error
    if not tokens:
        raise refused(text, "is empty", HOW)
    for token in tokens:
        if token.comments:
            raise refused(text, f"comment {token.comments[0].strip()!r} is not allowed", "Leave it out.")
    _check_nesting(text, [token.token_type.name for token in tokens])
    return tokens


def _check_nesting(text: str, kinds: Sequence[str]) -> None:
    level = run = 0
    for kind in kinds:
        level += (kind == "L_PAREN") - (kind == "R_PAREN")
        if kind in {"NOT", "DASH"}:
            run += 1
        elif kind in {"AND", "OR", "L_PAREN", "COMMA"}:
            run = 0
        if level < 0:
            raise refused(text, "closes a parenthesis that was not opened", "Check the parentheses.")
        if level + run > MAX_NESTING:
            raise refused(text, f"is nested more than {MAX_NESTING} levels deep", "Write it flatter.")
    if level:
        raise refused(text, "has a parenthesis that is not closed", "Close it.")


def listed_tokens(text: str, known: Mapping[str, Column]) -> str:
    """The text again, from listed tokens only and with every name quoted; the rest is refused."""
    tokens = _tokens(text)
    pieces: list[str] = []
    for place, token in enumerate(tokens):
        kind, following = token.token_type.name, tokens[place + 1 : place + 2]
        follows = following[0].token_type.name if following else ""
        if kind in _SYMBOLS:
            pieces.append(_SYMBOLS[kind])
        elif kind == "STRING":
            pieces.append(quoted_text(token.text))
        elif kind == "NUMBER":
            is_fraction = bool(pieces) and pieces[-1] == "0."
            pieces.append((pieces.pop() if is_fraction else "") + token.text)
        elif kind == "DOT" and follows == "NUMBER":
            pieces.append("0.")
        elif kind != "IDENTIFIER" and token.text.upper() in WORDS:
            pieces.append(token.text.upper())
        elif token.text.upper() == "DATE" and follows == "STRING":
            pieces.append("DATE")
        elif kind != "IDENTIFIER" and token.text.upper() == "CONTAINS" and follows == "L_PAREN":
            pieces.append("CONTAINS")
        elif kind == "IDENTIFIER" or re.match(r"[^\W\d]", token.text):
            is_call = follows == "L_PAREN" and kind != "IDENTIFIER"
            name = _column_name(text, token, known, is_call=is_call)
            pieces.append('"' + name.replace('"', '""') + '"')
        else:
            raise refused(text, f"{token.text!r} is not allowed", HOW)
    return " ".join(pieces)


def _column_name(text: str, token: Token, known: Mapping[str, Column], *, is_call: bool) -> str:
    written = token.text
    if written in known:
        return written
    same = [name for name in known if name.casefold() == written.casefold()]
    if len(same) == 1:
        return same[0]
    if is_call:
        raise refused(text, f"the function {written}(…) is not allowed", HOW)
    nearest = difflib.get_close_matches(written.casefold(), [n.casefold() for n in known], n=3, cutoff=0.6)
    names = [name for name in known if name.casefold() in nearest]
    names += [name for name in known if written in name.split() and name not in names]
    remedy = f"Did you mean {' or '.join(map(quoted_name, names[:3]))}?" if names else _the_columns(known)
    if any(written in column.levels for column in known.values()):
        remedy = f"Text values take single quotes: {quoted_text(written)}."
    is_word = token.token_type.name not in {"VAR", "IDENTIFIER"}
    what = f"{written} is not allowed" if is_word else f"{written} is not a column"
    raise refused(text, what, HOW if is_word and not names else remedy)


def _the_columns(known: Mapping[str, Column]) -> str:
    some = ", ".join(quoted_name(name) for name in list(known)[:8])
    return f"The columns are {some}{', …' if len(known) > 8 else ''}."
