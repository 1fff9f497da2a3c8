"""Rating sessions: what several people are asked, one item at a time, and under which conditions.

A lead makes a session; its items are documents of the tree, so that raters on several machines share them.
How an item is leased, answered and taken back stands in ``learning.turns``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from kb.address import ROOT, Address
from kb.errors import InputError
from kb.knowledge import Tree
from kb.records import Document
from kb.stores.protocol import StaleDocumentError
from learning.session_items import Drawn, drawn_items

__all__ = [
    "ITEM",
    "SESSION",
    "Item",
    "Session",
    "TaskKind",
    "all_items",
    "item_key",
    "list_sessions",
    "new_session",
    "session_named",
]

SESSION, ITEM = "session", "session-item"
MOST_ITEMS = 5_000
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")

TaskKind = Literal["credence", "seven", "comparison", "prediction"]
Choice = Literal["subtree", "unrated", "valuable"]
Path = Literal["with", "without", "both"]
Arm = Literal["given Z", "unaided", "both"]


@dataclass(frozen=True, slots=True)
class Session:
    """What raters of one session are asked.

    Attributes:
        name: In links and exports; lower-case letters, digits and hyphens, unique in its tree.
        task: ``credence`` that a statement also holds for D*, the same on a 7-point scale (``seven``), a
            ``comparison`` of two statements, or a ``prediction`` of a case.
        statements: ``subtree`` (all below ``at``), ``unrated`` (those of them that nobody rated) or
            ``valuable`` (those whose answers change the predictions most, best first).
        at: Where the statements lie.
        raters: Answers wanted per item; None for one of every rater. Gold items and repeats go to everyone.
        repeats: Share of the items that are asked of the same rater again, in [0, 1).
        gold: Statement → lowest and highest credence that counts as right, hidden among the others.
        path: Whether the statements above are shown; ``both`` lets a fixed draw decide per rater and item.
        guidelines: Shown once before the first item; empty for none.
        arm: Whether forecasters may open Z; ``both`` lets a fixed draw decide per rater and case.
        sample: Which cases of D* are to be predicted: the name of a drawn sample; empty for cases of D.
        reveal: Forecasters see their score where the label is known.
        seed: Of every draw.
        by: Who made it.
        size: Items, gold and repeats among them.
        created: Seconds since 1970, by the store's clock.
    """

    name: str
    task: TaskKind = "credence"
    statements: Choice = "subtree"
    at: Address = ROOT
    raters: int | None = None
    repeats: float = 0.0
    gold: Mapping[Address, tuple[float, float]] = field(default_factory=dict)
    path: Path = "with"
    guidelines: str = ""
    arm: Arm = "given Z"
    sample: str = ""
    reveal: bool = False
    seed: int = 0
    by: str = ""
    size: int = 0
    created: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces; ``from_dict`` reads it back."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        return {**plain, "gold": {str(a): list(ends) for a, ends in self.gold.items()}}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Session:
        """The session that ``to_dict`` wrote."""
        known = {name: stored[name] for name in cls.__slots__ if name in stored}
        gold = {Address(a): (float(low), float(high)) for a, (low, high) in stored["gold"].items()}
        return cls(**{**known, "at": Address(stored["at"]), "gold": gold})


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to ask in a session, and who has it.

    Attributes:
        ordinal: Its place in the session.
        kind: Of the judgement: ``rating``, ``task``, ``comparison`` or ``prediction``.
        about: The statements: one, two for a comparison, the root for a case.
        case: Row of the case to predict; None elsewhere.
        gold: Lowest and highest credence that counts as right; None for an ordinary item.
        repeat_of: Ordinal of the item that it repeats for the same rater; None elsewhere.
        leases: Rater → until when it is theirs, in seconds since 1970.
        answered: Rater → the standing answer's judgement id and word.
        is_retired: Its statement has left Z.
    """

    ordinal: int
    kind: str
    about: tuple[Address, ...]
    case: int | None = None
    gold: tuple[float, float] | None = None
    repeat_of: int | None = None
    leases: Mapping[str, float] = field(default_factory=dict)
    answered: Mapping[str, Sequence[str]] = field(default_factory=dict)
    is_retired: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The JSON form; ``from_dict`` reads it back."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        return {
            **plain,
            "about": list(self.about),
            "gold": None if self.gold is None else list(self.gold),
            "leases": dict(self.leases),
            "answered": {rater: list(said) for rater, said in self.answered.items()},
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Item:
        """The item that ``to_dict`` wrote."""
        gold = stored["gold"]
        about = tuple(Address(a) for a in stored["about"])
        return cls(**{**stored, "about": about, "gold": None if gold is None else (gold[0], gold[1])})


def item_key(session: str, ordinal: int) -> str:
    """Under which an item is kept; keys sort as the items do."""
    return f"{session}/{ordinal:06d}"


def new_session(tree: Tree, plan: Session, *, most: int | None = None) -> Session:
    """Make a session: choose its items, hide gold and repeats among them, and keep all of it.

    Args:
        tree: Whose statements or cases.
        plan: What is wanted; ``size`` and ``created`` are filled in.
        most: Items at most, gold and repeats not counted; None for all there are.

    Raises:
        InputError: The name is no name or is taken, a field has no such value, or nothing is left to ask.
        UnknownAddressError: ``at`` or a gold statement is not in the tree.
    """
    _check(tree, plan)
    drawn = drawn_items(tree, plan, most=most)
    if len(drawn) > MOST_ITEMS:
        raise InputError(
            f"the session would have {len(drawn):,} items; {MOST_ITEMS:,} is the most.",
            where=plan.name,
            remedy="Take a smaller subtree, or say how many with --n.",
        )
    made = replace(plan, size=len(drawn))
    begun = _claimed(tree, made)
    for ordinal, each in enumerate(drawn):
        item = _item(ordinal, each)
        tree.store.put_document(tree.tree_id, ITEM, item_key(plan.name, ordinal), item.to_dict())
    body = {**made.to_dict(), "ready": True}
    done = tree.store.put_document(tree.tree_id, SESSION, plan.name, body, expected=begun.version)
    return replace(made, created=done.changed)


def _claimed(tree: Tree, plan: Session) -> Document:
    """The name is ours; one whose making broke off is taken over."""
    found = tree.store.document(tree.tree_id, SESSION, plan.name)
    taken = InputError(
        "a session of this name is in the tree.",
        where=f"{tree.name} {plan.name}",
        remedy="Choose another name; priory session list shows those there are.",
    )
    if found is not None and found.body["ready"]:
        raise taken
    body = {**plan.to_dict(), "ready": False}
    version = 0 if found is None else found.version
    try:
        return tree.store.put_document(tree.tree_id, SESSION, plan.name, body, expected=version)
    except StaleDocumentError as error:
        raise taken from error


def _item(ordinal: int, drawn: Drawn) -> Item:
    return Item(ordinal, drawn.kind, drawn.about, drawn.case, drawn.gold, drawn.repeat_of)


def _check(tree: Tree, plan: Session) -> None:
    if not _NAME.fullmatch(plan.name):
        raise InputError(
            f"{plan.name!r} can't name a session.",
            remedy="Use up to 40 lower-case letters, digits and hyphens, such as pilot-1.",
        )
    for name, kinds in (("task", TaskKind), ("statements", Choice), ("path", Path), ("arm", Arm)):
        value, known = getattr(plan, name), get_args(kinds)
        if value not in known:
            raise InputError(f"{value!r} is no {name}.", where=plan.name, remedy=f"Use: {', '.join(known)}.")
    if not 0.0 <= plan.repeats < 1.0:
        raise InputError(
            f"{plan.repeats} is no share of repeats.", where=plan.name, remedy="Give 0 to below 1."
        )
    if plan.raters is not None and plan.raters < 1:
        raise InputError(
            f"{plan.raters} raters per item is too few.", where=plan.name, remedy="Give 1 or more."
        )
    if plan.gold and plan.task not in ("credence", "seven"):
        raise InputError(
            f"a {plan.task} has no gold items.",
            where=plan.name,
            remedy="Leave --gold out, or rate statements.",
        )
    for address, (low, high) in plan.gold.items():
        tree.statement(address)
        if not 0.0 <= low <= high <= 1.0:
            raise InputError(f"gold {low} to {high} is no range in [0, 1].", where=f"{plan.name} {address}")
    tree.statement(plan.at)


def session_named(tree: Tree, name: str) -> Session:
    """The session of that name.

    Raises:
        InputError: There is none; the message names those there are.
    """
    found = tree.store.document(tree.tree_id, SESSION, name)
    if found is None or not found.body["ready"]:
        there = ", ".join(s.name for s in list_sessions(tree)) or "none yet"
        raise InputError(
            f"no session {name!r} is in this tree ({there}).",
            where=tree.name,
            remedy=f"Make one: priory session new NAME {tree.option}",
        )
    return _session(found)


def _session(found: Document) -> Session:
    return replace(Session.from_dict(found.body), created=found.changed)


def list_sessions(tree: Tree) -> list[Session]:
    """All sessions that are ready, by name."""
    return [_session(d) for d in tree.documents(SESSION) if d.body["ready"]]


def all_items(tree: Tree, session: str) -> list[Item]:
    """All items of a session, in order."""
    return [Item.from_dict(d.body) for d in tree.documents(ITEM, prefix=f"{session}/")]
