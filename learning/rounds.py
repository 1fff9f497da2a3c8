"""Asking in rounds: many questions between two fits, and the curve of what the answers so far have bought.

Rounds double, so that the first answers steer early and the last ones cost few fits.
"""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kb.address import Address
from kb.arrays import Codes
from kb.cases import Cases
from kb.knowledge import Tree
from kb.records import Judgement
from learning.asking import HARDLY
from learning.fitting import Fit, latest_fit, refit
from learning.leverage import divergence, ranked_by_leverage, words_worth_asking
from learning.recorded import UNLISTED, RecordedAnswer, RecordedRaters
from learning.scores import accuracy, log_loss
from learning.side_answers import NEITHER_SIDE, side_details

__all__ = ["Round", "curve_in_words", "in_rounds", "reply", "round_of", "round_size", "simulate"]

FIRST = 10  # questions of the first round
NEVER_AGAIN = 1_000_000  # answers


@dataclass(frozen=True, slots=True)
class Round:
    """What the answers so far have bought.

    Attributes:
        answers: Answers about words so far, in this session.
        expects: The share of D* that the forecasts themselves expect to have right, in [0, 1].
        changed: Cases of D* whose most likely class the round changed.
        of: Cases of D*.
        nats: What the round changed per case, mean KL(after ‖ before), in nats.
        left: What all that is still in doubt about words is worth per case, in nats, to second order.
        accuracy: Where labels of D* are known, for research: the share that is right, in [0, 1].
        log_loss: Likewise, in nats a case.
    """

    answers: int
    expects: float
    changed: int
    of: int
    nats: float
    left: float
    accuracy: float | None = None
    log_loss: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces."""
        return {name: getattr(self, name) for name in self.__slots__}


def round_size(answers: int) -> int:
    """Questions of the next round after so many answers."""
    return max(FIRST, answers)


def round_of(Dstar: Cases, before: Fit, after: Fit, answers: int, labels: Codes | None = None) -> Round:
    """What changed between two fits.

    Args:
        Dstar: The cases to predict.
        before: The fit before the round.
        after: The fit after it.
        answers: Answers so far.
        labels: Class codes of D*, -1 where unknown, for research: they score and reach no fit.
    """
    was, now = (fit.forecast(fit.background.matches(Dstar)) for fit in (before, after))
    known = labels >= 0 if labels is not None else np.zeros(len(now), dtype=np.bool_)
    truth = labels[known] if labels is not None and known.any() else None
    return Round(
        answers=answers,
        expects=float(now.max(axis=1).mean()) if len(now) else 0.0,
        changed=int((was.argmax(axis=1) != now.argmax(axis=1)).sum()),
        of=len(now),
        nats=divergence(now, was),
        left=sum(w.nats for w in words_worth_asking(after, Dstar)),
        accuracy=None if truth is None else accuracy(truth, now[known]),
        log_loss=None if truth is None else log_loss(truth, now[known]),
    )


def curve_in_words(rounds: Sequence[Round]) -> str:
    """The curve in one line: "100 answers: 79 %, 300: 83 % right; the rest changes up to .02 nats a case"."""
    if not rounds:
        return "No answers yet."
    told = [f"{r.answers:,}: {100 * (r.expects if r.accuracy is None else r.accuracy):.0f} %" for r in rounds]
    first, *more = told
    share = "right" if rounds[0].accuracy is not None else "expected to be right"
    left = rounds[-1].left
    rest = f"less than {HARDLY:.2f}" if left < HARDLY else f"up to {left:.2f}"
    curve = ", ".join([first.replace(":", " answers:", 1), *more])
    return f"{curve} {share}; the rest changes {rest} nats a case"


def in_rounds(
    first: Fit, Dstar: Cases, most: int, ask: Callable[[list[Address]], Fit], given: Counter[Address]
) -> Iterator[tuple[int, Fit, Fit]]:
    """Ask about words by leverage, in rounds that double; answers so far and the fits before and after each.

    Args:
        first: The fit to begin with.
        Dstar: The cases to predict.
        most: Answers.
        ask: Puts the questions of a round and fits again.
        given: Answers so far per statement, kept up to date; one that must not be asked again has many.
    """
    before, answers = first, 0
    while answers < most:
        places = before.background.words.place
        ranked = [w.address for w in ranked_by_leverage(before, Dstar, given) if w.address in places]
        open_ones = [a for a in ranked if given[a] < NEVER_AGAIN]
        asked = open_ones[: min(round_size(answers), most - answers)]
        if not asked:
            return
        given.update(asked)
        answers += len(asked)
        after = ask(asked)
        yield answers, before, after
        before = after


def simulate(  # noqa: PLR0913  # who answers, about what, how long
    tree: Tree,
    recorded: RecordedRaters,
    *,
    most: int,
    rater: str | None = None,
    labels: Codes | None = None,
    seed: int = 0,
    progress: Callable[[Round], None] = lambda _: None,
) -> list[Round]:
    """Ask recorded raters by leverage, in rounds, and store what they answered.

    Each question goes to one rater: the one that is named, or one of those who rated the word, drawn. Where
    the file is silent ``oracle:unlisted`` says *neither*: lexicons leave out what said nothing.

    Args:
        tree: Whose words.
        recorded: What people once said.
        most: Answers.
        rater: Whose answers; None draws.
        labels: Class codes of D*, -1 where unknown, to score the curve with.
        seed: Draws raters.
        progress: Told of each round.
    """
    rng, session = np.random.default_rng(seed), f"simulated-{uuid.uuid4().hex[:12]}"
    first = latest_fit(tree)
    words = {a: first.background.words.phrases[i] for a, i in first.background.words.place.items()}
    given = Counter(j.address for j in tree.judgements() if j.kind == "rating")

    def ask(asked: list[Address]) -> Fit:
        said = [reply(a, recorded.of(words[a], rater), tree.task.classes, rng, session) for a in asked]
        tree.store.append_judgements(tree.tree_id, said)
        if rater is not None:
            given.update(dict.fromkeys(asked, NEVER_AGAIN))
        return refit(tree, keep_strengths=True)

    rounds = []
    for answers, before, after in in_rounds(first, tree.Dstar, most, ask, given):
        rounds.append(round_of(tree.Dstar, before, after, answers, labels))
        progress(rounds[-1])
    return rounds


def reply(
    about: Address,
    said: Sequence[RecordedAnswer],
    classes: Sequence[str],
    rng: np.random.Generator,
    session: str,
) -> Judgement:
    """One of the recorded answers about a word, drawn; *neither* where there is none."""
    one = said[int(rng.integers(len(said)))] if said else RecordedAnswer(UNLISTED, NEITHER_SIDE, 0.0)
    return Judgement(
        id=uuid.uuid4().hex,
        kind="rating",
        address=about,
        rater=one.rater,
        answer="neither" if one.side == NEITHER_SIDE else "credence",
        session=session,
        details=side_details(one.side, one.strength, classes),
        created=time.time(),
    )
