"""What can be said about a text column: its words and phrases, in groups that a person can read.

An aspect about a text column has groups of words below it, a group its words, and a word its marked forms,
such as ``not good`` below ``good``, which may say the opposite. Words are taken from D where at least three
texts hold them, and from the unlabelled D*, where D is silent and people may know better. Groups are for
reading and asking: each word has its own points and its own doubt, whatever group it stands in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from kb.arrays import Codes
from kb.condition_tree import Contains, leaves
from kb.conditions import contained_phrase, contains, read_condition
from kb.records import Proposal
from kb.statements import Draft
from kb.task import Column
from kb.words import column_in_words, phrase_in_words
from unpacking.protocol import Situation
from unpacking.vocabulary import LEAST_TEXTS, Vocabulary
from unpacking.word_groups import Group, groups_by_meaning, groups_by_shift, groups_by_side

__all__ = ["forms_below", "group_proposals", "text_column", "word_proposals"]

EXAMPLES = 3  # words that a group is named by
_OLD_NEGATION = re.compile(r"“not (\S+)”")  # how groups of the first trees are named, in any language


def text_column(situation: Situation) -> Column | None:
    """The text column that a statement is about and nothing else; None for any other statement."""
    columns = situation.statement.draft.columns
    if len(columns) != 1:
        return None
    column = next((c for c in situation.task.columns if c.name == columns[0]), None)
    return column if column is not None and column.type == "text" else None


def group_proposals(situation: Situation, words: Vocabulary) -> list[Proposal]:
    """Ways to group the words, each a set of aspects; none where there are no words."""
    return [
        Proposal(tuple(_group_draft(words, group) for group in groups), how=how)
        for how, groups in _groupings(situation, words)
        if groups
    ]


def _groupings(situation: Situation, words: Vocabulary) -> Iterator[tuple[str, list[Group]]]:
    tops = _tops(words)
    classes = situation.task.classes
    yield "words by the side they take and by meaning", groups_by_meaning(words, tops, classes)
    yield "words by the side they take", groups_by_side(words, tops, classes)
    yield "words by how much more often the cases to predict use them", groups_by_shift(words, tops)


def _tops(words: Vocabulary) -> Codes:
    """Phrases that stand right below a group: all but forms of a word that is there itself."""
    forms = {i for places in words.forms.values() for i in places}
    return np.array([i for i in range(len(words)) if i not in forms], dtype=np.int64)


def _group_draft(words: Vocabulary, group: Group) -> Draft:
    some = [phrase_in_words(words.phrases[i]) for i in group.members[:EXAMPLES]]
    named = f"{', '.join(some[:-1])} and {some[-1]}" if len(some) > 1 else some[0]
    about = column_in_words(words.column.name)
    text = f"Words like {named} in the {about}{group.what}."
    return Draft(text, "aspect", columns=(words.column.name,), origin="induction")


def word_proposals(situation: Situation, words: Vocabulary) -> list[Proposal]:
    """The words of the group that a statement is; those that its condition names, if a person wrote one."""
    draft = situation.statement.draft
    place = {phrase: i for i, phrase in enumerate(words.phrases)}
    if draft.when:
        named = [
            x.phrase
            for x in leaves(read_condition(draft.when, situation.task.columns))
            if isinstance(x, Contains)
        ]
        members = [place[phrase] for phrase in dict.fromkeys(named) if phrase in place]
        return [_claims(situation, words, members, "the words that its condition names")] if members else []
    called = _OLD_NEGATION.sub(r"“\1” after a negation", draft.text)
    for how, groups in _groupings(situation, words):
        for group in groups:
            if _group_draft(words, group).text == called:
                return [_claims(situation, words, group.members, how)]
    return []


def forms_below(situation: Situation, words: Vocabulary) -> Proposal | None:
    """The marked forms of the word that a statement is about; None where there are none."""
    said = contained_phrase(situation.statement.draft.when or "", situation.task.columns)
    members = words.forms.get(said[1], []) if said and said[0] == words.column.name else []
    return (
        _claims(situation, words, members, f"how {phrase_in_words(said[1])} is said")
        if said and members
        else None
    )


def _claims(situation: Situation, words: Vocabulary, members: Sequence[int], how: str) -> Proposal:
    return Proposal(tuple(_claim(situation, words, int(i)) for i in members), how=how)


def _claim(situation: Situation, words: Vocabulary, i: int) -> Draft:
    column, phrase = words.column, words.phrases[i]
    said = f"The {column_in_words(column.name)} says {phrase_in_words(phrase)}"
    classes = situation.task.classes
    if words.in_D[i] < LEAST_TEXTS:
        text = f"{said}; the labelled cases hardly show it."
    else:
        text = f"{said}: {classes[int(words.odds[i].argmax())]} more often."
    return Draft(text, "claim", contains(column.name, phrase), None, (column.name,), "induction")
