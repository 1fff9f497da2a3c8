"""Priory: a prior you can read.

>>> import priory
>>> "unpack" in priory.__all__
True
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kb.errors import FailedError, InputError, PrioryError
    from kb.knowledge import KnowledgeBase, Tree, open_kb
    from kb.tables import TaskOptions, prepare_task
    from learning.asking import answer, questions
    from learning.comparing import compare
    from learning.estimator import PriorClassifier
    from learning.growing import add, drop, edit, restore, unpack, unpack_below
    from learning.predicting import explain, predict
    from learning.reporting import report
    from learning.search import learn
    from unpacking.budget import Budget
    from unpacking.language_model.unpacker import LanguageModel

__all__ = [
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

_HOME = {
    "Budget": "unpacking.budget",
    "FailedError": "kb.errors",
    "InputError": "kb.errors",
    "KnowledgeBase": "kb.knowledge",
    "LanguageModel": "unpacking.language_model.unpacker",
    "PriorClassifier": "learning.estimator",
    "PrioryError": "kb.errors",
    "TaskOptions": "kb.tables",
    "Tree": "kb.knowledge",
    "add": "learning.growing",
    "answer": "learning.asking",
    "compare": "learning.comparing",
    "drop": "learning.growing",
    "edit": "learning.growing",
    "explain": "learning.predicting",
    "learn": "learning.search",
    "open_kb": "kb.knowledge",
    "predict": "learning.predicting",
    "prepare_task": "kb.tables",
    "questions": "learning.asking",
    "report": "learning.reporting",
    "restore": "learning.growing",
    "unpack": "learning.growing",
    "unpack_below": "learning.growing",
}


def __getattr__(name: str) -> Any:
    """A public name, imported when it is first asked for: ``import priory`` loads no heavy library."""
    if name not in _HOME:
        raise AttributeError(f"module 'priory' has no attribute {name!r}")
    found = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _check_rooms() -> None:
    """The rooms have generic names; another package called kb in front of ours must not pass for it."""
    spec = importlib.util.find_spec("kb")
    ours = [p.rsplit("/", 1)[0].rsplit("\\", 1)[0] for p in __path__]
    theirs = list(spec.submodule_search_locations or []) if spec else []
    if not any(t.rsplit("/", 1)[0].rsplit("\\", 1)[0] in ours for t in theirs):
        raise ImportError(
            f"the package 'kb' that Python finds ({', '.join(theirs) or 'none'}) is not Priory's. "
            "Install Priory into an environment of its own."
        )


_check_rooms()
