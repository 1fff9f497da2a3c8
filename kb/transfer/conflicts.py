"""What the target of a copy holds and the source doesn't: a copy would mix the two, so it is refused."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from kb.address import path_of
from kb.errors import InputError
from kb.records import Document, Expansion, Judgement, Move
from kb.statements import Statement
from kb.transfer.sections import Item, Part, page_of

__all__ = ["refuse_others"]


def refuse_others(source: Part, target: Part) -> None:
    """See that what the target holds is all in the source, so that a copy only adds to it.

    Raises:
        InputError: It holds another text, expansion, judgement, move or document; the first is named.
    """
    ids = {kind: {_id(each) for each in _all(source, kind)} for kind in ("judgements", "moves")}
    for statements in _pages(target, "statements"):
        _refuse_statements(source, target, statements)
    _refuse_expansions(source, target)
    for kind, known in ids.items():
        for each in _all(target, kind):
            if _id(each) not in known:
                raise _other(target, f"the {kind[:-1]} {_id(each)}")
    for document in _all(target, "documents"):
        if isinstance(document, Document):
            mine = source.store.document(source.tree.tree_id, document.kind, document.key)
            if mine is None or mine.body != document.body:
                raise _other(target, f"the document {document.kind} {document.key}")


def _refuse_statements(source: Part, target: Part, statements: tuple[Item, ...]) -> None:
    there = {each.address: each.draft for each in statements if isinstance(each, Statement)}
    mine = {each.address: each.draft for each in source.store.nodes(source.tree.tree_id, list(there))}
    for address, draft in there.items():
        if mine.get(address) != draft:
            raise _other(target, f"a statement at {address}")


def _refuse_expansions(source: Part, target: Part) -> None:
    """Both are read by address, page by page: to ask the source for one at a time takes long."""
    mine = _by_path(source)
    path, known = "", list[Expansion]()
    for wanted, made in _by_path(target):
        while path < wanted:
            path, known = next(mine, (_BEYOND, []))
        for each in made:
            if path != wanted or not any(_same(each, other) for other in known):
                raise _other(target, f"an expansion of {each.address}")


_BEYOND = "~"  # sorts behind every path


def _by_path(part: Part) -> Iterator[tuple[str, list[Expansion]]]:
    """Path and expansions of each statement that has any, in the order of addresses."""
    expansions = (each for each in _all(part, "expansions") if isinstance(each, Expansion))
    for path, made in groupby(expansions, key=lambda each: path_of(each.address)):
        yield path, list(made)


def _same(one: Expansion, other: Expansion) -> bool:
    left, right = one.to_dict(), other.to_dict()
    return all(left[name] == right[name] for name in left.keys() - {"created", "is_current"})


def _id(item: Item) -> str:
    return item.id if isinstance(item, Judgement | Move) else ""


def _pages(part: Part, section: str) -> Iterator[tuple[Item, ...]]:
    after = None
    while True:
        page = page_of(part, section, after)
        yield page.items
        after = page.after
        if after is None:
            return


def _all(part: Part, section: str) -> Iterator[Item]:
    for items in _pages(part, section):
        yield from items


def _other(target: Part, what: str) -> InputError:
    return InputError(
        f"its tree {target.tree.name!r} holds {what} that the source doesn't; nothing was copied.",
        where=target.store.url,
        remedy="Copy to another knowledge base.",
    )
