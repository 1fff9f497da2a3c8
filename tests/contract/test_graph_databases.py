"""Graph databases that can't be used: one line that names the place, what is wrong and what to do."""

from __future__ import annotations

import logging
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("neo4j", reason="the extra neo4j is not installed")

from neo4j.exceptions import Neo4jError

from graph_schema import Migration, neo4j_migrations
from kb.errors import FailedError, InputError, PrioryError
from kb.records import TreeRecord
from kb.statements import Draft
from kb.stores import migrating
from kb.stores.neo4j import faults
from kb.stores.neo4j.connections import run
from kb.stores.opening import open_store
from kb.stores.protocol import MigrationNeededError, NewerDatabaseError

if TYPE_CHECKING:
    from tests.neo4j_server.places import GraphPlace

pytestmark = pytest.mark.neo4j


@pytest.fixture
def bare(graph: GraphPlace) -> Iterator[GraphPlace]:
    """A database without anything in it; made a knowledge base again at the end."""
    graph.bare()
    yield graph
    graph.bare()
    graph.claim()


def refused(url: str, kind: type[PrioryError], match: str, *, create: bool = True) -> PrioryError:
    with pytest.raises(kind, match=match) as caught:
        open_store(url, create=create).close()
    assert "\n" not in str(caught.value)
    assert caught.value.where
    assert caught.value.remedy
    return caught.value


def at(place: GraphPlace, user: str, password: str) -> str:
    """The URL with another user and password, both without special characters."""
    return f"neo4j://{user}:{password}@{place.url.rpartition('@')[2].removeprefix('neo4j://')}"


@contextmanager
def listening(answer: bytes | None) -> Iterator[int]:
    """A port that accepts and says ``answer``, or nothing for as long as the test runs."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        accepted: list[socket.socket] = []

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                accepted.append(connection)
                if answer is not None:
                    connection.recv(100)
                    connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield int(server.getsockname()[1])
        for connection in accepted:
            connection.close()


def test_no_server_is_named_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    for scheme in ("neo4j", "bolt"):
        start = time.monotonic()
        error = refused(
            f"{scheme}://127.0.0.1:{port}", faults.StoreUnreachableError, "no Neo4j server answers"
        )
        assert time.monotonic() - start < 5
        assert error.where == f"{scheme}://127.0.0.1:{port}/neo4j"
        assert error.exit_code == 1


def test_the_driver_says_nothing_beside_the_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "ui.main", "trees", "--kb", f"neo4j://127.0.0.1:{port}"]
    said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert said.returncode == 1
    assert len(said.stderr.splitlines()) == 1
    assert "no Neo4j server answers" in said.stderr


def test_a_host_that_nobody_knows_is_named() -> None:
    refused("neo4j://nowhere.invalid", faults.StoreUnreachableError, r"nowhere\.invalid:7687/neo4j: no Neo4j")


def test_a_silent_port_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kb.stores.neo4j.connections.ACQUISITION_SECONDS", 1.0)
    with listening(None) as port:
        start = time.monotonic()
        refused(f"bolt://127.0.0.1:{port}", faults.StoreUnreachableError, "no Neo4j server answers")
        assert time.monotonic() - start < 10


def test_the_port_of_the_browser_is_recognised() -> None:
    with listening(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n") as port:
        refused(f"neo4j://127.0.0.1:{port}", faults.StoreUnreachableError, "that port speaks HTTP")


def test_encryption_that_the_server_has_not_is_recognised(graph: GraphPlace) -> None:
    for scheme in ("neo4j+s", "bolt+ssc"):
        url = graph.url.replace("neo4j://", f"{scheme}://", 1)
        refused(url, faults.StoreUnreachableError, r"encrypted connection failed.*without \+s")


def test_wrong_passwords_and_the_pause_after_them(
    graph: GraphPlace, caplog: pytest.LogCaptureFixture
) -> None:
    if graph.server is None:
        pytest.skip("only on a server of our own: somebody else's may know nobody of that name")
    graph.run("CREATE OR REPLACE USER ada SET PLAINTEXT PASSWORD 'rightpassword' CHANGE NOT REQUIRED")
    caplog.set_level(logging.DEBUG)
    try:
        for _ in range(3):
            error = refused(
                at(graph, "ada", "s3cr3tguess"), faults.SignInError, "user or the password is wrong"
            )
            assert error.code == "sign-in"
            assert "s3cr3t" not in f"{error} {error.to_dict()} {error.__cause__}"
        refused(
            at(graph, "ada", "rightpassword"), faults.SignInError, "for some seconds after wrong passwords"
        )
        time.sleep(1.5)
        open_store(at(graph, "ada", "rightpassword")).close()
        refused(at(graph, "", "").replace(":@", ""), faults.SignInError, "user or the password is wrong")
        assert "Unauthorized" in caplog.text
        assert "s3cr3t" not in caplog.text
        assert "rightpassword" not in caplog.text
    finally:
        graph.run("DROP USER ada")


def test_a_password_that_must_be_changed_says_how(graph: GraphPlace) -> None:
    if graph.server is None:
        pytest.skip("only on a server of our own")
    graph.run("CREATE OR REPLACE USER eve SET PLAINTEXT PASSWORD 'firstpassword' CHANGE REQUIRED")
    try:
        error = refused(
            at(graph, "eve", "firstpassword"), faults.PasswordMustBeChangedError, "must be changed"
        )
        assert "ALTER CURRENT USER SET PASSWORD" in error.remedy
        assert "firstpassword" not in str(error)
    finally:
        graph.run("DROP USER eve")


def test_an_unknown_database_is_named(graph: GraphPlace) -> None:
    for scheme in ("neo4j", "bolt"):
        url = graph.url.replace("neo4j://", f"{scheme}://", 1).removesuffix("/neo4j")
        refused(f"{url}/birds", faults.DatabaseMissingError, "birds: the server has no such database")


def test_the_path_of_the_url_is_the_database(graph: GraphPlace) -> None:
    with open_store(f"{graph.url.removesuffix('/neo4j')}/neo4j") as store:
        assert store.url.endswith("/neo4j")
        assert "@" not in store.url


def test_an_old_server_is_refused(graph: GraphPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kb.stores.neo4j.opening.OLDEST_NEO4J", (9999, 1))
    refused(graph.url, FailedError, r"the server is Neo4j \d+\.\d+.*needs 9999\.1 or newer")


def test_writing_where_only_reading_is_allowed_says_so(graph: GraphPlace) -> None:
    with graph.database() as db, pytest.raises(faults.ReadOnlyStoreError, match="can't be written here"):
        db.alone("CREATE (:Tree)", is_reading=True)


def test_a_statement_that_takes_too_long_is_stopped(graph: GraphPlace) -> None:
    slow = "UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b RETURN count(*)"
    with graph.database() as db, pytest.raises(faults.StoreTimeoutError, match="took too long"):
        db.writing(lambda tx: run(tx, slow), seconds=0.3)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("Neo.ClientError.Security.Unauthorized", faults.SignInError),
        ("Neo.ClientError.Security.AuthenticationRateLimit", faults.SignInError),
        ("Neo.ClientError.Security.CredentialsExpired", faults.PasswordMustBeChangedError),
        ("Neo.ClientError.Database.DatabaseNotFound", faults.DatabaseMissingError),
        ("Neo.ClientError.General.WriteOnReadOnlyAccessDatabase", faults.ReadOnlyStoreError),
        ("Neo.ClientError.General.ForbiddenOnReadOnlyDatabase", faults.ReadOnlyStoreError),
        ("Neo.ClientError.Security.Forbidden", faults.ReadOnlyStoreError),
        ("Neo.ClientError.Transaction.TransactionTimedOutClientConfiguration", faults.StoreTimeoutError),
        ("Neo.TransientError.General.DatabaseUnavailable", faults.StoreUnreachableError),
        ("Neo.TransientError.General.MemoryPoolOutOfMemoryError", FailedError),
        ("Neo.DatabaseError.Statement.ExecutionFailed", FailedError),
    ],
)
def test_the_code_of_an_error_tells_what_it_is(code: str, kind: type[PrioryError]) -> None:
    error = Neo4jError._hydrate_neo4j(code=code, message="what the server said")
    assert isinstance(faults.fault(error, "here"), kind)


def test_another_programs_database_is_refused_and_stays_as_it_is(bare: GraphPlace) -> None:
    bare.run("CREATE (:Movie {title: 'The Matrix'})")
    refused(bare.url, InputError, "it holds something else: 1 nodes")
    refused(bare.url, InputError, "it holds something else", create=False)
    with pytest.raises(InputError, match="it holds something else"):
        migrating.migrate(bare.url)
    assert bare.run("SHOW CONSTRAINTS YIELD name RETURN name") == []
    bare.run("MATCH (n) DETACH DELETE n")
    bare.run("CREATE INDEX movies FOR (m:Movie) ON (m.title)")
    refused(bare.url, InputError, "it holds something else: the constraint or index movies")
    bare.run("DROP INDEX movies")
    bare.run("CREATE (:Migration {version: 1, description: 'of another tool'})")
    refused(bare.url, InputError, "it holds the records of another program")


def test_an_empty_database_becomes_a_knowledge_base_if_it_may(bare: GraphPlace) -> None:
    refused(bare.url, InputError, "there is no knowledge base", create=False)
    with pytest.raises(InputError, match="there is no knowledge base"):
        migrating.status(bare.url)
    with open_store(bare.url) as store:
        store.create_tree(TreeRecord("a" * 32, "penguins", {}), Draft("the base rate"))
        assert list(store.check()) == []
    open_store(bare.url, create=False).close()
    status = migrating.status(bare.url)
    assert [step.version for step in status.applied] == [m.version for m in neo4j_migrations()]
    assert (status.pending, status.newest_known) == ((), neo4j_migrations()[-1].version)
    assert "@" not in status.url


def test_many_who_open_an_empty_database_make_it_once(bare: GraphPlace) -> None:
    errors: list[Exception] = []

    def make() -> None:
        try:
            open_store(bare.url).close()
        except Exception as error:  # noqa: BLE001  # the test wants every one
            errors.append(error)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    rows = bare.run("MATCH (m:Migration) RETURN m.version AS version ORDER BY version")
    assert [row["version"] for row in rows] == [m.version for m in neo4j_migrations()]


def _with_one_more(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    known = neo4j_migrations()
    later = (*known, Migration(len(known) + 1, "colours", script))
    monkeypatch.setattr("kb.stores.neo4j.migrations.neo4j_migrations", lambda: later)


COLOURS = """// Colours.
CREATE CONSTRAINT colour_name IF NOT EXISTS FOR (n:Colour) REQUIRE n.name IS UNIQUE;
CREATE (:Colour {name: 'red'});
"""


def test_an_older_database_is_brought_up_to_date_only_when_asked(
    bare: GraphPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_store(bare.url).close()
    _with_one_more(monkeypatch, COLOURS)
    refused(bare.url, MigrationNeededError, r"made by an older Priory.*priory migrate --kb neo4j://")
    assert [step.name for step in migrating.status(bare.url).pending] == ["colours"]
    for _ in range(2):
        status = migrating.migrate(bare.url)
        assert status.pending == ()
    assert bare.run("MATCH (c:Colour) RETURN c.name AS name") == [{"name": "red"}]
    open_store(bare.url).close()
    monkeypatch.undo()
    refused(bare.url, NewerDatabaseError, r"made by a newer Priory \(version \d+ .* Upgrade: pip install")


def test_a_migration_that_stopped_between_schema_and_data_goes_on(
    bare: GraphPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_store(bare.url).close()
    _with_one_more(monkeypatch, COLOURS.replace("CREATE (:Colour", "CREATED (:Colour"))
    with pytest.raises(FailedError, match="the database said"):
        migrating.migrate(bare.url)
    monkeypatch.undo()
    open_store(bare.url).close()
    _with_one_more(monkeypatch, COLOURS)
    assert migrating.migrate(bare.url).pending == ()
    assert len(bare.run("MATCH (c:Colour) RETURN c.name AS name")) == 1


def test_a_database_with_another_history_is_refused(bare: GraphPlace) -> None:
    open_store(bare.url).close()
    bare.run("MATCH (m:Migration {version: 1}) SET m.checksum = 'another'")
    refused(bare.url, FailedError, "migration 1 is not the one")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (
            "CREATE CONSTRAINT statement_key FOR (n:Statement) REQUIRE n.text IS UNIQUE",
            r"statement_key is a uniqueness of Statement \(text\), and a uniqueness of Statement \(key\) is ",
        ),
        (None, r"statement_key is missing: uniqueness of Statement \(key\)"),
    ],
)
def test_a_name_that_holds_something_else_is_shown_with_both_definitions(
    bare: GraphPlace, change: str | None, match: str
) -> None:
    open_store(bare.url).close()
    bare.run("DROP CONSTRAINT statement_key")
    if change:
        bare.run(change)
    refused(bare.url, FailedError, match)
    if change:
        with pytest.raises(FailedError, match=match):
            migrating.migrate(bare.url)
        bare.run("DROP CONSTRAINT statement_key")
    assert migrating.migrate(bare.url).pending == ()  # what is missing is laid down again
    open_store(bare.url).close()


def test_a_vector_index_of_another_size_is_seen(bare: GraphPlace) -> None:
    bare.run(
        "CREATE VECTOR INDEX vector_values FOR (n:Vector) ON (n.vector) OPTIONS {indexConfig: "
        "{`vector.dimensions`: 100, `vector.similarity_function`: 'cosine'}}"
    )
    refused(bare.url, FailedError, r"vector\.dimensions 100.* and a .*vector\.dimensions 384.* is wanted")


def test_what_has_no_name_of_its_own_is_passed_on_in_one_line() -> None:
    error = Neo4jError._hydrate_neo4j(code="Neo.ClientError.Statement.SyntaxError", message="odd\nand long")
    assert str(faults.fault(error, "here")) == "here: the database said: odd and long."
