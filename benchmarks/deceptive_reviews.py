"""Hotel reviews, truthful or made up, that nobody rated: `python -m benchmarks.deceptive_reviews`.

D are reviews of Chicago hotels, D* those of other cities and sources. There are no word ratings of this
question, so this shows what the tool does without people.
"""

from __future__ import annotations

import argparse

import numpy as np

from benchmarks.edited_reviews import fit_at_home, read
from benchmarks.scoring import Scores, print_table
from benchmarks.texts import Texts, deceptive_reviews, vectors_of
from benchmarks.word_trees import fit_now, prior_now, word_task
from kb.arrays import Codes, Numbers
from learning.recorded import RecordedRaters

OURS = "Priory, nobody asked"


def plain_rows(D: Texts, Dstar: Texts, fit: Codes, held: Codes) -> dict[str, tuple[Numbers, Numbers]]:
    """P(truthful) by logistic regression on words and on an embedding."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    vectorizer = TfidfVectorizer(min_df=2, sublinear_tf=True)
    X = vectorizer.fit_transform(D.take(fit).texts)
    others = [vectorizer.transform(t.texts) for t in (D.take(held), Dstar)]
    tfidf = LogisticRegression(C=10, max_iter=1000).fit(X, D.y[fit])
    E, E_star = vectors_of(D.texts), vectors_of(Dstar.texts)
    dense = LogisticRegression(C=10, max_iter=1000).fit(E[fit], D.y[fit])
    return {
        "tf-idf LR": (tfidf.predict_proba(others[0])[:, 1], tfidf.predict_proba(others[1])[:, 1]),
        "LR on a pretrained embedding": (
            dense.predict_proba(E[held])[:, 1],
            dense.predict_proba(E_star)[:, 1],
        ),
    }


def main() -> None:
    """Print held-out D and D*, over seeds that draw what is held out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    D, Dstar = deceptive_reviews()
    on_D, on_Dstar = Scores(), Scores()
    with word_task(D, Dstar, RecordedRaters({}, ""), prior_only=False) as task:
        nobody = prior_now(task, [])
        for seed in range(options.seeds):
            order = np.random.default_rng(seed).permutation(len(D.texts))
            held, fit = order[: len(order) // 5], order[len(order) // 5 :]
            ours = fit_now(task, nobody, on=fit, spread=False)
            found = plain_rows(D, Dstar, fit, held)
            found[OURS] = read(task, fit_at_home(ours), held, np.arange(len(Dstar.y)))
            for row, (p, q) in found.items():
                on_D.add(row, seed, held, D.y[held], p, len(D.y))
                on_Dstar.add(row, seed, slice(None), Dstar.y, q, len(Dstar.y))
    print_table({"D, held out": on_D, "D*": on_Dstar}, OURS)


if __name__ == "__main__":
    main()
