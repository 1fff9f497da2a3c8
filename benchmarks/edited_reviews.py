"""Reviews that people edited until the verdict turned: `python -m benchmarks.edited_reviews [rows|budget]`.

D: IMDb reviews; D*: the same, edited (Kaushik, Hovy, Lipton 2020). Five folds keep a review and its edit
apart; a seed deals the folds. Ratings are the ten raw ratings per word of the VADER lexicon. The data lie in
../shared/data/cad.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit

from benchmarks.scoring import Scores, print_table
from benchmarks.texts import EditedReviews, edited_reviews, vectors_of
from benchmarks.word_trees import WordTask, fit_now, prior_now, word_task
from kb.address import Address
from kb.arrays import Codes, Numbers
from kb.records import Judgement
from learning.fitting import Fit
from learning.prior import Prior
from learning.recorded import RecordedRaters, read_recorded
from learning.rounds import in_rounds, reply
from learning.scores import log_loss
from learning.word_importing import import_words
from learning.words_elsewhere import answers_elsewhere

OURS = "Priory: all ratings"
BUDGETS = (10, 20, 40, 80, 160, 300)  # where rounds end


def lexicon(classes: tuple[str, ...]) -> RecordedRaters:
    """The ten raters per word of vaderSentiment."""
    import vaderSentiment

    return read_recorded(Path(vaderSentiment.__file__).parent / "vader_lexicon.txt", classes)


def rows(data: EditedReviews, seeds: int) -> None:
    """All ratings: accuracy and log loss on held-out D and on D*, beside plain models and ablations."""
    rated = lexicon(("negative", "positive"))
    on_D, on_Dstar = Scores(), Scores()
    with word_task(data.D, data.Dstar, rated) as task:
        import_words(task.tree, rated, silence_is_neither=True)
        elsewhere = list(answers_elsewhere(task.tree))
        people = prior_now(task, task.tree.judgements(), elsewhere)
        nobody = prior_now(task, [])
        began = time.time()
        first = next(iter(data.folds(0)))[0]
        strength = fit_now(task, people, on=first).points.word_strength
        for seed in range(seeds):
            for fit, held, star in data.folds(seed):
                found = _forecasts(task, data, (people, nobody), strength, (fit, held, star))
                for row, (p, q) in found.items():
                    on_D.add(row, seed, held, data.D.y[held], p, len(data.D.y))
                    on_Dstar.add(row, seed, star, data.Dstar.y[star], q, len(data.Dstar.y))
            print(f"seed {seed}  D* {on_Dstar.line(OURS)}  ({time.time() - began:.0f} s)", flush=True)
    print(f"{seeds} seeds, {len(task.background.words):,} words, λ = {strength:g}, as D chooses it")
    print_table({"D, held out": on_D, "D*": on_Dstar}, OURS)


Split = tuple[Codes, Codes, Codes]


def _forecasts(
    task: WordTask, data: EditedReviews, priors: tuple[Prior, Prior], strength: float, split: Split
) -> dict[str, tuple[Numbers, Numbers]]:
    """P(positive) on D held out and on D*, row by row."""
    fit_rows, held, star = split
    people, nobody = priors
    whole = fit_now(task, people, on=fit_rows, strength=strength)
    found = {
        OURS: read(task, whole, held, star),
        "  strength on D* as on D": read(task, fit_at_home(whole), held, star),
        "  ratings only, D fits their scale": read(task, ratings_only(task, whole, fit_rows), held, star),
        "  no ratings": read(
            task, fit_now(task, nobody, on=fit_rows, strength=strength, spread=False), held, star
        ),
    }
    if strength != 1.0:
        found["  λ = 1"] = read(task, fit_now(task, people, on=fit_rows, strength=1.0), held, star)
    found |= plain_models(data, split)
    embedding, ours = found["LR on a pretrained embedding"], found[OURS]
    found["mean log-odds of the embedding and Priory"] = (
        expit((logit(embedding[0]) + logit(ours[0])) / 2),
        expit((logit(embedding[1]) + logit(ours[1])) / 2),
    )
    return found


def read(task: WordTask, fit: Fit, held: Codes, star: Codes) -> tuple[Numbers, Numbers]:
    """P(positive) on some rows of D, read as more of D, and on some of D*."""
    at_home = fit_at_home(fit)
    on_D = at_home.forecast(task.background.matches(task.tree.D.cases)[held])
    on_Dstar = fit.forecast(task.background.matches(task.tree.Dstar)[star])
    return task.positive(on_D), task.positive(on_Dstar)


def fit_at_home(fit: Fit) -> Fit:
    """The same fit, with words as strong as on D."""
    words = fit.scorecard.words
    if words is None:
        return fit
    return replace(fit, scorecard=replace(fit.scorecard, words=replace(words, factor=1.0, doubt=0.0)))


def ratings_only(task: WordTask, fit: Fit, on: Codes) -> Fit:
    """Points as strong as people state, times one number that D chooses."""
    card = fit.scorecard.words
    if card is None:
        return fit
    y, stated = task.tree.D.y[on], card.stated
    A, home = task.background.matches(task.tree.D.cases)[on], fit_at_home(fit)

    def scaled(c: float) -> Fit:
        return replace(home, points=replace(fit.points, words=c * stated))

    best = minimize_scalar(
        lambda c: log_loss(y, scaled(c).forecast(A)), bounds=(0.01, 30.0), method="bounded"
    )
    return replace(scaled(float(best.x)), scorecard=fit.scorecard)


def plain_models(data: EditedReviews, split: Split) -> dict[str, tuple[Numbers, Numbers]]:
    """Logistic regression on tf-idf and on an embedding, and the raters' own lexicon scaled on D."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    fit_rows, held, star = split
    D, Dstar = data.D, data.Dstar
    vectorizer = TfidfVectorizer(min_df=2, sublinear_tf=True)
    X = vectorizer.fit_transform(D.take(fit_rows).texts)
    others = [vectorizer.transform(t.texts) for t in (D.take(held), Dstar.take(star))]
    tfidf = LogisticRegression(C=10, max_iter=1000).fit(X, D.y[fit_rows])
    E, E_star = vectors_of(D.texts), vectors_of(Dstar.texts)
    dense = LogisticRegression(C=10, max_iter=1000).fit(E[fit_rows], D.y[fit_rows])
    V, V_star = compound(D.texts), compound(Dstar.texts)
    platt = LogisticRegression(C=100).fit(V[fit_rows, None], D.y[fit_rows])
    return {
        "tf-idf LR": (tfidf.predict_proba(others[0])[:, 1], tfidf.predict_proba(others[1])[:, 1]),
        "LR on a pretrained embedding": (
            dense.predict_proba(E[held])[:, 1],
            dense.predict_proba(E_star[star])[:, 1],
        ),
        "VADER + Platt": (
            platt.predict_proba(V[held, None])[:, 1],
            platt.predict_proba(V_star[star, None])[:, 1],
        ),
    }


_COMPOUND: dict[tuple[str, ...], Numbers] = {}


def compound(texts: tuple[str, ...]) -> Numbers:
    """VADER's score of each text, in [-1, 1]."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    if texts not in _COMPOUND:
        analyzer = SentimentIntensityAnalyzer()
        scores = [analyzer.polarity_scores(t.replace("<br />", " "))["compound"] for t in texts]
        _COMPOUND[texts] = np.array(scores)
    return _COMPOUND[texts]


def budget(data: EditedReviews, seeds: int) -> None:
    """How good D* is after so many single answers, asked by leverage."""
    rated = lexicon(("negative", "positive"))
    found = {n: Scores() for n in BUDGETS}
    began = time.time()
    with word_task(data.D, data.Dstar, rated) as task:
        words = {a: task.background.words.phrases[i] for a, i in task.background.words.place.items()}
        rows = next(iter(data.folds(0)))[0]
        strength = fit_now(task, prior_now(task, []), on=rows).points.word_strength
        for seed in range(seeds):
            for number, (fit_rows, _, star) in enumerate(data.folds(seed)):
                rng = np.random.default_rng([seed, number])
                said: list[Judgement] = []

                def ask(asked: list[Address], on: Codes = fit_rows, said: list[Judgement] = said) -> Fit:
                    classes = task.tree.task.classes
                    said += [reply(a, rated.of(words[a]), classes, rng, "benchmark") for a in asked]  # noqa: B023
                    return fit_now(task, prior_now(task, said), on=on, strength=strength)

                first = fit_now(task, prior_now(task, []), on=fit_rows, strength=strength)
                Dstar = task.tree.Dstar
                for answers, _, after in in_rounds(first, Dstar, max(BUDGETS), ask, Counter()):
                    if answers in found:
                        q = task.positive(after.forecast(task.background.matches(Dstar)[star]))
                        y = data.Dstar.y
                        found[answers].add("by leverage", seed, star, y[star], q, len(y))
            for answers, scores in found.items():
                if scores.of:
                    print(f"seed {seed}, {answers:>4} answers  {scores.line('by leverage')}", flush=True)
        print(f"λ = {strength:g}, as D chooses it with nobody asked; {time.time() - began:.0f} s")


def main() -> None:
    """Print one of the two tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=["rows", "budget"], default="rows")
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    (rows if options.what == "rows" else budget)(edited_reviews(), options.seeds)


if __name__ == "__main__":
    main()
