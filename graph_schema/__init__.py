"""What is stored: the typed description of a knowledge base, and the migrations that lay it down."""

from __future__ import annotations

from graph_schema.description import DESCRIPTION, NodeType, Property, Reference, Relationship
from graph_schema.migrations import APPLICATION_ID, Migration, neo4j_migrations, sqlite_migrations

__all__ = [
    "APPLICATION_ID",
    "DESCRIPTION",
    "Migration",
    "NodeType",
    "Property",
    "Reference",
    "Relationship",
    "neo4j_migrations",
    "sqlite_migrations",
]
