"""What a run would ask and cost, before anything is spent, from the tree's own history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kb.address import Address, depth
from kb.figures import count
from kb.knowledge import Tree
from kb.records import Cost
from unpacking.language_model.judging import weighed
from unpacking.language_model.prices import price_of
from unpacking.language_model.requests import Request
from unpacking.language_model.responses import stored_response, usage
from unpacking.language_model.sending import expected_cost
from unpacking.language_model.specs import identity, parse_spec
from unpacking.language_model.unpacker import LanguageModelUnpacker
from unpacking.step import situation_of

__all__ = ["Plan", "plan"]

USUAL_CHILDREN = 4.0  # of a step, while the tree has none to go by
JUDGEMENTS = 2  # calls of a model that approves, per step: one for each order


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would take.

    Attributes:
        steps: Statements that would be unpacked; below the first level as many as are usual.
        calls: Requests that are not answered yet.
        stored: Requests of the first step whose answers are in the store already; they cost nothing.
        tokens: Expected, read and written.
        usd: Expected; None where no price is known.
        seconds: Expected time of the models, one call after the other; 0 where there is no history.
        basis: Where the expectation comes from.
        prices: Where the prices of all models that are asked come from; empty where there are none.
        first: The first request, as it would be sent; None where nothing would be asked.
    """

    steps: int
    calls: int
    stored: int
    tokens: int
    usd: float | None
    seconds: float
    basis: str
    prices: str
    first: Request | None

    def to_dict(self) -> dict[str, Any]:
        """The JSON of all faces."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        return {**plain, "first": self.first and self.first.to_dict()}


def plan(  # noqa: PLR0913  # the options of a run
    tree: Tree,
    address: Address,
    unpacker: LanguageModelUnpacker,
    *,
    n: int,
    levels: int = 1,
    seed: int = 0,
    approvers: Sequence[str] = (),
) -> Plan:
    """What unpacking would take; nothing is asked and nothing is written.

    Args:
        tree: Whose Z.
        address: Where to start.
        unpacker: The model.
        n: Proposals a step.
        levels: Levels of children.
        seed: For the proposals.
        approvers: As people write them; models among them are counted.
    """
    situation = situation_of(tree, address, seed)
    requests = unpacker.requests(situation, n)
    stored = sum(stored_response(tree, r) is not None for r in requests)
    usual = usage(tree, unpacker.asked.name, "unpack")
    steps = _steps(tree, address, levels)
    open_calls = max(0, round(steps * n) - stored)
    expected = [expected_cost(r, usual) for r in requests[:1]] * open_calls
    approving = _models(approvers)
    prices = [price_of(model) for model in (unpacker.asked.name, *approving)]
    for model in approving:
        judged = usage(tree, model, "approve")
        if requests:
            asked = Request(model, requests[0].system, requests[0].user * 2, max_tokens=512)
            expected += [expected_cost(asked, judged)] * round(JUDGEMENTS * steps)
    whole = sum(expected, Cost())
    basis = (
        f"the mean of {count(usual.calls, 'call')} of this tree"
        if usual
        else "the length of the first prompt"
    )
    return Plan(
        steps=round(steps),
        calls=len(expected),
        stored=stored,
        tokens=whole.tokens,
        usd=whole.usd if None not in prices else None,
        seconds=whole.seconds,
        basis=basis,
        prices=" and ".join(dict.fromkeys(price.basis for price in prices if price and price.basis)),
        first=requests[0] if requests else None,
    )


def _models(approvers: Sequence[str]) -> list[str]:
    """Identities of the models that approve."""
    names = [weighed(written)[0] for written in approvers]
    return [identity(parse_spec(n.removeprefix("model:"))) for n in names if n.startswith("model:")]


def _steps(tree: Tree, address: Address, levels: int) -> float:
    """Statements to unpack: those that are there, and below them as many as a step usually makes."""
    if levels == 1:
        return 1.0
    below = list(tree.walk(address, levels=levels - 1))
    parents = [s for s in below if s.is_unpacked and s.n_children]
    usual = sum(s.n_children for s in parents) / len(parents) if parents else USUAL_CHILDREN
    steps, new = 0.0, 0.0
    for level in range(levels):
        new *= usual
        open_ones = sum(not s.is_unpacked for s in below if depth(s.address) - depth(address) == level)
        new += open_ones
        steps += new
    return steps
