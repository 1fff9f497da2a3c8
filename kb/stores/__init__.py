"""Stores: the only rooms that know a database."""
