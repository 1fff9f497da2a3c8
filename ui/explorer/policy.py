"""What the browser may do on an explorer's page: a Content-Security-Policy and its companions.

Statement text is untrusted. Should a piece of it ever reach the page as markup, nothing in it may run, and no
request may leave for another host.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

__all__ = ["Guarded", "headers", "inline_hashes"]

Message = MutableMapping[str, Any]
Asgi = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]

_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def inline_hashes(index: Path) -> list[str]:
    """Sources that allow exactly the inline scripts of Streamlit's own page.

    >>> inline_hashes(Path("/nowhere"))
    []
    """
    if not index.is_file():
        return []
    scripts = _INLINE.findall(index.read_text(encoding="utf-8"))
    return [f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in scripts]


def headers(inline: list[str]) -> list[tuple[bytes, bytes]]:
    """The headers of every answer.

    Args:
        inline: Sources of inline scripts that may run, see ``inline_hashes``.
    """
    policy = {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "connect-src": ["'self'"],
        "script-src": ["'self'", "'wasm-unsafe-eval'", "blob:", *inline],
        "style-src": ["'self'", "'unsafe-inline'"],  # Streamlit styles its widgets so
        "font-src": ["'self'", "data:"],
        "frame-src": ["'self'", "blob:"],
        "worker-src": ["'self'", "blob:"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'self'"],
    }
    written = "; ".join(f"{name} {' '.join(sources)}" for name, sources in policy.items())
    return [
        (b"content-security-policy", written.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
    ]


class Guarded:
    """ASGI middleware that adds the headers to every answer.

    Args:
        app: What answers.
        extra: The headers.
    """

    def __init__(self, app: Asgi, extra: list[tuple[bytes, bytes]]) -> None:
        self.app, self.extra = app, extra

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """Answer one request."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *self.extra]
            await send(message)

        await self.app(scope, receive, with_headers)
