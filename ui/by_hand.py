"""Forecasts by hand in a terminal: a case, at most seven statements that the person opens, a distribution.

Every forecast is stored before the next case is shown, so a session may end anywhere and goes on from there.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TextIO

from rich.text import Text

from kb.address import ROOT, Address, parse_address
from kb.errors import InputError
from learning.people.forecasts import MOST_OPENED, Arm, Forecast, Opened, forecasts, record_forecast
from ui.forecast_replies import CaseReply, how_to_forecast, read_case_reply
from ui.views.plain import FOUND, QUIET, Hanging, cell, say
from ui.wording import clean, count, percent, shortened, value_in_words

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from kb.cases import Cases
    from kb.knowledge import Tree
    from kb.records import Judgement
    from kb.statements import Statement

__all__ = ["ByHand", "HandEnded"]

PAGE = 8
MOST_FOUND = 8
MOST_TEXT = 1_500  # letters of a value
HELP = (
    "70 30     your forecast in per cent, in the order of the classes; or: CLASS 70",
    "o 0.1     open a statement; what it says and what lies below it",
    "f WORDS   find statements",
    "v         what is open",
    "d         read labelled cases",
    "s         skip this case",
    "u         take your last forecast back",
    "q         stop; what you forecast is kept",
)
USE = {"given Z": "ofvsuq?", "unaided": "suq?", "from D": "dsuq?"}


@dataclass(frozen=True, slots=True)
class HandEnded:
    """How a session ended.

    Attributes:
        how: ``asked`` when no case is left, ``stopped`` by the person or the end of the input, or
            ``interrupted``.
        forecasts: How many were stored.
        left: Cases that are still to be forecast.
        seconds: Time spent on them.
    """

    how: Literal["asked", "stopped", "interrupted"]
    forecasts: int
    left: int
    seconds: float

    def to_dict(self) -> dict[str, object]:
        """The JSON form."""
        return {
            "how": self.how,
            "forecasts": self.forecasts,
            "left": self.left,
            "human_seconds": self.seconds,
        }


@dataclass
class ByHand:
    """Asks one person to forecast some cases.

    Attributes:
        tree: Whose cases, and whose statements may be opened.
        rater: Who forecasts.
        cases: Positions, in the order in which they are asked.
        arm: What may be looked at.
        lines: What the person types, a line each.
        talk: Where the session speaks.
        of: Cases of D* or of D; the labels of those of D are shown after the forecast.
        sample: Name of the sample that the cases are from.
        stop: Asked after each forecast; a sentence ends the session.
        clock: Seconds.
    """

    tree: Tree
    rater: str
    cases: Sequence[int]
    arm: Arm
    lines: TextIO
    talk: Console
    of: Literal["D", "D*"] = "D*"
    sample: str = ""
    stop: Callable[[], str] = field(default=lambda: "")
    clock: Callable[[], float] = time.monotonic
    session: str = field(default_factory=lambda: uuid.uuid4().hex)
    _done: list[tuple[int, Judgement]] = field(default_factory=list)
    _began: float = 0.0
    _opened: list[Opened] = field(default_factory=list)
    _pages: int = 0

    def run(self) -> HandEnded:
        """Ask until no case is left, the person stops, the input ends or Ctrl-C."""
        mine = forecasts(self.tree, rater=self.rater, arm=self.arm, of=self.of)
        known = {f.case for f in mine}
        waiting = [case for case in self.cases if case not in known]
        try:
            if self.arm == "from D" and waiting and not self._read_labelled():
                return self._ended("stopped", len(waiting))
            while waiting:
                went = self._ask(waiting[0], len(self.cases) - len(waiting) + 1)
                if went == "stop":
                    return self._ended("stopped", len(waiting))
                if went == "undone":
                    waiting.insert(0, self._done.pop()[0])
                    continue
                waiting.pop(0)
                if (why := self.stop()) and waiting:
                    self.talk.print(_line("", cell(why, FOUND)))
                    return self._ended("asked", 0)
        except KeyboardInterrupt:
            self.talk.print()
            return self._ended("interrupted", len(waiting))
        return self._ended("asked", 0)

    def _ended(self, how: Literal["asked", "stopped", "interrupted"], left: int) -> HandEnded:
        return HandEnded(how, len(self._done), left, sum(j.seconds for _, j in self._done))

    def _from(self) -> Cases:
        return self.tree.Dstar if self.of == "D*" else self.tree.D.cases

    def _ask(self, case: int, place: int) -> Literal["done", "stop", "undone"]:
        """Show one case until it is forecast or skipped."""
        self._began, self._opened = self.clock(), []
        self.talk.print(_line(f"{place} of {len(self.cases)}", Text(f"case {case}", "bold")))
        for name, value in self._from().row(case).items():
            if value is not None:
                written = shortened(value, MOST_TEXT) if isinstance(value, str) else value_in_words(value)
                self.talk.print(_line("", say((f"{clean(name)}  ", QUIET), written)))
        self.talk.print(_line("", say(("classes  ", QUIET), "  ".join(map(clean, self.tree.task.classes)))))
        if self.arm == "given Z":
            self._show_below(self.tree.statement(ROOT))
        while True:
            reply = self._reply()
            if reply is None or reply.doing == "stop":
                return "stop"
            if reply.doing == "undo":
                if self._undone():
                    return "undone"
            elif reply.doing == "skip":
                self.talk.print()
                return "done"
            elif reply.doing == "forecast":
                self._store(case, reply)
                return "done"
            else:
                self._look(reply)

    def _look(self, reply: CaseReply) -> None:
        """Whatever the person may do before the forecast."""
        try:
            if reply.doing == "help":
                self.talk.print(*(_line("", Text(line, QUIET)) for line in HELP), sep="\n")
            elif reply.doing == "labelled":
                self._may("from D", "d")
                self._show_labelled()
            elif reply.doing == "open":
                self._may("given Z", "o")
                self._open(parse_address(reply.text))
            elif reply.doing == "find":
                self._may("given Z", "f")
                self._find(reply.text)
            else:
                self._may("given Z", "v")
                listed = [self.tree.statement(o.address) for o in self._opened]
                self._list(listed, "nothing is open")
        except InputError as error:
            self.talk.print(_line("", cell(error, QUIET)))

    def _may(self, arm: Arm, key: str) -> None:
        if self.arm != arm:
            raise InputError(f"{key} is not for forecasts that are {self.arm}.", remedy="? lists what is.")

    def _reply(self) -> CaseReply | None:
        """What the person typed next, understood; None at the end of the input."""
        while True:
            keys = ", ".join(USE[self.arm])
            self.talk.print(say((f"           per cent, or {keys}  ", QUIET), ("› ", "bold")), end="")
            line = self.lines.readline()
            if not line:
                self.talk.print()
                return None
            try:
                return read_case_reply(line, self.tree.task.classes)
            except InputError as error:
                self.talk.print(_line("", cell(error, QUIET)))

    def _open(self, address: Address) -> None:
        s = self.tree.statement(address)
        if address not in [o.address for o in self._opened]:
            if len(self._opened) == MOST_OPENED:
                raise InputError(
                    f"{MOST_OPENED} statements are open, which is all a view holds.",
                    remedy="Forecast from these.",
                )
            self._opened.append(Opened(address, self.clock() - self._began))
        self.talk.print(_line("open", cell(s.text, "bold")))
        self._show_below(s)

    def _show_below(self, s: Statement) -> None:
        """Addresses and kinds of what lies below, so that it can be opened."""
        below = self.tree.children(s.address)
        if below:
            self._list(below[:PAGE], "")
        if len(below) > PAGE:
            self.talk.print(_line("", Text(f"and {len(below) - PAGE} more; f WORDS finds them", QUIET)))

    def _find(self, words: str) -> None:
        page = self.tree.store.search(self.tree.tree_id, words, limit=MOST_FOUND)
        self._list(page.items, "no statement has these words")

    def _list(self, statements: Sequence[Statement], none: str) -> None:
        if not statements:
            self.talk.print(_line("", Text(none, QUIET)))
        for s in statements:
            self.talk.print(_line("", say((f"{s.address:<8} ", QUIET), shortened(s.text, 100))))

    def _read_labelled(self) -> bool:
        """Let the person read labelled cases, a page at a time; False at the end of the input."""
        self.talk.print(_line("", cell(f"First read some of {self.tree.task.about_train}.")))
        while True:
            self._show_labelled()
            self.talk.print(say(("           Enter shows more, g begins  ", QUIET), ("› ", "bold")), end="")
            line = self.lines.readline()
            if not line:
                self.talk.print()
                return False
            if line.strip():
                return True

    def _show_labelled(self) -> None:
        import numpy as np

        D = self.tree.D
        order = np.random.default_rng(self.tree.task.seed).permutation(D.n)
        rows = [int(i) for i in order[self._pages * PAGE : (self._pages + 1) * PAGE]]
        self._pages = self._pages + 1 if rows else 0
        for i in rows:
            known = self.tree.task.classes[int(D.y[i])]
            shown = " · ".join(
                f"{clean(name)} {shortened(value_in_words(value), 200)}"
                for name, value in D.cases.row(i).items()
                if value is not None
            )
            self.talk.print(_line("", say((f"{shortened(known, 14)}  ", FOUND), shown)))

    def _store(self, case: int, reply: CaseReply) -> None:
        seconds = self.clock() - self._began
        kept = record_forecast(
            self.tree,
            Forecast(
                rater=self.rater,
                case=case,
                probabilities=reply.probabilities,
                arm=self.arm,
                of=self.of,
                opened=tuple(self._opened),
                cited=self._citations(),
                seconds=seconds,
                sample=self.sample,
                session=self.session,
            ),
        )
        self._done.append((case, kept))
        said = " · ".join(f"{clean(name)} {percent(p)}" for name, p in reply.probabilities.items())
        self.talk.print(_line("", say(("→ ", FOUND), (said, FOUND))))
        if self.of == "D":
            truth = self.tree.task.classes[int(self.tree.D.y[case])]
            given = reply.probabilities.get(truth, 0.0)
            self.talk.print(
                _line("", say("it is ", (clean(truth), "bold"), f", to which you gave {percent(given)}"))
            )
        self.talk.print()

    def _citations(self) -> tuple[Address, ...]:
        """Which of the open statements the forecast rests on, as the person says."""
        if not self._opened:
            return ()
        opened = [o.address for o in self._opened]
        while True:
            question = f"           rests on which of {', '.join(opened)}? Enter for none  "
            self.talk.print(say((question, QUIET), ("› ", "bold")), end="")
            line = self.lines.readline()
            try:
                named = [parse_address(part) for part in line.replace(",", " ").split()]
            except InputError as error:
                self.talk.print(_line("", cell(error, QUIET)))
                continue
            closed = [address for address in named if address not in opened]
            if not closed:
                return tuple(dict.fromkeys(named))
            self.talk.print(_line("", cell(f"{closed[0]} is not open", QUIET)))

    def _undone(self) -> bool:
        """Take the last forecast back and show its case again; False when there is none."""
        if not self._done:
            self.talk.print(_line("", Text("nothing to take back yet", QUIET)))
            return False
        case, last = self._done[-1]
        self.tree.judge("prediction", ROOT, self.rater, answer="undo", supersedes=last.id)
        self.talk.print(_line("", Text(f"taken back: case {case}", QUIET)))
        return True


def _line(label: str, text: Text) -> RenderableType:
    return Hanging(Text(f"{label:>9}" if label else "", QUIET), text)


def opening_words(tree: Tree, arm: Arm, cases: int) -> str:
    """What a session is about, in a sentence or two."""
    what = {
        "given Z": f"Open at most {MOST_OPENED} statements a case, and say what your forecast rests on.",
        "unaided": "From the case alone; the statements stay closed.",
        "from D": "After reading labelled cases; the statements stay closed.",
    }[arm]
    return f"{count(cases, 'case')} of {tree.name}. {what} {how_to_forecast(tree.task.classes)}"
