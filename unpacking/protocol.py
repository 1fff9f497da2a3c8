"""What an unpacker is shown, and what unpackers are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from kb.cases import Cases, Labelled
from kb.records import Proposal
from kb.statements import Statement
from kb.task import Task

__all__ = ["Situation", "Unpacker"]


@dataclass(frozen=True, slots=True)
class Situation:
    """All that one step may look at; so the result depends on nothing else that was unpacked.

    Attributes:
        task: The task's description.
        statement: What is to be unpacked.
        above: Its ancestors, the root first.
        earlier: Its earlier siblings.
        D: The labelled cases that statements may be chosen with.
        Dstar: The cases to predict, without labels.
        seed: What chance may depend on.
    """

    task: Task
    statement: Statement
    above: tuple[Statement, ...]
    earlier: tuple[Statement, ...]
    D: Labelled
    Dstar: Cases
    seed: int = 0

    @property
    def path_when(self) -> str | None:
        """The condition under which the statement speaks; the statement's own holds those above it."""
        return self.statement.draft.when


class Unpacker(Protocol):
    """One implementation of Mz."""

    name: str

    def propose(self, situation: Situation, n: int) -> tuple[Proposal, ...]:
        """Candidate sets of children: n or fewer are meant to be committed, others say why they are not."""

    def spec(self) -> dict[str, object]:
        """What determines its proposals beside the situation, as JSON values."""
