"""Shifted tasks for the benchmarks: penguins at home and away, mushrooms on planted snow."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np

from kb.arrays import Codes
from kb.tables import PreparedTask, TaskOptions, prepare_task_from_columns

HOME = {"Adelie": "Torgersen", "Gentoo": "Biscoe", "Chinstrap": "Dream"}
SHARED_MUSHROOM = Path(__file__).resolve().parents[2] / "shared" / "data" / "mushroom"

Columns = dict[str, list[object]]


@dataclass(frozen=True, slots=True)
class ShiftedTask:
    """A task, the labels of D* for scoring, and what an oracle says of its columns.

    Attributes:
        prepared: D and D*, without labels of D*.
        labels: Class codes of D*, shape (n,).
        oracle: Column → plausibility that what it tells also holds for D*.
        moved: Cases of D* that are not drawn as D was, shape (n,).
    """

    prepared: PreparedTask
    labels: Codes
    oracle: Mapping[str, float]
    moved: np.ndarray[tuple[int], np.dtype[np.bool_]]


def penguins(seed: int) -> ShiftedTask:
    """D: a random 70 % of the birds on their species' home island; D*: all others."""
    text = files("palmerpenguins").joinpath("data/penguins.csv").read_text(encoding="utf-8")
    birds = list(csv.DictReader(text.splitlines()))
    home = np.array([b["island"] == HOME[b["species"]] for b in birds])
    in_D = home & (np.random.default_rng(seed).random(len(birds)) < 0.7)
    names = ["island", "bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g", "sex", "year"]
    rows = np.flatnonzero(~in_D)
    prepared = prepare_task_from_columns(
        "penguins",
        train=_columns(birds, [*names, "species"], np.flatnonzero(in_D)),
        predict=_columns(birds, names, rows),
        target="species",
        options=TaskOptions(
            about_train="birds on their species' home island",
            about_predict="birds seen elsewhere, or kept back",
            seed=seed,
        ),
    )
    body = dict.fromkeys(("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g", "sex"), 0.9)
    place = {name: k for k, name in enumerate(prepared.task.classes)}
    labels = np.array([place[birds[i]["species"]] for i in rows])
    return ShiftedTask(prepared, labels, {**body, "island": 0.05, "year": 0.05}, ~home[rows])


def _columns(rows: list[dict[str, str]], names: list[str], chosen: Codes) -> Columns:
    return {name: [rows[i][name] or None for i in chosen] for name in names}


def mushrooms(seed: int, *, n: int = 200, n_star: int = 2000, agree_star: float = 0.1) -> ShiftedTask:
    """Poisonous or edible, with a background that agrees with the label at .97 in D and ``agree_star`` in D*.

    35 % of the mushroom's own columns are drawn from other mushrooms, each column by itself.
    """
    columns, y = _agaricus() if SHARED_MUSHROOM.is_dir() else _made_up(seed)
    rng = np.random.default_rng(seed)
    D, y_D = _planted(columns, y, rng, n, 0.97)
    star, y_star = _planted(columns, y, rng, n_star, agree_star)
    prepared = prepare_task_from_columns(
        "mushrooms",
        train={**D, "class": [("edible", "poisonous")[v] for v in y_D]},
        predict=star,
        target="class",
        options=TaskOptions(about_predict="mushrooms photographed elsewhere", seed=seed),
    )
    codes = np.array([prepared.task.classes.index(("edible", "poisonous")[v]) for v in y_star])
    oracle = {**dict.fromkeys(columns, 0.8), "background": 0.05}
    return ShiftedTask(prepared, codes, oracle, np.ones(n_star, dtype=np.bool_))


def _planted(
    columns: Mapping[str, np.ndarray[tuple[int], np.dtype[np.object_]]],
    y: Codes,
    rng: np.random.Generator,
    n: int,
    agree: float,
) -> tuple[Columns, Codes]:
    rows = rng.choice(len(y), n, replace=n > len(y))
    made: Columns = {}
    for name, values in columns.items():
        own = values[rows].copy()
        swapped = rng.random(n) < 0.35
        own[swapped] = values[rng.choice(len(y), int(swapped.sum()))]
        made[name] = own.tolist()
    snow = np.where(rng.random(n) < agree, y[rows], 1 - y[rows])
    made["background"] = [("grass", "snow")[v] for v in snow]
    return made, y[rows]


def _agaricus() -> tuple[dict[str, np.ndarray[tuple[int], np.dtype[np.object_]]], Codes]:
    """The UCI mushrooms in LIGHTSVM form: one bit per value of each column."""
    names = [line.split("\t")[1] for line in (SHARED_MUSHROOM / "featmap.txt").read_text().splitlines()]
    column = [name.split("=")[0].rstrip("?") for name in names]
    lines = [
        line
        for part in ("train", "test")
        for line in (SHARED_MUSHROOM / f"agaricus.txt.{part}").read_text().splitlines()
    ]
    y = np.array([int(line.split()[0]) for line in lines])
    values = {name: np.full(len(lines), "none", dtype=object) for name in dict.fromkeys(column)}
    for i, line in enumerate(lines):
        for bit in line.split()[1:]:
            at = int(bit.split(":")[0]) - 1
            values[column[at]][i] = names[at].split("=")[1] if "=" in names[at] else "yes"
    return values, y


def _made_up(seed: int) -> tuple[dict[str, np.ndarray[tuple[int], np.dtype[np.object_]]], Codes]:
    """Twenty columns of three values of the same shape: some tell the class well, most a little."""
    rng = np.random.default_rng([seed, 1])
    y = rng.integers(0, 2, 8000)
    values = {}
    for c in range(20):
        pull = 2.5 if c < 4 else 0.4
        p = np.exp(pull * np.array([[1.0, 0.0, -1.0], [-1.0, 0.0, 1.0]]))[y]
        drawn = (p.cumsum(axis=1) / p.sum(axis=1, keepdims=True) < rng.random((len(y), 1))).sum(axis=1)
        values[f"trait_{c}"] = np.array(["low", "middle", "high"], dtype=object)[drawn]
    return values, y
