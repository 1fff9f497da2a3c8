"""What people know: samples of D*, forecasts by hand, f and its certificate, audits."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from kb.address import Address
from kb.errors import InputError
from ui.face import INTERRUPTED, Face, everywhere, rater_named
from ui.wording import clean, count, duration

if TYPE_CHECKING:
    from kb.knowledge import Tree
    from learning.people.forecasts import Arm
    from ui.by_hand import HandEnded

__all__ = ["arm_named", "audit", "forecast_by_hand", "import_from", "people", "resolve", "sample"]

MOST_SWITCHES = 8
RATER = click.option(
    "--rater", metavar="WHO", help="human:NAME, model:NAME or oracle:NAME. Default: your login."
)


@click.command()
@click.option("--n", type=click.IntRange(1), help="Draw so many cases at random.")
@click.option(
    "--cases",
    metavar="LIST",
    help="Take these cases, such as 3,17,40, instead. Nothing can be certified on a picked sample.",
)
@click.option("--name", default="V", show_default=True, help="What the sample is called.")
@everywhere
def sample(face: Face, n: int | None, cases: str | None, name: str) -> None:
    """Draw a random sample of D* for people to predict; without options, list the samples.

    Samples are disjoint, and remember the seed that they were drawn with.

    \b
    priory sample --n 40
    """
    from learning.people.samples import choose_sample, draw_sample, samples

    if n and cases:
        raise click.UsageError("Give --n or --cases, not both.")
    with face.tree() as tree:
        if n:
            made = [draw_sample(tree, n, seed=face.seed or 0, name=name)]
        elif cases:
            made = [choose_sample(tree, _cases(cases), name=name)]
        else:
            made = samples(tree)
    if face.json:
        face.print_json([s.to_dict() for s in made])
        return
    if not made:
        face.say("There is no sample yet. Draw one: priory sample --n 40")
    for s in made:
        how = f"drawn with seed {s.seed}" if s.how == "drawn" else "picked by hand"
        listed = " ".join(map(str, s.cases[:20])) + (" …" if len(s.cases) > 20 else "")
        face.show(f"{clean(s.name)}  {count(len(s.cases), 'case')} {how}: {listed}")
    if made and (n or cases):
        face.hint("Forecast them: priory predict --by-hand --unaided, then priory predict --by-hand")


def _cases(written: str) -> list[int]:
    try:
        return [int(part) for part in written.replace(",", " ").split()]
    except ValueError:
        raise InputError(
            f"{clean(written)[:60]!r} is no list of cases.", where="--cases", remedy="Write 3,17,40."
        ) from None


def arm_named(*, unaided: bool, from_d: bool, imported: bool) -> Arm:
    """What forecasts are made from; a file holds unaided ones where nothing is said."""
    if from_d:
        return "from D"
    return "unaided" if unaided or imported else "given Z"


def forecast_by_hand(
    face: Face, tree: Tree, *, arm: Arm, rater: str | None, name: str, limit: int | None, practise: bool
) -> None:
    """Hold a session on stdin: the cases of a sample, or labelled cases to practise on."""
    from learning.people.samples import draw_sample, samples
    from ui.by_hand import ByHand, opening_words

    of: Literal["D", "D*"] = "D" if practise else "D*"
    if practise:
        cases: Sequence[int] = _practice(tree, limit)
    else:
        if not any(s.name == name for s in samples(tree)):
            drawn = draw_sample(tree, min(limit or 40, tree.task.n_Dstar), seed=face.seed or 0, name=name)
            face.say(f"Sample {clean(name)}: {count(len(drawn.cases), 'case')} drawn at random.")
        cases = next(s.cases for s in samples(tree) if s.name == name)[:limit]
    face.say(opening_words(tree, arm, len(cases)))
    face.say()
    who = rater_named(rater)
    ended = ByHand(tree, who, cases, arm, sys.stdin, face.talk, of=of, sample="" if practise else name).run()
    _part(face, ended)


def _practice(tree: Tree, limit: int | None) -> list[int]:
    import numpy as np

    order = np.random.default_rng(tree.task.seed + 1).permutation(tree.task.n_D)
    return [int(i) for i in order[: limit or 20]]


def _part(face: Face, ended: HandEnded) -> None:
    if face.json:
        face.print_json(ended.to_dict())
    if ended.forecasts:
        face.say(f"{count(ended.forecasts, 'forecast')} kept, {duration(ended.seconds)} of your time.")
    if ended.how == "interrupted":
        face.say("Interrupted; every forecast so far is kept. The same command goes on.")
        raise click.exceptions.Exit(INTERRUPTED)
    if ended.left:
        face.hint(f"{count(ended.left, 'case')} left; the same command goes on.")
    elif not ended.forecasts:
        face.say("You have forecast all of these cases already.")
    else:
        face.hint("What people's forecasts say: priory people")


def import_from(face: Face, tree: Tree, file: Path, *, arm: Arm, rater: str | None, name: str) -> None:
    """Store the forecasts of a file."""
    from learning.people.importing import import_forecasts

    who = rater_named(rater) if rater else None
    imported = import_forecasts(tree, file, rater=who, arm=arm, sample=name)
    if face.json:
        face.print_json({"added": imported.added, "known": imported.known})
        return
    known = f", {imported.known:,} were known" if imported.known else ""
    face.say(f"{count(imported.added, 'forecast')} added{known}.")


@click.command()
@click.option("--sample", "name", default="V", show_default=True, help="The sample that people forecast.")
@everywhere
def people(face: Face, name: str) -> None:
    """Say what people's forecasts teach: who forecast what, f and its certificate, the alarm.

    f imitates people's forecasts of half of the sample and is certified on the other half. The alarm compares
    what ratings say of cases with what people predict of them unaided.

    \b
    priory people
    """
    from learning.people.findings import people_findings

    with face.tree() as tree:
        found = people_findings(tree, sample=name, seed=face.seed or 0)
    if face.json:
        face.print_json(found.to_dict())
        return
    from ui.views.people import people_view

    face.show(people_view(found))


@click.command()
@click.option(
    "--labels",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Labels of some of D*: a file with the target column, in the order of D* or with a column row.",
)
@everywhere
def resolve(face: Face, labels: Path) -> None:
    """Tell which labels of D* became known, and reweight what people believe by how well it foretold them.

    Unlike the labels that a report reads, these are stored. Points don't learn from them; the forecasts that
    had been made of these cases are kept, and are what every later report scores.

    \b
    priory resolve --labels first-results.csv
    """
    from kb.tables import read_labels
    from learning.fitting import refuse_without_cases
    from learning.resolving import resolve as resolved

    with face.tree() as tree:
        refuse_without_cases(tree)
        found = resolved(tree, read_labels(labels, tree.task))
        texts = {s.address: s.text for s in tree.walk()}
    if face.json:
        face.print_json(found.to_dict())
        return
    known = f", {found.known:,} were known" if found.known else ""
    face.say(f"{count(found.added, 'case')} resolved{known}; {found.resolved:,} in all.")
    if found.added:
        right, nats = 100 * found.accuracy, found.log_loss
        face.show(f"What had been forecast of them: {right:.0f} % right, {nats:.2f} nats a case.")
    before, after = found.as_D
    face.show(f"{100 * before:.0f} % → {100 * after:.0f} %  that they are drawn and labelled as D was")
    for name, was, now in found.switches[:MOST_SWITCHES]:
        column = name.removeprefix("column:")  # an aspect that no statement of the tree is about alone
        said = f"what {column} tells" if column != name else f"{texts.get(Address(name), '')} ({name})"
        face.show(f"{100 * was:.0f} % → {100 * now:.0f} %  {clean(said)}")


@click.command()
@click.option("--n", type=click.IntRange(1), default=60, show_default=True, help="Ask about at most so many.")
@click.option(
    "--from",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Forecasts from a CSV or JSONL file instead of a session.",
)
@click.option("--status", is_flag=True, help="Only say how it stands.")
@RATER
@everywhere
def audit(face: Face, n: int, file: Path | None, status: bool, rater: str | None) -> None:
    """Ask people again, on random cases of D* that nobody has forecast, whether f still imitates them.

    The test looks after every forecast and stops when it knows. A started audit goes on where it was.

    \b
    priory audit --n 60
    """
    from learning.people.audit import audit_state, begin_audit

    with face.tree() as tree:
        if not status:
            drawn = begin_audit(tree, n=n, seed=face.seed or 0)
            arm = audit_state(tree).arm
            if file:
                import_from(face, tree, file, arm=arm, rater=rater, name=drawn.name)
            else:
                _audit_by_hand(face, tree, drawn.cases, drawn.name, arm, rater)
        state = audit_state(tree)
    if face.json:
        face.print_json(state.to_dict())
        return
    face.show(state.sentence)


def _audit_by_hand(
    face: Face, tree: Tree, cases: tuple[int, ...], name: str, arm: Arm, rater: str | None
) -> None:
    from learning.people.audit import audit_state
    from ui.by_hand import ByHand, opening_words

    def decided() -> str:
        state = audit_state(tree)
        return state.sentence if state.outcome != "undecided" else ""

    face.say(opening_words(tree, arm, len(cases)))
    face.say()
    session = ByHand(tree, rater_named(rater), cases, arm, sys.stdin, face.talk, sample=name, stop=decided)
    _part(face, session.run())
