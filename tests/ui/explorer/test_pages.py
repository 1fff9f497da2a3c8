"""Explore without a browser: empty, one, many, an unknown address, a store that is down."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kb.address import ROOT, Address, child
from kb.errors import InputError
from kb.knowledge import open_kb
from kb.statements import Draft, Statement
from tests.tasks import Table, grow
from ui.explorer import jobs, working

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

Open = Callable[..., "AppTest"]
APP = Path(__file__).resolve().parents[3] / "ui" / "explorer" / "script" / "priory.py"


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Runs the app on a knowledge base; a link's state goes in by name."""
    testing = pytest.importorskip("streamlit.testing.v1", reason="streamlit is not installed")
    from ui.explorer import session

    session.reopen()

    def run(file: str = "kb.db", **link: str) -> AppTest:
        monkeypatch.setenv("PRIORY_KB", f"sqlite:///{tmp_path}/{file}")
        at: AppTest = testing.AppTest.from_file(str(APP), default_timeout=20)
        at.session_state["name"] = "Ada"
        for name, value in link.items():
            at.query_params[name] = value
        at.run()
        assert not at.exception
        return at

    return run


def _texts(at: AppTest) -> str:
    return "\n".join(
        str(e.value) for kind in (at.text, at.subheader, at.caption, at.error, at.code) for e in kind
    )


def test_an_empty_knowledge_base_says_how_to_make_a_tree(app: Open, tmp_path: Path) -> None:
    open_kb(f"sqlite:///{tmp_path}/kb.db").close()
    shown = _texts(app())
    assert "No tree yet" in shown
    assert "priory demo" in shown


def test_a_lone_root_can_be_unpacked_and_written_below(
    app: Open, tmp_path: Path, planted_table: Table
) -> None:
    with open_kb(f"sqlite:///{tmp_path}/kb.db") as kb:
        grow(kb, planted_table, "dogs")
    at = app()
    assert "Nothing below it yet" in _texts(at)
    assert [b.disabled for b in at.button if b.label == "Unpack"] == [False]


def test_many_children_come_in_pages(app: Open, tmp_path: Path, planted_table: Table) -> None:
    with open_kb(f"sqlite:///{tmp_path}/kb.db") as kb:
        tree = grow(kb, planted_table, "dogs")
        made = [Statement(child(ROOT, i), Draft(f"Statement {i}.")) for i in range(120)]
        tree.store.put_statements(tree.tree_id, made)
    at = app()
    assert "1 to 50 of 120" in _texts(at)
    at.button(key="children later").click().run()
    assert "51 to 100 of 120" in _texts(at)
    at.button(key="children earlier").click().run()
    assert "1 to 50 of 120" in _texts(at)


def test_an_unknown_address_says_so_and_offers_a_way_back(
    app: Open, tmp_path: Path, planted_table: Table
) -> None:
    with open_kb(f"sqlite:///{tmp_path}/kb.db") as kb:
        tree = grow(kb, planted_table, "dogs")
        tree.store.put_statements(tree.tree_id, [Statement(Address("0.0"), Draft("A statement."))])
    at = app(z="0.0.4")
    assert "No such statement" in _texts(at)
    assert "nearest above it" in " ".join(b.label for b in at.button)
    next(b for b in at.button if b.label == "Go to the root").click().run()
    assert at.query_params["z"] == "0"
    assert "No such statement" not in _texts(at)


def test_an_unknown_tree_is_named_with_those_there_are(
    app: Open, tmp_path: Path, planted_table: Table
) -> None:
    with open_kb(f"sqlite:///{tmp_path}/kb.db") as kb:
        grow(kb, planted_table, "dogs")
    shown = _texts(app(tree="cats"))
    assert "cats" in shown
    assert "dogs" in shown


def test_a_store_that_is_down_gives_a_banner_and_retry_mends_it(
    app: Open, tmp_path: Path, planted_table: Table
) -> None:
    with open_kb(f"sqlite:///{tmp_path}/kb.db") as kb:
        grow(kb, planted_table, "dogs")
    (tmp_path / "kb.db").rename(tmp_path / "away.db")
    at = app()
    assert len(at.error) == 1
    assert [b.label for b in at.button if b.label == "Retry"] == ["Retry"]
    (tmp_path / "away.db").rename(tmp_path / "kb.db")
    at.button(key="retry").click().run()
    assert not at.error
    assert "Nothing below it yet" in _texts(at)


def test_a_step_that_failed_says_why_and_can_be_asked_for_again(
    app: Open, tmp_path: Path, planted_table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise InputError("the model *said* nothing.", where="0")

    with open_kb(f"sqlite:///{tmp_path}/kb.db") as kb, monkeypatch.context() as patched:
        tree = grow(kb, planted_table, "dogs")
        jobs.ask(tree, ROOT, unpacker="induction", by="human:Ada")
        patched.setattr(working, "unpack_under", broken)
        working.work_off(tree)
    at = app()
    assert ["said" in str(e.value) and "\\*said\\*" in str(e.value) for e in at.error] == [True]
    assert [b.disabled for b in at.button if b.label == "Unpack"] == [True]
    at.button(key="retry job").click().run()
    assert not at.error
    with open_kb(f"sqlite:///{tmp_path}/kb.db") as kb:
        working.start(kb.tree("dogs")).join(timeout=60)
        assert kb.tree("dogs").statement(ROOT).is_unpacked


def test_proposals_that_are_too_close_ask_the_person_who_looks(
    app: Open, tmp_path: Path, learned_copies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kb.db").write_bytes((learned_copies / "dogs.db").read_bytes())
    with open_kb(f"sqlite:///{tmp_path}/kb.db") as kb, monkeypatch.context() as patched:
        tree = kb.tree("dogs")
        steps = [e for s in tree.walk() for e in tree.store.expansions(tree.tree_id, s.address)]
        address = next(e.address for e in steps if sum(not p.problems for p in e.proposals) > 1)
        jobs.ask(tree, address, unpacker="induction", by="human:Ada")
        patched.setattr(working, "MARGIN", 2.0)
        working.work_off(tree)
    at = app(z=address)
    assert ["Needs you" in str(w.value) for w in at.warning] == [True]
    found = app(show="needs you")
    assert "1 statement of 1 looked at" in _texts(found)


@pytest.mark.parametrize("tab", ["Children", "Evidence", "Judgements", "Provenance", "Map"])
def test_every_tab_can_be_linked_to(app: Open, tmp_path: Path, learned_copies: Path, tab: str) -> None:
    (tmp_path / "kb.db").write_bytes((learned_copies / "dogs.db").read_bytes())
    at = app(z="0", tab=tab)
    assert not at.error
