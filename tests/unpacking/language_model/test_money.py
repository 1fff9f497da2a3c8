"""Prices, budgets and plans: what is known before a call, and what is counted after it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kb.address import ROOT
from kb.errors import InputError, StoppedError
from kb.knowledge import Tree
from kb.records import Cost
from learning.growing import planned, unpack
from tests.language_models import BIG, DEEP, children, fake_chat
from unpacking.budget import Budget
from unpacking.language_model.prices import ENVIRONMENT, price_of
from unpacking.language_model.spending import Spending
from unpacking.language_model.unpacker import LanguageModel


def test_a_price_is_found_by_name_and_passes_over_a_date() -> None:
    plain, dated = price_of("openai:gpt-4o-mini"), price_of("openai:gpt-4o-mini-2024-07-18")

    assert plain == dated
    assert plain is not None
    assert plain.usd(1_000_000, 1_000_000) == plain.input + plain.output
    assert plain.basis == f"prices estimated on {plain.date} (yours: a file that {ENVIRONMENT} names)"
    assert price_of("openai:unheard-of") is None


def test_what_runs_here_costs_nothing() -> None:
    for model in ("local:file.gguf#1", "ollama:llama3.2"):
        price = price_of(model)
        assert price is not None
        assert price.usd(1e6, 1e6) == 0.0
        assert price.basis == ""


def test_a_table_of_ones_own_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = {"date": "2030-01-31", "models": {"openai:gpt-4o-mini": {"input": 9.0, "output": 1.0}}}
    (tmp_path / "prices.json").write_text(json.dumps(table))
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path / "prices.json"))

    price = price_of("openai:gpt-4o-mini")

    assert price is not None
    assert (price.input, price.date) == (9.0, "2030-01-31")
    assert price.basis == "your prices of 2030-01-31"
    assert price_of("openai:gpt-4o") is not None


@pytest.mark.parametrize(
    "written", ["", "[]", '{"models": {}}', '{"date": "x", "models": {"a": {"input": -1, "output": 0}}}']
)
def test_a_bad_table_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    (tmp_path / "prices.json").write_text(written)
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path / "prices.json"))

    with pytest.raises(InputError, match="it is no price table"):
        price_of("openai:gpt-4o-mini")


def test_calls_under_way_count_as_what_they_are_expected_to_cost() -> None:
    spending = Spending(Budget(tokens=1_000))
    expected = Cost(tokens=600)

    spending.reserve(expected, price_is_known=True)
    with pytest.raises(StoppedError, match="tokens: 1200 of 1000"):
        spending.reserve(expected, price_is_known=True)
    spending.charge(expected, Cost(tokens=300))
    spending.reserve(expected, price_is_known=True)

    assert spending.spent.tokens == 900


def model(usage: tuple[int, int] = (1_000, 200)) -> LanguageModel:
    return LanguageModel("openai:gpt-4o-mini", chat=fake_chat([children(BIG, DEEP)], usage=usage))


def test_money_is_counted_and_limited_by_the_table(planted_tree: Tree) -> None:
    price = price_of("openai:gpt-4o-mini")
    assert price is not None

    done = unpack(planted_tree, ROOT, unpacker=model(), n=2, budget=Budget(usd=0.10))

    assert done.cost.usd == pytest.approx(2 * price.usd(1_000, 200))
    with pytest.raises(StoppedError, match="usd"):
        unpack(planted_tree, "0.0", unpacker=model(), n=2, budget=Budget(usd=1e-6))


def test_a_plan_goes_by_the_history_of_the_tree(planted_tree: Tree) -> None:
    before = planned(planted_tree, ROOT, model(), n=3)
    unpack(planted_tree, ROOT, unpacker=model(), n=2)
    after = planned(planted_tree, "0.0", model(), n=3)
    again = planned(planted_tree, ROOT, model(), n=3)

    assert (before.calls, before.stored) == (3, 0)
    assert before.basis == "the length of the first prompt"
    assert before.prices.startswith("prices estimated on ")
    assert ENVIRONMENT in before.prices
    assert after.tokens == 3 * 1_200
    assert after.basis == "the mean of 2 calls of this tree"
    assert (again.calls, again.stored) == (1, 2)
    assert planned_usd(after.usd) == pytest.approx(3 * 0.00027)


def planned_usd(usd: float | None) -> float:
    assert usd is not None
    return usd


def test_a_plan_counts_a_model_that_approves_and_the_levels_below(planted_tree: Tree) -> None:
    from learning.growing import Approving

    flat = planned(planted_tree, ROOT, model(), n=3)
    judged = planned(planted_tree, ROOT, model(), n=3, approving=Approving(("model:openai:gpt-4o-mini",)))
    deep = planned(planted_tree, ROOT, model(), n=3, levels=2)

    assert judged.calls == flat.calls + 2
    assert deep.steps > flat.steps


@pytest.mark.parametrize("weight", ["", "=2"])
def test_a_plan_reads_an_approver_as_the_run_does(planted_tree: Tree, weight: str) -> None:
    from learning.growing import Approving

    written = "model:openai-compatible:http://localhost:8000/v1?version=1a#small" + weight
    flat = planned(planted_tree, ROOT, model(), n=3)
    judged = planned(planted_tree, ROOT, model(), n=3, approving=Approving((written,)))

    assert judged.calls == flat.calls + 2


def test_a_plan_names_the_prices_of_every_model_that_is_asked_once(
    planted_tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from learning.growing import Approving

    table = {"date": "2030-01-31", "models": {"openai:mine": {"input": 9.0, "output": 1.0}}}
    (tmp_path / "prices.json").write_text(json.dumps(table))
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path / "prices.json"))
    hosted = price_of("openai:gpt-4o-mini")
    assert hosted is not None
    here = LanguageModel("ollama:llama3.2", chat=fake_chat([children(BIG, DEEP)]))

    def prices(unpacker: LanguageModel, *approvers: str) -> str:
        approving = Approving(tuple(f"model:openai:{name}" for name in approvers))
        found = planned(planted_tree, ROOT, unpacker, n=3, approving=approving)
        assert planned_usd(found.usd) > 0
        return found.prices

    assert prices(here, "gpt-4o-mini") == hosted.basis
    assert prices(here, "mine", "gpt-4o-mini") == f"your prices of 2030-01-31 and {hosted.basis}"
    assert prices(model(), "gpt-4o-mini", "mine") == f"{hosted.basis} and your prices of 2030-01-31"


def test_an_unpacker_that_asks_nobody_has_no_price(planted_tree: Tree) -> None:
    with pytest.raises(InputError, match="induction asks no model"):
        planned(planted_tree, ROOT, "induction")
