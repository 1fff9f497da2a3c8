"""Forecasts by people: what they think of a case, from what they looked at.

Three arms are kept apart. ``unaided`` has seen the case alone; ``from D`` has read labelled cases;
``given Z`` has opened at most seven statements, the view, and cites those that it rests on.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from kb.address import ROOT, Address
from kb.errors import InputError
from kb.knowledge import Tree
from kb.records import Judgement

__all__ = [
    "ARMS",
    "MOST_OPENED",
    "Arm",
    "Forecast",
    "Opened",
    "as_judgement",
    "forecasts",
    "record_forecast",
    "record_forecasts",
]

Arm = Literal["given Z", "unaided", "from D"]
ARMS: tuple[str, ...] = get_args(Arm)
MOST_OPENED = 7  # statements a view holds: what a person can hold in mind
SUM_WITHIN = 1e-6


@dataclass(frozen=True, slots=True)
class Opened:
    """A statement that a person opened, and how long after the case was shown, in seconds."""

    address: Address
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a person thinks of one case.

    Attributes:
        rater: ``human:…``, ``model:…`` or ``oracle:…``.
        case: Row position in ``of``.
        probabilities: Per class, summing to 1; a class that is left out has 0.
        arm: What it was made from.
        of: ``D*``, or ``D`` for a warm-up on labelled cases.
        first_guess: Per class, before any statement was opened; None if nobody asked.
        opened: The view, in the order opened.
        cited: Statements of the view that the forecast rests on.
        seconds: Time spent on it.
        sample: Name of the sample that the case is from; empty if none.
        session: The session it belongs to.
        id: Unique; empty for a new one.
    """

    rater: str
    case: int
    probabilities: Mapping[str, float]
    arm: Arm
    of: Literal["D", "D*"] = "D*"
    first_guess: Mapping[str, float] | None = None
    opened: tuple[Opened, ...] = ()
    cited: tuple[Address, ...] = ()
    seconds: float = 0.0
    sample: str = ""
    session: str = ""
    id: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        return {
            **plain,
            "probabilities": dict(self.probabilities),
            "first_guess": self.first_guess and dict(self.first_guess),
            "opened": [{"address": o.address, "seconds": o.seconds} for o in self.opened],
            "cited": list(self.cited),
        }


def record_forecast(tree: Tree, forecast: Forecast) -> Judgement:
    """Store a person's forecast; the same id again changes nothing.

    Raises:
        InputError: As ``as_judgement`` says. Nothing is stored then.
    """
    judgement = as_judgement(tree, forecast)
    tree.store.append_judgements(tree.tree_id, [judgement])
    return judgement


def record_forecasts(tree: Tree, given: Sequence[Forecast]) -> int:
    """Store many forecasts, all or none, and return how many were new.

    Raises:
        InputError: As ``as_judgement`` says of the first that is wrong. Nothing is stored then.
    """
    said = [as_judgement(tree, forecast) for forecast in given]
    return tree.store.append_judgements(tree.tree_id, said)


def as_judgement(tree: Tree, forecast: Forecast, *, where: str = "") -> Judgement:
    """The forecast as it is kept: a judgement of kind ``prediction`` about the root.

    Args:
        tree: Whose case it is.
        forecast: What was said.
        where: Its place in a file, for errors.

    Raises:
        InputError: Probabilities that don't sum to 1 or name no class; a case, arm or rater that is none;
            more than seven opened statements, or one that is not stored; a citation of one that wasn't open.
    """
    where = where or f"{tree.name} case {forecast.case}"
    _check_who(forecast, where)
    n = tree.task.n_Dstar if forecast.of == "D*" else tree.task.n_D
    if forecast.of not in ("D", "D*") or not 0 <= forecast.case < n:
        raise InputError(
            f"there is no case {forecast.case} of {forecast.of}.",
            where=where,
            remedy=f"Cases of {forecast.of} are numbered 0 to {n - 1}.",
        )
    for said in filter(None, (forecast.probabilities, forecast.first_guess)):
        check_distribution(said, tree.task.classes, where)
    _check_view(tree, forecast, where)
    return Judgement(
        id=forecast.id or uuid.uuid4().hex,
        kind="prediction",
        address=ROOT,
        rater=forecast.rater,
        answer="prediction",
        seconds=forecast.seconds,
        session=forecast.session,
        details={
            "of": forecast.of,
            "case": forecast.case,
            "arm": forecast.arm,
            "probabilities": dict(forecast.probabilities),
            "first_guess": forecast.first_guess and dict(forecast.first_guess),
            "opened": [[o.address, o.seconds] for o in forecast.opened],
            "cited": list(forecast.cited),
            "sample": forecast.sample,
        },
    )


def check_distribution(said: Mapping[str, float], classes: Iterable[str], where: str) -> None:
    """Refuse what is no distribution over the classes.

    Raises:
        InputError: It names the value and what is wrong with it.
    """
    known = tuple(classes)
    strange = [name for name in said if name not in known]
    if strange:
        raise InputError(
            f"{strange[0]!r} is no class.", where=where, remedy=f"The classes are {', '.join(known)}."
        )
    for name, p in said.items():
        if not (math.isfinite(p) and 0.0 <= p <= 1.0):
            raise InputError(f"the probability of {name} is {p:g}.", where=where, remedy="It lies in 0 to 1.")
    total = math.fsum(said.values())
    if abs(total - 1.0) > SUM_WITHIN:
        raise InputError(
            f"the probabilities sum to {total:.6g}, not to 1.",
            where=where,
            remedy="Give each class its share, so that together they make 1 (100 %).",
        )


def _check_who(forecast: Forecast, where: str) -> None:
    kind, _, name = forecast.rater.partition(":")
    if kind not in ("human", "model", "oracle") or not name:
        raise InputError(
            f"{forecast.rater!r} is no rater.",
            where=where,
            remedy="Write human:NAME, model:NAME or oracle:NAME.",
        )
    if forecast.arm not in ARMS:
        raise InputError(
            f"{forecast.arm!r} is no arm.", where=where, remedy=f"Use one of: {', '.join(ARMS)}."
        )
    if not (math.isfinite(forecast.seconds) and forecast.seconds >= 0.0):
        raise InputError(f"{forecast.seconds} seconds is no time.", where=where, remedy="Give 0 or more.")


def _check_view(tree: Tree, forecast: Forecast, where: str) -> None:
    opened = [o.address for o in forecast.opened]
    if opened and forecast.arm != "given Z":
        raise InputError(
            f"statements were opened for a forecast that is {forecast.arm}.",
            where=where,
            remedy='Only the arm "given Z" opens statements.',
        )
    if len(set(opened)) > MOST_OPENED:
        raise InputError(
            f"{len(set(opened))} statements were opened.",
            where=where,
            remedy=f"A view holds at most {MOST_OPENED}.",
        )
    closed = [address for address in forecast.cited if address not in opened]
    if closed:
        raise InputError(
            f"{closed[0]} is cited but was not open.",
            where=where,
            remedy=f"Open was {', '.join(opened)}." if opened else "No statement was open.",
        )
    if opened:
        stored = {s.address for s in tree.store.nodes(tree.tree_id, opened)}
        unknown = [address for address in opened if address not in stored]
        if unknown:
            raise InputError(
                f"no statement is stored at {unknown[0]}.",
                where=where,
                remedy=f"Look at the tree: priory show {tree.option}",
            )


def forecasts(
    tree: Tree,
    *,
    arm: str | None = None,
    rater: str | None = None,
    of: Literal["D", "D*"] = "D*",
    with_models: bool = False,
) -> list[Forecast]:
    """The standing forecasts, the last of each rater, arm and case, in the order given.

    Args:
        tree: Whose cases.
        arm: Only this arm.
        rater: Only this rater.
        of: About cases of D*, or of D.
        with_models: Models' too; a model that was asked for by name always.
    """
    said = tree.judgements()
    gone = {j.supersedes for j in said if j.supersedes}
    last: dict[tuple[str, str, int], Forecast] = {}
    for j in said:
        if j.kind != "prediction" or j.answer != "prediction" or j.id in gone:
            continue
        forecast = _from_judgement(j)
        is_asked_for = forecast.of == of and arm in (None, forecast.arm) and rater in (None, j.rater)
        if is_asked_for and (with_models or rater or not j.rater.startswith("model:")):
            place = (j.rater, forecast.arm, forecast.case)
            last.pop(place, None)
            last[place] = forecast
    return list(last.values())


def _from_judgement(j: Judgement) -> Forecast:
    said = j.details
    return Forecast(
        rater=j.rater,
        case=said["case"],
        probabilities=said["probabilities"],
        arm=said["arm"],
        of=said["of"],
        first_guess=said.get("first_guess"),
        opened=tuple(Opened(Address(a), seconds) for a, seconds in said.get("opened", ())),
        cited=tuple(Address(a) for a in said.get("cited", ())),
        seconds=j.seconds,
        sample=said.get("sample", ""),
        session=j.session,
        id=j.id,
    )
