"""Session: rating sessions for several people, made and watched by a lead."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kb.address import Address, parse_address
from ui.face import Face, as_address, everywhere, rater_named
from ui.files import OUT_FILE, STDOUT, place_in_words, refuse_lost, write_whole
from ui.wording import clean, count

if TYPE_CHECKING:
    from learning.sessions import Session

__all__ = ["session"]

TASKS = ("credence", "seven", "comparison", "prediction")


@click.group()
def session() -> None:
    """Hold rating sessions: who is asked what, what came of it, and the answers as a file.

    Raters answer in the explorer: priory explore, then Rate or Predict.

    \b
    priory session new pilot --statements valuable --n 40 --repeats 10
    priory session show pilot
    """


def as_gold(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> dict[Address, tuple[float, float]]:
    """A click callback: ADDRESS=LOW..HIGH in per cent.

    Raises:
        click.BadParameter: It is written otherwise.
    """
    found: dict[Address, tuple[float, float]] = {}
    for value in values:
        address, _, ends = value.partition("=")
        low, dots, high = ends.partition("..")
        try:
            found[parse_address(address)] = (float(low) / 100.0, float(high if dots else low) / 100.0)
        except ValueError as error:
            raise click.BadParameter(
                f"{value!r} is not ADDRESS=LOW..HIGH, such as 0.3=0..20.", context, parameter
            ) from error
    return found


@session.command()
@click.argument("name")
@click.option(
    "--task", type=click.Choice(TASKS), default="credence", show_default=True, help="What is asked."
)
@click.option(
    "--statements",
    type=click.Choice(("subtree", "unrated", "valuable")),
    default="valuable",
    show_default=True,
    help="Which statements: all below --at, those that nobody rated, or those that change predictions most.",
)
@click.option("--at", default="0", callback=as_address, metavar="ADDRESS", help="Where they lie.")
@click.option(
    "--n", "most", type=click.IntRange(1), help="Ask at most so many; gold and repeats come on top."
)
@click.option("--raters", type=click.IntRange(1), help="Answers wanted per item. Default: every rater's.")
@click.option(
    "--repeats", type=click.FloatRange(0, 90), default=0.0, show_default=True, help="Per cent asked twice."
)
@click.option(
    "--gold",
    multiple=True,
    callback=as_gold,
    metavar="ADDRESS=LOW..HIGH",
    help="A known answer, in per cent.",
)
@click.option(
    "--path",
    type=click.Choice(("with", "without", "both")),
    default="with",
    show_default=True,
    help="Show the statements above; both draws it per rater and item.",
)
@click.option(
    "--guidelines",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A text that each rater opens once.",
)
@click.option(
    "--arm",
    type=click.Choice(("given-z", "unaided", "both")),
    default="given-z",
    show_default=True,
    help="Predictions: with Z, without, or drawn per case.",
)
@click.option(
    "--sample", default="", metavar="NAME", help="Predictions: which sample of D*. Default: cases of D."
)
@click.option("--reveal", is_flag=True, help="Predictions: show the score where the label is known.")
@click.option("--rater", metavar="WHO", help="Who makes it. Default: your login.")
@everywhere
def new(
    face: Face, /, name: str, guidelines: Path | None, rater: str | None, most: int | None, **plan: Any
) -> None:
    """Make a session called NAME.

    \b
    priory session new pilot --task seven --statements subtree --at 0.1 --gold 0.3=0..20
    priory session new cases --task prediction --sample V --arm both
    """
    from learning.sessions import Session, new_session

    given = {
        **plan,
        "repeats": plan["repeats"] / 100.0,
        "arm": "given Z" if plan["arm"] == "given-z" else plan["arm"],
        "guidelines": _text_of(guidelines) if guidelines else "",
        "by": rater_named(rater),
    }
    with face.tree() as tree:
        seed = tree.task.seed if face.seed is None else face.seed
        made = new_session(tree, Session(name, seed=seed, **given), most=most)
        if face.json:
            face.print_json(made.to_dict())
            return
        _tell_new(face, tree.name, made)


def _text_of(file: Path) -> str:
    from kb.errors import InputError

    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"it can't be read as text ({error}).", where=str(file), remedy="Write it in UTF-8."
        ) from error


def _tell_new(face: Face, tree: str, made: Session) -> None:
    page = "predict" if made.task == "prediction" else "rate"
    face.say(f"{made.name}: {count(made.size, 'item')}.")
    face.hint(f"Raters answer in the explorer: priory explore, then /{page}?tree={tree}&s={made.name}")


@session.command("list")
@everywhere
def list_(face: Face) -> None:
    """List the sessions of a tree."""
    from learning.sessions import list_sessions

    with face.tree() as tree:
        found = list_sessions(tree)
        if face.json:
            face.print_json([s.to_dict() for s in found])
        elif not found:
            face.say("There is no session in this tree yet. Make one: priory session new NAME")
        else:
            from ui.views.sessions import sessions_view

            face.show(sessions_view(found))


@session.command()
@click.argument("name")
@everywhere
def show(face: Face, name: str) -> None:
    """Show what came of session NAME: progress, time, gold, consistency and agreement."""
    from learning.session_results import show_session
    from learning.sessions import session_named

    with face.tree() as tree:
        found = show_session(tree, session_named(tree, name))
    if face.json:
        face.print_json(found.to_dict())
        return
    from ui.views.sessions import session_view

    face.show(*session_view(found))


@session.command()
@click.argument("name")
@click.option(
    "--out",
    type=OUT_FILE,
    help="A .csv or .jsonl file; without it, or with -, JSON lines go to standard output.",
)
@click.option("--rater", metavar="WHO", help="Only this rater's answers.")
@everywhere
def export(face: Face, name: str, out: Path | None, rater: str | None) -> None:
    """Write every answer of session NAME as a row, corrections included.

    \b
    priory session export pilot --out pilot.csv
    """
    from learning.session_results import export_session
    from learning.sessions import session_named
    from ui.rows import as_csv, as_json_lines

    if out:
        refuse_lost(face, out)
        if out != STDOUT and out.suffix.lower() not in {".csv", ".jsonl"}:
            raise click.BadParameter(f"{clean(out.name)!r} is neither .csv nor .jsonl.", param_hint="--out")
    with face.tree() as tree:
        who = rater_named(rater) if rater else None
        rows = export_session(tree, session_named(tree, name), rater=who)
    if out is None and face.json:
        face.print_json(rows)
        return
    to = out or STDOUT
    write_whole(to, as_csv(rows) if to.suffix.lower() == ".csv" else as_json_lines(rows))
    if out or not rows:
        face.say(f"Written: {place_in_words(to)}, {count(len(rows), 'answer')}.")
