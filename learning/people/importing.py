"""Forecasts from a file: many people's predictions at once, all or none of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from kb.address import Address, parse_address
from kb.errors import InputError
from kb.knowledge import Tree
from kb.records import Judgement
from learning.answer_lines import answer_lines
from learning.people.forecasts import ARMS, Arm, Forecast, Opened, as_judgement

__all__ = ["ImportedForecasts", "import_forecasts"]

_OWN = (
    "case",
    "rater",
    "arm",
    "opened",
    "cited",
    "seconds",
    "answer",
    "of",
    "sample",
    "session",
    "first_guess",
)
_PER_CENT_SLACK = 0.5  # people write 33, 33, 33


@dataclass(frozen=True, slots=True)
class ImportedForecasts:
    """What an import did.

    Attributes:
        added: Forecasts that were new.
        known: Forecasts that were there already.
    """

    added: int
    known: int


def import_forecasts(
    tree: Tree, path: Path, *, rater: str | None = None, arm: Arm = "unaided", sample: str = "V"
) -> ImportedForecasts:
    """Read people's forecasts from CSV (with a header) or JSONL; the same file again adds nothing.

    A line has ``case`` (row of D*, from 0) and either a column per class with its probability (0 to 1, or per
    cent if a line sums to 100), or ``answer``, the one class that is meant, or ``neither`` for all alike.
    ``rater``, ``arm``, ``of`` (``D*``, or ``D`` for a warm-up), ``opened`` and ``cited`` (addresses, with
    spaces between), ``first_guess`` (a JSON object with a number per class) and ``seconds`` are optional.
    In JSONL
    the probabilities may also stand in an object ``probabilities``.

    Args:
        tree: Whose cases.
        path: The file.
        rater: Who forecast where a line names nobody.
        arm: What the forecasts were made from where a line doesn't say.
        sample: The sample that the cases are from.

    Raises:
        InputError: The file can't be read, or a line is wrong; it names the line. Nothing is stored then.
    """
    said: list[Judgement] = []
    for number, fields in _lines(path, tree.task.classes):
        where = f"{path}:{number}"
        forecast = _forecast(tree, fields, where, rater=rater, arm=arm, sample=sample)
        judgement = as_judgement(tree, forecast, where=where)
        identity = repr((judgement.rater, sorted(judgement.details.items(), key=str), path.name, number))
        digest = hashlib.blake2b(identity.encode(), digest_size=16).hexdigest()
        said.append(Judgement.from_dict({**judgement.to_dict(), "id": digest}))
    new = tree.store.append_judgements(tree.tree_id, said)
    return ImportedForecasts(new, len(said) - new)


def _lines(path: Path, classes: tuple[str, ...]) -> Iterator[tuple[int, Mapping[str, object]]]:
    def check(names: Sequence[str]) -> None:
        strange = [name for name in names if name not in (*_OWN, *classes)]
        if strange:
            raise InputError(
                f"its column {strange[0][:60]!r} is no class.",
                where=f"{path}:1",
                remedy=f"The classes are {', '.join(classes)}; other columns are {', '.join(_OWN)}.",
            )
        if "case" not in names or not ({"answer"} | set(classes)) & set(names):
            raise InputError(
                f"its header has {', '.join(names)[:200]}.",
                where=f"{path}:1",
                remedy="It needs case, and a column per class or one named answer.",
            )

    for number, fields in answer_lines(path, one="forecast", check_header=check):
        inner = fields.get("probabilities")
        if "probabilities" in classes and not isinstance(inner, Mapping):
            yield number, fields
            continue
        rest = {name: value for name, value in fields.items() if name != "probabilities"}
        yield number, {**rest, **inner} if isinstance(inner, Mapping) else rest


def _forecast(
    tree: Tree, fields: Mapping[str, object], where: str, *, rater: str | None, arm: Arm, sample: str
) -> Forecast:
    who = str(fields.get("rater") or rater or "").strip()
    if not who:
        raise InputError("it names no rater.", where=where, remedy="Fill the column rater, or give --rater.")
    named = str(fields.get("arm") or arm).strip()
    if named not in ARMS:
        raise InputError(f"{named!r} is no arm.", where=where, remedy=f"Use one of: {', '.join(ARMS)}.")
    opened = _addresses(fields.get("opened"), where)
    return Forecast(
        rater=who,
        case=int(_number(fields.get("case"), where, "case", whole=True)),
        probabilities=_probabilities(fields, tree.task.classes, where),
        arm=cast("Arm", named),
        of=cast("Literal['D', 'D*']", str(fields.get("of") or "D*").strip()),
        first_guess=_first_guess(fields.get("first_guess"), where),
        opened=tuple(Opened(a) for a in opened),
        cited=_addresses(fields.get("cited"), where),
        seconds=_number(fields.get("seconds") or 0, where, "seconds"),
        sample=str(fields.get("sample") or sample),
        session=str(fields.get("session") or ""),
    )


def _first_guess(written: object, where: str) -> dict[str, float] | None:
    """Per class, as an object or as JSON in a cell; None where nobody asked."""
    said = written
    if isinstance(written, str):
        try:
            said = json.loads(written) if written.strip() else None
        except (ValueError, RecursionError) as error:
            raise InputError(f"first_guess is no JSON ({error}).", where=where) from error
    if said is None:
        return None
    if not isinstance(said, dict):
        raise InputError("first_guess is no JSON object with a number per class.", where=where)
    return {str(name): _number(value, where, f"first_guess of {name}") for name, value in said.items()}


def _probabilities(fields: Mapping[str, object], classes: tuple[str, ...], where: str) -> dict[str, float]:
    answer = str(fields.get("answer") or "").strip()
    given = {name: fields[name] for name in classes if str(_or_empty(fields.get(name))).strip()}
    strange = [name for name in fields if name not in (*_OWN, *classes)]
    if strange:
        raise InputError(
            f"{strange[0][:60]!r} is no class.", where=where, remedy=f"The classes are {', '.join(classes)}."
        )
    if answer and not given:
        if answer.casefold() == "neither":
            return dict.fromkeys(classes, 1.0 / len(classes))
        if answer not in classes:
            raise InputError(
                f"{answer[:60]!r} is no class.",
                where=where,
                remedy=f"The classes are {', '.join(classes)}; neither means all alike.",
            )
        return {answer: 1.0}
    if not given:
        raise InputError("it says nothing.", where=where, remedy="Fill a column per class, or answer.")
    values = {name: _number(value, where, name) for name, value in given.items()}
    total = sum(values.values())
    if abs(total - 100.0) <= _PER_CENT_SLACK * len(values):
        return {name: value / total for name, value in values.items()}
    return values


def _or_empty(value: object) -> object:
    return "" if value is None else value


def _addresses(written: object, where: str) -> tuple[Address, ...]:
    listed: Any = written if isinstance(written, list) else str(_or_empty(written)).replace(",", " ").split()
    try:
        return tuple(parse_address(str(address)) for address in listed)
    except InputError as error:
        raise InputError(error.message, where=where, remedy=error.remedy) from error


def _number(written: object, where: str, name: str, *, whole: bool = False) -> float:
    try:
        value = float(str(_or_empty(written)).strip().removesuffix("%"))
    except ValueError:
        raise InputError(f"{name} is {str(written)[:40]!r}, no number.", where=where) from None
    if whole and not value.is_integer():
        raise InputError(f"{name} is {written}, no whole number.", where=where, remedy="Count cases from 0.")
    return value
