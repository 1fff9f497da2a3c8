"""The implementations of Mz by name, and how one is set to work on a tree within a budget."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from kb.errors import InputError
from kb.knowledge import Tree
from unpacking.approvers import AUTOMATIC, Approver
from unpacking.budget import Budget
from unpacking.induction import InductionUnpacker
from unpacking.language_model.judging import approver_of
from unpacking.language_model.spending import Spending
from unpacking.language_model.unpacker import LanguageModel
from unpacking.protocol import Unpacker

__all__ = ["MODEL", "UNPACKERS", "Approving", "AtWork", "at_work", "model_named", "unpacker_named"]

MODEL = "PRIORY_MODEL"  # the environment variable that names the language model where no option does


def model_named(name: str | None = None) -> str:
    """The name of the language model that is meant: the one given, or the one that ``PRIORY_MODEL`` names.

    Raises:
        InputError: None is.
    """
    name = name or os.environ.get(MODEL)
    if not name:
        raise InputError(
            "no language model is named.",
            where="--unpacker language-model",
            remedy=f"Name one with --model, such as openai:gpt-5-mini or local:FILE.gguf, or set {MODEL}.",
        )
    return name


UNPACKERS: dict[str, Callable[[], Unpacker | LanguageModel]] = {
    "induction": InductionUnpacker,
    "language-model": lambda: LanguageModel(model_named()),
}


@dataclass(frozen=True, slots=True)
class Approving:
    """Who approves of proposals, and when a person is needed.

    Attributes:
        by: As people write it: ``automatic``, ``model:SPEC`` or ``human``, each with ``=WEIGHT`` if mixed;
            none means ``automatic``.
        person: Asks a person, for ``human``; None where nobody can be asked.
        margin: In approval: a step waits for a person where its best proposals are as close as that. None
            where no person is in the loop.
    """

    by: Sequence[str] = ()
    person: Approver | None = None
    margin: float | None = None


@dataclass(frozen=True, slots=True)
class AtWork:
    """An unpacker and an approver on one tree, for one run.

    Attributes:
        unpacker: Who proposes.
        approver: Who scores.
        margin: As in ``Approving``.
        spending: What the run has spent on models.
    """

    unpacker: Unpacker
    approver: Approver = AUTOMATIC
    margin: float | None = None
    spending: Spending = field(default_factory=Spending)


def unpacker_named(
    name: str, tree: Tree | None = None, *, spending: Spending | None = None, is_asked: bool = True
) -> Unpacker:
    """A new unpacker.

    Args:
        name: Which one; ``language-model`` takes the model that ``PRIORY_MODEL`` names.
        tree: Where it will work; a language model needs to know.
        spending: The run's budget for models.
        is_asked: Whether it will be asked; a plan needs no key.

    Raises:
        InputError: None has this name, no model is named, or it can't be used.
    """
    if name not in UNPACKERS:
        raise InputError(
            f"{name!r} is no unpacker.",
            where="--unpacker",
            remedy=f"There is: {', '.join(sorted(UNPACKERS))}.",
        )
    made = UNPACKERS[name]()
    if not isinstance(made, LanguageModel):
        return made
    if tree is None:
        raise InputError(f"{name!r} works on a tree, and none is given.", where="--unpacker")
    return made.on(tree, spending, is_asked=is_asked)


def at_work(
    tree: Tree,
    unpacker: str | Unpacker | LanguageModel,
    *,
    approving: Approving | None = None,
    budget: Budget | None = None,
    is_asked: bool = True,
) -> AtWork:
    """An unpacker, by name or as it is, and who approves, on a tree within a budget; unless a plan is all.

    Raises:
        InputError: A name is not known, or a model can't be used.
    """
    spending, how = Spending(budget), approving or Approving()
    if isinstance(unpacker, str):
        mz = unpacker_named(unpacker, tree, spending=spending, is_asked=is_asked)
    elif isinstance(unpacker, LanguageModel):
        mz = unpacker.on(tree, spending, is_asked=is_asked)
    else:
        mz = unpacker
    return AtWork(mz, approver_of(tree, how.by, spending, how.person), how.margin, spending)
