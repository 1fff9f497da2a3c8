"""Answers about words that Z says nothing about, kept in documents of the tree; they teach Prior, too."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence

from kb.knowledge import Tree
from kb.records import Document
from learning.recorded import UNLISTED
from learning.side_answers import Elsewhere

__all__ = ["answers_elsewhere", "keep_elsewhere"]

KIND = "answers-elsewhere"


def keep_elsewhere(
    tree: Tree, source: str, answers: Sequence[Elsewhere], *, rater: str | None = None
) -> None:
    """Keep the answers of a source in place of what it said before; of one rater, if only one is read."""
    key = hashlib.blake2b(source.encode(), digest_size=8).hexdigest()
    before = tree.store.document(tree.tree_id, KIND, key) if rater is not None else None
    others = [a for a in _answers_in(tree, before) if a.rater not in (rater, UNLISTED)] if before else []
    digest = tree.store.put_blob(json.dumps([*others, *answers]).encode())
    tree.store.put_document(tree.tree_id, KIND, key, {"digest": digest, "source": source.rpartition("/")[2]})


def answers_elsewhere(tree: Tree) -> Iterator[Elsewhere]:
    """What was said of words that the tree has no statement for, or by silence."""
    for document in tree.documents(KIND):
        yield from _answers_in(tree, document)


def _answers_in(tree: Tree, document: Document) -> Iterator[Elsewhere]:
    for line in json.loads(tree.store.blob(str(document.body["digest"]))):
        yield Elsewhere(*line)
