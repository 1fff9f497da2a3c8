"""What a person waits for in the explorer as trees grow: opening a tree, choosing a row, opening a node.

    python -m benchmarks.explorer --nodes 1000000

Needs Chromium and Playwright. A tree of 100 statements and one of --nodes are served by ``priory explore``
from SQLite, and beside them the smallest Streamlit app there is: a button and a label. Each time is taken
inside the page, from the event to the frame after the change, and the three take turns.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.stores import implicit
from kb.knowledge import open_kb
from kb.statements import Measures, Statement
from kb.tables import prepare_task_from_columns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

SMALL = 100
EMPTY_APP = """
import streamlit as st

def again():
    st.session_state.n = st.session_state.get("n", 0) + 1

st.button("again", on_click=again)
st.text(f"n={st.session_state.get('n', 0)}")
"""
PAINTED = """
([act, holds, seconds]) => new Promise((done) => {
  const started = performance.now();
  const ends = started + 1000 * seconds;
  const test = new Function("return " + holds);
  const look = () => {
    if (test()) requestAnimationFrame(() => done(performance.now() - started));
    else if (performance.now() > ends) done(-1);
    else setTimeout(look, 1);
  };
  new Function(act)();
  look();
})
"""
DEEP = """
const all = (kind) => [...document.querySelectorAll('[data-testid="stBidiComponentIsolated"], *')]
  .map((e) => e.shadowRoot).filter(Boolean).flatMap((r) => [...r.querySelectorAll(kind)]);
"""


def build(file: Path, n: int) -> str:
    """A knowledge base with one small task and a tree of ``n`` statements, four children each."""
    url = f"sqlite:///{file}"
    if file.exists():
        return url
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=200)
    train = {
        "length": np.round(y + rng.normal(size=200), 2),
        "kind": np.array(["short", "long"], dtype=object)[y],
    }
    predict = {"length": np.round(rng.normal(size=200), 2)}
    with open_kb(url) as kb:
        tree = kb.create(prepare_task_from_columns("bench", train=train, predict=predict, target="kind"))
        every = (measured(s, i) for i, s in enumerate(implicit(n, seed=1)))
        while batch := list(islice(every, 10_000)):
            tree.store.put_statements(tree.tree_id, batch)
    return url


def measured(s: Statement, i: int) -> Statement:
    """The statement with numbers, so that its row and its card are full."""
    nats = (i % 23) / 5.0
    return replace(
        s,
        measures=Measures(
            points={"short": -nats / 2, "long": nats / 2},
            plausibility=0.5,
            nats_on_D=nats,
            carries_D=0.4,
            carries_Dstar=0.3,
        ),
    )


@contextmanager
def served(command: list[str], port: int, log: Path, health: str) -> Iterator[str]:
    """A server in a process of its own, once it answers."""
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, stdout=file, stderr=file, env={**os.environ, "OMP_NUM_THREADS": "1"}
        )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(url + health, timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        else:
            raise SystemExit(f"no answer from {url}: {log.read_text()}")
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@dataclass
class Watched:
    """A page, and the bytes that its websocket received since ``bytes`` was emptied."""

    page: Page
    bytes: list[int] = field(default_factory=list)

    def timed(self, act: str, holds: str) -> float:
        """Milliseconds from an event to the frame in which something holds."""
        took = float(self.page.evaluate(PAINTED, [act, holds, 20]))
        if took < 0:
            raise SystemExit(f"{holds} did not come about within 20 s")
        return took


def watched(browser: Browser, url: str, name: str = "Ada") -> Watched:
    """A new page there, in a browser of that person."""
    context = browser.new_context(viewport={"width": 1360, "height": 860})
    context.add_cookies([{"name": "priory_name", "value": name, "url": url}])
    found = Watched(context.new_page())
    found.page.on("websocket", lambda ws: ws.on("framereceived", lambda f: found.bytes.append(len(f))))
    return found


def press(key: str) -> str:
    """JavaScript that presses a key in the tree."""
    return (
        f"{DEEP} const box = all('[role=tree]')[0]; box.focus();"
        f"box.dispatchEvent(new KeyboardEvent('keydown', {{key: '{key}', bubbles: true, composed: true}}));"
    )


def card_is(address: str) -> str:
    """JavaScript: the card shows that statement."""
    return (
        f"(() => {{ {DEEP} return all('article.card').some((e) => e.dataset.address === '{address}'); }})()"
    )


def opened(browser: Browser, url: str) -> float:
    """Milliseconds from asking for the page to its first rows, in a new browser context."""
    one = watched(browser, url)
    started = time.perf_counter()
    one.page.goto(url + "/?tree=bench")
    one.page.get_by_role("treeitem").nth(3).wait_for(timeout=60_000)
    took = (time.perf_counter() - started) * 1e3
    one.page.context.close()
    return took


def choices(one: Watched, times: int) -> tuple[list[float], list[int]]:
    """Choosing the next and the previous sibling in turn: milliseconds, and bytes received."""
    took, sizes = [], []
    for i in range(times):
        one.page.wait_for_timeout(250)
        one.bytes.clear()
        key, address = ("j", "0.1.1.2") if i % 2 == 0 else ("k", "0.1.1.1")
        took.append(one.timed(press(key), card_is(address)))
        one.page.wait_for_timeout(250)
        sizes.append(sum(one.bytes))
    return took, sizes


def expansions(one: Watched, times: int) -> tuple[list[float], list[int]]:
    """Opening a node whose children were never asked for, further and further down: milliseconds, bytes."""
    took, sizes = [], []
    for i in range(times):
        one.page.wait_for_timeout(250)
        one.bytes.clear()
        is_there = (
            f"(() => {{ {DEEP} return all('.row').length > {_rows(one)} && !all('.row.waiting').length; }})()"
        )
        one.page.evaluate(f"(() => {{ {press('ArrowDown')} }})()")
        if i:
            one.page.wait_for_timeout(50)
        took.append(one.timed(press("ArrowRight"), is_there))
        one.page.wait_for_timeout(200)
        sizes.append(sum(one.bytes))
    return took, sizes


def _rows(one: Watched) -> int:
    return int(one.page.evaluate(f"(() => {{ {DEEP} return all('.row').length; }})()"))


def empty_reruns(one: Watched, times: int) -> list[float]:
    """The smallest app: from the click on its button to the new label."""
    took = []
    for _ in range(times):
        one.page.wait_for_timeout(250)
        shown = one.page.get_by_text("n=").inner_text()
        click = "document.querySelector('[data-testid=\"stButton\"] button').click()"
        is_new = f"document.querySelector('[data-testid=\"stText\"]').innerText !== '{shown}'"
        took.append(one.timed(click, is_new))
    return took


def say(name: str, values: list[float], unit: str = "ms") -> None:
    """Median and the value that one in ten exceeds."""
    ordered = sorted(values)
    tenth = ordered[min(len(ordered) - 1, int(0.9 * len(ordered)))]
    print(f"{name:<58} {statistics.median(values):8,.0f} {unit}   one in ten above {tenth:,.0f}", flush=True)


def main() -> None:
    """Build, serve, measure, print."""
    from playwright.sync_api import sync_playwright

    told = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    told.add_argument("--nodes", type=int, default=1_000_000)
    told.add_argument("--times", type=int, default=20)
    told.add_argument("--rounds", type=int, default=3)
    told.add_argument("--folder", type=Path, help="keep the databases here, and use those that are here")
    given = told.parse_args()
    with ExitStack() as stack:
        folder = given.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        files = {n: build(folder / f"bench-{n}.db", n) for n in (SMALL, given.nodes)}
        sites = {n: stack.enter_context(explorer_of(url, folder / f"{n}.log")) for n, url in files.items()}
        empty = stack.enter_context(empty_app(folder))
        browser = stack.enter_context(sync_playwright()).chromium.launch(
            executable_path=shutil.which("chromium"),
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
            ],
        )
        stack.callback(browser.close)
        measure(browser, sites, empty, given.times, given.rounds)


def explorer_of(url: str, log: Path) -> AbstractContextManager[str]:
    """``priory explore`` on a knowledge base."""
    code = "import sys; from ui.main import main; sys.argv[0] = 'priory'; main()"
    port = free_port()
    command = [sys.executable, "-c", code, "explore", "--kb", url, "--no-browser", "--port", str(port)]
    return served(command, port, log, "/healthz")


def empty_app(folder: Path) -> AbstractContextManager[str]:
    """The smallest Streamlit app."""
    script = folder / "empty_app.py"
    script.write_text(EMPTY_APP)
    port = free_port()
    options = ["--server.headless", "true", "--server.port", str(port), "--server.address", "127.0.0.1"]
    quiet = ["--browser.gatherUsageStats", "false", "--server.fileWatcherType", "none"]
    command = [sys.executable, "-m", "streamlit", "run", str(script), *options, *quiet]
    return served(command, port, folder / "empty.log", "/_stcore/health")


def measure(browser: Browser, sites: dict[int, str], empty: str, times: int, rounds: int) -> None:
    """All numbers, the sites taking turns."""
    opening: dict[int, list[float]] = {n: [] for n in sites}
    for url in sites.values():
        opened(browser, url)  # the first page of a server imports its modules
    for _ in range(2 * rounds):
        for n, url in sites.items():
            opening[n].append(opened(browser, url))
    pages = {n: watched(browser, url) for n, url in sites.items()}
    for n, url in sites.items():
        pages[n].page.goto(f"{url}/?tree=bench&z=0.1.1.1")
        pages[n].page.locator("article.card").wait_for(timeout=60_000)
    nothing = watched(browser, empty)
    nothing.page.goto(empty)
    nothing.page.get_by_text("n=").wait_for(timeout=60_000)
    base: list[float] = []
    chosen: dict[int, list[float]] = {n: [] for n in sites}
    sizes: list[int] = []
    for _ in range(rounds):
        base += empty_reruns(nothing, times)
        for n, one in pages.items():
            took, received = choices(one, times)
            chosen[n] += took
            sizes += received
    large = max(sites)
    walker = watched(browser, sites[large])
    walker.page.goto(f"{sites[large]}/?tree=bench")
    walker.page.get_by_role("treeitem").nth(3).wait_for(timeout=60_000)
    deeper, received = expansions(walker, 7)
    for n, values in opening.items():
        say(f"opening a tree of {n:,}", values)
    say("empty Streamlit rerun", base)
    for n, values in chosen.items():
        say(f"choosing a row, to its card, of {n:,}", values)
    say(f"opening a node, to its children, of {large:,}", deeper)
    say("received when a row is chosen (all of the page)", [float(s) for s in sizes], "B ")
    say("received when a node is opened (the tree)", [float(s) for s in received], "B ")
    over = statistics.median(chosen[large]) - statistics.median(base)
    ratio = statistics.median(opening[large]) / statistics.median(opening[min(sites)])
    print(f"\nchoosing a row takes {over:.0f} ms over an empty rerun")
    print(f"opening {large:,} statements takes {ratio:.2f} times as long as {SMALL}")


if __name__ == "__main__":
    main()
