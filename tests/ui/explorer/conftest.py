"""One knowledge base, one server and one browser for all tests that look at pages."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kb.address import Address, child
from kb.knowledge import KnowledgeBase, Tree, open_kb
from kb.statements import Draft, Statement
from tests.tasks import grow, three_species

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
BEACON = "http://127.0.0.1:9"  # nobody listens there; what asks for it is caught by the browser's own log
HOSTILE = (
    "<script>window.__ran = 'script'</script>",
    "<img src=x onerror=\"window.__ran = 'img'\"> and <svg onload=\"window.__ran = 'svg'\">",
    f"![pixel]({BEACON}/pixel.png) and [click](javascript:window.__ran='link') **bold** `code` $x^2$",
    f'<a href="javascript:window.__ran=1">here</a> <iframe src="{BEACON}/frame"></iframe> <style>*</style>',
    "left \u202eright to left\u202c, \u2066isolated\u2069, zero\u200bwidth, nul\u0001 and \u001b[31mred",
    "👩‍👩‍👧‍👦 emoji, ﷽ and Z̸̡̢a̷l̵g̶o̷ and مرحبا بالعالم and 𝕳𝖊𝖑𝖑𝖔",
    "long " * 20_000,
    ":material/delete: :red[red] :streamlit: <b>bold</b> &lt;i&gt; {{7*7}} ${7*7} %s {a} {0}",
)


@dataclass
class Visitor:
    """A browser page on the explorer, and what went wrong on it."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        self.page.goto(self.url + path)
        self.card().wait_for(timeout=30_000)

    @property
    def tree(self) -> Locator:
        return self.page.get_by_role("tree")

    def card(self, address: str | None = None) -> Locator:
        which = f'[data-address="{address}"]' if address else ""
        return self.page.locator(f"article.card{which}")

    def row(self, text: str) -> Locator:
        return self.page.get_by_role("treeitem").filter(has_text=text)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def search(self) -> dict[str, str]:
        found: dict[str, str] = self.page.evaluate("Object.fromEntries(new URLSearchParams(location.search))")
        return found

    def until(self, holds: Callable[[], Any], seconds: float = 15.0) -> None:
        ends = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < ends, "it did not come about in time"
            self.page.wait_for_timeout(20)


def _deep(kb: KnowledgeBase) -> Tree:
    """Seven levels, and one statement with 400 children."""
    tree = grow(kb, three_species(), "deep")
    made: list[Statement] = []
    above = Address("0")
    for level in range(7):
        said = [Draft(f"Level {level + 1}, statement {ordinal}.") for ordinal in range(3)]
        made += [Statement(child(above, ordinal), draft) for ordinal, draft in enumerate(said)]
        above = child(above, 1)
    crowd = child(Address("0"), 2)
    made += [Statement(child(crowd, i), Draft(f"One of many: {i}.")) for i in range(400)]
    tree.store.put_statements(tree.tree_id, made)
    return tree


def _hostile(kb: KnowledgeBase) -> Tree:
    tree = grow(kb, three_species(1), "hostile")
    made = [
        Statement(child(Address("0"), i), Draft(text, origin=text[:80])) for i, text in enumerate(HOSTILE)
    ]
    below = [Statement(child(child(Address("0"), 0), i), Draft(text)) for i, text in enumerate(HOSTILE)]
    tree.store.put_statements(tree.tree_id, [*made, *below])
    for text in HOSTILE[:5]:
        tree.judge("rating", "0.0", f"human:{text[:50]}", value=0.3, note=text[:500])
        tree.judge("rating", "0.0", "human:Ada", value=0.6, note=text[:500])
    return tree


@pytest.fixture(scope="session")
def explored(grown: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a knowledge base with the trees heart, deep and hostile."""
    file = tmp_path_factory.mktemp("explored") / "kb.db"
    with open_kb(f"sqlite:///{grown}", create=False) as kb:
        kb.store.backup(file)
    with open_kb(f"sqlite:///{file}") as kb:
        _deep(kb)
        _hostile(kb)
    return f"sqlite:///{file}"


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port: int = s.getsockname()[1]
        return port


def started(kb: str, log: Path) -> tuple[subprocess.Popen[bytes], str]:
    """A server of its own process, once it answers."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    code = "import sys; from ui.main import main; sys.argv[0] = 'priory'; main()"
    command = [sys.executable, "-c", code, "explore", "--kb", kb, "--no-browser", "--port", str(port)]
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, stdout=file, stderr=file, env={**os.environ, "OMP_NUM_THREADS": "1"}
        )
    ends = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=1):
                return process, url
        except OSError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < ends, log.read_text()
            time.sleep(0.1)


@pytest.fixture(scope="session")
def server(explored: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an explorer on that knowledge base."""
    process, url = started(explored, tmp_path_factory.mktemp("server") / "log")
    yield url
    process.terminate()
    process.wait(timeout=20)


def _missing() -> str | None:
    try:
        import playwright.sync_api  # noqa: F401
        import streamlit  # noqa: F401
    except ImportError as error:
        return f"{error.name} is not installed"
    return None if shutil.which("chromium") else "there is no chromium on the path"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless; where it lacks, the test is skipped, but never in CI."""
    missing = _missing()
    if missing and os.environ.get("CI") != "true":
        pytest.skip(missing)
    assert missing is None, missing
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        yield launched
        launched.close()


@contextmanager
def visitor_of(
    browser: Browser, url: str, *, name: str | None = "Ada", width: int = 1360, dark: bool = False
) -> Iterator[Visitor]:
    """A page in a browser context of its own; at the end nothing may have gone wrong on it."""
    context = browser.new_context(
        viewport={"width": width, "height": 860}, color_scheme="dark" if dark else "light"
    )
    if name:
        context.add_cookies([{"name": "priory_name", "value": name, "url": url}])
    visitor = Visitor(context.new_page(), url)
    own = (url, "data:", "blob:")
    visitor.page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
    visitor.page.on(
        "request", lambda r: visitor.strangers.extend([r.url] if not r.url.startswith(own) else [])
    )
    yield visitor
    context.close()
    assert not visitor.complaints
    assert not visitor.strangers


@pytest.fixture
def visit(browser: Browser, server: str) -> Iterator[Callable[..., Visitor]]:
    """Opens pages, each in a browser context of its own."""
    with ExitStack() as opened:

        def make(path: str | None = None, **how: Any) -> Visitor:
            visitor = opened.enter_context(visitor_of(browser, server, **how))
            if path:
                visitor.go(path)
            return visitor

        yield make
