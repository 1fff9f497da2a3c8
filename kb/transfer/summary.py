"""Counts and checksums of what a tree holds, by which two stores are compared."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kb.records import Expansion
from kb.statements import Statement
from kb.transfer.lines import line_of_item
from kb.transfer.sections import Item, Part, Vector, blobs_named, page_of

__all__ = ["COMPARED", "Doing", "Summary", "summarised"]

Doing = Callable[[str, int, int | None], None]  # what is being done, records done, records in all if known

_SECTIONS = {
    "statement": ("path statements", "statements"),
    "expansion": ("path expansions", "expansions"),
    "judgement": ("judgements",),
    "move": ("moves",),
    "document": ("documents",),
    "request": ("queue",),
    "vector": ("vectors",),
}
COMPARED = (*_SECTIONS, "blob", "task")


@dataclass(frozen=True, slots=True)
class Summary:
    """What a tree, or a part of one, holds.

    Attributes:
        counts: Records by what they are, by the words of COMPARED.
        checksums: 32 hexadecimal digits each, of the records in any order.
    """

    counts: dict[str, int]
    checksums: dict[str, str]

    def differences(self, other: Summary) -> list[str]:
        """The words of COMPARED in which the two differ."""
        return [
            word
            for word in COMPARED
            if (self.counts[word], self.checksums[word]) != (other.counts[word], other.checksums[word])
        ]


class _Tally:
    """A count, and a sum of hashes that doesn't depend on the order."""

    def __init__(self) -> None:
        self.n, self.sum = 0, 0

    def add(self, value: object) -> None:
        written = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
        self.n += 1
        self.sum += int.from_bytes(hashlib.blake2b(written, digest_size=16).digest())

    @property
    def checksum(self) -> str:
        return f"{self.sum % (1 << 128):032x}"


def summarised(
    part: Part, doing: str = "", progress: Doing | None = None, total: int | None = None
) -> Summary:
    """Go through all that the part holds.

    A statement counts with its text, place, measures and whether it was dropped, below the part's top also
    with its current slot and children; an expansion with all its proposals; a document without its version; a
    blob by its digest, which is that of its bytes.
    """
    tallies = {word: _Tally() for word in COMPARED}
    digests = set(blobs_named(part.store, part.tree.spec))
    done = 0
    for word, sections in _SECTIONS.items():
        for section in sections:
            after = None
            while True:
                page = page_of(part, section, after)
                for item in page.items:
                    tallies[word].add(_plain(item, is_below=section == "statements"))
                    digests.update(_named(part, item))
                done += len(page.items)
                if progress:
                    progress(doing, done, total)
                after = page.after
                if after is None:
                    break
    for digest in digests:
        tallies["blob"].add([digest, part.store.has_blob(digest)])
    tallies["task"].add([part.tree.tree_id, part.tree.name, dict(part.tree.spec)])
    return Summary(
        {word: each.n for word, each in tallies.items()},
        {word: each.checksum for word, each in tallies.items()},
    )


def _plain(item: Item, *, is_below: bool) -> Any:
    if isinstance(item, Vector):
        return [item.model, item.address, array("f", item.numbers).tobytes().hex()]
    _, record = line_of_item(item)
    if isinstance(item, Statement) and is_below:
        return {**record, "slot": item.slot, "n_children": item.n_children, "unpacked": item.is_unpacked}
    return record


def _named(part: Part, item: Item) -> set[str]:
    """The blobs that a record needs."""
    if isinstance(item, Expansion):
        return {item.response} if item.response else set()
    body = getattr(item, "body", None)
    return set(blobs_named(part.store, dict(body))) if body is not None else set()
