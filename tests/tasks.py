"""Small shifted tasks whose truth is known, made in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kb.arrays import Codes
from kb.knowledge import KnowledgeBase, Tree
from kb.tables import TaskOptions, prepare_task_from_columns

Column = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Table:
    """D with its target, D* without, and the truth about D*, which only a test looks at."""

    train: dict[str, Column]
    predict: dict[str, Column]
    truth: tuple[str, ...]
    target: str

    def without(self, *names: str) -> Table:
        """The same cases, some columns left out."""
        train, predict = (
            {name: values for name, values in part.items() if name not in names}
            for part in (self.train, self.predict)
        )
        return Table(train, predict, self.truth, self.target)

    def codes(self, tree: Tree) -> Codes:
        """The truth about D* as the tree's classes number it."""
        place = {name: k for k, name in enumerate(tree.task.classes)}
        return np.array([place[label] for label in self.truth], dtype=np.int64)


def _words(values: Column, words: tuple[str, ...]) -> Column:
    return np.array([words[v] for v in values], dtype=object)


def planted(
    seed: int = 0,
    *,
    n: int = 160,
    n_star: int = 200,
    agrees: float = 0.97,
    agrees_star: float = 0.1,
    noise: float = 1.3,
    copies: bool = False,
) -> Table:
    """Huskies and wolves: three noisy bodily columns that are true of both, and snow, which is true of D.

    ``copies`` adds a column ``tag`` that is the label itself in D and a coin in D*.
    """
    rng = np.random.default_rng(seed)

    def part(size: int, share: float, *, is_D: bool) -> tuple[dict[str, Column], Column]:
        y = rng.integers(2, size=size)
        x = {f"body_{i}": np.round(2.0 * y - 1.0 + noise * rng.normal(size=size), 2) for i in range(3)}
        x["snow"] = _words(np.where(rng.random(size) < share, y, 1 - y), ("bare", "deep"))
        tag = y if is_D else rng.integers(2, size=size)
        if copies:
            x["tag"] = _words(tag, ("red", "blue"))
        return x, _words(y, ("wolf", "husky"))

    train, y = part(n, agrees, is_D=True)
    predict, truth = part(n_star, agrees_star, is_D=False)
    return Table({**train, "animal": y}, predict, tuple(truth), "animal")


def three_species(seed: int = 0, *, n: int = 150, n_star: int = 150) -> Table:
    """Three species told by bill and mass; in D each lives on its own island, in D* anywhere."""
    rng = np.random.default_rng(seed)

    def part(size: int, *, is_D: bool) -> tuple[dict[str, Column], Column]:
        y = rng.integers(3, size=size)
        x: dict[str, Column] = {
            "bill": np.round(np.array([39.0, 49.0, 47.0])[y] + 2.5 * rng.normal(size=size), 1),
            "mass": np.round(np.array([3700.0, 3750.0, 5050.0])[y] + 350.0 * rng.normal(size=size), -1),
            "island": _words(y if is_D else rng.integers(3, size=size), ("Torgersen", "Dream", "Biscoe")),
        }
        return x, _words(y, ("Adelie", "Chinstrap", "Gentoo"))

    train, y = part(n, is_D=True)
    predict, truth = part(n_star, is_D=False)
    return Table({**train, "species": y}, predict, tuple(truth), "species")


def grow(kb: KnowledgeBase, table: Table, name: str = "task", **options: Any) -> Tree:
    """The tree of a table's task, its root not yet unpacked."""
    prepared = prepare_task_from_columns(
        name,
        train=table.train,
        predict=table.predict,
        target=table.target,
        options=TaskOptions(**options),
    )
    return kb.create(prepared)


def aspect_about(tree: Tree, column: str) -> str:
    """The address of the narrowest aspect about a column."""
    about = [s for s in tree.walk() if s.kind == "aspect" and column in s.draft.columns]
    return min(about, key=lambda s: len(s.draft.columns)).address


def log_loss(p: np.ndarray[Any, np.dtype[np.float64]], y: Codes) -> float:
    """Mean nats, by a second implementation."""
    return float(np.mean([-np.log(max(row[k], 1e-4)) for row, k in zip(p, y, strict=True)]))
