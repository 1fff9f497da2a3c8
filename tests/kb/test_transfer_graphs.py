"""GraphML, Markdown and networkx: what other programs read."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import networkx as nx  # noqa: TID253  # it reads what is written here
import pytest

from kb.address import ROOT, Address
from kb.errors import FailedError, InputError
from kb.records import Expansion, Proposal, TreeRecord
from kb.statements import Draft, Measures
from kb.stores.opening import open_store
from kb.stores.protocol import Store, UnknownAddressError
from kb.transfer import export_graphml, export_markdown, to_networkx

TREE = TreeRecord("a" * 32, 'penguins & "birds"', {})
NASTY = "<b>bold</b> & *stars* \x00\x0b [link](http://x) `code`\n# not a heading\ud7ff🐧"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(str(tmp_path / "kb.db")) as opened:
        opened.create_tree(TREE, Draft("the base rate"))
        for text in (NASTY, "plain", "dropped"):
            opened.append_child(TREE.tree_id, ROOT, Draft(text, when="a > 1"))
        opened.append_child(TREE.tree_id, Address("0.1"), Draft("below"))
        lease = opened.lease(TREE.tree_id, Address("0.1"), 1, worker="w", seconds=60)
        assert lease is not None
        made = Expansion(Address("0.1"), 1, "scripted", (Proposal((Draft("current"),)),), 0)
        opened.commit(lease, made)
        opened.set_dropped(TREE.tree_id, Address("0.2"), is_dropped=True)
        opened.put_measures(TREE.tree_id, {Address("0.1"): Measures({"Adelie": 0.5}, 0.25)})
        yield opened


WALK = ["0", "0.0", "0.1", "0.1@1.0", "0.2"]


def test_graphml_is_read_by_networkx(store: Store, tmp_path: Path) -> None:
    assert export_graphml(store, TREE, tmp_path / "x.graphml") == 5
    graph = nx.read_graphml(tmp_path / "x.graphml")
    assert list(graph.nodes) == WALK
    assert sorted(graph.edges) == [("0", "0.0"), ("0", "0.1"), ("0", "0.2"), ("0.1", "0.1@1.0")]
    assert graph.nodes["0.0"]["text"] == NASTY.replace("\x00", "\ufffd").replace("\x0b", "\ufffd")
    assert graph.nodes["0.1"]["plausibility"] == 0.25
    assert graph.nodes["0.1"]["points"] == '{"Adelie": 0.5}'
    assert graph.nodes["0.2"]["is_dropped"] is True
    assert "plausibility" not in graph.nodes["0.0"]


def test_a_part_is_a_graph_of_its_own(store: Store, tmp_path: Path) -> None:
    assert export_graphml(store, TREE, tmp_path / "x.graphml", address=Address("0.1")) == 2
    graph = nx.read_graphml(tmp_path / "x.graphml")
    assert sorted(graph.edges) == [("0.1", "0.1@1.0")]


def test_markdown_is_an_outline_in_which_texts_are_only_texts(store: Store, tmp_path: Path) -> None:
    assert export_markdown(store, TREE, tmp_path / "x.md") == 5
    lines = (tmp_path / "x.md").read_text(encoding="utf-8").splitlines()
    assert lines[0] == '# penguins \\& "birds"'
    assert lines[2] == "- **0** the base rate"
    assert lines[3].startswith(
        r"  - **0.0** \<b\>bold\</b\> \& \*stars\* \[link\]\(http://x\) \`code\` \# not"
    )
    assert lines[4] == r"  - **0.1** plain *(points: Adelie +2; for D\*: 25 %)*"
    assert lines[5] == "    - **0.1@1.0** current"
    assert lines[6] == "  - **0.2** ~~dropped~~"
    assert len(lines) == 7


def test_a_networkx_graph_goes_as_deep_as_asked(store: Store) -> None:
    graph = to_networkx(store, TREE)
    assert sorted(graph.nodes) == WALK
    assert graph.nodes["0.1"]["points"] == {"Adelie": 0.5}
    assert graph.nodes["0"]["text"] == "the base rate"
    assert sorted(to_networkx(store, TREE, ROOT, 1).nodes) == ["0", "0.0", "0.1", "0.2"]
    assert list(to_networkx(store, TREE, Address("0.1"), 0).nodes) == ["0.1"]
    assert nx.is_arborescence(graph)


def test_what_is_not_stored_and_what_is_there_are_refused(store: Store, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    for export in (export_graphml, export_markdown):
        with pytest.raises(UnknownAddressError, match=r"0\.9: no such statement"):
            export(store, TREE, tmp_path / "x", address=Address("0.9"))
        with pytest.raises(InputError, match="there is a file of that name"):
            export(store, TREE, tmp_path / "mine")
    with pytest.raises(UnknownAddressError):
        to_networkx(store, TREE, Address("0.9"))
    assert (tmp_path / "mine").read_text() == "mine"
    assert not [file for file in tmp_path.iterdir() if file.name.startswith("x")]


def test_without_networkx_the_extra_is_named(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(FailedError, match=r"networkx is not installed. pip install 'priory\[graph\]'"):
        to_networkx(store, TREE)


def test_importing_loads_no_library() -> None:
    heavy = "{'networkx', 'numpy', 'sqlite3'}"
    code = f"import sys, kb.transfer, kb.stores.opening; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout == "[]\n"
