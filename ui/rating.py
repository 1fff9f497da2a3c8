"""A rating session in a terminal: one statement at a time, in its domain, with nobody else's answer in sight.

Every answer is stored before the next question is asked, so a session may end anywhere.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TextIO

from rich.text import Text

from kb.errors import InputError
from ui.answers import Reply, SideReply, read_reply, read_side
from ui.rounds import WordRound, round_size
from ui.views.plain import FOUND, QUIET, Hanging, cell, say
from ui.wording import clean, count, shortened, value_in_words

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from kb.knowledge import Tree
    from kb.task import Task
    from learning.asking import Change, Question
    from learning.rounds import Round

__all__ = ["Asking", "Ended", "RatingSession"]

HARDLY_MATTERS = 0.01
"""Nats per case of D* below which an answer is not worth a person's time."""

USUAL = 20  # questions that are looked at
MOST_VALUES = 3
PASSAGE = 100  # letters of a text around a word
MOST_EXAMPLES = 2
KEYS = "0–100, n says nothing, s skip, ? more"
SIDE_HELP = (
    "NUMBER    the class that it speaks for there, and 1 to 4 for how strongly: 2 3",
    "n         it says nothing either way there",
)
HELP = (
    "0–100     how sure you are that it also holds there",
    "n         it says nothing either way there",
    "h         true of the labelled cases only",
    "s         skip it",
    "f WHY     flag it: unclear, wrong, not a sentence …",
    "note …    keep a remark with your answer",
    "u         undo your last answer",
    "q         stop; what you answered is kept",
)


class Asking(Protocol):
    """Where questions come from and answers go: ``learning.asking``, or a stand-in in tests."""

    def questions(self, tree: Tree, *, rater: str, limit: int = 20) -> list[Question]:
        """What is worth asking this rater, most valuable first."""

    def answer(  # noqa: PLR0913  # the fields of a judgement
        self,
        tree: Tree,
        asked: Question,
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
        """Store an answer and say what it changed."""

    def undo(self, tree: Tree, judgement_id: str, *, rater: str) -> object:
        """Take an answer back."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a session ended.

    Attributes:
        how: ``asked`` when nothing is left to ask, ``stopped`` by the person or the end of the input, or
            ``interrupted``.
        answers: How many answers stand.
        seconds: Time spent on them.
    """

    how: Literal["asked", "stopped", "interrupted"]
    answers: int
    seconds: float

    def to_dict(self) -> dict[str, object]:
        """The JSON form."""
        return {"how": self.how, "answers": self.answers, "human_seconds": self.seconds}


@dataclass
class RatingSession:
    """Asks one rater, statement by statement.

    Attributes:
        tree: What is rated.
        rater: Who answers.
        asking: Where questions come from and answers go.
        lines: What the person types, a line each.
        talk: Where the session speaks.
        most: Ask at most so many questions; None for as many as there are.
        clock: Seconds, for the time an answer took.
    """

    tree: Tree
    rater: str
    asking: Asking
    lines: TextIO
    talk: Console
    most: int | None = None
    clock: Callable[[], float] = time.monotonic
    session: str = field(default_factory=lambda: uuid.uuid4().hex)
    _done: list[tuple[str, Question, float]] = field(default_factory=list)
    _seen: set[tuple[str, str]] = field(default_factory=set)
    _again: list[Question] = field(default_factory=list)
    _told: bool = False
    _words: WordRound | None = None
    _curve: list[Round] = field(default_factory=list)

    def run(self) -> Ended:
        """Ask until nothing is left, the person stops, the input ends or Ctrl-C."""
        try:
            while (asked := self._next()) is not None:
                if not self.ask(*asked):
                    self._round_over()
                    return self._ended("stopped")
        except KeyboardInterrupt:
            self.talk.print()
            self._round_over()
            return self._ended("interrupted")
        return self._ended("asked")

    def ask_next(self) -> bool:
        """Ask one question that is worth it; False when none is left or the person stops."""
        asked = self._next()
        if asked is None or (asked[0].kind != "task" and asked[0].nats < HARDLY_MATTERS):
            return False
        return self.ask(*asked)

    def _ended(self, how: Literal["asked", "stopped", "interrupted"]) -> Ended:
        return Ended(how, len(self._done), sum(seconds for _, _, seconds in self._done))

    def _next(self) -> tuple[Question, str] | None:
        """The next question and its place in the row; None when the session is over."""
        place = len(self._seen) - len(self._again) + 1
        if self._again:
            return self._again.pop(), f"{place}"
        if self.most is not None and place > self.most:
            self._round_over()
            return None
        if self._words is not None and self._words.waiting:
            return self._words.waiting.pop(0), self._words.place(place)
        self._round_over()
        limit = max(USUAL, round_size(len(self._done))) + len(self._seen)
        open_now = [
            q
            for q in self.asking.questions(self.tree, rater=self.rater, limit=limit)
            if _name(q) not in self._seen
        ]
        if not open_now:
            return None
        if open_now[0].sides:
            self._words = WordRound.begun(self.tree, open_now, place)
            return self._words.waiting.pop(0), self._words.place(place)
        self._tell_when_enough(open_now)
        matter = sum(q.nats >= HARDLY_MATTERS for q in open_now) or len(open_now)
        ahead = place - 1 + matter if self.most is None else min(self.most, place - 1 + len(open_now))
        return open_now[0], f"{place} of {ahead}"

    def _tell_when_enough(self, open_now: Sequence[Question]) -> None:
        if self._told or not self._done or open_now[0].nats >= HARDLY_MATTERS:
            return
        self._told = True
        more = count(len(open_now), "more answer")
        enough = f"{more} would change a prediction by less than .01 nats each. "
        self.talk.print(_line("", say((enough, FOUND), "You can stop: q.")))
        self.talk.print()

    def ask(self, question: Question, place: str) -> bool:
        """Ask one question until it is answered; False when the person stops."""
        self._seen.add(_name(question))
        for line in self._shown(question, place):
            self.talk.print(line)
        began, note = self.clock(), ""
        while True:
            reply = self._reply(question)
            if isinstance(reply, SideReply):
                self._store_side(question, reply, note, self.clock() - began)
                return True
            if reply is None or reply.command == "stop":
                return False
            if reply.command == "undo":
                if self._undone(question):
                    return True
            elif reply.command == "help":
                help_lines = (*SIDE_HELP, *HELP[2:]) if question.sides else HELP
                self.talk.print(*(_line("", Text(line, QUIET)) for line in help_lines), sep="\n")
            elif reply.command == "flag" and not reply.text:
                self.talk.print(_line("", Text("and what is wrong with it? f WHY", QUIET)))
            elif reply.command == "note":
                note = " ".join(filter(None, (note, clean(reply.text))))
                self.talk.print(_line("", Text("noted; and your answer?", QUIET)))
            else:
                self._store(question, reply, note, self.clock() - began)
                return True

    def _reply(self, question: Question) -> Reply | SideReply | None:
        """What the person typed next, understood; None at the end of the input."""
        named = ", ".join(f"{i + 1} {side}" for i, side in enumerate(question.sides))
        keys = f"{clean(named)}, n neither, s skip, ? more" if question.sides else KEYS
        while True:
            self.talk.print(say((f"           {keys}  ", QUIET), ("› ", "bold")), end="")
            line = self.lines.readline()
            if not line:
                self.talk.print()
                return None
            try:
                return (question.sides and read_side(line, question.sides)) or read_reply(line)
            except InputError as error:
                self.talk.print(_line("", cell(error, QUIET)))

    def _store_side(self, question: Question, reply: SideReply, note: str, seconds: float) -> None:
        """Keep the side of a word; predictions change when the round is over."""
        change = self.asking.answer(
            self.tree,
            question,
            rater=self.rater,
            note=note,
            seconds=seconds,
            session=self.session,
            side=reply.side,
            strength=reply.strength,
            fit_now=False,
        )
        self._done.append((change.judgement_id, question, seconds))

    def _round_over(self) -> None:
        """Fit again after a round about words, and say what its answers have bought."""
        if self._words is None:
            return
        done, self._words = self._words.ended(self.tree, sum(bool(q.sides) for _, q, _ in self._done)), None
        if done is None:
            return
        from learning.rounds import curve_in_words

        self._curve.append(done)
        changed = f"{done.changed:,} of {done.of:,} predictions changed"
        self.talk.print(say((f"           → {changed}. {curve_in_words(self._curve)}.", FOUND)))
        self.talk.print()

    def _store(self, question: Question, reply: Reply, note: str, seconds: float) -> None:
        words = " ".join(filter(None, (note, clean(reply.text))))
        later: dict[str, Any] = {"fit_now": False} if question.sides else {}
        change = self.asking.answer(
            self.tree,
            question,
            rater=self.rater,
            value=reply.value,
            answer=reply.command,
            note=words,
            seconds=seconds,
            session=self.session,
            **later,
        )
        self._done.append((change.judgement_id, question, seconds))
        if question.sides:
            return
        if reply.command not in {"skip", "flag"}:
            self.talk.print(
                say((f"           → {change.changed:,} of {change.of:,} predictions changed", FOUND))
            )
            if change.evidence:
                self.talk.print(_line("", cell(change.evidence, QUIET)))
        self.talk.print()

    def _undone(self, question: Question) -> bool:
        """Take the last answer back and ask both questions again; False when there is none."""
        if not self._done:
            self.talk.print(_line("", Text("nothing to undo yet", QUIET)))
            return False
        judgement_id, last, _ = self._done.pop()
        self.asking.undo(self.tree, judgement_id, rater=self.rater)
        self._again += [question, last]
        self.talk.print(_line("", Text(f"taken back: {shortened(last.text, 50)}", QUIET)))
        return True

    def _shown(self, question: Question, place: str) -> list[RenderableType]:
        lines: list[RenderableType] = [_line(f"{place:>9}", Text(clean(question.text), "bold"))]
        if question.kind == "task":
            return lines
        path = [shortened(text, 60) for text in question.path[1:]]
        if path:
            lines.append(_line("", say(("below  ", QUIET), " › ".join(path))))
        draft = self.tree.statement(question.address).draft
        phrase = phrase_of(self.tree.task, draft.when) if question.sides else ""
        for label, cases in (("in D   ", question.examples_D), ("in D*  ", question.examples_Dstar)):
            lines += [
                _line("", say((label, QUIET), _case(case, draft.columns, phrase)))
                for case in cases[:MOST_EXAMPLES]
            ]
        lines += [_line("", cell(said, QUIET)) for said in question.remarks]
        asks = "What does it speak for in" if question.sides else "Will this also hold for"
        return [*lines, _line("", cell(f"{asks} {self.tree.task.about_predict}?"))]


def _name(question: Question) -> tuple[str, str]:
    return question.kind, question.address


def _line(label: str, text: Text) -> RenderableType:
    return Hanging(Text(label, QUIET), text)


def phrase_of(task: Task, when: str | None) -> str:
    """The phrase that a condition looks for in a text; empty for any other condition."""
    from kb.conditions import contained_phrase

    found = contained_phrase(when or "", task.columns)
    return found[1] if found else ""


def _case(values: Mapping[str, object], columns: Sequence[str], phrase: str = "") -> str:
    """A few values of a case as a person reads them, those that the statement is about first.

    Of a text, the passage in which a phrase stands.
    """
    if phrase and columns:
        from kb.texts import passage

        return clean(passage(str(values.get(columns[0]) or ""), phrase, letters=PASSAGE))
    order = [*(name for name in columns if name in values), *(name for name in values if name not in columns)]
    shown = [f"{name} {value_in_words(values[name])}" for name in order[:MOST_VALUES]]
    return " · ".join(shortened(text, 40) for text in shown)
