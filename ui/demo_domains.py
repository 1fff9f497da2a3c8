"""The demo on real people: what they said of words carries a model from one domain of texts to another.

D is rated sentences of one domain, D* those of another. Ten people rated each word of a lexicon, out of any
domain; other people said of each text what it feels like. Half of those are the truth, which only scores, and
half predict V. Everything is done with the functions of the commands that it names.
"""

from __future__ import annotations

import csv
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ui.domains import ABOUT, CLASSES, Domain, fetched_sdist, lexicon_of, read_domains
from ui.face import Face
from ui.progress import of_learning, progress_bar
from ui.wording import count, duration

if TYPE_CHECKING:
    from rich.console import RenderableType

    from kb.arrays import Codes
    from kb.knowledge import KnowledgeBase, Tree

__all__ = ["DomainsDemo"]

MOST_D, MOST_DSTAR = 2_000, 1_500
V = 200  # texts of D* that people predict; half fit f, half certify it
COLUMN, TARGET = "sentence", "feeling"
STEPS = 60


@dataclass(frozen=True, slots=True)
class DomainsDemo:
    """One run.

    Attributes:
        face: The shared options.
        source: The domain that D is from.
        target: The domain that is to be predicted.
        data: The source distribution with the texts; None fetches it through pip.
    """

    face: Face
    source: str
    target: str
    data: Path | None = None

    def run(self) -> None:
        """From the texts to people, f, its certificate and the alarm."""
        face = self.face
        face.say(f"Priory – from {ABOUT[self.source]} to {ABOUT[self.target]}")
        face.say()
        if self.data is None:
            face.hint("Texts and ratings are in the source distribution of vaderSentiment; pip fetches it.")
        sdist = self.data or fetched_sdist()
        domains = read_domains(sdist)
        with tempfile.TemporaryDirectory() as folder, face.opened(create=True) as kb:
            tree, labels = self.stored(kb, domains, Path(folder))
            self.unpacked(tree)
            before = self.scored(tree, labels, "nobody asked")
            self.rated(tree, lexicon_of(sdist, Path(folder)))
            after = self.scored(tree, labels, "words rated")
            self.predicted(tree, domains[self.target], self.rows_of(domains[self.target], MOST_DSTAR))
            self.shown(tree, labels, [before, after])

    def stored(self, kb: KnowledgeBase, domains: dict[str, Domain], folder: Path) -> tuple[Tree, Codes]:
        """The task with its tree, and the labels of D* for scoring alone."""
        import numpy as np

        from kb.stores.protocol import TreeExistsError
        from kb.tables import TaskOptions, prepare_task
        from ui.views.task import task_lines

        a, b = domains[self.source], domains[self.target]
        rows, star = self.rows_of(a, MOST_D), self.rows_of(b, MOST_DSTAR)
        train, predict = folder / "D.csv", folder / "Dstar.csv"
        _write(train, [COLUMN, TARGET], [[a.texts[i], a.labels[i]] for i in rows])
        _write(predict, [COLUMN], [[b.texts[i]] for i in star])
        name = f"{self.source}-to-{self.target}"
        options = TaskOptions(
            about_train=ABOUT[self.source], about_predict=ABOUT[self.target], seed=self.face.seed or 0
        )
        prepared = prepare_task(name, train=train, predict=predict, target=TARGET, options=options)
        try:
            tree = kb.create(prepared)
        except TreeExistsError:
            from kb.errors import InputError

            raise InputError(
                f"a tree of this name was made of another draw or direction: {name}.",
                where=self.face.shown_kb,
                remedy="Use another --kb.",
            ) from None
        self.face.talk.print(task_lines(tree.task), "", sep="\n")
        order = [tree.task.classes.index(c) for c in CLASSES]
        return tree, np.array(order)[b.y[star]]

    def rows_of(self, domain: Domain, most: int) -> Codes:
        """Texts of a domain, drawn with the seed."""
        import numpy as np

        return np.random.default_rng(self.face.seed or 0).permutation(len(domain.texts))[:most]

    def unpacked(self, tree: Tree) -> None:
        """Grow the tree from D and the unlabelled D*."""
        from learning.search import learn
        from unpacking.budget import Budget

        began = time.monotonic()
        with progress_bar(self.face, "Unpacking words from D and D*") as bar:
            found = learn(tree, budget=Budget(steps=STEPS), seed=self.face.seed, progress=of_learning(bar))
        size = count(sum(1 for _ in tree.walk()), "statement")
        took = f"{count(found.steps, 'step')}, {duration(time.monotonic() - began)}"
        self.face.say(f"Unpacked: {size}, {took if found.steps else 'unpacked before'}")

    def rated(self, tree: Tree, lexicon: Path) -> None:
        """What ten people said of each word, and that D* is another place."""
        from kb.address import ROOT
        from learning.fitting import latest_fit
        from learning.recorded import read_recorded
        from learning.word_importing import import_words

        if not any(j.kind == "task" for j in tree.judgements()):
            tree.judge("task", ROOT, "oracle:demo", value=0.0)
        recorded = read_recorded(lexicon, tree.task.classes)
        imported = import_words(tree, recorded, silence_is_neither=True)
        latest_fit(tree)
        given = imported.added + imported.known
        self.face.say(f"{given:,} answers of human:vader-1 to human:vader-10 about the words of this tree.")
        self.face.say()

    def predicted(self, tree: Tree, domain: Domain, rows: Codes) -> None:
        """V, drawn at random, and what one person each said of its texts without Z."""
        import numpy as np

        from learning.people.forecasts import Forecast, forecasts, record_forecasts
        from learning.people.samples import draw_sample, samples

        made = next((s for s in samples(tree) if s.name == "V"), None)
        sample = made or draw_sample(tree, V, seed=self.face.seed or 0)
        if not forecasts(tree, arm="unaided"):
            rng = np.random.default_rng([self.face.seed or 0, 1])
            said = []
            for case in sample.cases:
                rating = float(rng.choice(domain.people[rows[case]]))
                p = (np.sign(rating) + 1.0) / 2.0
                probabilities = dict(zip(CLASSES, (1.0 - p, p), strict=True))
                said.append(Forecast("human:one-of-twenty", case, probabilities, "unaided", sample="V"))
            record_forecasts(tree, said)
        self.face.say(
            f"V: {count(len(sample.cases), 'text')} drawn at random; one person predicts each, unaided."
        )

    def scored(self, tree: Tree, labels: Codes, what: str) -> tuple[str, float, float]:
        """Accuracy and log loss of Z's forecasts of D*."""
        from learning.predicting import predict
        from learning.scores import accuracy, log_loss

        p = predict(tree).p
        return f"Z, {what}", accuracy(labels, p), log_loss(labels, p)

    def shown(self, tree: Tree, labels: Codes, rows: list[tuple[str, float, float]]) -> None:
        """What people's predictions teach, and how good each forecast of D* was."""
        from learning.people.findings import people_findings
        from learning.scores import accuracy, log_loss
        from ui.views.people import people_view

        with progress_bar(self.face, "Imitating people"):
            found = people_findings(tree, seed=self.face.seed or 0)
        if found.imitation is not None:
            p = found.imitation.forecast()
            fitted = f"f, {found.imitation.chosen}, fitted to {found.imitation.fitted_on} predictions"
            rows = [*rows, (fitted, accuracy(labels, p), log_loss(labels, p))]
        if self.face.json:
            table = [{"row": name, "accuracy": a, "log_loss": nats} for name, a, nats in rows]
            self.face.print_json({"tree": tree.name, "rows": table, "people": found.to_dict()})
            return
        self.face.show(people_view(found))
        self.face.show("", _rows(rows))
        self.face.hint(
            "right: of D*, by the mean of people who predicted nothing here. nats: log loss a case."
        )
        kb = f"--kb {self.face.shown_kb}"
        self.face.hint(f"Next: priory people {kb}, priory rate {kb}, priory explain 0 {kb}")


def _rows(rows: Sequence[tuple[str, float, float]]) -> RenderableType:
    from rich.text import Text

    from ui.views.plain import cell, listing

    lines = [[cell(name), Text(f"{100 * a:.1f} %"), Text(f"{nats:.3f}")] for name, a, nats in rows]
    return listing(["D*", "right", "nats"], lines, right="lrr")


def _write(path: Path, names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows(rows)
