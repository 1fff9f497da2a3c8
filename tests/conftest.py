"""What tests of several rooms share: an open knowledge base, and small tasks whose truth is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kb.knowledge import KnowledgeBase, Tree, open_kb
from learning.search import learn
from tests.tasks import Table, grow, planted, three_species

if TYPE_CHECKING:
    from tests.neo4j_server.places import GraphPlace

# Markers of what is started once: its tests run in one process (pytest 9.2 hides that from pytest-xdist 3.8).
SHARED = ("neo4j", "browser", "model")


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep tests that share a server, a browser or a model together when several processes test."""
    for item in items:
        for marker in SHARED:
            if item.get_closest_marker(marker) is not None:
                item.add_marker(pytest.mark.xdist_group(marker))
                break


@pytest.fixture
def new_kb(tmp_path: Path) -> Iterator[Callable[[], KnowledgeBase]]:
    """Makes empty knowledge bases, closed at the end of the test."""
    opened: list[KnowledgeBase] = []

    def make() -> KnowledgeBase:
        opened.append(open_kb(f"sqlite:///{tmp_path}/kb{len(opened)}.db"))
        return opened[-1]

    yield make
    for kb in opened:
        kb.close()


@pytest.fixture
def kb(new_kb: Callable[[], KnowledgeBase]) -> KnowledgeBase:
    """One empty knowledge base."""
    return new_kb()


@pytest.fixture(scope="session")
def planted_table() -> Table:
    """Two classes; snow agrees with the label .97 in D and .1 in D*."""
    return planted()


@pytest.fixture(scope="session")
def species_table() -> Table:
    """Three classes; the island names the species in D and nothing in D*."""
    return three_species()


@pytest.fixture
def planted_tree(kb: KnowledgeBase, planted_table: Table) -> Tree:
    """The planted task, only its root stored."""
    return grow(kb, planted_table, "dogs")


@pytest.fixture(scope="session")
def learned_copies(
    tmp_path_factory: pytest.TempPathFactory, planted_table: Table, species_table: Table
) -> Path:
    """Databases in which ``learn`` ran once, to be copied: dogs.db and birds.db."""
    folder = tmp_path_factory.mktemp("learned")
    for name, table in (("dogs", planted_table), ("birds", species_table)):
        with open_kb(f"sqlite:///{folder}/{name}.first.db") as kb:
            learn(grow(kb, table, name))
            kb.store.backup(folder / f"{name}.db")
    return folder


@pytest.fixture
def open_copy(learned_copies: Path, tmp_path: Path) -> Iterator[Callable[[str], Tree]]:
    """Opens a copy of its own of a learned tree, ``dogs`` or ``birds``."""
    opened: list[KnowledgeBase] = []

    def make(name: str) -> Tree:
        path = tmp_path / f"copy{len(opened)}.db"
        path.write_bytes((learned_copies / f"{name}.db").read_bytes())
        opened.append(open_kb(f"sqlite:///{path}"))
        return opened[-1].tree(name)

    yield make
    for kb in opened:
        kb.close()


@pytest.fixture
def dogs(open_copy: Callable[[str], Tree]) -> Tree:
    """The planted task after ``learn``, nothing rated."""
    return open_copy("dogs")


@pytest.fixture
def birds(open_copy: Callable[[str], Tree]) -> Tree:
    """The three species after ``learn``, nothing rated."""
    return open_copy("birds")


@pytest.fixture(scope="session")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GraphPlace]:
    """The Neo4j database of this run, on a real server."""
    pytest.importorskip("neo4j", reason="the extra neo4j is not installed")
    from tests.neo4j_server.places import graph_places

    yield from graph_places(tmp_path_factory.mktemp("neo4j"))
