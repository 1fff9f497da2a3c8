"""What is recorded beside the statements: expansions, judgements, moves, leases, work items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar, get_args

from kb.address import Address
from kb.statements import Draft

__all__ = [
    "JUDGEMENT_KINDS",
    "VECTOR_SIZE",
    "Approval",
    "Cost",
    "Document",
    "Expansion",
    "Finding",
    "GivenUp",
    "Judgement",
    "JudgementKind",
    "Lease",
    "Move",
    "Page",
    "Proposal",
    "QueueEntry",
    "TreeRecord",
    "WorkItem",
]

Item = TypeVar("Item")

VECTOR_SIZE = 384  # numbers of a vector that says what a text means; an index of Neo4j has one size for good


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some items in order, and where to go on.

    Attributes:
        items: At most as many as were asked for.
        after: Pass it back as ``after`` for the next page; None at the end.
    """

    items: tuple[Item, ...]
    after: str | None = None


@dataclass(frozen=True, slots=True)
class TreeRecord:
    """A tree: its name, its task and how it is grown.

    Attributes:
        tree_id: 32 hexadecimal digits, the hash of name and task; part of every node's key.
        name: What people call it; unique in a knowledge base.
        spec: The task's description (see ``kb.task``) and blob digests of D and D*; JSON values only.
        created: Seconds since 1970, UTC.
    """

    tree_id: str
    name: str
    spec: Mapping[str, Any]
    created: float = 0.0


@dataclass(frozen=True, slots=True)
class Cost:
    """What a step took; adds up.

    Attributes:
        steps: Unpacking steps.
        tokens: Tokens read and written by a model.
        usd: Money.
        seconds: Wall time of machines.
        human_seconds: Time of people.
    """

    steps: int = 0
    tokens: int = 0
    usd: float = 0.0
    seconds: float = 0.0
    human_seconds: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        return Cost(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    def to_dict(self) -> dict[str, float]:
        """The JSON form."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Approval:
    """How much a person would approve of a proposal, and why.

    Attributes:
        score: In [-1, 1].
        reasons: One line each, the weightiest first.
        terms: The numbers behind it, such as ``gain_nats``.
        approver: Who scored: ``automatic``, ``human:…`` or ``model:…``.
        cost: What the scoring took, where a model or a person was asked.
        responses: Keys of the model's responses that it rests on.
    """

    score: float
    reasons: tuple[str, ...] = ()
    terms: Mapping[str, float] = field(default_factory=dict)
    approver: str = "automatic"
    cost: Cost = Cost()
    responses: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The JSON form; what nobody was asked for is left out."""
        return {
            "score": self.score,
            "reasons": list(self.reasons),
            "terms": dict(self.terms),
            "approver": self.approver,
            **_asked(self.cost, self.responses),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Approval:
        """The approval that ``to_dict`` wrote."""
        return cls(**{**stored, "reasons": tuple(stored["reasons"]), **_was_asked(stored)})


def _asked(cost: Cost, responses: tuple[str, ...]) -> dict[str, Any]:
    if cost == Cost() and not responses:
        return {}
    return {"cost": cost.to_dict(), "responses": list(responses)}


def _was_asked(stored: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "cost": Cost(**stored.get("cost", {})),
        "responses": tuple(stored.get("responses", ())),
    }


@dataclass(frozen=True, slots=True)
class Proposal:
    """One candidate set of children.

    Attributes:
        children: In the order in which they would be committed; empty says that nothing is left to say.
        how: What makes this candidate differ from its rivals, in a few words.
        approval: Its score; None before it was judged.
        problems: What a mechanical check found; a proposal with problems is kept but not committed.
        cost: What it took to make, where a model was asked.
        responses: Keys of the model's responses that it was read from.
    """

    children: tuple[Draft, ...]
    how: str = ""
    approval: Approval | None = None
    problems: tuple[str, ...] = ()
    cost: Cost = Cost()
    responses: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The JSON form; ``from_dict`` reads it back."""
        return {
            "children": [c.to_dict() for c in self.children],
            "how": self.how,
            "approval": self.approval and self.approval.to_dict(),
            "problems": list(self.problems),
            **_asked(self.cost, self.responses),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Proposal:
        """The proposal that ``to_dict`` wrote."""
        approval = stored.get("approval")
        return cls(
            children=tuple(Draft.from_dict(c) for c in stored["children"]),
            how=stored.get("how", ""),
            approval=approval and Approval.from_dict(approval),
            problems=tuple(stored.get("problems", ())),
            **_was_asked(stored),
        )


@dataclass(frozen=True, slots=True)
class Expansion:
    """One unpacking of one statement, with everything that led to it. Never overwritten.

    Attributes:
        address: The statement that was unpacked.
        slot: Where its children lie.
        unpacker: ``induction``, ``language-model``, … or a person.
        proposals: All that were made, the committed one among them.
        committed: Index of the committed proposal.
        chosen_by: Who chose it: ``approval`` or a rater.
        spec: What determines the result: unpacker's parameters, model, prompt version; JSON values only.
        seed: The seed that was used.
        cost: What it took.
        response: Digest of the blob that holds the raw response; None where there is none.
        first_ordinal: Ordinal of the first committed child (people may have written some before it).
        created: Seconds since 1970, UTC.
        is_current: A walk follows this slot.
    """

    address: Address
    slot: int
    unpacker: str
    proposals: tuple[Proposal, ...]
    committed: int
    chosen_by: str = "approval"
    spec: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    cost: Cost = Cost()
    response: str | None = None
    first_ordinal: int = 0
    created: float = 0.0
    is_current: bool = True

    @property
    def children(self) -> tuple[Draft, ...]:
        """What was committed."""
        return self.proposals[self.committed].children if self.proposals else ()

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces; ``from_dict`` reads it back."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        return {
            **plain,
            "spec": dict(self.spec),
            "cost": self.cost.to_dict(),
            "proposals": [p.to_dict() for p in self.proposals],
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Expansion:
        """The expansion that ``to_dict`` wrote."""
        return cls(
            **{
                **stored,
                "address": Address(stored["address"]),
                "cost": Cost(**stored["cost"]),
                "proposals": tuple(Proposal.from_dict(p) for p in stored["proposals"]),
            }
        )


JudgementKind = Literal["rating", "comparison", "joint-rating", "approval", "prediction", "verdict", "task"]
JUDGEMENT_KINDS: tuple[str, ...] = get_args(JudgementKind)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a person (or a stand-in) said. Append-only: a correction is a new one that supersedes.

    Attributes:
        id: Chosen by the caller, unique; appending the same id twice changes nothing.
        kind: ``task`` answers the question about the task itself; its address is the root.
        address: The statement it is about.
        rater: ``human:…``, ``model:…`` or ``oracle:…``.
        value: For a rating, the credence in [0, 1]; None when ``answer`` says it all.
        answer: ``credence``, ``neither`` (says nothing either way), ``here`` (true of D only), ``skip``,
            ``flag`` or
            ``undo`` (of the judgement that it supersedes).
        note: Free text, such as the reason of a flag.
        seconds: Time spent on it.
        session: The rating session it belongs to; empty outside one.
        supersedes: The id of the judgement that this one corrects.
        details: Anything else, such as the other statements of a comparison; JSON values only.
        created: Seconds since 1970, UTC.
    """

    id: str
    kind: JudgementKind
    address: Address
    rater: str
    value: float | None = None
    answer: str = "credence"
    note: str = ""
    seconds: float = 0.0
    session: str = ""
    supersedes: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    created: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces."""
        return {
            **{name: getattr(self, name) for name in self.__slots__},
            "details": dict(self.details),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Judgement:
        """The judgement that ``to_dict`` wrote; missing fields take their defaults."""
        known = {name: stored[name] for name in cls.__slots__ if name in stored}
        return cls(**{**known, "address": Address(stored["address"])})


@dataclass(frozen=True, slots=True)
class Move:
    """A change to Z that was offered or taken, by a machine or a person, with why.

    Attributes:
        kind: ``unpack``, ``replace``, ``drop``, ``restore``, ``add``, ``edit``, ``ask``, ``choose``,
            ``stop``.
        address: What it is about.
        by: ``search``, ``human:…``, …
        taken: False for an offer that was passed over.
        why: One sentence.
        terms: J and its terms before and after, in nats, and whatever else was weighed.
        run: The run of ``priory learn`` it belongs to; empty outside one.
        created: Seconds since 1970, UTC.
        id: Chosen by the caller, or by the store where it is empty; appending it twice changes nothing.
    """

    kind: str
    address: Address
    by: str
    taken: bool
    why: str = ""
    terms: Mapping[str, float] = field(default_factory=dict)
    run: str = ""
    created: float = 0.0
    id: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces."""
        return {**{name: getattr(self, name) for name in self.__slots__}, "terms": dict(self.terms)}


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to commit one expansion, until it runs out or a later fence is granted.

    Attributes:
        tree_id: The tree.
        address: The statement to unpack.
        slot: Where the children will lie.
        worker: Who holds it.
        fence: Grows with every grant; a commit with an older one is refused.
        until: Seconds since 1970, by the store's clock.
    """

    tree_id: str
    address: Address
    slot: int
    worker: str
    fence: int
    until: float


@dataclass(frozen=True, slots=True)
class WorkItem:
    """A requested expansion in the queue.

    Attributes:
        address: The statement to unpack.
        slot: Where the children will lie.
        priority: Larger first.
        attempts: How often a worker took it.
        lease: The right to commit it.
    """

    address: Address
    slot: int
    priority: float
    attempts: int
    lease: Lease


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A requested expansion that a worker took out of the queue.

    Attributes:
        address: The statement that was to be unpacked.
        slot: Where the children would lie.
        attempts: How often a worker took it.
        reason: Why it was given up.
    """

    address: Address
    slot: int
    attempts: int
    reason: str


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """A requested expansion as it is kept, without whoever holds it at the moment.

    Attributes:
        address: The statement to unpack.
        slot: Where the children will lie.
        priority: Larger first.
        attempts: How often a worker took it.
        reason: Why it was given up; None while it waits or is worked on.
    """

    address: Address
    slot: int
    priority: float
    attempts: int = 0
    reason: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON value that a tree keeps under a kind and a key, such as a sample of D* or a rating session.

    Attributes:
        kind: What sort of thing it is, such as ``sample``.
        key: Chosen by the caller; unique within tree and kind.
        body: JSON values only.
        version: Counts from 1 and grows with every change; a write may be made conditional on it.
        changed: When it was last written, in seconds since 1970, UTC, by the store's clock.
    """

    kind: str
    key: str
    body: Mapping[str, Any]
    version: int = 0
    changed: float = 0.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken invariant that a check of a store found.

    Attributes:
        invariant: Which, in a few words.
        where: Tree and address, or record.
        message: What is wrong.
    """

    invariant: str
    where: str
    message: str


def total(costs: Sequence[Cost]) -> Cost:
    """The sum; no cost for none."""
    return sum(costs, Cost())
