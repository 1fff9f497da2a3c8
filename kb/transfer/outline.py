"""Export as a Markdown outline."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from kb.address import ROOT, Address, depth
from kb.figures import percent, points
from kb.records import TreeRecord
from kb.statements import Statement
from kb.stores.protocol import Store, UnknownAddressError
from kb.transfer.lines import Progress
from kb.transfer.whole import new_file

__all__ = ["every_statement", "export_markdown"]

_PAGE = 500
_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+!|~&$-])")


def export_markdown(
    store: Store,
    tree: TreeRecord,
    to: Path,
    *,
    address: Address = ROOT,
    progress: Progress | None = None,
) -> int:
    """Write one list item per statement along current slots to a new file; returns how many.

    Texts are escaped, so that nothing a model wrote becomes markup. Dropped statements are struck out.

    Raises:
        InputError: The file exists; the address is not stored.
        FailedError: The disk said no.
    """
    n = 0
    with new_file(to) as part, part.open("w", encoding="utf-8", newline="\n") as out:
        out.write(f"# {_escaped(tree.name)}\n\n")
        for n, each in enumerate(every_statement(store, tree, address), start=1):
            out.write("  " * (depth(each.address) - depth(address)) + _item(each) + "\n")
            if progress and n % _PAGE == 0:
                progress(n, None)
    return n


def every_statement(store: Store, tree: TreeRecord, address: Address) -> Iterator[Statement]:
    """The statement and all below it along current slots, depth first.

    Raises:
        UnknownAddressError: It is not stored.
    """
    after = None
    while True:
        page = store.subtree(tree.tree_id, address, after=after, limit=_PAGE)
        if not page.items and after is None:
            raise UnknownAddressError("no such statement.", where=f"{tree.name} {address}")
        yield from page.items
        after = page.after
        if after is None:
            return


def _item(statement: Statement) -> str:
    """The statement with its points and percent as they stand on screens."""
    text = _escaped(statement.text)
    told = [f"{_escaped(name)} {points(nats)}" for name, nats in statement.points.items()]
    numbers = [f"points: {', '.join(told)}"] if told else []
    if statement.plausibility is not None:
        numbers.append(f"for D\\*: {_escaped(percent(statement.plausibility))}")
    said = f"~~{text}~~" if statement.is_dropped else text
    return f"- **{statement.address}** {said}" + (f" *({'; '.join(numbers)})*" if numbers else "")


def _escaped(text: str) -> str:
    """On one line, with nothing in it that Markdown or HTML would take for markup."""
    printable = "".join(char if char.isprintable() else " " for char in text)
    return _MARKUP.sub(r"\\\1", " ".join(printable.split()))
