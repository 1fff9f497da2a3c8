"""Growing the words of a text column: all of them at once, and those that people bring along."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from kb.address import ROOT, ancestors
from kb.conditions import contained_phrase, contains
from kb.errors import InputError
from kb.knowledge import Tree
from kb.records import Move
from kb.statements import Draft, Statement
from kb.tokens import canonical_phrase
from kb.words import column_in_words, phrase_in_words
from unpacking.protocol import Unpacker
from unpacking.step import unpack_step

__all__ = ["add_words", "grow_words", "is_read_whole", "text_aspects"]


def text_aspects(tree: Tree, statements: Sequence[Statement]) -> list[Statement]:
    """Aspects that are about one text column and nothing else, none below another."""
    texts = {column.name for column in tree.task.columns if column.type == "text"}
    found = [
        s
        for s in statements
        if s.kind == "aspect" and len(s.draft.columns) == 1 and s.draft.columns[0] in texts
    ]
    places = {s.address for s in found}
    return [s for s in found if not places & set(ancestors(s.address))]


def is_read_whole(statement: Statement, aspects: Sequence[Statement]) -> bool:
    """Whether it stands below a text aspect, whose words all came at once."""
    places = {aspect.address for aspect in aspects}
    return bool(places & set(ancestors(statement.address)))


def grow_words(
    tree: Tree, aspect: Statement, unpacker: Unpacker, *, progress: Callable[[int], None] | None = None
) -> int:
    """Unpack an aspect about a text column down to its words and their marked forms.

    A run that was stopped goes on where it was: what is unpacked stays as it is.

    Args:
        tree: Whose Z.
        aspect: About one text column.
        unpacker: Who proposes.
        progress: Told how many statements there are so far.

    Returns:
        How many words, phrases and groups now stand below the aspect.
    """
    made = 0
    for statement in _open_ones(tree, aspect, unpacker):
        made += len(unpack_step(tree, statement.address, unpacker, n=3).children)
        if progress:
            progress(made)
    return sum(1 for _ in tree.walk(aspect.address)) - 1


def _open_ones(tree: Tree, aspect: Statement, unpacker: Unpacker) -> Iterator[Statement]:
    """The aspect, its groups, and those words that have forms; only what is not unpacked yet."""
    if not tree.statement(aspect.address).is_unpacked:
        yield aspect
    for group in tree.children(aspect.address):
        if group.kind != "aspect":
            continue
        if not group.is_unpacked:
            yield group
        for word in tree.children(group.address):
            if not word.is_unpacked and unpacker_has_forms(tree, unpacker, word):
                yield word


def unpacker_has_forms(tree: Tree, unpacker: Unpacker, word: Statement) -> bool:
    """Whether an unpacker that reads texts knows marked forms of the word."""
    has_forms = getattr(unpacker, "has_forms", None)
    return bool(has_forms and has_forms(tree.task, word, tree.D_for_choosing, tree.Dstar))


def add_words(
    tree: Tree, column: str, phrases: Sequence[str], *, by: str
) -> tuple[list[Statement], list[str]]:
    """Write words that people brought along below the aspect of a text column, where D or D* holds them.

    Args:
        tree: Whose Z.
        column: A text column of x.
        phrases: Words or phrases, in any form.
        by: Who says so, such as ``human:ada``.

    Returns:
        The statements that are new, and the phrases that neither D nor D* holds.

    Raises:
        InputError: There is no such text column.
    """
    if not any(c.name == column and c.type == "text" for c in tree.task.columns):
        texts = [c.name for c in tree.task.columns if c.type == "text"]
        remedy = f"There are: {', '.join(texts)}." if texts else "This task has no text."
        raise InputError(f"{column!r} is no text column.", where=tree.name, remedy=remedy)
    every = list(tree.walk(dropped=True))
    known = {contained_phrase(s.draft.when or "", tree.task.columns) for s in every}
    wanted = [p for p in dict.fromkeys(map(canonical_phrase, phrases)) if p and (column, p) not in known]
    counts = tree.D.cases.texts(column).counts(wanted) + tree.Dstar.texts(column).counts(wanted)
    below = [s.address for s in text_aspects(tree, every) if s.draft.columns == (column,)] or [ROOT]
    about = column_in_words(column)
    drafts = [
        Draft(
            f"The {about} says {phrase_in_words(phrase)}.",
            when=contains(column, phrase),
            columns=(column,),
            origin=by,
        )
        for phrase, n in zip(wanted, counts, strict=True)
        if n
    ]
    stored = [tree.store.append_child(tree.tree_id, below[0], draft) for draft in drafts]
    now = time.time()
    tree.log(*(Move("add", s.address, by, taken=True, why=s.text, created=now) for s in stored))
    return stored, [phrase for phrase, n in zip(wanted, counts, strict=True) if not n]
