"""Growing Z: unpack by machine, add and edit by hand. The expansion API that programs use."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from kb.address import ROOT, Address, depth, parent, parse_address
from kb.conditions import parse_condition
from kb.errors import InputError
from kb.knowledge import Tree
from kb.records import Cost, Expansion, Move, Proposal
from kb.statements import KINDS, Draft, Kind, Statement
from learning.choosing import choose_proposal, commit_instead, waiting_choices
from learning.fitting import refit
from unpacking.budget import Budget
from unpacking.checks import MOST_TEXT
from unpacking.induction import InductionUnpacker
from unpacking.protocol import Unpacker
from unpacking.step import propose, unpack_path, unpack_step

__all__ = [
    "UNPACKERS",
    "GrowthResult",
    "add",
    "choose_proposal",
    "commit_instead",
    "drop",
    "edit",
    "preview",
    "restore",
    "unpack",
    "unpack_below",
    "unpacker_named",
    "waiting_choices",
]

UNPACKERS: dict[str, Callable[[], Unpacker]] = {"induction": InductionUnpacker}


def unpacker_named(name: str) -> Unpacker:
    """A new unpacker.

    Raises:
        InputError: None has this name.
    """
    if name not in UNPACKERS:
        raise InputError(
            f"{name!r} is no unpacker.",
            where="--unpacker",
            remedy=f"There is: {', '.join(sorted(UNPACKERS))}.",
        )
    return UNPACKERS[name]()


@dataclass(frozen=True, slots=True)
class GrowthResult:
    """What a run of many steps did.

    Attributes:
        expansions: Steps taken.
        statements: Children committed.
        stopped: Why it ended early, such as a limit of the budget; None when all was done.
        cost: What it took.
    """

    expansions: int
    statements: int
    stopped: str | None
    cost: Cost


def unpack(
    tree: Tree,
    address: Address | str,
    *,
    unpacker: str | Unpacker = "induction",
    n: int = 3,
    budget: Budget | None = None,
    seed: int | None = None,
) -> Expansion:
    """Unpack one statement: n proposals, their approvals, and the children of the best, committed and fitted.

    An address that is not stored yet is asked for directly: only the path to it is unpacked first. The same
    call again gives the expansion that is there.

    Raises:
        InputError: The budget allows no step, or n is below 1.
        UnknownAddressError: The path to the address has no such child.
    """
    if n < 1 or (budget is not None and budget.steps == 0):
        raise InputError("a step needs at least one proposal and a budget of one step.", where=str(address))
    place = parse_address(str(address))
    mz = unpacker_named(unpacker) if isinstance(unpacker, str) else unpacker
    chance = 0 if seed is None else seed
    for made in unpack_path(tree, place, mz, n=n, seed=chance):
        _log_step(tree, made)
    known = {e.slot for e in tree.store.expansions(tree.tree_id, place)}
    done = unpack_step(tree, place, mz, n=n, seed=chance)
    if done.slot not in known:
        _log_step(tree, done)
        if any(c.when for c in done.children):
            refit(tree, keep_strengths=True)
    return done


def preview(
    tree: Tree, address: Address | str, *, unpacker: str = "induction", n: int = 3, seed: int = 0
) -> list[Proposal]:
    """What one step would propose, with approvals; nothing is written."""
    return list(propose(tree, parse_address(str(address)), unpacker_named(unpacker), n=n, seed=seed))


def unpack_below(  # noqa: PLR0913  # the options of a run, as people type them
    tree: Tree,
    address: Address | str = ROOT,
    *,
    levels: int = 2,
    budget: Budget | None = None,
    n: int = 3,
    unpacker: str | Unpacker = "induction",
    progress: Callable[[GrowthResult, Statement], None] | None = None,
) -> GrowthResult:
    """Unpack a statement and what it becomes, level by level.

    What is unpacked already is not unpacked again, so a stopped run goes on where it was.

    Args:
        tree: Whose Z.
        address: Where to start.
        levels: How many levels of children to make.
        budget: When to stop.
        n: Proposals a step.
        unpacker: By which Mz.
        progress: Called after each step with what was done so far and the statement that was unpacked.
    """
    start = parse_address(str(address))
    mz = unpacker_named(unpacker) if isinstance(unpacker, str) else unpacker
    for made in unpack_path(tree, start, mz, n=n, seed=0):
        _log_step(tree, made)
    so_far = GrowthResult(0, 0, None, Cost())
    began = time.monotonic()
    for statement in _unexpanded(tree, start, levels):
        spent = Cost(steps=so_far.expansions, seconds=time.monotonic() - began)
        limit = budget.used_up(spent) if budget else None
        if limit:
            return GrowthResult(so_far.expansions, so_far.statements, f"budget ({limit})", so_far.cost)
        done = unpack_step(tree, statement.address, mz, n=n)
        _log_step(tree, done)
        so_far = GrowthResult(
            so_far.expansions + 1, so_far.statements + len(done.children), None, so_far.cost + done.cost
        )
        if progress:
            progress(so_far, statement)
    return so_far


def _unexpanded(tree: Tree, start: Address, levels: int) -> Iterator[Statement]:
    """Statements that have no expansion, level by level; those made on the way come too."""
    for level in range(levels):
        for s in list(tree.walk(start, levels=level)):
            if depth(s.address) - depth(start) == level and not s.is_unpacked:
                yield s


def _log_step(tree: Tree, done: Expansion) -> None:
    approval = done.proposals[done.committed].approval if done.proposals else None
    why = approval.reasons[0] if approval and approval.reasons else ""
    terms = dict(approval.terms) if approval else {}
    tree.log(
        Move("unpack", done.address, done.unpacker, taken=True, why=why, terms=terms, created=time.time())
    )


def add(  # noqa: PLR0913  # the fields of a statement, as people type them
    tree: Tree,
    of: Address | str,
    text: str,
    *,
    when: str | None = None,
    side: str | None = None,
    kind: Kind = "claim",
    by: str = "human:me",
) -> Statement:
    """Write a statement below another; with a condition its points are fitted at once.

    Raises:
        InputError: An empty or long text, a condition that is not allowed, a side that is no class.
        UnknownAddressError: There is nothing at ``of``.
    """
    return _append(tree, of, Draft(text, kind, when, side, origin=by))


def _append(tree: Tree, of: Address | str, draft: Draft) -> Statement:
    above = tree.statement(parse_address(str(of)))
    said = _written(tree, draft)
    stored = tree.store.append_child(tree.tree_id, above.address, said)
    move = "edit" if said.replaces else "add"
    tree.log(Move(move, stored.address, said.origin, taken=True, why=said.text, created=time.time()))
    if said.replaces:
        drop(tree, said.replaces, by=said.origin, why=f"edited as {stored.address}")
    if said.when:
        refit(tree, keep_strengths=True)
    return tree.statement(stored.address)


def _written(tree: Tree, draft: Draft) -> Draft:
    """The draft as it will be stored."""
    text = " ".join(draft.text.split())
    if not 1 <= len(text) <= MOST_TEXT:
        raise InputError(
            f"the text has {len(text)} characters.", where="text", remedy=f"Write 1 to {MOST_TEXT} of them."
        )
    if draft.kind not in KINDS:
        raise InputError(
            f"{draft.kind!r} is no kind.", where="--kind", remedy=f"There are: {', '.join(KINDS)}."
        )
    if draft.side is not None and draft.side not in tree.task.classes:
        raise InputError(
            f"{draft.side!r} is no class of {tree.task.target}.",
            where="--side",
            remedy=f"There are: {', '.join(tree.task.classes[:20])}.",
        )
    if draft.when is None:
        return replace(draft, text=text)
    condition = parse_condition(draft.when, tree.task.columns)
    return replace(draft, text=text, when=condition.sql, columns=condition.columns)


def edit(
    tree: Tree,
    address: Address | str,
    text: str,
    *,
    when: str | None = None,
    side: str | None = None,
    by: str = "human:me",
) -> Statement:
    """Put another statement in the place of one: the new is added beside it, the old dropped, both kept.

    Condition and side stay as they were unless given.

    Raises:
        InputError: As for ``add``; or the root, which states the task.
    """
    old = tree.statement(parse_address(str(address)))
    above = parent(old.address)
    if above is None:
        raise InputError("the root can't be edited.", where=f"{tree.name} {ROOT}", remedy="Add below it.")
    return _append(
        tree,
        above,
        replace(
            old.draft,
            text=text,
            when=when or old.draft.when,
            side=side or old.draft.side,
            origin=by,
            replaces=old.address,
        ),
    )


def drop(tree: Tree, address: Address | str, *, by: str = "human:me", why: str = "") -> None:
    """Take a statement, and what lies below it, out of Z; its record stays."""
    _set_dropped(tree, address, by=by, why=why, is_dropped=True)


def restore(tree: Tree, address: Address | str, *, by: str = "human:me", why: str = "") -> None:
    """Put a dropped statement back into Z."""
    _set_dropped(tree, address, by=by, why=why, is_dropped=False)


def _set_dropped(tree: Tree, address: Address | str, *, by: str, why: str, is_dropped: bool) -> None:
    statement = tree.statement(parse_address(str(address)))
    if statement.address == ROOT:
        raise InputError("the root can't be dropped.", where=f"{tree.name} {ROOT}")
    tree.store.set_dropped(tree.tree_id, statement.address, is_dropped=is_dropped)
    kind = "drop" if is_dropped else "restore"
    tree.log(Move(kind, statement.address, by, taken=True, why=why, created=time.time()))
