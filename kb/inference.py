"""Column types: what the values of a column are, found from D and D* together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kb.reading import Raw
from kb.task import ColumnType

if TYPE_CHECKING:
    import duckdb

__all__ = ["Profile", "infer_type", "levels_in_order", "presence", "profiles", "value_counts"]

FIRST_ROWS = 200
WORTH_COUNTING = 0.8
AT_ONCE = 25  # columns per query: wide enough to share a scan, narrow enough to plan quickly
MAX_LEVELS = 1_000
TYPO_SHARE = 0.95  # a column of which so many values are numbers is one of numbers, with a slip in it
TRUTHS = (("true", "false"), ("1", "0"), ("1.0", "0.0"), ("yes", "no"), ("t", "f"), ("y", "n"))
SCALES = (
    ("very low", "low", "medium", "high", "very high"),
    ("low", "mid", "high"),
    ("low", "moderate", "high"),
    ("very small", "small", "medium", "large", "very large"),
    ("xs", "s", "m", "l", "xl", "xxl"),
    ("never", "rarely", "sometimes", "often", "always"),
    ("none", "mild", "moderate", "severe"),
    ("very poor", "poor", "fair", "good", "very good", "excellent"),
    ("strongly disagree", "disagree", "neutral", "agree", "strongly agree"),
    ("first", "second", "third", "fourth", "fifth"),
)
_RANGE = re.compile(r"(?:[<≤]\s*(\d+(?:\.\d+)?)|[>≥]?\s*(\d+(?:\.\d+)?)\s*(?:[-–]\s*\d+(?:\.\d+)?|\+)?)")
_DATE_LIKE = re.compile(r"[0-9]{4}[-/][0-9]")
_NAMES_ROWS = re.compile(r"(?i)(?:.*[^a-z])?(?:id|uuid|guid|index|row|key|rownames|unnamed: 0|column 1)")


@dataclass(frozen=True, slots=True)
class Profile:
    """What a column holds, as counts of its values.

    Attributes:
        rows: Rows, with and without a value.
        present: Values that are not missing.
        distinct: Different ones; about, above a few thousand.
        numbers: Values that are numbers.
        infinite: Of those, infinite ones.
        dates: Values that are dates or times, year first.
        padded: Values such as 007, which are names made of digits.
        words: Words per value, on average.
        letters: Letters per value, on average.
        example: The first value.
    """

    rows: int
    present: int
    distinct: int
    numbers: int
    infinite: int
    dates: int
    padded: int
    words: float
    letters: float
    example: str


def profiles(
    connection: duckdb.DuckDBPyConnection, raws: Sequence[Raw], names: Sequence[str]
) -> Iterator[Profile]:
    """One profile per column, counted over all tables together.

    The first rows tell which counts are worth a pass over all of them: where fewer than four in five are
    numbers, the column is none of numbers, and nobody counts them.
    """
    for start in range(0, len(names), AT_ONCE):
        batch = names[start : start + AT_ONCE]
        first = f"{_together(raws[:1], batch)} LIMIT {FIRST_ROWS}"
        rows = connection.execute(first).fetchall()
        columns = zip(*rows, strict=True) if rows else [()] * len(batch)
        sketches = [_Sketch([value for value in values if value]) for values in columns]
        relation = f"({_together(raws, batch)})"
        counts = _asked(connection, relation, [sketch.asked() for sketch in sketches])
        exactly = [
            _EXACTLY if each.get("numbers", 0) > 0 and each["distinct"] <= MAX_LEVELS else {}
            for each in counts
        ]
        exact = _asked(connection, relation, exactly)
        for sketch, *found in zip(sketches, counts, exact, strict=True):
            yield sketch.profile({**found[0], **found[1]})


def _together(raws: Sequence[Raw], names: Sequence[str]) -> str:
    """SQL for the rows of all tables, the columns called v0, v1, and so on."""
    parts = []
    for raw in raws:
        cells = ", ".join(f"{raw.place(name)} AS v{k}" for k, name in enumerate(names))
        parts.append(f"SELECT {cells} FROM {raw.table}")  # noqa: S608
    return " UNION ALL ".join(parts)


def presence(connection: duckdb.DuckDBPyConnection, raw: Raw, names: Sequence[str]) -> list[int]:
    """How many rows of one table have a value in each column."""
    if not names:
        return []
    cells = ", ".join(f"count({raw.place(name)})" for name in names)
    return list(connection.execute(f"SELECT {cells} FROM {raw.table}").fetchall()[0])  # noqa: S608


class _Sketch:
    """What the first values of a column look like."""

    def __init__(self, values: Sequence[str]) -> None:
        self.values = values
        n = max(1, len(values))
        self.numbers = sum(map(_is_number, values)) / n
        self.dates = sum(_DATE_LIKE.match(value) is not None for value in values) / n

    def asked(self) -> dict[str, str]:
        asked = dict(_COUNTS)
        if self.numbers >= WORTH_COUNTING:
            asked |= _NUMBERS
        if self.dates >= WORTH_COUNTING:
            asked |= _DATES
        return asked if self.values else {**_COUNTS, **_NUMBERS, **_DATES, **_EXAMPLE}

    def profile(self, counts: Mapping[str, Any]) -> Profile:
        n = max(1, len(self.values))
        return Profile(
            rows=counts["rows"],
            present=counts["present"],
            distinct=counts["distinct"],
            numbers=counts.get("numbers", int(self.numbers * counts["present"])),
            infinite=counts.get("infinite", 0),
            dates=counts.get("dates", int(self.dates * counts["present"])),
            padded=counts.get("padded", 0),
            words=sum(len(value.split()) for value in self.values) / n,
            letters=sum(map(len, self.values)) / n,
            example=self.values[0] if self.values else counts["example"],
        )


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


_COUNTS = {
    "rows": "count(*)",
    "present": "count({0})",
    "distinct": "least(count({0}), approx_count_distinct({0}))",
}
_NUMBERS = {
    "numbers": "count(TRY_CAST({0} AS DOUBLE))",
    "infinite": "count(*) FILTER (isinf(TRY_CAST({0} AS DOUBLE)))",
    "padded": "count(*) FILTER ({0} >= '00' AND {0} < '0:')",  # ':' follows '9'
}
_EXAMPLE = {"example": "coalesce(any_value({0}), '')"}
_EXACTLY = {"distinct": "count(DISTINCT {0})"}


def _asked(
    connection: duckdb.DuckDBPyConnection, relation: str, wanted: Sequence[Mapping[str, str]]
) -> list[dict[str, Any]]:
    cells = [sql.format(f"v{k}") for k, asked in enumerate(wanted) for sql in asked.values()]
    if not cells:
        return [{} for _ in wanted]
    row = iter(connection.execute(f"SELECT {', '.join(cells)} FROM {relation}").fetchall()[0])  # noqa: S608
    return [{name: next(row) for name in asked} for asked in wanted]


def date_of(c: str) -> str:
    """SQL for the date or time, NULL unless it is written year first."""
    return f"TRY_CAST(CASE WHEN {c}[5] IN ('-', '/') THEN {c} END AS TIMESTAMP)"


_DATES = {"dates": f"count({date_of('{0}')})"}


def value_counts(
    connection: duckdb.DuckDBPyConnection, raws: Sequence[Raw], name: str
) -> list[tuple[str, int]]:
    """The values and how often each occurs, most frequent first, then in alphabetical order."""
    query = (
        f"SELECT v0, count(*) AS n FROM ({_together(raws, [name])}) WHERE v0 IS NOT NULL "  # noqa: S608
        f"GROUP BY 1 ORDER BY n DESC, 1"
    )
    return [(str(value), int(n)) for value, n in connection.execute(query).fetchall()]


def infer_type(profile: Profile, levels: Sequence[str]) -> ColumnType:
    """The type of a column.

    Args:
        profile: Its counts.
        levels: Its values, if they are few.
    """
    folded = {level.casefold() for level in levels}
    if len(folded) == 2 and any(folded == set(pair) for pair in TRUTHS):
        return "boolean"
    if profile.numbers == profile.present and not profile.padded:
        return "numeric"
    if profile.dates == profile.present:
        return "date"
    if levels_in_order(levels):
        return "ordinal"
    if _is_text(profile):
        return "text"
    return "categorical"


def mostly_numbers(profile: Profile) -> bool:
    """All but a few values are numbers, and they are many: the few are slips or a sign for missing."""
    share = profile.numbers / max(1, profile.present)
    return TYPO_SHARE <= share < 1.0 and profile.distinct > 20 and not profile.padded


def names_rows(name: str, place: int, profile: Profile, n_D: int) -> bool:
    """Looks like an identifier: hardly a value twice, and it is named so or is one word of text.

    Args:
        name: Of the column.
        place: Of the column, from 0; a first one without a name often numbers the rows.
        profile: Its counts in D and D* together.
        n_D: Rows of D; as many different values are needed at least, give or take a tenth.
    """
    if profile.present < profile.rows or profile.rows < 3 or profile.distinct < 0.9 * n_D:
        return False
    if mostly_numbers(profile):
        return False
    is_number = profile.numbers == profile.present
    if _NAMES_ROWS.fullmatch(name) and (place == 0 or not name.startswith("column ")):
        return not is_number or profile.example.lstrip("-").isdigit()
    return not is_number and not profile.dates and profile.words < 1.05 and n_D >= 20


def levels_in_order(levels: Sequence[str]) -> tuple[str, ...] | None:
    """The levels from lowest to highest where everyone would agree on it; None where not.

    That is: at least three words of one known scale, or ranges such as 20-29 with different starts.

    >>> levels_in_order(["medium", "low", "high"])
    ('low', 'medium', 'high')
    """
    if len(levels) < 3:
        return None
    folded = {level.casefold(): level for level in levels}
    for scale in SCALES:
        if len(folded) == len(levels) and set(folded) <= set(scale):
            return tuple(folded[word] for word in scale if word in folded)
    starts: dict[float, str] = {}
    for level in levels:
        found = _RANGE.fullmatch(level)
        if not found:
            return None
        below, start = found.groups()
        starts[float(start) if start else float(below) - 1e-9] = level
    are_ranges = len(starts) == len(levels) and not all(level.isdigit() for level in levels)
    return tuple(starts[start] for start in sorted(starts)) if are_ranges else None


def _is_text(profile: Profile) -> bool:
    if profile.distinct > MAX_LEVELS:
        return True
    return profile.distinct > 50 and (
        profile.distinct > 0.5 * profile.present or profile.words > 5 or profile.letters > 40
    )
