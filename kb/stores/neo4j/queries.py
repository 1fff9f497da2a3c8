"""Every statement that must stay fast on a tree of any size, by name; their plans are tested.

A composite index is used only where each of its properties has a predicate, and it gives an order only
where ORDER BY names all of them. No path of unbounded length, and no MATCH that starts anywhere but in an
index. A statement that decides by what it reads writes first: a write takes the lock, and what is read
behind it is true.
"""

from __future__ import annotations

from kb.stores.neo4j.cypher.checks import CHECKS, LOST
from kb.stores.neo4j.cypher.reads import READS
from kb.stores.neo4j.cypher.writes import WRITES

__all__ = ["LOOK_AT_ALL", "QUERIES"]

QUERIES: dict[str, str] = {**READS, **WRITES, **CHECKS, **LOST}
LOOK_AT_ALL = frozenset(LOST)
