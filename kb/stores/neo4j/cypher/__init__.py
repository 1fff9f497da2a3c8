"""The Cypher of the store."""
