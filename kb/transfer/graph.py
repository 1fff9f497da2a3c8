"""Export as a graph: GraphML, and a networkx graph of the top of a tree."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

from kb.address import ROOT, Address, parent
from kb.errors import FailedError
from kb.records import TreeRecord
from kb.statements import Statement
from kb.stores.protocol import Store
from kb.transfer.lines import Progress
from kb.transfer.outline import every_statement
from kb.transfer.whole import new_file

if TYPE_CHECKING:
    import networkx

__all__ = ["export_graphml", "to_networkx"]

_PAGE = 500
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TYPES = {
    "text": "string",
    "kind": "string",
    "when": "string",
    "side": "string",
    "origin": "string",
    "is_dropped": "boolean",
    "points": "string",
    "plausibility": "double",
    "plausibility_sd": "double",
    "nats_on_D": "double",
    "alarm": "boolean",
}


def export_graphml(
    store: Store,
    tree: TreeRecord,
    to: Path,
    *,
    address: Address = ROOT,
    progress: Progress | None = None,
) -> int:
    """Write a directed graph, parent to child along current slots, to a new file; returns its nodes.

    Characters that XML can't hold become U+FFFD; ``points`` is JSON text.

    Raises:
        InputError: The file exists; the address is not stored.
        FailedError: The disk said no.
    """
    n = 0
    with new_file(to) as part, part.open("w", encoding="utf-8", newline="\n") as out:
        out.write('<?xml version="1.0" encoding="UTF-8"?>\n')
        out.write('<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n')
        for name, kind in _TYPES.items():
            out.write(f'<key id="{name}" for="node" attr.name="{name}" attr.type="{kind}"/>\n')
        out.write(f'<graph id={quoteattr(_xml(tree.name))} edgedefault="directed">\n')
        for n, each in enumerate(every_statement(store, tree, address), start=1):
            out.writelines(_element(each, is_top=each.address == address))
            if progress and n % _PAGE == 0:
                progress(n, None)
        out.write("</graph>\n</graphml>\n")
    return n


def _element(statement: Statement, *, is_top: bool) -> Iterator[str]:
    yield f'<node id="{statement.address}">'
    for name, value in _attributes(statement).items():
        text = str(value).lower() if isinstance(value, bool) else str(value)
        yield f'<data key="{name}">{escape(_xml(text))}</data>'
    yield "</node>\n"
    if not is_top:
        yield f'<edge source="{parent(statement.address)}" target="{statement.address}"/>\n'


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def _attributes(statement: Statement) -> dict[str, Any]:
    """What is known about it, by the names of ``to_dict``; without what is None."""
    plain = statement.to_dict()
    plain["points"] = json.dumps(plain["points"], ensure_ascii=False) if plain["points"] else None
    return {name: plain[name] for name in _TYPES if plain[name] is not None}


def to_networkx(
    store: Store, tree: TreeRecord, address: Address = ROOT, depth: int = 3
) -> networkx.DiGraph[Address]:
    """A graph of the statement and what is at most ``depth`` levels below, along current slots.

    Nodes are addresses and carry the fields of ``Statement.to_dict``; edges lead from parent to child.

    Raises:
        FailedError: networkx is not installed.
        UnknownAddressError: The address is not stored.
    """
    try:
        import networkx as nx
    except ModuleNotFoundError as error:
        raise FailedError("networkx is not installed.", remedy="pip install 'priory[graph]'") from error
    graph: networkx.DiGraph[Address] = nx.DiGraph(name=tree.name)
    level = store.nodes(tree.tree_id, [address]) or list(every_statement(store, tree, address))
    graph.add_node(address, **level[0].to_dict())
    for _ in range(depth):
        below = [(each.address, child) for each in level for child in _children(store, tree, each)]
        for above, child in below:
            graph.add_node(child.address, **child.to_dict())
            graph.add_edge(above, child.address)
        level = [child for _, child in below]
    return graph


def _children(store: Store, tree: TreeRecord, of: Statement) -> Iterator[Statement]:
    after = None
    while of.n_children:
        page = store.children(tree.tree_id, of.address, after=after, limit=_PAGE)
        yield from page.items
        after = page.after
        if after is None:
            return
