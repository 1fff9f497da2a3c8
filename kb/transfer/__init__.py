"""Taking trees out and bringing them in: JSON lines, GraphML, Cypher, Markdown, networkx."""

from __future__ import annotations

from kb.transfer.bringing import VerifiedExport, bring_in, import_jsonl, verified
from kb.transfer.copying import Copied, copy_tree
from kb.transfer.cypher import export_cypher
from kb.transfer.graph import export_graphml, to_networkx
from kb.transfer.lines import Transfer
from kb.transfer.outline import export_markdown
from kb.transfer.taking import export_jsonl

__all__ = [
    "Copied",
    "Transfer",
    "VerifiedExport",
    "bring_in",
    "copy_tree",
    "export_cypher",
    "export_graphml",
    "export_jsonl",
    "export_markdown",
    "import_jsonl",
    "to_networkx",
    "verified",
]
