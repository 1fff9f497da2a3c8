"""Mechanical checks of a proposal: what no approver needs to look at twice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from kb.arrays import Mask
from kb.conditions import contained_phrase, parse_condition
from kb.errors import InputError
from kb.figures import count
from kb.records import Proposal
from kb.statements import Draft
from unpacking.induction import NAME as INDUCTION
from unpacking.protocol import Situation

__all__ = [
    "LEAST_CASES",
    "MOST_TEXT",
    "ask_at_once",
    "checked",
    "says_the_same",
    "share_of_words",
    "without_problems",
]

MOST_TEXT = 400  # characters that a person reads in one go
LEAST_CASES = 3  # of D and D* together that a condition must speak about
_SAME = 0.8  # share of the words of two texts that they have in common, from which they say the same
_LONG_ENOUGH = 20  # letters from which a text that stands within another one repeats it
_WORD = re.compile(r"\w+")
_SMALL_WORDS = """
    a an and are as at be been by can do does for from had has have if in is it its more most of often on or
    so than that the their them then there they this to usually was were which will with"""
_SMALL = frozenset(_SMALL_WORDS.split())
_NEGATIONS = frozenset(
    {"fewer", "hardly", "less", "neither", "never", "no", "nor", "not", "rarely", "seldom", "without"}
)


@dataclass(slots=True)
class _Seen:
    """What stands above and beside a child already."""

    texts: dict[str, str] = field(default_factory=dict)
    conditions: dict[str, tuple[str, str | None]] = field(default_factory=dict)

    def note(self, child: Draft, who: str) -> None:
        self.texts[child.text.casefold()] = who
        if child.when:
            self.conditions.setdefault(child.when, (who, child.side))


def checked(situation: Situation, proposal: Proposal) -> Proposal:
    """The proposal with its mechanical problems noted and its conditions in their canonical form."""
    problems: list[str] = []
    children: list[Draft] = []
    seen = _Seen()
    for above in situation.above:
        seen.note(above.draft, "a statement above it")
    # of nested half-lines the wider one's refinement finds the narrower one again: one claim, told twice
    if not all(child.origin == INDUCTION for child in proposal.children):
        for beside in situation.earlier:
            seen.note(beside.draft, "an earlier sibling of its parent")
    seen.note(situation.statement.draft, "its parent")
    for i, proposed in enumerate(proposal.children):
        child, found = _child(situation, proposed, seen)
        problems += [f"child {i}: {problem}" for problem in found]
        children.append(child)
        seen.note(child, f"child {i}")
    problems += _few_cases(situation, children)
    return replace(
        proposal, children=tuple(children), problems=(*_of_the_whole(proposal), *dict.fromkeys(problems))
    )


def ask_at_once(situation: Situation, conditions: Iterable[str]) -> None:
    """Have D and D* answer all conditions that can be read in one query each; both remember the answers."""
    known = []
    for when in conditions:
        with suppress(InputError):
            known.append(parse_condition(when, situation.task.columns).sql)
    path = [situation.path_when] if situation.path_when else []
    if known and situation.D.n:
        situation.D.cases.matches([*known, *path])
        situation.Dstar.matches([*known, *path])


def _of_the_whole(proposal: Proposal) -> tuple[str, ...]:
    """Problems that were noted before and are no child's, such as a reply that could not be read."""
    return tuple(p for p in proposal.problems if not p.startswith("child "))


def without_problems(proposal: Proposal) -> Proposal | None:
    """What is left of a checked proposal without the children that failed; None if nothing or all is."""
    failed = {int(p.split()[1].rstrip(":")) for p in proposal.problems if p.startswith("child ")}
    kept = tuple(c for i, c in enumerate(proposal.children) if i not in failed)
    if not failed or not kept or _of_the_whole(proposal):
        return None
    how = f"{proposal.how}, without the {len(failed)} of {len(proposal.children)} that failed a check"
    return replace(proposal, children=kept, how=how.removeprefix(", "), problems=())


def _child(situation: Situation, proposed: Draft, seen: _Seen) -> tuple[Draft, list[str]]:
    child, problems = proposed, []
    try:
        child = _canonical(situation, proposed)
    except InputError as error:
        problems.append(error.message)
    if not child.text.strip() or len(child.text) > MOST_TEXT:
        problems.append(f"its text has {len(child.text)} characters; 1 to {MOST_TEXT} are read")
    problems += _repetitions(child, seen)
    if child.side is not None and child.side not in situation.task.classes:
        problems.append(f"speaks for {child.side!r}, which is no class")
    return child, problems


def _canonical(situation: Situation, child: Draft) -> Draft:
    if child.when is None:
        return child
    condition = parse_condition(child.when, situation.task.columns)
    return replace(child, when=condition.sql, columns=condition.columns)


def _repetitions(child: Draft, seen: _Seen) -> list[str]:
    """How a child repeats or contradicts what is there: by its condition if it has one, else by its words."""
    same_text = seen.texts.get(child.text.casefold())
    if same_text:
        return [f"repeats {same_text}"]
    if child.when:
        who, side = seen.conditions.get(child.when, ("", None))
        if who and side and child.side and side != child.side:
            return [f"contradicts {who}, which speaks for {side} on the same condition"]
        return [f"repeats the condition of {who}"] if who else []
    if child.columns:
        return []
    close = [who for text, who in seen.texts.items() if says_the_same(child.text, text)]
    return [f"says what {close[0]} says in other words"] if close else []


def says_the_same(one: str, other: str) -> bool:
    """Whether one text holds the other, or they share nearly all words that carry meaning and negate alike.

    A mechanical test for paraphrases that only move words about; it knows nothing of synonyms.
    """
    short, long = sorted((one.casefold(), other.casefold()), key=len)
    if len(short) >= _LONG_ENOUGH and short.rstrip(" .") in long:
        return True
    return share_of_words(one, other) >= _SAME


def share_of_words(one: str, other: str) -> float:
    """Of the words of two texts that carry meaning, the share that both have; 0 where only one negates."""
    a, b = _stems(one), _stems(other)
    if not a or not b or bool(a & _NEGATIONS) != bool(b & _NEGATIONS):
        return 0.0
    return len(a & b) / len(a | b)


def _stems(text: str) -> set[str]:
    """Words without the smallest ones and without their endings."""
    words = _WORD.findall(text.casefold())
    return {w if w in _NEGATIONS or w[0].isdigit() else w[:6].rstrip("s") for w in words if w not in _SMALL}


def _few_cases(situation: Situation, children: Sequence[Draft]) -> list[str]:
    """Children whose condition hardly any case meets, or meets just as a sibling's on the same columns."""
    columns = situation.task.columns
    testable = [
        (i, c)
        for i, c in enumerate(children)  # words of texts, thousands, are counted where they are proposed
        if c.when and not contained_phrase(c.when, columns) and _is_canonical(situation, c)
    ]
    if not testable or not situation.D.n:
        return []
    conditions = [c.when or "" for _, c in testable]
    on_D = situation.D.cases.matches(conditions)
    spoken_of = on_D.sum(axis=0) + situation.Dstar.matches(conditions).sum(axis=0)
    problems = [
        f"child {i}: speaks about {count(n, 'case')} of D and D*, at least {LEAST_CASES} are needed"
        for (i, _), n in zip(testable, spoken_of, strict=True)
        if n < LEAST_CASES
    ]
    return problems + list(_same_cases(testable, on_D))


def _is_canonical(situation: Situation, child: Draft) -> bool:
    try:
        return parse_condition(child.when or "", situation.task.columns).sql == child.when
    except InputError:
        return False


def _same_cases(testable: Sequence[tuple[int, Draft]], on_D: Mask) -> Iterable[str]:
    """Two ways to write one condition: the same columns and the same cases of D."""
    first: dict[tuple[tuple[str, ...], bytes], int] = {}
    for place, (i, child) in enumerate(testable):
        key = (child.columns, on_D[:, place].tobytes())
        j = first.setdefault(key, i)
        is_written_alike = any(child.when == other.when for other_i, other in testable if other_i == j)
        if j != i and not is_written_alike and on_D[:, place].any():
            yield f"child {i}: speaks about the same cases of D as child {j}"
