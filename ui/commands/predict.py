"""Predict: distributions over the classes with what they rest on, for some cases or one."""

from __future__ import annotations

from pathlib import Path

import click

from kb.errors import InputError
from ui.commands.people import arm_named, forecast_by_hand, import_from
from ui.face import Face, everywhere
from ui.files import OUT_FILE, place_in_words, refuse_lost
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
@click.option("--out", type=OUT_FILE, help="Write CSV or JSONL here; - is standard output, as CSV.")
@click.option("--imitate", is_flag=True, help="What people would say: f, which imitates their forecasts.")
@click.option("--by-hand", is_flag=True, help="Let a person predict, case by case; see below.")
@click.option("--unaided", is_flag=True, help="By hand, from the case alone.")
@click.option("--from-d", is_flag=True, help="By hand, after reading labelled cases.")
@click.option("--practise", is_flag=True, help="By hand, on labelled cases, with the answer shown.")
@click.option(
    "--from",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="People's forecasts from a CSV or JSONL file: case, and a column per class or answer.",
)
@click.option("--sample", "name", default="V", show_default=True, help="By hand: of which sample of D*.")
@click.option("--limit", type=click.IntRange(1), help="By hand: at most so many cases.")
@click.option("--rater", metavar="WHO", help="By hand: who predicts. Default: your login.")
@everywhere
def predict(
    face: Face,
    cases: Path | None,
    every: bool,
    bounds: bool,
    abstain: bool,
    out: Path | None,
    imitate: bool,
    by_hand: bool,
    unaided: bool,
    from_d: bool,
    practise: bool,
    file: Path | None,
    name: str,
    limit: int | None,
    rater: str | None,
) -> None:
    """Predict the cases of the task, or those of a file.

    With --by-hand a person predicts a random sample of D*: sees a case, opens at most seven statements by
    address or words, types a distribution and cites what it rests on. --unaided and --from-d keep the
    statements closed. f imitates these forecasts: priory people.

    \b
    priory predict --out forecasts.csv
    priory predict --cases new.csv --bounds
    priory predict --by-hand --unaided
    """
    if cases and every:
        raise click.UsageError("Give --cases FILE or --all, not both.")
    if by_hand or file or unaided or from_d or practise:
        if cases or every or bounds or abstain or out or imitate or (unaided and from_d):
            raise click.UsageError("Forecasts by hand go with one of --unaided and --from-d, and no file.")
        arm = arm_named(unaided=unaided, from_d=from_d, imported=file is not None)
        with face.tree() as tree:
            if file:
                import_from(face, tree, file, arm=arm, rater=rater, name=name)
            else:
                forecast_by_hand(face, tree, arm=arm, rater=rater, name=name, limit=limit, practise=practise)
        return
    _predict(face, cases, bounds=bounds, abstain=abstain, out=out, sample=name if imitate else None)


def _predict(
    face: Face, cases: Path | None, *, bounds: bool, abstain: bool, out: Path | None, sample: str | None
) -> None:
    """Forecasts of Z, or of f where a sample is named."""
    if out:
        refuse_lost(face, out)
        _refuse_other(out)
    if sample and (bounds or abstain):
        raise click.UsageError("--imitate has no bounds.")
    from kb.tables import read_cases
    from learning.people.imitation import imitate
    from learning.predicting import Predictions
    from learning.predicting import predict as predicted
    from ui.views.forecasts import forecast_list, write_rows

    with face.tree() as tree:
        given = read_cases(cases, tree.task) if cases else None
        if sample:
            f = imitate(tree, sample=sample, seed=face.seed or 0)
            forecasts = Predictions(tree.task.classes, f.forecast(given))
        else:
            forecasts = predicted(tree, given, bounds=bounds or abstain)
    agreed = forecasts.certain() if abstain else None
    if out:
        write_rows(forecasts, out, agreed)
        face.say(f"{count(len(forecasts.p), 'forecast')} written to {place_in_words(out)}")
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
