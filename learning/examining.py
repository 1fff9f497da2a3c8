"""Asking models about Z: what its words mean, what children amount to, how plausible it seems to them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from kb.address import ROOT, Address, parse_address
from kb.errors import StoppedError
from kb.knowledge import Tree
from kb.records import Cost
from kb.statements import Statement
from learning.asking import questions
from learning.growing import add
from learning.prior import ratings_of
from learning.unpackers import model_named
from unpacking.budget import Budget
from unpacking.language_model.examination import Examination, examine
from unpacking.language_model.packing import Packed, pack
from unpacking.language_model.plausibility import first_guess
from unpacking.language_model.sending import ready
from unpacking.language_model.specs import parse_spec
from unpacking.language_model.spending import Spending
from unpacking.language_model.unpacker import LanguageModel

__all__ = [
    "Agreement",
    "Guessed",
    "agreement_with_people",
    "ask",
    "commit_definition",
    "packed",
    "rate_by_model",
]


def ask(
    tree: Tree,
    address: Address | str,
    question: str,
    *,
    model: str | LanguageModel | None = None,
    second: str | None = None,
    budget: Budget | None = None,
) -> Examination:
    """Ask two fresh readers what something in a statement means, and whether they mean the same cases.

    Args:
        tree: Whose Z.
        address: The statement.
        question: Such as "what do you mean by 'large'?".
        model: Which model; the one that ``PRIORY_MODEL`` names if None.
        second: Another model as the second reader; the same one, with another seed, if None.
        budget: What they may cost.

    Raises:
        UnknownAddressError: There is no such statement.
        InputError: A model can't be used, or the question is empty.
        FailedError: A reader gave no answer that can be read.
    """
    spending = Spending(budget)
    named = [model if isinstance(model, LanguageModel) else model_named(model)]
    readers = []
    for which in [*named, *([second] if second else [])]:
        recipe = which if isinstance(which, LanguageModel) else LanguageModel(which)
        readers.append(
            ready(
                tree,
                parse_spec(recipe.model),
                spending=spending,
                timeout=recipe.timeout,
                window=recipe.window,
                chat=recipe.chat,
            )
        )
    return examine(tree, parse_address(str(address)), question, readers, alike=_likeness())


def _likeness() -> Callable[[str, str], float] | None:
    """Measures how alike two sentences are, where the extra ``search`` is installed."""
    from kb.embedding import embed, is_embedding_installed

    if not is_embedding_installed():
        return None
    return lambda one, other: float(np.dot(*embed([one, other])))


def commit_definition(tree: Tree, found: Examination, *, by: str, reading: int = 0) -> Statement:
    """Write one reader's definition below the statement that it is about.

    Args:
        tree: Whose Z.
        found: The examination.
        by: Who commits it, such as ``human:ada``.
        reading: Whose definition, 0 or 1.
    """
    return add(tree, found.address, found.readings[reading].text, kind="definition", by=by)


def packed(
    tree: Tree,
    address: Address | str,
    *,
    model: str | LanguageModel | None = None,
    budget: Budget | None = None,
) -> Packed:
    """The statement that the children of one amount to, and whether unpacking it brings them back.

    Raises:
        InputError: There are fewer than two children, or the model can't be used.
        FailedError: The model gave no answer that can be read.
    """
    recipe = model if isinstance(model, LanguageModel) else LanguageModel(model_named(model))
    return pack(tree, parse_address(str(address)), recipe.on(tree, Spending(budget)))


@dataclass(frozen=True, slots=True)
class Guessed:
    """What a model rated.

    Attributes:
        rater: ``model:…``, under which the ratings are stored.
        rated: How many statements.
        stopped: Why it ended early; None when all were rated.
        cost: What it took.
    """

    rater: str
    rated: int
    stopped: str | None
    cost: Cost

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces."""
        return {**{name: getattr(self, name) for name in self.__slots__}, "cost": self.cost.to_dict()}


def rate_by_model(
    tree: Tree,
    *,
    model: str | LanguageModel | None = None,
    limit: int = 20,
    budget: Budget | None = None,
    progress: Callable[[int, Address], None] | None = None,
) -> Guessed:
    """Have a model rate what a person would be asked first. Its ratings are stored and used for nothing else.

    They are kept apart from people's: no prediction, no search and no Prior looks at a rater ``model:…``.
    """
    recipe = model if isinstance(model, LanguageModel) else LanguageModel(model_named(model))
    spending = Spending(budget)
    asked = ready(tree, parse_spec(recipe.model), spending=spending, window=recipe.window, chat=recipe.chat)
    rater, rated = f"model:{asked.name}", 0
    for address in _to_rate(tree, rater, limit):
        try:
            guess = first_guess(tree, address, asked)
        except StoppedError as stop:
            return Guessed(rater, rated, stop.message, spending.spent)
        tree.judge(
            "rating",
            address,
            rater,
            id=uuid.uuid4().hex,
            value=guess.plausibility,
            seconds=guess.cost.seconds,
            details={"how": guess.how, "responses": list(guess.responses)},
        )
        rated += 1
        if progress:
            progress(rated, address)
    return Guessed(rater, rated, None, spending.spent)


def _to_rate(tree: Tree, rater: str, limit: int) -> list[Address]:
    """What a person would be asked first, then everything else from the top; each once per rater."""
    first = [q.address for q in questions(tree, rater=rater, limit=limit) if q.kind == "rating"]
    rated = {j.address for j in tree.judgements() if (j.kind, j.rater) == ("rating", rater)}
    rest = [s.address for s in tree.walk() if s.kind != "definition"]
    wanted = dict.fromkeys(a for a in (*first, *rest) if a not in rated and a != ROOT)
    return list(wanted)[:limit]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far a model's ratings agree with people's.

    Attributes:
        rater: The model.
        statements: How many statements both rated.
        mean_difference: Mean absolute difference of the model's rating and people's mean, in [0, 1].
        correlation: Pearson's, over those statements; None for fewer than three or where a side is constant.
    """

    rater: str
    statements: int
    mean_difference: float
    correlation: float | None

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces."""
        return {name: getattr(self, name) for name in self.__slots__}


def agreement_with_people(tree: Tree) -> list[Agreement]:
    """Per model that rated, how far it agrees with people on the statements that both rated."""
    ratings = ratings_of(tree.judgements(), with_models=True)
    people: dict[Address, list[float]] = {}
    for rating in ratings:
        if not rating.rater.startswith("model:"):
            people.setdefault(rating.address, []).append(rating.value)
    found = []
    for rater in sorted({r.rater for r in ratings if r.rater.startswith("model:")}):
        pairs = [
            (r.value, float(np.mean(people[r.address])))
            for r in ratings
            if r.rater == rater and r.address in people
        ]
        found.append(_agreement(rater, pairs))
    return found


def _agreement(rater: str, pairs: list[tuple[float, float]]) -> Agreement:
    if not pairs:
        return Agreement(rater, 0, 0.0, None)
    ours, theirs = np.array(pairs).T
    varies = len(pairs) >= 3 and ours.std() > 0 and theirs.std() > 0
    correlation = float(np.corrcoef(ours, theirs)[0, 1]) if varies else None
    return Agreement(rater, len(pairs), float(np.abs(ours - theirs).mean()), correlation)
