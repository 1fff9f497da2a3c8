"""Predict: distributions over the classes with what they rest on, for some cases or one."""

from __future__ import annotations

from pathlib import Path

import click

from kb.errors import InputError
from ui.face import Face, everywhere
from ui.files import refuse_lost
from ui.wording import count

__all__ = ["explain", "predict"]


@click.command()
@click.option(
    "--cases",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Cases from a CSV or Parquet file with the columns of the task.",
)
@click.option("--all", "every", is_flag=True, help="All cases to predict of the task (the default).")
@click.option("--bounds", is_flag=True, help="Lowest and highest forecast that the ratings leave open.")
@click.option("--abstain", is_flag=True, help="Name a class only where all these forecasts agree.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write CSV or JSONL here.")
@everywhere
def predict(
    face: Face, cases: Path | None, every: bool, bounds: bool, abstain: bool, out: Path | None
) -> None:
    """Predict the cases of the task, or those of a file.

    \b
    priory predict --out forecasts.csv
    priory predict --cases new.csv --bounds
    """
    if cases and every:
        raise click.UsageError("Give --cases FILE or --all, not both.")
    if out:
        refuse_lost(out)
        _refuse_other(out)
    from kb.tables import read_cases
    from learning.predicting import predict as predicted
    from ui.views.forecasts import forecast_list, write_rows

    with face.tree() as tree:
        given = read_cases(cases, tree.task) if cases else None
        forecasts = predicted(tree, given, bounds=bounds or abstain)
    agreed = forecasts.certain() if abstain else None
    if out:
        write_rows(forecasts, out, agreed)
        face.say(f"{count(len(forecasts.p), 'forecast')} written to {out}")
    if face.json:
        face.print_json({**forecasts.to_dict(), **({"agreed": agreed} if abstain else {})})
    elif not out:
        face.show(forecast_list(forecasts, agreed))
        face.hint("priory explain CASE says what a forecast rests on. Cases count from 0.")


def _refuse_other(out: Path) -> None:
    """See that the name asks for a format that is written."""
    if out.suffix.lower() in {".xlsx", ".xls", ".ods", ".json", ".parquet", ".tsv", ".html", ".md", ".db"}:
        raise InputError(
            "forecasts are written as CSV or JSON lines.",
            where=str(out),
            remedy=f"Name it {out.stem}.csv or {out.stem}.jsonl.",
        )


@click.command()
@click.argument("case", type=click.IntRange(0))
@click.option("--bounds", is_flag=True, help="Lowest and highest forecast that the ratings leave open.")
@everywhere
def explain(face: Face, case: int, bounds: bool) -> None:
    """Say what the forecast of one case rests on.

    CASE counts the cases to predict from 0, in the order of their file.

    \b
    priory explain 17
    """
    from learning.predicting import explain as explained

    with face.tree() as tree:
        explanation = explained(tree, case, bounds=bounds)
    if face.json:
        face.print_json(explanation.to_dict())
        return
    from ui.views.forecasts import EXPLAIN_LEGEND, explanation_lines

    face.show(explanation_lines(explanation))
    face.hint(EXPLAIN_LEGEND)
