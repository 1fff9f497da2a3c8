"""Export and import: everything comes back, and a damaged file brings in nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kb.address import ROOT, Address
from kb.errors import InputError
from kb.records import Judgement, Move, TreeRecord
from kb.statements import Draft, Measures
from kb.stores.opening import open_store
from kb.stores.protocol import Store, TreeExistsError
from kb.transfer import export_jsonl, import_jsonl, verified
from tests.contract.building import expansion, grow, pages, sound, unpack
from tests.contract.conftest import Place

TREE = "a" * 32


class HereError(Exception):
    """Stops a transfer where the test wants it."""


Opener = Callable[[str], Store]


@pytest.fixture
def penguins(store: Store) -> TreeRecord:
    """A tree with one of everything."""
    data = [store.put_blob(b"D" * 1_600_000), store.put_blob(b"")]
    spec = {"task": {"digest_D": data[0], "digest_Dstar": data[1]}, "notes": ["é", "f" * 64]}
    store.create_tree(TreeRecord(TREE, "penguins", spec), Draft("the base rate", origin="induction"))
    grow(store, TREE, levels=2, width=3)
    store.append_child(TREE, Address("0.2"), Draft("by hand", columns=("a", "b"), replaces=Address("0.2.0")))
    deeper = store.append_child(TREE, Address("0.0.0"), Draft("before the machine"))
    assert deeper.address == "0.0.0.0"
    unpack(store, TREE, Address("0.0.0"), "behind the person")
    lease = store.lease(TREE, ROOT, 1, worker="w", seconds=60)
    assert lease is not None
    response = store.put_blob(b"what the model said")
    store.commit(lease, replace(expansion(ROOT, "other", "view", slot=1), response=response))
    unpack(store, TREE, Address("0@1.1"), "deep in the other view", slot=2)
    store.choose(TREE, ROOT, 1)
    store.set_dropped(TREE, Address("0.1"), is_dropped=True)
    store.put_measures(TREE, {Address("0@1.0"): Measures({"a": 0.1}, 0.5), ROOT: Measures(rated=3)})
    places = [ROOT, Address("0.1"), Address("0.0.0"), Address("0@1.1"), Address("0.2.1")]
    store.append_judgements(
        TREE, [Judgement(str(n), "rating", at, "human:ada", 0.1 * n) for n, at in enumerate(places)]
    )
    store.append_moves(TREE, [Move("ask", at, "search", taken=True, terms={"J": 0.1}) for at in places * 2])
    store.put_document(TREE, "session", "s1", {"items": ["0.1"], "by": "human:ada"})
    store.put_document(TREE, "response", "a", {"blob": store.put_blob(b"cached"), "of": "e" * 64})
    store.enqueue(TREE, [(Address("0.2.0"), 0, 2.0), (Address("0.2.1"), 0, 1.0)])
    (item,) = store.take(TREE, worker="w", seconds=60)
    store.give_up(item, reason="the model said no")
    return store.tree("penguins")


@pytest.fixture
def other(tmp_path: Path) -> Opener:
    """Opens another store of the same kind."""
    return lambda name: open_store(f"sqlite:///{tmp_path}/{name}.db")


def whole(store: Store, tree: str = TREE) -> dict[str, object]:
    """Everything a tree holds that an export keeps."""
    statements = store.subtree(tree, ROOT, limit=100_000, every_slot=True).items
    return {
        "statements": statements,
        "walk": [each.address for each in store.subtree(tree, ROOT, limit=100_000).items],
        "expansions": [store.expansions(tree, each.address) for each in statements],
        "judgements": store.judgements(tree).items,
        "moves": store.moves(tree).items,
        "trees": [(each.name, each.tree_id, dict(each.spec), each.created) for each in store.trees()],
    }


def test_a_tree_comes_back_as_it_was(
    store: Store, penguins: TreeRecord, other: Opener, tmp_path: Path
) -> None:
    file = tmp_path / "penguins.jsonl"
    taken = export_jsonl(store, penguins, file)
    with other("copy") as copy:
        assert import_jsonl(copy, file).counts == taken.counts
        assert whole(copy) == whole(store)
        assert all(copy.blob(digest) == store.blob(digest) for digest in blobs(file))
        assert len(blobs(file)) == 4
        sound(copy)
        export_jsonl(copy, copy.tree("penguins"), tmp_path / "again.jsonl")
    assert (tmp_path / "again.jsonl").read_bytes() == file.read_bytes()


def blobs(file: Path) -> set[str]:
    records = [json.loads(line) for line in file.read_text().splitlines()]
    return {record["blob"]["digest"] for record in records if "blob" in record}


def test_an_import_can_be_repeated(store: Store, penguins: TreeRecord, other: Opener, tmp_path: Path) -> None:
    export_jsonl(store, penguins, tmp_path / "x.jsonl")
    with other("copy") as copy:
        for _ in range(2):
            import_jsonl(copy, tmp_path / "x.jsonl")
        assert whole(copy) == whole(store)
        copy.append_child(TREE, ROOT, Draft("written after the import"))
        import_jsonl(copy, tmp_path / "x.jsonl")
        assert len(copy.children(TREE, ROOT).items) == len(store.children(TREE, ROOT).items) + 1
        sound(copy)
    import_jsonl(store, tmp_path / "x.jsonl")
    sound(store)


def test_an_import_that_was_stopped_is_repeated(
    store: Store, penguins: TreeRecord, other: Opener, tmp_path: Path
) -> None:
    export_jsonl(store, penguins, tmp_path / "x.jsonl")

    for at in (
        "put_statements",
        "put_blob",
        "put_expansions",
        "append_judgements",
        "append_moves",
        "put_queue",
    ):
        with other(at) as copy:

            def stop(*_: object) -> None:
                raise HereError

            stopping = _Stopping(copy, at, stop)
            with pytest.raises(HereError):
                import_jsonl(stopping, tmp_path / "x.jsonl")  # type: ignore[arg-type]  # stands in for copy
            sound(copy)
            import_jsonl(copy, tmp_path / "x.jsonl")
            assert whole(copy) == whole(store)
            sound(copy)


class _Stopping:
    """A store of which one method does its work and then stops the import."""

    def __init__(self, store: Store, at: str, stop: Callable[..., None]) -> None:
        self._store, self._at, self._stop = store, at, stop

    def __getattr__(self, name: str) -> object:
        method = getattr(self._store, name)
        if name != self._at:
            return method

        def work_and_stop(*given: object) -> None:
            method(*given)
            self._stop()

        return work_and_stop


@pytest.mark.parametrize("address", ["0.0", "0.0.0", "0.0.0.1", "0@1.1", "0@1.1@2.0", "0.1"])
def test_a_part_comes_with_the_path_to_it(
    store: Store, penguins: TreeRecord, other: Opener, tmp_path: Path, address: str
) -> None:
    export_jsonl(store, penguins, tmp_path / "part.jsonl", address=Address(address))
    with other("part") as copy:
        import_jsonl(copy, tmp_path / "part.jsonl")
        sound(copy)
        there = copy.subtree(TREE, Address(address), every_slot=True).items
        assert there == store.subtree(TREE, Address(address), every_slot=True).items
        for each in copy.ancestors(TREE, Address(address)):
            same = store.node(TREE, each.address)
            assert each == (same and replace(same, measures=same.measures))
            assert copy.expansions(TREE, each.address) == store.expansions(TREE, each.address)
        about = {each.address for each in copy.judgements(TREE).items}
        assert ROOT in about
        everything = store.judgements(TREE).items
        assert len(about) < len(everything) or len(copy.subtree(TREE, ROOT).items) > 5
        import_jsonl(copy, _export(store, penguins, tmp_path / "rest.jsonl"))
        assert whole(copy)["statements"] == whole(store)["statements"]
        sound(copy)


def _export(store: Store, tree: TreeRecord, to: Path) -> Path:
    export_jsonl(store, tree, to)
    return to


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(st.text(), min_size=1, max_size=5),
    note=st.text(),
    number=st.floats(allow_nan=False, allow_infinity=False),
)
def test_any_text_and_number_comes_back(
    store: Store,
    new_tree: Callable[[], str],
    tmp_path_factory: pytest.TempPathFactory,
    texts: list[str],
    note: str,
    number: float,
) -> None:
    tree = new_tree()
    unpack(store, tree, ROOT, *texts)
    store.append_judgements(
        tree, [Judgement(note, "rating", ROOT, note, number, note=note, created=number or 1)]
    )
    record = next(each for each in store.trees() if each.tree_id == tree)
    room = tmp_path_factory.mktemp("any")
    export_jsonl(store, record, room / "x.jsonl")
    with open_store(str(room / "copy.db")) as copy:
        import_jsonl(copy, room / "x.jsonl")
        mine, theirs = whole(store, tree), whole(copy, tree)
        assert {**mine, "trees": 0} == {**theirs, "trees": 0}


@pytest.fixture
def exported(store: Store, penguins: TreeRecord, tmp_path: Path) -> Path:
    return _export(store, penguins, tmp_path / "penguins.jsonl")


def brings_nothing(place: Place, file: Path, match: str) -> None:
    with place.open_empty() as empty:
        with pytest.raises(InputError, match=match) as caught:
            import_jsonl(empty, file)
        assert str(file) in str(caught.value)
        assert "\n" not in str(caught.value)
        assert empty.trees() == []
        assert not any(empty.has_blob(digest) for digest in ["0" * 64])
        sound(empty)


def test_an_import_cut_anywhere_brings_nothing(place: Place, exported: Path) -> None:
    data = exported.read_bytes()
    cut = exported.with_name("cut.jsonl")
    n_lines = data.count(b"\n")
    for share in (0.0001, 0.1, 0.33, 0.5, 0.8, 0.99):
        cut.write_bytes(data[: int(len(data) * share)])
        brings_nothing(place, cut, r"cut\.jsonl:\d+: the file (is cut off|is not an export)")
    lines = data.splitlines(keepends=True)
    for kept in (1, 2, n_lines // 2, n_lines - 1):
        cut.write_bytes(b"".join(lines[:kept]))
        brings_nothing(place, cut, r"cut\.jsonl:\d+: the file is cut off: its last line is missing")


def test_an_edited_import_names_the_lines(place: Place, exported: Path) -> None:
    lines = exported.read_bytes().splitlines(keepends=True)
    for n, line in enumerate(lines):
        edited = line.replace(b"says", b"said").replace(b'"value":0.1', b'"value":0.9')
        if edited != line:
            file = exported.with_name("edited.jsonl")
            file.write_bytes(b"".join([*lines[:n], edited, *lines[n + 1 :]]))
            brings_nothing(place, file, r"edited\.jsonl:\d+-\d+: these lines are not as they were exported")
            with (
                place.open_empty() as empty,
                pytest.raises(InputError) as caught,
            ):
                import_jsonl(empty, file)
            first, last = caught.value.where.rpartition(":")[2].split("-")
            assert int(first) <= n + 1 <= int(last)


def test_lines_dropped_doubled_or_swapped_bring_nothing(place: Place, exported: Path) -> None:
    lines = exported.read_bytes().splitlines(keepends=True)
    file = exported.with_name("edited.jsonl")
    for changed in (
        [*lines[:3], *lines[4:]],
        [*lines[:3], lines[3], *lines[3:]],
        [*lines[:3], lines[4], lines[3], *lines[5:]],
        [*lines, lines[-2]],
        lines[1:],
        lines[::-1],
    ):
        file.write_bytes(b"".join(changed))
        brings_nothing(place, file, "Export it again; nothing was imported")


@pytest.mark.parametrize(
    ("garbage", "match"),
    [
        (b"", "the file is empty"),
        (b"species,island\nAdelie,Biscoe\n", ":1: the file is not an export of Priory"),
        (b"\x89PNG\r\n\x1a\n\xff\xfe\0", ":1: the file is"),
        (b'{"a": 1}\n', ":1: 'a' is no kind of line"),
        (b"[]\n", ":1: the file is not an export"),
        (
            b'{"priory":{"format":99,"tree":{},"address":"0"}}\n',
            ":1: it has format 99; this Priory reads 1 and 2",
        ),
        (b'{"priory":{}}\n', ":1: it is no priory that this Priory knows"),
        (b'{"priory":7}\n', ":1: it is no priory that this Priory knows"),
        (b'{"statement":{}}\n', ":1: the file doesn't begin with the header"),
        (b"[" * 100_000 + b"\n", ":1: the file is not an export"),
    ],
)
def test_garbage_brings_nothing(place: Place, tmp_path: Path, garbage: bytes, match: str) -> None:
    (tmp_path / "garbage").write_bytes(garbage)
    brings_nothing(place, tmp_path / "garbage", match)


def test_no_file_or_a_folder_brings_nothing(place: Place, tmp_path: Path) -> None:
    brings_nothing(place, tmp_path / "none.jsonl", "there is no such file")
    brings_nothing(place, tmp_path, "it is a folder")


def test_a_record_of_the_wrong_form_is_named_even_with_the_right_checksum(
    place: Place, tmp_path: Path
) -> None:
    header = (
        b'{"priory":{"format":1,"tree":{"tree_id":"a","name":"n","spec":{},"created":0},"address":"0"}}\n'
    )
    root = {
        "address": "0",
        "draft": Draft("r").to_dict(),
        "is_dropped": False,
        "created": 1.0,
        "measures": None,
    }
    for wrong, match in (
        ({**root, "draft": {**Draft("r").to_dict(), "text": 7}}, "it is no statement"),
        ({**root, "draft": {**Draft("r").to_dict(), "kind": "rumour"}}, "it is no statement"),
        ({**root, "address": "1.2"}, "'1.2' is not an address"),
        ({**root, "address": "0.5"}, "the statement above it is missing"),
        ({**root, "measures": {"unknown": 1}}, "it is no statement"),
    ):
        line = json.dumps({"statement": wrong}, separators=(",", ":")).encode() + b"\n"
        counts = {"statement": 1, "expansion": 0, "judgement": 0, "move": 0, "blob": 0}
        end = {"counts": counts, "checksum": blake2b(header + line, digest_size=32).hexdigest()}
        file = tmp_path / "forged.jsonl"
        file.write_bytes(header + line + json.dumps({"end": end}, separators=(",", ":")).encode() + b"\n")
        brings_nothing(place, file, match)


def test_another_tree_of_that_name_is_not_mixed_in(exported: Path, other: Opener) -> None:
    with other("taken") as taken:
        taken.create_tree(TreeRecord("b" * 32, "penguins", {}), Draft("another task"))
        with pytest.raises(TreeExistsError, match="made from another task; nothing was imported"):
            import_jsonl(taken, exported)
        assert len(taken.subtree("b" * 32, ROOT).items) == 1


def test_a_tree_that_says_something_else_stays_as_it_is(
    exported: Path, store: Store, penguins: TreeRecord, other: Opener
) -> None:
    for n, text in enumerate(("something else", "0 says 0")):
        with other(f"taken{n}") as taken:
            taken.create_tree(penguins, Draft("the base rate", origin="induction"))
            unpack(taken, TREE, ROOT, text, "0 says 1", "0 says 2", "0 says 3")
            before = whole(taken)
            with pytest.raises(InputError, match="says something else at"):
                import_jsonl(taken, exported)
            assert whole(taken) == before
    assert store.url


def test_an_export_that_was_cut_short_goes_on(
    store: Store, penguins: TreeRecord, exported: Path, tmp_path: Path
) -> None:
    data = exported.read_bytes()
    part = tmp_path / "again.jsonl.part"
    for share in (0, 0.01, 0.2, 0.5, 0.9, 1):
        part.write_bytes(data[: int(len(data) * share)])
        export_jsonl(store, penguins, tmp_path / "again.jsonl")
        assert (tmp_path / "again.jsonl").read_bytes() == data
        assert not part.exists()
        (tmp_path / "again.jsonl").unlink()
    part.write_bytes(b"{}\n" + data)
    export_jsonl(store, penguins, tmp_path / "again.jsonl")
    assert (tmp_path / "again.jsonl").read_bytes() == data


def test_an_export_goes_on_from_the_page_where_it_stopped(store: Store, tree: str, tmp_path: Path) -> None:
    unpack(store, tree, ROOT, *(f"statement {n}" for n in range(3000)))
    record = next(each for each in store.trees() if each.tree_id == tree)
    seen: list[int] = []

    def stop(lines: int, _: int | None) -> None:
        seen.append(lines)
        if len(seen) == 9:
            raise HereError

    with pytest.raises(HereError):
        export_jsonl(store, record, tmp_path / "x.jsonl", progress=stop)
    assert not (tmp_path / "x.jsonl").exists()
    part_lines = len((tmp_path / "x.jsonl.part").read_bytes().splitlines())
    export_jsonl(store, record, tmp_path / "x.jsonl", progress=lambda lines, _: seen.append(lines))
    assert seen[9] > part_lines > 500
    export_jsonl(store, record, tmp_path / "y.jsonl")
    assert (tmp_path / "x.jsonl").read_bytes() == (tmp_path / "y.jsonl").read_bytes()


def test_an_export_while_others_write_can_be_imported(
    store: Store, tree: str, other: Opener, tmp_path: Path
) -> None:
    unpack(store, tree, ROOT, *(f"statement {n}" for n in range(1200)))
    record = next(each for each in store.trees() if each.tree_id == tree)
    written: list[str] = []

    def write(_: int, __: int | None) -> None:
        n = len(written)
        at = Address(f"0.{n * 37 % 1200}")
        unpack(store, tree, at, "while the export runs", slot=n // 1200)
        store.append_judgements(tree, [Judgement(str(n), "rating", Address(f"{at}.0"), "human:ada", 0.5)])
        written.append(at)

    export_jsonl(store, record, tmp_path / "x.jsonl", progress=write)
    assert len(written) > 5
    with other("copy") as copy:
        import_jsonl(copy, tmp_path / "x.jsonl")
        sound(copy)


def test_nothing_is_overwritten(store: Store, penguins: TreeRecord, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(InputError, match="there is a file of that name"):
        export_jsonl(store, penguins, tmp_path / "mine")
    with pytest.raises(InputError, match="its folder does not exist"):
        export_jsonl(store, penguins, tmp_path / "no" / "x.jsonl")
    with pytest.raises(InputError, match=r"penguins 0\.7: no such statement"):
        export_jsonl(store, penguins, tmp_path / "x.jsonl", address=Address("0.7"))
    assert [file.name for file in tmp_path.iterdir() if not file.name.startswith("kb.db")] == ["mine"]


def test_the_counts_are_those_of_the_tree(store: Store, penguins: TreeRecord, tmp_path: Path) -> None:
    counts = export_jsonl(store, penguins, tmp_path / "x.jsonl").counts
    statements = pages(lambda **page: store.subtree(TREE, ROOT, every_slot=True, **page), 7)
    n_expansions = sum(len(store.expansions(TREE, each.address)) for each in statements)
    assert counts == {
        "statement": len(statements),
        "expansion": n_expansions,
        "judgement": 5,
        "move": 10,
        "document": 2,
        "queue": 2,
        "blob": 6,
    }


def test_documents_and_the_queue_come_along(
    store: Store, penguins: TreeRecord, other: Opener, tmp_path: Path
) -> None:
    file = _export(store, penguins, tmp_path / "x.jsonl")
    with other("copy") as copy:
        import_jsonl(copy, file)
        for kind, key in (("session", "s1"), ("response", "a")):
            one, two = store.document(TREE, kind, key), copy.document(TREE, kind, key)
            assert one is not None
            assert two is not None
            assert one.body == two.body
        assert copy.queue(TREE).items == store.queue(TREE).items
        assert [each.reason for each in copy.given_up(TREE).items] == ["the model said no"]
        (answer,) = copy.documents(TREE, "response").items
        assert copy.blob(answer.body["blob"]) == b"cached"
        copy.put_document(TREE, "session", "s1", {"changed": True})
        import_jsonl(copy, file)
        kept = copy.document(TREE, "session", "s1")
        assert kept is not None
        assert kept.body == {"changed": True}


def test_format_1_is_still_read_and_its_moves_are_brought_in_once(
    store: Store, penguins: TreeRecord, other: Opener, tmp_path: Path
) -> None:
    lines = _export(store, penguins, tmp_path / "new.jsonl").read_text().splitlines()
    old: list[str] = []
    counts = {"statement": 0, "expansion": 0, "judgement": 0, "move": 0, "blob": 0}
    for line in lines:
        ((kind, record),) = json.loads(line).items()
        if kind == "priory":
            record["format"] = 1
        if kind == "move":
            del record["id"]
        if kind in counts:
            counts[kind] += 1
        if kind in {"priory", *counts}:
            old.append(json.dumps({kind: record}, separators=(",", ":")) + "\n")
    end = {"counts": counts, "checksum": blake2b("".join(old).encode(), digest_size=32).hexdigest()}
    old.append(json.dumps({"end": end}, separators=(",", ":")) + "\n")
    file = tmp_path / "old.jsonl"
    file.write_text("".join(old))
    with other("copy") as copy:
        for _ in range(2):
            import_jsonl(copy, file)
        assert len(copy.moves(TREE).items) == 10
        assert whole(copy)["statements"] == whole(store)["statements"]
        assert copy.queue(TREE).items == ()
        sound(copy)


def test_a_bad_file_is_known_before_a_store_is_opened(exported: Path) -> None:
    assert verified(exported).tree.name == "penguins"
    exported.write_bytes(exported.read_bytes()[:-5])
    with pytest.raises(InputError, match="the file is cut off"):
        verified(exported)
