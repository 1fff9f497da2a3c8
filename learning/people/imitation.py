"""f: a model of how people predict, chosen by how well it foretells people it has not heard.

Half of a sample of D* fits f, the other half certifies it. Within the first half the imitators compete, fold
by fold; the one that is kept is fitted on all of that half. What f says is generalised to all of D*, and
nothing else that a network ever learned is. f is shown people's predictions and what Z says, never a label.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
from threadpoolctl import threadpool_limits

from kb.arrays import Codes, Numbers
from kb.cases import Cases
from kb.errors import InputError
from kb.knowledge import Tree
from learning.fitting import latest_fit
from learning.people.certificate import Certificate, certify, imitation_loss
from learning.people.forecasts import forecasts
from learning.people.keeping import body_of, certificate_from, imitator_from, state_of
from learning.people.network import Network, fit_network, is_torch_installed
from learning.people.reader import Reader, fit_reader
from learning.people.reading import Reading, Said, reading_of, said_of
from learning.people.samples import Sample, is_as_drawn, sample_named

__all__ = [
    "Imitation",
    "Imitator",
    "TooFewForecastsError",
    "choose_imitator",
    "halves",
    "imitate",
    "imitators",
    "kept_imitation",
]

FOLDS = 5
VIEW = 7  # statements that a person can hold in mind
FEW = 4  # forecasts below which nothing is fitted
DECAYS = (1.0, 5.0)
EASIER = 0.005  # nats: an imitator that can't be read must be better by this much
ARMS_BY_CHOICE = ("given Z", "unaided")
KIND = "f"


class TooFewForecastsError(InputError):
    """People have not forecast enough cases to fit f."""

    code = "too-few-forecasts"


class Imitator(Protocol):
    """Foretells what people predict."""

    def forecast(self, reading: Reading) -> Numbers:
        """f(y | x, view) per case, shape (n, K)."""

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""


Fitter = Callable[[Reading, Numbers], Reader | Network]


def imitators(statements: int, *, seed: int = 0) -> dict[str, Fitter]:
    """What competes to be f, the most readable first; networks only where torch is installed.

    Args:
        statements: How many Z has; a view that holds them all is no rival to reading everything.
        seed: For first weights.
    """
    found: dict[str, Fitter] = {"reader": fit_reader}
    if statements > VIEW:
        found[f"reader of {VIEW} statements"] = partial(fit_reader, view=VIEW)
    if is_torch_installed():
        for decay in DECAYS:
            found[f"network, ridge {decay:g}"] = partial(fit_network, decay=decay, seed=seed)
    return found


@dataclass(frozen=True, slots=True)
class Imitation:
    """f, how it was chosen, and what is known of how far it is from people.

    Attributes:
        tree: Whose Z it reads.
        chosen: Name of the imitator.
        f: The imitator itself, fitted on the fitting half.
        losses: Per candidate its imitation loss on forecasts it was not fitted on, in nats per forecast.
        arm: The arm that it imitates.
        sample: The sample of D* that people forecast.
        fitted_on: Cases of the fitting half that people forecast.
        certificate: What the other half says; None where the sample was picked by hand or nobody forecast it.
        refused: Why there is no certificate; empty if there is one.
    """

    tree: Tree
    chosen: str
    f: Reader | Network
    losses: Mapping[str, float]
    arm: str
    sample: Sample
    fitted_on: int
    certificate: Certificate | None
    refused: str = ""

    def forecast(self, cases: Cases | None = None) -> Numbers:
        """What f foretells of people, shape (n, K); of all of D* if no cases are given."""
        given = self.tree.Dstar if cases is None else cases
        return self.f.forecast(reading_of(self.tree, latest_fit(self.tree), given))

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces."""
        return {
            "chosen": self.chosen,
            "f": self.f.to_dict(),
            "losses": dict(self.losses),
            "arm": self.arm,
            "sample": self.sample.name,
            "fitted_on": self.fitted_on,
            "certificate": self.certificate and self.certificate.to_dict(),
            "refused": self.refused,
        }


def halves(sample: Sample) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The cases that fit f and those that certify it, in the order drawn, by turns.

    By turns, so that a person who stops half way has done as much for one as for the other.
    """
    return sample.cases[0::2], sample.cases[1::2]


def imitate(tree: Tree, *, sample: str = "V", arm: str | None = None, seed: int = 0) -> Imitation:
    """Fit f to people's forecasts of half of a sample, and certify it on the other half.

    The result is kept in the tree; while neither Z nor the forecasts change, the next call returns it.

    Args:
        tree: Whose Z.
        sample: Name of the sample.
        arm: Which forecasts; ``given Z`` where there are enough of them, else ``unaided``, if None.
        seed: For folds and first weights.

    Raises:
        InputError: There is no such sample, or too few forecasts of it.
    """
    drawn = sample_named(tree, sample)
    fitting, certifying = halves(drawn)
    arm, said = _enough(tree, arm, fitting)
    said = said.about(drawn.cases)
    fit = latest_fit(tree)
    state = state_of(tree.record.spec.get("fit"), said, (drawn.to_dict(), arm, is_torch_installed()), seed)
    kept = tree.store.document(tree.tree_id, KIND, drawn.name)
    if kept and kept.body.get("state") == state:
        return kept_imitation(tree, kept.body, drawn)
    here = said.about(fitting)
    reading = reading_of(tree, fit, tree.Dstar.take(here.cases))
    chosen, f, losses = choose_imitator(imitators(reading.statements, seed=seed), reading, here, seed=seed)
    certificate, refused = _certified(tree, f, said, drawn, certifying)
    found = Imitation(
        tree, chosen, f, losses, arm, drawn, len(set(here.cases.tolist())), certificate, refused
    )
    tree.store.put_document(
        tree.tree_id, KIND, drawn.name, {**found.to_dict(), "f": body_of(f), "state": state}
    )
    return found


def kept_imitation(tree: Tree, stored: Mapping[str, Any], sample: Sample) -> Imitation:
    """The imitation that was kept."""
    return Imitation(
        tree,
        stored["chosen"],
        imitator_from(stored["f"]),
        stored["losses"],
        stored["arm"],
        sample,
        stored["fitted_on"],
        certificate_from(stored["certificate"]),
        stored["refused"],
    )


def _certified(
    tree: Tree, f: Imitator, said: Said, drawn: Sample, certifying: Sequence[int]
) -> tuple[Certificate | None, str]:
    """What the certifying half says, or why it says nothing."""
    if not is_as_drawn(tree, drawn):
        how = "was picked by hand" if drawn.how == "chosen" else "is not what its seed draws"
        return None, (
            f"Sample {drawn.name} {how}: what holds of picked cases need not hold of the others. "
            "Draw one: priory sample --n 40 --name W"
        )
    people = said.by_case(certifying)
    if np.isnan(people).all():
        return None, f"Nobody has forecast the certifying half of sample {drawn.name} yet."
    other = reading_of(tree, latest_fit(tree), tree.Dstar.take(np.array(certifying, dtype=np.int64)))
    population = tree.task.n_Dstar - (len(drawn.cases) - len(certifying))
    return certify(people, f.forecast(other), planned=len(certifying), population=population), ""


def _enough(tree: Tree, arm: str | None, cases: Sequence[int]) -> tuple[str, Said]:
    """The arm to imitate, and people's forecasts in it."""
    classes = tree.task.classes
    for name in (arm,) if arm else ARMS_BY_CHOICE:
        said = said_of(forecasts(tree, arm=name), classes)
        if len(said.about(cases).cases) >= FEW:
            return name, said
    raise TooFewForecastsError(
        f"there are fewer than {FEW} forecasts of the fitting half of the sample.",
        where=tree.name,
        remedy=f"Ask people: priory predict --by-hand {tree.option}",
    )


def choose_imitator(
    candidates: Mapping[str, Fitter], reading: Reading, said: Said, *, seed: int
) -> tuple[str, Reader | Network, dict[str, float]]:
    """The candidate that best foretells forecasts it was not fitted on, fitted on all of them.

    All forecasts of a case are in the same fold. An earlier candidate is kept unless a later one is better by
    more than .005 nats, so that what can be read is preferred.

    Args:
        candidates: Name → how to fit it, the most readable first.
        reading: One row per forecast.
        said: The forecasts.
        seed: For folds.

    Returns:
        Its name, itself, and the imitation loss of every candidate in nats per forecast.
    """
    folds = _folds(said.cases, seed)
    with threadpool_limits(1):  # many tiny products, which threads make ten times slower
        losses = {name: _held_out(fit, reading, said.p, folds) for name, fit in candidates.items()}
        best = next(iter(candidates))
        for name, loss in losses.items():
            if loss < losses[best] - EASIER:
                best = name
        return best, candidates[best](reading, said.p), losses


def _folds(cases: Codes, seed: int) -> list[Codes]:
    """Rows to score per fold."""
    different, which = np.unique(cases, return_inverse=True)
    k = min(FOLDS, len(different))
    fold = np.random.default_rng(seed).permutation(len(different)) % max(k, 1)
    return [np.flatnonzero(fold[which] == i) for i in range(k)]


def _held_out(fit: Fitter, reading: Reading, people: Numbers, folds: Sequence[Codes]) -> float:
    total, every = 0.0, np.arange(len(people))
    for rows in folds:
        others = np.setdiff1d(every, rows)
        f = fit(reading.take(others), people[others])
        total += len(rows) * imitation_loss(people[rows], f.forecast(reading.take(rows)))
    return total / max(len(people), 1)
