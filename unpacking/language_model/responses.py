"""Responses in the store: each is kept under the hash of its request before anybody reads it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from kb.knowledge import Tree
from unpacking.language_model.requests import Request, Response
from unpacking.transcripts import RESPONSE

__all__ = ["Usage", "put_response", "stored_response", "usage"]


def stored_response(tree: Tree, request: Request) -> Response | None:
    """What came back when exactly this was asked before; None if it never was."""
    document = tree.store.document(tree.tree_id, RESPONSE, request.key)
    if document is None:
        return None
    return Response.from_dict(json.loads(tree.store.blob(document.body["blob"]))["response"])


def put_response(tree: Tree, request: Request, response: Response) -> None:
    """Keep a response with its request; the first one stays."""
    both = {"request": request.to_dict(), "response": response.to_dict()}
    written = json.dumps(both, sort_keys=True, ensure_ascii=False).encode("utf-8", "replace")
    body = {
        "blob": tree.store.put_blob(written),
        "model": request.model,
        "purpose": request.purpose,
        "address": request.address,
        "input_tokens": response.input_tokens,
        "output_tokens": response.output_tokens,
        "usd": response.usd,
        "seconds": response.seconds,
    }
    tree.store.put_document(tree.tree_id, RESPONSE, request.key, body)


@dataclass(frozen=True, slots=True)
class Usage:
    """What calls of one purpose took so far in a tree, on average.

    Attributes:
        calls: How many there were.
        input_tokens: Mean tokens read.
        output_tokens: Mean tokens written.
        seconds: Mean wall time.
    """

    calls: int
    input_tokens: float
    output_tokens: float
    seconds: float


def usage(tree: Tree, model: str, purpose: str) -> Usage | None:
    """The tree's own history of a model and a purpose; None where there is none."""
    calls = [
        d.body for d in tree.documents(RESPONSE) if (d.body["model"], d.body["purpose"]) == (model, purpose)
    ]
    if not calls:
        return None
    means = [
        sum(float(body[name]) for body in calls) / len(calls)
        for name in ("input_tokens", "output_tokens", "seconds")
    ]
    return Usage(len(calls), *means)
