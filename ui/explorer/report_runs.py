"""Reports in a process of their own: fitting every rival takes a minute, and no page waits for it."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

import numpy as np

from kb.arrays import Codes
from kb.errors import PrioryError
from kb.knowledge import Tree, open_kb
from kb.task import blob_digest
from learning.report import Report
from learning.reporting import report

__all__ = ["Run", "latest", "start", "version_of"]

MOST_KEPT = 8


@dataclass
class Run:
    """One report, made or being made.

    Attributes:
        version: Of the tree and the labels that it is about.
        doing: What is being fitted; empty when it is over.
        step: How many rows were fitted before.
        report: The result; None before the end and after a failure.
        failure: Why there is none.
        began: When, in seconds of a clock that only goes forward.
    """

    version: str
    doing: str = "beginning"
    step: int = 0
    report: Report | None = None
    failure: str = ""
    began: float = field(default_factory=time.monotonic)

    @property
    def is_over(self) -> bool:
        """It has a result or a failure."""
        return not self.doing


_RUNS: dict[tuple[str, str], Run] = {}  # (knowledge base, tree id), the newest last
_LOCK = threading.Lock()


def version_of(tree: Tree, labels: Codes | None) -> str:
    """Changes with every judgement, fit and label that a report would show."""
    said = tree.judgements()
    known = b"" if labels is None else np.ascontiguousarray(labels).tobytes()
    fit = str(tree.record.spec.get("fit"))
    last = said[-1].id if said else ""
    return blob_digest(f"{fit} {len(said)} {last} ".encode() + known)[:16]


def latest(url: str, tree: Tree) -> Run | None:
    """The newest run about the tree, whatever version it is of."""
    return _RUNS.get((url, tree.tree_id))


def start(url: str, tree: Tree, labels: Codes | None) -> Run:
    """Begin a report unless one is being made; gives the run that goes on now."""
    key = (url, tree.tree_id)
    with _LOCK:
        running = _RUNS.pop(key, None)
        if running is not None and not running.is_over:
            _RUNS[key] = running
            return running
        run = Run(version_of(tree, labels))
        _RUNS[key] = run
        while len(_RUNS) > MOST_KEPT:
            _RUNS.pop(next(iter(_RUNS)))
    here, there = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(
        target=_make, args=(there, url, tree.name, labels), daemon=True
    )
    threading.Thread(target=_follow, args=(run, here, there, process.start), daemon=True).start()
    return run


def _follow(run: Run, here: Connection, there: Connection, begin: Callable[[], None]) -> None:
    """Note what the process says until it is done or gone."""
    try:
        begin()
        there.close()  # the process has its own; when that is closed, the reading ends
        while True:
            kind, what = here.recv()
            if kind == "doing":
                run.doing, run.step = what, run.step + 1
            elif kind == "report":
                run.report, run.version = what
            else:
                run.failure = what
            if kind != "doing":
                break
    except (EOFError, OSError) as error:
        run.failure = f"The process that made it has ended ({type(error).__name__}). Try again."
    finally:
        run.doing = ""
        here.close()


def _make(say: Connection, url: str, name: str, labels: Codes | None) -> None:
    """What the process does."""
    try:
        with open_kb(url, create=False) as kb:
            found = report(kb.tree(name), labels, progress=lambda row: say.send(("doing", row)))
            version = version_of(kb.tree(name), labels)  # it may have been fitted anew
        say.send(("report", (found, version)))
    except PrioryError as error:
        say.send(("failure", str(error)))
    finally:
        say.close()
