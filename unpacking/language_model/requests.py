"""One question to a model and what came back, as they are stored."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kb.records import Cost

__all__ = ["Request", "Response"]


@dataclass(frozen=True, slots=True)
class Request:
    """All that determines what a model is asked.

    Attributes:
        model: The model's identity.
        system: What it is told to do.
        user: What it is told to do it with.
        schema: JSON schema of the answer; None for a bare label.
        seed: For its sampling, where the provider takes one.
        temperature: Of its sampling; None leaves it to the provider.
        max_tokens: Tokens that it may write.
        labels: For log-probabilities: the answers that are compared; empty otherwise.
        purpose: ``unpack``, ``approve``, ``ask``, ``pack`` or ``rate``; not part of the key.
        address: The statement it is about; not part of the key.
    """

    model: str
    system: str
    user: str
    schema: Mapping[str, Any] | None = None
    seed: int = 0
    temperature: float | None = 0.7
    max_tokens: int = 1_024
    labels: tuple[str, ...] = ()
    purpose: str = "unpack"
    address: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The JSON form of what is sent."""
        return {
            "model": self.model,
            "system": self.system,
            "user": self.user,
            "schema": self.schema,
            "seed": self.seed,
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
            "labels": list(self.labels),
        }

    @property
    def key(self) -> str:
        """Names the request by all that is sent: 40 hexadecimal digits of blake2b."""
        written = json.dumps(self.to_dict(), sort_keys=True, ensure_ascii=False)
        return hashlib.blake2b(written.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()


@dataclass(frozen=True, slots=True)
class Response:
    """What came back, before anybody has read it.

    Attributes:
        text: The answer as written, JSON if the model kept to the schema.
        finish: Why the model stopped: ``stop``, ``length``, … as the provider calls it.
        refusal: What it said instead of an answer; empty if it answered.
        input_tokens: Tokens read, by the provider's count.
        output_tokens: Tokens written, by the provider's count.
        seconds: Wall time of the call.
        usd: Its price by the price table; None where the table has none.
        log_p: Per label of the request its log-probability, in nats.
    """

    text: str
    finish: str = "stop"
    refusal: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0
    usd: float | None = 0.0
    log_p: Mapping[str, float] = field(default_factory=dict)

    @property
    def cost(self) -> Cost:
        """What it took."""
        tokens = self.input_tokens + self.output_tokens
        return Cost(tokens=tokens, usd=self.usd or 0.0, seconds=self.seconds)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form; ``from_dict`` reads it back."""
        return {**{name: getattr(self, name) for name in self.__slots__}, "log_p": dict(self.log_p)}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Response:
        """The response that ``to_dict`` wrote."""
        return cls(**stored)
