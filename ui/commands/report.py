"""Report: how good, against what, how sure."""

from __future__ import annotations

from pathlib import Path

import click

from ui.face import Face, everywhere

__all__ = ["baselines", "report"]

LABELS = click.option(
    "--labels", type=click.Path(dir_okay=False, path_type=Path), help="The labels of D*, a file."
)


@click.command()
@LABELS
@everywhere
def report(face: Face, labels: Path | None) -> None:
    """Say how well it predicts, beside every other way to do it.

    \b
    priory report --labels answers.csv --html
    """


@click.command()
@LABELS
@everywhere
def baselines(face: Face, labels: Path | None) -> None:
    """Say how well plain classifiers predict on the same columns.

    \b
    priory baselines --labels answers.csv
    """
