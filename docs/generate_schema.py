"""Write docs/schema.md from ``graph_schema``; ``--check`` fails when it is stale."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "schema.md"
HEAD = """\
# The schema of a knowledge base

Made by `python docs/generate_schema.py` from `graph_schema`; change that, not this page.

SQLite has a table per node, the label in snake case; Neo4j has nodes with these labels. Migrations are in
`graph_schema/sqlite` and `graph_schema/neo4j`; they never change once released, and a database knows each by
its checksum. The newest of SQLite is number {newest}, of Neo4j number {newest_graph}. A file of ours has the
application id `0x{application:08X}` in its header.

`json` is canonical JSON text: sorted keys, no white space. `texts` and `reals` are lists in Neo4j, and `json`
in SQLite. A `key` is 16 bytes in SQLite and 32 hexadecimal digits in Neo4j. A property with a question mark
may be absent; one that only one of the stores keeps says so.
"""


def page() -> str:
    """The whole page."""
    from graph_schema import APPLICATION_ID, DESCRIPTION, neo4j_migrations, sqlite_migrations

    parts = [
        HEAD.format(
            application=APPLICATION_ID,
            newest=sqlite_migrations()[-1].version,
            newest_graph=neo4j_migrations()[-1].version,
        )
    ]
    parts += ["\n## Relationships\n\nIn Neo4j:\n\n| from | | to | |\n|---|---|---|---|\n"]
    parts += [f"| {r.start} | {r.type} | {r.end} | {r.about} |\n" for r in DESCRIPTION.relationships]
    parts += [
        "\nIn both, what names another node: SQLite by the number of its row, Neo4j by its id, which is the\n"
    ]
    parts += ["`tree_id` of a tree, the `key` of a statement, the `digest` of a blob.\n\n"]
    parts += ["| from | to | property | |\n|---|---|---|---|\n"]
    for r in DESCRIPTION.references:
        parts.append(
            f"| {r.start} | {r.end} | `{r.name}`{'' if r.is_required else '?'} | {_only(r.kept)} |\n"
        )
    for node in DESCRIPTION.nodes:
        about = node.about + ("" if node.kept == "everywhere" else f" Only {node.kept} has such a node.")
        parts += [f"\n## {node.label}\n\n{about}\n\n| property | type | |\n|---|---|---|\n"]
        for p in node.properties:
            told = "; ".join(filter(None, (_only(p.kept), p.about)))
            parts.append(f"| `{p.name}`{'' if p.is_required else '?'} | {p.type} | {told} |\n")
        parts += ["\n", "\n".join(_rules(node.unique, node.ordered, node.searched)), "\n"]
    return "".join(parts)


def _only(kept: str) -> str:
    return "" if kept == "everywhere" else f"only {kept}"


def _rules(
    unique: tuple[tuple[str, ...], ...], ordered: tuple[tuple[str, ...], ...], searched: str | None
) -> Iterator[str]:
    if unique:
        yield f"No two share {_listed(unique)}."
    if ordered:
        yield f"Read in the order of {_listed(ordered)}."
    if searched:
        yield f"Full-text search reads `{searched}`."


def _listed(groups: tuple[tuple[str, ...], ...]) -> str:
    return "; or ".join(" + ".join(f"`{name}`" for name in group) for group in groups)


def main(arguments: list[str]) -> int:
    """Write or check the page; gives the exit code."""
    made = page()
    if "--check" not in arguments:
        PAGE.write_text(made, encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == made:
        return 0
    sys.stderr.write("docs/schema.md is stale. Run: make docs\n")
    return 1


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main(sys.argv[1:]))
