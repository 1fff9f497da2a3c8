"""Models for tests: one that gives recorded replies in this process, and a server that does over HTTP."""

from __future__ import annotations

import importlib.util
import json
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

Body = dict[str, Any]
Reply = Callable[[Body], "Sent"]

BIG = {"text": "Big animals are huskies.", "kind": "claim", "when": "body_0 > 0", "side": "husky"}
DEEP = {"text": "Huskies live where snow is deep.", "kind": "claim", "when": "snow = 'deep'", "side": "husky"}
OLD = {"text": "Huskies were bred for sledges.", "kind": "aspect", "when": "", "side": ""}


def need(module: str, package: str) -> None:
    """Skip the test or the file where a package is missing; in CI that is a failure."""
    if importlib.util.find_spec(module) is not None:
        return
    told = f"needs a package: pip install {package}"
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI must have it: {told}")
    pytest.skip(told, allow_module_level=True)


def children(*said: dict[str, Any]) -> str:
    """A reply that holds these children."""
    return json.dumps({"children": list(said)})


def fake_chat(
    replies: Sequence[str | BaseException], seen: list[Any] | None = None, usage: tuple[int, int] = (100, 20)
) -> Any:
    """A chat model of LangChain's that gives the replies one after the other, the last one for ever.

    Args:
        replies: Texts, or errors to raise.
        seen: Filled with the messages and settings of every call.
        usage: Tokens read and written, as each reply counts them.
    """
    need("langchain_core", "langchain")
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage
    from langchain_core.outputs import ChatGeneration, ChatResult

    calls = [] if seen is None else seen
    lock = threading.Lock()

    class Recorded(BaseChatModel):
        @property
        def _llm_type(self) -> str:
            return "recorded"

        def bind_tools(self, tools: Any, *, tool_choice: str | None = None, **settings: Any) -> Any:
            return self.bind(tools=tools, tool_choice=tool_choice, **settings)

        def _generate(self, messages: Any, *_: Any, **told: Any) -> Any:
            with lock:
                calls.append((messages, told))
                reply = replies[min(len(calls), len(replies)) - 1]
            if isinstance(reply, BaseException):
                raise reply
            counted = {"input_tokens": usage[0], "output_tokens": usage[1], "total_tokens": sum(usage)}
            message = AIMessage(reply, usage_metadata=counted, response_metadata={"finish_reason": "stop"})
            return ChatResult(generations=[ChatGeneration(message=message)])

    return Recorded()


@dataclass
class Sent:
    """What the server sends back to one request."""

    answer: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    finish: str = "tool_calls"
    usage: tuple[int, int] = (100, 20)
    delay: float = 0.0
    raw: bytes | None = None
    refusal: str | None = None

    def body(self) -> bytes:
        if self.raw is not None:
            return self.raw
        if self.status != 200:
            return json.dumps({"error": {"message": f"status {self.status}", "type": "error"}}).encode()
        call = {"id": "c1", "type": "function", "function": {"name": "answer", "arguments": self.answer}}
        message: Body = {"role": "assistant", "content": None, "tool_calls": [call]}
        if self.refusal is not None:
            message = {"role": "assistant", "content": None, "refusal": self.refusal}
        read, written = self.usage
        return json.dumps(
            {
                "id": "x",
                "object": "chat.completion",
                "created": 0,
                "model": "small",
                "choices": [{"index": 0, "message": message, "finish_reason": self.finish}],
                "usage": {
                    "prompt_tokens": read,
                    "completion_tokens": written,
                    "total_tokens": read + written,
                },
            }
        ).encode()


class Served:
    """A server that speaks OpenAI's protocol on this machine.

    Attributes:
        replies: What it sends, in order; the last one for ever.
        bodies: What it was asked.
        most_at_once: Requests that were under way together, at most.
    """

    def __init__(self, replies: Sequence[Sent]) -> None:
        self.replies, self.bodies = list(replies), list[Body]()
        self.lock, self.now, self.most_at_once = threading.Lock(), 0, 0
        self.closing = threading.Event()

    def next(self, body: Body) -> Sent:
        with self.lock:
            self.bodies.append(body)
            self.now += 1
            self.most_at_once = max(self.most_at_once, self.now)
            return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


@contextmanager
def served(*replies: Sent) -> Iterator[tuple[str, Served]]:
    """The server at work: its model as ``openai-compatible:…``, and what it was asked."""
    state = Served(replies)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            sent = state.next(body)
            if sent.delay:
                state.closing.wait(sent.delay)
            with state.lock:
                state.now -= 1
            written = sent.body()
            try:
                self.send_response(sent.status)
                for name, value in {"content-type": "application/json", **sent.headers}.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(written)))
                self.end_headers()
                self.wfile.write(written)
            except OSError:
                return  # whoever asked has hung up

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"openai-compatible:http://127.0.0.1:{server.server_port}/v1#small", state
    finally:
        state.closing.set()
        server.shutdown()
        server.server_close()
