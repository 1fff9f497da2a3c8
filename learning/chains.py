"""Several Z instead of one: further searches from the same aspects, each with its own luck and part of D.

Z is a posterior, not a hypothesis. A chain is a search in a copy of the tree that shares the root, the
aspects below it and what people rated there; it takes moves with probability ∝ exp(J) and looks at a part of
D, so it finds another Z that explains D about as well. What it found is kept in the tree as a document; the
tree itself is the first of the chains.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kb.address import ROOT
from kb.errors import InputError
from kb.knowledge import KnowledgeBase, Tree, open_kb
from kb.records import TreeRecord
from kb.statements import Draft, Statement
from kb.stores.protocol import Store
from learning.chance import Chance
from learning.search import learn
from learning.word_vectors import KIND as VECTORS
from learning.words_elsewhere import KIND as ELSEWHERE
from unpacking.budget import Budget

__all__ = ["MOST_CHAINS", "Chain", "chains_of", "forget_chains", "learn_chains"]

KIND, KEY = "chains", "all"
MOST_CHAINS = 16
TEMPERATURE = 2.0  # nats of J; moves that differ by less are as good as each other on another sample of D
SHARE = 0.8  # of D that a chain looks at
Say = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Chain:
    """One further Z.

    Attributes:
        seed: Of its luck.
        J: The objective of its search at the end, in nats, on its part of D.
        statements: All of it, the root first, in address order.
    """

    seed: int
    J: float
    statements: tuple[Statement, ...]

    def to_dict(self) -> dict[str, Any]:
        """The JSON form; ``from_dict`` reads it back."""
        said = [{"address": s.address, **s.draft.to_dict()} for s in self.statements]
        return {"seed": self.seed, "J": self.J, "statements": said}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Chain:
        """The chain that ``to_dict`` wrote."""
        statements = tuple(Statement(s["address"], Draft.from_dict(s)) for s in stored["statements"])
        return cls(stored["seed"], stored["J"], statements)


def chains_of(tree: Tree) -> list[Chain]:
    """The further chains of a tree; none where only one search ran."""
    stored = tree.store.document(tree.tree_id, KIND, KEY)
    return [Chain.from_dict(c) for c in stored.body["chains"]] if stored else []


def forget_chains(tree: Tree) -> None:
    """Predict from the tree alone again."""
    if chains_of(tree):
        tree.store.put_document(tree.tree_id, KIND, KEY, {"chains": []})


def learn_chains(
    tree: Tree, n: int, *, budget: Budget | None = None, seed: int | None = None, progress: Say | None = None
) -> list[Chain]:
    """Run n − 1 further searches beside the tree's own, and keep what they find; those kept already stay.

    Each is stored when it is done, so a stopped run goes on with the next.

    Args:
        tree: A tree whose own search has run.
        n: How many Z there shall be, the tree itself among them.
        budget: For each search.
        seed: Of the first chain's luck; the task's if None.
        progress: Told how many are done, of how many.

    Raises:
        InputError: n is below 1 or above 16, or the root is not unpacked.
    """
    if not 1 <= n <= MOST_CHAINS:
        raise InputError(f"{n} chains.", where="--chains", remedy=f"Run 1 to {MOST_CHAINS}.")
    if n > 1 and not tree.statement(ROOT).is_unpacked:
        raise InputError("the root is not unpacked.", where=tree.name, remedy="Run priory learn first.")
    begun_with = tree.task.seed if seed is None else seed
    found = chains_of(tree)[: n - 1]
    for i in range(len(found), n - 1):
        found.append(_chain(tree, begun_with + i + 1, budget))
        body = {"chains": [c.to_dict() for c in found]}
        tree.store.put_document(tree.tree_id, KIND, KEY, body)
        if progress:
            progress(i + 1, n - 1)
    if n == 1:
        forget_chains(tree)
    return found


def _chain(tree: Tree, seed: int, budget: Budget | None) -> Chain:
    """One search in a copy that shares the aspects."""
    with tempfile.TemporaryDirectory() as folder, open_kb(f"sqlite:///{Path(folder)}/chain.db") as kb:
        copy = _copied(kb, tree)
        chance = Chance(temperature=TEMPERATURE, share=SHARE, seed=seed)
        done = learn(copy, budget=budget, chance=chance)
        return Chain(seed, done.J, tuple(copy.walk()))


def _copied(kb: KnowledgeBase, tree: Tree) -> Tree:
    """Root, aspects, what was said of them, and what teaches Prior about words, in another store."""
    store = tree.store
    for digest in (tree.task.digest_D, tree.task.digest_Dstar):
        kb.store.put_blob(store.blob(digest))
    spec = {"task": tree.task.to_dict()}
    root = tree.statement(ROOT)
    kb.store.create_tree(TreeRecord(tree.tree_id, tree.name, spec), root.draft)
    shared = [Statement(s.address, s.draft) for s in tree.children(dropped=True)]
    kb.store.put_statements(tree.tree_id, shared)
    kb.store.put_expansions(tree.tree_id, [e for e in store.expansions(tree.tree_id, ROOT) if e.is_current])
    for s in tree.children(dropped=True):
        if s.is_dropped:
            kb.store.set_dropped(tree.tree_id, s.address, is_dropped=True)
    known = {ROOT, *(s.address for s in shared)}
    kb.store.append_judgements(tree.tree_id, [j for j in tree.judgements() if j.address in known])
    _copy_blobs_of(ELSEWHERE, tree, kb.store)
    _copy_blobs_of(VECTORS, tree, kb.store)
    return kb.tree(tree.name)


def _copy_blobs_of(kind: str, tree: Tree, to: Store) -> None:
    """Documents of a kind, with the blobs that they name."""
    for document in tree.documents(kind):
        to.put_blob(tree.store.blob(str(document.body["digest"])))
        to.put_document(tree.tree_id, kind, document.key, document.body)
