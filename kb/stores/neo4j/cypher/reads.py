"""Statements that only read."""

from __future__ import annotations

from kb.stores.neo4j.cypher.pieces import CLOCK, STORED, WORK

__all__ = ["READS"]

# A page comes as one record: each record costs the driver as much as ten of its values.
_RANGE = (
    "COLLECT { MATCH (s:Statement) WHERE s.tree = $tree AND s.path >= $start AND s.path < $end "
    f"RETURN {STORED} ORDER BY s.tree, s.path LIMIT $limit }} AS page"
)
_CHILDREN = f"RETURN {STORED} ORDER BY s.parent, s.slot, s.ordinal LIMIT $limit }} AS page"
READS = {
    "statements": (
        f"RETURN COLLECT {{ UNWIND $keys AS key MATCH (s:Statement {{key: key}}) RETURN {STORED} }} AS page"
    ),
    "present": "UNWIND $keys AS key MATCH (s:Statement {key: key}) RETURN key, s.current_slot",
    "children": (
        "RETURN COLLECT { MATCH (s:Statement) WHERE s.parent = $key AND s.slot = $slot "
        f"AND s.ordinal > $after {_CHILDREN}"
    ),
    "first children": (  # in whatever slot is current
        "MATCH (p:Statement {key: $key}) RETURN COLLECT { MATCH (s:Statement) WHERE s.parent = $key "
        f"AND s.slot = p.current_slot AND s.ordinal >= 0 {_CHILDREN}"
    ),
    "subtree": f"RETURN {_RANGE}",
    "subtree after": (  # with the current slots of those above the place where the last page ended
        "RETURN COLLECT { UNWIND $above AS key MATCH (s:Statement {key: key}) "
        f"RETURN [s.path, s.current_slot] }} AS above, {_RANGE}"
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
        "RETURN w.seq, w.address, w.slot, w.priority, w.attempts, w.reason ORDER BY w.tree, w.state, "
        "w.seq LIMIT $limit"
    ),
    "grant": "MATCH " + WORK + " RETURN w.grant AS grant, w.fence AS fence, w.until AS until",
    "granted": (
        "MATCH (w:Work) USING INDEX w:Work(tree, queue, until) "
        "WHERE w.tree = $tree AND w.queue = 'leased' AND w.until >= 0 AND w.grant = $grant "
        "RETURN w.statement, w.address, w.slot, w.priority, w.attempts, w.fence, w.until, w.seq"
    ),
    "document": (
        "MATCH (d:Document {tree: $tree, kind: $kind, key: $key}) "
        "RETURN d.key, d.body, d.version, d.changed, d.token"
    ),
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
        f"RETURN {STORED} AS stored ORDER BY s.tree, s.path LIMIT $limit"
    ),
    "clock": f"RETURN {CLOCK} AS clock",
    "blob": (
        "MATCH (b:Blob {digest: $digest}) "
        "RETURN b.size AS size, b.n_parts AS n_parts, b.is_complete AS is_complete"
    ),
    "blob part": "MATCH (p:BlobPart {blob: $digest, part: $part}) RETURN p.data AS data",
}
