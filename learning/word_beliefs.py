"""What people believe of the words of a text column: each word's plausibility and stated strength per class.

Direct answers about a word, those about the word that it is a form of ("not good" takes most of what was said
of "good" for the other side) and those about a group that it belongs to are shrunk into what Prior predicts
from its embedding (``learning.sides``). A form's prediction is that of its word, turned likewise. How much a
form changes what people feel was measured by Hutto and Gilbert (2014).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from kb.address import ROOT, ancestors
from kb.arrays import Codes, Numbers
from kb.tokens import Mark, split_phrase
from learning.clouds import WordCard
from learning.prior import Belief, Prior
from learning.side_answers import Said, WordsSaid
from learning.sides import (
    NEGATED,
    WORTH,
    SideAnswers,
    SideBeliefs,
    believed_sides,
    effective_answers,
    fit_sides,
    no_answers,
    turned,
)
from learning.word_vectors import WordVectors
from learning.words import Words

__all__ = ["answered_sides", "beliefs_about_words", "believed_words", "sides_said"]

_TURNS: frozenset[Mark] = frozenset({"not", "rather", "before but"})
_STRESS: Mapping[Mark, float] = {"very": 0.293 / 4, "rather": 0.293 / 4, "loud": 0.733 / 4}  # B_INCR, C_INCR
_KEEPS: Mapping[Mark, float] = {"": 1.0, "not": 1.0, "but": 0.5, "before but": 0.5}  # of its word's strength
_FROM_GROUP = 0.5  # answers about a word that one about its group is worth


def believed_words(
    phrases: Sequence[str], said: WordsSaid, direct: Sequence[Said | None], vectors: WordVectors
) -> SideBeliefs:
    """Prior's beliefs about w words.

    Args:
        phrases: The words, as ``kb.tokens`` writes them.
        said: What was said of words without a statement; they teach the regression, and their forms.
        direct: Per word what was said of it.
        vectors: Of words; without a model installed the base rate takes the place of the regression.
    """
    marked = [split_phrase(p) for p in phrases]
    own = said.answers(direct)
    plain = [i for i, (mark, _) in enumerate(marked) if not mark]
    elsewhere = list(said.elsewhere)
    taught = own.take(np.array(plain, dtype=np.int64)).joined(said.answers([*said.elsewhere.values()]))
    prior = fit_sides(vectors.of([*(phrases[i] for i in plain), *elsewhere]), taught)
    bases = [words for _, words in marked]
    predicted = prior.predicted(vectors.of(bases), len(phrases))
    is_turned = np.array([mark in _TURNS for mark, _ in marked], dtype=np.bool_)
    ones = SideAnswers(predicted, np.zeros((len(phrases), said.classes)))
    predicted = np.where(is_turned[:, None], turned(ones).counts, predicted)
    return believed_sides(own + _of_forms(marked, phrases, own, said), predicted)


def _of_forms(
    marked: Sequence[tuple[Mark, str]], phrases: Sequence[str], own: SideAnswers, said: WordsSaid
) -> SideAnswers:
    """What answers about a word say of its forms."""
    place = {phrase: i for i, phrase in enumerate(phrases)}
    found = no_answers(len(phrases), said.classes)
    for i, (mark, base) in enumerate(marked):
        if not mark:
            continue
        at = place.get(base)
        if at is not None and own.answered[at]:
            about = own.take(np.array([at]))
        elif base in said.elsewhere:
            about = said.answers([said.elsewhere[base]])
        else:
            continue
        counts, strength = _said_of_form(mark, about)
        found.counts[i], found.strength[i] = counts, strength
    return found


def _said_of_form(mark: Mark, about: SideAnswers) -> tuple[Numbers, Numbers]:
    answers = turned(about) if mark in _TURNS else about
    strength = _KEEPS.get(mark, 0.0) * (answers.strength / (NEGATED if mark == "before but" else 1.0))
    if mark in _STRESS:  # what "very" adds to "good" is a statement of its own
        strength = np.zeros_like(strength)
        leading = answers.strength.argmax(axis=1)
        spoke = answers.strength.max(axis=1) > 0
        strength[0, leading] = np.where(spoke, _STRESS[mark] * answers.answered, 0.0)
    return answers.counts[0], strength[0]


def beliefs_about_words(words: Words, prior: Prior, classes: Sequence[str]) -> WordCard:
    """Plausibility and stated strength of every word of a tree.

    Args:
        words: The words of Z.
        prior: What people said.
        classes: The K classes.
    """
    said = prior.said_of_words or WordsSaid(len(classes))
    direct = _gathered(words, said)
    beliefs = believed_words(words.phrases, said, direct, prior.vectors or WordVectors())
    tau, stated = beliefs.tau.copy(), beliefs.stated.copy()
    for i, about in enumerate(direct):
        if about is None:
            continue
        if about.is_here_only:
            tau[i] = 0.0
        elif about.credences:
            answers = float(effective_answers(about.counts.sum())) + WORTH
            tau[i] = (tau[i] * answers + about.credence) / (answers + about.credences)
    for address, i in words.place.items():
        if address in prior.rated and address not in said.at:  # only compared with another
            tau[i] = _with_comparisons(tau[i], direct[i], prior.rated[address])
    tau *= _of_columns(words, prior)[:, None]
    other = (words.sides >= 0)[:, None] & (np.arange(len(classes)) != words.sides[:, None])
    tau[other], stated[other] = 0.0, 0.0
    return WordCard(tau, stated, speaks=~other)


def _with_comparisons(tau: Numbers, about: Said | None, compared: Belief) -> Numbers:
    """What comparisons gave counts as so many plain credences."""
    plain = about.credences + about.here if about else 0.0
    worth = WORTH + plain + float(effective_answers(about.counts.sum()) if about else 0.0)
    found: Numbers = (tau * worth + compared.rated * compared.plausibility) / (worth + compared.rated)
    return found


def answered_sides(words: Words, prior: Prior, classes: Sequence[str]) -> Codes:
    """Per word the class that people who were asked about it say it speaks for, or -1, shape (w,).

    Only of words as they stand and negated ones: "very good" stands wherever "good" does.
    """
    said = prior.said_of_words or WordsSaid(len(classes))
    own = said.answers(_gathered(words, said))
    marked = [split_phrase(p) for p in words.phrases]
    return sides_said(marked, own + _of_forms(marked, words.phrases, own, said))


def sides_said(marked: Sequence[tuple[Mark, str]], answers: SideAnswers) -> Codes:
    """Per phrase the class with the most stated strength, or -1; of marked forms only negated ones."""
    best, sides = answers.strength.max(axis=1, initial=0.0), answers.strength
    alone = (sides == best[:, None]).sum(axis=1) == 1
    counts = np.array([mark in {"", "not"} for mark, _ in marked], dtype=np.bool_) & alone & (best > 0.0)
    return np.where(counts, sides.argmax(axis=1), -1).astype(np.int64)


def _gathered(words: Words, said: WordsSaid) -> list[Said | None]:
    """Per word what was said at any statement that names it, else at the nearest group above it."""
    found: list[Said | None] = [None] * len(words)
    for address, i in words.place.items():
        if address in said.at:
            so_far = found[i]
            found[i] = said.at[address] if so_far is None else so_far + said.at[address]
    for address, i in words.place.items():
        if found[i] is None:
            groups = [a for a in reversed(ancestors(address)[2:]) if a in said.at and a not in words.place]
            found[i] = _in_part(said.at[groups[0]]) if groups else None
    return found


def _in_part(group: Said) -> Said:
    """What an answer about a group says of each member."""
    return Said(
        _FROM_GROUP * group.counts,
        _FROM_GROUP * group.strength,
        WORTH * group.credence,
        WORTH * group.credences,
        group.here,
    )


def _of_columns(words: Words, prior: Prior) -> Numbers:
    """Per word the plausibility of its column's aspect, where people rated it; else 1."""
    found = np.ones(len(words))
    for address, i in words.place.items():
        above = ancestors(address)[1:2]
        if above and above[0] != ROOT and above[0] in prior.rated and above[0] not in words.place:
            found[i] = prior.rated[above[0]].plausibility
    return found
