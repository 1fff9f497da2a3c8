"""The schema that the migrations ask for, and the one that a database has: read back and compared.

``IF NOT EXISTS`` is silent when a name holds something else, or when a vector index has other dimensions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graph_schema import Migration

__all__ = ["SchemaItem", "differences", "is_schema", "statements_of", "stored", "wanted"]

_COMMENT = re.compile(r"^\s*//.*$", re.MULTILINE)
_CONSTRAINT = re.compile(
    r"CREATE CONSTRAINT (?P<name>\w+) IF NOT EXISTS FOR \(n:(?P<label>\w+)\) "
    r"REQUIRE \(?(?P<properties>[\w., ]+)\)? IS UNIQUE"
)
_INDEX = re.compile(
    r"CREATE (?P<kind>|FULLTEXT |VECTOR )INDEX (?P<name>\w+) IF NOT EXISTS FOR \(n:(?P<label>\w+)\) "
    r"ON (?:EACH \[|\()(?P<properties>[\w., ]+)[\])](?: OPTIONS (?P<options>.+))?"
)
_OPTION = re.compile(r"`(?P<name>[\w.]+)`: '?(?P<value>[\w-]+)'?")
_DROP = re.compile(r"DROP (?:CONSTRAINT|INDEX) (?P<name>\w+) IF EXISTS")

SHOW_CONSTRAINTS = (
    "SHOW CONSTRAINTS YIELD name, type, entityType, labelsOrTypes, properties "
    "RETURN name, type, entityType, labelsOrTypes, properties"
)
SHOW_INDEXES = (
    "SHOW INDEXES YIELD name, type, entityType, labelsOrTypes, properties, options, state, owningConstraint "
    "WHERE owningConstraint IS NULL AND type <> 'LOOKUP' "
    "RETURN name, type, entityType, labelsOrTypes, properties, options, state"
)


@dataclass(frozen=True, slots=True)
class SchemaItem:
    """One constraint or index.

    Attributes:
        name: Its name.
        kind: ``uniqueness``, ``range``, ``fulltext`` or ``vector``.
        label: The nodes it is for.
        properties: In their order.
        options: What was chosen for it, name and value as text, sorted.
    """

    name: str
    kind: str
    label: str
    properties: tuple[str, ...]
    options: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        chosen = "".join(f", {name} {value}" for name, value in self.options)
        return f"{self.kind} of {self.label} ({', '.join(self.properties)}{chosen})"


def statements_of(script: str) -> list[str]:
    """The statements of a script, each on one line."""
    plain = _COMMENT.sub("", script)
    return [" ".join(each.split()) for each in plain.split(";\n") if each.strip(" ;\n")]


def is_schema(statement: str) -> bool:
    """It changes the schema, so it can't share a transaction with data."""
    return statement.startswith(
        (
            "CREATE CONSTRAINT",
            "CREATE INDEX",
            "CREATE FULLTEXT",
            "CREATE VECTOR",
            "CREATE POINT",
            "CREATE TEXT",
            "CREATE RANGE",
            "DROP ",
        )
    )


def wanted(migrations: Iterable[Migration]) -> dict[str, SchemaItem]:
    """What is there after these migrations, by name.

    Raises:
        ValueError: A statement of the schema is written in a way that this can't read.
    """
    items: dict[str, SchemaItem] = {}
    for migration in migrations:
        for statement in filter(is_schema, statements_of(migration.script)):
            dropped = _DROP.fullmatch(statement)
            if dropped:
                items.pop(dropped["name"], None)
                continue
            item = _item_of(statement)
            items[item.name] = item
    return items


def _item_of(statement: str) -> SchemaItem:
    found = _CONSTRAINT.fullmatch(statement)
    if found:
        return SchemaItem(found["name"], "uniqueness", found["label"], _names(found["properties"]))
    found = _INDEX.fullmatch(statement)
    if found is None:
        raise ValueError(f"this statement of the schema can't be read back: {statement}")
    options = tuple(sorted((o["name"], o["value"].lower()) for o in _OPTION.finditer(found["options"] or "")))
    kind = found["kind"].strip().lower() or "range"
    return SchemaItem(found["name"], kind, found["label"], _names(found["properties"]), options)


def _names(written: str) -> tuple[str, ...]:
    return tuple(each.strip().removeprefix("n.") for each in written.split(","))


def stored(
    constraints: Iterable[Mapping[str, Any]], indexes: Iterable[Mapping[str, Any]]
) -> Iterator[SchemaItem]:
    """What the rows of ``SHOW`` say is there; an index that is not online has the kind ``… not online``."""
    for row in constraints:
        kind = (
            "uniqueness" if row["type"] in ("UNIQUENESS", "NODE_PROPERTY_UNIQUENESS") else row["type"].lower()
        )
        yield SchemaItem(row["name"], kind, "|".join(row["labelsOrTypes"]), tuple(row["properties"]))
    for row in indexes:
        kind = row["type"].lower() + ("" if row["state"] == "ONLINE" else f" {row['state'].lower()}")
        config = (row["options"] or {}).get("indexConfig") or {}
        options = tuple(sorted((name, str(value).lower()) for name, value in config.items()))
        yield SchemaItem(
            row["name"], kind, "|".join(row["labelsOrTypes"] or ()), tuple(row["properties"] or ()), options
        )


def differences(want: Mapping[str, SchemaItem], have: Iterable[SchemaItem]) -> list[str]:
    """What is missing or other than wanted, with both definitions; options that nobody chose may be any."""
    there = {item.name: item for item in have}
    found: list[str] = []
    for name, item in want.items():
        other = there.get(name)
        if other is None:
            found.append(f"{name} is missing: {item}")
        elif (other.kind, other.label, other.properties) != (
            item.kind,
            item.label,
            item.properties,
        ) or not set(item.options) <= set(other.options):
            found.append(f"{name} is a {other}, and a {item} is wanted")
    return found
