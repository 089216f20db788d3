BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('2026_11_23_claims');
CREATE TABLE claims (
	scope TEXT NOT NULL, 
	claim TEXT NOT NULL, 
	digest TEXT NOT NULL, 
	state TEXT NOT NULL CHECK (state IN ('running', 'answered', 'lost')), 
	lease_until INTEGER NOT NULL, 
	status INTEGER, 
	headers TEXT, 
	body TEXT, 
	change_id INTEGER, 
	expires_at INTEGER NOT NULL, 
	PRIMARY KEY (scope), 
	UNIQUE (claim)
)
 STRICT

;
CREATE TABLE guess_failures (
	subject TEXT NOT NULL, 
	failures INTEGER NOT NULL, 
	failed_at INTEGER NOT NULL, 
	locked_until INTEGER NOT NULL, 
	forgotten_at INTEGER NOT NULL, 
	PRIMARY KEY (subject)
)
 STRICT

;
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
CREATE TABLE rate_windows (
	subject TEXT NOT NULL, 
	window INTEGER NOT NULL, 
	used INTEGER NOT NULL, 
	used_before INTEGER NOT NULL, 
	forgotten_at INTEGER NOT NULL, 
	PRIMARY KEY (subject)
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
CREATE TABLE security_events (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	at INTEGER NOT NULL, 
	last_at INTEGER NOT NULL, 
	count INTEGER NOT NULL, 
	event TEXT NOT NULL, 
	actor TEXT, 
	address TEXT, 
	user_agent TEXT, 
	request_id TEXT, 
	details TEXT NOT NULL, 
	fold TEXT, 
	UNIQUE (fold)
)
 STRICT

;
INSERT INTO "security_events" VALUES(1,1767268800000000,1767268800000000,1,'person_made','tester',NULL,NULL,NULL,'{"fields":["disabled","email","password_set","role"],"id":1,"person":"ada@example.com"}',NULL);
INSERT INTO "security_events" VALUES(2,1767268800000000,1767268800000000,1,'signed_in','ada@example.com',NULL,NULL,NULL,'{}',NULL);
INSERT INTO "security_events" VALUES(3,1767268800000000,1767268800000000,1,'key_made','tester',NULL,NULL,NULL,'{"fields":["disabled","expires_at","kind","limits","name","owner_id","role"],"id":1,"key":"ci"}',NULL);
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
INSERT INTO "session_tokens" VALUES('290e198294cc545a78d9c48fcaec9f85493db7f8b9449a662b5caa2f1df4699a','c45091a371de65fed8e52fb0c46068e4','access',1,1767269700000000);
INSERT INTO "session_tokens" VALUES('860c90f6f693336119fead76e15657f2a4427fb88ae07f5870b6454a1ce22d02','c45091a371de65fed8e52fb0c46068e4','refresh',1,1768478400000000);
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
INSERT INTO "sessions" VALUES('c45091a371de65fed8e52fb0c46068e4',1,0,1,1767268800000000,1768478400000000,NULL,1767268800000000);
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
CREATE INDEX ix_guess_failures_forgotten ON guess_failures (forgotten_at);
CREATE INDEX ix_rate_windows_forgotten ON rate_windows (forgotten_at);
CREATE INDEX ix_security_events_event ON security_events (event, id);
CREATE INDEX ix_security_events_at ON security_events (last_at);
CREATE INDEX ix_model_health_list ON model_health (model_row, passed, ttft_ms, output_tokens_per_s);
CREATE INDEX ix_claims_expires ON claims (expires_at);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('security_events',3);
COMMIT;
