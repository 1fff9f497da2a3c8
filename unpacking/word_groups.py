"""Groups of words: by the side that they take in D, by meaning, and by how much more often D* uses them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kb.arrays import Codes
from kb.embedding import embed, is_embedding_installed
from unpacking.vocabulary import Vocabulary

__all__ = ["Group", "groups_by_meaning", "groups_by_shift", "groups_by_side"]

LEAST_NATS = 0.3  # on D alone, out of fold, from which a word takes a side
MOST_EMBEDDED = 400  # words of a side that are grouped by meaning, those that matter most
CUT_SIDES = 8  # groups by meaning that the sides are cut into, together
LEAST_OF_A_GROUP = 4  # words
FAR, NEAR = 4.0, 1.5  # times as often


@dataclass(frozen=True, slots=True)
class Group:
    """Some words.

    Attributes:
        what: What they have in common, to stand behind examples of them.
        members: Their places in the vocabulary, those that matter most first.
    """

    what: str
    members: tuple[int, ...]


def groups_by_side(words: Vocabulary, tops: Codes, classes: Sequence[str]) -> list[Group]:
    """One group for each side that words take in D, one for those that take none, one that D hardly shows."""
    shown, takes_side = words.is_shown[tops], words.nats[tops] >= LEAST_NATS
    side = words.odds[tops].argmax(axis=1)
    found = [
        Group(f": {name} more often", _members(tops[shown & takes_side & (side == k)]))
        for k, name in enumerate(classes)
    ]
    by_frequency = tops[np.argsort(-words.in_Dstar[tops], kind="stable")]
    shown, takes_side = words.is_shown[by_frequency], words.nats[by_frequency] >= LEAST_NATS
    found.append(
        Group(", which say little in the labelled cases", _members(by_frequency[shown & ~takes_side]))
    )
    found.append(Group(", which the labelled cases hardly show", _members(by_frequency[~shown])))
    return [group for group in found if group.members]


def _members(places: Codes) -> tuple[int, ...]:
    return tuple(places.tolist())


def groups_by_shift(words: Vocabulary, tops: Codes) -> list[Group]:
    """By how much more often D* uses the words than D, in shares of texts, half a text added to each."""
    in_D = (words.in_D[tops] + 0.5) / (words.n_D + 1.0)
    ratio = (words.in_Dstar[tops] + 0.5) / (words.n_Dstar + 1.0) / in_D
    named = (
        (", far more often in the cases to predict", ratio >= FAR),
        (", more often in the cases to predict", (ratio >= NEAR) & (ratio < FAR)),
        (", about as often in the cases to predict", (ratio > 1 / NEAR) & (ratio < NEAR)),
        (", less often in the cases to predict", (ratio > 1 / FAR) & (ratio <= 1 / NEAR)),
        (", far less often in the cases to predict", ratio <= 1 / FAR),
    )
    groups = [Group(what, _members(tops[here])) for what, here in named]
    return [group for group in groups if group.members]


def groups_by_meaning(words: Vocabulary, tops: Codes, classes: Sequence[str]) -> list[Group]:
    """The sides, those that speak cut into words of like meaning; none without the model for it."""
    if not is_embedding_installed():
        return []
    per_side = max(CUT_SIDES // len(classes), 1)
    found = []
    for side in groups_by_side(words, tops, classes):
        speaks = bool(words.nats[side.members[0]] >= LEAST_NATS)
        near, rest = side.members[:MOST_EMBEDDED], side.members[MOST_EMBEDDED:]
        clusters = (
            _clusters([words.phrases[i] for i in near], per_side) if speaks else [list(range(len(near)))]
        )
        members = [tuple(near[i] for i in cluster) for cluster in clusters]
        members[-1] += rest
        found += [Group(side.what, each) for each in members]
    return found


def _clusters(phrases: Sequence[str], most: int) -> list[list[int]]:
    """Places of phrases of like meaning, each cluster in the order given, that of the first one first."""
    if most < 2 or len(phrases) < most * LEAST_OF_A_GROUP:
        return [list(range(len(phrases)))]
    from sklearn.cluster import KMeans

    label = KMeans(most, n_init=4, random_state=0).fit_predict(embed(phrases))
    clusters = [np.flatnonzero(label == k).tolist() for k in dict.fromkeys(label.tolist())]
    small = [i for cluster in clusters if len(cluster) < LEAST_OF_A_GROUP for i in cluster]
    large = [cluster for cluster in clusters if len(cluster) >= LEAST_OF_A_GROUP]
    large[0] = sorted([*large[0], *small])
    return large
