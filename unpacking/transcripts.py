"""What was said between Priory and a model: kept once per answer, and with the step that used it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from kb.knowledge import Tree
from kb.records import Proposal

__all__ = ["RESPONSE", "kept_transcript", "transcript"]

RESPONSE = "response"  # the kind of document that keeps an answer, keyed by the hash of its request


def transcript(tree: Tree, keys: Iterable[str]) -> list[dict[str, Any]]:
    """Requests and responses by key, in that order, each once; those that are not stored are left out."""
    found = []
    for key in dict.fromkeys(keys):
        document = tree.store.document(tree.tree_id, RESPONSE, key)
        if document is not None:
            said = json.loads(tree.store.blob(document.body["blob"]))
            found.append({"key": key, "purpose": document.body["purpose"], **said})
    return found


def kept_transcript(tree: Tree, proposals: Iterable[Proposal]) -> str | None:
    """Digest of a blob with all that was said for some proposals and their approvals; None if nothing was."""
    keys = [key for p in proposals for key in (*p.responses, *(p.approval.responses if p.approval else ()))]
    if not keys:
        return None
    written = json.dumps(transcript(tree, keys), sort_keys=True, ensure_ascii=False)
    return tree.store.put_blob(written.encode())
