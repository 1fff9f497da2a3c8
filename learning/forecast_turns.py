"""Forecasts in a session: a first guess, at most seven statements opened, some cited, then the forecast.

What was done so far is a document of the turn, so that a reload shows the case as it was left. The time runs
by the server's clock and stands still where nothing happens for five minutes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kb.address import Address
from kb.errors import FailedError, InputError
from kb.knowledge import Tree
from kb.records import Judgement
from kb.stores.protocol import StaleDocumentError
from learning.people.forecasts import MOST_OPENED, Forecast, Opened, check_distribution, record_forecast
from learning.scores import CLIP
from learning.seats import TRIES, Clock
from learning.turns import Turn, settle

__all__ = [
    "Begun",
    "Score",
    "answer_forecast",
    "begun",
    "cite_statement",
    "guess_first",
    "open_statement",
    "score_of",
    "shares_of",
]

KIND = "session-forecast"
LONGEST_PAUSE = 300.0  # seconds that count as time spent on the case
SUM_WITHIN = 1e-3  # of what a person typed; it is divided by its sum


@dataclass(frozen=True, slots=True)
class Begun:
    """How far a forecast has come.

    Attributes:
        seconds: Time spent so far.
        last: When something happened last, in seconds since 1970.
        first_guess: Per class, before any statement was opened; None before it.
        opened: The view, in the order opened.
        cited: Those of them that the forecast rests on.
    """

    seconds: float
    last: float
    first_guess: Mapping[str, float] | None = None
    opened: tuple[Opened, ...] = ()
    cited: tuple[Address, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The JSON form; ``from_dict`` reads it back."""
        return {
            "seconds": self.seconds,
            "last": self.last,
            "first_guess": self.first_guess and dict(self.first_guess),
            "opened": [[o.address, o.seconds] for o in self.opened],
            "cited": list(self.cited),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Begun:
        """What ``to_dict`` wrote."""
        opened = tuple(Opened(Address(a), float(s)) for a, s in stored["opened"])
        cited = tuple(Address(a) for a in stored["cited"])
        return cls(stored["seconds"], stored["last"], stored["first_guess"], opened, cited)


@dataclass(frozen=True, slots=True)
class Score:
    """How good a forecast was.

    Attributes:
        label: What the case was.
        log_loss: In nats, each class at ``CLIP`` or more.
        brier: Summed over the classes, in [0, 2].
        first_log_loss: Of the first guess; None where there was none.
        first_brier: Likewise.
    """

    label: str
    log_loss: float
    brier: float
    first_log_loss: float | None
    first_brier: float | None


def begun(tree: Tree, turn: Turn, *, clock: Clock = time.time) -> Begun:
    """How far the turn has come; the first call starts its time."""
    return _change(tree, turn, lambda b: b, clock)


def guess_first(tree: Tree, turn: Turn, p: Mapping[str, float], *, clock: Clock = time.time) -> Begun:
    """Keep the first guess; a later one changes nothing.

    Raises:
        InputError: It is no distribution over the classes.
    """
    check_distribution(p, tree.task.classes, _where(tree, turn))
    return _change(tree, turn, lambda b: b if b.first_guess else replace(b, first_guess=dict(p)), clock)


def open_statement(tree: Tree, turn: Turn, address: Address, *, clock: Clock = time.time) -> Begun:
    """Open a statement: from now on it belongs to the view. Opening it again changes nothing.

    Raises:
        InputError: The turn is without Z, the first guess comes first, or seven are open.
        UnknownAddressError: There is no such statement.
    """
    if turn.arm != "given Z":
        raise InputError("this case is predicted without Z.", where=_where(tree, turn))
    tree.statement(address)

    def opened(b: Begun) -> Begun:
        if address in [o.address for o in b.opened]:
            return b
        if b.first_guess is None:
            raise InputError("the first guess comes before any statement.", where=_where(tree, turn))
        if len(b.opened) == MOST_OPENED:
            raise InputError(
                f"{MOST_OPENED} statements are open, which is all a view holds.",
                where=_where(tree, turn),
                remedy="Predict from these.",
            )
        return replace(b, opened=(*b.opened, Opened(address, round(b.seconds, 1))))

    return _change(tree, turn, opened, clock)


def cite_statement(
    tree: Tree, turn: Turn, address: Address, *, is_cited: bool, clock: Clock = time.time
) -> Begun:
    """Cite an opened statement, or take the citation back.

    Raises:
        InputError: It is not open.
    """

    def cited(b: Begun) -> Begun:
        if address not in [o.address for o in b.opened]:
            raise InputError(f"{address} is not open.", where=_where(tree, turn), remedy="Open it first.")
        others = tuple(a for a in b.cited if a != address)
        return replace(b, cited=(*others, address) if is_cited else others)

    return _change(tree, turn, cited, clock)


def answer_forecast(tree: Tree, turn: Turn, p: Mapping[str, float], *, clock: Clock = time.time) -> Judgement:
    """Keep the forecast with first guess, view and citations, once however often it is sent.

    Raises:
        InputError: It is no distribution, or the first guess is missing.
        FailedError: It could not be kept; the turn stays the rater's.
    """
    done = begun(tree, turn, clock=clock)
    given_z = turn.arm == "given Z"
    if given_z and done.first_guess is None:
        raise InputError("the first guess comes first.", where=_where(tree, turn))
    forecast = Forecast(
        rater=turn.rater,
        case=_case(turn),
        probabilities=dict(p),
        arm="given Z" if given_z else "unaided",
        of="D*" if turn.session.sample else "D",
        first_guess=done.first_guess,
        opened=done.opened if given_z else (),
        cited=done.cited if given_z else (),
        seconds=round(done.seconds, 1),
        sample=turn.session.sample,
        session=turn.session.name,
        id=turn.id,
    )
    judgement = record_forecast(tree, forecast)
    settle(tree, turn, judgement.answer, seconds=done.seconds)
    return judgement


def shares_of(classes: Sequence[str], given: Sequence[float]) -> dict[str, float]:
    """Shares as a distribution: divided by their sum, which must be 1 within a thousandth.

    Raises:
        InputError: Another number of shares, one outside [0, 1], or another sum.

    >>> shares_of(("no", "yes"), [0.25, 0.75])
    {'no': 0.25, 'yes': 0.75}
    """
    total = sum(given)
    if len(given) != len(classes) or not all(0.0 <= share <= 1.0 for share in given):
        raise InputError("that is no share for each class.", remedy="Give each 0 to 100 per cent.")
    if abs(total - 1.0) > SUM_WITHIN:
        raise InputError(f"the shares sum to {100 * total:.4g} %, not to 100 %.", remedy="Normalise them.")
    return {name: share / total for name, share in zip(classes, given, strict=True)}


def score_of(
    tree: Tree, turn: Turn, p: Mapping[str, float], first: Mapping[str, float] | None
) -> Score | None:
    """The score of a forecast; None where the label of the case isn't known."""
    code = _label(tree, turn)
    if code is None:
        return None
    label = tree.task.classes[code]

    def scores(said: Mapping[str, float]) -> tuple[float, float]:
        log_loss = -math.log(max(said.get(label, 0.0), CLIP))
        return log_loss, sum((said.get(c, 0.0) - (c == label)) ** 2 for c in tree.task.classes)

    before = scores(first) if first else (None, None)
    return Score(label, *scores(p), *before)


def _label(tree: Tree, turn: Turn) -> int | None:
    """The class of the case; of a case of D* only once it is resolved."""
    if not turn.session.sample:
        return int(tree.D.y[_case(turn)])
    from learning.resolving import resolved_cases

    resolved = resolved_cases(tree)
    found = resolved.y[resolved.cases == _case(turn)]
    return int(found[0]) if len(found) else None


def _case(turn: Turn) -> int:
    if turn.item.case is None:
        raise InputError("this item is no case.", where=f"session {turn.session.name}")
    return turn.item.case


def _where(tree: Tree, turn: Turn) -> str:
    return f"{tree.name} case {turn.item.case}"


def _change(tree: Tree, turn: Turn, change: Callable[[Begun], Begun], clock: Clock) -> Begun:
    """Rewrite what was begun, with the time that has passed; a pause counts as five minutes at most."""
    for _ in range(TRIES):
        found = tree.store.document(tree.tree_id, KIND, turn.id)
        now = clock()
        if found:
            before = Begun.from_dict(found.body)
            spent = min(max(now - before.last, 0.0), LONGEST_PAUSE)
            before = replace(before, seconds=before.seconds + spent, last=now)
        else:
            before = Begun(0.0, now)
        after = change(before)
        try:
            version = found.version if found else 0
            tree.store.put_document(tree.tree_id, KIND, turn.id, after.to_dict(), expected=version)
        except StaleDocumentError:
            continue
        return after
    raise FailedError(
        "this case was changed at the same time elsewhere.", remedy="Try again; nothing was lost."
    )
