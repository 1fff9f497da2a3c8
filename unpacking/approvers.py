"""Approvers: who scores the proposals of a step. A person or a model comes in as one more of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kb.records import Approval, Proposal, total
from unpacking.approval import score_by_data
from unpacking.protocol import Situation

__all__ = ["AUTOMATIC", "Approver", "each", "mixed"]

Judge = Callable[[Situation, tuple[Proposal, ...]], tuple[Approval, ...]]


@dataclass(frozen=True, slots=True)
class Approver:
    """Who scores.

    Attributes:
        name: ``automatic``, ``human:…``, ``model:…`` or a mix of them with weights, as the step records it.
        judge: One approval per proposal, in their order; proposals that failed a check are among them.
        is_person: A person is in the loop.
    """

    name: str
    judge: Judge
    is_person: bool = False


def each(score: Callable[[Situation, Proposal], Approval]) -> Judge:
    """Judges every proposal by itself."""
    return lambda situation, proposals: tuple(score(situation, p) for p in proposals)


AUTOMATIC = Approver("automatic", each(score_by_data))


def mixed(parts: Sequence[tuple[Approver, float]]) -> Approver:
    """Several approvers as one: the mean of their scores, by weight; all their reasons are kept.

    Raises:
        ValueError: There are none, or the weights don't add up to more than 0.
    """
    whole = sum(weight for _, weight in parts)
    if not parts or whole <= 0.0 or any(weight < 0.0 for _, weight in parts):
        raise ValueError("weights must be 0 or more, and one of them more than 0")
    if len(parts) == 1:
        return parts[0][0]
    name = " + ".join(f"{weight / whole:.2g} {who.name}" for who, weight in parts)

    def judge(situation: Situation, proposals: tuple[Proposal, ...]) -> tuple[Approval, ...]:
        scored = [who.judge(situation, proposals) for who, _ in parts]
        weighted = [(who, weight / whole) for who, weight in parts]
        return tuple(_mean(name, weighted, [one[i] for one in scored]) for i in range(len(proposals)))

    return Approver(name, judge, any(who.is_person for who, _ in parts))


def _mean(name: str, weighted: list[tuple[Approver, float]], said: list[Approval]) -> Approval:
    score = sum(weight * approval.score for (_, weight), approval in zip(weighted, said, strict=True))
    terms = {
        f"{who.name} {term}": value
        for (who, _), approval in zip(weighted, said, strict=True)
        for term, value in {"score": approval.score, **approval.terms}.items()
    }
    reasons = tuple(
        f"{who.name}: {reason}"
        for (who, _), approval in zip(weighted, said, strict=True)
        for reason in approval.reasons
    )
    return Approval(
        score,
        reasons,
        terms,
        name,
        cost=total([approval.cost for approval in said]),
        responses=tuple(key for approval in said for key in approval.responses),
    )
