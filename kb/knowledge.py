"""Knowledge bases and trees: the objects that programs hold; every face goes through them."""

from __future__ import annotations

import os
import shlex
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from kb.address import ROOT, Address, ancestors, depth, parse_address
from kb.arrays import Codes, Mask
from kb.cases import Cases, Labelled, load_cases, load_labelled
from kb.errors import InputError
from kb.records import Document, Judgement, JudgementKind, Move, Page, TreeRecord
from kb.searching import Found, SearchBy, search
from kb.shift import column_shifts
from kb.statements import Draft, Statement
from kb.stores.opening import open_store
from kb.stores.protocol import Store, UnknownAddressError
from kb.task import Task
from kb.words import column_in_words

if TYPE_CHECKING:
    import networkx

    from kb.tables import PreparedTask

__all__ = ["KnowledgeBase", "Tree", "open_kb"]

Item = TypeVar("Item")

HELD_OUT = 0.2  # share of D that no statement and no number is ever chosen with
MOST_HELD_OUT = 5_000
ROOT_CLASSES = 6  # that the root's text names


def _all_pages(page_after: Callable[[str | None], Page[Item]]) -> list[Item]:
    """What all pages hold, in order."""
    page = page_after(None)
    found = list(page.items)
    while page.after is not None:
        page = page_after(page.after)
        found += page.items
    return found


class Tree:
    """One task with its background knowledge Z."""

    def __init__(self, store: Store, record: TreeRecord) -> None:
        self.store, self.record = store, record
        self.task = Task.from_dict(record.spec["task"])

    @property
    def name(self) -> str:
        """What people call it."""
        return self.record.name

    @property
    def option(self) -> str:
        """How a command names this tree; ends the commands that messages tell people to run."""
        return f"--tree {shlex.quote(self.name)}"

    @property
    def tree_id(self) -> str:
        """Part of every node's key."""
        return self.record.tree_id

    @cached_property
    def D(self) -> Labelled:  # noqa: N802  # the paper's letter
        """The labelled cases, all of them; none for a tree without cases."""
        if not self.task.digest_D:
            return Labelled(Cases((), {}), np.zeros(0, dtype=np.int64))
        return load_labelled(self.task, self.store.blob(self.task.digest_D))

    @cached_property
    def Dstar(self) -> Cases:  # noqa: N802
        """The cases to predict; no label of theirs is stored anywhere."""
        if not self.task.digest_Dstar:
            return Cases((), {})
        return load_cases(self.task, self.store.blob(self.task.digest_Dstar))

    @cached_property
    def held_out(self) -> Mask:
        """Which rows of D are kept back for the report, shape (n,); drawn once with the task's seed."""
        n = self.D.n
        kept_back = min(round(HELD_OUT * n), MOST_HELD_OUT) if n >= 40 else 0
        rows = np.zeros(n, dtype=np.bool_)
        rows[np.random.default_rng(self.task.seed).permutation(n)[:kept_back]] = True
        return rows

    @cached_property
    def D_for_choosing(self) -> Labelled:  # noqa: N802
        """D without the rows that are held out: what unpacking and the search may look at."""
        return self.D.take(np.flatnonzero(~self.held_out))

    @cached_property
    def shifts(self) -> Mapping[str, float]:
        """Per column, how far D* differs from D, in [0, 1]."""
        return {shift.column: shift.distance for shift in column_shifts(self.D.cases, self.Dstar)}

    def statement(self, address: Address | str) -> Statement:
        """The statement at an address.

        Raises:
            UnknownAddressError: It is not stored; the message names the nearest ancestor that is.
        """
        place = Address(address)
        found = self.store.node(self.tree_id, place)
        if found is None:
            stored = self.store.nodes(self.tree_id, ancestors(place))
            nearest = stored[-1].address if stored else ROOT
            raise UnknownAddressError(
                f"no such statement; the nearest stored ancestor is {nearest}.",
                where=f"{self.name} {place}",
                remedy=f"Unpack it first: priory unpack {nearest} {self.option}",
            )
        return found

    def children(self, of: Address | str = ROOT, *, dropped: bool = False) -> list[Statement]:
        """Children in the current slot, in order; dropped ones only if asked for."""
        place = Address(of)
        found = _all_pages(lambda after: self.store.children(self.tree_id, place, after=after, limit=1000))
        return [s for s in found if dropped or not s.is_dropped]

    def ancestors(self, of: Address | str) -> list[Statement]:
        """Statements above the address, the root first."""
        return self.store.ancestors(self.tree_id, Address(of))

    def walk(
        self, of: Address | str = ROOT, *, levels: int | None = None, dropped: bool = False
    ) -> Iterator[Statement]:
        """The statement and what lies below it, depth first along current slots.

        Args:
            of: Where to start.
            levels: How many levels below the start; None for all.
            dropped: Dropped statements, and what lies below them, too.
        """
        start, after, skip = Address(of), None, ""
        while True:
            page = self.store.subtree(self.tree_id, start, after=after, limit=1000)
            for s in page.items:
                if skip and s.address.startswith((skip + ".", skip + "@")):
                    continue
                skip = s.address if s.is_dropped and not dropped else ""
                if not skip and (levels is None or depth(s.address) - depth(start) <= levels):
                    yield s
            after = page.after
            if after is None:
                return

    def search(
        self,
        text: str,
        *,
        by: SearchBy = "words",
        limit: int = 20,
        after: str | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Found:
        """Statements that have all the words or mean about the same; see ``kb.searching.search``."""
        return search(self, text, by=by, limit=limit, after=after, progress=progress)

    def to_networkx(self, address: Address | str = ROOT, depth: int = 3) -> networkx.DiGraph[Address]:
        """The statement and what is at most ``depth`` levels below; see ``kb.transfer.to_networkx``."""
        from kb.transfer.graph import to_networkx

        return to_networkx(self.store, self.record, parse_address(address), depth)

    def judgements(self) -> list[Judgement]:
        """All that were said, in order, corrected and undone ones included."""
        return _all_pages(lambda after: self.store.judgements(self.tree_id, after=after))

    def judge(self, kind: JudgementKind, address: Address | str, rater: str, **said: Any) -> Judgement:
        """Append one judgement; ``said`` are the other fields of Judgement."""
        judgement = Judgement(
            id=said.pop("id", uuid.uuid4().hex),
            kind=kind,
            address=Address(address),
            rater=rater,
            created=time.time(),
            **said,
        )
        self.store.append_judgements(self.tree_id, [judgement])
        return judgement

    def log(self, *moves: Move) -> None:
        """Append moves."""
        self.store.append_moves(self.tree_id, moves)

    def moves(self) -> list[Move]:
        """All moves, in order."""
        return _all_pages(lambda after: self.store.moves(self.tree_id, after=after))

    def documents(self, kind: str, *, prefix: str = "") -> list[Document]:
        """All documents of a kind whose key begins with ``prefix``, by key."""
        return _all_pages(
            lambda after: self.store.documents(self.tree_id, kind, prefix=prefix, after=after, limit=1000)
        )

    def remember(self, changes: Mapping[str, object]) -> None:
        """Merge JSON values into the tree's spec, such as the digest of the newest fit."""
        self.store.update_spec(self.tree_id, changes)
        self.record = self.store.tree(self.name)


class KnowledgeBase:
    """Trees in one store. Use it as a context manager, or call ``close``."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def __enter__(self) -> KnowledgeBase:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the database back."""
        self.store.close()

    def trees(self) -> list[TreeRecord]:
        """All trees, by name."""
        return self.store.trees()

    def tree(self, name: str) -> Tree:
        """The tree of that name.

        Raises:
            UnknownTreeError: There is none.
        """
        return Tree(self.store, self.store.tree(name))

    def to_networkx(
        self, address: Address | str = ROOT, depth: int = 3, *, tree: str | None = None
    ) -> networkx.DiGraph[Address]:
        """A graph of the top of a tree, the only one unless ``tree`` names it.

        Raises:
            InputError: There are several trees, or none.
            FailedError: networkx is not installed.
        """
        names = [record.name for record in self.trees()]
        if tree is None and len(names) != 1:
            there = ", ".join(names) or "none yet"
            raise InputError(
                f"there are {len(names)} trees: {there}.", where=self.store.url, remedy="Name one: tree=…"
            )
        return self.tree(tree or names[0]).to_networkx(address, depth)

    def create(self, prepared: PreparedTask) -> Tree:
        """Store a task with its data and the root of its tree.

        Raises:
            InputError: The name is blank.
            TreeExistsError: The name is taken by another task. The same task again gives its tree.
        """
        task = prepared.task
        _refuse_blank(task.name)
        self.store.put_blob(prepared.parquet_D)
        self.store.put_blob(prepared.parquet_Dstar)
        record = TreeRecord(tree_id=task.content_hash, name=task.name, spec={"task": task.to_dict()})
        text = task.root or _base_rate_in_words(task, load_labelled(task, prepared.parquet_D).y)
        self.store.create_tree(record, Draft(text=text, kind="claim", origin="task"))
        return self.tree(task.name)

    def create_without_cases(
        self, name: str, root: str, *, about_train: str = "", about_predict: str = ""
    ) -> Tree:
        """Store a tree that has no D: a language model and people can unpack it, and nothing in it is tested.

        Raises:
            InputError: The root says nothing, or the name is blank.
            TreeExistsError: The name is taken by another task. The same call again gives its tree.
        """
        _refuse_blank(name)
        if not root.strip():
            raise InputError("without cases the root must say something.", remedy="Give it a text: root=…")
        task = Task(
            name,
            target="",
            classes=(),
            columns=(),
            about_train=about_train or "the world",
            about_predict=about_predict or "the world",
            root=root.strip(),
        )
        record = TreeRecord(tree_id=task.content_hash, name=name, spec={"task": task.to_dict()})
        self.store.create_tree(record, Draft(text=task.root, kind="claim", origin="task"))
        return self.tree(name)


def _refuse_blank(name: str) -> None:
    if not name.strip():
        raise InputError("a tree needs a name.", remedy="Give it a short one, such as churn.")


def _base_rate_in_words(task: Task, y: Codes) -> str:
    """What the root says of y before anything is known of a case."""
    share = np.bincount(y, minlength=len(task.classes)) / max(len(y), 1)
    said = [f"{c} {100 * p:.0f} %" for c, p in zip(task.classes, share, strict=True)]
    more = f" and {len(said) - ROOT_CLASSES} more" if len(said) > ROOT_CLASSES else ""
    return (
        f"Before anything is known, {column_in_words(task.target)} is {', '.join(said[:ROOT_CLASSES])}{more}."
    )


def open_kb(
    url: str | os.PathLike[str], *, create: bool = True, ask: Callable[[str], str] | None = None
) -> KnowledgeBase:
    """The knowledge base at a URL such as ``sqlite:///penguins.db`` or ``neo4j://host:7687/database``.

    Args:
        url: Where it is; the path of a file will do.
        create: Make an empty one where there is none.
        ask: Called with a question when a server wants a password that nobody gave; returns it.

    Raises:
        InputError: There is no knowledge base, or something else is there.
        MigrationNeededError: It was made by an older Priory.
        FailedError: It was made by a newer one, or can't be reached.
    """
    if not isinstance(url, str | os.PathLike):
        raise InputError(f"{url!r} names no knowledge base.", remedy="Give a URL such as sqlite:///file.db.")
    return KnowledgeBase(open_store(os.fspath(url), create=create, ask=ask))
