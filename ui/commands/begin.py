"""Begin: a task and its tree, your own or the bundled one."""

from __future__ import annotations

from pathlib import Path

import click

from ui.face import Face, everywhere

__all__ = ["demo", "new"]

FILE = click.Path(dir_okay=False, path_type=Path)
DEMO_KB = "sqlite:///penguins.db"


@click.command()
@click.argument("name", required=False, default="penguins", type=click.Choice(["penguins"]))
@click.option("--no-ask", is_flag=True, help="Take the ratings of the bundled stand-in, even at a terminal.")
@everywhere
def demo(face: Face, name: str, no_ask: bool) -> None:
    """Run the bundled task from its data to the report.

    At a terminal it asks the four questions that matter most. What it makes is a normal knowledge base.

    \b
    priory demo
    priory demo --no-ask --seed 7
    """


@click.command()
@click.argument("name")
@click.option("--train", required=True, type=FILE, help="The labelled cases D, CSV or Parquet.")
@click.option("--predict", required=True, type=FILE, help="The cases to predict D*, CSV or Parquet.")
@click.option("--target", required=True, metavar="COLUMN", help="The column to predict.")
@everywhere
def new(face: Face, name: str, train: Path, predict: Path, target: str) -> None:
    """Store your own task, and show how D* differs from D.

    \b
    priory new heart --train a.csv --predict b.csv --target died --about-predict "patients of 2025"
    """
