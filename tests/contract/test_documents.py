"""JSON values under a kind and a key: versions, conditional writes, pages."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from kb.errors import InputError
from kb.stores.protocol import StaleDocumentError, Store, UnknownTreeError


def test_a_document_comes_back_as_it_was_written(store: Store, tree: str) -> None:
    body = {"cases": [3, 1, 2], "how": "gezogen – 日本", "nested": {"a": None, "b": 0.5}}
    written = store.put_document(tree, "sample", "V", body)
    assert (written.version, written.body) == (1, body)
    assert store.document(tree, "sample", "V") == written
    assert store.document(tree, "sample", "W") is None
    assert store.document(tree, "session", "V") is None


def test_every_write_raises_the_version(store: Store, tree: str) -> None:
    versions = [store.put_document(tree, "sample", "V", {"n": n}).version for n in range(3)]
    assert versions == [1, 2, 3]
    stored = store.document(tree, "sample", "V")
    assert stored is not None
    assert stored.body == {"n": 2}


def test_a_conditional_write_needs_the_version_that_is_there(store: Store, tree: str) -> None:
    store.put_document(tree, "item", "a", {"by": "Ada"}, expected=0)
    with pytest.raises(StaleDocumentError, match="version 1"):
        store.put_document(tree, "item", "a", {"by": "Bo"}, expected=0)
    store.put_document(tree, "item", "a", {"by": "Cy"}, expected=1)
    with pytest.raises(StaleDocumentError):
        store.put_document(tree, "item", "a", {"by": "Di"}, expected=1)
    with pytest.raises(StaleDocumentError):
        store.put_document(tree, "item", "b", {"by": "Di"}, expected=1)
    stored = store.document(tree, "item", "a")
    assert stored is not None
    assert (stored.body, store.document(tree, "item", "b")) == ({"by": "Cy"}, None)


def test_one_of_many_writers_wins_each_version(store: Store, tree: str) -> None:
    def write(writer: int) -> int:
        won = 0
        for version in range(20):
            try:
                store.put_document(tree, "item", "a", {"by": writer}, expected=version)
            except StaleDocumentError:
                continue
            won += 1
        return won

    with ThreadPoolExecutor(4) as pool:
        won = sum(pool.map(write, range(4)))
    stored = store.document(tree, "item", "a")
    assert stored is not None
    assert stored.version == won <= 20


def test_pages_go_by_key_and_prefix(store: Store, tree: str) -> None:
    keys = [f"{session}/{n:03d}" for session in ("s1", "s10", "s2") for n in range(7)]
    for key in reversed(keys):
        store.put_document(tree, "item", key, {"key": key})
    store.put_document(tree, "other", "s1/000", {})
    found, after = [], None
    while True:
        page = store.documents(tree, "item", prefix="s1/", after=after, limit=3)
        found += [each.key for each in page.items]
        after = page.after
        if after is None:
            break
        if len(found) == 3:  # what was read stays read
            store.put_document(tree, "item", "s1/0000", {"key": "late"})
    assert found == keys[:7]
    assert [each.key for each in store.documents(tree, "item").items] == sorted([*keys, "s1/0000"])


def test_documents_belong_to_one_tree(store: Store, new_tree: Callable[[], str]) -> None:
    tree, other_tree = new_tree(), new_tree()
    store.put_document(tree, "sample", "V", {"n": 1})
    assert store.document(other_tree, "sample", "V") is None
    assert store.documents(other_tree, "sample").items == ()
    with pytest.raises(UnknownTreeError):
        store.put_document("f" * 32, "sample", "V", {})


@pytest.mark.parametrize("body", [{"x": math.nan}, {"x": "\ud800"}])
def test_what_is_no_json_is_refused(store: Store, tree: str, body: dict[str, object]) -> None:
    with pytest.raises(InputError):
        store.put_document(tree, "sample", "V", body)
    assert store.document(tree, "sample", "V") is None


def test_a_document_has_a_key(store: Store, tree: str) -> None:
    with pytest.raises(InputError, match="empty"):
        store.put_document(tree, "sample", "", {})
