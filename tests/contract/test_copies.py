"""Copies between stores: everything goes over, a stopped copy goes on, and a mix is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kb.address import ROOT, Address
from kb.errors import FailedError, InputError
from kb.records import Judgement, Move, TreeRecord
from kb.statements import Draft, Measures
from kb.stores.opening import open_store
from kb.stores.protocol import Store, TreeExistsError, UnknownAddressError
from kb.transfer import copy_tree
from kb.transfer.copying import SourceChangedError
from kb.transfer.sections import COPY
from tests.contract.building import grow, sound, unpack
from tests.contract.conftest import Place
from tests.contract.test_transfers import TREE, HereError, penguins, whole

__all__ = ["penguins"]

Opener = Callable[[str], Store]


@pytest.fixture
def other(tmp_path: Path) -> Opener:
    """Opens a SQLite store: copies go to it from every kind of store, and back."""
    return lambda name: open_store(f"sqlite:///{tmp_path}/{name}.db")


@pytest.fixture
def full(store: Store, penguins: TreeRecord) -> TreeRecord:
    """A tree with one of everything, vectors too."""
    vectors = {
        Address(at): [0.0] * n + [1.0] + [0.0] * (383 - n) for n, at in enumerate(("0", "0.1", "0@1.0"))
    }
    store.put_vectors(TREE, "a-model", vectors)
    return penguins


def all_of(store: Store) -> dict[str, object]:
    kinds = [kind for kind in store.document_kinds(TREE) if kind != COPY]
    return {
        **whole(store),
        "queue": store.queue(TREE).items,
        "documents": [(d.kind, d.key, d.body) for kind in kinds for d in store.documents(TREE, kind).items],
        "vectors": [(at, list(v)) for at, v in store.vectors(TREE, "a-model").items],
    }


def test_everything_goes_over_and_back(store: Store, full: TreeRecord, other: Opener) -> None:
    with other("there") as there:
        done = copy_tree(store, there, full)
        assert all_of(there) == all_of(store)
        sound(there)
        assert done.compared.counts["statement"] == len(
            store.subtree(TREE, ROOT, limit=1000, every_slot=True).items
        )
        assert done.compared.counts == {
            "statement": 19,
            "expansion": 7,
            "judgement": 5,
            "move": 10,
            "document": 2,
            "request": 2,
            "vector": 3,
            "blob": 4,
            "task": 1,
        }
        assert not done.was_resumed
        assert set(done.to_dict()["compared"]["statement"]) == {"count", "checksum"}
        with other("back") as back:
            assert copy_tree(there, back, there.tree("penguins")).compared == done.compared
            assert all_of(back) == all_of(store)


def test_a_copy_goes_into_a_store_of_this_kind_even_when_it_was_stopped(
    store: Store, place: Place, full: TreeRecord, other: Opener
) -> None:
    with other("there") as there:
        copy_tree(store, there, full)
        before = all_of(store)
        with place.open_empty() as back:
            for at in ("put_expansions", "put_queue"):
                with pytest.raises(HereError):
                    copy_tree(there, _Stopping(back, at), full)  # type: ignore[arg-type]  # stands in for it
            done = copy_tree(there, back, full)
            assert done.was_resumed
            assert all_of(back) == before
            sound(back)


def test_a_copy_may_be_repeated_and_brings_what_is_new(store: Store, full: TreeRecord, other: Opener) -> None:
    with other("there") as there:
        copy_tree(store, there, full)
        assert copy_tree(store, there, full).new == len(store.vectors(TREE, "a-model").items)
        unpack(store, TREE, Address("0.2.1"), "later")
        store.choose(TREE, ROOT, 0)
        store.set_dropped(TREE, Address("0.1"), is_dropped=False)
        store.put_measures(TREE, {Address("0.2"): Measures({"a": 9.0}), ROOT: Measures(rated=3)})
        store.append_judgements(TREE, [Judgement("new", "rating", Address("0.2.1.0"), "human:ada", 0.4)])
        store.update_spec(TREE, {"fit": store.put_blob(b"the newest fit")})
        copy_tree(store, there, store.tree("penguins"))
        assert all_of(there) == all_of(store)
        sound(there)


@pytest.mark.parametrize(
    "at",
    ["create_tree", "put_statements", "put_expansions", "append_judgements", "append_moves", "put_document",
     "put_queue", "put_vectors"],
)  # fmt: skip
def test_a_copy_that_was_stopped_goes_on(store: Store, full: TreeRecord, other: Opener, at: str) -> None:
    with other("there") as there:
        with pytest.raises(HereError):
            copy_tree(store, _Stopping(there, at), full)  # type: ignore[arg-type]  # stands in for the store
        store.choose(TREE, ROOT, 0)
        store.set_dropped(TREE, Address("0.2"), is_dropped=True)
        store.append_judgements(TREE, [Judgement("new", "rating", ROOT, "human:ada", 0.4)])
        copy_tree(store, there, full)
        if at not in {"append_moves", "put_document", "put_queue", "put_vectors"}:
            assert all_of(there) == all_of(store)
        sound(there)


class _Stopping:
    """A store of which one method does its work and then stops the copy."""

    def __init__(self, store: Store, at: str) -> None:
        self._store, self._at = store, at

    def __getattr__(self, name: str) -> object:
        method = getattr(self._store, name)
        if name != self._at:
            return method

        def work_and_stop(*given: object, **named: object) -> None:
            method(*given, **named)
            raise HereError

        return work_and_stop


def test_a_stopped_copy_does_not_begin_anew(store: Store, tree: str, other: Opener) -> None:
    unpack(store, tree, ROOT, *(f"statement {n}" for n in range(3000)))
    record = next(each for each in store.trees() if each.tree_id == tree)
    seen: list[tuple[str, int]] = []

    def stop(doing: str, done: int, _: int | None) -> None:
        seen.append((doing, done))
        if (doing, done) == ("Copying", 2000):
            raise HereError

    with other("there") as there:
        with pytest.raises(HereError):
            copy_tree(store, there, record, progress=stop)
        seen.clear()
        done = copy_tree(store, there, record, progress=lambda doing, n, _: seen.append((doing, n)))
        assert done.was_resumed
        assert done.new == 1002
        assert max(n for doing, n in seen if doing == "Copying") == 1002
        sound(there)


@pytest.mark.parametrize("address", ["0.0", "0.0.0.1", "0@1.1", "0@1.1@2.0"])
def test_a_part_goes_over_with_the_path_to_it(
    store: Store, full: TreeRecord, other: Opener, address: str
) -> None:
    top = Address(address)
    with other("there") as there:
        copy_tree(store, there, full, address=top)
        sound(there)
        mine = store.subtree(TREE, top, every_slot=True).items
        assert there.subtree(TREE, top, every_slot=True).items == mine
        for each in there.ancestors(TREE, top):
            assert there.expansions(TREE, each.address) == store.expansions(TREE, each.address)
        copy_tree(store, there, full, address=Address("0.2"))
        copy_tree(store, there, full)
        assert {**all_of(there), "moves": 0, "judgements": 0} == {
            **all_of(store),
            "moves": 0,
            "judgements": 0,
        }
        sound(there)


def test_an_address_that_is_not_stored_makes_nothing(store: Store, full: TreeRecord, other: Opener) -> None:
    with other("there") as there:
        with pytest.raises(UnknownAddressError):
            copy_tree(store, there, full, address=Address("0.9"))
        assert there.trees() == []


def test_another_tree_of_that_name_is_refused(store: Store, full: TreeRecord, other: Opener) -> None:
    with other("there") as there:
        there.create_tree(TreeRecord("b" * 32, "penguins", {}), Draft("another task"))
        with pytest.raises(TreeExistsError, match="made from another task; nothing was copied"):
            copy_tree(store, there, full)
        assert [each.tree_id for each in there.trees()] == ["b" * 32]


OTHERS: list[tuple[str, Callable[[Store], object]]] = [
    ("a statement at 0.2.4", lambda there: there.append_child(TREE, Address("0.2"), Draft("by hand"))),
    ("an expansion of 0.2.1", lambda there: unpack(there, TREE, Address("0.2.1"))),
    (
        "the judgement mine",
        lambda there: there.append_judgements(TREE, [Judgement("mine", "rating", ROOT, "human:bo", 0.5)]),
    ),
    (
        "the move mine",
        lambda there: there.append_moves(TREE, [Move("ask", ROOT, "x", taken=True, id="mine")]),
    ),
    ("the document session s1", lambda there: there.put_document(TREE, "session", "s1", {"mine": 1})),
    ("the document session s2", lambda there: there.put_document(TREE, "session", "s2", {})),
]


@pytest.mark.parametrize(("what", "change"), OTHERS, ids=[what for what, _ in OTHERS])
def test_a_copy_that_was_worked_on_is_not_mixed_in(
    store: Store, full: TreeRecord, other: Opener, what: str, change: Callable[[Store], object]
) -> None:
    with other("there") as there:
        copy_tree(store, there, full)
        change(there)
        store.append_judgements(TREE, [Judgement("new", "rating", ROOT, "human:ada", 0.4)])
        before = all_of(there)
        with pytest.raises(InputError, match=f"holds {what} that the source doesn't; nothing was copied"):
            copy_tree(store, there, full)
        assert all_of(there) == before


def test_what_differs_afterwards_is_named(store: Store, full: TreeRecord, other: Opener) -> None:
    class Losing(_Stopping):
        def __getattr__(self, name: str) -> object:
            return (lambda *_: 0) if name == "append_judgements" else getattr(self._store, name)

    with other("there") as there:
        with pytest.raises(FailedError, match=r"differs from the source in: judgement \(5 and 0\)"):
            copy_tree(store, Losing(there, ""), full)  # type: ignore[arg-type]  # stands in for the store
        copy_tree(store, there, full)
        assert all_of(there) == all_of(store)


def test_a_source_that_grows_meanwhile_is_named_and_copied_again(
    store: Store, tree: str, other: Opener
) -> None:
    unpack(store, tree, ROOT, *(f"statement {n}" for n in range(1200)))
    record = next(each for each in store.trees() if each.tree_id == tree)

    def write(doing: str, done: int, _: int | None) -> None:
        at = Address(f"0.{done % 1200}")
        if doing == "Copying" and not store.expansions(tree, at):
            unpack(store, tree, at, "while it is copied")
            store.enqueue(tree, [(Address(f"{at}.0"), 0, 1.0)])
            store.append_judgements(
                tree, [Judgement(f"j{done}", "rating", Address(f"{at}.0"), "human:ada", 0.5)]
            )

    with other("there") as there:
        with pytest.raises(FailedError, match="the source changed while it was copied"):
            copy_tree(store, there, record, progress=write)
        sound(there)
        copy_tree(store, there, record)
        sound(there)


def test_a_source_that_grows_while_states_are_brought_breaks_nothing(
    store: Store, full: TreeRecord, other: Opener
) -> None:
    with other("there") as there:
        copy_tree(store, there, full)
        store.put_measures(TREE, {Address("0.2"): Measures({"a": 9.0})})

        def write(doing: str, _: int, __: int | None) -> None:
            if doing == "Copying" and store.document(TREE, "grown", "once") is None:
                noted = there.document(TREE, COPY, ROOT)
                if noted is not None and noted.body["section"] == "states":
                    store.put_document(TREE, "grown", "once", {})
                    unpack(store, TREE, Address("0.2.2"), "while states are brought")

        with pytest.raises(SourceChangedError):
            copy_tree(store, there, full, progress=write)
        sound(there)
        copy_tree(store, there, full)
        assert all_of(there) == all_of(store)


def test_several_trees_stay_apart(store: Store, full: TreeRecord, tree: str, other: Opener) -> None:
    grow(store, tree, levels=2)
    with other("there") as there:
        for record in store.trees():
            copy_tree(store, there, record)
        assert [each.name for each in there.trees()] == [each.name for each in store.trees()]
        assert there.subtree(tree, ROOT).items == store.subtree(tree, ROOT).items
        assert full.name == "penguins"
