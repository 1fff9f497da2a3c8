"""The demo: the bundled task from its data to the report, with the same functions as every command."""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kb.errors import FailedError
from kb.stores.protocol import TreeExistsError
from ui.face import INTERRUPTED, Face, rater_named
from ui.penguins import ANSWERS, TARGET, write_penguins
from ui.progress import of_learning, of_saying, progress_bar
from ui.wording import count, duration

if TYPE_CHECKING:
    from kb.knowledge import KnowledgeBase, Tree
    from learning.report import Report

__all__ = ["Demo"]

QUESTIONS = 4
MOST_NAMES = 100
ABOUT_TRAIN = "birds on their species' home island"
ABOUT_PREDICT = "birds seen elsewhere, or kept back"


@dataclass(frozen=True, slots=True)
class Demo:
    """One run of the demo.

    Attributes:
        face: The shared options.
        asks: Whether a person is asked; otherwise the bundled stand-in answers.
    """

    face: Face
    asks: bool

    def run(self) -> None:
        """From the data to the report, in the order in which a newcomer wants to see it."""
        self.face.say("Priory – a prior you can read")
        self.face.say()
        with tempfile.TemporaryDirectory() as folder, self.face.opened(create=True) as kb:
            data = write_penguins(Path(folder), self.face.seed or 0)
            tree = self.stored(kb, data.train, data.predict)
            self.unpacked(tree)
            self.rated(tree)
            self.learned(tree)
            self.shown(tree, self.scored(tree, data.labels))

    def stored(self, kb: KnowledgeBase, train: Path, predict: Path) -> Tree:
        """The task with its tree: the one that is there if it is the same, else a new one of a free name."""
        from kb.shift import column_shifts
        from kb.tables import TaskOptions, prepare_task
        from ui.views.task import shift_list, task_lines

        options = TaskOptions(about_train=ABOUT_TRAIN, about_predict=ABOUT_PREDICT, seed=self.face.seed or 0)
        known = {record.name: record.tree_id for record in kb.trees()}
        for number in range(1, MOST_NAMES):
            name = "penguins" if number == 1 else f"penguins-{number}"
            prepared = prepare_task(name, train=train, predict=predict, target=TARGET, options=options)
            try:
                tree = kb.create(prepared)
            except TreeExistsError:
                continue
            if name in known:
                self.face.say(f"Tree {name} is here already; what it holds is kept and used.")
            elif number > 1:
                self.face.say(f"Tree penguins here is of another draw; this one is called {name}.")
            if name in known or number > 1:
                self.face.say()
            shifts = column_shifts(tree.D.cases, tree.Dstar)
            self.face.talk.print(task_lines(tree.task), "", shift_list(shifts), "", sep="\n")
            return tree
        raise FailedError(
            "every name from penguins on is taken.", where=self.face.shown_kb, remedy="Use another --kb."
        )

    def unpacked(self, tree: Tree) -> None:
        """Grow the tree from D alone, before anybody has rated anything."""
        from learning.search import learn

        began = time.monotonic()
        with progress_bar(self.face, "Unpacking the background from D") as bar:
            found = learn(tree, seed=self.face.seed, progress=of_learning(bar))
        size = count(sum(1 for _ in tree.walk()), "statement")
        took = f"{count(found.steps, 'step')}, {duration(time.monotonic() - began)}"
        self.face.say(f"Unpacked the background from D: {size}, {took if found.steps else 'unpacked before'}")
        self.face.say()

    def learned(self, tree: Tree) -> None:
        """Search on with the answers: what earns its reading comes in, what earns nothing goes out."""
        from learning.search import learn

        with progress_bar(self.face, "Learning") as bar:
            found = learn(tree, seed=self.face.seed, progress=of_learning(bar))
        size = count(sum(1 for _ in tree.walk()), "statement")
        more = count(found.steps, "more step") if found.steps else "nothing left that earns its reading"
        self.face.say(f"Learned on with these answers: {size}, {more}")
        self.face.say()

    def rated(self, tree: Tree) -> None:
        """Ask the person, or take the answers of the stand-in."""
        self.face.say("D can't tell which of these carry over to D*. People can.")
        self.face.say()
        if self.asks:
            self._asked(tree)
        else:
            self._imported(tree)

    def _asked(self, tree: Tree) -> None:
        from learning import asking
        from ui.rating import RatingSession

        session = RatingSession(tree, rater_named(None), asking, sys.stdin, self.face.talk, most=QUESTIONS)
        ended = session.run()
        if ended.how == "interrupted":
            self.face.say("Interrupted; every answer so far is kept. Go on with: priory demo")
            raise click.exceptions.Exit(INTERRUPTED)

    def _imported(self, tree: Tree) -> None:
        from learning.fitting import latest_fit
        from learning.importing import import_ratings
        from learning.predicting import predict
        from ui.views.task import answer_lines

        before = predict(tree).p.argmax(axis=1)
        import_ratings(tree, ANSWERS)
        latest_fit(tree)
        changed = int((before != predict(tree).p.argmax(axis=1)).sum())
        self.face.talk.print(answer_lines(tree))
        self.face.say(f"→ {changed:,} of {count(len(before), 'prediction')} changed")
        self.face.hint("(the answers of oracle:naturalist, a scripted stand-in for a person)")
        self.face.say()

    def scored(self, tree: Tree, labels: Path) -> Report:
        """The report; the labels of D* are used here and nowhere else."""
        from kb.tables import read_labels
        from learning.reporting import report

        with progress_bar(self.face, "Comparing") as bar:
            return report(tree, read_labels(labels, tree.task), seed=self.face.seed, progress=of_saying(bar))

    def shown(self, tree: Tree, report: Report) -> None:
        """Report, the top of the tree, the alarm, one case, and what to do next."""
        from learning.predicting import explain
        from ui.views.forecasts import EXPLAIN_LEGEND, explanation_lines
        from ui.views.plain import cell, listing
        from ui.views.report import ROWS_LEGEND, alarm_lines, score_table
        from ui.views.tree import TREE_LEGEND, most_telling, outline

        face, case = self.face, telling_case(tree)
        explanation = explain(tree, case, bounds=False)
        top = most_telling(list(tree.walk()))
        if face.json:
            found = {"tree": tree.name, "report": report.to_dict(), "explanation": explanation.to_dict()}
            face.print_json(found)
            return
        face.show(score_table(report.rows, report.best_other, report.ledger.human_seconds))
        face.hint(ROWS_LEGEND)
        face.show("", outline(top))
        face.hint(TREE_LEGEND)
        face.show("", *alarm_lines(report), "", explanation_lines(explanation))
        face.hint(EXPLAIN_LEGEND)
        face.say()
        rows = [
            [cell("" if place else "Next"), *map(cell, row)]
            for place, row in enumerate(self.next_commands(case))
        ]
        face.talk.print(listing(["", "", ""], rows, right="llw"))

    def next_commands(self, case: int) -> list[tuple[str, str]]:
        """Three things to try now, and what each does."""
        kb = f"--kb {self.face.shown_kb}"
        return [
            (f"priory rate {kb}", "the next questions"),
            (f"priory explain {case} --bounds {kb}", "that bird again"),
            ("priory new mine --train a.csv --predict b.csv --target y", "your own data"),
        ]


def telling_case(tree: Tree) -> int:
    """The case of D* whose forecast the ratings turned most surely, compared with all carrying over."""
    import numpy as np

    from learning.fitting import latest_fit

    fit = latest_fit(tree)
    matches = fit.background.matches(tree.Dstar)
    ours, plain = fit.forecast(matches), fit.forecast_as_D(matches)
    turned = ours.argmax(axis=1) != plain.argmax(axis=1)
    sure = np.where(turned, 1.0, 0.0) + ours.max(axis=1)
    return int(sure.argmax())
