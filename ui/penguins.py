"""The bundled task: which penguin is it, where the island misleads.

D is a random 70 % of the birds on their species' home island, D* is every other bird. The data are
Horst, Hill, Gorman (2020), palmerpenguins, CC0, from the PyPI package of that name.
"""

from __future__ import annotations

import csv
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from kb.errors import FailedError

__all__ = ["ANSWERS", "COLUMNS", "PenguinFiles", "write_penguins"]

HOME = {"Adelie": "Torgersen", "Gentoo": "Biscoe", "Chinstrap": "Dream"}
TARGET = "species"
COLUMNS = ("island", "bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g", "sex", "year")
SHARE_OF_HOME_BIRDS = 0.7
PACKAGE = "palmerpenguins"
ANSWERS = Path(__file__).parent / "data" / "penguins-oracle.csv"


@dataclass(frozen=True, slots=True)
class PenguinFiles:
    """The three files of the task.

    Attributes:
        train: D, with the species.
        predict: D*, without.
        labels: The species of D*, for the report alone.
    """

    train: Path
    predict: Path
    labels: Path


def birds() -> list[dict[str, str]]:
    """Every bird, values as written, missing ones as ``NA``.

    Raises:
        FailedError: The package with the data is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)  # found, not imported: the package imports pandas
    if spec is None or not spec.submodule_search_locations:
        raise FailedError(
            f"the data of the demo are in the package {PACKAGE}, which is not installed.",
            remedy="Run: pip install 'priory[demo]'",
        )
    folder = Path(next(iter(spec.submodule_search_locations)))
    with (folder / "data" / "penguins.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write_penguins(folder: Path, seed: int) -> PenguinFiles:
    """Draw D with the seed and write the three files into a folder."""
    import numpy as np

    every = birds()
    home = [place for place, bird in enumerate(every) if HOME[bird[TARGET]] == bird["island"]]
    drawn = np.random.default_rng(seed).permutation(home)[: round(SHARE_OF_HOME_BIRDS * len(home))]
    in_D = set(drawn.tolist())
    train = [bird for place, bird in enumerate(every) if place in in_D]
    predict = [bird for place, bird in enumerate(every) if place not in in_D]
    found = PenguinFiles(folder / "train.csv", folder / "predict.csv", folder / "labels.csv")
    for path, rows, columns in (
        (found.train, train, (*COLUMNS, TARGET)),
        (found.predict, predict, COLUMNS),
        (found.labels, predict, (TARGET,)),
    ):
        with path.open("w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, fieldnames=columns, extrasaction="ignore")
            table.writeheader()
            table.writerows(rows)
    return found
