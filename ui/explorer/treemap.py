"""The map of a subtree: at most 2,000 tiles, level by level, for a chart that reads no text as markup."""

from __future__ import annotations

from typing import Any

from kb.address import Address, child, parent
from kb.knowledge import Tree
from kb.statements import Statement
from ui.explorer.judged import Judged
from ui.wording import shortened

__all__ = ["MOST_TILES", "statements_below", "treemap"]

MOST_TILES = 2_000
_MOST_LETTERS = 60


def statements_below(tree: Tree, top: Statement, most: int = MOST_TILES) -> list[Statement]:
    """The statement and what lies below it, level by level, at most ``most``; dropped ones are left out."""
    found, level = [top], [top]
    while level and len(found) < most:
        wanted: list[Address] = []
        room = most - len(found)
        for s in level:
            few = min(s.n_children, room - len(wanted))
            wanted += [child(s.address, i, slot=s.slot or 0) for i in range(few)]
        level = [s for s in tree.store.nodes(tree.tree_id, wanted) if not s.is_dropped] if wanted else []
        found += level
    return found


def treemap(found: list[Statement], judged: Judged, colours: dict[str, str]) -> dict[str, Any]:
    """The chart's options: a tile for each statement, as large as the statements shown below it are many.

    Args:
        found: As ``statements_below`` gives them.
        judged: What the person who looks said.
        colours: CSS colours by name: ``rated``, ``doubted``, ``unrated``, ``edge``, ``ink``.
    """
    tiles: dict[Address, dict[str, Any]] = {}
    for s in found:
        tile = {"name": shortened(s.text[:400], _MOST_LETTERS), "value": 1, "children": []}
        tile["itemStyle"] = {"color": colours[_shade(s, judged)]}
        tiles[s.address] = tile
    for s in reversed(found):
        above = parent(s.address)
        if s is not found[0] and above in tiles:
            tiles[above]["children"].insert(0, tiles[s.address])
            tiles[above]["value"] += tiles[s.address]["value"]
    return {
        "animation": False,
        "tooltip": {"renderMode": "richText", "confine": True},
        "series": [
            {
                "type": "treemap",
                "name": shortened(found[0].text[:400], 26),
                "data": tiles[found[0].address]["children"] or [tiles[found[0].address]],
                "leafDepth": 2,
                "nodeClick": "zoomToNode",
                "roam": False,
                "breadcrumb": {"show": True, "height": 22},
                "label": {"color": colours["ink"], "overflow": "truncate"},
                "upperLabel": {"show": True, "height": 22, "color": colours["ink"], "overflow": "truncate"},
                "itemStyle": {"borderColor": colours["edge"], "borderWidth": 1, "gapWidth": 2},
            }
        ],
    }


def _shade(s: Statement, judged: Judged) -> str:
    own = judged.own.get(s.address)
    if own is None:
        return "unrated"
    return "rated" if own[0] == "credence" and own[1] is not None and own[1] >= 0.5 else "doubted"
