"""A GGUF file on this machine as a chat model, by llama.cpp. Its answers keep to a grammar.

The same request gives the same bytes, whatever was asked before: a prompt is always read in the same two
parts, all but its last token and that one, since llama.cpp's numbers depend on how tokens are grouped.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.utils import convert_to_openai_messages
from langchain_core.outputs import ChatGeneration, ChatResult

from kb.errors import FailedError, InputError

if TYPE_CHECKING:
    from langchain_core.callbacks import CallbackManagerForLLMRun

__all__ = ["THREADS", "WINDOW", "LocalChat"]

WINDOW = 4_096  # tokens in view, unless more are asked for
THREADS = "PRIORY_LLAMA_THREADS"  # the environment variable; more than one thread spin where others work
_REPEAT_PENALTY = 1.1


class LocalChat(BaseChatModel):
    """A chat model over a GGUF file.

    Attributes:
        path: The file.
        window: Tokens in view, prompt and answer together; 0 for ``WINDOW``.
    """

    path: str
    window: int = 0

    @property
    def _llm_type(self) -> str:
        return "priory-local"

    def get_num_tokens(self, text: str) -> int:
        """Tokens of a text, counted by the model's own tokenizer."""
        return len(self._engine().tokens_of_text(text))

    @property
    def size_of_window(self) -> int:
        """Tokens in view."""
        return self.window or WINDOW

    def _engine(self) -> _Engine:
        return _loaded(self.path, self.size_of_window, int(os.environ.get(THREADS, "1")))

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002  # LangChain's signature
        **settings: Any,
    ) -> ChatResult:
        engine = self._engine()
        with engine.lock:
            prompt = engine.tokens_of(messages)
            most = int(settings.get("max_tokens") or 512)
            if len(prompt) + most > self.size_of_window:
                raise FailedError(
                    f"a prompt of {len(prompt):,} tokens and an answer of {most:,} don't fit into the window "
                    f"of {self.size_of_window:,}.",
                    where=self.path,
                    remedy="Give the model a larger --window, or show it less.",
                )
            labels = settings.get("labels") or []
            if labels:
                return _result("", {"label_log_p": engine.label_log_p(prompt, labels)}, (len(prompt), 0))
            schema = settings.get("json_schema")
            text, finish, written = engine.completion(prompt, schema, stop or [], most, settings)
        return _result(text, {"finish_reason": finish}, (len(prompt), written))


def _result(text: str, told: dict[str, Any], tokens: tuple[int, int]) -> ChatResult:
    message = AIMessage(
        text,
        response_metadata=told,
        usage_metadata={
            "input_tokens": tokens[0],
            "output_tokens": tokens[1],
            "total_tokens": sum(tokens),
        },
    )
    return ChatResult(generations=[ChatGeneration(message=message)])


@lru_cache(maxsize=2)
def _loaded(path: str, window: int, threads: int) -> _Engine:
    import llama_cpp

    try:
        llama: Any = llama_cpp.Llama(
            path, n_ctx=window, n_threads=threads, n_threads_batch=threads, verbose=False, seed=0
        )
    except (ValueError, RuntimeError, AssertionError) as error:
        raise FailedError(
            f"llama.cpp can't load it ({error}).", where=path, remedy="Is the file whole? Get it once more."
        ) from error
    if "tokenizer.chat_template" not in llama.metadata:
        raise InputError(
            "this model has no chat template, so it can't be told what to do.",
            where=path,
            remedy="Take an instruction-tuned one; its name often ends in -Instruct or -it.",
        )
    return _Engine(llama, _marks(llama))


def _marks(llama: Any) -> re.Pattern[str]:
    """All texts that llama.cpp would read as a mark of the chat: not only ``<|…|>``, but ``</s>`` and such.

    Tokens that a model's maker added count where the template has them: some files hold their roles as such,
    and llama.cpp finds those in any text. White space and words among them are harmless.
    """
    import llama_cpp

    vocab, template = llama_cpp.llama_model_get_vocab(llama.model), llama.metadata["tokenizer.chat_template"]
    always = llama_cpp.LLAMA_TOKEN_ATTR_CONTROL | llama_cpp.LLAMA_TOKEN_ATTR_UNKNOWN
    found = {"<|"}  # so the roles of some templates begin that are no tokens
    for token in range(llama.n_vocab()):
        kind = llama_cpp.llama_vocab_get_attr(vocab, token)
        if kind & (always | llama_cpp.LLAMA_TOKEN_ATTR_USER_DEFINED):
            text = llama_cpp.llama_vocab_get_text(vocab, token).decode("utf-8", "replace").strip()
            if text and (kind & always or (text in template and not text.isalnum())):
                found.add(text)
    return re.compile("|".join(map(re.escape, sorted(found, key=len, reverse=True))) or r"(?!)")


def _without(marks: re.Pattern[str], text: str) -> str:
    """The text with a space within each mark, so that it can still be read but is none.

    >>> _without(re.compile("</s>"), "The end.</s>")
    'The end.< /s>'
    """
    while marks.search(text):  # once more: a mark may have hidden another one
        text = marks.sub(lambda m: f"{m[0][0]} {m[0][1:]}" if len(m[0]) > 1 else " ", text)
    return text


@lru_cache(maxsize=64)
def _grammar(schema: str) -> Any:
    from llama_cpp.llama_grammar import LlamaGrammar

    return LlamaGrammar.from_json_schema(schema, verbose=False)


@dataclass(slots=True)
class _Engine:
    """One loaded model, for one caller at a time."""

    llama: Any
    marks: re.Pattern[str]
    lock: threading.Lock = field(default_factory=threading.Lock)
    read: list[int] = field(default_factory=list)

    def tokens_of_text(self, text: str) -> list[int]:
        return list(self.llama.tokenize(text.encode("utf-8", "replace"), add_bos=False, special=False))

    def tokens_of(self, messages: Sequence[BaseMessage]) -> list[int]:
        """The conversation as the model was trained to read it; no text in it can pass for its marks."""
        from llama_cpp.llama_chat_format import Jinja2ChatFormatter

        llama = self.llama
        eos, bos = (
            llama.detokenize([token], special=True).decode("utf-8", "replace") if token >= 0 else ""
            for token in (llama.token_eos(), llama.token_bos())
        )
        formatter = Jinja2ChatFormatter(llama.metadata["tokenizer.chat_template"], eos, bos)
        plain: list[Any] = [
            {**message, "content": _without(self.marks, str(message["content"]))}
            for message in convert_to_openai_messages(list(messages))
        ]
        prompt = formatter(messages=plain).prompt
        adds_bos = llama.metadata.get("tokenizer.ggml.add_bos_token", "true") == "true"
        add_bos = bool(bos) and not prompt.startswith(bos) and adds_bos
        return list(llama.tokenize(prompt.encode("utf-8", "replace"), add_bos=add_bos, special=True))

    def look_at(self, prompt: list[int]) -> None:
        """Have all but the last token of the prompt read, in one go from the start."""
        if self.read != prompt:
            self.read = []
            self.llama.reset()
            self.llama.eval(prompt[:-1])
            self.read = prompt

    def completion(
        self,
        prompt: list[int],
        schema: Mapping[str, Any] | None,
        stop: list[str],
        most: int,
        settings: Mapping[str, Any],
    ) -> tuple[str, str, int]:
        """The answer, why it ended, and how many tokens it has."""
        self.look_at(prompt)
        told: Any = self.llama.create_completion(
            prompt,
            max_tokens=most,
            temperature=float(settings.get("temperature") or 0.0),
            seed=int(settings.get("seed") or 0) % 2**31,
            repeat_penalty=_REPEAT_PENALTY,
            stop=stop,
            grammar=_grammar(json.dumps(schema)) if schema else None,
        )
        choice = told["choices"][0]
        return choice["text"], choice["finish_reason"], told["usage"]["completion_tokens"]

    def label_log_p(self, prompt: list[int], labels: Sequence[str]) -> dict[str, float]:
        """Per label the log-probability that the answer begins with it, in nats."""
        self.look_at(prompt)
        llama, found = self.llama, {}
        llama.n_tokens = len(prompt) - 1
        llama.eval(prompt[-1:])
        first = self._log_p()
        for label in labels:
            tokens = self.tokens_of_text(label)
            log_p = first[tokens[0]]
            for before, token in itertools.pairwise(tokens):
                llama.eval([before])
                log_p += self._log_p()[token]
            llama.n_tokens = len(prompt)
            found[label] = float(log_p)
        return found

    def _log_p(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        import llama_cpp

        row = llama_cpp.llama_get_logits_ith(self.llama.ctx, -1)
        logits = np.ctypeslib.as_array(row, shape=(self.llama.n_vocab(),)).astype(np.float64)
        most = logits.max()
        return np.asarray(logits - (most + np.log(np.exp(logits - most).sum())))
