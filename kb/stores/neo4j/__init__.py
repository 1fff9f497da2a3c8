"""The store for teams and for size: a Neo4j database, many machines."""

from __future__ import annotations

__all__: list[str] = []
