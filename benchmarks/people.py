"""What people's forecasts are worth, and several Z: `python -m benchmarks.people WHAT`.

WHAT is ``imitate``, ``certify``, ``alarm`` (four domains rated by people; ``--sdist FILE`` or pip fetches
them) or ``chains`` (penguins). One forecast of a text is one rater of half B: positive, negative, or neither
(one half each). Truth is half A and only scores.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.domains import Pair, pairs
from benchmarks.word_trees import WordTask, fit_now, prior_now, word_task
from kb.arrays import Codes, Numbers
from learning.people.agreement import agreement
from learning.people.alarm import Unrated, lean_of_words, outcome_of, says_of_ratings
from learning.people.certificate import (
    contradictions,
    divergences,
    imitation_loss,
    most_divergence,
    upper_mean,
    upper_share,
)
from learning.people.from_x import FromX, fit_from_x
from learning.people.network import Network, fit_network
from learning.people.reader import Reader, fit_reader
from learning.people.reading import Reading
from learning.prior import Prior
from learning.recorded import RecordedRaters, read_recorded
from learning.word_importing import import_words
from learning.words_elsewhere import answers_elsewhere
from ui.domains import CLASSES, Domain, fetched_sdist, lexicon_of, read_domains

TO_CERTIFY = ("products → opinion", "films → products", "tweets → opinion")
TO_ALARM = ("products → films", "films → products", "opinion → tweets", "tweets → opinion")
KINDS = {"as they are": 1, "shuffled": 5, "reversed": 1}  # how many of each
SIZES = (10, 25, 50, 100)


def damaged(prior: Prior, kind: str, number: int) -> Prior:
    """Prior from the same answers with something wrong; shuffles are numbered."""
    said = prior.said_of_words
    if said is None or kind == "as they are":
        return prior
    wrong = said.reversed() if kind == "reversed" else said.shuffled(np.random.default_rng(1 + number))
    return replace(prior, said_of_words=wrong)


@contextmanager
def fitted(pair: Pair, rated: RecordedRaters) -> Iterator[tuple[WordTask, Prior, Reading]]:
    """Z of a pair as people rated it, and how an imitator sees D*."""
    with word_task(pair.D, pair.Dstar, rated) as task:
        import_words(task.tree, rated, silence_is_neither=True)
        prior = prior_now(task, task.tree.judgements(), list(answers_elsewhere(task.tree)))
        fit = fit_now(task, prior, on=pair.fit)
        A = task.background.matches(task.tree.Dstar)
        depth = np.array([2.0 + (turn >= 0) for turn in task.background.words.turns])
        yield task, prior, Reading(fit, A, pair.E_star, np.zeros(0), np.zeros(0, dtype=np.int64), depth)


def one_rater_each(pair: Pair, rows: Codes, rng: np.random.Generator, *, turned: bool) -> Numbers:
    """Forecasts of one rater of half B per text, in the order of the tree's classes, shape (n, 2)."""
    said = np.array([(np.sign(rng.choice(pair.people[i])) + 1.0) / 2.0 for i in rows])
    p = np.stack([1.0 - said, said], axis=1)
    return p[:, ::-1] if turned else p


def all_of_half_B(pair: Pair, *, turned: bool) -> Numbers:  # noqa: N802
    """Mean forecast per text, shape (n, 2)."""
    said = np.array([((np.sign(b) + 1.0) / 2.0).mean() for b in pair.people])
    p = np.stack([1.0 - said, said], axis=1)
    return p[:, ::-1] if turned else p


def imitate(domains: dict[str, Domain], rated: RecordedRaters, seeds: int) -> None:
    """Imitation loss on the rest of D*, by what was fitted to so many forecasts."""
    found: dict[tuple[str, int], list[float]] = {}
    for seed in range(seeds):
        for pair in pairs(domains, seed):
            if pair.name not in TO_CERTIFY:
                continue
            with fitted(pair, rated) as (task, _, reading):
                turned = task.tree.task.classes[0] != CLASSES[0]
                rng = np.random.default_rng([seed, 1])
                order = rng.permutation(len(pair.Dstar.y))
                people = one_rater_each(pair, order[:400], rng, turned=turned)
                rest = order[400:]
                told = all_of_half_B(pair, turned=turned)[rest]
                for n in (25, 50, 100, 200, 400):
                    here, said = reading.take(order[:n]), people[:n]
                    rows: dict[str, Reader | FromX | Network] = {
                        "reader": fit_reader(here, said),
                        "reader of 7": fit_reader(here, said, view=7),
                        "from x alone": fit_from_x(here, said, ridge=2.0),
                    }
                    for decay in (1.0, 5.0):
                        rows[f"network, ridge {decay:g}"] = fit_network(here, said, decay=decay, seed=0)
                    for name, f in rows.items():
                        loss = imitation_loss(told, f.forecast(reading.take(rest)))
                        found.setdefault((name, n), []).append(loss)
            print(f"seed {seed}  {pair.name}", flush=True)
    names = list(dict.fromkeys(name for name, _ in found))
    print("\nimitation loss on the rest of D*, nats a forecast, after 25, 50, 100, 200, 400 forecasts")
    for name in names:
        print(f"  {name:<20}", "  ".join(f"{np.mean(found[name, n]):.3f}" for n in (25, 50, 100, 200, 400)))


def certify(domains: dict[str, Domain], rated: RecordedRaters, draws: int) -> None:
    """Coverage and width of the bounds, with V drawn and with V sorted."""
    totals: dict[tuple[str, int], list[tuple[float, ...]]] = {}
    for pair in pairs(domains, 0):
        if pair.name not in TO_CERTIFY:
            continue
        with fitted(pair, rated) as (task, _, reading):
            turned = task.tree.task.classes[0] != CLASSES[0]
            rng = np.random.default_rng(0)
            order = rng.permutation(len(pair.Dstar.y))
            first, rest = order[:100], order[100:]
            f = fit_reader(reading.take(first), one_rater_each(pair, first, rng, turned=turned))
            p = f.forecast(reading.take(rest))
        most = most_divergence(2)
        sure = np.argsort(-np.abs(p[:, 0] - 0.5), kind="stable")
        for n in (25, 50, 100, 200, 400):
            for how in ("drawn", "sorted"):
                for _ in range(draws):
                    said = one_rater_each(pair, rest, rng, turned=turned)  # what they would say of all
                    far, against = divergences(said, p), contradictions(said, p)
                    rows = rng.permutation(len(rest))[:n] if how == "drawn" else sure[:n]
                    scaled = np.minimum(far[rows] / most, 1.0)
                    nats = most * upper_mean(scaled, population=len(rest), planned=n)
                    share = upper_share(int(against[rows].sum()), n)
                    kept = (nats >= far.mean(), nats, far.mean(), share >= against.mean(), share)
                    totals.setdefault((how, n), []).append((*kept, against.mean()))
        print(pair.name, flush=True)
    print("\nV       n  covered  bound of nats (true)   covered  bound of contradictions (true)")
    for (how, n), rows_ in totals.items():
        held, nats, true, held_share, share, true_share = np.mean(np.array(rows_, dtype=float), axis=0)
        print(
            f"{how:<7} {n:>3}  {100 * held:5.1f} %  {nats:.3f} ({true:.3f})      "
            f"{100 * held_share:5.1f} %  {share:.3f} ({true_share:.3f})"
        )


def alarm(domains: dict[str, Domain], rated: RecordedRaters, draws: int) -> None:
    """How often ratings are confirmed and contradicted, by what is wrong with them."""
    found: dict[tuple[str, int], Counter[str]] = {}
    by_forecasts: dict[tuple[str, int], Counter[str]] = {}
    for pair in pairs(domains, 0):
        if pair.name not in TO_ALARM:
            continue
        with fitted(pair, rated) as (task, prior, reading):
            turned = task.tree.task.classes[0] != CLASSES[0]
            D, y = task.background.matches(task.tree.D.cases)[pair.fit], task.tree.D.y[pair.fit]
            for kind, number in ((k, i) for k, many in KINDS.items() for i in range(many)):
                fit = fit_now(task, damaged(prior, kind, number), on=pair.fit)
                says = says_of_ratings(fit, Unrated(fit.scorecard, fit.points), reading.A)
                z = lean_of_words(fit, D, y, seed=0)
                rng = np.random.default_rng(2)
                for n in SIZES:
                    here, alone = Counter[str](), Counter[str]()
                    for draw in range(draws):
                        rows = rng.permutation(len(says))[:n]
                        people = one_rater_each(pair, rows, rng, turned=turned)
                        test = agreement(says[rows], people, seed=draw)
                        here[outcome_of(test, z)] += 1
                        alone[test.outcome] += 1
                    found.setdefault((kind, n), Counter()).update(here)
                    by_forecasts.setdefault((kind, n), Counter()).update(alone)
                    print(
                        f"{pair.name:<20} {kind:<12} {n:>4} {_shares(here)}  z on D {z or 0:.1f}", flush=True
                    )
    for title, table in (("both witnesses", found), ("forecasts alone", by_forecasts)):
        print(f"\nall pairs, {title}")
        for (kind, n), counts in table.items():
            print(f"{kind:<12} {n:>4} {_shares(counts)}")


def _shares(counts: Counter[str]) -> str:
    share = {o: 100 * counts[o] / counts.total() for o in ("confirmed", "not confirmed", "contradicted")}
    return "  ".join(f"{name} {value:5.1f} %" for name, value in share.items())


def chains(seeds: int) -> None:
    """Penguins: one tree against four, D* and how much they disagree."""
    from benchmarks.tasks import penguins
    from kb.knowledge import open_kb
    from learning.asking import answer
    from learning.chains import learn_chains
    from learning.posterior import posterior
    from learning.scores import accuracy, log_loss
    from learning.search import learn

    rows: dict[str, list[tuple[float, float]]] = {}
    apart = []
    for seed in range(seeds):
        task = penguins(seed)
        with tempfile.TemporaryDirectory() as folder, open_kb(f"sqlite:///{folder}/kb.db") as kb:
            tree = kb.create(task.prepared)
            learn(tree)
            for s in tree.children():
                values = [task.oracle[c] for c in s.draft.columns if c in task.oracle]
                if values:
                    answer(tree, s.address, rater="oracle:penguins", value=min(values))
            learn_chains(tree, 4)
            found = posterior(tree)
            if found is None:
                raise RuntimeError("no chain was kept")
            each = found.forecasts(tree.Dstar)
            y = task.labels
            rows.setdefault("one tree", []).append((accuracy(y, each[0]), log_loss(y, each[0])))
            for p in each[1:]:
                rows.setdefault("another chain", []).append((accuracy(y, p), log_loss(y, p)))
            mean = found.forecast(tree.Dstar)
            rows.setdefault("four, averaged", []).append((accuracy(y, mean), log_loss(y, mean)))
            apart.append(found.disagreement(tree.Dstar).nats.mean())
            print(f"seed {seed}  {found.sentence(tree.Dstar)}", flush=True)
    print("\nD*: accuracy, log loss (sd over seeds)")
    for name, scores in rows.items():
        a, loss = np.array(scores).T
        print(f"  {name:<16} {100 * a.mean():5.1f} %  {loss.mean():.3f} ({loss.std():.3f})")
    print(f"  disagreement {np.mean(apart):.4f} nats a case")


def main() -> None:
    """Run one of the four."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["imitate", "certify", "alarm", "chains"])
    parser.add_argument("--sdist", type=Path)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--draws", type=int, default=200)
    options = parser.parse_args()
    began = time.time()
    if options.what == "chains":
        chains(options.seeds)
    else:
        sdist = options.sdist or fetched_sdist()
        domains = read_domains(sdist)
        with tempfile.TemporaryDirectory() as folder:
            rated = read_recorded(lexicon_of(sdist, Path(folder)), CLASSES)
        runs: Mapping[str, object] = {"imitate": imitate, "certify": certify, "alarm": alarm}
        many = options.seeds if options.what == "imitate" else options.draws
        runs[options.what](domains, rated, many)  # type: ignore[operator]  # one of three functions
    print(f"{time.time() - began:.0f} s")


if __name__ == "__main__":
    main()
