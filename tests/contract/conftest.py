"""Every store goes through the same suite: a new one is one more parameter of ``place``."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kb.records import TreeRecord
from kb.statements import Draft
from kb.stores.opening import open_store
from kb.stores.protocol import Store

if TYPE_CHECKING:
    from tests.neo4j_server.places import GraphPlace

STORES = ["sqlite", pytest.param("neo4j", marks=pytest.mark.neo4j)]


@dataclass
class Clock:
    """A clock that a test turns."""

    now: float = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Place:
    """Where a store of one kind lives, so that a test can open it again or in another process.

    Attributes:
        url: What opens it; processes that a test starts get the same.
        make_empty: Leads to a place of the same kind that holds nothing.
        clock: What ``open`` gives it to go by.
    """

    url: str
    make_empty: Callable[[], str]
    clock: Clock = field(default_factory=Clock)

    def open(self) -> Store:
        return open_store(self.url, clock=self.clock)

    def open_empty(self) -> Store:
        """A knowledge base of the same kind that holds nothing; what the place held may be gone."""
        return open_store(self.make_empty(), clock=self.clock)


@pytest.fixture(params=STORES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "sqlite":
        numbers = itertools.count()
        return Place(f"sqlite:///{tmp_path}/kb.db", lambda: f"sqlite:///{tmp_path}/empty{next(numbers)}.db")
    graph: GraphPlace = request.getfixturevalue("graph")
    return Place(graph.emptied(), graph.emptied)


@pytest.fixture
def clock(place: Place) -> Clock:
    return place.clock


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    with place.open() as opened:
        yield opened


_NUMBERS = itertools.count(1)


@pytest.fixture
def new_tree(store: Store) -> Callable[[], str]:
    """Makes one more tree and returns its id."""

    def make() -> str:
        tree_id = f"{next(_NUMBERS):032x}"
        store.create_tree(TreeRecord(tree_id, f"tree {tree_id}", {}), Draft("the base rate"))
        return tree_id

    return make


@pytest.fixture
def tree(new_tree: Callable[[], str]) -> str:
    return new_tree()
