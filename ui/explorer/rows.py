"""Rows of the tree component: what a person sees of a statement in one line, and no more than was asked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from kb.address import ROOT, Address, ancestors, child, last_ordinal, parent, parse_address, slot_of
from kb.errors import InputError
from kb.knowledge import Tree
from kb.statements import Statement
from ui.explorer.judged import Judged
from ui.wording import percent, points, shortened, strongest

__all__ = ["MOST_BYTES", "around", "asked_for", "row_of", "rows"]

MOST_BYTES = 24_000  # of one answer; the rest is asked for again
MOST_ROWS = 150
MOST_LETTERS = 150
NEIGHBOURS = 12  # siblings that a link to a statement brings along, on either side
FIRST_ROWS = 30  # children of the root that a tree opens with


def asked_for(wanted: object) -> list[Address]:
    """The addresses in what a browser sent, whatever it sent; at most MOST_ROWS."""
    found: list[Address] = []
    for text in wanted if isinstance(wanted, list) else []:
        try:
            found.append(parse_address(str(text)))
        except InputError:
            continue
        if len(found) == MOST_ROWS:
            break
    return found


def around(tree: Tree, chosen: Address) -> list[Address]:
    """What a tree shows first: the root, its first children, and the way to the chosen statement."""
    root = tree.statement(ROOT)
    found = [ROOT, *(child(ROOT, i, slot=root.slot or 0) for i in range(min(root.n_children, FIRST_ROWS)))]
    for place in [*ancestors(chosen), chosen]:
        above = parent(place)
        if above is not None:
            here = last_ordinal(place)
            near = range(max(0, here - NEIGHBOURS), here + NEIGHBOURS + 1)
            found += [child(above, i, slot=slot_of(place)) for i in near]
    return list(dict.fromkeys(found))


def rows(tree: Tree, addresses: Sequence[Address], judged: Judged) -> tuple[list[dict[str, Any]], list[str]]:
    """The rows of those that are stored, within MOST_BYTES, and the addresses at which there is nothing."""
    stored = {s.address: s for s in tree.store.nodes(tree.tree_id, list(addresses))}
    made: list[dict[str, Any]] = []
    size = 0
    for address in addresses:
        if address not in stored:
            continue
        row = row_of(stored[address], judged)
        size += len(json.dumps(row))
        if size > MOST_BYTES:
            break
        made.append(row)
    return made, [a for a in addresses if a not in stored]


def row_of(s: Statement, judged: Judged) -> dict[str, Any]:
    """One row. Other people's plausibility, and the alarm that rests on it, only after one's own rating.

    Keys: a address, t text, k kind, n children, s slot they lie in, u is unpacked, d is dropped, p points,
    o own credence, ow own answer in words, h what people hold, w alarm, f flagged, c cited.
    """
    most = strongest(s.points, s.draft.side)
    own = judged.own.get(s.address)
    m = s.measures
    held = own is not None and m is not None and m.plausibility is not None and m.rated > 1
    return {
        "a": s.address,
        "t": shortened(s.text, MOST_LETTERS),
        "k": s.kind,
        "n": s.n_children,
        "s": s.slot or 0,
        "u": int(s.is_unpacked),
        "d": int(s.is_dropped),
        "p": f"{points(most[1])} {shortened(most[0], 16)}" if most and s.address != ROOT else "",
        "o": own[1] if own else None,
        "ow": said_in_words(own) if own else "",
        "h": percent(m.plausibility) if held and m is not None else "",
        "w": int(own is not None and m is not None and m.alarm),
        "f": int(s.address in judged.flagged),
        "c": int(s.address in judged.cited),
    }


def said_in_words(own: tuple[str, float | None]) -> str:
    """A rating as one reads it.

    >>> said_in_words(("credence", 0.85)), said_in_words(("here", None)), said_in_words(("neither", None))
    ('85 %', 'only in D', 'says nothing')
    """
    answer, value = own
    return {"here": "only in D", "neither": "says nothing"}.get(answer) or percent(value)
