"""Comparing two statements: how many times as plausible one is, and whether such answers hang together."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from typing import Any

from scipy.special import logit

from kb.address import Address, parse_address
from kb.errors import InputError
from kb.knowledge import Tree
from kb.records import Judgement
from learning.asking import check_answer, what_changed
from learning.fitting import Fit, latest_fit
from learning.prior import HERE, ratio_noise
from learning.ratios import LARGEST, Consistency, comparisons_of, consistency_of, log_of

__all__ = ["Compared", "compare", "consistency"]


@dataclass(frozen=True, slots=True)
class Compared:
    """What a comparison led to.

    Attributes:
        judgement_id: The judgement that was stored.
        changed: Cases of D* whose most likely class is another one now.
        of: Cases of D*.
        ratio: The ratio of odds that all judgements together give, which need not be the one that was said.
        plausibility: Of the first and of the second statement, in [.02, .98].
        consistency: Whether all comparisons of the tree hang together.
    """

    judgement_id: str
    changed: int
    of: int
    ratio: float
    plausibility: tuple[float, float]
    consistency: Consistency

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces."""
        found = {name: getattr(self, name) for name in self.__slots__}
        return {**found, "plausibility": list(self.plausibility), "consistency": self.consistency.to_dict()}


def compare(
    tree: Tree,
    first: Address | str,
    second: Address | str,
    ratio: float,
    *,
    rater: str,
    note: str = "",
) -> Compared:
    """Store that the odds of one statement to hold for D* are so many times those of another.

    Args:
        tree: Whose statements.
        first: The one that is ``ratio`` times as plausible.
        second: The other one.
        ratio: Of the odds, in [.001, 1000]; 1 says that both are as plausible.
        rater: Who says so.
        note: A remark to keep.

    Raises:
        InputError: The same statement twice, no valid ratio, or one that was declared true of D only.
        UnknownAddressError: There is no such statement.
    """
    one, other = (tree.statement(parse_address(str(a))).address for a in (first, second))
    if one == other:
        raise InputError(f"{one} is compared with itself.", remedy="Name two statements.")
    try:
        log_ratio = log_of(ratio)
    except ValueError as error:
        remedy = (
            f"Give how many times as plausible {one} is: {1 / LARGEST:g} to {LARGEST:g}; 1 is as plausible."
        )
        raise InputError(f"the ratio {error}.", remedy=remedy) from error
    before = latest_fit(tree)
    _refuse_what_is_settled(before, (one, other))
    details = {"than": other, "ratio": ratio, "log_ratio": log_ratio}
    check_answer(Judgement("", "comparison", one, rater, 0.5, "credence"))
    judged = tree.judge("comparison", one, rater, note=note, details=details)
    change = what_changed(tree, before, judged.id)
    beliefs = latest_fit(tree).prior.rated
    p, q = beliefs[one].plausibility, beliefs[other].plausibility
    return Compared(
        judged.id, change.changed, change.of, exp(float(logit(p) - logit(q))), (p, q), consistency(tree)
    )


def _refuse_what_is_settled(fit: Fit, pair: tuple[Address, Address]) -> None:
    for address in pair:
        belief = fit.prior.rated.get(address)
        if belief is not None and belief.plausibility == HERE:
            raise InputError(
                "it was declared true of the labelled cases only, so no ratio can be said of it.",
                where=address,
                remedy=f"Rate it first: priory rate {address} 50",
            )


def consistency(tree: Tree) -> Consistency:
    """Whether what people compared hangs together, whatever they rated."""
    said = comparisons_of(tree.judgements())
    return consistency_of(said, ratio_noise(latest_fit(tree).prior.noise))
