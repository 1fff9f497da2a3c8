"""The report of a tree: Priory and every rival on the same cases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from kb.arrays import Codes, Numbers
from kb.figures import count
from kb.knowledge import Tree
from kb.records import Cost, Judgement, total
from kb.shift import column_shifts
from kb.statements import Statement
from learning.ablations import Setting, ablation_rows
from learning.baselines import classical_rows
from learning.beliefs import prior_of
from learning.comparison import D_HELD_OUT, D_STAR, Kind, score_rows
from learning.fitting import Fit, Strengths, fit_numbers, fit_plain
from learning.matches import Matches
from learning.people.arms import has_forecasts, people_rows
from learning.people.findings import people_findings
from learning.posterior import posterior
from learning.prior import ratings_of, standing
from learning.report import Effort, Report, StatementLine, build_report
from learning.resolving import current_fit, resolved_cases
from learning.scorecard import Points, all_on
from learning.scores import log_loss
from learning.text_baselines import TEXT_ROW, text_row

__all__ = ["baselines", "report"]

MOST_CURVE_POINTS = 10
MOST_WORDS = 100  # of texts that a report lists
LARGE = 2_000_000  # claims × cases × classes
Say = Callable[[str], None]
Forecasts = dict[str, dict[str, Numbers]]


def report(
    tree: Tree,
    labels: Codes | None,
    *,
    seed: int | None = None,
    progress: Say | None = None,
) -> Report:
    """Score Priory beside its rivals.

    Args:
        tree: Whose Z.
        labels: Class codes of D*, −1 where not known, shape (n,); None when none is known.
        seed: For folds, worlds, shuffles and the bootstrap; the task's if None.
        progress: Told which row is being fitted.
    """
    seed = tree.task.seed if seed is None else seed
    say = progress or (lambda _: None)
    fit = current_fit(tree)
    notes: list[str] = list(fit.evidence.notes)
    if resolved := len(resolved_cases(tree).cases):
        some = f"{count(resolved, 'case')} of D* {'is' if resolved == 1 else 'are'} resolved"
        notes.append(f"{some}; each is scored by what was forecast before.")
    forecasts: Forecasts = {"Priory": _priory(tree, fit)}
    kinds: dict[str, Kind] = {"Priory": "priory"}
    if several := posterior(tree):
        forecasts["Priory, one tree"], kinds["Priory, one tree"] = forecasts["Priory"], "ablation"
        forecasts["Priory"] = {
            **forecasts["Priory"],
            D_STAR: _as_forecast(tree, several.forecast(tree.Dstar)),
        }
        notes.append(several.sentence(tree.Dstar))
    if _is_large(tree, fit.background.matches(tree.D.cases)):
        notes.append(
            "Rows made of Priory's statements keep Priory's ridge; choosing it anew takes too long here."
        )
    for name, rows in _ablations(tree, fit, seed, say):
        forecasts[name], kinds[name] = rows, "ablation"
    for name, rows in baselines(tree, seed=seed, progress=say, note=notes.append).items():
        forecasts[name], kinds[name] = rows, "classical"
    people = None
    if has_forecasts(tree):
        say("people's forecasts")
        people = people_findings(tree, seed=seed)
        for name, p in people_rows(tree, seed=seed).items():
            forecasts[name], kinds[name] = {D_STAR: p}, "people"
    y = {} if labels is None else {D_STAR: labels}
    if tree.held_out.any():
        y[D_HELD_OUT] = tree.D.y[tree.held_out]
    else:
        notes.append("D is too small for a held-out part; 40 labelled cases are the least.")
    say("scoring")
    effort = Effort(_spent(tree), () if labels is None else _budget_curve(tree, fit, labels))
    statements, words_left_out = _worth_showing(tree, fit)
    return build_report(
        tree.task,
        score_rows(forecasts, y, kinds, seed),
        statements=[StatementLine.of(s) for s in statements],
        effort=effort,
        shift=column_shifts(tree.D.cases, tree.Dstar),
        notes=notes,
        people=people,
        words_left_out=words_left_out,
    )


def _worth_showing(tree: Tree, fit: Fit) -> tuple[list[Statement], int]:
    """All statements in the order of the tree, but of a text's words only those that earn most on D.

    Returns:
        Those, and how many words are left out.
    """
    place = fit.background.words.place
    every = list(tree.walk())
    words = [s for s in every if s.address in place]
    words.sort(key=lambda s: -(s.measures.nats_on_D or 0.0) if s.measures else 0.0)
    hidden = {s.address for s in words[MOST_WORDS:]}
    return [s for s in every if s.address not in hidden], len(hidden)


def baselines(
    tree: Tree, *, seed: int | None = None, progress: Say | None = None, note: Say | None = None
) -> Forecasts:
    """Forecasts of the classical models: fitted on all of D for D*, on the rest for the held-out part."""
    seed = tree.task.seed if seed is None else seed
    K = len(tree.task.classes)

    def step(name: str, *_: int) -> None:
        if progress:
            progress(name)

    splits = [(tree.D, {D_STAR: tree.Dstar})]
    if tree.held_out.any():
        held = tree.D.cases.take(np.flatnonzero(tree.held_out))
        splits.append((tree.D_for_choosing, {D_HELD_OUT: held}))
    rows: dict[str, dict[str, Numbers]] = {}
    for D, others in splits:
        found = classical_rows(D, others, seed=seed, K=K, progress=step, note=None if rows else note)
        if read := text_row(D, others, seed=seed, K=K):
            found[TEXT_ROW] = read
        for name, by in found.items():
            rows.setdefault(name, {}).update(by)
    return rows


def _as_forecast(tree: Tree, p: Numbers) -> Numbers:
    """Forecasts of D*, those of resolved cases as they were before their labels became known."""
    earlier = resolved_cases(tree)
    p[earlier.cases] = earlier.p
    return p


def _priory(tree: Tree, fit: Fit) -> dict[str, Numbers]:
    found = {D_STAR: _as_forecast(tree, fit.forecast(fit.background.matches(tree.Dstar)))}
    if tree.held_out.any():
        A = fit.background.matches(tree.D.cases)
        chosen = np.flatnonzero(~tree.held_out)
        plain = fit_plain(all_on(fit.scorecard), A[chosen], tree.D.y[chosen], seed=fit.seed)
        found[D_HELD_OUT] = replace(fit, plain=plain).forecast_as_D(A[tree.held_out])
    return found


def _ablations(tree: Tree, fit: Fit, seed: int, say: Say) -> list[tuple[str, dict[str, Numbers]]]:
    """Rows for D* fitted on all of D, and for the held-out part on the rest."""
    on_D, y = fit.background.matches(tree.D.cases), tree.D.y
    splits = [(np.arange(len(y)), {D_STAR: fit.background.matches(tree.Dstar)})]
    if tree.held_out.any():
        splits.append((np.flatnonzero(~tree.held_out), {D_HELD_OUT: on_D[tree.held_out]}))
    found: dict[str, dict[str, Numbers]] = {}
    for rows, others in splits:
        setting = _setting(tree, fit, on_D[rows], y[rows], seed)
        for name, forecasts in ablation_rows(setting, others):
            say(name)
            found.setdefault(name, {}).update(forecasts)
    return list(found.items())


def _setting(tree: Tree, fit: Fit, A: Matches, y: Codes, seed: int) -> Setting:
    strengths: tuple[Strengths | None, Strengths | None] = (None, None)
    if _is_large(tree, A):
        strengths = _strengths(fit.points), _strengths(fit.plain)
    judgements = tree.judgements()
    said, prior = tuple(ratings_of(judgements)), prior_of(tree, judgements, fit.background.every)
    return Setting(fit.background, tree.task.classes, said, prior, fit.as_D, A, y, seed, strengths)


def _strengths(points: Points) -> Strengths:
    return points.strength, points.word_strength


def _is_large(tree: Tree, A: Matches) -> bool:
    """So many numbers to fit that λ isn't chosen anew for every row."""
    said = 0 if A.words is None else A.words.pattern.nnz
    return (A.claims.size + said) * len(tree.task.classes) > LARGE


def _spent(tree: Tree) -> Cost:
    steps = [
        e.cost
        for s in tree.walk(dropped=True)
        if s.is_unpacked
        for e in tree.store.expansions(tree.tree_id, s.address)
    ]
    return total([*steps, Cost(human_seconds=sum(j.seconds for j in tree.judgements()))])


def _budget_curve(tree: Tree, fit: Fit, labels: Codes) -> tuple[tuple[int, float], ...]:
    """Log loss on D* had people stopped after fewer answers, in the order in which they gave them."""
    known = labels >= 0
    if not known.any():
        return ()
    said = [j for j in standing(tree.judgements()) if _is_answer(j)]
    A, A_star = fit.background.matches(tree.D.cases), fit.background.matches(tree.Dstar)[known]
    counts = np.unique(np.linspace(0, len(said), min(len(said) + 1, MOST_CURVE_POINTS)).round().astype(int))
    return tuple((int(k), _loss_after(tree, fit, said[:k], (A, A_star), labels[known])) for k in counts)


def _is_answer(judgement: Judgement) -> bool:
    """A person's answer about a statement or about two."""
    counts = judgement.answer in {"credence", "neither", "here"} and not judgement.rater.startswith("model:")
    return judgement.kind in {"rating", "comparison"} and counts


def _loss_after(
    tree: Tree, fit: Fit, said: list[Judgement], matches: tuple[Matches, Matches], y: Codes
) -> float:
    prior = prior_of(tree, said, fit.background.every)
    card = fit.background.scorecard(prior, tree.task.classes)
    if card.words is not None and fit.scorecard.words is not None:
        known = fit.scorecard.words
        card = replace(card, words=replace(card.words, factor=known.factor, doubt=known.doubt))
    points = fit_numbers(card, matches[0], tree.D.y, seed=fit.seed, strength=_strengths(fit.points))
    return log_loss(y, replace(fit, scorecard=card, points=points).forecast(matches[1]))
