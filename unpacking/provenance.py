"""Where statements come from: each step at a statement with all that was asked, said, checked and decided."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kb.address import Address
from kb.knowledge import Tree
from kb.records import Expansion
from unpacking.step import CHOICE, FAILED_STEP
from unpacking.transcripts import transcript

__all__ = ["Provenance", "provenance"]


@dataclass(frozen=True, slots=True)
class Provenance:
    """One step with what was said for it.

    Attributes:
        step: The record of the step; where none of its proposals is committed, as it would have been.
        outcome: ``committed``, ``waits for a person``, or why it failed.
        said: Requests and responses of the models that took part, in the order of the proposals.
    """

    step: Expansion
    outcome: str
    said: Sequence[Mapping[str, Any]]

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces."""
        return {"step": self.step.to_dict(), "outcome": self.outcome, "said": list(self.said)}


def provenance(tree: Tree, address: Address) -> list[Provenance]:
    """The steps at a statement: those committed, by slot, then one that waits, then the last that failed.

    Raises:
        FailedError: A stored response is lost.
    """
    found = [
        Provenance(made, "committed", _said(tree, made))
        for made in tree.store.expansions(tree.tree_id, address)
    ]
    waiting = tree.store.document(tree.tree_id, CHOICE, address)
    if waiting is not None and waiting.body["committed"] is None:
        step = Expansion.from_dict(waiting.body["step"])
        found.append(Provenance(step, "waits for a person", _said(tree, step)))
    failed = tree.store.document(tree.tree_id, FAILED_STEP, address)
    if failed is not None:
        step = Expansion.from_dict(failed.body["step"])
        found.append(Provenance(step, f"failed: {failed.body['reason']}", _said(tree, step)))
    return found


def _said(tree: Tree, step: Expansion) -> list[dict[str, Any]]:
    """From the step's own transcript, which goes with it wherever it is exported to."""
    if step.response is not None and tree.store.has_blob(step.response):
        said: list[dict[str, Any]] = json.loads(tree.store.blob(step.response))
        return said
    keys = [key for p in step.proposals for key in p.responses]
    return transcript(tree, keys)
