BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('2026_11_23');
CREATE TABLE model_health (
	model_row INTEGER NOT NULL, 
	passed INTEGER, 
	last_test TEXT, 
	last_benchmark TEXT, 
	ttft_ms INTEGER, 
	output_tokens_per_s INTEGER, 
	PRIMARY KEY (model_row)
)
 STRICT

;
CREATE TABLE provider_fetches (
	provider_id INTEGER NOT NULL, 
	at INTEGER NOT NULL, 
	outcome TEXT NOT NULL, 
	PRIMARY KEY (provider_id)
)
 STRICT

;
CREATE TABLE run_events (
	run_id INTEGER NOT NULL, 
	seq INTEGER NOT NULL, 
	at INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	data TEXT NOT NULL, 
	PRIMARY KEY (run_id, seq), 
	FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE
)
 STRICT

;
CREATE TABLE runs (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	model_row INTEGER NOT NULL, 
	model_id TEXT NOT NULL, 
	provider TEXT NOT NULL, 
	state TEXT NOT NULL CHECK (state IN ('running', 'finished', 'failed', 'cancelled', 'interrupted')), 
	"plan" TEXT NOT NULL, 
	report TEXT, 
	error TEXT, 
	actor TEXT NOT NULL, 
	revision INTEGER NOT NULL, 
	cancel_requested INTEGER NOT NULL, 
	lease_until INTEGER NOT NULL, 
	created_at INTEGER NOT NULL, 
	ended_at INTEGER
)
 STRICT

;
CREATE TABLE session_tokens (
	token_hash TEXT NOT NULL, 
	family TEXT NOT NULL, 
	kind TEXT NOT NULL CHECK (kind IN ('access', 'refresh')), 
	generation INTEGER NOT NULL, 
	expires_at INTEGER NOT NULL, 
	PRIMARY KEY (token_hash), 
	FOREIGN KEY(family) REFERENCES sessions (family) ON DELETE CASCADE
)
 STRICT

;
INSERT INTO "session_tokens" VALUES('06ae38825096774aef3f31424b31b53722023372ba1a3da0f1b534b310cbe1eb','f0fcc126d2dd9acb501640f332efaa72','access',1,1767269700000000);
INSERT INTO "session_tokens" VALUES('2ef1c775801f58863e0b4722ce5da33c427dadea1c95c86455323a87a9640cb1','f0fcc126d2dd9acb501640f332efaa72','refresh',1,1768478400000000);
CREATE TABLE sessions (
	family TEXT NOT NULL, 
	person_id INTEGER NOT NULL, 
	epoch INTEGER NOT NULL, 
	generation INTEGER NOT NULL, 
	refreshed_at INTEGER NOT NULL, 
	expires_at INTEGER NOT NULL, 
	revoked_at INTEGER, 
	created_at INTEGER NOT NULL, 
	PRIMARY KEY (family)
)
 STRICT

;
INSERT INTO "sessions" VALUES('f0fcc126d2dd9acb501640f332efaa72',1,0,1,1767268800000000,1768478400000000,NULL,1767268800000000);
CREATE TABLE test_results (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	model_row INTEGER NOT NULL, 
	test TEXT NOT NULL, 
	passed INTEGER, 
	at INTEGER NOT NULL, 
	actor TEXT NOT NULL, 
	result TEXT NOT NULL
)
 STRICT

;
CREATE INDEX ix_runs_model ON runs (model_row, id);
CREATE UNIQUE INDEX ux_runs_one_per_model ON runs (model_row) WHERE state = 'running';
CREATE INDEX ix_sessions_person ON sessions (person_id);
CREATE INDEX ix_test_results_model ON test_results (model_row, id);
DELETE FROM "sqlite_sequence";
COMMIT;
