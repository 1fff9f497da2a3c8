"""What the kill tests run: ``python -m tests.ui.mortal DUTY URL ACKNOWLEDGED KILLS SEED``, a real process.

It loads everything once, then forks children that work through the public interface and are killed at random
moments. What a child was told is stored it reports with one ``os.write`` to a file, which outlives a SIGKILL.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kb.address import ROOT
from kb.errors import FailedError
from kb.knowledge import Tree, open_kb
from kb.records import WorkItem
from kb.statements import Statement
from learning.asking import answer
from learning.growing import GrowthResult, preview, unpack_below
from unpacking import step, worker
from unpacking.induction import InductionUnpacker
from unpacking.worker import Worked, work

LEVELS = 3
LEASE_SECONDS = 0.1  # so that the step of a killed child is free again soon
RATED = "rated"  # the tree that has statements to rate; the others only grow
LEAST_REPORTED = 25  # writes of a lane below which it starts more children
MOST_CHILDREN = 400
MOMENT = (
    0.005,
    0.15,
)  # seconds after which a child is killed; an answer takes about 0.02, a step 0.001 to 0.05

Report = Callable[[str], object]


def grow_below(tree: Tree, report: Report) -> None:
    """Unpack all levels of a tree, and say which step is kept."""

    def told(_: GrowthResult, done: Statement) -> None:
        report(f"unpacked {tree.name} {done.address}")

    unpack_below(tree, levels=LEVELS, progress=told)


def grow_from_queue(tree: Tree, report: Report) -> None:
    """Queue what is not unpacked yet, level by level, and work it off like any other worker."""
    finished = 0

    def told(so_far: Worked, item: WorkItem) -> None:
        nonlocal finished
        if so_far.done > finished:
            report(f"unpacked {tree.name} {item.address}")
        finished = so_far.done

    for level in range(LEVELS):
        waiting = [(s.address, 0, 0.0) for s in tree.walk(levels=level) if not s.is_unpacked]
        if tree.store.enqueue(tree.tree_id, waiting):
            report(f"queued {tree.name}")
        work(tree, InductionUnpacker(), progress=told)


def rate(tree: Tree, report: Report, chance: random.Random) -> None:
    """Answer with all that follows from it, and store bare judgements, of every sort."""
    places = [s.address for s in tree.walk()]
    while True:
        value = round(chance.random(), 6)
        for _ in range(chance.randrange(20)):
            said = tree.judge("rating", chance.choice(places), "human:ben", value=value)
            report(f"judged {tree.name} {said.id} {value}")
        change = answer(tree, chance.choice(places), rater="human:ada", value=value, seconds=3.0)
        report(f"judged {tree.name} {change.judgement_id} {value}")
        skipped = tree.judge("task", ROOT, "human:ben", answer="skip")
        report(f"judged {tree.name} {skipped.id} None")


def live(tree: Tree, duty: str, report: Report, ready: Callable[[], object], chance: random.Random) -> None:
    """Do one's duty until somebody kills this process, or nothing is left to do."""
    preview(tree, ROOT)  # so that the first conditions are answered and the kill meets the work itself
    ready()
    while duty == "rate":
        rate(tree, report, chance)
    while unfinished(tree):
        try:
            chance.choice([grow_below, grow_from_queue])(tree, report)
        except FailedError:  # the other lane holds this step, or a killed child did a moment ago
            time.sleep(0.01)


def unfinished(tree: Tree) -> bool:
    """Something is left to unpack."""
    return any(not s.is_unpacked for s in tree.walk(levels=LEVELS - 1))


def reporter(file: Path) -> Report:
    """Append lines to a file; a line is whole or absent."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    return lambda line: os.write(descriptor, f"{line}\n".encode())


def import_everything(beside: Path) -> None:
    """Do once, on a copy, what children do: what is imported on the way they find in memory."""
    with open_kb(f"sqlite:///{beside}") as kb:
        tree = kb.tree(RATED)
        unpack_below(tree, levels=LEVELS)
        answer(tree, ROOT, rater="human:ada", value=0.5)


def read_once(tree: Tree) -> dict[str, Any]:
    """The data of a tree."""
    return {part: getattr(tree, part) for part in ("D", "Dstar", "held_out", "D_for_choosing")}


def killed(duty: str, url: str, file: Path, kills: int, seed: int) -> None:
    """Kill children one after the other; on a busy machine more, until they have come to write."""
    for module in (step, worker):
        vars(module)["LEASE_SECONDS"] = LEASE_SECONDS
    with open_kb(url, create=False) as kb:
        copy = file.with_suffix(".db")
        kb.store.backup(copy)
        names = sorted(r.name for r in kb.trees() if (r.name == RATED) == (duty == "rate"))
        cached = {name: read_once(kb.tree(name)) for name in names}
    import_everything(copy)
    file.touch()
    chance, n = random.Random(seed), 0
    while names and (n < kills or (written(file) < LEAST_REPORTED and n < MOST_CHILDREN)):
        n += 1
        name = chance.choice(names)
        child = started(duty, url, name, cached[name], file, n)
        time.sleep(chance.uniform(*MOMENT))
        os.kill(child, signal.SIGKILL)
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        reporter(file)(f"ended {ended}")
        if ended == 0:
            names.remove(name)


def started(duty: str, url: str, name: str, cached: dict[str, Any], file: Path, seed: int) -> int:
    """The process id of a child that is at work."""
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        code = 70
        try:
            with open_kb(url, create=False) as kb:
                tree = kb.tree(name)
                vars(tree).update(cached)
                live(tree, duty, reporter(file), lambda: os.write(tell, b"!"), random.Random(seed))
            code = 0
        finally:
            os._exit(code)
    os.close(tell)
    os.read(told, 1)
    os.close(told)
    return child


def written(file: Path) -> int:
    """Writes that children were told of."""
    return sum(not line.startswith("ended") for line in file.read_text().splitlines())


if __name__ == "__main__":
    given = sys.argv[1:]
    killed(given[0], given[1], Path(given[2]), int(given[3]), int(given[4]))
