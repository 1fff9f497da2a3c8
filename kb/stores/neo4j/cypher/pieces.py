"""What several statements have in common."""

from __future__ import annotations

__all__ = [
    "CLOCK",
    "FIELDS",
    "FREE",
    "LAST_CHILD",
    "LEAF",
    "MEASURED",
    "MEASURES",
    "NEW",
    "NOW",
    "STORED",
    "WORK",
]

NOW = "coalesce($now, timestamp() / 1000.0)"
CLOCK = "head([t IN [datetime.realtime()] | t.epochSeconds * 1000000000 + t.nanosecond])"  # read once
_SAID = ("kind", "condition", "side", "columns", "origin", "replaces")  # beside the text
_GIVEN = (
    "key",
    "path",
    "address",
    "parent",
    "slot",
    "ordinal",
    "is_dropped",
    *_SAID,
    "size",
    "text",
    "folded",
    "token",
)
# Nothing that "commit" sets is read from the rows: to the planner it might be a property that was just set.
LEAF = (
    "{tree: $tree, is_unpacked: false, "
    + ", ".join(f"{name}: r.{name}" for name in _GIVEN)
    + f", created: coalesce(r.created, {NOW}), n_children: 0}}"
)
# Many at once are lists: maps would name every property of every row, which costs a third of the sending.
FIELDS = (*_GIVEN, "current_slot", "n_children", "created")
MEASURED = (
    "points",
    "plausibility",
    "plausibility_sd",
    "rated",
    "nats_on_D",
    "carries_D",
    "carries_Dstar",
    "alarm",
)
# What a statement is read from, as one list. Each value costs time in Python, and most statements are not
# measured, so their eight measures are one null.
_PLAIN = (
    "path",
    "text",
    *_SAID,
    "n_children",
    "current_slot",
    "is_unpacked",
    "is_dropped",
    "created",
)
STORED = (
    "["
    + ", ".join(f"s.{name}" for name in _PLAIN)
    + ", CASE WHEN s.rated IS NULL THEN null ELSE ["
    + ", ".join(f"s.{name}" for name in MEASURED)
    + "] END]"
)
NEW = (
    "{tree: $tree, is_unpacked: false, "
    + ", ".join(f"{name}: r[{at}]" for at, name in enumerate(FIELDS[:-1]))
    + f", created: coalesce(r[{len(FIELDS) - 1}], {NOW}), "
    + ", ".join(f"{name}: r[{len(FIELDS)}][{at}]" for at, name in enumerate(MEASURED))
    + "}"
)
MEASURES = "SET " + ", ".join(f"s.{name} = r.{name}" for name in MEASURED) + " "
WORK = "(w:Work {statement: $key, slot: $slot})"
FREE = "w.worker = null, w.until = null"
LAST_CHILD = (
    "COLLECT { MATCH (c:Statement) WHERE c.parent = $key AND c.slot = %s AND c.ordinal >= 0 "
    "RETURN c.ordinal ORDER BY c.parent DESC, c.slot DESC, c.ordinal DESC LIMIT 1 } AS last"
)
