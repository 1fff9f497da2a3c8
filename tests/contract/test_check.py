"""The check of a store finds each sort of damage, and a sound store has none."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from kb.address import ROOT, Address, path_of
from kb.errors import FailedError
from kb.records import Judgement, TreeRecord
from kb.statements import Draft, Measures
from kb.stores import invariants
from kb.stores.invariants import (
    ABOUT,
    BLOB,
    CHILDREN,
    COUNT,
    CURRENT,
    DONE,
    KEY,
    PARENT,
    RESPONSE,
    SEARCH,
    UNPACKED,
)
from kb.stores.opening import open_store
from kb.stores.sqlite import checks
from kb.stores.sqlite.checks import INVARIANTS
from tests.contract.building import expansion, grow, unpack

TREE, OTHER = "a" * 32, "b" * 32


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "kb.db"
    with open_store(str(file)) as store:
        for tree in (TREE, OTHER):
            store.create_tree(TreeRecord(tree, f"tree {tree[0]}", {}), Draft("the base rate"))
            grow(store, tree, levels=2, width=3)
            unpack(store, tree, ROOT, "another view", slot=1)
            store.append_child(tree, Address("0.0.0"), Draft("by hand"))
            store.append_judgements(tree, [Judgement("j", "rating", Address("0.1"), "human:ada", 0.5)])
            store.put_measures(tree, {Address("0.1"): Measures(plausibility=0.5)})
            store.enqueue(tree, [(Address("0.2.2"), 0, 1.0)])
        lease = store.lease(TREE, Address("0.2.0"), 0, worker="w", seconds=60)
        assert lease is not None
        made = replace(expansion(Address("0.2.0"), "from a model"), response=store.put_blob(b"raw" * 700_000))
        store.commit(lease, made)
    return file


def findings(file: Path) -> list[tuple[str, str]]:
    with open_store(str(file)) as store:
        assert store.invariants() == INVARIANTS
        return [(finding.invariant, finding.where) for finding in store.check()]


def test_a_sound_store_has_no_findings(file: Path) -> None:
    assert findings(file) == []


AT = "tree = 1 AND path = '{}'"
DAMAGE: list[tuple[str, str, str]] = [
    (KEY, "tree a 0.1", "UPDATE statement SET key = randomblob(16) WHERE {0.1}"),
    (PARENT, "tree a 0.1.1", "UPDATE statement SET ordinal = 7 WHERE {0.1.1}"),
    (PARENT, "tree a 0.1.1", "UPDATE statement SET parent = NULL WHERE {0.1.1}"),
    (PARENT, "tree a '0000000'", "UPDATE statement SET path = '0000000' WHERE {0.1.0}"),
    (COUNT, "tree a 0.1", "UPDATE statement SET n_children = 2 WHERE {0.1}"),
    (COUNT, "tree a 0.1", "UPDATE statement SET n_children = 4 WHERE {0.1}"),
    (
        CURRENT,
        "tree a 0.1",
        "UPDATE statement SET current_slot = NULL, n_children = 0 WHERE {0.1}",
    ),
    (CURRENT, "tree a 0", "UPDATE statement SET current_slot = 5, n_children = 0 WHERE {0}"),
    (CURRENT, "tree a 0.1.0", "UPDATE statement SET current_slot = 0 WHERE {0.1.0}"),
    (UNPACKED, "tree a 0.1", "UPDATE statement SET is_unpacked = 0 WHERE {0.1}"),
    (UNPACKED, "tree a 0.0.0", "UPDATE statement SET is_unpacked = 1 WHERE {0.0.0}"),
    (
        invariants.ROOT,
        "tree c",
        "INSERT INTO tree (tree_id, name, spec, created) VALUES ('c', 'tree c', '{{}}', 0)",
    ),
    (CHILDREN, "tree a 0.1", "UPDATE statement SET text = 'edited', size = 6 WHERE {0.1.2}"),
    (
        CHILDREN,
        "tree a 0.1",
        "UPDATE expansion SET first_ordinal = 1 WHERE statement = ({0.1} pk)",
    ),
    (RESPONSE, "tree a 0.2.0", "UPDATE blob SET is_complete = 0"),
    (ABOUT, "tree a 0.1", "UPDATE judgement SET tree = 2, id = 'k' WHERE tree = 1"),
    (ABOUT, "tree a 0.1", "UPDATE measure SET tree = 2 WHERE tree = 1"),
    (ABOUT, "tree a 0.2.2", "UPDATE work SET tree = 2 WHERE tree = 1 AND state = 'asked'"),
    (DONE, "tree a 0.1", "UPDATE work SET state = 'asked' WHERE statement = ({0.1} pk)"),
    (BLOB, "blob", "DELETE FROM blob_part WHERE part = 1"),
    (BLOB, "blob", "UPDATE blob_part SET data = zeroblob(100) WHERE part = 2"),
    (SEARCH, "tree a 0.1", "DELETE FROM statement_text_docsize WHERE id = ({0.1} pk)"),
    (SEARCH, "kb.db", "UPDATE statement SET text = 'edited', size = 6 WHERE {0.1.2}"),
    (checks.FILE, "judgement 1", "UPDATE judgement SET statement = 999 WHERE pk = 1"),
]


@pytest.mark.parametrize(("invariant", "where", "sql"), DAMAGE)
def test_each_sort_of_damage_is_found(file: Path, invariant: str, where: str, sql: str) -> None:
    connection = sqlite3.connect(file, isolation_level=None)
    _damage(connection, sql)
    connection.close()
    assert (invariant, where) in [
        (what, at if not at.startswith("blob") else "blob") for what, at in _short(file)
    ]


def _short(file: Path) -> list[tuple[str, str]]:
    return [(what, where.removeprefix(f"{file.parent}/")) for what, where in findings(file)]


def _damage(connection: sqlite3.Connection, sql: str) -> None:
    """Run the statement with ``{address}`` written out as where the address is kept."""

    def place(found: re.Match[str]) -> str:
        return AT.format(path_of(Address(found[1])))

    def number(found: re.Match[str]) -> str:
        return f"(SELECT pk FROM statement WHERE {place(found)})"

    filled = re.sub(r"\(\{([0-9.]+)\} pk\)", number, sql)
    filled = re.sub(r"\{([0-9.]+)\}", place, filled).replace("{{}}", "{}")
    assert connection.execute(filled).rowcount != 0, filled


def test_every_invariant_has_a_damage_that_it_finds() -> None:
    assert {damage[0] for damage in DAMAGE} == set(INVARIANTS)


def test_an_index_that_disagrees_with_its_table_is_found(file: Path) -> None:
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute(
        "UPDATE sqlite_schema SET sql = replace(sql, '(tree)', '(created)') WHERE name = 'judgement_by_tree'"
    )
    connection.close()
    assert checks.FILE in [invariant for invariant, _ in findings(file)]


def test_a_blob_that_was_changed_is_not_given_out(file: Path) -> None:
    with open_store(str(file)) as store:
        digest = store.put_blob(b"as it was" * 200_000)
        connection = sqlite3.connect(file, isolation_level=None)
        connection.execute("UPDATE blob_part SET data = zeroblob(length(data)) WHERE part = 1")
        connection.close()
        with pytest.raises(FailedError, match=r"doesn't match its digest\. Go back to a backup"):
            store.blob(digest)


def test_checking_changes_nothing(file: Path) -> None:
    before = file.read_bytes()
    assert findings(file) == []
    assert file.read_bytes() == before


MENDED = [
    damage
    for damage in DAMAGE
    if damage[0] in {KEY, COUNT, CURRENT, UNPACKED, DONE} or (damage[0] == PARENT) or (damage[0] == SEARCH)
]


@pytest.mark.parametrize(("invariant", "where", "sql"), MENDED)
def test_what_the_rest_tells_is_mended_without_losing_anything(
    file: Path, invariant: str, where: str, sql: str
) -> None:
    before = everything(file)
    connection = sqlite3.connect(file, isolation_level=None)
    _damage(connection, sql)
    connection.close()
    with open_store(str(file)) as store:
        mended = list(store.repair())
        assert invariant in [each.invariant for each in mended]
        left = {each.invariant for each in store.check()}
        assert left <= {CHILDREN}  # a text that was edited by hand stays as it is
        assert list(store.repair()) == []
    if "edited" not in sql:
        assert everything(file) == before
    assert where


def everything(file: Path) -> dict[str, list[tuple[object, ...]]]:
    connection = sqlite3.connect(file)
    tables = ("tree", "statement", "expansion", "judgement", "measure", "work", "blob", "blob_part")
    rows = {table: connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in tables}
    connection.close()
    return rows


@pytest.mark.parametrize(("invariant", "where", "sql"), [each for each in DAMAGE if each not in MENDED])
def test_what_nothing_tells_is_left_as_it_is(file: Path, invariant: str, where: str, sql: str) -> None:
    connection = sqlite3.connect(file, isolation_level=None)
    _damage(connection, sql)
    connection.close()
    damaged = everything(file)
    with open_store(str(file)) as store:
        assert {each.invariant for each in store.repair()} <= {SEARCH}
        assert invariant in {each.invariant for each in store.check()}
    assert everything(file) == damaged
    assert where


def test_a_sound_store_has_nothing_to_mend(file: Path) -> None:
    before = everything(file)
    with open_store(str(file)) as store:
        assert list(store.repair()) == []
    assert everything(file) == before
