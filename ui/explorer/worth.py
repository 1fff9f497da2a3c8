"""What further ratings would change: worked out beside the pages, since it may take seconds."""

from __future__ import annotations

import functools
import threading
from dataclasses import dataclass, field

from kb.errors import PrioryError
from kb.knowledge import Tree
from learning.asking import HARDLY
from learning.session_results import worth_of_next
from learning.sessions import Session
from ui.explorer.session import Visit

__all__ = ["NEXT", "in_words", "worth_now", "worth_when_known"]

EVERY = 20  # answers after which it is worked out
NEXT = 10


@dataclass
class _Found:
    """What is known so far: (tree, rater, answers given) → nats; one computation at a time."""

    nats: dict[tuple[str, str, int], float | None] = field(default_factory=dict)
    busy: threading.Lock = field(default_factory=threading.Lock)


@functools.cache
def _found() -> _Found:
    return _Found()


def worth_when_known(visit: Visit, held: Session, done: int) -> str:
    """The sentence for the last full twenty answers; empty before, and while it is being worked out."""
    at = done // EVERY * EVERY
    if not at or held.task == "comparison":
        return ""
    found, key = _found(), (visit.tree.tree_id, str(visit.rater), at)
    if key not in found.nats and found.busy.acquire(blocking=False):
        threading.Thread(target=_work_out, args=(found, key, visit.tree), daemon=True).start()
    nats = found.nats.get(key)
    return "" if nats is None else in_words(nats)


def _work_out(found: _Found, key: tuple[str, str, int], tree: Tree) -> None:
    try:
        found.nats[key] = worth_of_next(tree, rater=key[1], n=NEXT)
    except PrioryError:
        found.nats[key] = None  # it is only advice; the answers are kept
    finally:
        found.busy.release()


def worth_now(tree: Tree, rater: str) -> str:
    """The same, worked out at once."""
    return in_words(worth_of_next(tree, rater=rater, n=NEXT))


def in_words(nats: float) -> str:
    """What ten more answers are worth, and whether to go on.

    >>> in_words(0.004)
    'Ten more change the predictions by less than 0.01 nats. You can stop.'
    >>> in_words(0.123)
    'Ten more are expected to change the predictions by about 0.12 nats a case.'
    """
    if nats < HARDLY:
        return f"Ten more change the predictions by less than {HARDLY} nats. You can stop."
    return f"Ten more are expected to change the predictions by about {nats:.2f} nats a case."
