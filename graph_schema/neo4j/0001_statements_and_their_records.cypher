// One statement a line group, each ended by a semicolon. Composite uniqueness ignores nodes that lack one of the
// properties, so that the root, which has no parent, is allowed by statement_place.

CREATE CONSTRAINT tree_tree_id IF NOT EXISTS FOR (n:Tree) REQUIRE n.tree_id IS UNIQUE;
CREATE CONSTRAINT tree_name IF NOT EXISTS FOR (n:Tree) REQUIRE n.name IS UNIQUE;

CREATE CONSTRAINT statement_key IF NOT EXISTS FOR (n:Statement) REQUIRE n.key IS UNIQUE;
CREATE CONSTRAINT statement_path IF NOT EXISTS FOR (n:Statement) REQUIRE (n.tree, n.path) IS UNIQUE;
CREATE CONSTRAINT statement_place IF NOT EXISTS FOR (n:Statement) REQUIRE (n.parent, n.slot, n.ordinal) IS UNIQUE;

CREATE CONSTRAINT expansion_slot IF NOT EXISTS FOR (n:Expansion) REQUIRE (n.statement, n.slot) IS UNIQUE;
CREATE CONSTRAINT work_slot IF NOT EXISTS FOR (n:Work) REQUIRE (n.statement, n.slot) IS UNIQUE;
CREATE CONSTRAINT judgement_id IF NOT EXISTS FOR (n:Judgement) REQUIRE (n.tree, n.id) IS UNIQUE;
CREATE CONSTRAINT judgement_order IF NOT EXISTS FOR (n:Judgement) REQUIRE (n.tree, n.seq) IS UNIQUE;
CREATE CONSTRAINT move_id IF NOT EXISTS FOR (n:Move) REQUIRE (n.tree, n.id) IS UNIQUE;
CREATE CONSTRAINT move_order IF NOT EXISTS FOR (n:Move) REQUIRE (n.tree, n.seq) IS UNIQUE;
CREATE CONSTRAINT document_key IF NOT EXISTS FOR (n:Document) REQUIRE (n.tree, n.kind, n.key) IS UNIQUE;
CREATE CONSTRAINT vector_model IF NOT EXISTS FOR (n:Vector) REQUIRE (n.statement, n.model) IS UNIQUE;
CREATE CONSTRAINT vector_path IF NOT EXISTS FOR (n:Vector) REQUIRE (n.tree, n.model, n.path) IS UNIQUE;
CREATE CONSTRAINT blob_digest IF NOT EXISTS FOR (n:Blob) REQUIRE n.digest IS UNIQUE;
CREATE CONSTRAINT blob_part IF NOT EXISTS FOR (n:BlobPart) REQUIRE (n.blob, n.part) IS UNIQUE;

// Each of these holds only the nodes that have all its properties: what was measured, what waits, what is leased.
CREATE INDEX statement_rated IF NOT EXISTS FOR (n:Statement) ON (n.tree, n.rated);
CREATE INDEX work_queue IF NOT EXISTS FOR (n:Work) ON (n.tree, n.queue, n.rank, n.seq);
CREATE INDEX work_leased IF NOT EXISTS FOR (n:Work) ON (n.tree, n.queue, n.until);
CREATE INDEX work_asked IF NOT EXISTS FOR (n:Work) ON (n.tree, n.state, n.seq);
CREATE INDEX judgement_by_rater IF NOT EXISTS FOR (n:Judgement) ON (n.tree, n.rater, n.seq);
CREATE INDEX judgement_about IF NOT EXISTS FOR (n:Judgement) ON (n.statement, n.seq);

// No stop words: a search for "not" finds it. The tree is a field, so that other trees' matches are not read.
CREATE FULLTEXT INDEX statement_text IF NOT EXISTS FOR (n:Statement) ON EACH [n.text, n.folded, n.tree]
  OPTIONS {indexConfig: {`fulltext.analyzer`: 'standard-no-stop-words', `fulltext.eventually_consistent`: true}};
CREATE VECTOR INDEX vector_values IF NOT EXISTS FOR (n:Vector) ON (n.vector)
  OPTIONS {indexConfig: {`vector.dimensions`: 384, `vector.similarity_function`: 'cosine'}};
