"""Hotel reviews, truthful or made up, that nobody rated: `python -m benchmarks.deceptive_reviews`.

D are reviews of Chicago hotels, D* those of other cities and sources. Nobody has rated words for this
question, so this shows what the tool does without people, and with the few answers below: the benchmark's
author was asked about the words with the most leverage and has seen no label of D*.
"""

from __future__ import annotations

import argparse

import numpy as np

from benchmarks.edited_reviews import fit_at_home, read
from benchmarks.scoring import Scores, print_table
from benchmarks.texts import Texts, deceptive_reviews, vectors_of
from benchmarks.word_trees import WordTask, fit_now, prior_now, word_task
from kb.arrays import Codes, Numbers
from kb.records import Judgement
from learning.recorded import RecordedRaters

OURS = "Priory, few answers"
NOBODY = "Priory, nobody asked"
RATER = "human:author"
# Room and place are told by who was there, company and superlatives by who was not (Ott, Choi, Cardie and
# Hancock 2011, of made-up reviews), so that should hold elsewhere.
HOLDS = (
    0.9,
    "location small floor large quiet street blocks walk lobby elevator elevators bathroom bed rate reviews "
    "concierge luxury experience vacation husband my i definitely relax luxurious amazing elegant family "
    "decided recently",
)
# Names of Chicago and its hotels only say which reviews were ordered there.
DOES_NOT = 0.03, "chicago michigan ave river millennium hilton regency priceline construction w"


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


def few_answers(task: WordTask) -> list[Judgement]:
    """The author's answers, of those words that the tree has."""
    place = {task.background.words.phrases[i]: a for a, i in task.background.words.place.items()}
    return [
        Judgement(f"few-{word}", "rating", place[word], RATER, value=credence)
        for credence, words in (HOLDS, DOES_NOT)
        for word in words.split()
        if word in place
    ]


def main() -> None:
    """Print held-out D and D*, over seeds that draw what is held out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    D, Dstar = deceptive_reviews()
    on_D, on_Dstar = Scores(), Scores()
    with word_task(D, Dstar, RecordedRaters({}, ""), prior_only=False) as task:
        said = few_answers(task)
        priors = {NOBODY: prior_now(task, []), OURS: prior_now(task, said)}
        for seed in range(options.seeds):
            order = np.random.default_rng(seed).permutation(len(D.texts))
            held, fit = order[: len(order) // 5], order[len(order) // 5 :]
            found = plain_rows(D, Dstar, fit, held)
            for row, prior in priors.items():
                ours = fit_now(task, prior, on=fit, spread=False)
                found[row] = read(task, fit_at_home(ours), held, np.arange(len(Dstar.y)))
            for row, (p, q) in found.items():
                on_D.add(row, seed, held, D.y[held], p, len(D.y))
                on_Dstar.add(row, seed, slice(None), Dstar.y, q, len(Dstar.y))
    print(f"{len(said)} answers")
    print_table({"D, held out": on_D, "D*": on_Dstar}, OURS)


if __name__ == "__main__":
    main()
