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

Every store keeps these nodes and relationships. SQLite has a table per node (the label in snake case) and a
column per relationship. Its migrations are in `graph_schema/sqlite`; they never change once released, and
a database knows each by its checksum. The newest is number {newest}. A file of ours has the application id
`0x{application:08X}` in its header.

`json` is canonical JSON text: sorted keys, no white space. A property with a question mark may be absent.
"""


def page() -> str:
    """The whole page."""
    from graph_schema import APPLICATION_ID, DESCRIPTION, sqlite_migrations

    parts = [HEAD.format(application=APPLICATION_ID, newest=sqlite_migrations()[-1].version)]
    parts += ["\n## Relationships\n\n| from | | to | column in SQLite |\n|---|---|---|---|\n"]
    for r in DESCRIPTION.relationships:
        parts.append(f"| {r.start} | {r.type}{'' if r.is_required else '?'} | {r.end} | `{r.column}` |\n")
    for node in DESCRIPTION.nodes:
        parts += [f"\n## {node.label}\n\n{node.about}\n\n| property | type | |\n|---|---|---|\n"]
        for p in node.properties:
            parts.append(f"| `{p.name}`{'' if p.is_required else '?'} | {p.type} | {p.about} |\n")
        parts += ["\n", "\n".join(_rules(node.unique, node.ordered, node.searched)), "\n"]
    return "".join(parts)


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
