"""How a statement was unpacked: steps with their proposals, as data for the component that shows them."""

from __future__ import annotations

import time
from typing import Any

from kb.knowledge import Tree
from kb.records import Expansion, Proposal
from kb.statements import Statement
from learning.choosing import waiting_choice
from ui.wording import clean, cost_in_words, shortened

__all__ = ["choice_steps", "steps_of"]

MOST_CHILDREN = 30
_APPROVERS = {"automatic": "scored by what it earns on D"}


def steps_of(tree: Tree, s: Statement) -> dict[str, Any]:
    """All steps of a statement, the current one first; every other proposal can be committed instead."""
    made = sorted(tree.store.expansions(tree.tree_id, s.address), key=lambda e: (not e.is_current, e.slot))
    return {"steps": [_step(e) for e in made]}


def choice_steps(tree: Tree, s: Statement) -> dict[str, Any]:
    """The step that waits for a person to choose, its best proposals first; nothing where none waits."""
    waiting = waiting_choice(tree, s.address)
    if waiting is None:
        return {"steps": []}
    proposals = [
        _proposal(p, place, action="" if p.problems else "Take this one", first=place in waiting.best)
        for place, p in enumerate(waiting.proposals)
    ]
    chips = [{"t": f"at most {waiting.margin:.2f} apart"}]
    step = {"title": f"by {clean(waiting.unpacker)}", "chips": chips, "proposals": proposals, "slot": -1}
    return {"steps": [step]}


def _step(e: Expansion) -> dict[str, Any]:
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(e.created))
    chips = [{"t": "followed", "tone": "good"}] if e.is_current else [{"t": "kept aside"}]
    chips += [{"t": f"slot {e.slot}"}, {"t": f"step: {cost_in_words(e.cost)}"}, {"t": f"seed {e.seed}"}]
    chips += [
        {"t": f"{clean(name)}: {shortened(e.spec[name], 40)}"}
        for name in ("model", "prompt")
        if e.spec.get(name)
    ]
    chips.append({"t": f"chosen by {clean(e.chosen_by)}"})
    proposals = [
        _proposal(p, place, action="" if place == e.committed or p.problems else "Take this one instead")
        | {"committed": place == e.committed}
        for place, p in enumerate(e.proposals)
    ]
    return {
        "title": f"Unpacked by {clean(e.unpacker)}, {when}",
        "chips": chips,
        "proposals": proposals,
        "slot": e.slot,
    }


def _proposal(p: Proposal, place: int, *, action: str, first: bool = False) -> dict[str, Any]:
    reasons = [{"t": clean(problem), "tone": "bad"} for problem in p.problems]
    title = f"{place + 1}. {clean(p.how)}" if p.how else f"Proposal {place + 1}"
    if p.approval is not None:
        by = _APPROVERS.get(p.approval.approver, f"by {clean(p.approval.approver)}")
        reasons.insert(0, {"t": f"approval {p.approval.score:+.2f} ({by})"})
        reasons += [{"t": clean(reason)} for reason in p.approval.reasons]
    children = [shortened(c.text[:1000], 240) for c in p.children[:MOST_CHILDREN]]
    if len(p.children) > MOST_CHILDREN:
        children.append(f"… and {len(p.children) - MOST_CHILDREN} more")
    if not p.children:
        children = ["Nothing is left to say."]
    return {"title": title, "children": children, "reasons": reasons, "action": action, "first": first}
