"""People as rows of the report: each arm as it was given, and models that imitate it on all of D*."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kb.arrays import Numbers
from kb.knowledge import Tree
from learning.fitting import latest_fit
from learning.people.forecasts import ARMS, forecasts
from learning.people.from_x import fit_from_x
from learning.people.imitation import FEW, Imitation, TooFewForecastsError, halves, imitate
from learning.people.reading import Said, reading_of, said_of
from learning.people.samples import samples

__all__ = ["Arms", "arms_of", "has_forecasts", "imitation_of", "people_rows"]


@dataclass(frozen=True, slots=True)
class Arms:
    """Who forecast what.

    Attributes:
        arm: ``unaided``, ``from D`` or ``given Z``.
        forecasts: How many stand.
        cases: How many different cases.
        raters: Who gave them.
        seconds: Mean time of those that were timed; None if none was.
        opened: Mean size of the view.
        cited: Mean number of citations.
    """

    arm: str
    forecasts: int
    cases: int
    raters: tuple[str, ...]
    seconds: float | None
    opened: float
    cited: float

    def to_dict(self) -> dict[str, object]:
        """The JSON form."""
        return {**{name: getattr(self, name) for name in self.__slots__}, "raters": list(self.raters)}


def arms_of(tree: Tree) -> list[Arms]:
    """One entry per arm in which anybody forecast cases of D*."""
    found = []
    for arm in ARMS:
        said = forecasts(tree, arm=arm)
        if said:
            timed = [f.seconds for f in said if f.seconds > 0.0]
            found.append(
                Arms(
                    arm,
                    len(said),
                    len({f.case for f in said}),
                    tuple(sorted({f.rater for f in said})),
                    float(np.mean(timed)) if timed else None,
                    float(np.mean([len(f.opened) for f in said])),
                    float(np.mean([len(f.cited) for f in said])),
                )
            )
    return found


def has_forecasts(tree: Tree) -> bool:
    """Anybody forecast a case of D*."""
    return bool(forecasts(tree))


def imitation_of(tree: Tree, *, sample: str = "V", seed: int = 0) -> tuple[Imitation | None, str]:
    """f, or why there is none yet."""
    if not any(s.name == sample for s in samples(tree)):
        return None, "No sample of D* was drawn, so there is no f: priory sample --n 40"
    try:
        return imitate(tree, sample=sample, seed=seed), ""
    except TooFewForecastsError as error:
        return None, f"There is no f yet: {error.message} {error.remedy}"


def people_rows(tree: Tree, *, sample: str = "V", seed: int = 0) -> dict[str, Numbers]:
    """Row name → forecasts of D*, shape (n, K); NaN where people did not forecast a case.

    The three arms; people unaided, imitated from x alone; and f, which imitates them through Z.
    """
    classes, every = tree.task.classes, range(tree.task.n_Dstar)
    rows = {
        f"people, {a.arm}": said_of(forecasts(tree, arm=a.arm), classes).by_case(every) for a in arms_of(tree)
    }
    imitation, _ = imitation_of(tree, sample=sample, seed=seed)
    fitting = _unaided_to_fit(tree, sample)
    if imitation is None and fitting is None:
        return rows
    reading = reading_of(tree, latest_fit(tree), tree.Dstar)  # once: texts take long to read
    if fitting is not None:
        alone = fit_from_x(reading.take(fitting.cases), fitting.p)
        rows["people unaided, imitated from x alone"] = alone.forecast(reading)
    if imitation is not None:
        rows[f"f: people {imitation.arm}, imitated through Z"] = imitation.f.forecast(reading)
    return rows


def _unaided_to_fit(tree: Tree, sample: str) -> Said | None:
    """The unaided forecasts that f may be fitted on; None where they are too few."""
    drawn = next((s for s in samples(tree) if s.name == sample), None)
    if drawn is None:
        return None
    said = said_of(forecasts(tree, arm="unaided"), tree.task.classes).about(halves(drawn)[0])
    return said if len(said.cases) >= FEW else None
