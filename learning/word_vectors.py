"""Vectors of words, embedded once per tree and kept in its knowledge base."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from kb.arrays import Numbers
from kb.embedding import EMBEDDING_MODEL, embed, is_embedding_installed
from kb.knowledge import Tree
from kb.records import VECTOR_SIZE
from kb.stores.protocol import Store

__all__ = ["WordVectors", "vectors_of_tree", "what_is_missing"]

KIND = "word-vectors"

Half = np.ndarray[tuple[int], np.dtype[np.float16]]


class WordVectors:
    """Vectors of words and phrases; those that are missing are embedded when they are first asked for.

    Args:
        known: Word → vector, float16.
        keep: Called with all vectors after some were added.
    """

    def __init__(
        self,
        known: Mapping[str, Half] | None = None,
        keep: Callable[[Mapping[str, Half]], None] | None = None,
    ) -> None:
        self._known, self._keep = dict(known or {}), keep

    @property
    def are_there(self) -> bool:
        """A model that embeds is installed."""
        return is_embedding_installed()

    def of(self, phrases: Sequence[str]) -> Numbers | None:
        """Unit vectors, shape (n, 384); None where no model is installed."""
        missing = sorted({p for p in phrases if p not in self._known})
        if missing and not self.are_there:
            return None
        if missing:
            self._known |= dict(zip(missing, embed(missing).astype(np.float16), strict=True))
            if self._keep is not None:
                self._keep(self._known)
        if not phrases:
            return np.zeros((0, VECTOR_SIZE))
        return np.array([self._known[p] for p in phrases], dtype=np.float64)


def what_is_missing(tree: Tree) -> str:
    """What a person should know where no word can be read for its meaning; empty where that is no matter."""
    if is_embedding_installed() or not any(column.type == "text" for column in tree.task.columns):
        return ""
    return (
        "No model that reads words is installed, so Prior believes a word by what was said of it and of its "
        "group alone. Install one: pip install 'priory[search]'"
    )


def vectors_of_tree(tree: Tree) -> WordVectors:
    """Those that the tree keeps, and a place for more."""
    store, tree_id = tree.store, tree.tree_id
    stored = store.document(tree_id, KIND, EMBEDDING_MODEL)
    known = _read(store.blob(str(stored.body["digest"]))) if stored else {}
    return WordVectors(known, lambda vectors: _keep(store, tree_id, vectors))


def _keep(store: Store, tree_id: str, vectors: Mapping[str, Half]) -> None:
    """Whoever writes last keeps all that it knows; a vector that gets lost so is embedded again."""
    file = io.BytesIO()
    words = np.frombuffer(json.dumps(list(vectors)).encode(), dtype=np.uint8)
    np.savez(file, words=words, vectors=np.array(list(vectors.values())))
    digest = store.put_blob(file.getvalue())
    store.put_document(tree_id, KIND, EMBEDDING_MODEL, {"digest": digest})


def _read(blob: bytes) -> dict[str, Half]:
    with np.load(io.BytesIO(blob)) as stored:
        words: list[str] = json.loads(stored["words"].tobytes())
        return dict(zip(words, stored["vectors"], strict=True))
