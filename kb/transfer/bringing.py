"""Import of JSON lines: the whole file is verified before anything is written, or even opened."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kb.address import ROOT, Address, ancestors, parent, parse_address
from kb.errors import InputError
from kb.records import Expansion, TreeRecord
from kb.statements import Draft, Statement
from kb.stores.protocol import Store, TreeExistsError
from kb.transfer.lines import (
    KINDS_OF_LINE,
    LONGEST_LINE,
    READABLE,
    Progress,
    Record,
    Transfer,
    line_of,
    read_record,
)
from kb.transfer.putting import put
from kb.transfer.sections import Item
from kb.transfer.whole import named_faults

__all__ = ["VerifiedExport", "bring_in", "import_jsonl", "verified"]

_BATCH = 1000
_AGAIN = "Export it again; nothing was imported."


@dataclass(frozen=True, slots=True)
class VerifiedExport:
    """A file that is as it was exported.

    Attributes:
        file: Where it is.
        tree: The tree that it holds.
        root: What the tree's root says.
        counts: Records by kind of line.
        n_lines: Lines.
    """

    file: Path
    tree: TreeRecord
    root: Draft
    counts: dict[str, int]
    n_lines: int


def import_jsonl(store: Store, file: Path, *, progress: Progress | None = None) -> Transfer:
    """Bring in what ``export_jsonl`` wrote; what is there stays, so a stopped import is just repeated.

    Raises:
        InputError: The file is cut off, edited or something else, or says something else than the store at
            an address; the message names file and line. Nothing was written.
        TreeExistsError: A tree of that name was made from another task.
    """
    return bring_in(store, verified(file), progress=progress)


def bring_in(store: Store, export: VerifiedExport, *, progress: Progress | None = None) -> Transfer:
    """Bring in a file that was verified; raises what ``import_jsonl`` does."""
    file, tree_id = export.file, export.tree.tree_id
    with named_faults(file):
        _refuse_conflicts(store, export)
        store.create_tree(export.tree, export.root)
        for number, statements in _batches(file, "statement"):
            put(store, tree_id, statements)
            if progress:
                progress(number, export.n_lines)
        for data in _blobs(file):
            store.put_blob(data)
        for kind in ("expansion", "judgement", "move", "document", "queue"):
            for _, items in _batches(file, kind):
                put(store, tree_id, items)
    if progress:
        progress(export.n_lines, export.n_lines)
    return Transfer(export.tree, export.counts)


def _lines(file: Path) -> Iterator[tuple[int, bytes]]:
    with file.open("rb") as opened:
        number = 0
        while line := opened.readline(LONGEST_LINE):
            number += 1
            yield number, line


def _batches(file: Path, kind: str) -> Iterator[tuple[int, list[Item]]]:
    """The records of one kind, a batch at a time, each with the number of its last line."""
    begins = _prefix(kind)
    batch: list[Item] = []
    number = 0
    for number, line in _lines(file):
        if line.startswith(begins):
            record = read_record(kind, json.loads(line)[kind])
            if record is not None:
                batch.append(record)
        if len(batch) == _BATCH:
            yield number, batch
            batch = []
    if batch:
        yield number, batch


def _prefix(kind: str) -> bytes:
    return line_of(kind, 0).partition(b":")[0] + b":"


def _blobs(file: Path) -> Iterator[bytes]:
    parts: list[bytes] = []
    for _, line in _lines(file):
        if line.startswith(_prefix("blob")):
            record = json.loads(line)["blob"]
            parts.append(base64.b64decode(record["data"]))
            if record["part"] == record["parts"] - 1:
                yield b"".join(parts)
                parts = []


def _bad(file: Path, line: int | str, what: str) -> InputError:
    return InputError(what, where=f"{file}:{line}", remedy=_AGAIN)


class _Verifier:
    """Goes over the lines once and remembers what the import needs."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.running = hashlib.blake2b(digest_size=32)
        self.header: Record = {}
        self.tree: TreeRecord | None = None
        self.root: Draft | None = None
        self.counts = dict.fromkeys(KINDS_OF_LINE, 0)
        self.sound = 0  # the last line that a checksum vouches for
        self.is_ended = False
        self.above: set[Address] = set()  # the path to the exported part
        self.chain: list[Address] = []  # the statement before, and what is above it

    def take(self, number: int, line: bytes) -> None:
        """Judge one line."""
        if self.is_ended:
            raise _bad(self.file, number, "there are lines behind the end.")
        kind, record = self._parsed(number, line)
        try:
            if number == 1:
                self._take_header(kind, record)
            elif kind in {"checkpoint", "end"}:
                self._compare(number, kind, record)
            else:
                self._take_record(kind, record)
        except InputError as error:
            if error.where:
                raise
            raise _bad(self.file, number, error.message) from error
        except (KeyError, TypeError, ValueError, AttributeError, binascii.Error) as error:
            raise _bad(self.file, number, f"it is no {kind} that this Priory knows ({error}).") from error
        self.running.update(line)

    def _parsed(self, number: int, line: bytes) -> tuple[str, Any]:
        try:
            if not line.endswith(b"\n"):
                raise _bad(self.file, number, "the file is cut off in this line.")
            ((kind, record),) = json.loads(line).items()
        except (ValueError, AttributeError, RecursionError) as error:
            if isinstance(error, InputError):
                raise
            what = "it is not a line of an export." if number > 1 else "the file is not an export of Priory."
            raise _bad(self.file, number, what) from error
        if kind not in {"priory", "checkpoint", "end", *KINDS_OF_LINE} or not line.startswith(_prefix(kind)):
            raise _bad(self.file, number, f"{str(kind)[:40]!r} is no kind of line.")
        return kind, record

    def _take_header(self, kind: str, record: Record) -> None:
        if kind != "priory":
            raise _bad(self.file, 1, "the file doesn't begin with the header of an export.")
        if record["format"] not in READABLE:
            known = " and ".join(map(str, READABLE))
            raise _bad(self.file, 1, f"it has format {record['format']!r}; this Priory reads {known}.")
        plain = record["tree"]
        self.above = set(ancestors(parse_address(record["address"])))
        if not all(isinstance(plain[name], str) for name in ("tree_id", "name")):
            raise ValueError("the tree has no name")
        self.tree = TreeRecord(plain["tree_id"], plain["name"], dict(plain["spec"]), float(plain["created"]))

    def _compare(self, number: int, kind: str, record: Record) -> None:
        if record["checksum"] != self.running.hexdigest():
            span = f"{self.sound + 1}-{number}"
            raise _bad(self.file, span, "these lines are not as they were exported.")
        self.sound = number
        if kind == "end":
            counted = {kind: n for kind, n in self.counts.items() if n or kind in record["counts"]}
            if record["counts"] != counted:
                raise _bad(self.file, number, "the numbers of records differ from what was exported.")
            self.is_ended = True

    def _take_record(self, kind: str, record: Record) -> None:
        made = read_record(kind, record)
        self.counts[kind] += 1
        if isinstance(made, Statement):
            up = parent(made.address)
            if up is None:
                self.root = made.draft
            else:
                self._see_parent(up)
            self.chain.append(made.address)

    def _see_parent(self, up: Address) -> None:
        """Statements come depth first, but for those along the path to an exported part."""
        while self.chain and self.chain[-1] != up:
            self.chain.pop()
        if not self.chain:
            if self.root is None or up not in self.above:
                raise ValueError("the statement above it is missing")
            self.chain = [up]

    def contents(self) -> VerifiedExport:
        """What was found.

        Raises:
            InputError: The file stopped before its end.
        """
        n_lines = self.sound
        if not self.is_ended or self.tree is None or self.root is None:
            raise _bad(self.file, n_lines, "the file is cut off: its last line is missing.")
        return VerifiedExport(self.file, self.tree, self.root, self.counts, n_lines)


def verified(file: Path) -> VerifiedExport:
    """What the file holds, if it is as it was exported.

    Raises:
        InputError: It is cut off, edited or something else; the message names file and line.
        FailedError: It can't be read.
    """
    with named_faults(file):
        return _verified(file)


def _verified(file: Path) -> VerifiedExport:
    if not file.exists():
        raise InputError("there is no such file.", where=str(file))
    if file.is_dir():
        raise InputError("it is a folder.", where=str(file), remedy="Name the file that was exported.")
    verifier = _Verifier(file)
    number = 0
    for number, line in _lines(file):
        verifier.take(number, line)
    if number == 0:
        raise InputError("the file is empty.", where=str(file), remedy=_AGAIN)
    return verifier.contents()


def _refuse_conflicts(store: Store, export: VerifiedExport) -> None:
    """See that the store says nothing else than the file."""
    file, name, tree_id = export.file, export.tree.name, export.tree.tree_id
    there = next((each for each in store.trees() if each.name == name), None)
    if there is None:
        return
    if there.tree_id != tree_id:
        raise TreeExistsError(
            f"there is a tree {name!r} already, made from another task; nothing was imported.",
            where=str(file),
            remedy="Import into another knowledge base: --kb.",
        )
    for _, batch in _batches(file, "statement"):
        new = {each.address: each.draft for each in batch if isinstance(each, Statement)}
        for stored in store.nodes(tree_id, list(new)):
            if stored.draft != new[stored.address]:
                raise _conflict(file, stored.address)
    for _, batch in _batches(file, "expansion"):
        for made in batch:
            if isinstance(made, Expansion) and any(
                _differ(made, stored) for stored in store.expansions(tree_id, made.address)
            ):
                raise _conflict(file, made.address)


def _differ(one: Expansion, other: Expansion) -> bool:
    """Two records of one slot that are not the same unpacking."""
    if one.slot != other.slot:
        return False
    left, right = one.to_dict(), other.to_dict()
    return any(left[name] != right[name] for name in left.keys() - {"created", "is_current"})


def _conflict(file: Path, address: Address) -> InputError:
    what = "the root" if address == ROOT else address
    return InputError(
        f"the knowledge base says something else at {what}; nothing was imported.",
        where=str(file),
        remedy="Import into another knowledge base: --kb.",
    )
