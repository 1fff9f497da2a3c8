"""Starting the explorer's server: its options, its policy, its port."""

from __future__ import annotations

import importlib.util
import os
import socket
import threading
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kb.errors import FailedError, InputError
from learning.unpackers import MODEL
from ui.explorer import policy, theme

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

__all__ = ["FIRST_PORT", "LOCAL", "Server", "free_port", "serve"]

LOCAL = "127.0.0.1"
FIRST_PORT = 8501
_PORTS_TRIED = 20
_SCRIPT = Path(__file__).parent / "script" / "priory.py"


@dataclass(frozen=True, slots=True)
class Server:
    """How the explorer is served.

    Attributes:
        kb: URL of the knowledge base.
        tree: Tree to begin with; None for the newest.
        host: Address to bind.
        port: Port to bind.
        auth: Names come from the login of an OpenID provider.
        model: The language model that unpacking is offered by; None for the one that PRIORY_MODEL names.
        opens_browser: Open the page in this machine's browser once it is there.
    """

    kb: str
    tree: str | None = None
    host: str = LOCAL
    port: int = FIRST_PORT
    auth: bool = False
    model: str | None = None
    opens_browser: bool = False

    @property
    def url(self) -> str:
        """Where a browser on this machine finds it."""
        host = LOCAL if self.host in {"", "0.0.0.0", "::"} else self.host  # noqa: S104  # compared, not bound
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


def free_port(host: str, wanted: int | None) -> int:
    """The port to bind: the wanted one, or the first free one from FIRST_PORT on.

    Raises:
        FailedError: The wanted one, or each of twenty, is taken; or the host is none of this machine.
    """
    tried = [wanted] if wanted is not None else list(range(FIRST_PORT, FIRST_PORT + _PORTS_TRIED))
    why = ""
    for port in tried:
        try:
            with socket.create_server((host, port), family=_family(host)):
                return port
        except OSError as error:
            why = error.strerror or str(error)
    named = str(tried[0]) if len(tried) == 1 else f"{tried[0]} to {tried[-1]}"
    raise FailedError(f"port {named} can't be bound: {why}.", where=host, remedy="Name another with --port.")


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def serve(server: Server, *, ready: Callable[[], None] = lambda: None) -> None:
    """Serve until interrupted.

    Args:
        server: How.
        ready: Called once, when pages can be loaded.

    Raises:
        InputError: Streamlit is not installed, or the login is not set up.
    """
    if importlib.util.find_spec("streamlit") is None:
        raise InputError(
            "the explorer needs Streamlit, which is not installed.",
            remedy="Install it: pip install 'priory[explorer]'",
        )
    import streamlit
    import uvicorn
    from starlette.middleware import Middleware
    from starlette.routing import Route
    from streamlit.web.bootstrap import load_config_options

    from ui.explorer import parts

    os.environ |= {
        "PRIORY_KB": server.kb,
        "PRIORY_TREE": server.tree or "",
        "PRIORY_EXPLORER_AUTH": "1" if server.auth else "",
    }
    if server.model:
        os.environ[MODEL] = server.model
    load_config_options({**_options(server), **theme.options()})
    if server.auth:
        _check_login(streamlit.secrets)
    index = Path(streamlit.__file__).with_name("static") / "index.html"
    extra = policy.headers(policy.inline_hashes(index))
    app = streamlit.App(
        _SCRIPT,
        middleware=[Middleware(policy.Guarded, extra)],
        routes=[Route(f"/{parts.FOLDER}/{{name}}", parts.file_response), Route("/healthz", _healthy)],
    )
    config = uvicorn.Config(
        app,
        host=server.host,
        port=server.port,
        log_level="warning",
        access_log=False,
        ws_max_size=64 * 1024 * 1024,
        timeout_graceful_shutdown=2,
    )
    running = uvicorn.Server(config)
    threading.Thread(target=_tell, args=(running, server, ready), daemon=True).start()
    running.run()


async def _healthy(_: Request) -> Response:
    """Say that the server is there; nothing about what it serves."""
    from starlette.responses import JSONResponse

    return JSONResponse({"ok": True})


def _tell(running: object, server: Server, ready: Callable[[], None]) -> None:
    """Wait until the server answers, then say so."""
    waited = threading.Event()
    while not getattr(running, "started", False):
        if getattr(running, "should_exit", False):
            return
        waited.wait(0.05)
    ready()
    if server.opens_browser:
        webbrowser.open(server.url)


def _options(server: Server) -> dict[str, object]:
    """Streamlit's own options: nothing is watched, nothing is reported, errors show no code."""
    local = ["localhost", "127.0.0.1", "[::1]"] if server.host in {LOCAL, "localhost", "::1"} else []
    return {
        "server.address": server.host,
        "server.port": server.port,
        "server.headless": True,
        "server.fileWatcherType": "none",
        "server.allowedHosts": local,
        "browser.gatherUsageStats": False,
        "client.toolbarMode": "viewer",
        "client.showErrorDetails": "none",
        "client.showErrorLinks": False,
    }


def _check_login(secrets: object) -> None:
    if importlib.util.find_spec("authlib") is None:
        raise InputError(
            "--auth needs Authlib, which is not installed.",
            where="--auth",
            remedy="Install it: pip install 'streamlit[auth]'",
        )
    try:
        found = "auth" in secrets  # type: ignore[operator]  # Streamlit's lazy mapping
    except FileNotFoundError:
        found = False
    if not found:
        raise InputError(
            "--auth needs an OpenID provider, and .streamlit/secrets.toml has no [auth] section.",
            where=".streamlit/secrets.toml",
            remedy="Write one as docs/explorer.md shows, or leave --auth out.",
        )
