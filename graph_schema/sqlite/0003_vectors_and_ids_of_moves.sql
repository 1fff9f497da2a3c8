-- What a text means to a model: 384 numbers of four bytes, least significant first, of unit length. Kept in rows
-- that are read whole: nearer than a table of sqlite-vec, which Pythons without loadable extensions can't open
-- (benchmarks/results/search.md).

CREATE TABLE vector (
  pk INTEGER PRIMARY KEY,
  tree INTEGER NOT NULL REFERENCES tree (pk),
  statement INTEGER NOT NULL REFERENCES statement (pk),
  model TEXT NOT NULL,
  data BLOB NOT NULL,
  UNIQUE (statement, model)
) STRICT;
CREATE INDEX vector_by_model ON vector (tree, model);

-- An id makes a repeated append harmless; moves that were written before get one now.
ALTER TABLE move ADD COLUMN id TEXT;
UPDATE move SET id = lower(hex(randomblob(16)));
CREATE UNIQUE INDEX move_by_id ON move (tree, id);
