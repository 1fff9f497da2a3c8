r"""Export as Cypher, for cypher-shell and Neo4j Browser.

The statements are fixed and every text comes in as a parameter; parameters are literals that ``:param``
reads. Some parsers of Cypher turn ``\uXXXX`` into a character before they look for the end of a string, so
no text may put a u behind a backslash: there the literal is cut in two.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from kb.address import ROOT, Address, parent
from kb.records import TreeRecord
from kb.statements import Statement
from kb.stores.protocol import Store
from kb.transfer.lines import Progress
from kb.transfer.outline import every_statement
from kb.transfer.whole import new_file

__all__ = ["export_cypher", "literal"]

_BATCH = 200  # statements per parameter; cypher-shell reads it as one line
_FIELDS = (
    "address",
    "text",
    "kind",
    "when",
    "side",
    "columns",
    "origin",
    "is_dropped",
    "plausibility",
    "plausibility_sd",
    "nats_on_D",
    "alarm",
)
_HEAD = """\
// A tree of Priory. Load it with cypher-shell -u neo4j -f FILE, or paste it into Neo4j Browser.
// What is loaded again replaces what was there; labels are apart from those of a knowledge base of Priory.
CREATE CONSTRAINT exported_tree IF NOT EXISTS FOR (n:ExportedTree) REQUIRE n.tree_id IS UNIQUE;
CREATE CONSTRAINT exported_statement IF NOT EXISTS
  FOR (n:ExportedStatement) REQUIRE (n.tree, n.address) IS UNIQUE;
"""
_TREE = """\
MERGE (t:ExportedTree {tree_id: $tree.tree_id}) SET t.name = $tree.name;
"""
_ROWS = """\
UNWIND $rows AS row
MERGE (n:ExportedStatement {tree: row.tree, address: row.address}) SET n = row
WITH n, row WHERE row.parent IS NOT NULL
MATCH (above:ExportedStatement {tree: row.tree, address: row.parent})
MERGE (above)-[:HAS_CHILD]->(n);
"""
_TOP = """\
MATCH (t:ExportedTree {tree_id: $tree.tree_id})
MATCH (n:ExportedStatement {tree: $tree.tree_id, address: $tree.top})
MERGE (t)-[:ROOT]->(n);
"""


def export_cypher(
    store: Store,
    tree: TreeRecord,
    to: Path,
    *,
    address: Address = ROOT,
    progress: Progress | None = None,
) -> int:
    """Write the statements along current slots, parent to child, to a new file; returns how many.

    Raises:
        InputError: The file exists; the address is not stored.
        FailedError: The disk said no.
    """
    n = 0
    with new_file(to) as part, part.open("w", encoding="utf-8", newline="\n") as out:
        out.write(_HEAD)
        about = {"tree_id": tree.tree_id, "name": tree.name, "top": address}
        out.write(f":param tree => {literal(about)}\n{_TREE}")
        statements = every_statement(store, tree, address)
        while batch := list(islice(statements, _BATCH)):
            rows = [_row(tree, each, is_top=each.address == address) for each in batch]
            out.write(f":param rows => {literal(rows)}\n{_ROWS}")
            n += len(batch)
            if progress:
                progress(n, None)
        out.write(_TOP)
    return n


def _row(tree: TreeRecord, statement: Statement, *, is_top: bool) -> dict[str, object]:
    """The properties of a node, without those that are not known; points are JSON text."""
    plain = statement.to_dict()
    row = {name: plain[name] for name in _FIELDS if plain[name] is not None}
    points = {"points": json.dumps(plain["points"], ensure_ascii=False)} if plain["points"] else {}
    above = {} if is_top else {"parent": parent(statement.address)}
    return {"tree": tree.tree_id, **above, **row, **points}


def literal(value: object) -> str:
    """The value as a literal of Cypher on one line, safe whatever a text holds.

    >>> literal({"a": [1, 2.5, True, None], "b": "it's"})
    "{`a`:[1,2.5,true,null],`b`:'it\\\\'s'}"
    """
    if isinstance(value, dict):
        return "{" + ",".join(f"`{name}`:{literal(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(literal, value)) + "]"
    if isinstance(value, str):
        return "'" + "".join(_characters(value)) + "'"
    return json.dumps(value, allow_nan=False)


def _characters(text: str) -> Iterator[str]:
    for at, character in enumerate(text):
        if character == "\\":
            yield "\\\\'+'" if text[at + 1 : at + 2] == "u" else "\\\\"
        elif character == "'":
            yield "\\'"
        elif character.isprintable() or ord(character) > 0xFFFF:
            yield character
        else:
            yield f"\\u{ord(character):04x}"
