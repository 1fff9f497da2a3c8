"""Report: how good, against what, how sure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ui.face import Face, everywhere
from ui.files import OUT_FILE, place_in_words, refuse_lost, write_whole
from ui.progress import of_saying, progress_bar

if TYPE_CHECKING:
    from kb.knowledge import Tree
    from learning.comparison import Scored
    from ui.progress import Bar

__all__ = ["baselines", "report"]

LABELS = click.option(
    "--labels",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The labels of D*: a file with the target column, in the order of D* or with a column row.",
)
PAGE = "report.html"


@click.command()
@LABELS
@click.option(
    "--html",
    is_flag=False,
    flag_value=PAGE,
    type=OUT_FILE,
    help=f"Write one self-contained page; {PAGE} unless a file is named, - is standard output.",
)
@everywhere
def report(face: Face, labels: Path | None, html: Path | None) -> None:
    """Say how well it predicts, beside every other way to do it.

    Losses come first. Without --labels it shows only how held-out cases of D are predicted. The labels are
    read for this report and stored nowhere.

    \b
    priory report --labels answers.csv
    priory report --labels answers.csv --html
    """
    from kb.tables import read_labels
    from learning.examining import agreement_with_people
    from learning.reporting import report as reported

    if html:
        refuse_lost(face, html)
    with face.tree() as tree, progress_bar(face, "Comparing") as bar:
        y = read_labels(labels, tree.task) if labels else None
        found = reported(tree, y, seed=face.seed, progress=of_saying(bar))
        models = agreement_with_people(tree)
    if html:
        from ui.html_report import html_page

        write_whole(html, html_page(found))
        face.say(f"Written: {place_in_words(html)}")
    if face.json:
        face.print_json({**found.to_dict(), "models": [one.to_dict() for one in models]})
    elif not html:
        from ui.views.report import REPORT_LEGEND, report_view

        face.show(report_view(found))
        face.hint(REPORT_LEGEND)
        if models:
            from ui.views.examined import agreement_lines

            face.show("", agreement_lines(models))


@click.command()
@LABELS
@everywhere
def baselines(face: Face, labels: Path | None) -> None:
    """Say how well plain classifiers predict from the same columns.

    Logistic regression over several strengths, naive Bayes, boosted trees, a forest and a small network, all
    fitted on D without its held-out cases.

    \b
    priory baselines --labels answers.csv
    """
    with face.tree() as tree, progress_bar(face, "Fitting") as bar:
        found = _classical(tree, labels, face.seed, bar)
    if face.json:
        face.print_json({"rows": found.rows, "best_other": found.best_other, "notes": list(found.notes)})
        return
    from ui.views.report import ROWS_LEGEND, score_table

    face.show(score_table(found.rows, found.best_other))
    for note in found.notes:
        face.say(f"Note: {note}")
    face.hint(ROWS_LEGEND)


def _classical(tree: Tree, labels: Path | None, seed: int | None, bar: Bar | None) -> Scored:
    """Every classical row on D* and on the held-out cases of D."""
    from kb.tables import read_labels
    from learning.comparison import D_HELD_OUT, D_STAR, score_rows
    from learning.reporting import baselines as forecasts

    seed = tree.task.seed if seed is None else seed
    y = {D_HELD_OUT: tree.D.y[tree.held_out]} if tree.held_out.any() else {}
    if labels:
        y[D_STAR] = read_labels(labels, tree.task)
    rows = forecasts(tree, seed=seed, progress=of_saying(bar))
    return score_rows(rows, y, dict.fromkeys(rows, "classical"), seed)
