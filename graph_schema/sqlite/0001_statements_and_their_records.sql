-- Rowid tables throughout: a random 16-byte primary key loads three times slower (research/stores.md, section 6).
-- The text comes last in its row, so that a scan that doesn't want it doesn't read it.

CREATE TABLE migration (
  version INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  checksum TEXT NOT NULL,
  applied REAL NOT NULL
) STRICT;

CREATE TABLE tree (
  pk INTEGER PRIMARY KEY,
  tree_id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL UNIQUE,
  spec TEXT NOT NULL,
  created REAL NOT NULL
) STRICT;

CREATE TABLE statement (
  pk INTEGER PRIMARY KEY,
  key BLOB NOT NULL UNIQUE,
  tree INTEGER NOT NULL REFERENCES tree (pk),
  path TEXT NOT NULL,
  parent INTEGER REFERENCES statement (pk),
  slot INTEGER NOT NULL,
  ordinal INTEGER NOT NULL,
  current_slot INTEGER,
  n_children INTEGER NOT NULL DEFAULT 0,
  is_unpacked INTEGER NOT NULL DEFAULT 0,
  is_dropped INTEGER NOT NULL DEFAULT 0,
  kind TEXT NOT NULL,
  condition TEXT,
  side TEXT,
  columns TEXT NOT NULL,
  origin TEXT NOT NULL,
  replaces TEXT,
  created REAL NOT NULL,
  size INTEGER NOT NULL,
  text TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX statement_by_path ON statement (tree, path);
CREATE UNIQUE INDEX statement_by_parent ON statement (parent, slot, ordinal);

-- The tree is not a word of the index: intersecting with a million entries cost 7 ms a search, while matches
-- of other trees are skipped at 2 microseconds each.
CREATE VIRTUAL TABLE statement_text USING fts5 (
  text, content = 'statement', content_rowid = 'pk', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TRIGGER statement_text_insert AFTER INSERT ON statement BEGIN
  INSERT INTO statement_text (rowid, text) VALUES (new.pk, new.text);
END;

CREATE TABLE expansion (
  pk INTEGER PRIMARY KEY,
  statement INTEGER NOT NULL REFERENCES statement (pk),
  slot INTEGER NOT NULL,
  unpacker TEXT NOT NULL,
  response TEXT,
  first_ordinal INTEGER NOT NULL,
  n_children INTEGER NOT NULL,
  digest BLOB NOT NULL,
  created REAL NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (statement, slot)
) STRICT;

-- AUTOINCREMENT: a page's cursor is the last row's number, which must never be given out again.
CREATE TABLE judgement (
  pk INTEGER PRIMARY KEY AUTOINCREMENT,
  tree INTEGER NOT NULL REFERENCES tree (pk),
  statement INTEGER NOT NULL REFERENCES statement (pk),
  id TEXT NOT NULL,
  kind TEXT NOT NULL,
  rater TEXT NOT NULL,
  created REAL NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (tree, id)
) STRICT;
CREATE INDEX judgement_by_tree ON judgement (tree);
CREATE INDEX judgement_by_rater ON judgement (tree, rater);
CREATE INDEX judgement_by_statement ON judgement (statement);

CREATE TABLE move (
  pk INTEGER PRIMARY KEY AUTOINCREMENT,
  tree INTEGER NOT NULL REFERENCES tree (pk),
  path TEXT NOT NULL,
  kind TEXT NOT NULL,
  created REAL NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX move_by_tree ON move (tree);

CREATE TABLE measure (
  statement INTEGER PRIMARY KEY REFERENCES statement (pk),
  tree INTEGER NOT NULL REFERENCES tree (pk),
  body TEXT NOT NULL
) STRICT;
CREATE INDEX measure_by_tree ON measure (tree);

CREATE TABLE work (
  pk INTEGER PRIMARY KEY,
  tree INTEGER NOT NULL REFERENCES tree (pk),
  statement INTEGER NOT NULL REFERENCES statement (pk),
  slot INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'unasked' CHECK (state IN ('unasked', 'asked', 'given-up', 'done')),
  priority REAL NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  fence INTEGER NOT NULL DEFAULT 0,
  worker TEXT,
  until REAL,
  reason TEXT,
  UNIQUE (statement, slot),
  CHECK ((worker IS NULL) = (until IS NULL))
) STRICT;
CREATE INDEX work_waiting ON work (tree, priority DESC, pk) WHERE state = 'asked' AND worker IS NULL;
CREATE INDEX work_leased ON work (tree, until) WHERE state = 'asked' AND worker IS NOT NULL;

CREATE TABLE blob (
  pk INTEGER PRIMARY KEY,
  digest TEXT NOT NULL UNIQUE,
  size INTEGER NOT NULL,
  n_parts INTEGER NOT NULL,
  is_complete INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE blob_part (
  pk INTEGER PRIMARY KEY,
  blob INTEGER NOT NULL REFERENCES blob (pk),
  part INTEGER NOT NULL,
  data BLOB NOT NULL,
  UNIQUE (blob, part)
) STRICT;
