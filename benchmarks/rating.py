"""What a rater waits for: from the key that answers to the next statement, over an empty Streamlit rerun.

    python -m benchmarks.rating --items 1000

Needs Chromium and Playwright. A session of --items statements is served by ``priory explore`` from SQLite,
and beside it the smallest Streamlit app there is. Each time is taken inside the page, from the key to the
frame that shows the next statement; the answer is kept in between. Two raters answer in turn.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.explorer import (
    DEEP,
    Watched,
    build,
    empty_app,
    empty_reruns,
    explorer_of,
    say,
    watched,
)
from kb.knowledge import open_kb
from learning.sessions import Session, new_session

ANSWER = f"""{DEEP} const axis = all('.axis')[0];
for (const key of ['7', '5', 'Enter'])
  axis.dispatchEvent(new KeyboardEvent('keydown', {{key, bubbles: true, composed: true}}));"""
SHOWN = f"(() => {{ {DEEP} return all('.says-progress').map((e) => e.innerText)[0]; }})()"


def answers(one: Watched, times: int) -> tuple[list[float], list[int]]:
    """Milliseconds from Enter to the next statement, and the bytes received for it."""
    took, sizes = [], []
    for _ in range(times):
        one.page.wait_for_timeout(400)  # a key within 300 ms of a new statement counts as meant for the last
        before = one.page.evaluate(SHOWN)
        one.bytes.clear()
        took.append(one.timed(ANSWER, f"{SHOWN} !== {before!r}"))
        one.page.wait_for_timeout(100)
        sizes.append(sum(one.bytes))
    return took, sizes


def main() -> None:
    """Build, serve, measure, print."""
    from playwright.sync_api import sync_playwright

    told = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    told.add_argument("--items", type=int, default=1_000)
    told.add_argument("--times", type=int, default=20)
    told.add_argument("--rounds", type=int, default=3)
    given = told.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = build(folder / "rating.db", given.items + 1)
        with open_kb(url) as kb:
            made = new_session(kb.tree("bench"), Session("bench", raters=1))
        site = stack.enter_context(explorer_of(url, folder / "site.log"))
        empty = stack.enter_context(empty_app(folder))
        browser = stack.enter_context(sync_playwright()).chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        )
        stack.callback(browser.close)
        nothing = watched(browser, empty)
        nothing.page.goto(empty)
        nothing.page.get_by_text("n=").wait_for(timeout=60_000)
        raters = [watched(browser, site, name) for name in ("Ada", "Bob")]
        for one in raters:
            one.page.goto(f"{site}/rate?tree=bench&s=bench")
            one.page.locator(".axis").wait_for(timeout=60_000)
        base: list[float] = []
        took: list[float] = []
        sizes: list[float] = []
        for _ in range(given.rounds):
            base += empty_reruns(nothing, given.times)
            for one in raters:
                times, received = answers(one, given.times)
                took += times
                sizes += map(float, received)
    say("empty Streamlit rerun", base)
    say(f"key to next statement, {made.size:,} items, two raters", took)
    say("received for it (all of the page)", sizes, "B ")
    print(f"\na rating takes {statistics.median(took) - statistics.median(base):.0f} ms over an empty rerun")


if __name__ == "__main__":
    main()
