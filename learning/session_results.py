"""What came of a rating session: progress, time, consistency, gold, and the answers as rows to take away."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kb.address import Address
from kb.knowledge import Tree
from kb.records import Judgement
from learning.agreement import Agreement, agreement_of
from learning.calibration import proportion_interval
from learning.leasing import PASSED_OVER
from learning.prior import HERE, NEITHER
from learning.scores import Interval
from learning.sessions import Session, all_items

__all__ = [
    "Consistency",
    "RaterProgress",
    "SessionResult",
    "consistency_of",
    "export_session",
    "progress_of",
    "show_session",
    "standing",
    "worth_of_next",
]

CLOSE = 0.1  # two credences of one statement that differ by less say the same
CLOSE_RATIO = 0.69  # nats; a factor of two


@dataclass(frozen=True, slots=True)
class Consistency:
    """How alike a rater's answers to the same question are.

    Attributes:
        n: Repeats answered.
        close: How many of them are within 10 points of credence, or a factor of two for comparisons.
        apart: Mean absolute difference, in credence or nats; None for no repeat.
    """

    n: int
    close: int
    apart: float | None

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class RaterProgress:
    """One rater in one session.

    Attributes:
        rater: Who.
        answered: Items answered, those passed over not among them.
        skipped: Items skipped.
        flagged: Items flagged.
        seconds: Time spent, in all.
        median_seconds: Per answer; None before the first.
        gold_right: Gold items whose answer lies in their range.
        gold: Gold items answered.
        gold_interval: 95 % interval of the share that is right; None for no gold.
        consistency: On repeats.
    """

    rater: str
    answered: int
    skipped: int
    flagged: int
    seconds: float
    median_seconds: float | None
    gold_right: int
    gold: int
    gold_interval: Interval | None
    consistency: Consistency

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        interval = self.gold_interval and self.gold_interval.to_dict()
        return {**plain, "gold_interval": interval, "consistency": self.consistency.to_dict()}


@dataclass(frozen=True, slots=True)
class SessionResult:
    """A session as its lead sees it.

    Attributes:
        session: What was asked.
        raters: Each with progress, by name.
        items: Asked ones, repeats not counted.
        items_answered: Of these, answered by somebody.
        items_complete: Of these, answered by as many raters as are wanted.
        agreement: Between raters.
    """

    session: Session
    raters: tuple[RaterProgress, ...]
    items: int
    items_answered: int
    items_complete: int
    agreement: Agreement

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces."""
        return {
            "session": self.session.to_dict(),
            "raters": [r.to_dict() for r in self.raters],
            "items": self.items,
            "items_answered": self.items_answered,
            "items_complete": self.items_complete,
            "agreement": self.agreement.to_dict(),
        }


def standing(judgements: Iterable[Judgement]) -> list[Judgement]:
    """Those that were neither corrected nor taken back."""
    listed = list(judgements)
    gone = {j.supersedes for j in listed if j.supersedes}
    return [j for j in listed if j.id not in gone and j.answer != "undo"]


def show_session(tree: Tree, session: Session) -> SessionResult:
    """What came of a session so far."""
    said = [j for j in standing(tree.judgements()) if j.session == session.name]
    items = [i for i in all_items(tree, session.name) if i.repeat_of is None and not i.is_retired]
    answers = [[a for _, a in i.answered.values() if a not in PASSED_OVER] for i in items]
    raters = sorted({j.rater for j in said})
    wanted = session.raters or max(1, len(raters))
    return SessionResult(
        session=session,
        raters=tuple(progress_of([j for j in said if j.rater == who], who, session.gold) for who in raters),
        items=len(items),
        items_answered=sum(bool(a) for a in answers),
        items_complete=sum(len(a) >= wanted for a in answers),
        agreement=agreement_of(said, "ordinal" if session.task == "seven" else "interval", seed=session.seed),
    )


def progress_of(
    said: Sequence[Judgement], rater: str, gold_ranges: Mapping[Address, tuple[float, float]]
) -> RaterProgress:
    """One rater's progress, from this rater's standing judgements; gold is held against its ranges."""
    given = [j for j in said if j.answer not in PASSED_OVER]
    gold = [(ends, v) for j in given if (ends := gold_ranges.get(j.address)) and (v := _value(j)) is not None]
    right = sum(low <= value <= high for (low, high), value in gold)
    return RaterProgress(
        rater=rater,
        answered=len(given),
        skipped=sum(j.answer == "skip" for j in said),
        flagged=sum(j.answer == "flag" for j in said),
        seconds=sum(j.seconds for j in said),
        median_seconds=statistics.median(j.seconds for j in given) if given else None,
        gold_right=right,
        gold=len(gold),
        gold_interval=proportion_interval(right, len(gold)) if gold else None,
        consistency=consistency_of(said),
    )


def _value(judgement: Judgement) -> float | None:
    """The credence that an answer comes to, as Prior reads it; the log ratio of a comparison."""
    if judgement.kind == "comparison":
        ratio = judgement.details.get("log_ratio")
        return None if ratio is None else float(ratio)
    return {"neither": NEITHER, "here": HERE}.get(judgement.answer, judgement.value)


def consistency_of(said: Sequence[Judgement]) -> Consistency:
    """One rater's standing answers to the items that a session asked twice."""
    first = {(j.session, j.details.get("item")): j for j in said if j.details.get("repeat_of") is None}
    apart: list[float] = []
    close = 0
    for again in (j for j in said if j.details.get("repeat_of") is not None):
        before = first.get((again.session, again.details["repeat_of"]))
        ends = (_value(before), _value(again)) if before else (None, None)
        if before is None or ends[0] is None or ends[1] is None:
            continue
        apart.append(abs(ends[0] - ends[1]))
        close += apart[-1] <= (CLOSE_RATIO if again.kind == "comparison" else CLOSE) + 1e-9
    return Consistency(len(apart), close, sum(apart) / len(apart) if apart else None)


def export_session(
    tree: Tree, session: Session | None = None, *, rater: str | None = None
) -> list[dict[str, Any]]:
    """Every judgement as a flat row, corrections included, in the order in which they were given.

    Args:
        tree: Whose.
        session: Only this session's; None for all judgements of the tree.
        rater: Only this rater's; None for everyone's.
    """
    said = [
        j
        for j in tree.judgements()
        if (session is None or j.session == session.name) and (rater is None or j.rater == rater)
    ]
    addresses = sorted({a for j in said for a in _about(j)})
    texts = {s.address: s.text for s in tree.store.nodes(tree.tree_id, addresses)}
    return [_row(j, texts) for j in said]


def _about(judgement: Judgement) -> list[Address]:
    than = judgement.details.get("than")
    return [judgement.address, *([Address(str(than))] if than else [])]


def _row(judgement: Judgement, texts: Mapping[Address, str]) -> dict[str, Any]:
    known = judgement.to_dict()
    details = known.pop("details")
    about = _about(judgement)
    row = {**known, "text": texts.get(judgement.address, "")}
    if len(about) > 1:
        row["than_text"] = texts.get(about[1], "")
    return row | {f"details.{name}": value for name, value in details.items()}


def worth_of_next(tree: Tree, *, rater: str, n: int = 10) -> float:
    """What the rater's next ``n`` answers are expected to change, at most, in nats per case of D*."""
    from learning.asking import questions

    return sum(q.nats for q in questions(tree, rater=rater, limit=n + 1) if q.kind == "rating")
