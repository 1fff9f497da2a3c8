"""Texts for the benchmarks: edited reviews, deceptive reviews; and vectors, kept between runs."""

from __future__ import annotations

import csv
import hashlib
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kb.arrays import Codes, Numbers
from kb.embedding import embed

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
FOLDS = 5


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts with their classes.

    Attributes:
        texts: n of them.
        y: Class codes, shape (n,).
    """

    texts: tuple[str, ...]
    y: Codes

    def take(self, rows: Codes) -> Texts:
        """Some of them."""
        return Texts(tuple(self.texts[i] for i in rows), self.y[rows])


@dataclass(frozen=True, slots=True)
class EditedReviews:
    """The counterfactually augmented IMDb reviews (Kaushik, Hovy, Lipton 2020), Apache-2.0.

    Attributes:
        D: Reviews as they were written.
        Dstar: The same, edited by people until the verdict turns.
        twin: Per edited review the row of D that it edits; for honest folds only.
    """

    D: Texts
    Dstar: Texts
    twin: Codes

    def folds(self, seed: int) -> Iterator[tuple[Codes, Codes, Codes]]:
        """(rows of D to fit, rows of D held out, rows of D* whose originals are held out), five times."""
        fold = np.random.default_rng(seed).permutation(len(self.D.texts)) % FOLDS
        for k in range(FOLDS):
            yield np.flatnonzero(fold != k), np.flatnonzero(fold == k), np.flatnonzero(fold[self.twin] == k)


def edited_reviews() -> EditedReviews:
    """Read from ../shared/data/cad.

    Raises:
        FileNotFoundError: The data do not lie there.
    """
    from scipy.optimize import linear_sum_assignment
    from sklearn.feature_extraction.text import TfidfVectorizer

    D, Dstar = (_reviews(SHARED / "cad" / part / "train.tsv") for part in ("orig", "new"))
    vectorizer = TfidfVectorizer()
    original = vectorizer.fit_transform(D.texts)
    alike = (vectorizer.transform(Dstar.texts) @ original.T).toarray()
    return EditedReviews(D, Dstar, linear_sum_assignment(-alike)[1])


def _reviews(path: Path) -> Texts:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    y = np.array([row["Sentiment"] == "Positive" for row in rows], dtype=np.int64)
    return Texts(tuple(row["Text"] for row in rows), y)


def deceptive_reviews() -> tuple[Texts, Texts]:
    """Hotel reviews, 1 where they are truthful: Chicago as D, other cities and sources as D*; HypoBench, MIT.

    Raises:
        FileNotFoundError: The data do not lie in ../shared/data/hypobench.
    """
    folder = SHARED / "hypobench" / "deceptive_reviews"
    home = [_hotel_reviews(folder / f"hotel_reviews_{part}.json") for part in ("train", "val", "test")]
    D = Texts(sum((t.texts for t in home), ()), np.concatenate([t.y for t in home]))
    return D, _hotel_reviews(folder / "ood_hotel_reviews_all.json")


def _hotel_reviews(path: Path) -> Texts:
    columns = json.loads(path.read_text(encoding="utf-8"))
    y = np.array([label == "truthful" for label in columns["label"]], dtype=np.int64)
    return Texts(tuple(columns["review_sentence"]), y)


def vectors_of(texts: Sequence[str]) -> Numbers:
    """Vectors of the texts by the product's model, kept in the temporary folder; shape (n, 384)."""
    name = hashlib.blake2b("\n".join(texts).encode(), digest_size=16).hexdigest()
    path = Path(tempfile.gettempdir()) / f"priory-bench-{name}.npy"
    if path.is_file():
        kept: Numbers = np.load(path).astype(np.float64)
        return kept
    found = embed(texts)
    np.save(path, found)
    return found.astype(np.float64)


if __name__ == "__main__":  # fill the cache: python -m benchmarks.texts SDIST
    from ui.domains import read_domains

    for domain in read_domains(Path(sys.argv[1])).values():
        vectors_of(domain.texts)
