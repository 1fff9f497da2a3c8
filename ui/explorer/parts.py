"""The explorer's own components: JavaScript and CSS of ``frontend/``, which set text as text.

The server gives their files out itself under names that change with their content. What Streamlit
is handed is a loader of a few lines: it sends that again with every answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal

import streamlit as st

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from streamlit.components.v2.types import ComponentRenderer

__all__ = ["FOLDER", "file_response", "part", "versioned"]

FOLDER = "priory-parts"  # of the URL
_TYPES = {"js": "text/javascript", "css": "text/css"}
_SHELL = '<div class="part"></div>'
_STYLE = ":host { display: block; }"
_LOADER = """
const at = (name) => new URL("./%(folder)s/" + name, document.baseURI).href;
const loaded = import(at("%(js)s"));
export default function part(given) {
  const root = given.parentElement.querySelector(".part");
  if (!root.dataset.styled) {
    root.dataset.styled = "1";
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = at("%(css)s");
    root.style.visibility = "hidden";
    style.onload = style.onerror = () => (root.style.visibility = "");
    given.parentElement.appendChild(style);
  }
  let end;
  loaded.then((found) => (end = found.default(given)));
  return () => end && end();
}
"""


@cache
def _content(name: str, kind: str) -> str:
    folder = resources.files("ui.explorer").joinpath("frontend")
    names = [f"common.{kind}", f"{name}.{kind}"] if kind == "css" else [f"{name}.{kind}"]
    read = [folder.joinpath(each) for each in names]
    return "\n".join(each.read_text(encoding="utf-8") for each in read if each.is_file())


@cache
def versioned(name: str, kind: str) -> str:
    """The name of a component's file in a URL."""
    digest = hashlib.blake2b(_content(name, kind).encode(), digest_size=6).hexdigest()
    return f"{name}.{digest}.{kind}"


async def file_response(request: Request) -> Response:
    """Give out one file of a component; browsers may keep it, because its name names its content."""
    from starlette.responses import Response

    asked = str(request.path_params["name"])
    name, _, rest = asked.partition(".")
    kind = rest.rpartition(".")[2]
    if not name.isidentifier() or kind not in _TYPES or not _content(name, kind):
        return Response(status_code=404)
    if asked != versioned(name, kind):
        return Response(status_code=404)
    kept = {"cache-control": "public, max-age=31536000, immutable"}
    return Response(_content(name, kind), media_type=_TYPES[kind], headers=kept)


@cache
def _registered(name: str) -> ComponentRenderer:
    files = {kind: versioned(name, kind) for kind in _TYPES}
    loader = _LOADER % {**files, "folder": FOLDER}
    return st.components.v2.component(f"priory_{name}", html=_SHELL, css=_STYLE, js=loader)


def part(
    name: str,
    data: Mapping[str, Any],
    *,
    key: str,
    height: int | Literal["content", "stretch"] = "content",
    on: Mapping[str, Callable[[], None]] | None = None,
) -> Any:
    """Mount the component of ``frontend/NAME.js``.

    Args:
        name: Which.
        data: What it shows, JSON values; texts in it are untrusted and stay texts.
        key: Where its state is kept; unique on a page.
        height: In pixels, or as its content needs.
        on: Per event that it sends, what to call; ``st.session_state[key]`` then holds its value.
    """
    called: dict[str, Any] = {f"on_{event}_change": handler for event, handler in (on or {}).items()}
    return _registered(name)(data=dict(data), key=key, height=height, **called)
