"""Asking people: which judgement matters most, what an answer changed, when to stop.

The leverage of a switch is its share of the variance of the log-odds on D*, τ(1-τ) Σ_x S(x)², over
(1 + answers so far)²: closed form, from one fit. What an answer is worth in nats is the mutual information
between the switch and the outcome, averaged over D*.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from kb.address import ROOT, Address, parse_address
from kb.cases import Cases
from kb.conditions import contained_phrase
from kb.errors import InputError
from kb.knowledge import Tree
from kb.records import Judgement
from kb.statements import Statement
from kb.task import Task
from kb.texts import passage
from learning.environments import in_words
from learning.fitting import Fit, latest_fit, refit
from learning.leverage import (
    Worth,
    divergence,
    ranked_by_leverage,
    sampled,
    words_worth_asking,
    worth_of_asking,
)
from learning.side_answers import NEITHER_SIDE, side_details
from unpacking.language_model.examination import disagreements

__all__ = ["HARDLY", "Change", "Question", "answer", "next_step", "questions", "undo", "what_changed"]

HARDLY = 0.01  # nats a case: answers that are worth less hardly change anything
SECONDS_A_QUESTION = 20.0
MANY_UNRATED = 6  # aspects from which a person is asked about statements in general, too
EXAMPLE_LETTERS = 160  # of a text that is shown beside a question
ANSWERS = ("credence", "neither", "here", "skip", "flag")


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to ask a person.

    Attributes:
        kind: ``task`` asks whether D* is drawn and labelled as D was; ``rating`` about one statement.
        address: The statement; the root for the task.
        text: What is asked about.
        path: Texts of its ancestors, the root first.
        examples_D: Two cases of D that it speaks about, without labels.
        examples_Dstar: Two cases of D* likewise.
        leverage: Its share of the doubt about D*, in [0, 1].
        nats: What an answer is expected to change per case of D*, in nats.
        sides: For a word, the classes that it may speak for: the answer is one of them, or neither.
        remarks: What a rater should know, such as that readers of the statement disagree on a word of it.
    """

    kind: str
    address: Address
    text: str
    path: tuple[str, ...] = ()
    examples_D: tuple[Mapping[str, object], ...] = ()  # noqa: N815  # D is the name of the labelled cases
    examples_Dstar: tuple[Mapping[str, object], ...] = ()  # noqa: N815
    leverage: float = 0.0
    nats: float = 0.0
    sides: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Change:
    """What an answer changed.

    Attributes:
        changed: Cases of D* whose most likely class is another one now.
        of: Cases of D*.
        judgement_id: The judgement that was stored.
        nats: Mean KL(after ‖ before) over D*, in nats.
        evidence: What the environments of D say about the statement, in a sentence; empty where nothing.
    """

    changed: int
    of: int
    judgement_id: str
    nats: float = 0.0
    evidence: str = ""


def questions(tree: Tree, *, rater: str, limit: int = 20) -> list[Question]:
    """What to ask this rater, most valuable first; the question about the task itself before all others.

    Statements that the rater answered or skipped are not asked again.
    """
    fit = latest_fit(tree)
    judgements = tree.judgements()
    undone = {j.supersedes for j in judgements if j.supersedes}
    standing = [j for j in judgements if j.id not in undone and j.answer != "undo"]
    mine = {(str(j.kind), j.address) for j in standing if j.rater == rater}
    asked = [] if ("task", ROOT) in mine else [_task_question(tree, fit)]
    if ("rating", ROOT) not in mine and _unrated_aspects(fit) > MANY_UNRATED:
        asked.append(_general_question(tree))
    asked += _by_leverage(tree, fit, standing, mine, limit - len(asked))
    return asked[:limit]


def _by_leverage(
    tree: Tree, fit: Fit, standing: list[Judgement], mine: set[tuple[str, Address]], limit: int
) -> list[Question]:
    """Statements and words that this rater has not answered about, the most valuable first."""
    ranked = ranked_by_leverage(fit, tree.Dstar, Counter(j.address for j in standing))
    total = sum(w.variance for w in ranked) or 1.0
    asked = [w for w in ranked if ("rating", w.address) not in mine][: max(limit, 0)]
    places, classes = fit.background.words.place, tree.task.classes
    return [
        _question(tree, tree.statement(w.address), w, total, classes if w.address in places else ())
        for w in asked
    ]


def _task_question(tree: Tree, fit: Fit) -> Question:
    """Are the cases to predict drawn and labelled as D was?"""
    matches = fit.background.matches(sampled(tree.Dstar, fit.seed))
    as_D, now = fit.forecast_as_D(matches), fit.forecast(matches)
    return Question(
        "task", ROOT, task_in_words(tree.task), leverage=1.0, nats=fit.as_D * divergence(as_D, now)
    )


def task_in_words(task: Task) -> str:
    """The question about the task itself."""
    return (
        f"Are {task.about_predict} drawn and labelled just as {task.about_train} were? "
        "If so, everything in the data carries over."
    )


def _unrated_aspects(fit: Fit) -> int:
    """Switches that hang on nobody's rating."""
    return sum(Address(name) not in fit.prior.rated for name in fit.scorecard.board.names)


def _general_question(tree: Tree) -> Question:
    """What holds of statements in general: where there are many, the rest takes it over until it is rated."""
    text = f"What is found in {tree.task.about_train}, in general: a statement of this tree as you expect it."
    return Question("rating", ROOT, text, leverage=1.0)


def _question(
    tree: Tree, statement: Statement, worth: Worth, total: float, sides: tuple[str, ...]
) -> Question:
    return Question(
        "rating",
        statement.address,
        statement.text,
        path=tuple(s.text for s in tree.ancestors(statement.address)),
        examples_D=examples_about(tree, statement, tree.D.cases),
        examples_Dstar=examples_about(tree, statement, tree.Dstar),
        leverage=worth.variance / total,
        nats=worth.nats,
        sides=sides,
        remarks=disagreements(tree, statement.address),
    )


def examples_about(tree: Tree, statement: Statement, cases: Cases) -> tuple[dict[str, object], ...]:
    """Two cases that the statement speaks about, or any two; drawn by its address, so always the same.

    Of a text the passage in which a statement's word stands, or its beginning.
    """
    rows = np.arange(cases.n)
    if statement.draft.when:
        rows = np.flatnonzero(cases.matches([statement.draft.when])[:, 0])
    if not len(rows):
        return ()
    seed = [tree.task.seed, *(ord(c) for c in statement.address)]
    drawn = np.random.default_rng(seed).choice(rows, size=min(2, len(rows)), replace=False)
    said = contained_phrase(statement.draft.when or "", tree.task.columns)
    return tuple(_with_passages(tree.task, cases.row(int(i)), said) for i in drawn)


def _with_passages(
    task: Task, values: Mapping[str, object], said: tuple[str, str] | None
) -> dict[str, object]:
    """A case whose texts are cut to where the word stands that is asked about."""
    shown = dict(values)
    for column in task.columns:
        text = shown.get(column.name)
        if column.type == "text" and isinstance(text, str):
            phrase = said[1] if said and said[0] == column.name else ""
            shown[column.name] = passage(text, phrase, letters=EXAMPLE_LETTERS)
    return shown


def answer(  # noqa: PLR0913  # the fields of a judgement, as people give them
    tree: Tree,
    asked: Question | Address | str,
    *,
    rater: str,
    value: float | None = None,
    answer: str = "credence",
    note: str = "",
    seconds: float = 0.0,
    session: str = "",
    side: str | None = None,
    strength: float = 0.5,
    fit_now: bool = True,
) -> Change:
    """Store what a person said, and what it changed on D*.

    Args:
        tree: Whose Z.
        asked: The question, or the address of a statement to rate.
        rater: ``human:…``, ``model:…`` or ``oracle:…``.
        value: Credence in [0, 1] that it also holds for D*.
        answer: ``credence``, ``neither``, ``here``, ``skip`` or ``flag``.
        note: Free text.
        seconds: Time spent.
        session: The rating session.
        side: Of a word, the class that it speaks for, or ``neither``; it takes the place of a credence.
        strength: How strongly, in [0, 1].
        fit_now: Fit again at once; without, the answer counts from the next fit on, and nothing has changed.

    Raises:
        InputError: A credence outside [0, 1], none where one is needed, an unknown answer or rater.
        UnknownAddressError: There is no such statement.
    """
    kind = "rating"
    if isinstance(asked, Question):
        address, kind = asked.address, asked.kind
    else:
        address = tree.statement(parse_address(str(asked))).address
    details: Mapping[str, Any] = {}
    if side is not None:
        details = side_details(side, strength, tree.task.classes, address)
        answer, value = ("neither" if details["side"] == NEITHER_SIDE else "credence"), None
    said = Judgement(
        id=uuid.uuid4().hex,
        kind="task" if kind == "task" else "rating",
        address=address,
        rater=rater,
        value=value,
        answer=answer,
        note=note,
        seconds=seconds,
        session=session,
        details=details,
    )
    check_answer(said)
    before = latest_fit(tree) if fit_now else None
    judged = tree.judge(said.kind, said.address, said.rater, **_given(said))
    if before is None:
        return Change(0, tree.Dstar.n, judged.id)
    return what_changed(tree, before, judged.id, about=judged.address)


def _given(said: Judgement) -> dict[str, Any]:
    names = ("id", "value", "answer", "note", "seconds", "session", "details")
    return {name: getattr(said, name) for name in names}


def _is_credence(value: float | None) -> bool:
    return value is not None and 0.0 <= value <= 1.0


def check_answer(said: Judgement, where: str = "") -> None:
    """Refuse what is no valid answer.

    Raises:
        InputError: It names the value and what is allowed.
    """
    where = where or said.address
    if said.answer not in ANSWERS:
        raise InputError(f"{said.answer!r} is no answer.", where=where, remedy=f"Use: {', '.join(ANSWERS)}.")
    if said.answer == "credence" and "side" not in said.details and not _is_credence(said.value):
        raise InputError(
            f"{said.value} is no credence.",
            where=where,
            remedy="Give 0 to 100 in per cent (0 to 1 in files).",
        )
    if said.rater.partition(":")[0] not in ("human", "model", "oracle") or not said.rater.partition(":")[2]:
        raise InputError(
            f"{said.rater!r} is no rater.",
            where=where,
            remedy="Write human:NAME, model:NAME or oracle:NAME.",
        )


def what_changed(tree: Tree, before: Fit, judgement_id: str, *, about: Address = ROOT) -> Change:
    """Fit again after a judgement about a statement, and compare the forecasts with those before it."""
    cases = sampled(tree.Dstar, before.seed)
    was = before.forecast(before.background.matches(cases))
    after = refit(tree, keep_strengths=True)
    now = after.forecast(after.background.matches(cases))
    changed = int((was.argmax(axis=1) != now.argmax(axis=1)).sum())
    belief = after.prior.rated.get(about)
    said = in_words(tree, about, after.evidence.log_bayes, belief.plausibility) if belief else ""
    return Change(changed, len(was), judgement_id, divergence(now, was), said)


def undo(tree: Tree, judgement_id: str, *, rater: str) -> Change:
    """Take an answer back: a correction is appended, nothing is erased.

    Raises:
        InputError: This rater gave no such answer, or took it back before.
    """
    said = tree.judgements()
    mine = {j.id: j for j in said if j.rater == rater and j.answer != "undo"}
    taken_back = {j.supersedes for j in said if j.answer == "undo"}
    if judgement_id not in mine or judgement_id in taken_back:
        raise InputError(f"{judgement_id!r} is no standing answer of {rater}.", where=tree.name)
    before, old = latest_fit(tree), mine[judgement_id]
    tree.judge(old.kind, old.address, rater, answer="undo", supersedes=old.id)
    return what_changed(tree, before, judgement_id)


def next_step(tree: Tree) -> str:
    """What is worth doing next, in one sentence."""
    if not any(s.draft.when for s in tree.walk()):
        if tree.statement(ROOT).is_unpacked:
            own = f'priory add 0 "…" --when CONDITION {tree.option}'
            return f"D supports no statement that can be tested. Write one of your own: {own}"
        return f"Nothing is unpacked yet. Grow Z from the data: priory learn {tree.option}"
    fit = latest_fit(tree)
    cases = sampled(tree.Dstar, fit.seed)
    _, nats = worth_of_asking(fit, cases)
    names = fit.scorecard.board.names
    open_ones = [
        i
        for i, name in enumerate(names)
        if nats[i] >= HARDLY and not name.startswith("column:") and Address(name) not in fit.prior.rated
    ]
    if open_ones:
        minutes = max(1, round(len(open_ones) * SECONDS_A_QUESTION / 60))
        many = "statement matters" if len(open_ones) == 1 else "statements matter"
        return (
            f"{len(open_ones)} {many} on the cases to predict and nobody has rated "
            f"{'it' if len(open_ones) == 1 else 'them'}: {minutes} minute{'s' if minutes > 1 else ''}. "
            f"priory rate {tree.option}"
        )
    words = [w.nats for w in words_worth_asking(fit, cases) if w.address not in fit.prior.rated]
    if (left := sum(words)) >= HARDLY:
        many = f"{len(words):,} word{'s' if len(words) > 1 else ''}"
        return (
            f"Nobody has rated {many} of the texts; that changes the predictions by up to {left:.2f} nats a "
            f"case. Begin with what matters most: priory rate {tree.option}"
        )
    return (
        f"Further ratings change the predictions by less than {HARDLY} nats a case. "
        f"Look at them: priory predict --all {tree.option}"
    )
