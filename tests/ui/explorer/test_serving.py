"""The server's options, its policy, its port, and what is said where something lacks."""

from __future__ import annotations

import importlib.util
import socket
from pathlib import Path

import pytest

from kb.errors import FailedError, InputError
from tests.ui.conftest import called
from ui.explorer.links import safe_label
from ui.explorer.policy import headers, inline_hashes
from ui.explorer.serving import FIRST_PORT, Server, free_port, serve


def test_a_port_that_is_taken_is_named_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(FailedError, match=rf"port {port} can't be bound.*--port"):
            free_port("127.0.0.1", port)
    assert free_port("127.0.0.1", None) >= FIRST_PORT


def test_where_streamlit_lacks_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(InputError, match=r"priory\[explorer\]"):
        serve(Server(kb="sqlite:///nowhere.db"))


def test_a_knowledge_base_that_is_not_there_is_refused_before_anything_starts(tmp_path: Path) -> None:
    ended = called("explore", "--kb", f"sqlite:///{tmp_path}/nowhere.db", "--no-browser")
    assert ended.exit_code == 2
    assert "nowhere.db" in ended.stderr
    assert not (tmp_path / "nowhere.db").exists()


def test_a_server_is_of_this_machine_unless_told_otherwise() -> None:
    assert Server(kb="sqlite:///a.db").url == f"http://127.0.0.1:{FIRST_PORT}"
    assert Server(kb="sqlite:///a.db", host="0.0.0.0", port=80).url == "http://127.0.0.1:80"
    assert Server(kb="sqlite:///a.db", host="::1", port=80).url == "http://[::1]:80"


def test_inline_scripts_are_allowed_by_their_hash_alone(tmp_path: Path) -> None:
    page = tmp_path / "index.html"
    page.write_text("<script>a()</script><script src='b.js'></script>", encoding="utf-8")
    (allowed,) = inline_hashes(page)
    policy = dict(headers([allowed]))[b"content-security-policy"].decode()
    script = policy.partition("script-src ")[2].partition(";")[0]
    assert allowed in script.split()
    assert "'unsafe-inline'" not in script


@pytest.mark.parametrize("text", ["![x](http://a)", "[x](javascript:a)", "**b** `c` $d$ :red[e] <f> ~g~ #h"])
def test_a_label_escapes_every_sign_of_markdown(text: str) -> None:
    escaped = safe_label(text)
    for at, letter in enumerate(escaped):
        if letter in "*_{}[]()<>#!|:$~`":
            assert escaped[at - 1] == "\\"
