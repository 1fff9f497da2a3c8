"""What ``import priory`` offers, and what it does not load."""

from __future__ import annotations

import subprocess
import sys

import pytest

import priory

NAMES = [
    "Budget",
    "FailedError",
    "InputError",
    "KnowledgeBase",
    "LanguageModel",
    "PriorClassifier",
    "PrioryError",
    "TaskOptions",
    "Tree",
    "add",
    "answer",
    "compare",
    "drop",
    "edit",
    "explain",
    "learn",
    "open_kb",
    "predict",
    "prepare_task",
    "questions",
    "report",
    "restore",
    "unpack",
    "unpack_below",
]

HEAVY = {"torch", "sklearn", "pandas", "duckdb", "streamlit", "langchain", "neo4j", "scipy", "sqlglot"}


def loaded_by(code: str) -> set[str]:
    """Top-level modules that a fresh process has after running the code."""
    script = f"{code}\nimport sys\nprint(' '.join({{m.partition('.')[0] for m in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_public_names_are_these() -> None:
    assert list(priory.__all__) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    assert getattr(priory, name).__doc__


def test_every_public_name_is_listed() -> None:
    assert set(NAMES) <= set(dir(priory))


def test_what_is_not_public_is_refused() -> None:
    with pytest.raises(AttributeError, match="'priory' has no attribute 'oracle'"):
        _ = priory.oracle


@pytest.mark.parametrize("code", ["import priory", "import kb", "import kb.knowledge, kb.tables, kb.cases"])
def test_importing_loads_no_heavy_library(code: str) -> None:
    assert not loaded_by(code) & HEAVY


def test_importing_the_door_loads_not_even_numpy() -> None:
    assert "numpy" not in loaded_by("import priory")


def test_opening_a_knowledge_base_loads_no_heavy_library() -> None:
    code = "import priory, tempfile; priory.open_kb(f'sqlite:///{tempfile.mkdtemp()}/a.db').close()"

    assert not loaded_by(code) & HEAVY


def test_importing_raises_no_warning() -> None:
    subprocess.run([sys.executable, "-Werror", "-c", "import priory, kb, learning, unpacking"], check=True)
