"""What a tree holds, section by section and page by page: what exports, copies and checks go through."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from kb.address import ROOT, Address, ancestors, path_of, slot_of
from kb.records import Document, Expansion, Judgement, Move, Page, QueueEntry, TreeRecord
from kb.statements import Statement
from kb.stores.protocol import Store

__all__ = ["COPY", "Item", "Part", "Vector", "blobs_named", "page_of"]

PAGE = 1000
COPY = "copy"  # the kind of document in which a copy notes how far it is: the store's, not the tree's
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Vector:
    """What the text of a statement means to a model."""

    model: str
    address: Address
    numbers: Sequence[float]


Item = Statement | Expansion | Judgement | Move | Document | QueueEntry | Vector


@dataclass(frozen=True, slots=True)
class Part:
    """A statement of a tree with all that lies below, and the path to it, so that it is a tree of its own."""

    store: Store
    tree: TreeRecord
    address: Address = ROOT

    def holds(self, address: Address) -> bool:
        """It lies in the part or on the path to it."""
        return address in ancestors(self.address) or path_of(address).startswith(path_of(self.address))


def page_of(part: Part, section: str, after: str | None = None) -> Page[Item]:
    """One page of a section.

    Sections: ``path statements``, ``statements``, ``path expansions``, ``expansions``, ``judgements``,
    ``moves``, ``documents``, ``queue``, ``vectors``. A page of expansions holds all those of a statement or
    none, the current one first: put in this order into a store, it becomes current there.
    """
    return _READERS[section](part, after)


def blobs_named(store: Store, value: object) -> Iterator[str]:
    """The digests of stored blobs in a JSON value, however deep."""
    if isinstance(value, str):
        if _DIGEST.fullmatch(value) and store.has_blob(value):
            yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from blobs_named(store, each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from blobs_named(store, each)


def _path_statements(part: Part, _: str | None) -> Page[Item]:
    """The root and the children of every ancestor, without the part's own top."""
    above = ancestors(part.address)
    if not above:
        return Page(())
    store, tree_id = part.store, part.tree.tree_id
    found: list[Item] = [*store.nodes(tree_id, above[:1])]
    for of, below in zip(above, [*above[1:], part.address], strict=True):
        slots = sorted({0, slot_of(below), *(made.slot for made in store.expansions(tree_id, of))})
        for slot in slots:
            after = None
            while True:
                page = store.children(tree_id, of, slot=slot, after=after, limit=PAGE)
                found += (each for each in page.items if each.address != part.address)
                after = page.after
                if after is None:
                    break
    return Page(tuple(found))


def _statements(part: Part, after: str | None) -> Page[Item]:
    page = part.store.subtree(part.tree.tree_id, part.address, after=after, limit=PAGE, every_slot=True)
    return Page(page.items, page.after)


def _path_expansions(part: Part, _: str | None) -> Page[Item]:
    made = [each for at in ancestors(part.address) for each in part.store.expansions(part.tree.tree_id, at)]
    return Page(_current_first(made))


def _current_first(made: Sequence[Expansion]) -> tuple[Expansion, ...]:
    return tuple(sorted(made, key=lambda e: (path_of(e.address), not e.is_current, e.slot)))


def _expansions(part: Part, after: str | None) -> Page[Item]:
    """A page of the store, filled up with the other slots of its last statement."""
    mark, _, done = (after or "").partition(" ")
    page = part.store.expansions_within(part.tree.tree_id, part.address, after=mark or None, limit=PAGE)
    made = [each for each in page.items if each.address != done]
    if page.after is None or not made:
        return Page(_current_first(made), page.after and f"{page.after} {done}")
    last = made[-1].address
    whole = part.store.expansions(part.tree.tree_id, last)
    made = [*(each for each in made if each.address != last), *whole]
    return Page(_current_first(made), f"{page.after} {last}")


def _judgements(part: Part, after: str | None) -> Page[Item]:
    page = part.store.judgements(part.tree.tree_id, after=after, limit=PAGE)
    return Page(tuple(each for each in page.items if part.holds(each.address)), page.after)


def _moves(part: Part, after: str | None) -> Page[Item]:
    page = part.store.moves(part.tree.tree_id, after=after, limit=PAGE)
    return Page(tuple(each for each in page.items if part.holds(each.address)), page.after)


def _queue(part: Part, after: str | None) -> Page[Item]:
    page = part.store.queue(part.tree.tree_id, after=after, limit=PAGE)
    return Page(tuple(each for each in page.items if part.holds(each.address)), page.after)


def _documents(part: Part, after: str | None) -> Page[Item]:
    kinds = [kind for kind in part.store.document_kinds(part.tree.tree_id) if kind != COPY]

    def page(kind: str, mark: str | None) -> Page[Item]:
        found = part.store.documents(part.tree.tree_id, kind, after=mark, limit=PAGE)
        return Page(found.items, found.after)

    return _one_by_one(kinds, page, after)


def _vectors(part: Part, after: str | None) -> Page[Item]:
    def page(model: str, mark: str | None) -> Page[Item]:
        found = part.store.vectors(part.tree.tree_id, model, after=mark, limit=PAGE)
        items = (Vector(model, at, numbers) for at, numbers in found.items if part.holds(at))
        return Page(tuple(items), found.after)

    return _one_by_one(part.store.vector_models(part.tree.tree_id), page, after)


def _one_by_one(
    names: Sequence[str], page: Callable[[str, str | None], Page[Item]], after: str | None
) -> Page[Item]:
    """A page of the listing of one of the names; behind its last page, the next name follows."""
    mark, _, name = (after or "").partition(" ")
    left = [each for each in names if each >= name]
    if not left:
        return Page(())
    found = page(left[0], (mark or None) if left[0] == name else None)
    if found.after is not None:
        return Page(found.items, f"{found.after} {left[0]}")
    return Page(found.items, f" {left[1]}" if len(left) > 1 else None)


_READERS: dict[str, Callable[[Part, str | None], Page[Item]]] = {
    "path statements": _path_statements,
    "statements": _statements,
    "path expansions": _path_expansions,
    "expansions": _expansions,
    "judgements": _judgements,
    "moves": _moves,
    "documents": _documents,
    "queue": _queue,
    "vectors": _vectors,
}
