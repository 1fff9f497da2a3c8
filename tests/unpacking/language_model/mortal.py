"""What the kill test runs: steps by a language model in forked children, each killed at a labelled point.

``python -m tests.unpacking.language_model.mortal URL PAID KILLS SEED``. The model writes down every reply
that it gives (a payment), with one ``os.write`` that outlives a SIGKILL.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from pathlib import Path
from typing import Any

from kb.errors import FailedError
from kb.knowledge import Tree, open_kb
from tests.language_models import children, fake_chat
from unpacking import step
from unpacking.language_model.unpacker import LanguageModel

POINTS = (
    "before request",
    "after request",
    "after response stored",
    "before commit",
    "after commit",
)
LEASE_SECONDS = 0.05
PROPOSALS = 3
LEVELS = 3
WORDS = [
    "ash",
    "birch",
    "cedar",
    "elm",
    "fir",
    "hazel",
    "larch",
    "maple",
    "oak",
    "pine",
    "rowan",
    "spruce",
    "willow",
    "yew",
]


def reply(asked: str) -> str:
    """What the model says to a request: the same to the same, and nothing that stands there already."""
    chance = random.Random(asked)
    said = []
    for place in range(2):
        words = " ".join(chance.sample(WORDS, 5))
        column, cut = chance.randrange(3), chance.randint(-15, 15) / 10
        said.append(
            {
                "text": f"Of {words}, number {place} tells.",
                "kind": "claim",
                "when": f"body_{column} > {cut}",
                "side": "husky",
            }
        )
    return children(*said)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Trap:
    """Kills this process at the n-th time it passes a point."""

    def __init__(self, point: str, times: int) -> None:
        self.point, self.left = point, times

    def __call__(self, point: str) -> None:
        if point == self.point:
            self.left -= 1
            if self.left <= 0:
                die()


def guard(tree: Tree, trap: Trap) -> None:
    """Pass the points on the way in and out of the store."""
    real_document, real_commit = tree.store.put_document, tree.store.commit

    def put_document(*given: Any, **told: Any) -> Any:
        stored = real_document(*given, **told)
        trap("after response stored")
        return stored

    def commit(*given: Any) -> Any:
        trap("before commit")
        made = real_commit(*given)
        trap("after commit")
        return made

    vars(tree.store).update(put_document=put_document, commit=commit)


class Paid:
    """The model: it writes down what it is paid for, then answers."""

    def __init__(self) -> None:
        from langchain_core.messages import AIMessage
        from langchain_core.outputs import ChatGeneration, ChatResult

        def answer(asked: str) -> ChatResult:
            usage = {"input_tokens": 100, "output_tokens": 20, "total_tokens": 120}
            message = AIMessage(reply(asked), usage_metadata=usage)
            return ChatResult(generations=[ChatGeneration(message=message)])

        self.answer, self.chat = answer, fake_chat(["unused"])

    def into(self, descriptor: int, name: str, trap: Trap) -> Any:
        """The chat model, for one tree and one life."""

        def generate(messages: Any, *_: Any, **told: Any) -> Any:
            trap("before request")
            asked = f"{messages[1].content}|{told.get('seed')}|{told.get('temperature')}"
            os.write(descriptor, f"{name} {asked!r}\n".encode())
            trap("after request")
            return self.answer(asked)

        object.__setattr__(self.chat, "_generate", generate)
        return self.chat


def grow(tree: Tree, unpacker: Any) -> None:
    """Unpack all levels, as if nothing had ever happened before."""
    for level in range(LEVELS):
        for statement in [s for s in tree.walk(levels=level) if not s.is_unpacked]:
            try:
                step.unpack_step(tree, statement.address, unpacker, n=PROPOSALS)
            except FailedError as error:
                if "another worker" not in str(error) and "no proposal" not in str(error):
                    raise


def live(url: str, name: str, paid: Path, trap: Trap, model: Paid, cached: dict[str, Any]) -> None:
    """Grow one tree until killed or done."""
    descriptor = os.open(paid, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with open_kb(url, create=False) as kb:
        tree = kb.tree(name)
        vars(tree).update(cached)
        guard(tree, trap)
        grow(tree, LanguageModel("openai:mortal", chat=model.into(descriptor, name, trap)).on(tree))
    os.close(descriptor)


def read_once(tree: Tree) -> dict[str, Any]:
    """The data of a tree, which every child would read anew."""
    return {part: getattr(tree, part) for part in ("D", "Dstar", "held_out", "D_for_choosing")}


def killed(url: str, paid: Path, kills: int, seed: int) -> None:
    """Kill children one after the other, each at a point drawn at random; say where each one died."""
    vars(step)["LEASE_SECONDS"] = LEASE_SECONDS
    model, copy = Paid(), paid.with_suffix(".db")
    with open_kb(url, create=False) as kb:
        names = sorted(r.name for r in kb.trees())
        cached = {name: read_once(kb.tree(name)) for name in names}
        kb.store.backup(copy)
    # what is imported on the way children find in memory
    live(f"sqlite:///{copy}", names[0], copy.with_suffix(".paid"), Trap("never", 1), model, {})
    chance, n = random.Random(seed), 0
    while n < kills and names:
        point, name = chance.choice(POINTS), chance.choice(names)
        child = os.fork()
        if child == 0:
            code = 70
            try:
                live(url, name, paid, Trap(point, chance.randint(1, 3)), model, cached[name])
                code = 0
            finally:
                os._exit(code)
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sys.stdout.write(f"{point}|{name}|{ended}\n")
        if ended == 0:
            names.remove(name)
        n += ended == -signal.SIGKILL


if __name__ == "__main__":
    killed(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
