"""Make docs/images/neo4j.png anew: the top of a tree, read from a Neo4j server by Cypher, drawn by Chromium.

    priory demo --kb neo4j://localhost:7687
    python docs/take_graph_picture.py neo4j://localhost:7687

It is a drawing of what the query gives, not a picture of Neo4j Browser.
"""

from __future__ import annotations

import html
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "images" / "neo4j.png"
QUERY = """\
MATCH way = (:Tree {name: 'penguins'})-[:ROOT]->()-[:HAS_CHILD*0..2]->()
RETURN way"""
WIDTH, TOP, ROW, BOX = 1200, 86, 86, 78
COLUMNS = ((20, 96), (172, 252), (508, 270), (862, 318))  # left edge and width, by level
STYLE = """
body { margin: 0; font: 13px/1.35 system-ui, sans-serif; color: #1d2733; background: #fff }
pre { margin: 0; padding: 14px 20px; background: #f2f4f7; font: 13px/1.5 ui-monospace, monospace }
.node { position: absolute; box-sizing: border-box; height: 78px; padding: 5px 10px; border-radius: 10px;
        border: 1.5px solid #4c6fa8; background: #eaf1fb; overflow: hidden }
.node.Tree { border-color: #8a6d1d; background: #fbf3dc }
.node.doubted { border-color: #b04a3a; background: #fdeeeb }
.node b:not(:empty) { font-weight: 600; margin-right: 6px }
.node small { color: #5a6675; display: block }
svg { position: absolute; left: 0; top: 0 }
path { fill: none; stroke: #9aa7b8; stroke-width: 1.5 }
text { font: 10px ui-monospace, monospace; fill: #6b7787 }
footer { position: absolute; left: 20px; color: #5a6675; font-size: 12px }
"""
Node = Mapping[str, Any]


def main(url: str) -> int:
    """Read, draw, take the picture; gives the exit code."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        sys.stderr.write("No Chromium on the path. On Debian: apt-get install chromium\n")
        return 1
    version, nodes, below = _read(url)
    rows = _rows(nodes, below)
    height = TOP + ROW * (max(int(2 * row) for row in rows.values()) // 2 + 1) + 36
    page = _page(version, nodes, below, rows, height)
    seen = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "graph.html")
        file.write_text(page, encoding="utf-8")
        size = f"--window-size={WIDTH},{height}"
        subprocess.run(
            [browser, *seen, size, f"--screenshot={PICTURE}", file.as_uri()], check=True, capture_output=True
        )
    return 0


def _read(url: str) -> tuple[str, list[Node], dict[str, list[str]]]:
    """The server's version, the nodes by level, and the ids of what is below each."""
    from neo4j import GraphDatabase

    from kb.stores.neo4j.addresses import graph_address

    place = graph_address(url)
    who = (place.user, place.password or "") if place.user else None
    with GraphDatabase.driver(place.uri, auth=who) as driver:
        found, *_ = driver.execute_query(QUERY, database_=place.database)
        parts, *_ = driver.execute_query("CALL dbms.components() YIELD versions RETURN versions[0] AS v")
    nodes: dict[str, Node] = {}
    below: dict[str, list[str]] = {}
    for row in found:
        way = row["way"]
        for level, node in enumerate(way.nodes):
            nodes.setdefault(
                node.element_id, {**node, "label": min(node.labels), "level": level, "id": node.element_id}
            )
        for edge in way.relationships:
            under = below.setdefault(edge.start_node.element_id, [])
            if edge.end_node.element_id not in under:
                under.append(edge.end_node.element_id)
    for under in below.values():
        under.sort(key=lambda each: str(nodes[each]["path"]))
    return str(parts[0]["v"]), sorted(nodes.values(), key=lambda n: (n["level"], n.get("path", ""))), below


def _rows(nodes: Sequence[Node], below: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """The row of each node: leaves one under the other, what is above them in their middle."""
    rows: dict[str, float] = {}
    free = iter(range(len(nodes)))

    def place(node: str) -> float:
        under = [place(each) for each in below.get(node, ())]
        rows[node] = (under[0] + under[-1]) / 2 if under else float(next(free))
        return rows[node]

    place(str(nodes[0]["id"]))
    return rows


def _page(
    version: str,
    nodes: Sequence[Node],
    below: Mapping[str, Sequence[str]],
    rows: Mapping[str, float],
    height: int,
) -> str:
    level = {str(node["id"]): int(node["level"]) for node in nodes}
    edges = "".join(_edges(level, below, rows))
    boxes = "".join(_box(node, rows[str(node["id"])]) for node in nodes)
    told = (
        f"Read from Neo4j {version} Community: {len(nodes)} nodes. Red is what doubt fell on: the answers of "
        "the demo's scripted stand-in say that it hardly holds for D*."
    )
    return (
        f"<!doctype html><meta charset=utf-8><style>{STYLE}</style><pre>{html.escape(QUERY)}</pre>"
        f'<svg width="{WIDTH}" height="{height}">{edges}</svg>{boxes}'
        f'<footer style="top:{height - 28}px">{html.escape(told)}</footer>'
    )


def _edges(
    level: Mapping[str, int], below: Mapping[str, Sequence[str]], rows: Mapping[str, float]
) -> Iterator[str]:
    for above, under in below.items():
        left, width = COLUMNS[level[above]]
        x, y = left + width, TOP + ROW * rows[above] + BOX / 2
        for each in under:
            to_x, to_y = COLUMNS[level[each]][0], TOP + ROW * rows[each] + BOX / 2
            middle = (x + to_x) / 2
            yield f'<path d="M{x} {y}C{middle} {y} {middle} {to_y} {to_x} {to_y}"/>'
        yield f'<text x="{x + 6}" y="{y - 6}">{"HAS_CHILD" if level[above] else "ROOT"}</text>'


def _box(node: Node, row: float) -> str:
    left, width = COLUMNS[int(node["level"])]
    text = str(node.get("text") or node.get("name"))
    facts = [f"{node['nats_on_D']:.0f} nats on D"] if node.get("nats_on_D") is not None else []
    tau = node.get("plausibility")
    if tau is not None:
        facts.append(f"for D*: {100 * tau:.0f} %")
    doubted = " doubted" if tau is not None and tau < 0.5 else ""
    where = f"left:{left}px;top:{TOP + ROW * row}px;width:{width}px"
    return (
        f'<div class="node {html.escape(str(node["label"]))}{doubted}" style="{where}">'
        f"<b>{html.escape(str(node.get('address', '')))}</b>{html.escape(text)}"
        f"<small>{html.escape(', '.join(facts))}</small></div>"
    )


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "neo4j://localhost:7687"))
