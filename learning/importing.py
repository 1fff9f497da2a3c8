"""Ratings from a file: many people's answers at once, all or none of them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kb.address import ROOT, Address, parse_address
from kb.errors import InputError
from kb.knowledge import Tree
from kb.records import Judgement
from kb.statements import Statement
from learning.answer_lines import answer_lines
from learning.asking import check_answer

__all__ = ["ImportedRatings", "import_ratings"]

_FIELDS = ("address", "text", "column", "task")
_WORDS = {"n": "neither", "neither": "neither", "h": "here", "here": "here", "s": "skip", "skip": "skip"}


@dataclass(frozen=True, slots=True)
class ImportedRatings:
    """What an import did.

    Attributes:
        added: Judgements that were new.
        known: Judgements that were there already.
        unknown: Lines about texts or columns that the tree does not hold (yet), as "line 3: island".
    """

    added: int
    known: int
    unknown: tuple[str, ...]


def import_ratings(tree: Tree, path: Path, *, rater: str | None = None) -> ImportedRatings:
    """Read ratings from CSV (with a header) or JSONL, and append them; the same file again adds nothing.

    A line names what it is about by ``address``, by ``text``, by ``column`` (the aspect about that column) or
    with ``task`` (anything) the question about the task itself. ``value`` is per cent, 0 to 100, or ``n``
    (says nothing either way), ``here``, ``skip``; ``probability`` is the same in 0 to 1. ``rater``, ``note``
    and ``seconds`` are optional.

    Raises:
        InputError: The file can't be read, or a line is wrong; nothing is appended then.
    """
    lines = list(_lines(path))
    every = list(tree.walk())
    by_text = {s.text.casefold(): s for s in every}
    said: list[Judgement] = []
    unknown: list[str] = []
    wanted = {str(f.get("column", "")).strip() for _, f in lines}
    for number, fields in lines:
        where = f"{path}:{number}"
        about = _about(fields, every, by_text, wanted, where)
        if about is None:
            named = next((str(fields[f]) for f in _FIELDS if str(fields.get(f) or "").strip()), "")
            unknown.append(f"line {number}: {named}")
        else:
            said.append(_judgement(fields, about, rater, where, path))
    new = tree.store.append_judgements(tree.tree_id, said)
    return ImportedRatings(new, len(said) - new, tuple(unknown))


def _lines(path: Path) -> Iterator[tuple[int, Mapping[str, object]]]:
    def check(names: Sequence[str]) -> None:
        known = set(names)
        if not known & set(_FIELDS) or not known & {"value", "probability"}:
            raise InputError(
                f"its header has {', '.join(sorted(known))[:200]}.",
                where=f"{path}:1",
                remedy="It needs one of address, text, column, task, and value or probability.",
            )

    return answer_lines(path, one="rating", check_header=check)


def _about(
    fields: Mapping[str, object],
    every: list[Statement],
    by_text: Mapping[str, Statement],
    wanted: set[str],
    where: str,
) -> tuple[str, Address] | None:
    """(kind, address) of what a line is about; None where the tree does not hold it."""
    if str(fields.get("task") or "").strip():
        return "task", ROOT
    address, text, column = (str(fields.get(name) or "").strip() for name in _FIELDS[:3])
    if address:
        try:
            place = parse_address(address)
        except InputError as error:
            raise InputError(error.message, where=where, remedy=error.remedy) from error
        if not any(s.address == place for s in every):
            raise InputError(
                f"no statement is stored at {place}.", where=where, remedy="Look at the tree: priory show"
            )
        return "rating", place
    if text:
        found = by_text.get(text.casefold())
        return ("rating", found.address) if found else None
    if not column:
        raise InputError("it names no statement.", where=where, remedy="Fill address, text or column.")
    aspects = [s for s in every if s.kind == "aspect" and column in s.draft.columns]
    aspects.sort(key=lambda s: len(s.draft.columns))
    if aspects and set(aspects[0].draft.columns) <= wanted:
        return "rating", aspects[0].address
    return None


def _judgement(
    fields: Mapping[str, object], about: tuple[str, Address], rater: str | None, where: str, path: Path
) -> Judgement:
    who = str(fields.get("rater") or rater or "").strip()
    value, answer = _value(fields, where)
    identity = f"{about}|{who}|{answer}|{value}|{path.name}|{where.rpartition(':')[2]}"
    judgement = Judgement(
        id=hashlib.blake2b(identity.encode(), digest_size=16).hexdigest(),
        kind="task" if about[0] == "task" else "rating",
        address=about[1],
        rater=who or "human:unknown",
        value=value,
        answer=answer,
        note=str(fields.get("note") or ""),
        seconds=_number(fields.get("seconds") or 0, where),
        created=time.time(),
    )
    check_answer(judgement, where)
    return judgement


def _value(fields: Mapping[str, object], where: str) -> tuple[float | None, str]:
    if str(fields.get("probability") or "").strip():
        return _number(fields["probability"], where), "credence"
    written = str(fields.get("value") if fields.get("value") is not None else "").strip().lower()
    if written in _WORDS:
        return None, _WORDS[written]
    per_cent = _number(written.removesuffix("%").strip(), where)
    if not 0.0 <= per_cent <= 100.0:
        raise InputError(
            f"{written} is no credence in per cent.", where=where, remedy="Write 0 to 100, n, here or skip."
        )
    return per_cent / 100.0, "credence"


def _number(written: object, where: str) -> float:
    try:
        return float(str(written))
    except ValueError:
        raise InputError(
            f"{written!r} is no number.", where=where, remedy="Write 0 to 100, n, here or skip."
        ) from None
