"""How strongly words speak elsewhere: counted on texts whose strength is known, without their labels."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from learning.word_strength import OWN_ERROR, USUAL_SPREAD, word_strength

WORDS = 60
SIDES = np.arange(WORDS) % 2


def texts(n: int, right: float, seed: int, per_text: int = 4) -> sparse.csr_array:
    """Texts of a hidden class, each word of which is for that class with a probability."""
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=n)
    rows, columns = [], []
    for i in range(n):
        for _ in range(per_text):
            side = y[i] if rng.random() < right else 1 - y[i]
            rows.append(i)
            columns.append(int(rng.choice(np.flatnonzero(side == SIDES))))
    found = sparse.coo_array((np.ones(len(rows)), (rows, columns)), shape=(n, WORDS)).tocsr()
    found.sum_duplicates()
    found.data[:] = 1.0
    return found


def test_words_that_agree_as_much_there_speak_as_strongly() -> None:
    found = word_strength(texts(2000, 0.75, 0), texts(2000, 0.75, 1), SIDES, 2)

    assert found.factor == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize(("here", "there"), [(0.9, 0.65), (0.65, 0.9)])
def test_the_factor_is_that_of_the_log_odds_shrunk_by_what_is_doubted(here: float, there: float) -> None:
    found = word_strength(texts(3000, here, 0), texts(3000, there, 1), SIDES, 2)

    exact = np.log(np.log(there / (1 - there)) / np.log(here / (1 - here)))
    kept = USUAL_SPREAD**2 / (USUAL_SPREAD**2 + OWN_ERROR**2)
    assert np.log(found.factor) == pytest.approx(kept * exact, abs=0.12)


def test_where_nothing_can_be_counted_the_doubt_is_all_there_is() -> None:
    found = word_strength(texts(5, 0.8, 0), texts(3000, 0.8, 1), SIDES, 2)

    assert found.factor == 1.0
    assert found.doubt == USUAL_SPREAD


def test_words_that_nobody_rated_say_nothing() -> None:
    found = word_strength(texts(500, 0.8, 0), texts(500, 0.8, 1), np.full(WORDS, -1), 2)

    assert found.texts == (0, 0)
    assert found.factor == 1.0


def test_more_texts_leave_less_doubt() -> None:
    few, many = (word_strength(texts(n, 0.8, 0), texts(n, 0.8, 1), SIDES, 2) for n in (60, 3000))

    assert many.doubt < few.doubt
