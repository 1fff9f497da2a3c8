"""Ask models about a statement: what its words mean, and what its children amount to."""

from __future__ import annotations

import click

from kb.address import Address
from ui.face import Face, as_address, as_budget, everywhere, rater_named
from ui.wording import cost_in_words
from unpacking.budget import Budget

__all__ = ["ask", "pack"]

MODEL = click.option("--model", metavar="SPEC", help="Which model. Default: the one PRIORY_MODEL names.")
BUDGET = click.option("--budget", callback=as_budget, help='What may be spent: "usd=0.05,tokens=5000".')


@click.command()
@click.argument("address", callback=as_address)
@click.argument("question")
@MODEL
@click.option("--second", metavar="SPEC", help="Another model as the second reader.")
@click.option("--commit", is_flag=True, help="Write the first reader's definition below the statement.")
@BUDGET
@everywhere
def ask(
    face: Face,
    address: Address,
    question: str,
    model: str | None,
    second: str | None,
    commit: bool,
    budget: Budget | None,
) -> None:
    """Ask what something in the statement at ADDRESS means.

    Two fresh readers, who see that statement and what stands above it and nothing else, define it
    independently. They agree if their conditions pick the same cases of D. A disagreement changes nothing by
    itself; whoever rates the statement is shown it.

    \b
    priory ask 0.1 "what do you mean by 'large'?" --model openai:gpt-5-mini
    """
    from learning.examining import ask as asked
    from learning.examining import commit_definition

    with face.tree() as tree:
        found = asked(tree, address, question, model=model, second=second, budget=budget)
        written = commit_definition(tree, found, by=rater_named(None)) if commit else None
    if face.json:
        face.print_json({**found.to_dict(), "committed": written and written.address})
        return
    from ui.views.examined import examination_lines

    face.show(examination_lines(found))
    if written is not None:
        face.say(f"Written at {written.address}.")
    face.hint(f"It took {cost_in_words(found.cost)}.")


@click.command()
@click.argument("address", callback=as_address)
@MODEL
@BUDGET
@everywhere
def pack(face: Face, address: Address, model: str | None, budget: Budget | None) -> None:
    """Ask for the one statement that the children of ADDRESS amount to.

    That statement is unpacked again, and how far this brings the children back is kept as an approval. The
    tree itself does not change.

    \b
    priory pack 0.1 --model openai:gpt-5-mini
    """
    from learning.examining import packed

    with face.tree() as tree:
        found = packed(tree, address, model=model, budget=budget)
        of = tree.statement(address)
    if face.json:
        face.print_json(found.to_dict())
        return
    from ui.views.examined import packed_lines

    face.show(packed_lines(of, found))
    face.hint(f"It took {cost_in_words(found.cost)}.")
