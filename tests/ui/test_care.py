"""Copies, checks, migrations, the doctor and the queue, from the command line."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from kb.address import ROOT, Address, child
from kb.knowledge import open_kb
from kb.statements import Draft, Statement
from tests.ui.conftest import called

Call = Callable[..., Result]
Asked = Callable[..., Any]


def test_a_copy_holds_the_same_and_says_what_was_compared(file: Path, asked: Asked, tmp_path: Path) -> None:
    there = tmp_path / "there.db"
    result = called("copy", file, there)

    assert result.exit_code == 0, result.stderr
    assert "Both sides were read and are the same" in result.stderr
    assert "checksum" in result.stdout
    shown = called("show", "--json", "--depth", "9", "--kb", there)
    assert json.loads(shown.stdout) == asked("show", "--depth", "9")
    again = json.loads(called("copy", file, there, "--json").stdout)
    assert [(each["tree"], each["new"]) for each in again["copied"]] == [("heart", 0)]


def test_a_part_is_copied_with_the_path_to_it(file: Path, tmp_path: Path) -> None:
    there = tmp_path / "part.db"
    assert called("copy", file, there, "--address", "0.0").exit_code == 0
    shown = json.loads(called("show", "0.0", "--json", "--kb", there).stdout)
    assert shown["statements"][0]["address"] == "0.0"


def test_a_copy_to_nowhere_from_nowhere_or_of_nothing_is_bad_input(file: Path, tmp_path: Path) -> None:
    for told, match in (
        ([tmp_path / "none.db", tmp_path / "x.db"], "there is no knowledge base"),
        ([file, tmp_path / "x.db", "--tree", "lungs"], "no tree 'lungs'"),
        ([file, tmp_path / "x.db", "--address", "0.77"], "no such statement"),
        ([file, "sqlite://host/x.db"], "it names a host"),
    ):
        result = called("copy", *told)
        assert result.exit_code == 2
        assert match in result.stderr


@pytest.mark.crash
def test_a_copy_that_was_killed_goes_on(file: Path, tmp_path: Path) -> None:
    with open_kb(file) as kb:
        tree = kb.tree("heart")
        top = Address("0.0")
        first = len(tree.children(top, dropped=True))
        new = [Statement(child(top, first + n), Draft(f"statement {n}")) for n in range(12_000)]
        kb.store.put_statements(tree.tree_id, new)
    there = tmp_path / "there.db"
    command = [sys.executable, "-m", "ui.main", "copy", str(file), str(there)]
    running = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
    while running.poll() is None and not _has_begun(there):
        time.sleep(0.002)
    os.kill(running.pid, signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL
    done = json.loads(called("copy", file, there, "--json").stdout)["copied"][0]
    assert done["was_resumed"]
    assert done["new"] < 12_000
    with open_kb(there) as kb:
        assert len(kb.tree("heart").children("0.0", dropped=True)) == first + 12_000
        assert list(kb.store.check()) == []


def _has_begun(there: Path) -> bool:
    if not there.exists():
        return False
    connection = sqlite3.connect(there, timeout=5)
    try:
        (n,) = connection.execute("SELECT count(*) FROM statement").fetchone()
    finally:
        connection.close()
    return int(n) > 1_000


def test_verify_says_what_it_checked(call: Call, asked: Asked) -> None:
    result = call("verify")

    assert result.exit_code == 0
    assert "nothing is broken" in result.stderr
    assert result.stdout.count("✓") == len(asked("verify")["checked"]) > 10


def test_what_verify_finds_is_repaired_when_asked(file: Path, call: Call) -> None:
    connection = sqlite3.connect(file)
    connection.execute("UPDATE statement SET n_children = 77 WHERE path = '00000'")
    connection.commit()
    connection.close()
    found = call("verify")
    assert found.exit_code == 1
    assert "it counts 77 children" in found.stdout
    assert "priory verify --repair" in found.stderr
    mended = call("verify", "--repair")
    assert mended.exit_code == 0
    assert "mended heart 0: it now counts" in mended.stdout
    assert call("verify").exit_code == 0


def test_migrate_tells_and_does_and_opening_refuses(
    file: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    from graph_schema import Migration, sqlite_migrations

    assert "is at version" in call("migrate", "--check").stderr
    known = sqlite_migrations()
    later = (*known, Migration(len(known) + 1, "colours", "CREATE TABLE colour (name TEXT);\n"))
    monkeypatch.setattr("kb.stores.sqlite.files.sqlite_migrations", lambda: later)
    refused = call("show", "--json")
    assert refused.exit_code == 1
    assert json.loads(refused.stderr)["error"]["code"] == "migration-needed"
    assert f"priory migrate --kb sqlite:///{file}" in refused.stderr
    told = call("migrate", "--check")
    assert (told.exit_code, "colours" in told.stdout) == (1, True)
    done = call("migrate", "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["applied"][-1]["name"] == "colours"
    assert call("show").exit_code == 0
    monkeypatch.undo()
    newer = call("show", "--json")
    assert json.loads(newer.stderr)["error"]["code"] == "newer-database"
    assert call("migrate").exit_code == 1


def test_the_doctor_names_what_is_there_and_what_is_not(call: Call, tmp_path: Path) -> None:
    well = call("doctor")
    assert well.exit_code == 0, well.stdout
    assert "tree heart: data is whole, 120 labelled cases, 60 to predict" in well.stdout
    assert "extra search" in well.stdout
    ill = called("doctor", "--kb", tmp_path / "none.db")
    assert ill.exit_code == 1
    assert "there is no knowledge base" in ill.stdout


def test_what_workers_gave_up_is_listed_and_asked_for_again(file: Path, call: Call, asked: Asked) -> None:
    with open_kb(file) as kb:
        tree = kb.tree("heart")
        kb.store.enqueue(tree.tree_id, [(ROOT, 1, 1.0), (Address("0.0"), 1, 2.0)])
        for item in kb.store.take(tree.tree_id, worker="w", seconds=60, limit=2):
            kb.store.give_up(item, reason="the model \x1b[31msaid no")
    listed = call("queue")
    assert "0.0 slot 1: given up after 1 try: the model [31msaid no" in listed.stdout
    assert "2 given up" in listed.stderr
    assert call("queue", "--again", "0.1").exit_code == 2
    done = asked("queue", "--again", "0.0")
    assert [each["address"] for each in done["asked_again"]] == ["0.0"]
    assert (done["waiting"], len(done["given_up"])) == (1, 1)
    assert asked("queue", "--again-all")["given_up"] == []


def test_no_password_is_ever_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "neo4j://ada:s3cr@t@localhost:1/kb"
    for told in (
        ["trees", "--kb", url],
        ["copy", url, url],
        ["migrate", "--kb", url],
        ["doctor", "--kb", url],
    ):
        for more in ([], ["--json"]):
            result = called(*told, *more)
            assert result.exit_code in {1, 2}
            assert "s3cr" not in result.stdout + result.stderr

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("kb.knowledge.open_store", interrupt)
    stopped = called("trees", "--kb", url)
    assert stopped.exit_code == 130
    assert "Go on with: priory trees --kb neo4j://localhost:1/kb" in stopped.stderr


def test_what_is_no_place_is_refused() -> None:
    from kb.errors import InputError

    for nothing in (None, 7):
        with pytest.raises(InputError, match="names no knowledge base"):
            open_kb(nothing)  # type: ignore[arg-type]  # what a program may do by mistake
