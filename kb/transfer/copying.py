"""Copies between stores: a tree, or a part of one, from any store to any other.

How far a copy is stands in a document of the target, written after every page, so that a copy that was
stopped goes on where it was. Leases don't go over: what a worker holds in the source waits in the copy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from kb.address import ROOT, Address, ancestors, child
from kb.errors import FailedError, InputError
from kb.records import Document, Expansion, Judgement, QueueEntry, TreeRecord
from kb.statements import Measures, Statement
from kb.stores.protocol import ExpansionExistsError, Store, TreeExistsError, UnknownAddressError
from kb.transfer.conflicts import refuse_others
from kb.transfer.putting import put
from kb.transfer.sections import COPY, Item, Part, blobs_named, page_of
from kb.transfer.summary import COMPARED, Doing, Summary, summarised

__all__ = ["Copied", "SourceChangedError", "copy_tree"]

_ORDER = (
    "path statements",
    "statements",
    "path expansions",
    "expansions",
    "judgements",
    "moves",
    "documents",
    "queue",
    "vectors",
)
_STATES = "states"  # what may change of statements; a copy made in one go has it already


class SourceChangedError(FailedError):
    """Others wrote into the source while it was copied. The copy is whole, and lacks some of that."""

    code = "source-changed"


@dataclass(frozen=True, slots=True)
class Copied:
    """A copy that was made and compared.

    Attributes:
        tree: The tree.
        address: The top of what was copied.
        new: How many records were written; the others were there already.
        compared: What was found the same on both sides, by the words of ``kb.transfer.summary.COMPARED``.
        was_resumed: An earlier copy had been stopped, and this one went on from there.
    """

    tree: TreeRecord
    address: Address
    new: int
    compared: Summary
    was_resumed: bool

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces."""
        same = {
            word: {"count": self.compared.counts[word], "checksum": self.compared.checksums[word]}
            for word in COMPARED
        }
        return {
            "tree": self.tree.name,
            "tree_id": self.tree.tree_id,
            "address": self.address,
            "new": self.new,
            "was_resumed": self.was_resumed,
            "compared": same,
        }


def copy_tree(
    source: Store,
    target: Store,
    tree: TreeRecord,
    *,
    address: Address = ROOT,
    progress: Doing | None = None,
) -> Copied:
    """Copy the tree, or ``address`` with all below it and the path to it, and compare both sides.

    A copy that is there is brought up to date: texts, expansions, judgements and moves are only ever added;
    current slots, dropped statements, measures, documents and the task's spec become those of the source.

    Raises:
        UnknownAddressError: The address is not stored.
        TreeExistsError: The target has a tree of that name, made from another task.
        InputError: The target's tree holds something that the source doesn't; nothing was written.
        FailedError: A store can't be reached, or the two differ afterwards; the message says in what.
    """
    part = Part(source, tree, address)
    if source.node(tree.tree_id, address) is None:
        raise UnknownAddressError("no such statement.", where=f"{tree.name} {address}")
    wanted = summarised(part, "Reading", progress)
    copy = Part(target, tree, address)
    state = _started(part, copy)
    was_resumed = state.section != _ORDER[0] or state.after is not None
    total = sum(wanted.counts.values())

    def compared(begin: _State) -> tuple[int, Summary]:
        new = _write(part, copy, begin, _counting(progress, total))
        return new, summarised(replace(copy, tree=target.tree(tree.name)), "Comparing", progress, total)

    new, there = compared(state)
    if there != wanted and was_resumed:  # the source has grown before it went on
        more, there = compared(_State())
        new += more
    _note(copy, _State(None) if there == wanted else _State())
    if there != wanted:
        raise _different(part, wanted, there)
    return Copied(tree, address, new, there, was_resumed)


def _counting(progress: Doing | None, total: int) -> Doing | None:
    return None if progress is None else lambda doing, done, _: progress(doing, done, total)


@dataclass(frozen=True, slots=True)
class _State:
    """How far a copy is."""

    section: str | None = _ORDER[0]
    after: str | None = None
    is_new: bool = False


def _started(part: Part, copy: Part) -> _State:
    """Make the tree in the target if it isn't there, and say where the copy begins or goes on."""
    source, target, tree = part.store, copy.store, part.tree
    there = next((each for each in target.trees() if each.name == tree.name), None)
    if there is not None and there.tree_id != tree.tree_id:
        raise TreeExistsError(
            f"there is a tree {tree.name!r} already, made from another task; nothing was copied.",
            where=target.url,
            remedy="Copy to another knowledge base.",
        )
    if there is None:
        _bring_blobs(part, copy, blobs_named(source, tree.spec))
        root = source.nodes(tree.tree_id, [ROOT])[0]
        target.create_tree(tree, root.draft)
        return _State(is_new=True)
    noted = target.document(tree.tree_id, COPY, part.address)
    if noted is not None and noted.body["section"] is not None:
        return _State(noted.body["section"], noted.body["after"])
    refuse_others(part, copy)
    return _State()


def _note(copy: Part, state: _State) -> None:
    body = {"section": state.section, "after": state.after}
    copy.store.put_document(copy.tree.tree_id, COPY, copy.address, body)


def _write(part: Part, copy: Part, state: _State, progress: Doing | None) -> int:
    """Write section by section, page by page, from where the copy is; returns how many records were new."""
    new, done = int(state.is_new), 0  # the root came with the tree
    while state.section is not None:
        page = page_of(part, "statements" if state.section == _STATES else state.section, state.after)
        if state.section == _STATES:
            new += _bring(part, copy, page.items)  # what the source got since its statements were copied
            _bring_states(part, copy, [each for each in page.items if isinstance(each, Statement)])
        elif page.items:
            new += _bring(part, copy, page.items)
            done += len(page.items)
        section = state.section if page.after else _next(state)
        state = replace(state, section=section, after=page.after)
        _note(copy, state if section else _State(_STATES))
        if progress:
            progress("Copying", done, None)
    _bring_spec(part, copy)
    return new


def _next(state: _State) -> str | None:
    order = _ORDER if state.is_new else (*_ORDER, _STATES)
    at = order.index(str(state.section)) + 1
    return order[at] if at < len(order) else None


def _bring(part: Part, copy: Part, items: tuple[Item, ...]) -> int:
    """Write one page; what it speaks about and was stored since its section was copied is brought first."""
    _bring_blobs(part, copy, _blobs_of(part, items))
    tree_id = part.tree.tree_id
    try:
        return put(copy.store, tree_id, items)
    except ExpansionExistsError:
        raise
    except InputError:  # something else is there, or the source has grown meanwhile: then its statements help
        missing = part.store.nodes(tree_id, sorted(_spoken_of(items)))
        put(copy.store, tree_id, missing)
        return put(copy.store, tree_id, items)


def _spoken_of(items: tuple[Item, ...]) -> set[Address]:
    """The statements that records are about, with all above them."""
    about: set[Address] = set()
    for item in items:
        if isinstance(item, Expansion):
            first = item.first_ordinal
            about |= {child(item.address, first + n, slot=item.slot) for n in range(len(item.children))}
        if isinstance(item, Expansion | Judgement | QueueEntry):
            about.add(item.address)
    return about | {above for each in about for above in ancestors(each)}


def _blobs_of(part: Part, items: tuple[Item, ...]) -> Iterator[str]:
    for item in items:
        if isinstance(item, Expansion) and item.response:
            yield item.response
        elif isinstance(item, Document):
            yield from blobs_named(part.store, dict(item.body))


def _bring_blobs(part: Part, copy: Part, digests: Iterator[str]) -> None:
    for digest in digests:
        if not copy.store.has_blob(digest):
            copy.store.put_blob(part.store.blob(digest))


def _bring_states(part: Part, copy: Part, statements: list[Statement]) -> None:
    """Bring what may change of statements, where the copy has it differently."""
    tree_id, target = part.tree.tree_id, copy.store
    there = {each.address: each for each in target.nodes(tree_id, [each.address for each in statements])}
    measures: dict[Address, Measures] = {}
    for each in statements:
        mine = there[each.address]
        if mine.is_dropped != each.is_dropped:
            target.set_dropped(tree_id, each.address, is_dropped=each.is_dropped)
        if mine.slot != each.slot and each.slot is not None and each.is_unpacked:
            target.choose(tree_id, each.address, each.slot)
        if mine.measures != each.measures:
            measures[each.address] = each.measures or Measures()
    if measures:
        _bring_measures(part, copy)


def _bring_measures(part: Part, copy: Part) -> None:
    """Measures are replaced all at once: those of the source, and outside the part those of the copy."""
    tree_id = part.tree.tree_id
    kept = {each.address: each.measures for each in _every_statement(Part(copy.store, copy.tree))}
    kept.update({each.address: each.measures for each in _every_statement(part) if each.address in kept})
    copy.store.put_measures(tree_id, {at: each for at, each in kept.items() if each is not None})


def _every_statement(part: Part) -> Iterator[Statement]:
    after = None
    while True:
        page = page_of(part, "statements", after)
        yield from (each for each in page.items if isinstance(each, Statement))
        after = page.after
        if after is None:
            return


def _bring_spec(part: Part, copy: Part) -> None:
    tree = part.store.tree(part.tree.name)
    _bring_blobs(part, copy, blobs_named(part.store, tree.spec))
    there: Mapping[str, Any] = copy.store.tree(tree.name).spec
    changes = {name: value for name, value in tree.spec.items() if there.get(name) != value}
    if changes:
        copy.store.update_spec(tree.tree_id, changes)


def _different(part: Part, wanted: Summary, there: Summary) -> FailedError:
    now = summarised(replace(part, tree=part.store.tree(part.tree.name)))
    if now != wanted:
        return SourceChangedError(
            "the source changed while it was copied, so the two differ.",
            where=part.tree.name,
            remedy="Copy again: it only brings what is missing.",
        )
    words = wanted.differences(there)
    told = ", ".join(f"{word} ({wanted.counts[word]:,} and {there.counts[word]:,})" for word in words)
    return FailedError(
        f"the copy differs from the source in: {told}.",
        where=part.tree.name,
        remedy="Copy again; if it stays, see what is broken: priory verify --kb with each of the two.",
    )
