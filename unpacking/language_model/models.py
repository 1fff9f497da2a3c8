"""From a model's name to a chat model that answers a request."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kb.errors import FailedError, InputError, PrioryError
from unpacking.language_model.prices import price_of
from unpacking.language_model.requests import Request, Response
from unpacking.language_model.specs import COMPATIBLE, LOCAL, ModelSpec, check_usable, is_key_missing

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage

__all__ = ["answered", "chat_model"]

TOOL = "answer"
KEY_OF_COMPATIBLE = "PRIORY_API_KEY"
_TAKES_SEED = {"openai", COMPATIBLE, "ollama", LOCAL, "mistralai", "groq"}
_CUT = {"length", "max_tokens", "MAX_TOKENS"}


def chat_model(
    spec: ModelSpec, *, timeout: float = 120.0, window: int | None = None, is_asked: bool = True
) -> BaseChatModel:
    """The chat model of a spec; nothing is sent. It retries nothing by itself.

    Args:
        spec: Which model.
        timeout: Seconds to wait for an answer.
        window: Tokens that a local model keeps in view; None for what its file says, 4,096 at most.
        is_asked: Whether it will be asked; one that only tells how long a prompt may be needs no key.

    Raises:
        InputError: A package, a key or a file is missing, or the provider is not known.
    """
    check_usable(spec, with_key=is_asked)
    if spec.provider == LOCAL:
        from unpacking.language_model.local import LocalChat

        return LocalChat(path=spec.name, window=window or 0)
    from langchain.chat_models import init_chat_model

    options: dict[str, Any] = {"timeout": timeout, "max_retries": 0}
    provider = spec.provider
    if provider == COMPATIBLE:
        provider = "openai"
        options |= {"base_url": spec.url, "api_key": os.environ.get(KEY_OF_COMPATIBLE) or "none"}
    if not is_asked and is_key_missing(spec):
        options["api_key"] = "none"
    if provider == "ollama":
        options = {"client_kwargs": {"timeout": timeout}}
    try:
        chat: BaseChatModel = init_chat_model(spec.name, model_provider=provider, **options)
    except ImportError as error:
        raise InputError(
            f"{spec.text} needs a package that is not installed ({error}).",
            where="--model",
            remedy=f"Get it with: pip install langchain-{provider.replace('_', '-')}",
        ) from error
    except ValueError as error:
        raise _unusable(spec, error) from error
    return chat


def _unusable(spec: ModelSpec, error: ValueError) -> InputError:
    if "Unsupported" in str(error) and "provider" in str(error):
        return InputError(
            f"{spec.provider!r} is no provider that LangChain knows.",
            where="--model",
            remedy="Such as openai:, anthropic: or ollama:, or openai-compatible:URL#NAME for your own.",
        )
    return InputError(f"{spec.text} can't be used ({_first_line(error)}).", where="--model")


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__


def answered(chat: BaseChatModel, spec: ModelSpec, request: Request) -> Response:
    """Ask once, and give back what came, unread.

    Raises:
        FailedError: What came is no answer. Otherwise it raises whatever the provider's library raises.
    """
    began = time.monotonic()
    messages = [("system", request.system), ("user", request.user)]
    message = _invoked(_asking(chat, spec, request), messages, spec)
    usage = message.usage_metadata
    price = price_of(request.model)
    tokens = (usage["input_tokens"], usage["output_tokens"]) if usage else (0, 0)
    told: Mapping[str, Any] = message.response_metadata
    finish = str(told.get("finish_reason") or told.get("stop_reason") or told.get("done_reason") or "")
    return Response(
        text=_storable(_answer_in(message)),
        finish="length" if finish in _CUT else finish,
        refusal=_storable(_refusal_in(message, finish)),
        input_tokens=tokens[0],
        output_tokens=tokens[1],
        seconds=time.monotonic() - began,
        usd=price.usd(*tokens) if price else None,
        log_p=_label_log_p(message, request.labels),
    )


def _invoked(asking: Any, messages: list[tuple[str, str]], spec: ModelSpec) -> AIMessage:
    """What came back; what is no message at all is named instead of what a library makes of it."""
    try:
        message: AIMessage = asking.invoke(messages)
    except (PrioryError, json.JSONDecodeError):
        raise
    except (TypeError, ValueError, LookupError) as error:
        raise FailedError(
            f"what it sent is no answer ({_first_line(error)}).",
            where=spec.text,
            remedy="Does this server speak the protocol that the name says?",
        ) from error
    return message


def _asking(chat: BaseChatModel, spec: ModelSpec, request: Request) -> Any:
    """The chat model with the request's settings, as its provider takes them.

    Everybody but Ollama and a local file is made to answer by calling one tool: the one form of structured
    output that all providers and OpenAI-compatible servers share.
    """
    settings: dict[str, Any] = {}
    if request.temperature is not None:
        settings["temperature"] = request.temperature
    if spec.provider in _TAKES_SEED:
        settings["seed"] = request.seed
    if spec.provider == LOCAL:
        return chat.bind(
            **settings,
            max_tokens=request.max_tokens,
            json_schema=request.schema,
            labels=list(request.labels),
        )
    if spec.provider == "ollama":
        options = {**settings, "num_predict": request.max_tokens}
        return chat.bind(format=dict(request.schema) if request.schema else None, options=options)
    settings["max_tokens"] = request.max_tokens
    if request.labels:
        return chat.bind(**settings, logprobs=True, top_logprobs=20)
    if request.schema is None:
        return chat.bind(**settings)
    tool = {
        "type": "function",
        "function": {
            "name": TOOL,
            "description": "Give the answer.",
            "parameters": dict(request.schema),
        },
    }
    return chat.bind_tools([tool], tool_choice=TOOL, **settings)


def _answer_in(message: AIMessage) -> str:
    """The answer as JSON text if the model called the tool, else what it wrote."""
    if message.tool_calls:
        return json.dumps(message.tool_calls[0]["args"], ensure_ascii=False)
    if message.invalid_tool_calls:
        return str(message.invalid_tool_calls[0]["args"] or "")
    return str(message.text)


def _refusal_in(message: AIMessage, finish: str) -> str:
    said = str(message.additional_kwargs.get("refusal") or "")
    if not said and finish in {"refusal", "content_filter", "SAFETY"}:
        return message.text or finish
    return said


def _storable(text: str) -> str:
    """The text without half characters, which no store keeps."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _label_log_p(message: AIMessage, labels: tuple[str, ...]) -> dict[str, float]:
    """Per label the log-probability that the answer begins with it, where the provider tells."""
    if not labels:
        return {}
    told = message.response_metadata
    if "label_log_p" in told:
        return {str(name): float(value) for name, value in told["label_log_p"].items()}
    tokens = (told.get("logprobs") or {}).get("content") or []
    found: dict[str, float] = {}
    for candidate in tokens[0].get("top_logprobs", []) if tokens else []:
        word = str(candidate["token"]).strip().casefold()
        for label in labels:
            if word and label.casefold() == word:
                found[label] = max(found.get(label, float("-inf")), float(candidate["logprob"]))
    return found
