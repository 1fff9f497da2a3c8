"""Begin: a task and its tree, your own or the bundled one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from kb.task import COLUMN_TYPES
from ui.face import DEFAULT_KB, Face, everywhere

if TYPE_CHECKING:
    from kb.task import ColumnType

__all__ = ["demo", "new"]

FILE = click.Path(dir_okay=False, path_type=Path)
DOMAIN = click.Choice(["products", "films", "tweets", "opinion"])


def typed_columns(
    _: click.Context, __: click.Parameter, given: tuple[str, ...]
) -> dict[str, tuple[ColumnType, tuple[str, ...]]]:
    """A click callback: type and levels per column, of ``size=ordinal`` or ``size=small<medium<large``."""
    found: dict[str, tuple[ColumnType, tuple[str, ...]]] = {}
    for text in given:
        column, equals, kind = text.rpartition("=")
        levels = tuple(level.strip() for level in kind.split("<")) if "<" in kind else ()
        if not equals or (kind not in COLUMN_TYPES and not levels):
            types = ", ".join(COLUMN_TYPES)
            raise click.BadParameter(f"{text!r} is not COLUMN=TYPE; a type is {types}, or low<middle<high.")
        found[column] = ("ordinal" if levels else cast("ColumnType", kind), levels)
    return found


@click.command()
@click.argument("name", metavar="[NAME]", default="penguins", type=click.Choice(["penguins", "domains"]))
@click.option("--no-ask", is_flag=True, help="Take the ratings of the bundled stand-in, even at a terminal.")
@click.option(
    "--source", type=DOMAIN, default="products", show_default=True, help="domains: where D is from."
)
@click.option("--target", type=DOMAIN, default="opinion", show_default=True, help="domains: what D* is.")
@click.option("--data", type=FILE, help="domains: the source distribution, if it is here already.")
@everywhere
def demo(face: Face, name: str, no_ask: bool, source: str, target: str, data: Path | None) -> None:
    """Run a task from its data to the report: penguins, or what real people know of texts.

    It goes into sqlite:///NAME.db unless --kb says otherwise, as a normal knowledge base on which every
    command works. penguins: at a terminal it asks the four questions that matter most; elsewhere, or with
    --no-ask, a scripted stand-in answers. domains: pip fetches sentences of four domains and what people said
    of them and of words; D is one domain and D* another, people predict a sample V, and it shows what f makes
    of that, its certificate and the alarm.

    \b
    priory demo
    priory demo --no-ask --seed 7
    priory demo domains --source tweets --target films
    """
    kb = face.at(f"sqlite:///{name}.db" if face.kb == DEFAULT_KB else face.kb)
    if name == "domains":
        from ui.demo_domains import DomainsDemo

        if source == target:
            raise click.UsageError("--source and --target are the same domain.")
        DomainsDemo(kb, source, target, data).run()
        return
    from ui.demo import Demo

    Demo(kb, asks=face.is_interactive and not no_ask).run()


@click.command()
@click.argument("name")
@click.option("--train", type=FILE, help="The labelled cases D: CSV, TSV or Parquet.")
@click.option("--predict", type=FILE, help="The cases to predict D*: the same columns.")
@click.option("--target", metavar="COLUMN", help="The column to predict.")
@click.option(
    "--about-train", default="the labelled cases", metavar="TEXT", help='What D holds: "customers of 2024".'
)
@click.option(
    "--about-predict",
    default="the cases to predict",
    metavar="TEXT",
    help='What D* holds: "customers of 2025".',
)
@click.option("--time", metavar="COLUMN", help="The column that orders the cases.")
@click.option("--environment", metavar="COLUMN", help="The column that names site, year or batch.")
@click.option("--root", default="", metavar="TEXT", help="What the root says. Default: the base rate.")
@click.option(
    "--type",
    "types",
    multiple=True,
    callback=typed_columns,
    metavar="COLUMN=TYPE",
    help="Overrule the type of a column; an ordinal one lists its values: size=small<medium<large.",
)
@click.option("--drop", multiple=True, metavar="COLUMN", help="Leave a column out.")
@click.option("--missing", multiple=True, metavar="VALUE", help="What else stands for a missing value.")
@click.option("--delimiter", help="What separates values. Default: found out.")
@click.option("--encoding", help="Of both files, such as latin-1. Default: UTF-8.")
@click.option("--predict-encoding", metavar="TEXT", help="Of the --predict file, where it is another.")
@everywhere
def new(
    face: Face,
    name: str,
    train: Path | None,
    predict: Path | None,
    target: str | None,
    about_train: str,
    about_predict: str,
    time: str | None,
    environment: str | None,
    root: str,
    types: dict[str, tuple[ColumnType, tuple[str, ...]]],
    drop: tuple[str, ...],
    missing: tuple[str, ...],
    delimiter: str | None,
    encoding: str | None,
    predict_encoding: str | None,
) -> None:
    """Store your own task, and show how D* differs from D.

    Without data, --root alone makes a tree of statements that a language model and people unpack; nothing in
    it can be tested or predicted.

    \b
    priory new heart --train a.csv --predict b.csv --target died --about-predict "patients of 2025"
    priory new inflation --root "Inflation falls when central banks raise rates."
    priory new churn --train 2024.csv --predict 2025.csv --target left --type "size=small<medium<large"
    """
    if train is None and predict is None and target is None and root:
        with face.opened(create=True) as kb:
            tree = kb.create_without_cases(name, root, about_train=about_train, about_predict=about_predict)
        face.say(f"Tree {tree.name}, without cases: {tree.task.root}")
        return
    if train is None or predict is None or target is None:
        raise click.UsageError(
            "Give --train, --predict and --target; or only --root, for a tree without cases."
        )
    from kb.tables import TaskOptions, prepare_task
    from ui.started import say_started

    options = TaskOptions(
        about_train=about_train,
        about_predict=about_predict,
        types={column: kind for column, (kind, _) in types.items()},
        levels={column: levels for column, (_, levels) in types.items() if levels},
        delimiter=delimiter,
        encoding=encoding,
        predict_encoding=predict_encoding,
        missing=missing,
        time=time,
        environment=environment,
        drop=drop,
        seed=face.seed or 0,
        root=root,
    )
    prepared = prepare_task(name, train=train, predict=predict, target=target, options=options)
    with face.opened(create=True) as kb:
        say_started(face, kb.create(prepared), prepared.notes)
