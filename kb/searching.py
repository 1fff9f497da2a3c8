"""Search in a tree: by the words of a text, or by what it means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from kb.errors import InputError
from kb.statements import Statement

if TYPE_CHECKING:
    from kb.knowledge import Tree

__all__ = ["SEARCHES", "Found", "SearchBy", "read_meanings", "search"]

SearchBy = Literal["words", "meaning"]
SEARCHES: tuple[str, ...] = get_args(SearchBy)
_COUNTED_AT_ONCE = 1000
_AT_ONCE = 256  # statements whose vectors are stored together; what is done then is kept


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found.

    Attributes:
        statements: The best match first.
        similarities: Per statement, the cosine of its vector with that of the text, in [-1, 1]; empty for a
            search by words.
        by: ``words`` or ``meaning``.
        method: How they were found and ordered, in words.
        after: Pass it back for the next page; None at the end, and for a search by meaning.
    """

    statements: tuple[Statement, ...]
    similarities: tuple[float, ...]
    by: SearchBy
    method: str
    after: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces."""
        plain = [each.to_dict() for each in self.statements]
        for each, similarity in zip(plain, self.similarities, strict=False):
            each["similarity"] = similarity
        return {"by": self.by, "method": self.method, "statements": plain, "after": self.after}


def search(
    tree: Tree,
    text: str,
    *,
    by: SearchBy = "words",
    limit: int = 20,
    after: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Found:
    """Statements along current slots that have all the words, or that mean about the same.

    Alike in meaning is not agreement: "more likely" and "less likely" come out close. The first search by
    meaning reads every statement and keeps what it means; a later one reads only what is new.

    Args:
        tree: Where to look.
        text: Any text; nothing in it is an operator.
        by: ``words`` or ``meaning``.
        limit: How many at most.
        after: The mark of an earlier page; for a search by words.
        progress: Told how many statements were read for the first time, and of how many.

    Raises:
        FailedError: A search by meaning without the extra ``search``.
        InputError: A mark with a search by meaning, which has one page.
    """
    if by == "words":
        page = tree.store.search(tree.tree_id, text, after=after, limit=limit)
        return Found(page.items, (), by, "has all the words, the shortest text first", page.after)
    if after is not None:
        raise InputError(
            "a search by meaning has one page.", where="after", remedy="Ask for more with limit."
        )
    from kb.embedding import EMBEDDING_MODEL, embed

    (vector,) = embed([text])
    read_meanings(tree, progress=progress)
    found = tree.store.nearest(tree.tree_id, EMBEDDING_MODEL, vector.tolist(), limit=limit)
    how = "compared with all" if tree.store.nearest_is_exact else "by an index that may miss some"
    method = f"cosine of {EMBEDDING_MODEL}, {how}"
    return Found(tuple(s for s, _ in found), tuple(cosine for _, cosine in found), by, method)


def read_meanings(tree: Tree, *, progress: Callable[[int, int], None] | None = None) -> int:
    """Keep what every statement means that has no vector yet; returns how many.

    What is read is stored batch by batch, so a stopped call goes on with the next.

    Raises:
        FailedError: The extra ``search`` is not installed, or the knowledge base can't be written.
    """
    from kb.embedding import EMBEDDING_MODEL, embed

    done, total = 0, 0
    after = None
    while True:
        page = tree.store.without_vector(tree.tree_id, EMBEDDING_MODEL, after=after, limit=_AT_ONCE)
        if page.items:
            vectors = embed([each.text for each in page.items])
            new = {each.address: vector.tolist() for each, vector in zip(page.items, vectors, strict=True)}
            tree.store.put_vectors(tree.tree_id, EMBEDDING_MODEL, new)
            done += len(new)
            if progress:
                total = total or len(new) + _waiting(tree, page.after)
                progress(done, total)
        after = page.after
        if after is None:
            return done


def _waiting(tree: Tree, after: str | None) -> int:
    """Statements without a vector behind a mark; reading one takes far longer than counting it."""
    from kb.embedding import EMBEDDING_MODEL

    n = 0
    while after is not None:
        page = tree.store.without_vector(tree.tree_id, EMBEDDING_MODEL, after=after, limit=_COUNTED_AT_ONCE)
        n, after = n + len(page.items), page.after
    return n
