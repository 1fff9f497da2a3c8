-- JSON values under a kind and a key: samples, rating sessions, answers of models. A version makes a write
-- conditional on what was read, so that two who lease one item can't both have it.

CREATE TABLE document (
  pk INTEGER PRIMARY KEY,
  tree INTEGER NOT NULL REFERENCES tree (pk),
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  version INTEGER NOT NULL,
  changed REAL NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (tree, kind, key)
) STRICT;

CREATE INDEX work_given_up ON work (tree, pk) WHERE state = 'given-up';
