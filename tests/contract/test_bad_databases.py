"""Databases that can't be used: one line that names the file, what is wrong and what to do."""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from graph_schema import Migration, sqlite_migrations
from kb.address import ROOT, Address
from kb.errors import FailedError, InputError, PrioryError
from kb.records import TreeRecord
from kb.statements import Draft, Statement
from kb.stores.migrating import migrate, status
from kb.stores.opening import open_store
from kb.stores.protocol import MigrationNeededError, NewerDatabaseError
from kb.stores.sqlite.store import SqliteStore

TREE = "a" * 32


def made(file: Path) -> Path:
    with open_store(str(file)) as store:
        store.create_tree(TreeRecord(TREE, "penguins", {}), Draft("the base rate"))
        texts = [f"statement {n} " + "says much " * 30 for n in range(200)]
        store.put_statements(TREE, [Statement(Address(f"0.{n}"), Draft(t)) for n, t in enumerate(texts)])
    return file


def refused(file: Path | str, kind: type[PrioryError], match: str, *, create: bool = True) -> None:
    with pytest.raises(kind, match=match) as caught:
        open_store(str(file), create=create)
    said = str(caught.value)
    assert "\n" not in said
    assert str(file).removeprefix("sqlite:///") in said or isinstance(file, str)
    assert caught.value.remedy


@contextmanager
def edited(file: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(file, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def nobody() -> Iterator[None]:
    """Root may write anywhere, so tests that root runs step down meanwhile."""
    was = os.geteuid()
    if was == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(was)


def test_a_missing_file_is_made_or_refused(tmp_path: Path) -> None:
    refused(tmp_path / "none.db", InputError, "there is no knowledge base", create=False)
    assert list(tmp_path.iterdir()) == []
    open_store(str(tmp_path / "none.db")).close()
    assert [file.name for file in tmp_path.iterdir()] == ["none.db"]
    open_store(str(tmp_path / "none.db"), create=False).close()


def test_an_empty_file_becomes_a_knowledge_base_if_it_may(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    refused(tmp_path / "empty.db", InputError, "the file is empty", create=False)
    made(tmp_path / "empty.db")


def test_an_untouched_database_becomes_a_knowledge_base(tmp_path: Path) -> None:
    with edited(tmp_path / "vacuumed.db") as connection:
        connection.execute("VACUUM")
    made(tmp_path / "vacuumed.db")


def test_a_folder_or_a_device_is_no_knowledge_base(tmp_path: Path) -> None:
    refused(tmp_path, InputError, "is not a file")
    refused("/dev/null", InputError, "is not a file")
    refused(
        tmp_path / "no" / "such" / "kb.db", InputError, "its folder does not exist. Make it first: mkdir -p"
    )


@pytest.mark.parametrize(
    "garbage",
    [b"a,b,c\n1,2,3\n", b"\0" * 5000, b"SQLite format 3", os.urandom(4096)],
    ids=["a table", "zeros", "a torn header", "noise"],
)
def test_another_sort_of_file_is_refused_and_stays_as_it_is(tmp_path: Path, garbage: bytes) -> None:
    file = tmp_path / "table.csv"
    file.write_bytes(garbage)
    refused(file, InputError, "is not an SQLite database")
    assert file.read_bytes() == garbage


def test_another_programs_database_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "places.sqlite"
    with edited(file) as connection:
        connection.execute("CREATE TABLE bookmark (url TEXT)")
    before = file.read_bytes()
    refused(file, InputError, "the database of another program")
    assert file.read_bytes() == before

    for pragma in ("application_id = 7", "user_version = 1"):
        file = tmp_path / f"{pragma[:3]}.sqlite"
        with edited(file) as connection:
            connection.execute(f"PRAGMA {pragma}")
        refused(file, InputError, "the database of another program")


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    file = made(tmp_path / "kb.db")
    with edited(file) as connection:
        connection.execute("PRAGMA user_version = 999")
    refused(file, FailedError, r"newer Priory \(version 999 .* Upgrade: pip install")


def _with_one_more(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Give the code one migration that the file has not seen."""
    known = sqlite_migrations()
    later = (*known, Migration(len(known) + 1, "colours", script))
    monkeypatch.setattr("kb.stores.sqlite.files.sqlite_migrations", lambda: later)


def test_an_older_database_is_brought_up_to_date_when_asked_and_not_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = made(tmp_path / "kb.db")
    newest = len(sqlite_migrations())
    _with_one_more(monkeypatch, "CREATE TABLE colour (name TEXT);\nINSERT INTO colour VALUES ('red');\n")
    before = file.read_bytes()
    match = rf"older Priory \(version {newest} .* has {newest + 1}\).*priory migrate --kb sqlite:///"
    refused(file, MigrationNeededError, match)
    assert [step.name for step in status(str(file)).pending] == ["colours"]
    assert file.read_bytes() == before
    for _ in range(2):
        done = migrate(str(file))
        assert (len(done.applied), done.pending, done.newest_known) == (newest + 1, (), newest + 1)
    with open_store(str(file)) as store:
        assert len(store.children(TREE, ROOT, limit=1000).items) == 200
    with edited(file) as connection:
        assert connection.execute("SELECT name FROM colour").fetchall() == [("red",)]
        assert connection.execute("PRAGMA user_version").fetchone() == (newest + 1,)
        rows = connection.execute("SELECT version, name FROM migration").fetchall()
        assert rows[0] == (1, "statements and their records")
        assert rows[-1] == (newest + 1, "colours")
    monkeypatch.undo()
    refused(file, NewerDatabaseError, "made by a newer Priory")
    with pytest.raises(NewerDatabaseError):
        migrate(str(file))


def test_an_empty_file_or_database_is_made_a_knowledge_base(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with edited(tmp_path / "blank.db") as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    for name in ("empty", "blank.db"):
        with open_store(str(tmp_path / name)) as store:
            assert list(store.check()) == []
        assert status(str(tmp_path / name)).pending == ()


def test_a_migration_that_fails_leaves_the_database_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = made(tmp_path / "kb.db")
    _with_one_more(monkeypatch, "CREATE TABLE colour (name TEXT);\nINSERT INTO nowhere VALUES (1);\n")
    with pytest.raises(FailedError, match=r"kb\.db: the database said: no such table: nowhere"):
        migrate(str(file))
    monkeypatch.undo()
    with open_store(str(file)) as store:
        assert list(store.check()) == []
    with edited(file) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'colour'").fetchone() == (
            0,
        )


def test_only_a_knowledge_base_is_migrated(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello")
    for name, match in (("none.db", "there is no knowledge base"), ("text", "not an SQLite database")):
        for ask in (status, migrate):
            with pytest.raises(InputError, match=match):
                ask(str(tmp_path / name))
    assert [file.name for file in tmp_path.iterdir()] == ["text"]


def test_a_database_with_another_history_is_refused(tmp_path: Path) -> None:
    file = made(tmp_path / "kb.db")
    with edited(file) as connection:
        connection.execute("UPDATE migration SET checksum = 'another'")
    refused(file, FailedError, "migration 1 is not the one")


def test_a_database_cut_in_half_is_damaged(tmp_path: Path) -> None:
    file = made(tmp_path / "kb.db")
    whole = file.read_bytes()
    for size in (17, 100, 4096, 9000, len(whole) // 2):
        file.write_bytes(whole[:size])
        refused(file, FailedError, "the database is damaged. Go back to a backup")


def test_damage_in_the_middle_shows_on_reading_and_in_the_check(tmp_path: Path) -> None:
    file = made(tmp_path / "kb.db")
    whole = bytearray(file.read_bytes())
    at = whole.rindex(b"statement 60 ") // 8192 * 8192
    whole[at : at + 8192] = b"\xa5" * 8192
    file.write_bytes(whole)
    with open_store(str(file)) as store:
        found = list(store.check())
        assert {finding.invariant for finding in found} == {"the file is whole and its references hold"}
        with pytest.raises(FailedError, match=r"kb\.db: the database is damaged\."):
            store.subtree(TREE, ROOT, limit=1000)


@pytest.mark.parametrize(("of_file", "of_folder"), [(0o444, 0o555), (0o666, 0o555), (0o444, 0o777)])
def test_a_read_only_file_or_folder_can_be_read_and_not_written(
    tmp_path: Path, of_file: int, of_folder: int
) -> None:
    room = tmp_path / "room"
    room.mkdir()
    file = made(room / "kb.db")
    for above in (room, *room.parents[:4]):
        above.chmod(0o755)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    elsewhere.chmod(0o777)
    file.chmod(of_file)
    room.chmod(of_folder)
    before = file.read_bytes()
    try:
        with nobody(), open_store(str(file)) as store:
            assert len(store.children(TREE, ROOT, limit=1000).items) == 200
            assert list(store.check()) == []
            for write in (
                lambda: store.append_child(TREE, ROOT, Draft("more")),
                lambda: store.lease(TREE, ROOT, 0, worker="w", seconds=1),
                lambda: list(store.repair()),
            ):
                with pytest.raises(FailedError, match=r"read-only; nothing was written\. Make both writable"):
                    write()
            store.backup(elsewhere / "copy.db")
    finally:
        room.chmod(0o755)
    assert file.read_bytes() == before
    assert [each.name for each in room.iterdir()] == ["kb.db"]
    with open_store(str(elsewhere / "copy.db")) as copy:
        assert len(copy.children(TREE, ROOT, limit=1000).items) == 200


def test_nothing_is_made_in_a_read_only_folder(tmp_path: Path) -> None:
    room = tmp_path / "room"
    room.mkdir()
    for above in (room, *room.parents[:4]):
        above.chmod(0o755)
    room.chmod(0o555)
    with nobody():
        refused(room / "new.db", FailedError, "the folder is read-only")
    room.chmod(0o755)
    assert list(room.iterdir()) == []


def test_what_a_writer_has_not_folded_in_is_read_from_a_read_only_folder(tmp_path: Path) -> None:
    room = tmp_path / "room"
    room.mkdir()
    file = made(room / "kb.db")
    for above in (room, *room.parents[:4]):
        above.chmod(0o755)
    with open_store(str(file)) as writer:
        writer.append_child(TREE, ROOT, Draft("only in the log"))
        room.chmod(0o555)
        try:
            with nobody(), open_store(str(file)) as reader:
                assert len(reader.children(TREE, ROOT, limit=1000).items) == 201
        finally:
            room.chmod(0o755)


def test_a_file_that_becomes_read_only_while_open_says_so(tmp_path: Path) -> None:
    with open_store(str(made(tmp_path / "kb.db"))) as store:
        assert isinstance(store, SqliteStore)
        with store._db.alone() as connection:
            connection.execute("PRAGMA query_only = ON")
        with pytest.raises(FailedError, match=r"kb\.db: the database or its folder can't be written"):
            store.append_child(TREE, ROOT, Draft("more"))


def test_a_full_disk_says_so_and_keeps_what_was_there(tmp_path: Path) -> None:
    file = made(tmp_path / "kb.db")
    with open_store(str(file)) as store:
        assert isinstance(store, SqliteStore)
        with store._db.alone() as connection:
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(FailedError, match=r"kb\.db: the disk is full; nothing was written\. Make room"):
            store.put_blob(os.urandom(900_000))
        with pytest.raises(FailedError, match="the disk is full"):
            store.append_child(TREE, ROOT, Draft("large " * 100_000))
        assert len(store.children(TREE, ROOT, limit=1000).items) == 200
        assert list(store.check()) == []


_IN_LITTLE_ROOM = """
import resource, sys
from kb.errors import PrioryError
from kb.stores.migrating import migrate, status
from kb.stores.opening import open_store
from kb.stores.protocol import MigrationNeededError, NewerDatabaseError
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    open_store(sys.argv[1])
except PrioryError as error:
    print(error)
    sys.exit(error.exit_code)
"""


@pytest.mark.parametrize("room", [0, 8192, 40_000])
def test_no_half_made_file_is_left_where_there_is_no_room(tmp_path: Path, room: int) -> None:
    assert resource.RLIMIT_FSIZE is not None
    command = [sys.executable, "-c", _IN_LITTLE_ROOM, str(tmp_path / "kb.db"), str(room)]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert "kb.db: the disk" in done.stdout
    assert list(tmp_path.iterdir()) == []


_OPENS_AND_WRITES = """
import os, sys, time
from kb.records import TreeRecord
from kb.statements import Draft
from kb.stores.sqlite import open_sqlite
from pathlib import Path
time.sleep(max(0, float(sys.argv[2]) - time.time()))  # all at the same moment
with open_sqlite(Path(sys.argv[1]), url="kb.db") as store:
    store.create_tree(TreeRecord(str(os.getpid()), str(os.getpid()), {}), Draft("the base rate"))
"""


def test_many_make_a_file_at_once_and_lose_nothing(tmp_path: Path) -> None:
    together = str(time.time() + 1.0)
    command = [sys.executable, "-c", _OPENS_AND_WRITES, str(tmp_path / "kb.db"), together]
    openers = [subprocess.Popen(command, cwd=Path(__file__).parents[2]) for _ in range(6)]
    assert [opener.wait(timeout=60) for opener in openers] == [0] * 6
    assert [file.name for file in tmp_path.iterdir()] == ["kb.db"]
    with open_store(str(tmp_path / "kb.db"), create=False) as store:
        assert len(store.trees()) == 6
        assert list(store.check()) == []


def test_a_file_that_is_gone_is_not_made_again(tmp_path: Path) -> None:
    import threading

    store = open_store(str(made(tmp_path / "kb.db")))
    (tmp_path / "kb.db").unlink()
    said: list[str] = []

    def look() -> None:
        try:
            store.trees()
        except FailedError as error:
            said.append(str(error))

    other = threading.Thread(target=look)
    other.start()
    other.join()
    store.close()
    assert said == [f"{tmp_path}/kb.db: the file is gone. Put it back."]
    assert list(tmp_path.iterdir()) == []


def test_a_lock_held_too_long_names_the_remedy(tmp_path: Path) -> None:
    file = made(tmp_path / "kb.db")
    with open_store(str(file)) as store, edited(file) as other:
        assert isinstance(store, SqliteStore)
        with store._db.alone() as connection:
            connection.execute("PRAGMA busy_timeout = 50")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(FailedError, match="another process has held the write lock"):
            store.append_child(TREE, ROOT, Draft("more"))
        assert store.node(TREE, ROOT) is not None
        other.execute("ROLLBACK")
        store.append_child(TREE, ROOT, Draft("more"))


@pytest.mark.parametrize(
    ("url", "kind", "match"),
    [
        ("", InputError, "names no knowledge base"),
        ("sqlite://", InputError, "names a host"),
        ("sqlite:///", InputError, "names no file"),
        ("sqlite:///:memory:", InputError, "names no file"),
        (":memory:", InputError, "names no file"),
        ("sqlite://server/kb.db", InputError, "it names a host, 'server'; SQLite needs a local disk"),
        ("sqlite://///server/share/kb.db", InputError, "on another machine"),
        ("//server/share/kb.db", InputError, "on another machine"),
        ("\\\\server\\share\\kb.db", InputError, "on another machine"),
        ("sqlite:///kb.db?mode=ro", InputError, "has no options"),
        ("postgresql://host/kb", InputError, "'postgresql' is no store"),
        ("https://example.org/kb.db", InputError, "'https' is no store"),
        ("file:///kb.db", InputError, "'file' is no store"),
        ("kb\0.db", InputError, "names no knowledge base"),
    ],
)
def test_a_url_that_names_no_store_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, kind: type[PrioryError], match: str
) -> None:
    monkeypatch.chdir(tmp_path)
    refused(url, kind, match)
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_named_in_three_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made(tmp_path / "kb.db")
    for url in ("sqlite:///kb.db", f"sqlite:///{tmp_path}/kb.db", "kb.db", f"{tmp_path}/kb.db", "./kb.db"):
        with open_store(url, create=False) as store:
            assert store.url == url
            assert [tree.name for tree in store.trees()] == ["penguins"]


def test_a_forked_process_has_a_connection_of_its_own(tmp_path: Path) -> None:
    with open_store(str(made(tmp_path / "kb.db"))) as store:
        assert isinstance(store, SqliteStore)
        store.trees()
        child = os.fork()
        if child == 0:
            os._exit(0 if store._db._handle().process == os.getpid() else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_clean_close_leaves_one_file(tmp_path: Path) -> None:
    made(tmp_path / "kb.db")
    assert [file.name for file in tmp_path.iterdir()] == ["kb.db"]


def test_a_backup_never_overwrites(tmp_path: Path) -> None:
    with open_store(str(made(tmp_path / "kb.db"))) as store:
        (tmp_path / "there").write_text("mine")
        with pytest.raises(InputError, match="there is a file of that name"):
            store.backup(tmp_path / "there")
        with pytest.raises(InputError, match="its folder does not exist"):
            store.backup(tmp_path / "no" / "copy.db")
        assert (tmp_path / "there").read_text() == "mine"
