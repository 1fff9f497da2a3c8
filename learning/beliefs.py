"""Prior of a tree: what people said about it, gathered and generalised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kb.address import ROOT, Address, depth
from kb.knowledge import Tree
from kb.records import Judgement
from kb.statements import Statement
from learning.prior import Prior, Traits, fit_prior, ratings_of
from learning.ratios import comparisons_of

__all__ = ["prior_of"]


def prior_of(tree: Tree, judgements: Sequence[Judgement], every: Sequence[Statement]) -> Prior:
    """Prior from all standing ratings and comparisons of people.

    Args:
        tree: Whose columns; its labels are not looked at.
        judgements: What people said.
        every: The statements of Z.
    """
    ratings = ratings_of(judgements)
    traits = traits_of(tree.shifts, every) if ratings else {}
    return fit_prior(ratings, comparisons_of(judgements), traits)


def traits_of(shifts: Mapping[str, float], every: Sequence[Statement]) -> dict[Address, Traits]:
    """What Prior may know of each statement below the root.

    Args:
        shifts: Per column, how far D* differs from D, in [0, 1].
        every: The statements of Z.
    """
    return {
        s.address: Traits(
            s.draft.columns,
            depth(s.address),
            max((shifts.get(column, 0.0) for column in s.draft.columns), default=0.0),
        )
        for s in every
        if s.address != ROOT
    }
