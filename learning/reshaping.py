"""People's own moves that change the cases a statement speaks about: split, merge, re-scope.

Like an edit, each writes new statements beside the old ones and takes the old out of Z; nothing is erased.
Each is one record in the log of moves, with why, and is what a model of moves learns from.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from kb.address import ROOT, Address, parent, parse_address
from kb.conditions import parse_condition
from kb.errors import InputError
from kb.knowledge import Tree
from kb.records import Move
from kb.statements import Draft, Statement
from kb.words import in_words
from learning.fitting import refit
from unpacking.checks import MOST_TEXT

__all__ = ["merge", "rescope", "split"]


def split(
    tree: Tree, address: Address | str, at: str, *, why: str = "", by: str = "human:me"
) -> tuple[Statement, Statement]:
    """Put two statements in the place of one: where a condition holds, and where it does not.

    Cases for which the condition is unknown, because a value is missing, are in neither.

    Args:
        tree: Whose Z.
        address: A statement that can be tested.
        at: Where to cut, such as ``body_mass_g > 4000``.
        why: A reason to remember.
        by: Who says so.

    Raises:
        InputError: The statement has no condition, or ``at`` is not allowed or cuts nothing off.
    """
    old = _testable(tree, address)
    cut = parse_condition(at, tree.task.columns)
    parts = []
    for condition in (cut.sql, f"NOT ({cut.sql})"):
        whole = f"({old.draft.when}) AND ({condition})"
        where = in_words(parse_condition(condition, tree.task.columns).sql, tree.task.columns)
        parts.append(_draft(tree, old, f"{old.text.rstrip('.')}, where {where}.", whole, by))
    conditions = [draft.when or "" for draft in parts]
    spoken = [cases.matches(conditions).any(axis=0) for cases in (tree.D.cases, tree.Dstar)]
    if not (spoken[0] | spoken[1]).all():
        raise InputError(
            f"{at!r} cuts nothing off: one of the parts speaks about no case.",
            where=f"{tree.name} {old.address}",
            remedy="Cut where cases lie on both sides.",
        )
    first, second = (_append(tree, old, draft) for draft in parts)
    _done(tree, "split", old.address, [old], by=by, why=why or f"at {cut.sql}")
    return tree.statement(first), tree.statement(second)


def merge(
    tree: Tree, addresses: Sequence[Address | str], text: str, *, why: str = "", by: str = "human:me"
) -> Statement:
    """Put one statement in the place of several: it speaks wherever one of them did.

    Args:
        tree: Whose Z.
        addresses: Two or more statements that can be tested; the new one stands beside the first.
        text: What it says.
        why: A reason to remember.
        by: Who says so.

    Raises:
        InputError: Fewer than two, one twice, one without a condition, or two that speak for two classes.
    """
    old = [_testable(tree, address) for address in addresses]
    if len(old) < 2 or len({s.address for s in old}) < len(old):
        raise InputError("two different statements are the least that can be merged.", where=tree.name)
    sides = {s.draft.side for s in old}
    if len(sides) > 1:
        named = " and ".join(sorted(str(side) for side in sides))
        raise InputError(
            f"they speak for different sides, {named}.",
            where=f"{tree.name} {old[0].address}",
            remedy="Merge statements that speak for the same class.",
        )
    whole = " OR ".join(f"({s.draft.when})" for s in old)
    made = _append(tree, old[0], _draft(tree, old[0], text, whole, by))
    merged = ", ".join(s.address for s in old)
    _done(tree, "merge", made, old, by=by, why=why or f"of {merged}")
    return tree.statement(made)


def rescope(
    tree: Tree, address: Address | str, when: str, *, text: str = "", why: str = "", by: str = "human:me"
) -> Statement:
    """Let a statement speak about other cases than it did.

    Args:
        tree: Whose Z.
        address: A statement that can be tested.
        when: The cases it speaks about from now on.
        text: What it says then; as before if empty.
        why: A reason to remember.
        by: Who says so.

    Raises:
        InputError: The statement has no condition, the new one is not allowed, or is the one it has.
    """
    old = _testable(tree, address)
    new = _draft(tree, old, text or old.text, when, by)
    if new.when == old.draft.when:
        raise InputError(
            "it speaks about these cases already.", where=f"{tree.name} {old.address}", remedy="Give others."
        )
    made = _append(tree, old, new)
    _done(tree, "rescope", made, [old], by=by, why=why or f"from {old.draft.when} to {new.when}")
    return tree.statement(made)


def _testable(tree: Tree, address: Address | str) -> Statement:
    s = tree.statement(parse_address(str(address)))
    if s.draft.when is None or s.address == ROOT:
        raise InputError(
            "it has no condition.",
            where=f"{tree.name} {s.address}",
            remedy='Give it one first: priory edit ADDRESS "…" --when CONDITION',
        )
    return s


def _draft(tree: Tree, old: Statement, text: str, when: str, by: str) -> Draft:
    said = " ".join(text.split())
    if not 1 <= len(said) <= MOST_TEXT:
        raise InputError(
            f"the text has {len(said)} characters.", where="text", remedy=f"Write 1 to {MOST_TEXT} of them."
        )
    condition = parse_condition(when, tree.task.columns)
    return replace(
        old.draft,
        text=said,
        when=condition.sql,
        columns=condition.columns,
        origin=by,
        replaces=old.address,
    )


def _append(tree: Tree, old: Statement, draft: Draft) -> Address:
    above = parent(old.address) or ROOT
    return tree.store.append_child(tree.tree_id, above, draft).address


def _done(tree: Tree, kind: str, about: Address, old: Sequence[Statement], *, by: str, why: str) -> None:
    """Take the old statements out of Z, log the move, and fit."""
    for s in old:
        tree.store.set_dropped(tree.tree_id, s.address, is_dropped=True)
    tree.log(Move(kind, about, by, taken=True, why=why, created=time.time()))
    refit(tree, keep_strengths=True)
