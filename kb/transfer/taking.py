"""Export as JSON lines: a tree, or a statement with all below it and the path to it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

from kb.address import ROOT, Address
from kb.errors import FailedError
from kb.records import TreeRecord
from kb.stores.protocol import Store, UnknownAddressError
from kb.transfer.lines import (
    FORMAT,
    KINDS_OF_LINE,
    Progress,
    Transfer,
    line_of,
    line_of_item,
)
from kb.transfer.sections import Part, blobs_named, page_of
from kb.transfer.whole import named_faults, part_of, put_in_place, refuse_taken

__all__ = ["export_jsonl"]

_BLOB_PART = 750_000  # bytes; a megabyte as base64
_DIGEST = re.compile(rb'"([0-9a-f]{64})"')
_SECTIONS = (
    "path expansions",
    "expansions",
    "judgements",
    "moves",
    "documents",
    "queue",
    "path statements",
    "statements",
    "blobs",
)

_Records = Iterable[tuple[str, object]]


@dataclass(slots=True)
class _Writing:
    """A file being written."""

    running: hashlib.blake2b = field(default_factory=lambda: hashlib.blake2b(digest_size=32))
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS_OF_LINE, 0))
    lines: int = 0
    section: str | None = _SECTIONS[0]
    after: str | None = None
    responses: set[str] = field(default_factory=set)
    named: set[str] = field(default_factory=set)  # what documents name and may be a blob

    def note(self, line: bytes, kind: str, record: Any) -> None:
        """Take a written line into account."""
        self.running.update(line)
        self.lines += 1
        if kind in self.counts:
            self.counts[kind] += 1
        if kind == "expansion" and record["response"]:
            self.responses.add(record["response"])
        if kind == "document":
            self.named.update(found.decode() for found in _DIGEST.findall(line))


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
            _write(out, state, Part(store, tree, address), progress)
            out.write(line_of("end", {"counts": state.counts, "checksum": state.running.hexdigest()}))
        put_in_place(part, to)
    return Transfer(tree, dict(state.counts))


def _plain_tree(tree: TreeRecord) -> dict[str, object]:
    return {"tree_id": tree.tree_id, "name": tree.name, "spec": dict(tree.spec), "created": tree.created}


def _put(out: BinaryIO, state: _Writing, line: bytes, what: tuple[str, object]) -> None:
    out.write(line)
    state.note(line, *what)


def _write(out: BinaryIO, state: _Writing, part: Part, progress: Progress | None) -> None:
    """Write section by section, page by page, with a checkpoint after each page."""
    while state.section is not None:
        records, state.after = _section(part, state)
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
    return replace(
        state,
        running=state.running.copy(),
        counts=dict(state.counts),
        responses=set(state.responses),
        named=set(state.named),
    )


def _section(part: Part, state: _Writing) -> tuple[_Records, str | None]:
    """The next page of the section that is being written, and where it ends."""
    if state.section == "blobs":
        store = part.store
        optional = {each for each in state.named if store.has_blob(each)}
        digests = state.responses | optional | set(blobs_named(store, part.tree.spec))
        return _blob_page(store, sorted(digests), state.after)
    page = page_of(part, str(state.section), state.after)
    return map(line_of_item, page.items), page.after


def _blob_page(store: Store, digests: list[str], after: str | None) -> tuple[_Records, str | None]:
    """The parts of the next blob; the cursor is its digest."""
    left = [digest for digest in digests if after is None or digest > after]
    if not left:
        return (), None
    digest = left[0]
    if not store.has_blob(digest):
        raise FailedError(
            f"the response {digest} of an expansion is not stored.", where=store.url, remedy="priory verify"
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
