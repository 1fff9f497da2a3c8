"""Prior of a tree: what people said about it, gathered and generalised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from kb.address import ROOT, Address, depth
from kb.knowledge import Tree
from kb.records import Judgement
from kb.statements import Statement
from learning.prior import HIGHEST, LOWEST, Belief, Prior, Traits, fit_prior, ratings_of
from learning.ratios import comparisons_of
from learning.side_answers import Said, said_of_words
from learning.word_vectors import vectors_of_tree
from learning.words import is_word
from learning.words_elsewhere import answers_elsewhere

__all__ = ["prior_of"]


def prior_of(tree: Tree, judgements: Sequence[Judgement], every: Sequence[Statement]) -> Prior:
    """Prior from all standing ratings and comparisons of people.

    Args:
        tree: Whose columns, and whose vectors of words; its labels are not looked at.
        judgements: What people said.
        every: The statements of Z.
    """
    ratings, comparisons = ratings_of(judgements), comparisons_of(judgements)
    if not any(column.type == "text" for column in tree.task.columns):
        return fit_prior(ratings, comparisons, traits_of(tree.shifts, every) if ratings else {})
    words = {s.address for s in every if is_word(s, tree.task.columns)}
    ratings = [r for r in ratings if r.address not in words]
    others = [s for s in every if s.address not in words]
    prior = fit_prior(ratings, comparisons, traits_of(tree.shifts, others) if ratings else {})
    said = said_of_words(judgements, tree.task.classes, answers_elsewhere(tree))
    heard = {address: _heard(address, about) for address, about in said.at.items() if address in words}
    return replace(prior, rated={**prior.rated, **heard}, said_of_words=said, vectors=vectors_of_tree(tree))


def _heard(address: Address, said: Said) -> Belief:
    """Of one word, what those who answered about it say; words are believed in ``learning.word_beliefs``."""
    for_it = float(said.counts[1:].max()) + said.credence
    p = 0.0 if said.is_here_only else min(max((for_it + 1.0) / (said.answers + 2.0), LOWEST), HIGHEST)
    sd = (p * (1.0 - p) / (said.answers + 3.0)) ** 0.5
    return Belief(p, sd, p, round(said.answers), address)


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
