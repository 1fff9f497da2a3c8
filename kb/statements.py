"""Statements: what one node of Z says, before and after it has an address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from kb.address import Address

__all__ = ["KINDS", "Draft", "Kind", "Measures", "Statement"]

Kind = Literal["aspect", "claim", "definition", "assumption", "quantity", "model"]
KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Draft:
    """A statement without an address: what an unpacker proposes or a person writes.

    Attributes:
        text: What a person reads in one go.
        kind: Which sort of statement it is.
        when: The cases it speaks about, a condition over the columns of x; None if not testable.
        side: The class it speaks for; None when it speaks for several, each with its own points.
        columns: The columns it is about, in the order of the task.
        origin: Who wrote it: an unpacker's name or a rater such as ``human:ada``.
        replaces: The address of the statement that it is an edit of.
    """

    text: str
    kind: Kind = "claim"
    when: str | None = None
    side: str | None = None
    columns: tuple[str, ...] = ()
    origin: str = ""
    replaces: Address | None = None

    def to_dict(self) -> dict[str, Any]:
        """The JSON form; ``from_dict`` reads it back."""
        return {
            "text": self.text,
            "kind": self.kind,
            "when": self.when,
            "side": self.side,
            "columns": list(self.columns),
            "origin": self.origin,
            "replaces": self.replaces,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Draft:
        """The draft that ``to_dict`` wrote; missing fields take their defaults."""
        known = {name: stored[name] for name in cls.__slots__ if name in stored}
        return cls(**{**known, "columns": tuple(stored.get("columns") or ())})


@dataclass(frozen=True, slots=True)
class Measures:
    """What the newest fit found about a statement; derived, so it may be computed again.

    Attributes:
        points: What it adds to the log-odds of each class where it applies, in nats, centred over the
            classes.
        plausibility: People's probability that it also holds for D*, as Prior has it, in [0, 1].
        plausibility_sd: One standard deviation of that.
        rated: How many people's ratings of this very statement went in.
        nats_on_D: What it and the statements below it earn on D over the base rate, everything on, out
            of fold.
        carries_D: Share of the cases of D that it speaks about, in [0, 1].
        carries_Dstar: The same share of D*.
        alarm: It earns much on D and people don't believe it.
    """

    points: Mapping[str, float] = field(default_factory=dict)
    plausibility: float | None = None
    plausibility_sd: float | None = None
    rated: int = 0
    nats_on_D: float | None = None  # noqa: N815  # D is the name of the labelled cases
    carries_D: float | None = None  # noqa: N815
    carries_Dstar: float | None = None  # noqa: N815
    alarm: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            **{name: getattr(self, name) for name in self.__slots__},
            "points": dict(self.points),
        }


@dataclass(frozen=True, slots=True)
class Statement:
    """One stored statement of a tree.

    Attributes:
        address: Where it is.
        draft: What it says.
        n_children: Children in the current slot, dropped ones included.
        slot: The current slot below it; None while it has no children and was never unpacked.
        is_unpacked: An expansion of it is committed (an empty one counts: nothing more to say).
        is_dropped: Left out of Z, with everything below it; its record stays.
        measures: What the newest fit found; None before the first.
        created: Seconds since 1970, UTC.
    """

    address: Address
    draft: Draft
    n_children: int = 0
    slot: int | None = None
    is_unpacked: bool = False
    is_dropped: bool = False
    measures: Measures | None = None
    created: float = 0.0

    @property
    def text(self) -> str:
        """What it says."""
        return self.draft.text

    @property
    def kind(self) -> Kind:
        """Which sort of statement it is."""
        return self.draft.kind

    @property
    def points(self) -> Mapping[str, float]:
        """Per class, what it adds to the log-odds where it applies, in nats; empty before a fit."""
        return self.measures.points if self.measures else {}

    @property
    def plausibility(self) -> float | None:
        """People's probability that it also holds for D*; None before a fit."""
        return self.measures.plausibility if self.measures else None

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces."""
        return {
            "address": self.address,
            **self.draft.to_dict(),
            "n_children": self.n_children,
            "is_unpacked": self.is_unpacked,
            "is_dropped": self.is_dropped,
            **(self.measures or Measures()).to_dict(),
        }
