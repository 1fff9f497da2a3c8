"""Four domains rated by people, twelve pairs D → D*: `python -m benchmarks.domains [--sdist FILE]`.

The texts lie in the source distribution of vaderSentiment 3.3.2, as do the ratings of words (ui/domains.py);
without --sdist pip fetches it. Truth is the mean of half of each text's raters; people are the other half.
A seed draws D (80 % of its domain, at most 3,000 texts) and V, and which rater speaks of each text of V.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.special import expit, logit

from benchmarks.edited_reviews import compound, ratings_only, read
from benchmarks.scoring import Scores, print_table
from benchmarks.texts import Texts, vectors_of
from benchmarks.word_trees import WordTask, fit_now, prior_now, word_task
from kb.arrays import Codes, Numbers
from learning.fitting import Fit
from learning.people.from_x import RIDGE, softmax_regression
from learning.people.reader import fit_reader
from learning.people.reading import Reading
from learning.recorded import RecordedRaters, read_recorded
from learning.scores import bootstrap
from learning.word_importing import import_words
from learning.words_elsewhere import answers_elsewhere
from ui.domains import CLASSES, Domain, fetched_sdist, lexicon_of, read_domains

OURS = "Priory: ratings, no V"
MOST = 3_000
SIZES = (50, 400)
FEW_AGAINST_MANY = f"f through Z, {SIZES[0]}", f"f from x alone, ridge 2, {SIZES[1]}"
FLOOR = 0.02  # an imitator never says less
LONG_RIDGE = 2.0  # where what Z says is among the inputs


@dataclass(frozen=True, slots=True)
class Pair:
    """One D and D*.

    Attributes:
        name: Source and target.
        D: Texts of D, those that are held out last.
        Dstar: Texts of D*.
        people: Per text of D* the answers of half B.
        fit: Rows of D to fit.
        held: Rows of D held out.
        E: Vectors of the texts of D, shape (n, 384).
        E_star: Likewise of D*.
    """

    name: str
    D: Texts
    Dstar: Texts
    people: tuple[Numbers, ...]
    fit: Codes
    held: Codes
    E: Numbers
    E_star: Numbers


def pairs(domains: dict[str, Domain], seed: int) -> Iterator[Pair]:
    """The twelve pairs of one seed."""
    vectors = {name: vectors_of(domain.texts) for name, domain in domains.items()}
    for source, a in domains.items():
        order = np.random.default_rng(seed).permutation(len(a.texts))
        held, fit = order[: len(order) // 5], order[len(order) // 5 :][:MOST]
        rows = np.concatenate([fit, held])
        D = Texts(a.texts, a.y).take(rows)
        n = np.arange(len(rows))
        for target, b in domains.items():
            if target != source:
                yield Pair(
                    f"{source} → {target}",
                    D,
                    Texts(b.texts, b.y),
                    b.people,
                    n[: len(fit)],
                    n[len(fit) :],
                    vectors[source][rows],
                    vectors[target],
                )


def plain_rows(pair: Pair) -> dict[str, tuple[Numbers, Numbers]]:
    """P(positive) by models that read no ratings, and by the raters' lexicon scaled on D."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    y = pair.D.y[pair.fit]
    vectorizer = TfidfVectorizer(min_df=2, sublinear_tf=True, ngram_range=(1, 2))
    X = vectorizer.fit_transform(pair.D.take(pair.fit).texts)
    held, star = (vectorizer.transform(t.texts) for t in (pair.D.take(pair.held), pair.Dstar))
    V, V_star = compound(pair.D.texts)[:, None], compound(pair.Dstar.texts)[:, None]
    tfidf = LogisticRegression(C=10, max_iter=1000).fit(X, y)
    dense = LogisticRegression(C=10, max_iter=1000).fit(pair.E[pair.fit], y)
    platt = LogisticRegression(C=100).fit(V[pair.fit], y)
    return {
        "tf-idf LR": (tfidf.predict_proba(held)[:, 1], tfidf.predict_proba(star)[:, 1]),
        "LR on a pretrained embedding": (
            dense.predict_proba(pair.E[pair.held])[:, 1],
            dense.predict_proba(pair.E_star)[:, 1],
        ),
        "VADER + Platt": (
            platt.predict_proba(V[pair.held])[:, 1],
            platt.predict_proba(V_star)[:, 1],
        ),
    }


def our_rows(task: WordTask, pair: Pair, fit: Fit, fit_plainly: Fit) -> dict[str, tuple[Numbers, Numbers]]:
    """P(positive) through Z."""
    everyone = np.arange(len(pair.Dstar.y))
    known = fit.scorecard.words
    if known is None:
        raise ValueError("the tree has no words")

    def at(factor: float, doubt: float) -> tuple[Numbers, Numbers]:
        words = replace(known, factor=factor, doubt=doubt)
        card = replace(fit.scorecard, words=words)
        return read(task, replace(fit, scorecard=card), pair.held, everyone)

    return {
        OURS: at(known.factor, known.doubt),
        "  counted strength, not doubted": at(known.factor, 0.0),
        "  strength as on D": at(1.0, 0.0),
        "  strength as on D, doubted by .5": at(1.0, 0.5),
        "  ratings only, D fits their scale": read(
            task, ratings_only(task, fit_plainly, pair.fit), pair.held, everyone
        ),
    }


def people_rows(task: WordTask, pair: Pair, fit: Fit, seed: int) -> dict[str, tuple[Codes, Numbers]]:
    """After so many predictions of V: rows of D* outside V, and P(positive) by what was fitted to people."""
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng([seed, 1])
    order = rng.permutation(len(pair.Dstar.y))
    V, rest = order[: max(SIZES)], np.sort(order[max(SIZES) :])
    said = np.array([(np.sign(rng.choice(pair.people[i])) + 1.0) / 2.0 for i in V])
    people = np.stack([1.0 - said, said], axis=1)
    turned = task.tree.task.classes[0] != CLASSES[0]
    matches = task.background.matches(task.tree.Dstar)
    depth = np.full(len(task.background.words), 3.0)
    reading = Reading(fit, matches, pair.E_star, np.zeros(0), np.zeros(0, dtype=np.int64), depth)
    at_home = LogisticRegression(C=10, max_iter=1000).fit(pair.E[pair.fit], pair.D.y[pair.fit])
    from_D = logit(np.clip(at_home.predict_proba(pair.E_star)[:, 1], 1e-3, 1.0 - 1e-3))
    found = {"Z as it is": (rest, task.positive(fit.forecast(matches))[rest])}
    for n in SIZES:
        given = people[:n, ::-1] if turned else people[:n]
        reader = fit_reader(reading.take(V[:n]), given)
        through_Z = task.positive(reader.forecast(reading))
        found[f"f through Z, {n}"] = rest, through_Z[rest]
        for ridge in (RIDGE, LONG_RIDGE):
            w = softmax_regression(pair.E_star[V[:n]], people[:n], ridge=ridge)
            found[f"f from x alone, ridge {ridge:g}, {n}"] = rest, _positive(pair.E_star[rest], w)
        odds = logit(np.clip(through_Z, 1e-3, 1.0 - 1e-3))
        both = np.column_stack([pair.E_star, 3.0 * odds, 3.0 * from_D])
        w = softmax_regression(both[V[:n]], people[:n], ridge=LONG_RIDGE)
        found[f"x and Z together, {n}"] = rest, _positive(both[rest], w)
    return found


def _positive(x: Numbers, w: Numbers) -> Numbers:
    u = x @ w[:-1] + w[-1]
    found: Numbers = expit(u[:, 1] - u[:, 0])
    return found


def imitation_loss(pair: Pair, rows: Codes, p: Numbers) -> float:
    """Mean log loss against half B's answers, where 0 says one half of either."""
    told = np.array([((np.sign(pair.people[i]) + 1.0) / 2.0).mean() for i in rows])
    kept = np.clip(p, FLOOR, 1.0 - FLOOR)
    return float((-told * np.log(kept) - (1.0 - told) * np.log(1.0 - kept)).mean())


Rows = dict[str, tuple[Numbers, Numbers]]
RowsAfterV = dict[str, tuple[Codes, Numbers]]


def one(pair: Pair, rated: RecordedRaters, seed: int, strengths: dict[str, float]) -> tuple[Rows, RowsAfterV]:
    """All forecasts of one pair and seed; λ of the words is chosen on D, once for a pair."""
    found = plain_rows(pair)
    with word_task(pair.D, pair.Dstar, rated) as task:
        import_words(task.tree, rated, silence_is_neither=True)
        people = prior_now(task, task.tree.judgements(), list(answers_elsewhere(task.tree)))
        fit = fit_now(task, people, on=pair.fit, strength=strengths.get(pair.name))
        strengths[pair.name] = fit.points.word_strength
        found |= our_rows(task, pair, fit, fit)
        after_V = people_rows(task, pair, fit, seed)
    embedding, ours = found["LR on a pretrained embedding"], found[OURS]
    found["mean log-odds of the embedding and Priory"] = tuple(  # type: ignore[assignment]  # two of them
        expit((logit(embedding[i]) + logit(ours[i])) / 2) for i in (0, 1)
    )
    return found, after_V


def main() -> None:
    """Print means over pairs, and pair by pair."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sdist", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    sdist, began = options.sdist or fetched_sdist(), time.time()
    domains = read_domains(sdist)
    with tempfile.TemporaryDirectory() as folder:
        rated = read_recorded(lexicon_of(sdist, Path(folder)), CLASSES)
    on_D: dict[str, Scores] = {}
    on_Dstar: dict[str, Scores] = {}
    after_V: dict[str, Scores] = {}
    imitation: dict[str, dict[str, list[float]]] = {}
    strengths: dict[str, float] = {}
    for seed in range(options.seeds):
        for pair in pairs(domains, seed):
            found, later = one(pair, rated, seed, strengths)
            n_star = len(pair.Dstar.y)
            for row, (p, q) in found.items():
                on_D.setdefault(pair.name, Scores()).add(
                    row, seed, slice(None), pair.D.y[pair.held], p, len(pair.held)
                )
                on_Dstar.setdefault(pair.name, Scores()).add(row, seed, slice(None), pair.Dstar.y, q, n_star)
            for row, (rows, q) in later.items():
                after_V.setdefault(pair.name, Scores()).add(row, seed, rows, pair.Dstar.y[rows], q, n_star)
                imitation.setdefault(pair.name, {}).setdefault(row, []).append(imitation_loss(pair, rows, q))
            line = on_Dstar[pair.name].line(OURS)
            print(f"seed {seed}  {pair.name:<22} {line}  ({time.time() - began:.0f} s)", flush=True)
        print(f"\n== {seed + 1} seeds ==")
        tell(on_D, on_Dstar, after_V, imitation)


def tell(
    on_D: dict[str, Scores],
    on_Dstar: dict[str, Scores],
    after_V: dict[str, Scores],
    imitation: dict[str, dict[str, list[float]]],
) -> None:
    """Print the tables."""
    print("\nmeans of the pairs: D held out | D*")
    for row in next(iter(on_Dstar.values())).of:
        home, away = (
            np.mean([s.means(row).mean(axis=0) for s in t.values()], axis=0) for t in (on_D, on_Dstar)
        )
        sd = np.std(np.mean([s.means(row)[:, 1] for s in on_Dstar.values()], axis=0))
        print(
            f"  {row:<44} {100 * home[0]:5.1f} {home[1]:.3f} | {100 * away[0]:5.1f} {away[1]:.3f} ± {sd:.3f}"
        )
    print("\nfitted to V: D* outside V, and imitation loss")
    for row in next(iter(after_V.values())).of:
        away = np.mean([s.means(row).mean(axis=0) for s in after_V.values()], axis=0)
        loss = np.mean([np.mean(losses[row]) for losses in imitation.values()])
        print(f"  {row:<44} {100 * away[0]:5.1f} {away[1]:.3f} | {loss:.3f}")
    few, many = ([np.mean(losses[row]) for losses in imitation.values()] for row in FEW_AGAINST_MANY)
    apart = bootstrap(np.subtract(few, many), seed=0)
    print(f"  {' - '.join(FEW_AGAINST_MANY)}: {apart.low:+.3f}..{apart.high:+.3f}, 95 % over pairs")
    for other in next(iter(on_Dstar.values())).of:
        if other != OURS:
            print(f"\nours against {other}: pairs won, tied, lost by log loss, 95 %: {won(on_Dstar, other)}")
    print_table(on_Dstar, OURS)


def won(on_Dstar: dict[str, Scores], other: str) -> tuple[int, int, int]:
    """Of the pairs, those whose paired interval of the log loss is below, around and above 0."""
    ends = [scores.apart(OURS, other)[1] for scores in on_Dstar.values()]
    below, above = sum(e.high < 0 for e in ends), sum(e.low > 0 for e in ends)
    return below, len(ends) - below - above, above


if __name__ == "__main__":
    main()
