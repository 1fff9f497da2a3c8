"""Growing Z: unpack by machine, add and edit by hand. The expansion API that programs use."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from kb.address import ROOT, Address, depth, parent, parse_address
from kb.conditions import parse_condition
from kb.errors import InputError, StoppedError
from kb.figures import count
from kb.knowledge import Tree
from kb.records import Cost, Expansion, Move, Proposal
from kb.statements import KINDS, Draft, Kind, Statement
from learning.choosing import choose_proposal, commit_instead, waiting_choices
from learning.fitting import refit
from learning.unpackers import UNPACKERS, Approving, AtWork, at_work, unpacker_named
from unpacking.budget import Budget
from unpacking.checks import MOST_TEXT
from unpacking.language_model.planning import Plan, plan
from unpacking.language_model.unpacker import LanguageModel, LanguageModelUnpacker
from unpacking.protocol import Unpacker
from unpacking.step import NeedsPersonError, propose, unpack_path, unpack_step

__all__ = [
    "UNPACKERS",
    "Approving",
    "GrowthResult",
    "add",
    "choose_proposal",
    "commit_instead",
    "drop",
    "edit",
    "planned",
    "preview",
    "restore",
    "unpack",
    "unpack_below",
    "unpacker_named",
    "waiting_choices",
]


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


def unpack(  # noqa: PLR0913  # the options of a step, as people type them
    tree: Tree,
    address: Address | str,
    *,
    unpacker: str | Unpacker | LanguageModel = "induction",
    n: int = 3,
    budget: Budget | None = None,
    seed: int | None = None,
    approving: Approving | None = None,
) -> Expansion:
    """Unpack one statement: n proposals, their approvals, and the children of the best, committed and fitted.

    An address that is not stored yet is asked for directly: only the path to it is unpacked first. The same
    call again gives the expansion that is there.

    Args:
        tree: Whose Z.
        address: Which statement.
        unpacker: By which Mz: a name, an unpacker, or ``LanguageModel("openai:…")``.
        n: Proposals.
        budget: What a model may cost.
        seed: For the proposals.
        approving: Who approves; the data alone if None.

    Raises:
        InputError: The budget allows no step, n is below 1, or a model can't be used.
        UnknownAddressError: The path to the address has no such child.
        StoppedError: A budget is used up, or a person is needed; the same call goes on.
        FailedError: No proposal passed the checks; what was proposed is kept.
    """
    if n < 1 or (budget is not None and budget.steps == 0):
        raise InputError("a step needs at least one proposal and a budget of one step.", where=str(address))
    place = parse_address(str(address))
    work = at_work(tree, unpacker, approving=approving, budget=budget)
    chance = 0 if seed is None else seed
    for made in unpack_path(tree, place, work.unpacker, n=n, seed=chance):
        _log_step(tree, made)
    known = {e.slot for e in tree.store.expansions(tree.tree_id, place)}
    done = unpack_step(
        tree, place, work.unpacker, n=n, seed=chance, approver=work.approver, margin=work.margin
    )
    if done.slot not in known:
        _log_step(tree, done)
        if any(c.when for c in done.children):
            refit(tree, keep_strengths=True)
    return done


def preview(
    tree: Tree, address: Address | str, *, unpacker: str = "induction", n: int = 3, seed: int = 0
) -> list[Proposal]:
    """What one step would propose, with approvals; nothing is committed."""
    mz = at_work(tree, unpacker).unpacker
    return list(propose(tree, parse_address(str(address)), mz, n=n, seed=seed))


def planned(  # noqa: PLR0913  # the options of a run, as people type them
    tree: Tree,
    address: Address | str,
    unpacker: str | LanguageModel = "language-model",
    *,
    n: int = 3,
    levels: int = 1,
    seed: int = 0,
    approving: Approving | None = None,
) -> Plan:
    """What asking a language model would take: calls, tokens and money; nothing is asked, and no key needed.

    Raises:
        InputError: The unpacker is no language model, or it can't be used.
        UnknownAddressError: The statement is not stored yet.
    """
    mz = at_work(tree, unpacker, is_asked=False).unpacker
    if not isinstance(mz, LanguageModelUnpacker):
        raise InputError(f"{mz.name} asks no model, so it costs nothing.", where="--unpacker")
    by = approving.by if approving else ()
    place = parse_address(str(address))
    return plan(tree, place, mz, n=n, levels=levels, seed=seed, approvers=by)


def unpack_below(  # noqa: PLR0913  # the options of a run, as people type them
    tree: Tree,
    address: Address | str = ROOT,
    *,
    levels: int = 2,
    budget: Budget | None = None,
    n: int = 3,
    unpacker: str | Unpacker | LanguageModel = "induction",
    seed: int = 0,
    approving: Approving | None = None,
    progress: Callable[[GrowthResult, Statement], None] | None = None,
) -> GrowthResult:
    """Unpack a statement and what it becomes, level by level.

    What is unpacked already is not unpacked again, so a stopped run goes on where it was. A step that needs a
    person waits for one, and the run goes on beside it.

    Args:
        tree: Whose Z.
        address: Where to start.
        levels: How many levels of children to make.
        budget: When to stop.
        n: Proposals a step.
        unpacker: By which Mz: a name, an unpacker, or ``LanguageModel("openai:…")``.
        seed: For the proposals.
        approving: Who approves; the data alone if None.
        progress: Called after each step with what was done so far and the statement that was unpacked.
    """
    start = parse_address(str(address))
    work = at_work(tree, unpacker, approving=approving, budget=budget)
    for made in unpack_path(tree, start, work.unpacker, n=n, seed=seed):
        _log_step(tree, made)
    so_far, waiting = GrowthResult(0, 0, None, Cost()), 0
    for statement in _unexpanded(tree, start, levels):
        limit = budget.used_up(_spent(so_far, work)) if budget else None
        if limit:
            return replace(so_far, stopped=f"budget ({limit})")
        try:
            done = unpack_step(
                tree,
                statement.address,
                work.unpacker,
                n=n,
                seed=seed,
                approver=work.approver,
                margin=work.margin,
            )
        except NeedsPersonError:
            waiting += 1
            continue
        except StoppedError as stop:
            return replace(so_far, stopped=stop.message)
        _log_step(tree, done)
        so_far = GrowthResult(
            so_far.expansions + 1, so_far.statements + len(done.children), None, so_far.cost + done.cost
        )
        if progress:
            progress(so_far, statement)
    return replace(so_far, stopped=_needs_person(waiting) if waiting else None)


def _spent(so_far: GrowthResult, work: AtWork) -> Cost:
    """What the run took, by its own clock; what was paid for before is not paid again."""
    spent = work.spending.spent
    return Cost(so_far.expansions, spent.tokens, spent.usd, work.spending.seconds, so_far.cost.human_seconds)


def _unexpanded(tree: Tree, start: Address, levels: int) -> Iterator[Statement]:
    """Statements that have no expansion, level by level; those made on the way come too."""
    for level in range(levels):
        for s in list(tree.walk(start, levels=level)):
            if depth(s.address) - depth(start) == level and not s.is_unpacked:
                yield s


def _needs_person(steps: int) -> str:
    return f"{count(steps, 'step')} {'needs' if steps == 1 else 'need'} a person"


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
