"""How Priory writes for people: numbers with units and two digits that mean something, safe text.

What a model or a person wrote is untrusted. Whatever reaches a screen goes through ``clean`` first, so it can
neither move the cursor nor turn the reading direction around, and no markup in it is ever interpreted.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING

from kb.figures import POINTS_PER_NAT, count, percent, points

if TYPE_CHECKING:
    from kb.records import Cost

__all__ = [
    "LEGEND",
    "POINTS_PER_NAT",
    "clean",
    "cost_in_words",
    "count",
    "decimals",
    "duration",
    "percent",
    "points",
    "shortened",
    "strongest",
    "usd_in_words",
    "value_in_words",
    "without_password",
]

LEGEND = "10 points = ten times the odds."

_KEPT_FORMAT_CHARACTERS = "\u200c\u200d"  # joiners, which Persian, Hindi and emoji need
_SPACES = dict.fromkeys(map(ord, "\t\n\r\v\f\x85\u2028\u2029"), " ")


def clean(text: object) -> str:
    """The text on one line without control characters; invisible direction marks are spelled out.

    >>> clean("a\\x1b[31m b\\u202ec")
    'a[31m b⟨U+202E⟩c'
    """
    safe: list[str] = []
    for letter in str(text).translate(_SPACES):
        category = unicodedata.category(letter)
        if category == "Cc" or letter == "\u00ad":
            continue
        if category in {"Cf", "Cn", "Co", "Cs"} and letter not in _KEPT_FORMAT_CHARACTERS:
            safe.append(f"⟨U+{ord(letter):04X}⟩")
        else:
            safe.append(letter)
    return " ".join("".join(safe).split())


def shortened(text: object, most: int) -> str:
    """The cleaned text in at most ``most`` letters, cut at a word where it can be.

    >>> shortened("the island tells the species", 18)
    'the island tells…'
    """
    written = clean(text)
    if len(written) <= most:
        return written
    head = written[: most - 1]
    return (head.rsplit(" ", 1)[0] if " " in head[most // 2 :] else head).rstrip(" ,;:.") + "…"


def strongest(added: Mapping[str, float], side: str | None = None) -> tuple[str, float] | None:
    """The class whose odds change most, its own side first; None where no number is fitted or all are 0."""
    if side is not None and side in added:
        return side, added[side]
    most = max(added.items(), key=lambda item: (abs(item[1]), item[1]), default=None)
    return most if most and round(most[1] * POINTS_PER_NAT) else None


def decimals(value: float) -> str:
    """A number to two digits or to the unit, whichever is finer, with a real minus sign.

    >>> decimals(142.3), decimals(-4.21), decimals(0.123)
    ('142', '−4.2', '0.12')
    """
    size = abs(value)
    written = f"{size:,.0f}" if size >= 10 or size == 0 else f"{size:.1f}" if size >= 1 else f"{size:.2f}"
    return f"−{written}" if value < 0 and float(written.replace(",", "")) else written


def value_in_words(value: object) -> str:
    """A value of a case: numbers to six digits, enough to see on which side of a cut they are.

    >>> [value_in_words(v) for v in (178.78990069856692, 4100, True, None, "Dream")]
    ['178.79', '4100', 'true', 'missing', 'Dream']
    """
    if value is None:
        return "missing"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.6g}" if isinstance(value, float) else clean(value)


_WHO = re.compile(r"\b((?:neo4j|bolt)(?:\+s|\+ssc)?://)\S*@", re.IGNORECASE)


def without_password(text: str) -> str:
    """The text with whoever asks, and the password, taken out of the URL of a server.

    >>> without_password("priory show --kb neo4j://ada:s3cr@t@host:7687/kb")
    'priory show --kb neo4j://host:7687/kb'
    """
    return _WHO.sub(r"\1", text)


def duration(seconds: float) -> str:
    """A time as a person would say it.

    >>> duration(6.2), duration(100), duration(5400)
    ('7 s', '2 minutes', '1.5 hours')
    """
    if seconds < 90:
        return f"{math.ceil(seconds)} s"
    if seconds < 3600:
        return count(round(seconds / 60), "minute")
    return f"{seconds / 3600:.1f} hours"


def cost_in_words(cost: Cost) -> str:
    """What was spent, as far as it was anything."""
    said = []
    if cost.tokens:
        said.append(count(cost.tokens, "token"))
    if cost.usd:
        said.append(f"about {usd_in_words(cost.usd)}")
    if cost.seconds >= 1.0:
        said.append(duration(cost.seconds))
    if cost.human_seconds >= 1.0:
        said.append(f"{duration(cost.human_seconds)} of a person's time")
    return ", ".join(said) or ("less than a second" if cost.seconds or cost.human_seconds else "nothing")


def usd_in_words(usd: float) -> str:
    """Money, to the cent or, below one, to two digits.

    >>> usd_in_words(1.5), usd_in_words(0.00123)
    ('$1.50', '$0.0012')
    """
    return f"${usd:,.2f}" if usd >= 0.01 or usd == 0 else f"${usd:.2g}"
