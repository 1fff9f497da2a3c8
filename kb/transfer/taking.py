"""Export as JSON lines: a tree, or a statement with all below it and the path to it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from kb.address import ROOT, Address, ancestors, path_of, slot_of
from kb.errors import FailedError
from kb.records import Expansion, Page, TreeRecord
from kb.statements import Statement
from kb.stores.protocol import Store, UnknownAddressError
from kb.transfer.lines import (
    FORMAT,
    KINDS_OF_LINE,
    Progress,
    Transfer,
    line_of,
    plain_statement,
)
from kb.transfer.whole import named_faults, part_of, put_in_place, refuse_taken

__all__ = ["export_jsonl"]

_PAGE = 500
_BLOB_PART = 750_000  # bytes; a megabyte as base64
_DIGEST = re.compile(r"[0-9a-f]{64}")
_SECTIONS = ("path", "expansions", "judgements", "moves", "statements", "blobs")

_Records = Iterable[tuple[str, object]]
_Section = Callable[[str | None], tuple[_Records, str | None]]  # cursor → records, next cursor


@dataclass(slots=True)
class _Writing:
    """A file being written."""

    running: hashlib.blake2b = field(default_factory=lambda: hashlib.blake2b(digest_size=32))
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS_OF_LINE, 0))
    lines: int = 0
    section: str | None = _SECTIONS[0]
    after: str | None = None
    responses: set[str] = field(default_factory=set)

    def note(self, line: bytes, kind: str, record: Any) -> None:
        """Take a written line into account."""
        self.running.update(line)
        self.lines += 1
        if kind in self.counts:
            self.counts[kind] += 1
        if kind == "expansion" and record["response"]:
            self.responses.add(record["response"])


def export_jsonl(
    store: Store,
    tree: TreeRecord,
    to: Path,
    *,
    address: Address = ROOT,
    progress: Progress | None = None,
) -> Transfer:
    """Write the tree, or ``address`` with all below it, to a new file.

    A part of a tree comes with the path to it: the ancestors, their expansions and those's children, so that
    it is a tree of its own. An export that was cut short goes on where it was when it is asked for again.

    Raises:
        InputError: The file exists; the address is not stored.
        FailedError: The disk is full, a blob is missing.
    """
    refuse_taken(to)
    if store.node(tree.tree_id, address) is None:
        raise UnknownAddressError("no such statement.", where=f"{tree.name} {address}")
    part = part_of(to)
    header = line_of("priory", {"format": FORMAT, "tree": _plain_tree(tree), "address": address})
    with named_faults(to):
        state, end = _resumed(part, header)
        with part.open("r+b" if end else "wb") as out:
            out.truncate(end)
            out.seek(end)
            if not end:
                _put(out, state, header, ("priory", None))
            _write(out, state, _sections(store, tree, address, state), progress)
            out.write(line_of("end", {"counts": state.counts, "checksum": state.running.hexdigest()}))
        put_in_place(part, to)
    return Transfer(tree, dict(state.counts))


def _plain_tree(tree: TreeRecord) -> dict[str, object]:
    return {"tree_id": tree.tree_id, "name": tree.name, "spec": dict(tree.spec), "created": tree.created}


def _put(out: BinaryIO, state: _Writing, line: bytes, what: tuple[str, object]) -> None:
    out.write(line)
    state.note(line, *what)


def _write(out: BinaryIO, state: _Writing, sections: dict[str, _Section], progress: Progress | None) -> None:
    """Write section by section, page by page, with a checkpoint after each page."""
    while state.section is not None:
        records, state.after = sections[state.section](state.after)
        for kind, record in records:
            _put(out, state, line_of(kind, record), (kind, record))
        if state.after is None:
            at = _SECTIONS.index(state.section) + 1
            state.section = _SECTIONS[at] if at < len(_SECTIONS) else None
        place = {"checksum": state.running.hexdigest(), "section": state.section, "after": state.after}
        _put(out, state, line_of("checkpoint", place), ("checkpoint", None))
        out.flush()
        if progress:
            progress(state.lines, None)


def _resumed(part: Path, header: bytes) -> tuple[_Writing, int]:
    """Where an export that was cut short goes on: the state and the byte; (new, 0) to begin anew."""
    state, end, sound = _Writing(), 0, (0, _Writing())
    if not part.exists():
        return state, 0
    with part.open("rb") as written:
        for line in written:
            end += len(line)
            try:
                ((kind, record),) = json.loads(line).items()
            except (ValueError, AttributeError):
                break
            if state.lines == 0 and line != header:
                break
            if kind == "end" or not line.endswith(b"\n"):
                break
            before = state.running.hexdigest()
            state.note(line, kind, record)
            if kind == "checkpoint":
                if record["checksum"] != before:
                    break
                state.section, state.after = record["section"], record["after"]
                sound = (end, _copy(state))
    return sound[1], sound[0]


def _copy(state: _Writing) -> _Writing:
    return _Writing(
        state.running.copy(),
        dict(state.counts),
        state.lines,
        state.section,
        state.after,
        set(state.responses),
    )


def _sections(store: Store, tree: TreeRecord, address: Address, state: _Writing) -> dict[str, _Section]:
    """What each section writes."""
    tree_id, above = tree.tree_id, ancestors(address)
    within = _within(address)

    def path(_: str | None) -> tuple[_Records, str | None]:
        return (_expansion_lines(store, tree_id, above)), None

    def expansions(after: str | None) -> tuple[_Records, str | None]:
        page = store.subtree(tree_id, address, after=after, limit=_PAGE, every_slot=True)
        unpacked = [each.address for each in page.items if each.is_unpacked]
        return _expansion_lines(store, tree_id, unpacked), page.after

    def judgements(after: str | None) -> tuple[_Records, str | None]:
        page = store.judgements(tree_id, after=after, limit=_PAGE)
        return [("judgement", each.to_dict()) for each in page.items if within(each.address)], page.after

    def moves(after: str | None) -> tuple[_Records, str | None]:
        page = store.moves(tree_id, after=after, limit=_PAGE)
        return [("move", each.to_dict()) for each in page.items if within(each.address)], page.after

    def statements(after: str | None) -> tuple[_Records, str | None]:
        page = store.subtree(tree_id, address, after=after, limit=_PAGE, every_slot=True)
        first = _path_statements(store, tree_id, address) if after is None else iter(())
        return _chained(first, page), page.after

    def blobs(after: str | None) -> tuple[_Records, str | None]:
        return _blob_page(store, sorted(_digests(store, tree.spec) | state.responses), after)

    return {
        "path": path,
        "expansions": expansions,
        "judgements": judgements,
        "moves": moves,
        "statements": statements,
        "blobs": blobs,
    }


def _within(address: Address) -> Callable[[Address], bool]:
    """Whether a record belongs to the export: it is about the subtree or the path to it."""
    top, above = path_of(address), set(ancestors(address))
    return lambda other: other in above or path_of(other).startswith(top)


def _expansion_lines(
    store: Store, tree_id: str, addresses: Iterable[Address]
) -> Iterator[tuple[str, object]]:
    for address in addresses:
        made = store.expansions(tree_id, address)
        for each in sorted(made, key=lambda e: not e.is_current):  # the first to be imported becomes current
            yield "expansion", each.to_dict()


def _chained(first: Iterator[Statement], page: Page[Statement]) -> Iterator[tuple[str, object]]:
    for each in (*first, *page.items):
        yield "statement", plain_statement(each)


def _path_statements(store: Store, tree_id: str, address: Address) -> Iterator[Statement]:
    """The root and the children of every ancestor, without ``address`` itself."""
    above = ancestors(address)
    if not above:
        return
    yield from store.nodes(tree_id, above[:1])
    for of, below in zip(above, [*above[1:], address], strict=True):
        made: list[Expansion] = store.expansions(tree_id, of)
        for slot in sorted({0, slot_of(below), *(each.slot for each in made)}):
            after = None
            while True:
                page = store.children(tree_id, of, slot=slot, after=after, limit=_PAGE)
                yield from (each for each in page.items if each.address != address)
                after = page.after
                if after is None:
                    break


def _digests(store: Store, spec: object) -> set[str]:
    """The blobs that a spec names, however deep."""
    if isinstance(spec, str):
        return {spec} if _DIGEST.fullmatch(spec) and store.has_blob(spec) else set()
    if isinstance(spec, dict):
        return {digest for value in spec.values() for digest in _digests(store, value)}
    if isinstance(spec, (list, tuple)):
        return {digest for value in spec for digest in _digests(store, value)}
    return set()


def _blob_page(store: Store, digests: list[str], after: str | None) -> tuple[_Records, str | None]:
    """The parts of the next blob; the cursor is its digest."""
    left = [digest for digest in digests if after is None or digest > after]
    if not left:
        return (), None
    digest = left[0]
    if not store.has_blob(digest):
        raise FailedError(
            f"the response {digest} of an expansion is not stored.", where=store.url, remedy="priory doctor"
        )
    data = store.blob(digest)
    starts = range(0, max(len(data), 1), _BLOB_PART)
    records = [
        ("blob", {"digest": digest, "part": part, "parts": len(starts), "data": _base64(data, start)})
        for part, start in enumerate(starts)
    ]
    return records, digest if len(left) > 1 else None


def _base64(data: bytes, start: int) -> str:
    return base64.b64encode(data[start : start + _BLOB_PART]).decode("ascii")
