"""Which model is meant: ``openai:NAME``, ``local:FILE.gguf``, ``openai-compatible:URL#NAME`` and others."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from kb.errors import InputError

__all__ = ["COMPATIBLE", "LOCAL", "ModelSpec", "check_usable", "identity", "is_key_missing", "parse_spec"]

LOCAL, COMPATIBLE = "local", "openai-compatible"
HOW = (
    "Write PROVIDER:NAME as in openai:gpt-5-mini or ollama:llama3.2, local:FILE.gguf, "
    "or openai-compatible:URL#NAME."
)
KEYS: Mapping[str, str] = {
    "anthropic": "ANTHROPIC_API_KEY",
    "deepseek": "DEEPSEEK_API_KEY",
    "google_genai": "GOOGLE_API_KEY",
    "groq": "GROQ_API_KEY",
    "mistralai": "MISTRAL_API_KEY",
    "openai": "OPENAI_API_KEY",
    "together": "TOGETHER_API_KEY",
    "xai": "XAI_API_KEY",
}
_PACKAGES = {"openai": "langchain_openai", "anthropic": "langchain_anthropic", "ollama": "langchain_ollama"}
_EXTRA = 'pip install "priory[{}]"'
_SAMPLE = 1 << 20  # bytes at both ends of a file that tell it from another


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model as people name it.

    Attributes:
        text: What was written.
        provider: ``local``, ``openai-compatible``, or a provider of LangChain's ``init_chat_model``.
        name: The model's name there; for ``local`` the path of its file.
        url: Where an ``openai-compatible`` server listens; empty for others.
    """

    text: str
    provider: str
    name: str
    url: str = ""


def parse_spec(text: str) -> ModelSpec:
    """The model that a text names; nothing is loaded or asked.

    Raises:
        InputError: It is not written as a model.

    >>> parse_spec("openai-compatible:http://localhost:8000/v1#small").name
    'small'
    """
    provider, separator, rest = text.strip().partition(":")
    if not separator or not provider or not rest:
        raise InputError(f"{text!r} names no model.", where="--model", remedy=HOW)
    if provider == LOCAL:
        return ModelSpec(text, LOCAL, rest)
    if provider != COMPATIBLE:
        return ModelSpec(text, provider.replace("-", "_"), rest)
    url, _, name = rest.partition("#")
    parts = _split(url)
    if parts and "@" in parts.netloc:  # names of models are stored and shown, so no secret may stand in one
        raise InputError(
            "a model's name holds no user or password.",
            where="--model",
            remedy="Set the key as PRIORY_API_KEY, and write openai-compatible:http://HOST:PORT/v1#NAME.",
        )
    if not parts or parts.scheme not in {"http", "https"} or not parts.hostname or not name:
        raise InputError(
            f"{text!r} names no server and model.",
            where="--model",
            remedy="Write openai-compatible:http://HOST:PORT/v1#NAME.",
        )
    return ModelSpec(text, COMPATIBLE, name, url)


def _split(url: str) -> SplitResult | None:
    """The parts of a URL; None where it is none."""
    try:
        return urlsplit(url)
    except ValueError:
        return None


def check_usable(spec: ModelSpec, *, with_key: bool = True) -> None:
    """Refuse a model whose package, key or file is missing, before anything is spent.

    Args:
        spec: Which model.
        with_key: Whether it has to have a key, which one that is not going to be asked needs not.

    Raises:
        InputError: It says what is missing and how to get it.
    """
    if spec.provider == LOCAL:
        _check_file(Path(spec.name))
        _check_package("llama_cpp", "local-model", spec)
        _check_package("langchain_core", "local-model", spec)
        return
    _check_package("langchain", "language-models", spec)
    provider = "openai" if spec.provider == COMPATIBLE else spec.provider
    if provider in _PACKAGES:
        _check_package(_PACKAGES[provider], "language-models", spec)
    if with_key and is_key_missing(spec):
        key = KEYS[spec.provider]
        raise InputError(
            f"{spec.text} needs the key {key}, which is not set.",
            where="--model",
            remedy=f"Get one from the provider, then: export {key}=…",
        )


def is_key_missing(spec: ModelSpec) -> bool:
    """The environment lacks the key that its provider is known to want."""
    key = KEYS.get(spec.provider)
    return key is not None and not os.environ.get(key)


def _check_package(module: str, extra: str, spec: ModelSpec) -> None:
    if importlib.util.find_spec(module) is None:
        raise InputError(
            f"{spec.text} needs the package {module.replace('_', '-')}, which is not installed.",
            where="--model",
            remedy=f"Get it with: {_EXTRA.format(extra)}",
        )


def _check_file(path: Path) -> None:
    if not path.is_file():
        raise InputError(
            "there is no such file.",
            where=str(path),
            remedy="Give the path of a GGUF file: local:models/NAME.gguf",
        )
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise InputError(f"it can't be read ({error.strerror}).", where=str(path)) from error
    if magic != b"GGUF":
        raise InputError(
            "it is no GGUF file.", where=str(path), remedy="llama.cpp reads models in the GGUF format only."
        )


def identity(spec: ModelSpec) -> str:
    """What names the model in requests and records; for a file its name and content, wherever it lies."""
    if spec.provider != LOCAL:
        return spec.text
    path = Path(spec.name)
    digest = hashlib.blake2b(str(path.stat().st_size).encode(), digest_size=6)
    with path.open("rb") as file:
        digest.update(file.read(_SAMPLE))
        file.seek(max(0, path.stat().st_size - _SAMPLE))
        digest.update(file.read(_SAMPLE))
    return f"{LOCAL}:{path.name}#{digest.hexdigest()}"
