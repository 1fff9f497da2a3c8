"""Statements that write: trees and statements, expansions and leases, the queue, logs and blobs."""

from __future__ import annotations

from kb.stores.neo4j.cypher.pieces import (
    CLOCK,
    FIELDS,
    FREE,
    LAST_CHILD,
    LEAF,
    MEASURES,
    NEW,
    NOW,
    STORED,
    WORK,
)

__all__ = ["WRITES"]

PARENT = FIELDS.index("parent")

_GROWTH = {
    "same tree": "MATCH (t:Tree) WHERE t.tree_id = $tree OR t.name = $name RETURN t.tree_id, t.name",
    "new tree": (
        "UNWIND [$root] AS r CREATE (:Tree {tree_id: $tree, name: $name, spec: $spec, "
        f"created: coalesce($created, {NOW})}})-[:ROOT]->(:Statement {NEW})"
    ),
    "hold tree": "MATCH (t:Tree {tree_id: $tree}) SET t.created = t.created RETURN t.spec AS spec",
    "set spec": "MATCH (t:Tree {tree_id: $tree}) SET t.spec = $spec",
    "hold statement": (
        "MATCH (s:Statement {key: $key}) SET s.size = s.size RETURN s.current_slot AS current, "
        "s.is_unpacked AS is_unpacked, " + LAST_CHILD % "coalesce(s.current_slot, 0)"
    ),
    "new child": (
        f"UNWIND [$child] AS r MATCH (s:Statement {{key: $key}}) CREATE (s)-[:HAS_CHILD]->(c:Statement "
        f"{LEAF}) "
        "SET s.current_slot = r.slot, s.n_children = s.n_children + 1 RETURN c.created AS created"
    ),
    "new statements": (
        f"UNWIND $rows AS r MATCH (p:Statement {{key: r[{PARENT}]}}) "
        f"CREATE (p)-[:HAS_CHILD]->(:Statement {NEW})"
    ),
    "more children": (
        "UNWIND $rows AS r MATCH (s:Statement {key: r.key}) SET s.n_children = s.n_children + "
        "reduce(n = 0, m IN r.more | n + CASE WHEN m[0] = coalesce(s.current_slot, r.first) THEN m[1] "
        "ELSE 0 END), "
        "s.current_slot = coalesce(s.current_slot, r.first) RETURN count(s) AS n"
    ),
    "drop": "MATCH (s:Statement {key: $key}) SET s.is_dropped = $is_dropped RETURN s.key",
    "measured": "MATCH (s:Statement) WHERE s.tree = $tree AND s.rated >= 0 RETURN s.key AS key",
    "measure": "UNWIND $rows AS r MATCH (s:Statement {key: r.key}) " + MEASURES + "RETURN count(s) AS n",
    "measure if none": "UNWIND $rows AS r MATCH (s:Statement {key: r.key}) WHERE s.rated IS NULL " + MEASURES,
}

_EXPANSIONS = {
    "lease": (
        "MATCH (s:Statement {key: $key}) MERGE " + WORK + " "
        "ON CREATE SET w.tree = $tree, w.address = $address, w.state = 'unasked', w.priority = 0.0, "
        "w.attempts = 0, w.fence = 0, "
        f"w.lock = 0, w.seq = {CLOCK} "
        "SET w.lock = w.lock + 1 "
        f"WITH w, {NOW} AS now, EXISTS {{ MATCH (:Expansion {{statement: $key, slot: $slot}}) }} AS "
        f"is_committed "
        "WITH w, now, is_committed, NOT is_committed AND (w.worker IS NULL OR w.until <= now) AS is_free "
        "FOREACH (_ IN CASE WHEN is_free THEN [1] ELSE [] END | SET w.fence = w.fence + 1, w.worker = "
        "$worker, "
        "w.until = now + $seconds, w.grant = $grant, w.queue = CASE w.state WHEN 'asked' THEN 'leased' END) "
        "RETURN is_committed, is_free, w.fence AS fence, w.until AS until"
    ),
    "hold work": ("MATCH " + WORK + " SET w.lock = w.lock + 1 RETURN w.fence AS fence, w.state AS state"),
    "renew": (
        "MATCH " + WORK + f" SET w.worker = $worker, w.until = {NOW} + $seconds, "
        "w.queue = CASE w.state WHEN 'asked' THEN 'leased' END RETURN w.until AS until"
    ),
    "release": (
        "MATCH " + WORK + " SET w.lock = w.lock + 1 WITH w WHERE w.fence = $fence AND w.state <> 'done' "
        f"SET {FREE}, w.fence = w.fence + 1, w.queue = CASE w.state WHEN 'asked' THEN 'waiting' END"
    ),
    "hold slot": (
        "MATCH " + WORK + f" SET w.lock = w.lock + 1, w.state = 'done', w.queue = null, {FREE} "
        "WITH w MATCH (s:Statement {key: $key}) SET s.size = s.size "
        f"RETURN w.fence AS fence, s.current_slot AS current, s.is_unpacked AS is_unpacked, "
        f"s.n_children AS n_children, toFloat({NOW}) AS now, "
        "COLLECT { MATCH (e:Expansion {statement: $key, slot: $slot}) "
        "RETURN [e.digest, e.first_ordinal, e.created, e.body] } AS stored, " + LAST_CHILD % "$slot"
    ),
    "commit": (
        "MATCH (s:Statement {key: $key}) CREATE (s)<-[:EXPANDS]-(:Expansion {statement: $key, slot: $slot, "
        "tree: $tree, address: $address, unpacker: $unpacker, response: $response, first_ordinal: $first, "
        "n_children: size($children), digest: $digest, created: $created, body: $body}) "
        "SET s.n_children = $n_children, s.current_slot = $current, s.is_unpacked = true "
        f"WITH s UNWIND $children AS r CREATE (s)-[:HAS_CHILD]->(:Statement {LEAF})"
    ),
    "choose": (
        "MATCH (s:Statement {key: $key}) WHERE EXISTS { MATCH (:Expansion {statement: $key, slot: $slot}) } "
        "SET s.current_slot = $slot, s.is_unpacked = true, s.n_children = COUNT { MATCH (c:Statement) "
        "WHERE c.parent = $key AND c.slot = $slot AND c.ordinal >= 0 } RETURN s.key"
    ),
    "hold expanded": (
        "UNWIND $rows AS r MATCH (s:Statement {key: r.key}) SET s.size = s.size RETURN r.at, s.current_slot, "
        "s.is_unpacked, COLLECT { MATCH (e:Expansion {statement: r.key, slot: r.slot}) RETURN e.digest } "
        "AS digest"
    ),
    "expanded children": (
        "UNWIND $rows AS r MATCH (s:Statement) WHERE s.parent = r.key AND s.slot = r.slot "
        f"AND s.ordinal >= r.first AND s.ordinal < r.end RETURN r.at, {STORED} AS stored"
    ),
    "new expansions": (
        "UNWIND $rows AS r MATCH (s:Statement {key: r.key}) CREATE (s)<-[:EXPANDS]-(:Expansion "
        "{statement: r.key, "
        "slot: r.slot, tree: $tree, address: r.address, unpacker: r.unpacker, response: r.response, "
        "first_ordinal: r.first, n_children: r.end - r.first, digest: r.digest, "
        f"created: coalesce(r.created, {NOW}), body: r.body}})"
    ),
    "finish work": (
        "UNWIND $rows AS r MATCH (w:Work {statement: r.key, slot: r.slot}) "
        f"SET w.lock = w.lock + 1, w.state = 'done', w.queue = null, {FREE}"
    ),
    "make current": (
        "UNWIND $rows AS r MATCH (s:Statement {key: r.key}) SET s.current_slot = r.slot, s.is_unpacked = "
        "true, "
        "s.n_children = COUNT { MATCH (c:Statement) WHERE c.parent = r.key AND c.slot = r.slot AND "
        "c.ordinal >= 0 }"
    ),
}

_QUEUE = {
    "enqueue": (
        "UNWIND $rows AS r MATCH (s:Statement {key: r.key}) "
        "WHERE NOT EXISTS { MATCH (:Expansion {statement: r.key, slot: r.slot}) } "
        "MERGE (w:Work {statement: r.key, slot: r.slot}) ON CREATE SET w.tree = $tree, w.address = "
        "r.address, "
        "w.state = 'unasked', w.attempts = 0, w.fence = 0, w.lock = 0, w.seq = $clock + r.at "
        "SET w.lock = w.lock + 1 WITH w, r WHERE w.state = 'unasked' "
        "SET w.state = r.state, w.priority = r.priority, w.rank = -r.priority, w.reason = r.reason, "
        "w.attempts = coalesce(r.attempts, w.attempts), "
        "w.queue = CASE WHEN r.state <> 'asked' THEN null WHEN w.worker IS NULL THEN 'waiting' ELSE "
        "'leased' END "
        "RETURN count(w) AS n"
    ),
    "expire": (
        f"MATCH (w:Work) WHERE w.tree = $tree AND w.queue = 'leased' AND w.until <= {NOW} WITH w LIMIT 1000 "
        f"SET w.lock = w.lock + 1 WITH w WHERE w.queue = 'leased' AND w.until <= {NOW} "
        f"SET w.queue = 'waiting', {FREE}"
    ),
    "claim": (
        "MATCH (w:Work) USING INDEX w:Work(tree, queue, rank, seq) "
        "WHERE w.tree = $tree AND w.queue = 'waiting' AND w.rank >= $lowest AND w.seq >= 0 "
        "WITH w ORDER BY w.tree, w.queue, w.rank, w.seq SKIP $skip LIMIT $limit "
        "SET w.lock = w.lock + 1 WITH w WHERE w.queue = 'waiting' "
        f"SET w.queue = 'leased', w.worker = $worker, w.until = {NOW} + $seconds, w.grant = $grant, "
        "w.fence = w.fence + 1, w.attempts = w.attempts + 1 "
        "RETURN w.statement, w.address, w.slot, w.priority, w.attempts, w.fence, w.until, w.seq"
    ),
    "any waiting": (
        "MATCH (w:Work) WHERE w.tree = $tree AND w.queue = 'waiting' AND w.rank >= $lowest AND w.seq >= 0 "
        "RETURN w.slot LIMIT 1"
    ),
    "give up": (
        "MATCH " + WORK + " SET w.lock = w.lock + 1 WITH w WHERE w.fence = $fence AND w.state = 'asked' "
        f"SET w.state = 'given-up', w.reason = $reason, w.queue = null, {FREE}, w.fence = w.fence + 1"
    ),
    "ask again": (
        "MATCH " + WORK + " SET w.lock = w.lock + 1 WITH w WHERE w.state = 'given-up' SET w.state = 'asked', "
        "w.reason = null, w.queue = CASE WHEN w.worker IS NULL THEN 'waiting' ELSE 'leased' END RETURN w.slot"
    ),
}

_LOGS = {
    "before judgements": (
        "RETURN COLLECT { UNWIND $keys AS key MATCH (s:Statement {key: key}) RETURN key } AS keys, "
        "COLLECT { UNWIND $ids AS id MATCH (j:Judgement {tree: $tree, id: id}) RETURN id } AS ids, "
        "COLLECT { MATCH (j:Judgement) WHERE j.tree = $tree AND j.seq >= 0 "
        "RETURN j.seq ORDER BY j.tree DESC, j.seq DESC LIMIT 1 } AS last, "
        f"{CLOCK} AS clock, {NOW} AS now"
    ),
    "new judgements": (
        "UNWIND $rows AS r MATCH (s:Statement {key: r.key}) CREATE (:Judgement {tree: $tree, seq: r.seq, "
        "id: r.id, "
        "statement: r.key, kind: r.kind, rater: r.rater, value: r.value, created: r.created, body: r.body})"
        "-[:ABOUT]->(s)"
    ),
    "before moves": (
        "RETURN COLLECT { UNWIND $ids AS id MATCH (m:Move {tree: $tree, id: id}) RETURN id } AS ids, "
        "COLLECT { MATCH (m:Move) WHERE m.tree = $tree AND m.seq >= 0 "
        "RETURN m.seq ORDER BY m.tree DESC, m.seq DESC LIMIT 1 } AS last, "
        f"{CLOCK} AS clock, {NOW} AS now"
    ),
    "new moves": (
        "UNWIND $rows AS r CREATE (:Move {tree: $tree, seq: r.seq, id: r.id, address: r.address, kind: "
        "r.kind, "
        "created: r.created, body: r.body})"
    ),
    "put vectors": (
        "UNWIND $rows AS r MATCH (s:Statement {key: r.key}) MERGE (v:Vector {statement: r.key, model: "
        "$model}) "
        "ON CREATE SET v.tree = $tree, v.path = r.path WITH r, v "
        "CALL db.create.setNodeVectorProperty(v, 'vector', r.vector) RETURN count(v) AS n"
    ),
    "hold document": (
        "MERGE (d:Document {tree: $tree, kind: $kind, key: $key}) ON CREATE SET d.version = 0 "
        "SET d.version = d.version + 1 RETURN d.version AS version"
    ),
    "put document": (
        "MATCH (d:Document {tree: $tree, kind: $kind, key: $key}) "
        f"SET d.body = $body, d.changed = {NOW}, d.token = $token RETURN d.changed AS changed"
    ),
    "hold blob": (
        "MERGE (b:Blob {digest: $digest}) ON CREATE SET b.size = $size, b.n_parts = $n_parts, "
        "b.is_complete = false SET b.size = b.size RETURN b.is_complete AS is_complete"
    ),
    "put parts": (
        "UNWIND $parts AS r MERGE (p:BlobPart {blob: $digest, part: r.part}) ON CREATE SET p.data = r.data"
    ),
    "complete blob": "MATCH (b:Blob {digest: $digest}) SET b.is_complete = true",
}


WRITES = {**_GROWTH, **_EXPANSIONS, **_QUEUE, **_LOGS}
