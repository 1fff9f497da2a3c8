"""Finding statements by words and by what they lack, page by page, in a tree of any size."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from kb.address import ROOT, Address
from kb.knowledge import Tree
from kb.records import Page
from kb.statements import Statement
from learning.choosing import waiting_choices
from ui.explorer.judged import Judged
from ui.explorer.rows import said_in_words
from ui.wording import decimals, points, shortened, strongest

__all__ = ["FILTERS", "Found", "find", "flagged_by_anyone", "found_table"]

FILTERS = ("unexpanded", "unrated", "flagged", "spurious", "needs you")
"""As on the page and in a link: not unpacked, not rated by who looks, flagged by anyone, earning on D and not
believed, waiting for a person. A statement must fit all that are chosen."""

_PAGE = 250
_MOST_LOOKED_AT = 4_000  # statements that one call reads
_ENOUGH = 50  # matches after which a call ends
_MOST_JUDGEMENTS = 50_000


@dataclass(frozen=True, slots=True)
class Found:
    """One page of matches.

    Attributes:
        items: The statements, in the order of the listing.
        after: Pass it back for the next page; None at the end of the tree.
        looked_at: Statements that were read for it.
    """

    items: tuple[Statement, ...]
    after: str | None
    looked_at: int


def find(
    tree: Tree,
    words: str,
    filters: Iterable[str],
    judged: Judged,
    *,
    flagged: frozenset[Address] = frozenset(),
    after: str | None = None,
) -> Found:
    """Statements along current slots that have all the words and fit every filter.

    Args:
        tree: Where.
        words: Words that a statement must have; any text is safe; empty for any statement.
        filters: Names out of FILTERS; unknown ones are left out.
        judged: What the person who looks said.
        flagged: Statements that anybody flagged.
        after: Where an earlier page ended.
    """
    chosen = [name for name in dict.fromkeys(filters) if name in FILTERS]
    waiting = frozenset(c.address for c in waiting_choices(tree)) if "needs you" in chosen else frozenset()
    tests = [_tests(judged, flagged, waiting)[name] for name in chosen]
    few = flagged | judged.flagged if "flagged" in chosen else waiting if "needs you" in chosen else None
    if few is not None and not words.strip():
        fitting = [s for s in tree.store.nodes(tree.tree_id, sorted(few)) if all(fits(s) for fits in tests)]
        return Found(tuple(fitting), None, len(few))
    words = words.strip()

    def page(mark: str | None) -> Page[Statement]:
        if words:
            return tree.store.search(tree.tree_id, words, after=mark, limit=_PAGE)
        return tree.store.subtree(tree.tree_id, ROOT, after=mark, limit=_PAGE)

    kept: list[Statement] = []
    looked_at = 0
    while True:
        read = page(after)
        looked_at += len(read.items)
        kept += [s for s in read.items if all(fits(s) for fits in tests)]
        after = read.after
        if after is None or len(kept) >= _ENOUGH or looked_at >= _MOST_LOOKED_AT:
            return Found(tuple(kept), after, looked_at)


def _tests(
    judged: Judged, flagged: frozenset[Address], waiting: frozenset[Address]
) -> dict[str, Callable[[Statement], bool]]:
    return {
        "unexpanded": lambda s: not s.is_unpacked and not s.n_children and not s.is_dropped,
        "unrated": lambda s: s.address not in judged.own and not s.is_dropped and s.address != ROOT,
        "flagged": lambda s: s.address in flagged or s.address in judged.flagged,
        "spurious": lambda s: s.measures is not None and s.measures.alarm,
        "needs you": lambda s: s.address in waiting,
    }


def flagged_by_anyone(tree: Tree) -> frozenset[Address]:
    """Statements with a standing flag, of the first fifty thousand judgements."""
    flags: dict[str, Address] = {}
    undone: set[str] = set()
    after: str | None = None
    read = 0
    while read < _MOST_JUDGEMENTS:
        page = tree.store.judgements(tree.tree_id, after=after)
        read += len(page.items)
        flags |= {j.id: j.address for j in page.items if j.answer == "flag"}
        undone |= {j.supersedes for j in page.items if j.supersedes}
        after = page.after
        if after is None:
            break
    return frozenset(address for name, address in flags.items() if name not in undone)


def found_table(found: Found, judged: Judged) -> dict[str, Any]:
    """The matches as rows; each leads to its statement."""
    rows = []
    for s in found.items:
        most = strongest(s.points, s.draft.side)
        own = judged.own.get(s.address)
        m = s.measures
        rows.append(
            {
                "cells": [
                    {"t": shortened(s.text[:1000], 220), "go": s.address},
                    {"t": s.address, "tone": "mono"},
                    {
                        "t": f"{points(most[1])} {shortened(most[0], 14)}"
                        if most and s.address != ROOT
                        else ""
                    },
                    {"t": "" if m is None or m.nats_on_D is None else decimals(m.nats_on_D)},
                    {"t": said_in_words(own) if own else ""},
                ],
                "struck": s.is_dropped,
            }
        )
    columns = [("statement", ""), ("at", "short"), ("points", "short"), ("nats on D", "n"), ("you", "n")]
    return {"columns": [{"label": label, "kind": kind} for label, kind in columns], "rows": rows}
