"""Which move comes next: a model of how people have changed Z, learned from the log of moves.

A move is typed: what is done, and to what sort of statement (how deep it stands, an aspect or a claim, rated
or not). Counts of typed moves, smoothed towards uniform over the T that are possible, say how likely each is:

    p(type) = (count + α) / (N + α T)

The table is used only if, on later moves that it has not counted, it is likelier than uniform; then the
search prefers statements of the sorts that people work on more often than there are statements of that sort.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kb.address import Address, depth
from kb.knowledge import Tree
from kb.records import Move
from kb.statements import Statement

__all__ = [
    "KINDS_OF_MOVE",
    "MoveModel",
    "MoveType",
    "fit_moves",
    "preference_of",
    "sorts_of",
    "type_of",
    "typed_moves",
]

KINDS_OF_MOVE = (
    "unpack",
    "replace",
    "drop",
    "restore",
    "add",
    "edit",
    "split",
    "merge",
    "rescope",
    "ask",
    "choose",
)
DEEPEST = 4  # levels that are told apart
SMOOTHING = 1.0
FEWEST = 30  # moves, below which nothing is learned
HELD_OUT = 0.3  # of the log, the latest part
MOST_PREFERENCE = 3.0  # nats of J that a preference may weigh
Statements = dict[Address, Statement]


@dataclass(frozen=True, slots=True)
class MoveType:
    """A sort of move.

    Attributes:
        kind: What is done.
        depth: Level of the statement, at most four.
        about: ``aspect``, ``claim``, or whatever kind the statement is.
        is_rated: Somebody rated it.
    """

    kind: str
    depth: int
    about: str
    is_rated: bool


@dataclass(frozen=True, slots=True)
class MoveModel:
    """What the log says of which move comes next.

    Attributes:
        log_p: Per typed move that was seen its log-probability.
        unseen: Of one that was not.
        types: How many typed moves are possible.
        fitted_on: Moves that were counted.
        held_out: Later moves that it was measured on.
        gain: Mean log-likelihood of those minus that of uniform, in nats a move.
    """

    log_p: dict[MoveType, float]
    unseen: float
    types: int
    fitted_on: int
    held_out: int
    gain: float

    @property
    def is_used(self) -> bool:
        """It foretells held-out moves better than uniform."""
        return self.gain > 0.0

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces, the likeliest moves first."""
        likeliest = sorted(self.log_p.items(), key=lambda item: -item[1])[:10]
        return {
            "fitted_on": self.fitted_on,
            "held_out": self.held_out,
            "gain_nats_a_move": self.gain,
            "is_used": self.is_used,
            "likeliest": [
                {
                    "kind": t.kind,
                    "depth": t.depth,
                    "about": t.about,
                    "rated": t.is_rated,
                    "p": float(np.exp(p)),
                }
                for t, p in likeliest
            ],
        }


def type_of(kind: str, statement: Statement, *, is_rated: bool) -> MoveType:
    """The sort of a move about a statement."""
    return MoveType(kind, min(depth(statement.address), DEEPEST), statement.kind, is_rated)


def typed_moves(tree: Tree, *, by_people: bool = False) -> list[MoveType]:
    """The moves that were taken, in order; those about statements that are gone are passed over.

    Args:
        tree: Whose log.
        by_people: Only those of people.
    """
    rated = {j.address for j in tree.judgements() if j.kind == "rating"}
    taken = [m for m in tree.moves() if m.taken and m.kind in KINDS_OF_MOVE]
    if by_people:
        taken = [m for m in taken if m.by.startswith("human:")]
    stored = {s.address: s for s in tree.store.nodes(tree.tree_id, sorted({m.address for m in taken}))}
    return list(_typed(taken, stored, rated))


def _typed(taken: Sequence[Move], stored: Statements, rated: set[Address]) -> Iterator[MoveType]:
    for m in taken:
        if m.address in stored:
            yield type_of(m.kind, stored[m.address], is_rated=m.address in rated)


def fit_moves(moves: Sequence[MoveType], sorts: int) -> MoveModel:
    """The table of counts, fitted on the earlier moves and measured on the later ones, then fitted on all.

    Args:
        moves: In the order in which they were made.
        sorts: How many sorts of statements Z has; uniform is over these and all kinds of moves.
    """
    types = len(KINDS_OF_MOVE) * max(sorts, 1)
    cut = len(moves) - round(HELD_OUT * len(moves))
    uniform = -float(np.log(types))
    gain = 0.0
    if len(moves) >= FEWEST:
        log_p, unseen = _table(moves[:cut], types)
        gain = float(np.mean([log_p.get(m, unseen) for m in moves[cut:]])) - uniform
    log_p, unseen = _table(moves, types)
    return MoveModel(log_p, unseen, types, len(moves), len(moves) - cut, gain)


def _table(moves: Sequence[MoveType], types: int) -> tuple[dict[MoveType, float], float]:
    counts = Counter(moves)
    total = len(moves) + SMOOTHING * types
    table = {move: float(np.log((count + SMOOTHING) / total)) for move, count in counts.items()}
    return table, float(np.log(SMOOTHING / total))


def sorts_of(tree: Tree) -> dict[tuple[int, str, bool], float]:
    """Share of each sort among the statements of Z."""
    rated = {j.address for j in tree.judgements() if j.kind == "rating"}
    counts = Counter((min(depth(s.address), DEEPEST), s.kind, s.address in rated) for s in tree.walk())
    total = sum(counts.values())
    return {sort: count / total for sort, count in counts.items()}


def preference_of(tree: Tree) -> Callable[[Statement], float]:
    """Per statement, by how many nats of J people would rather work on one of its sort than on another.

    Learned from people's moves alone, so that the search does not learn from itself; 0 for every statement
    where the log is short or foretells nothing.
    """
    moves = typed_moves(tree, by_people=True)
    if len(moves) < FEWEST:
        return lambda _: 0.0
    share = sorts_of(tree)
    model = fit_moves(moves, len(share))
    if not model.is_used:
        return lambda _: 0.0
    rated = {j.address for j in tree.judgements() if j.kind == "rating"}
    worked: dict[tuple[int, str, bool], float] = {}
    for move, log_p in model.log_p.items():
        sort = (move.depth, move.about, move.is_rated)
        worked[sort] = worked.get(sort, 0.0) + float(np.exp(log_p))
    least = float(np.exp(model.unseen)) * len(KINDS_OF_MOVE)

    def preference(s: Statement) -> float:
        sort = (min(depth(s.address), DEEPEST), s.kind, s.address in rated)
        ratio = worked.get(sort, least) / share.get(sort, min(share.values()))
        return float(np.clip(np.log(ratio), -MOST_PREFERENCE, MOST_PREFERENCE))

    return preference
