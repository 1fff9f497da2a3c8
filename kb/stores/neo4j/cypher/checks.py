"""Statements of the check, page by page, and of the repair."""

from __future__ import annotations

__all__ = ["CHECKS", "LOST"]

_CHECKS = {
    "facts": (
        "MATCH (s:Statement) WHERE s.key > $after RETURN s.key AS key, s.tree AS tree, s.path AS path, "
        "s.address AS address, s.parent AS parent, s.slot AS slot, s.ordinal AS ordinal, "
        "s.current_slot AS current_slot, s.n_children AS n_children, s.is_unpacked AS is_unpacked, "
        "s.text AS text, s.folded AS folded, s.size AS size, "
        "COLLECT { MATCH (p:Statement {key: s.parent}) RETURN [p.path, p.tree] } AS stored_parent, "
        "COLLECT { MATCH (p)-[:HAS_CHILD]->(s) RETURN p.key } AS above, "
        "COLLECT { MATCH (e:Expansion) WHERE e.statement = s.key AND e.slot >= 0 "
        "RETURN [e.slot, EXISTS { MATCH (e)-[:EXPANDS]->(s) }] } AS expansions, "
        "COLLECT { MATCH (w:Work) WHERE w.statement = s.key AND w.slot >= 0 "
        "RETURN [w.slot, w.state, w.tree, w.worker, w.address] } AS work, "
        "COLLECT { MATCH (v:Vector) WHERE v.statement = s.key AND v.model >= '' "
        "RETURN [v.tree, v.path] } AS vectors, "
        "COUNT { MATCH (c:Statement) WHERE c.parent = s.key AND c.slot = s.current_slot AND c.ordinal >= "
        "0 } AS n, "
        "EXISTS { MATCH (c:Statement) WHERE c.parent = s.key AND c.slot >= 0 AND c.ordinal >= 0 } AS "
        "has_child "
        "ORDER BY s.key LIMIT $limit"
    ),
    "roots": (
        "UNWIND $keys AS key MATCH (s:Statement {key: key}) "
        "RETURN key, EXISTS { MATCH (:Tree {tree_id: s.tree})-[:ROOT]->(s) } AS is_linked"
    ),
    "judged": (
        "MATCH (j:Judgement) WHERE j.tree = $tree AND j.seq > $after WITH j ORDER BY j.tree, j.seq LIMIT "
        "$limit "
        "OPTIONAL MATCH (s:Statement {key: j.statement}) "
        "RETURN j.seq, s.address, s.tree, EXISTS { MATCH (j)-[:ABOUT]->(s) }"
    ),
    "counted": (
        "RETURN COUNT { MATCH (m:Move) WHERE m.tree = $tree AND m.seq >= 0 } AS moves, "
        "COUNT { MATCH (d:Document) WHERE d.tree = $tree AND d.kind >= '' AND d.key >= '' } AS documents"
    ),
    "whole blobs": (
        "UNWIND $digests AS digest MATCH (b:Blob {digest: digest}) WHERE b.is_complete RETURN digest"
    ),
    "blobs": (
        "MATCH (b:Blob) WHERE b.digest > $after AND b.is_complete "
        "RETURN b.digest, b.size, b.n_parts ORDER BY b.digest LIMIT $limit"
    ),
}
_REPAIRS = {
    "mend place": (
        "MATCH (s:Statement {key: $key}) SET s.address = $address, s.parent = $parent, s.slot = $slot, "
        "s.ordinal = $ordinal"
    ),
    "link parent": (
        "MATCH (s:Statement {key: $key}) WITH s LIMIT 1 MATCH (p:Statement {key: $parent}) MERGE "
        "(p)-[:HAS_CHILD]->(s)"
    ),
    "link root": (
        "MATCH (s:Statement {key: $key}) WITH s LIMIT 1 "
        "MATCH (t:Tree {tree_id: $tree}) MERGE (t)-[:ROOT]->(s)"
    ),
    "link expansion": (
        "MATCH (s:Statement {key: $key}) WITH s LIMIT 1 MATCH (e:Expansion {statement: $key, slot: "
        "$slot}) MERGE (e)-[:EXPANDS]->(s)"
    ),
    "link judgements": (
        "MATCH (j:Judgement) WHERE j.tree = $tree AND j.seq >= 0 AND NOT EXISTS { "
        "(j)-[:ABOUT]->(:Statement) } "
        "MATCH (s:Statement {key: j.statement}) CREATE (j)-[:ABOUT]->(s) RETURN count(j) AS n"
    ),
    "mend words": "MATCH (s:Statement {key: $key}) SET s.folded = $folded, s.size = $size",
    "filled slots": (
        "MATCH (c:Statement) WHERE c.parent = $key AND c.slot >= 0 AND c.ordinal >= 0 RETURN DISTINCT "
        "c.slot AS slot ORDER BY slot"
    ),
    "mend below": (
        "MATCH (s:Statement {key: $key}) SET s.size = s.size, s.current_slot = $slot, s.is_unpacked = "
        "$is_unpacked, "
        "s.n_children = COUNT { MATCH (c:Statement) WHERE c.parent = $key AND c.slot = $slot AND "
        "c.ordinal >= 0 }"
    ),
}
_NAMELESS = "RETURN coalesce(n.address, n.key, n.id, elementId(n)) AS name LIMIT 20"
_OF_NOTHING = f"MATCH (n:%s) WHERE NOT EXISTS {{ MATCH (:Statement {{key: n.statement}}) }} {_NAMELESS}"
_OF_NO_TREE = (
    f"MATCH (n:%s) WHERE n.%s IS NULL OR NOT EXISTS {{ MATCH (:Tree {{tree_id: n.tree}}) }} {_NAMELESS}"
)
LOST = {  # these look at every node of a label, and run only where the counts say that one is lost
    "lost statement": f"MATCH (n:Statement) WHERE n.key IS NULL {_NAMELESS}",
    "lost expansion": _OF_NOTHING % "Expansion",
    "lost work": _OF_NOTHING % "Work",
    "lost vector": _OF_NOTHING % "Vector",
    "lost judgement": _OF_NO_TREE % ("Judgement", "seq"),
    "lost move": _OF_NO_TREE % ("Move", "seq"),
    "lost document": _OF_NO_TREE % ("Document", "key"),
}


CHECKS = {**_CHECKS, **_REPAIRS}
