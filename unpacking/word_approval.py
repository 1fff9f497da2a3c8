"""Approval of words of a text: what they earn together on D, from a sparse matrix, and how far they reach."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kb.arrays import Numbers
from kb.conditions import contained_phrase
from kb.records import Approval
from kb.statements import Draft
from unpacking.counts import fold_of, gain_nats, out_of_fold_odds
from unpacking.protocol import Situation
from unpacking.vocabulary import pieces_of

__all__ = ["phrases_of", "score_words"]

_WEIGHTS = {"gain": 0.7, "coverage": 0.15, "readability": 0.15}


def phrases_of(situation: Situation, children: Sequence[Draft]) -> dict[str, list[str]]:
    """Text column → phrases, if all that the children say is which words stand there; else empty."""
    found: dict[str, list[str]] = {}
    for child in children:
        said = contained_phrase(child.when or "", situation.task.columns)
        if said is None:
            return {}
        found.setdefault(said[0], []).append(said[1])
    return {column: list(dict.fromkeys(phrases)) for column, phrases in found.items()}


def score_words(situation: Situation, phrases: dict[str, list[str]]) -> Approval:
    """Approval of words that stand below a group or another word.

    Words are not read in one go but looked up, so their number costs no readability.
    """
    D, classes = situation.D, len(situation.task.classes)
    fold = fold_of(D.n, situation.task.seed)
    odds: Numbers = np.zeros((D.n, classes))
    reached = np.zeros(situation.Dstar.n, dtype=np.bool_)
    for column, said in phrases.items():
        odds += out_of_fold_odds(D.cases.texts(column).pattern(said), D.y, fold, classes)
        reached |= np.diff(situation.Dstar.texts(column).pattern(said).indptr) > 0
    gain = gain_nats(pieces_of(odds), D.y, fold, classes) if odds.any() else 0.0
    share = np.bincount(D.y, minlength=classes) / max(D.n, 1)
    available = float(-(D.n * share[share > 0] @ np.log(share[share > 0]))) + 1e-9
    coverage = float(reached.mean()) if len(reached) else 0.0
    terms = {"gain": max(gain, 0.0) / available, "coverage": coverage, "readability": 1.0}
    score = sum(weight * terms[name] for name, weight in _WEIGHTS.items())
    reasons = (
        f"earn {gain:.1f} of {available:.0f} nats on D together, out of fold",
        f"stand in {100 * coverage:.0f} % of the cases to predict",
        f"{sum(map(len, phrases.values())):,} words and phrases",
    )
    terms |= {"gain_nats": gain, "available_nats": available}
    return Approval(float(np.clip(score, -1.0, 1.0)), reasons, terms)
