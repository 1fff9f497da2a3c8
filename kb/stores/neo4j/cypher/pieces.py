"""What several statements have in common."""

from __future__ import annotations

__all__ = ["CLOCK", "COLUMNS", "FREE", "LAST_CHILD", "LEAF", "MEASURES", "NEW", "NOW", "WORK"]

COLUMNS = (
    "s.path, s.text, s.kind, s.condition, s.side, s.columns, s.origin, s.replaces, s.n_children, "
    "s.current_slot, s.is_unpacked, s.is_dropped, s.created, s.points, s.plausibility, s.plausibility_sd, "
    "s.rated, s.nats_on_D, s.carries_D, s.carries_Dstar, s.alarm, s.slot, s.ordinal"
)
NOW = "coalesce($now, timestamp() / 1000.0)"
CLOCK = "head([t IN [datetime.realtime()] | t.epochSeconds * 1000000000 + t.nanosecond])"  # read once
_PROPERTIES = (
    "key: r.key, tree: $tree, path: r.path, address: r.address, parent: r.parent, slot: r.slot, "
    "ordinal: r.ordinal, is_unpacked: false, is_dropped: r.is_dropped, kind: r.kind, condition: r.condition, "
    "side: r.side, columns: r.columns, origin: r.origin, replaces: r.replaces, size: r.size, text: r.text, "
    "folded: r.folded, token: r.token, created: coalesce(r.created, " + NOW + ")"
)
# Nothing that "commit" sets is read from the rows: to the planner it might be a property that was just set.
LEAF = "{" + _PROPERTIES + ", n_children: 0}"
NEW = (
    "{" + _PROPERTIES + ", current_slot: r.current_slot, n_children: r.n_children, points: r.points, "
    "plausibility: r.plausibility, plausibility_sd: r.plausibility_sd, rated: r.rated, "
    "nats_on_D: r.nats_on_D, carries_D: r.carries_D, carries_Dstar: r.carries_Dstar, alarm: r.alarm}"
)
MEASURES = (
    "SET s.points = r.points, s.plausibility = r.plausibility, s.plausibility_sd = r.plausibility_sd, "
    "s.rated = r.rated, s.nats_on_D = r.nats_on_D, s.carries_D = r.carries_D, "
    "s.carries_Dstar = r.carries_Dstar, s.alarm = r.alarm "
)
WORK = "(w:Work {statement: $key, slot: $slot})"
FREE = "w.worker = null, w.until = null"
LAST_CHILD = (
    "COLLECT { MATCH (c:Statement) WHERE c.parent = $key AND c.slot = %s AND c.ordinal >= 0 "
    "RETURN c.ordinal ORDER BY c.parent DESC, c.slot DESC, c.ordinal DESC LIMIT 1 } AS last"
)
