"""Judge: ratings, one by one in a session, as a single call, or from a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kb.address import ROOT, parse_address
from ui.answers import HOW, read_reply
from ui.face import INTERRUPTED, Face, everywhere, rater_named
from ui.wording import clean, count, duration

if TYPE_CHECKING:
    from kb.knowledge import Tree
    from ui.rating import Ended

__all__ = ["rate"]

GUESSES = 20  # of a model, where no limit is given
STORED = {"credence", "neither", "here", "skip", "flag"}


@click.command()
@click.argument("address", required=False)
@click.argument("value", required=False)
@click.option("--rater", metavar="WHO", help="human:NAME, model:NAME or oracle:NAME. Default: your login.")
@click.option(
    "--from",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Ratings from a CSV or JSONL file with address or text, and value; or with word, or a lexicon.",
)
@click.option(
    "--simulate",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="For research: ask the recorded raters of words in FILE, by leverage, in rounds.",
)
@click.option(
    "--labels",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="With --simulate: labels of D* that score its curve and reach no fit.",
)
@click.option(
    "--silence-is-neither", is_flag=True, help="Words that a lexicon leaves out were found to say nothing."
)
@click.option("--limit", type=click.IntRange(1), help="Ask at most so many questions.")
@click.option("--note", default="", help="A remark to keep with the rating.")
@everywhere
def rate(
    face: Face,
    address: str | None,
    value: str | None,
    rater: str | None,
    file: Path | None,
    simulate: Path | None,
    labels: Path | None,
    silence_is_neither: bool,
    limit: int | None,
    note: str,
) -> None:
    """Say how plausible it is that a statement also holds for D*.

    D* are the cases to predict. Without ADDRESS it asks, the questions that matter most first. With ADDRESS
    and VALUE it stores one answer: a number from 0 to 100, n (says nothing either way) or h (true of the
    labelled cases only). The address "task" is the question whether D* is drawn and labelled as D was.

    \b
    priory rate
    priory rate 0.1 85
    priory rate --from ratings.csv --rater human:ada
    priory rate --rater model:openai:gpt-5-mini --limit 20
    priory rate --simulate vader_lexicon.txt --limit 300
    """
    if (address is None) != (value is None) or sum(map(bool, (address, file, simulate))) > 1:
        raise click.UsageError("Give ADDRESS and VALUE, or --from, or --simulate, or nothing for a session.")
    with face.tree() as tree:
        _say_what_is_missing(face, tree)
        if simulate:
            from ui.simulating import simulated

            simulated(face, tree, simulate, rater and rater_named(rater), limit, labels)
        elif file:
            _import(face, tree, file, rater, silence_is_neither=silence_is_neither)
        elif address is not None and value is not None:
            _store(face, tree, address, value, rater=rater_named(rater), note=note)
        elif rater is not None and rater.startswith("model:"):
            _guess(face, tree, rater.removeprefix("model:"), limit)
        else:
            _ask(face, tree, rater_named(rater), limit)


def _say_what_is_missing(face: Face, tree: Tree) -> None:
    from learning.word_vectors import what_is_missing

    if missing := what_is_missing(tree):
        face.hint(missing)


def _store(face: Face, tree: Tree, address: str, value: str, *, rater: str, note: str) -> None:
    """Store one answer and say what it changed."""
    from learning.asking import Question, answer

    reply = read_reply(value)
    if reply.command not in STORED:
        raise click.UsageError(f"{clean(value)!r} is no answer. {HOW}")
    about = Question("task", ROOT, "") if address == "task" else parse_address(address)
    note = " ".join(filter(None, (clean(note), clean(reply.text))))
    change = answer(tree, about, rater=rater, value=reply.value, answer=reply.command, note=note)
    if face.json:
        face.print_json({"judgement_id": change.judgement_id, "changed": change.changed, "of": change.of})
    else:
        face.say(f"→ {change.changed:,} of {count(change.of, 'prediction')} changed")
        if change.evidence:
            face.say(change.evidence)


def _import(face: Face, tree: Tree, file: Path, rater: str | None, *, silence_is_neither: bool) -> None:
    """Store the ratings of a file and name what fitted nowhere."""
    from learning.fitting import latest_fit
    from learning.importing import import_ratings
    from learning.recorded import is_about_words, read_recorded
    from learning.word_importing import import_words

    who = rater_named(rater) if rater else None
    if is_about_words(file):
        recorded = read_recorded(file, tree.task.classes)
        imported = import_words(tree, recorded, rater=who, silence_is_neither=silence_is_neither)
    else:
        imported = import_ratings(tree, file, rater=who)
    latest_fit(tree)
    if face.json:
        found = {"added": imported.added, "known": imported.known, "unknown": list(imported.unknown)}
        face.print_json(found)
        return
    known = f", {imported.known:,} were known" if imported.known else ""
    face.say(f"{count(imported.added, 'rating')} added{known}.")
    for unknown in imported.unknown:
        face.say(f"  no such statement here: {unknown}")


def _guess(face: Face, tree: Tree, model: str, limit: int | None) -> None:
    """Have a model answer what a person would be asked first; nothing but the report looks at its answers."""
    from learning.examining import rate_by_model

    found = rate_by_model(tree, model=model, limit=limit or GUESSES)
    if face.json:
        face.print_json(found.to_dict())
    else:
        face.say(
            f"{count(found.rated, 'statement')} rated by {found.rater}; kept apart from people's ratings."
        )
        face.hint("How far it agrees with people: priory report")
    if found.stopped:
        face.stop_early(found.stopped, "The same command goes on.")


def _ask(face: Face, tree: Tree, rater: str, limit: int | None) -> None:
    """Hold a session on stdin and say how to go on."""
    from learning import asking
    from ui.rating import RatingSession

    face.say(f"{tree.name}, rated by {rater}. Every answer is kept at once; q stops, ? explains.")
    face.say()
    ended = RatingSession(tree, rater, asking, sys.stdin, face.talk, most=limit).run()
    if face.json:
        face.print_json(ended.to_dict())
    _part(face, tree, ended)


def _part(face: Face, tree: Tree, ended: Ended) -> None:
    from learning.asking import next_step

    if ended.answers:
        face.say(f"{count(ended.answers, 'answer')} kept, {duration(ended.seconds)} of your time.")
    if ended.how == "interrupted":
        face.say(f"Interrupted; every answer so far is kept. Go on with: priory rate {tree.option}")
        raise click.exceptions.Exit(INTERRUPTED)
    if ended.how == "asked" and not ended.answers:
        face.say("There is nothing to ask you at the moment.")
    face.hint(next_step(tree) if ended.how == "asked" else f"Go on with: priory rate {tree.option}")
