"""What the process test runs: ``python -m tests.learning.session_worker URL TREE SESSION RATER``.

It answers until nothing is left for the rater, and dies now and then between two writes when told to.
"""

from __future__ import annotations

import os
import random
import sys
import time
from typing import Any

from kb.knowledge import open_kb
from learning.sessions import session_named
from learning.turns import Said, answer_turn, next_turn


def main(url: str, name: str, session_name: str, rater: str, deaths: str) -> None:
    chance = random.Random()
    with open_kb(url, create=False) as kb:
        tree = kb.tree(name)
        write = tree.store.put_document

        def mortal(*given: Any, **more: Any) -> Any:
            if chance.random() < float(deaths):
                os._exit(9)
            return write(*given, **more)

        tree.store.put_document = mortal  # type: ignore[method-assign]  # a crash at the worst moment
        session = session_named(tree, session_name)
        empty = 0
        while empty < 3:
            turn = next_turn(tree, session, rater)
            if turn is None:
                empty += 1
                time.sleep(0.05)
                continue
            empty = 0
            answer_turn(tree, turn, Said(value=0.5, seconds=1.0))


if __name__ == "__main__":
    main(*sys.argv[1:])
