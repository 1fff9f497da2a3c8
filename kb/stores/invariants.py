"""What every store checks of itself, in words; a finding names one of them."""

from __future__ import annotations

__all__ = [
    "ABOUT",
    "BLOB",
    "CHILDREN",
    "COUNT",
    "CURRENT",
    "DONE",
    "KEY",
    "PARENT",
    "RESPONSE",
    "ROOT",
    "SEARCH",
    "UNPACKED",
]

KEY = "a statement's key is the hash of its tree and address"
PARENT = "a statement's address is its parent's, its slot and its place; only roots have no parent"
COUNT = "a statement's count of children is right"
CURRENT = (
    "a statement has one current slot if it has children or expansions, and it is an unpacked one if any is"
)
UNPACKED = "a statement says that it is unpacked exactly when it has an expansion"
ROOT = "every tree has a root"
CHILDREN = "an expansion's children are all stored, as they were committed"
RESPONSE = "an expansion's raw response is stored"
ABOUT = "a judgement, measure, vector or piece of work is about a statement of its own tree"
DONE = "a committed slot neither waits for work nor is held by a worker"
BLOB = "a blob has all its parts and matches its digest"
SEARCH = "search knows every statement, with its words"
