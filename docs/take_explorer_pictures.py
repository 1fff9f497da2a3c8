"""Make the explorer's pictures in docs/images anew: the demo, answers of two people, and Chromium to look.

    python docs/take_explorer_pictures.py [--all FOLDER] [--demo FILE.db] [--only NAME]

With --all every page is taken in both themes and at a phone's width, to be looked at. --demo takes a copy of
a knowledge base that the demo made before.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
CODE = "import sys; from ui.main import main; sys.argv[0] = 'priory'; main()"
SAID = {
    "0.0": (0.08, 0.15),
    "0.1": (0.85, 0.8),
    "0.1.0": (0.9, 0.7),
    "0.1.1": (0.8, 0.75),
    "0.1.3": (0.75, 0.9),
}
SECONDS = 3.0  # until a page has come to rest


@dataclass(frozen=True, slots=True)
class View:
    """One state of the explorer to look at.

    Attributes:
        name: Of the file.
        path: The link.
        act: What a person does there first, given the file with the labels of D*.
    """

    name: str
    path: str
    act: Callable[[Page, Path], None] | None = None


def opened(page: Page, _: Path) -> None:
    """The two aspects of the tree opened, by keys."""
    for key in ("Home", "ArrowDown", "ArrowRight", *("ArrowDown",) * 4, "ArrowRight"):
        page.get_by_role("tree").press(key)
        page.wait_for_timeout(250)


def begun(page: Page) -> None:
    """A session begun, its guidelines read."""
    begin, read = (page.get_by_role("button", name=name).first for name in ("Begin", "I have read this"))
    begin.wait_for(timeout=60_000)
    begin.click()
    rest(page)
    if read.count():
        read.click()
        rest(page)


def rated(page: Page, _: Path) -> None:
    """The question about the task answered, the next one half set."""
    begun(page)
    page.get_by_role("slider").wait_for(timeout=60_000)
    rest(page)
    for key in ("1", "0", "Enter"):
        page.keyboard.press(key)
    page.get_by_text("1 done").wait_for(timeout=60_000)
    rest(page)
    for key in ("7", "0", "ArrowRight"):
        page.keyboard.press(key)


def predicted(page: Page, _: Path) -> None:
    """A first guess given, two statements opened, one cited."""
    begun(page)
    for place, share in enumerate(("70", "20", "10")):
        page.locator(".share").nth(place).fill(share)
    page.keyboard.press("Enter")
    tree = page.get_by_role("tree")
    tree.wait_for(timeout=60_000)
    rest(page)
    for key in ("ArrowDown", "Enter", "ArrowDown", "ArrowRight", "ArrowDown", "b"):
        tree.press(key)
        page.wait_for_timeout(900)


def worked_out(page: Page, labels: Path) -> None:
    """The table worked out from the labels of D*."""
    if page.get_by_role("button", name="Show the results anyway").count():
        page.get_by_role("button", name="Show the results anyway").click()
        rest(page)
    page.get_by_text("Labels of D*").first.click()
    page.locator("input[type=file]").set_input_files(labels)
    rest(page)
    page.get_by_text("Labels of D*").first.click()
    page.locator(".st-key-work_out button, .st-key-work-out button").first.click()
    page.get_by_text("log loss").first.wait_for(timeout=400_000)


VIEWS = (
    View("explore", "/?tree=penguins&z=0.1.0", opened),
    View("explore-evidence", "/?tree=penguins&z=0.1.0.3&tab=Evidence"),
    View("explore-judgements", "/?tree=penguins&z=0.0&tab=Judgements"),
    View("explore-provenance", "/?tree=penguins&z=0.1&tab=Provenance"),
    View("explore-map", "/?tree=penguins&z=0&tab=Map"),
    View("explore-search", "/?tree=penguins&z=0.1&q=flipper&show=unexpanded"),
    View("results", "/results?tree=penguins", worked_out),
    View("rate", "/rate?tree=penguins", rated),
    View("predict", "/predict?tree=penguins", predicted),
)
KEPT = ("explore", "rate", "predict", "results")


def main() -> int:
    """Run the demo, serve it, take the pictures; gives the exit code."""
    from playwright.sync_api import sync_playwright

    from ui.penguins import write_penguins

    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        sys.stderr.write("No Chromium on the path. On Debian: apt-get install chromium\n")
        return 1
    told = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    told.add_argument("--all", type=Path, metavar="FOLDER")
    told.add_argument("--demo", type=Path, metavar="FILE")
    told.add_argument("--only", metavar="NAME", default="")
    given = told.parse_args()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        kb = f"sqlite:///{name}/penguins.db"
        if given.demo:
            shutil.copy(given.demo, f"{name}/penguins.db")
        else:
            demo = [sys.executable, "-c", CODE, "demo", "--no-ask", "--quiet", "--kb", kb]
            subprocess.run(demo, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
        answered(kb)
        labels = write_penguins(Path(name), seed=0).labels
        with served(kb) as url:
            launched = playwright.chromium.launch(executable_path=browser, args=FLAGS)
            for view in (v for v in VIEWS if v.name.startswith(given.only)):
                if view.name in KEPT:
                    take(
                        launched, url, view, labels, IMAGES / f"{view.name}.png", dark=view.name == "predict"
                    )
                if given.all:
                    all_of(launched, url, view, labels, given.all)
            launched.close()
    return 0


def answered(kb: str) -> None:
    """Two people's ratings of the demo's aspects; a picture without any shows nothing of what it is for."""
    from kb.knowledge import open_kb
    from learning.fitting import refit

    with open_kb(kb, create=False) as opened:
        tree = opened.tree("penguins")
        for address, values in SAID.items():
            for who, value in zip(("human:Ada", "human:Bob"), values, strict=True):
                tree.judge("rating", address, who, value=value, seconds=9.0)
        tree.judge("rating", "0.1.2", "human:Ada", answer="flag", note="measured how?")
        refit(tree)


@contextmanager
def served(kb: str) -> Iterator[str]:
    """The explorer on a free port, once it answers."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    command = [
        sys.executable,
        "-c",
        CODE,
        "explore",
        "--kb",
        kb,
        "--no-browser",
        "--quiet",
        "--port",
        str(port),
    ]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def all_of(browser: Browser, url: str, view: View, labels: Path, folder: Path) -> None:
    """The view in both themes and on a phone."""
    folder.mkdir(parents=True, exist_ok=True)
    take(browser, url, view, labels, folder / f"{view.name}-light.png")
    take(browser, url, view, labels, folder / f"{view.name}-dark.png", dark=True)
    take(browser, url, view, labels, folder / f"{view.name}-phone.png", width=390)


def take(  # noqa: PLR0913  # a picture
    browser: Browser, url: str, view: View, labels: Path, to: Path, *, dark: bool = False, width: int = 1280
) -> None:
    """One picture."""
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme="dark" if dark else "light"
    )
    context.add_cookies([{"name": "priory_name", "value": "Ada", "url": url}])
    page = context.new_page()
    page.goto(url + view.path)
    page.get_by_text("you: Ada").wait_for(timeout=60_000)
    rest(page)
    if view.act is not None:
        view.act(page, labels)
        rest(page)
    page.screenshot(path=to)
    context.close()


def rest(page: Page) -> None:
    """Wait until nothing moves any more."""
    page.wait_for_timeout(1000 * SECONDS)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
