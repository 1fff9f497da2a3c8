"""Answers about words from a file of recorded raters, all or none of them.

Words that D or D* holds get a statement if they have none, and the answers become judgements, one per rater
and word. Answers about other words are kept in a document of the tree: they are about nothing that Z says,
but they teach Prior what such words are like.
"""

from __future__ import annotations

import hashlib
import time

from kb.address import Address
from kb.errors import InputError
from kb.figures import count
from kb.knowledge import Tree
from kb.records import Judgement
from kb.tokens import split_phrase
from learning.growing_words import add_words
from learning.importing import ImportedRatings
from learning.recorded import UNLISTED, RecordedAnswer, RecordedRaters
from learning.side_answers import NEITHER_SIDE, Elsewhere, side_details
from learning.words import words_of
from learning.words_elsewhere import keep_elsewhere

__all__ = ["import_words"]

SILENCE = 3.0  # answers that being left out of a lexicon counts as, for Prior and not for the word itself
RECORDED = "human:recorded"  # who brought the words along
MOST_NAMED = 20  # unknown words that are named one by one


def import_words(
    tree: Tree, recorded: RecordedRaters, *, rater: str | None = None, silence_is_neither: bool = False
) -> ImportedRatings:
    """Append what recorded raters said of words; the same file again adds nothing.

    Args:
        tree: Whose words.
        recorded: What they said.
        rater: Only this one's answers.
        silence_is_neither: Words that the file leaves out were found to say nothing, as lexicons mean it; it
            teaches Prior, and is no answer about the word itself.

    Raises:
        InputError: The tree has no words, or the rater is not in the file.
    """
    if not any(column.type == "text" for column in tree.task.columns):
        raise InputError("it has no text column, so nothing is said of words.", where=tree.name)
    if rater is not None and not any(recorded.of(phrase, rater) for phrase in recorded.answers):
        raise InputError(f"it holds no answer of {rater}.", where=recorded.source)
    _add_what_was_rated(tree, recorded)
    places = _places(tree)
    said: list[Judgement] = []
    unknown: dict[str, tuple[RecordedAnswer, ...]] = {}
    for phrase in recorded.answers:
        answers = recorded.of(phrase, rater)
        if phrase in places:
            said += [_judgement(tree, places[phrase], phrase, a, recorded.source) for a in answers]
        elif answers:
            unknown[phrase] = answers
    silent = [p for p in places if p not in recorded.answers and not split_phrase(p).mark]
    lines = [
        Elsewhere(p, a.rater, a.side, a.strength, 1.0) for p, answers in unknown.items() for a in answers
    ]
    if silence_is_neither:
        lines += [Elsewhere(phrase, UNLISTED, NEITHER_SIDE, 0.0, SILENCE) for phrase in silent]
    keep_elsewhere(tree, recorded.source, lines, rater=rater)
    new = tree.store.append_judgements(tree.tree_id, said)
    named = list(unknown)
    more = (f"… and {count(len(named) - MOST_NAMED, 'more word')}",) if len(named) > MOST_NAMED else ()
    return ImportedRatings(new, len(said) - new, (*named[:MOST_NAMED], *more))


def _add_what_was_rated(tree: Tree, recorded: RecordedRaters) -> None:
    """Statements about rated words, negated or not, that D or the unlabelled D* holds: D may be silent."""
    for column in tree.task.columns:
        if column.type != "text":
            continue
        here = dict.fromkeys(
            [*tree.D.cases.texts(column.name).vocabulary, *tree.Dstar.texts(column.name).vocabulary]
        )
        rated = [phrase for phrase in here if split_phrase(phrase).words in recorded.answers]
        phrases = [phrase for phrase in recorded.answers if " " in phrase]
        add_words(tree, column.name, [*rated, *phrases], by=RECORDED)


def _places(tree: Tree) -> dict[str, Address]:
    """Phrase → the first statement that names it."""
    words = words_of(tree, list(tree.walk()))
    found: dict[str, Address] = {}
    for phrase, statement in zip(words.phrases, words.statements, strict=True):
        found.setdefault(phrase, statement.address)
    return found


def _judgement(tree: Tree, address: Address, phrase: str, answer: RecordedAnswer, source: str) -> Judgement:
    identity = f"{tree.tree_id}|{address}|{phrase}|{answer}|{source.rpartition('/')[2]}"
    return Judgement(
        id=hashlib.blake2b(identity.encode(), digest_size=16).hexdigest(),
        kind="rating",
        address=address,
        rater=answer.rater,
        answer="neither" if answer.side == NEITHER_SIDE else "credence",
        details=side_details(answer.side, answer.strength, tree.task.classes),
        created=time.time(),
    )
