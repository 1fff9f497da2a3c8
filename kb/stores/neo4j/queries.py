"""Every statement that must stay fast on a tree of any size, by name; their plans are tested.

A composite index is used only where each of its properties has a predicate, and it gives an order only where ORDER
BY names all of them. No path of unbounded length, and no MATCH that starts anywhere but in an index. A statement
that decides by what it reads writes first: a write takes the lock, and what is read behind it is true.
"""

from __future__ import annotations

__all__ = ["LOOK_AT_ALL", "QUERIES"]

_S = (
    "s.path, s.text, s.kind, s.condition, s.side, s.columns, s.origin, s.replaces, s.n_children, "
    "s.current_slot, s.is_unpacked, s.is_dropped, s.created, s.points, s.plausibility, s.plausibility_sd, "
    "s.rated, s.nats_on_D, s.carries_D, s.carries_Dstar, s.alarm, s.slot, s.ordinal"
)
_NOW = "coalesce($now, timestamp() / 1000.0)"
_CLOCK = "head([t IN [datetime.realtime()] | t.epochSeconds * 1000000000 + t.nanosecond])"  # read once
_PROPERTIES = (
    "key: r.key, tree: $tree, path: r.path, address: r.address, parent: r.parent, slot: r.slot, "
    "ordinal: r.ordinal, is_unpacked: false, is_dropped: r.is_dropped, kind: r.kind, condition: r.condition, "
    "side: r.side, columns: r.columns, origin: r.origin, replaces: r.replaces, size: r.size, text: r.text, "
    "folded: r.folded, token: r.token, created: coalesce(r.created, " + _NOW + ")"
)
# Nothing that "commit" sets is read from the rows: the planner couldn't tell it from a property that was just set.
_LEAF = "{" + _PROPERTIES + ", n_children: 0}"
_NEW = (
    "{" + _PROPERTIES + ", current_slot: r.current_slot, n_children: r.n_children, points: r.points, "
    "plausibility: r.plausibility, plausibility_sd: r.plausibility_sd, rated: r.rated, nats_on_D: r.nats_on_D, "
    "carries_D: r.carries_D, carries_Dstar: r.carries_Dstar, alarm: r.alarm}"
)
_MEASURES = (
    "SET s.points = r.points, s.plausibility = r.plausibility, s.plausibility_sd = r.plausibility_sd, "
    "s.rated = r.rated, s.nats_on_D = r.nats_on_D, s.carries_D = r.carries_D, "
    "s.carries_Dstar = r.carries_Dstar, s.alarm = r.alarm "
)
_WORK = "(w:Work {statement: $key, slot: $slot})"
_FREE = "w.worker = null, w.until = null"
_LAST_CHILD = (
    "COLLECT { MATCH (c:Statement) WHERE c.parent = $key AND c.slot = %s AND c.ordinal >= 0 "
    "RETURN c.ordinal ORDER BY c.parent DESC, c.slot DESC, c.ordinal DESC LIMIT 1 } AS last"
)

_READS = {
    "statements": f"UNWIND $keys AS key MATCH (s:Statement {{key: key}}) RETURN {_S}",
    "present": "UNWIND $keys AS key MATCH (s:Statement {key: key}) RETURN key, s.current_slot",
    "children": (
        f"MATCH (s:Statement) WHERE s.parent = $key AND s.slot = $slot AND s.ordinal > $after "
        f"RETURN {_S} ORDER BY s.parent, s.slot, s.ordinal LIMIT $limit"
    ),
    "subtree": (
        f"MATCH (s:Statement) WHERE s.tree = $tree AND s.path >= $start AND s.path < $end "
        f"RETURN {_S} ORDER BY s.tree, s.path LIMIT $limit"
    ),
    "place": "MATCH (s:Statement {key: $key}) RETURN s.current_slot, s.is_unpacked",
    "token": "MATCH (s:Statement {key: $key}) RETURN s.token AS token, s.created AS created",
    "tree": "MATCH (t:Tree {tree_id: $tree}) RETURN t.name AS name, t.spec AS spec",
    "trees": "MATCH (t:Tree) WHERE t.name >= '' RETURN t.tree_id, t.name, t.spec, t.created",
    "expansions": (
        "MATCH (e:Expansion) WHERE e.statement = $key AND e.slot >= 0 "
        "RETURN e.slot, e.first_ordinal, e.created, e.body, e.digest ORDER BY e.statement, e.slot"
    ),
    "expansions within": (
        "MATCH (s:Statement) WHERE s.tree = $tree AND s.path >= $start AND s.path < $end "
        "MATCH (e:Expansion) WHERE e.statement = s.key AND e.slot >= 0 "
        "RETURN s.path, s.current_slot, e.slot, e.first_ordinal, e.created, e.body"
    ),
    "unpacked": (
        "MATCH (s:Statement) WHERE s.tree = $tree AND s.path >= $start AND s.path < $end "
        "RETURN s.path, s.key, s.current_slot, s.is_unpacked ORDER BY s.tree, s.path LIMIT $limit"
    ),
    "expansions of": (
        "UNWIND $keys AS key MATCH (e:Expansion) WHERE e.statement = key AND e.slot >= 0 "
        "RETURN key, e.slot, e.first_ordinal, e.created, e.body"
    ),
    "judgements": (
        "MATCH (j:Judgement) WHERE j.tree = $tree AND j.seq > $after "
        "RETURN j.seq, j.body ORDER BY j.tree, j.seq LIMIT $limit"
    ),
    "judgements by rater": (
        "MATCH (j:Judgement) WHERE j.tree = $tree AND j.rater = $rater AND j.seq > $after "
        "RETURN j.seq, j.body ORDER BY j.tree, j.rater, j.seq LIMIT $limit"
    ),
    "judgements about": (
        "MATCH (j:Judgement) WHERE j.statement = $key AND j.seq > $after "
        "RETURN j.seq, j.body ORDER BY j.statement, j.seq LIMIT $limit"
    ),
    "judgements about by rater": (
        "MATCH (j:Judgement) USING INDEX j:Judgement(statement, seq) "
        "WHERE j.statement = $key AND j.seq > $after AND j.rater = $rater "
        "RETURN j.seq, j.body ORDER BY j.statement, j.seq LIMIT $limit"
    ),
    "moves": (
        "MATCH (m:Move) WHERE m.tree = $tree AND m.seq > $after "
        "RETURN m.seq, m.body ORDER BY m.tree, m.seq LIMIT $limit"
    ),
    "waiting": (
        "MATCH (w:Work) WHERE w.tree = $tree AND w.state = 'asked' AND w.seq >= 0 RETURN count(w) AS n"
    ),
    "work": (
        "MATCH (w:Work) WHERE w.tree = $tree AND w.state = $state AND w.seq > $after "
        "RETURN w.seq, w.address, w.slot, w.priority, w.attempts, w.reason ORDER BY w.tree, w.state, w.seq LIMIT $limit"
    ),
    "grant": "MATCH " + _WORK + " RETURN w.grant AS grant, w.fence AS fence, w.until AS until",
    "grants": (
        "UNWIND $held AS h MATCH (w:Work {statement: h[0], slot: h[1]}) WHERE w.grant = $grant RETURN count(w) AS n"
    ),
    "document": "MATCH (d:Document {tree: $tree, kind: $kind, key: $key}) RETURN d.key, d.body, d.version, d.changed, d.token",
    "documents": (
        "MATCH (d:Document) WHERE d.tree = $tree AND d.kind = $kind AND d.key >= $start "
        "RETURN d.key, d.body, d.version, d.changed ORDER BY d.tree, d.kind, d.key LIMIT $limit"
    ),
    "a kind": (
        "MATCH (d:Document) WHERE d.tree = $tree AND d.kind > $last AND d.key >= '' "
        "RETURN d.kind AS found ORDER BY d.tree, d.kind, d.key LIMIT 1"
    ),
    "vectors": (
        "MATCH (v:Vector) WHERE v.tree = $tree AND v.model = $model AND v.path > $after "
        "RETURN v.path, v.vector ORDER BY v.tree, v.model, v.path LIMIT $limit"
    ),
    "a model": (
        "MATCH (v:Vector) WHERE v.tree = $tree AND v.model > $last AND v.path >= '' "
        "RETURN v.model AS found ORDER BY v.tree, v.model, v.path LIMIT 1"
    ),
    "without vector": (
        "MATCH (s:Statement) WHERE s.tree = $tree AND s.path > $after "
        "AND NOT EXISTS { MATCH (:Vector {statement: s.key, model: $model}) } "
        f"RETURN {_S} ORDER BY s.tree, s.path LIMIT $limit"
    ),
    "clock": f"RETURN {_CLOCK} AS clock",
    "blob": "MATCH (b:Blob {digest: $digest}) RETURN b.size AS size, b.n_parts AS n_parts, b.is_complete AS is_complete",
    "blob part": "MATCH (p:BlobPart {blob: $digest, part: $part}) RETURN p.data AS data",
}

_GROWTH = {
    "same tree": "MATCH (t:Tree) WHERE t.tree_id = $tree OR t.name = $name RETURN t.tree_id, t.name",
    "new tree": (
        "UNWIND [$root] AS r CREATE (:Tree {tree_id: $tree, name: $name, spec: $spec, "
        f"created: coalesce($created, {_NOW})}})-[:ROOT]->(:Statement {_NEW})"
    ),
    "hold tree": "MATCH (t:Tree {tree_id: $tree}) SET t.created = t.created RETURN t.spec AS spec",
    "set spec": "MATCH (t:Tree {tree_id: $tree}) SET t.spec = $spec",
    "hold statement": (
        "MATCH (s:Statement {key: $key}) SET s.size = s.size RETURN s.current_slot AS current, "
        "s.is_unpacked AS is_unpacked, " + _LAST_CHILD % "coalesce(s.current_slot, 0)"
    ),
    "new child": (
        f"UNWIND [$child] AS r MATCH (s:Statement {{key: $key}}) CREATE (s)-[:HAS_CHILD]->(c:Statement {_LEAF}) "
        "SET s.current_slot = r.slot, s.n_children = s.n_children + 1 RETURN c.created AS created"
    ),
    "new statements": (
        "UNWIND $rows AS r MATCH (p:Statement {key: r.parent}) "
        f"CREATE (p)-[:HAS_CHILD]->(:Statement {_NEW})"
    ),
    "more children": (
        "UNWIND $rows AS r MATCH (s:Statement {key: r.key}) SET s.n_children = s.n_children + "
        "reduce(n = 0, m IN r.more | n + CASE WHEN m[0] = coalesce(s.current_slot, r.first) THEN m[1] ELSE 0 END), "
        "s.current_slot = coalesce(s.current_slot, r.first)"
    ),
    "drop": "MATCH (s:Statement {key: $key}) SET s.is_dropped = $is_dropped RETURN s.key",
    "measured": "MATCH (s:Statement) WHERE s.tree = $tree AND s.rated >= 0 RETURN s.key AS key",
    "measure": "UNWIND $rows AS r MATCH (s:Statement {key: r.key}) " + _MEASURES + "RETURN count(s) AS n",
    "measure if none": "UNWIND $rows AS r MATCH (s:Statement {key: r.key}) WHERE s.rated IS NULL "
    + _MEASURES,
}

_EXPANSIONS = {
    "lease": (
        "MATCH (s:Statement {key: $key}) MERGE " + _WORK + " "
        "ON CREATE SET w.tree = $tree, w.address = $address, w.state = 'unasked', w.attempts = 0, w.fence = 0, "
        f"w.lock = 0, w.seq = {_CLOCK} "
        "SET w.lock = w.lock + 1 "
        f"WITH w, {_NOW} AS now, EXISTS {{ MATCH (:Expansion {{statement: $key, slot: $slot}}) }} AS is_committed "
        "WITH w, now, is_committed, NOT is_committed AND (w.worker IS NULL OR w.until <= now) AS is_free "
        "FOREACH (_ IN CASE WHEN is_free THEN [1] ELSE [] END | SET w.fence = w.fence + 1, w.worker = $worker, "
        "w.until = now + $seconds, w.grant = $grant, w.queue = CASE w.state WHEN 'asked' THEN 'leased' END) "
        "RETURN is_committed, is_free, w.fence AS fence, w.until AS until"
    ),
    "hold work": ("MATCH " + _WORK + " SET w.lock = w.lock + 1 RETURN w.fence AS fence, w.state AS state"),
    "renew": (
        "MATCH " + _WORK + f" SET w.worker = $worker, w.until = {_NOW} + $seconds, "
        "w.queue = CASE w.state WHEN 'asked' THEN 'leased' END RETURN w.until AS until"
    ),
    "release": (
        "MATCH " + _WORK + " SET w.lock = w.lock + 1 WITH w WHERE w.fence = $fence AND w.state <> 'done' "
        f"SET {_FREE}, w.fence = w.fence + 1, w.queue = CASE w.state WHEN 'asked' THEN 'waiting' END"
    ),
    "hold slot": (
        "MATCH " + _WORK + f" SET w.lock = w.lock + 1, w.state = 'done', w.queue = null, {_FREE} "
        "WITH w MATCH (s:Statement {key: $key}) SET s.size = s.size "
        f"RETURN w.fence AS fence, s.current_slot AS current, s.is_unpacked AS is_unpacked, "
        f"s.n_children AS n_children, toFloat({_NOW}) AS now, "
        "COLLECT { MATCH (e:Expansion {statement: $key, slot: $slot}) "
        "RETURN [e.digest, e.first_ordinal, e.created, e.body] } AS stored, " + _LAST_CHILD % "$slot"
    ),
    "commit": (
        "MATCH (s:Statement {key: $key}) CREATE (s)<-[:EXPANDS]-(:Expansion {statement: $key, slot: $slot, "
        "tree: $tree, address: $address, unpacker: $unpacker, response: $response, first_ordinal: $first, "
        "n_children: size($children), digest: $digest, created: $created, body: $body}) "
        "SET s.n_children = $n_children, s.current_slot = $current, s.is_unpacked = true "
        f"WITH s UNWIND $children AS r CREATE (s)-[:HAS_CHILD]->(:Statement {_LEAF})"
    ),
    "choose": (
        "MATCH (s:Statement {key: $key}) WHERE EXISTS { MATCH (:Expansion {statement: $key, slot: $slot}) } "
        "SET s.current_slot = $slot, s.is_unpacked = true, s.n_children = COUNT { MATCH (c:Statement) "
        "WHERE c.parent = $key AND c.slot = $slot AND c.ordinal >= 0 } RETURN s.key"
    ),
    "hold expanded": (
        "UNWIND $rows AS r MATCH (s:Statement {key: r.key}) SET s.size = s.size RETURN r.at, s.current_slot, "
        "s.is_unpacked, COLLECT { MATCH (e:Expansion {statement: r.key, slot: r.slot}) RETURN e.digest } AS digest"
    ),
    "expanded children": (
        "UNWIND $rows AS r MATCH (s:Statement) WHERE s.parent = r.key AND s.slot = r.slot "
        f"AND s.ordinal >= r.first AND s.ordinal < r.end RETURN r.at, {_S}"
    ),
    "new expansions": (
        "UNWIND $rows AS r MATCH (s:Statement {key: r.key}) CREATE (s)<-[:EXPANDS]-(:Expansion {statement: r.key, "
        "slot: r.slot, tree: $tree, address: r.address, unpacker: r.unpacker, response: r.response, "
        "first_ordinal: r.first, n_children: r.end - r.first, digest: r.digest, "
        f"created: coalesce(r.created, {_NOW}), body: r.body}})"
    ),
    "finish work": (
        "UNWIND $rows AS r MATCH (w:Work {statement: r.key, slot: r.slot}) "
        f"SET w.lock = w.lock + 1, w.state = 'done', w.queue = null, {_FREE}"
    ),
    "make current": (
        "UNWIND $rows AS r MATCH (s:Statement {key: r.key}) SET s.current_slot = r.slot, s.is_unpacked = true, "
        "s.n_children = COUNT { MATCH (c:Statement) WHERE c.parent = r.key AND c.slot = r.slot AND c.ordinal >= 0 }"
    ),
}

_QUEUE = {
    "enqueue": (
        "UNWIND $rows AS r MATCH (s:Statement {key: r.key}) "
        "WHERE NOT EXISTS { MATCH (:Expansion {statement: r.key, slot: r.slot}) } "
        "MERGE (w:Work {statement: r.key, slot: r.slot}) ON CREATE SET w.tree = $tree, w.address = r.address, "
        "w.state = 'unasked', w.attempts = 0, w.fence = 0, w.lock = 0, w.seq = $clock + r.at "
        "SET w.lock = w.lock + 1 WITH w, r WHERE w.state = 'unasked' "
        "SET w.state = r.state, w.priority = r.priority, w.rank = -r.priority, w.reason = r.reason, "
        "w.attempts = coalesce(r.attempts, w.attempts), "
        "w.queue = CASE WHEN r.state <> 'asked' THEN null WHEN w.worker IS NULL THEN 'waiting' ELSE 'leased' END "
        "RETURN count(w) AS n"
    ),
    "expire": (
        f"MATCH (w:Work) WHERE w.tree = $tree AND w.queue = 'leased' AND w.until <= {_NOW} WITH w LIMIT 1000 "
        f"SET w.lock = w.lock + 1 WITH w WHERE w.queue = 'leased' AND w.until <= {_NOW} "
        f"SET w.queue = 'waiting', {_FREE}"
    ),
    "claim": (
        "MATCH (w:Work) USING INDEX w:Work(tree, queue, rank, seq) "
        "WHERE w.tree = $tree AND w.queue = 'waiting' AND w.rank >= $lowest AND w.seq >= 0 "
        "WITH w ORDER BY w.tree, w.queue, w.rank, w.seq SKIP $skip LIMIT $limit "
        "SET w.lock = w.lock + 1 WITH w WHERE w.queue = 'waiting' "
        f"SET w.queue = 'leased', w.worker = $worker, w.until = {_NOW} + $seconds, w.grant = $grant, "
        "w.fence = w.fence + 1, w.attempts = w.attempts + 1 "
        "RETURN w.statement, w.address, w.slot, w.priority, w.attempts, w.fence, w.until, w.seq"
    ),
    "any waiting": (
        "MATCH (w:Work) WHERE w.tree = $tree AND w.queue = 'waiting' AND w.rank >= $lowest AND w.seq >= 0 "
        "RETURN w.slot LIMIT 1"
    ),
    "give up": (
        "MATCH " + _WORK + " SET w.lock = w.lock + 1 WITH w WHERE w.fence = $fence AND w.state = 'asked' "
        f"SET w.state = 'given-up', w.reason = $reason, w.queue = null, {_FREE}, w.fence = w.fence + 1"
    ),
    "ask again": (
        "MATCH "
        + _WORK
        + " SET w.lock = w.lock + 1 WITH w WHERE w.state = 'given-up' SET w.state = 'asked', "
        "w.reason = null, w.queue = CASE WHEN w.worker IS NULL THEN 'waiting' ELSE 'leased' END RETURN w.slot"
    ),
}

_LOGS = {
    "before judgements": (
        "RETURN COLLECT { UNWIND $keys AS key MATCH (s:Statement {key: key}) RETURN key } AS keys, "
        "COLLECT { UNWIND $ids AS id MATCH (j:Judgement {tree: $tree, id: id}) RETURN id } AS ids, "
        "COLLECT { MATCH (j:Judgement) WHERE j.tree = $tree AND j.seq >= 0 "
        "RETURN j.seq ORDER BY j.tree DESC, j.seq DESC LIMIT 1 } AS last, "
        f"{_CLOCK} AS clock, {_NOW} AS now"
    ),
    "new judgements": (
        "UNWIND $rows AS r MATCH (s:Statement {key: r.key}) CREATE (:Judgement {tree: $tree, seq: r.seq, id: r.id, "
        "statement: r.key, kind: r.kind, rater: r.rater, value: r.value, created: r.created, body: r.body})"
        "-[:ABOUT]->(s)"
    ),
    "before moves": (
        "RETURN COLLECT { UNWIND $ids AS id MATCH (m:Move {tree: $tree, id: id}) RETURN id } AS ids, "
        "COLLECT { MATCH (m:Move) WHERE m.tree = $tree AND m.seq >= 0 "
        "RETURN m.seq ORDER BY m.tree DESC, m.seq DESC LIMIT 1 } AS last, "
        f"{_CLOCK} AS clock, {_NOW} AS now"
    ),
    "new moves": (
        "UNWIND $rows AS r CREATE (:Move {tree: $tree, seq: r.seq, id: r.id, address: r.address, kind: r.kind, "
        "created: r.created, body: r.body})"
    ),
    "put vectors": (
        "UNWIND $rows AS r MATCH (s:Statement {key: r.key}) MERGE (v:Vector {statement: r.key, model: $model}) "
        "ON CREATE SET v.tree = $tree, v.path = r.path WITH r, v "
        "CALL db.create.setNodeVectorProperty(v, 'vector', r.vector) RETURN count(v) AS n"
    ),
    "hold document": (
        "MERGE (d:Document {tree: $tree, kind: $kind, key: $key}) ON CREATE SET d.version = 0 "
        "SET d.version = d.version + 1 RETURN d.version AS version"
    ),
    "put document": (
        "MATCH (d:Document {tree: $tree, kind: $kind, key: $key}) "
        f"SET d.body = $body, d.changed = {_NOW}, d.token = $token RETURN d.changed AS changed"
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
        "COUNT { MATCH (c:Statement) WHERE c.parent = s.key AND c.slot = s.current_slot AND c.ordinal >= 0 } AS n, "
        "EXISTS { MATCH (c:Statement) WHERE c.parent = s.key AND c.slot >= 0 AND c.ordinal >= 0 } AS has_child "
        "ORDER BY s.key LIMIT $limit"
    ),
    "roots": (
        "UNWIND $keys AS key MATCH (s:Statement {key: key}) "
        "RETURN key, EXISTS { MATCH (:Tree {tree_id: s.tree})-[:ROOT]->(s) } AS is_linked"
    ),
    "judged": (
        "MATCH (j:Judgement) WHERE j.tree = $tree AND j.seq > $after WITH j ORDER BY j.tree, j.seq LIMIT $limit "
        "OPTIONAL MATCH (s:Statement {key: j.statement}) "
        "RETURN j.seq, s.address, s.tree, EXISTS { MATCH (j)-[:ABOUT]->(s) }"
    ),
    "counted": (
        "RETURN COUNT { MATCH (m:Move) WHERE m.tree = $tree AND m.seq >= 0 } AS moves, "
        "COUNT { MATCH (d:Document) WHERE d.tree = $tree AND d.kind >= '' AND d.key >= '' } AS documents"
    ),
    "whole blobs": "UNWIND $digests AS digest MATCH (b:Blob {digest: digest}) WHERE b.is_complete RETURN digest",
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
        "MATCH (s:Statement {key: $key}) WITH s LIMIT 1 MATCH (p:Statement {key: $parent}) MERGE (p)-[:HAS_CHILD]->(s)"
    ),
    "link root": "MATCH (s:Statement {key: $key}) WITH s LIMIT 1 MATCH (t:Tree {tree_id: $tree}) MERGE (t)-[:ROOT]->(s)",
    "link expansion": (
        "MATCH (s:Statement {key: $key}) WITH s LIMIT 1 MATCH (e:Expansion {statement: $key, slot: $slot}) MERGE (e)-[:EXPANDS]->(s)"
    ),
    "link judgements": (
        "MATCH (j:Judgement) WHERE j.tree = $tree AND j.seq >= 0 AND NOT EXISTS { (j)-[:ABOUT]->(:Statement) } "
        "MATCH (s:Statement {key: j.statement}) CREATE (j)-[:ABOUT]->(s) RETURN count(j) AS n"
    ),
    "mend words": "MATCH (s:Statement {key: $key}) SET s.folded = $folded, s.size = $size",
    "filled slots": (
        "MATCH (c:Statement) WHERE c.parent = $key AND c.slot >= 0 AND c.ordinal >= 0 RETURN DISTINCT c.slot AS slot ORDER BY slot"
    ),
    "mend below": (
        "MATCH (s:Statement {key: $key}) SET s.size = s.size, s.current_slot = $slot, s.is_unpacked = $is_unpacked, "
        "s.n_children = COUNT { MATCH (c:Statement) WHERE c.parent = $key AND c.slot = $slot AND c.ordinal >= 0 }"
    ),
}
_NAMELESS = "RETURN coalesce(n.address, n.key, n.id, elementId(n)) AS name LIMIT 20"
_OF_NOTHING = f"MATCH (n:%s) WHERE NOT EXISTS {{ MATCH (:Statement {{key: n.statement}}) }} {_NAMELESS}"
_OF_NO_TREE = (
    f"MATCH (n:%s) WHERE n.%s IS NULL OR NOT EXISTS {{ MATCH (:Tree {{tree_id: n.tree}}) }} {_NAMELESS}"
)
_LOST = {  # these look at every node of a label, and run only where the counts say that one is lost
    "lost statement": f"MATCH (n:Statement) WHERE n.key IS NULL {_NAMELESS}",
    "lost expansion": _OF_NOTHING % "Expansion",
    "lost work": _OF_NOTHING % "Work",
    "lost vector": _OF_NOTHING % "Vector",
    "lost judgement": _OF_NO_TREE % ("Judgement", "seq"),
    "lost move": _OF_NO_TREE % ("Move", "seq"),
    "lost document": _OF_NO_TREE % ("Document", "key"),
}

QUERIES: dict[str, str] = {
    **_READS,
    **_GROWTH,
    **_EXPANSIONS,
    **_QUEUE,
    **_LOGS,
    **_CHECKS,
    **_REPAIRS,
    **_LOST,
}
LOOK_AT_ALL = frozenset(_LOST)
