BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('2026_11_23_claimed_changes');
CREATE TABLE aliases (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	alias TEXT NOT NULL, 
	folded TEXT NOT NULL, 
	model_row INTEGER NOT NULL, 
	description TEXT, 
	fallbacks TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	created_at INTEGER NOT NULL, 
	updated_at INTEGER NOT NULL, 
	deleted_at INTEGER, 
	deleted_with_model INTEGER NOT NULL, 
	changed_at_revision INTEGER NOT NULL, 
	FOREIGN KEY(model_row) REFERENCES models (id) ON DELETE CASCADE
)
 STRICT

;
INSERT INTO "aliases" VALUES(1,'fast','fast',1,NULL,'[]',1,1767268800000000,1767268800000000,NULL,0,5);
CREATE TABLE change_digests (
	change_id INTEGER NOT NULL, 
	contents TEXT NOT NULL, 
	digest TEXT NOT NULL, 
	PRIMARY KEY (change_id), 
	FOREIGN KEY(change_id) REFERENCES change_sets (id)
)
 STRICT

;
INSERT INTO "change_digests" VALUES(1,'cdfea16bae79c92fa1e60ed5e07c580046d6bf93973623b440addefb0c1f1cab','4aff3b7b51048c215efa1bc65502a12c610767b337a34cffe7dec729149bf6c1');
INSERT INTO "change_digests" VALUES(2,'bbffe81b125f595a585d88a2348fa35d7c16f8712d64f1e0391b2e3e7ae8533b','c7e8ef4f55d744e28d9f43cc62c8dda0fbd020033cfc98982592847ed6e56d80');
INSERT INTO "change_digests" VALUES(3,'17b5fc8304db1aefe6af798108a2253cd9624bf6a2a08cef75da1d8af7cd47e5','795f51621300f1f6d28734ebee6aae6224f17450787a7d4f9626f4d1e4ed8730');
INSERT INTO "change_digests" VALUES(4,'f7db748bbd23cf75e9b538618888d08661295ce31fd876ea9ae225de84ec147e','1d372d9a0aefd2d23be0e4722bcb8d589a9c3a9f8cbba3b1caab4c58fc68f4ac');
INSERT INTO "change_digests" VALUES(5,'eab94e91df6ef6ef4c62af51de1e1f69c580dd01e84fb764d215c7a2b5a38710','c0719c71017e8f61a2f563f67104d56824155a431966ef63cde751a5c736d1ea');
INSERT INTO "change_digests" VALUES(6,'639cca485743c42fb7a3f12607e5769bcfaf0e12acfe441a4e8ca5b416b05c25','c7daf89c08b738ee263ec012fbb3fc66fd2cd97e0fb30231d728fbb658b2bc72');
INSERT INTO "change_digests" VALUES(7,'560dbef406b7c75b2825c1ea59f3fb51ad35a444ce70e8080672c82670a18573','d8c47f6c367f496615abea77916721a48bc0d53bc8943c1602a45de5e42b7918');
CREATE TABLE change_entries (
	change_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	entity TEXT NOT NULL, 
	entity_id INTEGER NOT NULL, 
	label TEXT NOT NULL, 
	"before" TEXT NOT NULL, 
	"after" TEXT NOT NULL, 
	PRIMARY KEY (change_id, position), 
	FOREIGN KEY(change_id) REFERENCES change_sets (id) ON DELETE CASCADE
)
 STRICT

;
INSERT INTO "change_entries" VALUES(1,0,'person',1,'ada@example.com','{}','{"disabled":false,"email":"ada@example.com","password_set":true,"role":"admin"}');
INSERT INTO "change_entries" VALUES(2,0,'provider',1,'Größe ⚡','{}','{"api_key_last4":"6789","api_key_set":true,"api_version":null,"base_url":"https://api.example.com/v1","ca_bundle":null,"enabled":true,"headers":{},"name":"Größe ⚡","network_scope":"public","proxy":null,"slug":"gr-e","timeouts":{},"type":"openai"}');
INSERT INTO "change_entries" VALUES(3,0,'model',1,'org/model:1 + %2B '' " \ Ünïcode','{}','{"agents_enabled":false,"display_name":"org/model:1 + %2B '' \" \\ Ünïcode","listed":true,"model_id":"org/model:1 + %2B '' \" \\ Ünïcode","provider_id":1,"source":"manual","supports_streaming":true,"task":"unknown","visible":false}');
INSERT INTO "change_entries" VALUES(4,0,'model',2,'m2','{}','{"agents_enabled":false,"display_name":"m2","listed":true,"model_id":"m2","provider_id":1,"source":"manual","supports_streaming":true,"task":"unknown","visible":false}');
INSERT INTO "change_entries" VALUES(5,0,'alias',1,'fast','{}','{"description":null,"fallbacks":[],"model":1,"model_id":"org/model:1 + %2B '' \" \\ Ünïcode"}');
INSERT INTO "change_entries" VALUES(6,0,'key',1,'ci','{}','{"disabled":false,"expires_at":null,"kind":"admin","limits":{},"name":"ci","owner_id":null,"role":"admin"}');
INSERT INTO "change_entries" VALUES(7,0,'model',2,'m2','{"deleted":false}','{"deleted":true}');
CREATE TABLE change_sets (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	revision INTEGER NOT NULL, 
	at INTEGER NOT NULL, 
	actor TEXT NOT NULL, 
	operation TEXT NOT NULL, 
	request_id TEXT, 
	touched INTEGER NOT NULL, 
	UNIQUE (revision)
)
 STRICT

;
INSERT INTO "change_sets" VALUES(1,1,1767268800000000,'tester','people.create',NULL,1);
INSERT INTO "change_sets" VALUES(2,2,1767268800000000,'tester','providers.create',NULL,1);
INSERT INTO "change_sets" VALUES(3,3,1767268800000000,'tester','models.create',NULL,1);
INSERT INTO "change_sets" VALUES(4,4,1767268800000000,'tester','models.create',NULL,1);
INSERT INTO "change_sets" VALUES(5,5,1767268800000000,'tester','aliases.create',NULL,1);
INSERT INTO "change_sets" VALUES(6,6,1767268800000000,'tester','keys.create',NULL,1);
INSERT INTO "change_sets" VALUES(7,7,1767268800000000,'tester','models.delete',NULL,1);
CREATE TABLE claimed_changes (
	claim TEXT NOT NULL, 
	change_id INTEGER NOT NULL, 
	at INTEGER NOT NULL, 
	PRIMARY KEY (claim)
)
 STRICT

;
CREATE TABLE instance (
	id INTEGER NOT NULL CHECK (id = 1), 
	revision INTEGER NOT NULL, 
	canary TEXT NOT NULL, 
	created_at INTEGER NOT NULL, 
	PRIMARY KEY (id)
)
 STRICT

;
INSERT INTO "instance" VALUES(1,7,'v1.495d3d2f.YLpiUzFV8Q0GZvAQMnygItFO8lq5qtuIDR3AOlI5NrWEQ8RWGpY9kqKf_S5s4S_EIYRsvcgnhXD_wJP-.x68boT80uBbcz-UvB_15bfNdURgJQtpgveQpoDAq91j5fJPZVmroQY0=',1767268800000000);
CREATE TABLE keys (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	name TEXT NOT NULL, 
	kind TEXT NOT NULL CHECK (kind IN ('user', 'agent', 'admin')), 
	role TEXT CHECK (role IN ('admin', 'viewer')), 
	owner_id INTEGER, 
	token_hash TEXT NOT NULL, 
	hint TEXT NOT NULL, 
	limits TEXT NOT NULL, 
	expires_at INTEGER, 
	disabled INTEGER NOT NULL, 
	version INTEGER NOT NULL, 
	created_at INTEGER NOT NULL, 
	updated_at INTEGER NOT NULL, 
	deleted_at INTEGER, 
	changed_at_revision INTEGER NOT NULL, 
	FOREIGN KEY(owner_id) REFERENCES people (id), 
	UNIQUE (token_hash)
)
 STRICT

;
INSERT INTO "keys" VALUES(1,'ci','admin','admin',NULL,'c0cf1ffb6aa99a7ac48f49a89d2d3a273c7151e6fb474dd84d33cf6e3f5b5a9d','Hvl0','{}',NULL,0,1,1767268800000000,1767268800000000,NULL,6);
CREATE TABLE model_facts (
	model_row INTEGER NOT NULL, 
	field TEXT NOT NULL, 
	source TEXT NOT NULL, 
	value TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	PRIMARY KEY (model_row, field, source), 
	FOREIGN KEY(model_row) REFERENCES models (id) ON DELETE CASCADE
)
 STRICT

;
CREATE TABLE models (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	provider_id INTEGER NOT NULL, 
	model_id TEXT NOT NULL, 
	display_name TEXT NOT NULL, 
	description TEXT, 
	task TEXT NOT NULL CHECK (task IN ('chat', 'embedding', 'other', 'unknown')), 
	context_length INTEGER, 
	max_output_tokens INTEGER, 
	supports_tools INTEGER, 
	supports_vision INTEGER, 
	supports_streaming INTEGER, 
	pricing TEXT, 
	lifecycle TEXT, 
	facts TEXT NOT NULL, 
	visible INTEGER NOT NULL, 
	listed INTEGER NOT NULL, 
	agents_enabled INTEGER NOT NULL, 
	source TEXT NOT NULL CHECK (source IN ('manual', 'discovered', 'file')), 
	missing_since INTEGER, 
	version INTEGER NOT NULL, 
	created_at INTEGER NOT NULL, 
	updated_at INTEGER NOT NULL, 
	deleted_at INTEGER, 
	changed_at_revision INTEGER NOT NULL, 
	FOREIGN KEY(provider_id) REFERENCES providers (id), 
	CONSTRAINT uq_models_provider_model UNIQUE (provider_id, model_id)
)
 STRICT

;
INSERT INTO "models" VALUES(1,1,'org/model:1 + %2B '' " \ Ünïcode','org/model:1 + %2B '' " \ Ünïcode',NULL,'unknown',NULL,NULL,NULL,NULL,1,NULL,NULL,'{"display_name":{"value":"org/model:1 + %2B '' \" \\ Ünïcode","source":"default","at":"2026-01-01T12:00:00Z"},"task":{"value":"unknown","source":"default","at":"2026-01-01T12:00:00Z"},"supports_streaming":{"value":true,"source":"default","at":"2026-01-01T12:00:00Z"}}',0,1,0,'manual',NULL,1,1767268800000000,1767268800000000,NULL,3);
INSERT INTO "models" VALUES(2,1,'m2','m2',NULL,'unknown',NULL,NULL,NULL,NULL,1,NULL,NULL,'{"display_name":{"value":"m2","source":"default","at":"2026-01-01T12:00:00Z"},"task":{"value":"unknown","source":"default","at":"2026-01-01T12:00:00Z"},"supports_streaming":{"value":true,"source":"default","at":"2026-01-01T12:00:00Z"}}',0,1,0,'manual',NULL,2,1767268800000000,1767268800000000,1767268800000000,7);
CREATE TABLE people (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	email TEXT NOT NULL, 
	email_folded TEXT NOT NULL, 
	role TEXT NOT NULL CHECK (role IN ('admin', 'viewer', 'user')), 
	password_hash TEXT, 
	disabled INTEGER NOT NULL, 
	session_epoch INTEGER NOT NULL, 
	version INTEGER NOT NULL, 
	created_at INTEGER NOT NULL, 
	updated_at INTEGER NOT NULL, 
	deleted_at INTEGER, 
	changed_at_revision INTEGER NOT NULL
)
 STRICT

;
INSERT INTO "people" VALUES(1,'ada@example.com','ada@example.com','admin','$argon2id$v=19$m=19456,t=2,p=1$cR8j0Bq1Zhe+Yh6NITmSnw$SVM3wjZ9QnfUg7tF25kA17yV5js2vsu+eVHPT/EdGUQ',0,0,1,1767268800000000,1767268800000000,NULL,1);
CREATE TABLE providers (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	name TEXT NOT NULL, 
	slug TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	base_url TEXT NOT NULL, 
	sealed_key TEXT, 
	key_origin TEXT, 
	key_hint TEXT, 
	enabled INTEGER NOT NULL, 
	network_scope TEXT NOT NULL, 
	headers TEXT NOT NULL, 
	api_version TEXT, 
	ca_bundle TEXT, 
	proxy TEXT, 
	timeouts TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	version INTEGER NOT NULL, 
	created_at INTEGER NOT NULL, 
	updated_at INTEGER NOT NULL, 
	deleted_at INTEGER, 
	changed_at_revision INTEGER NOT NULL
)
 STRICT

;
INSERT INTO "providers" VALUES(1,'Größe ⚡','gr-e','openai','https://api.example.com/v1','v1.495d3d2f.IhKWWJzRV1CM7cZJ53Z0xpas8FRroImv2IGtH4-zlM9LI68MWGPPIHjerTamoqqVsiBe-AlNnU9tuUiE.6ostET4YDSQMISI-qOXSw8tdY43gIZFscqesaGgWlnsGesOpXmf9Jm0ngG6-qDtByLnrroUj','https://api.example.com:443','6789',1,'public','{}',NULL,NULL,NULL,'{}',1,1,1767268800000000,1767268800000000,NULL,2);
CREATE TABLE setup_links (
	token_hash TEXT NOT NULL, 
	expires_at INTEGER NOT NULL, 
	PRIMARY KEY (token_hash)
)
 STRICT

;
CREATE UNIQUE INDEX ux_people_email ON people (email_folded) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX ux_providers_slug ON providers (slug) WHERE deleted_at IS NULL;
CREATE INDEX ix_change_entries_entity ON change_entries (entity, entity_id);
CREATE INDEX ix_keys_owner ON keys (owner_id);
CREATE INDEX ix_models_changed ON models (changed_at_revision);
CREATE INDEX ix_models_lower_model_id ON models (lower(model_id));
CREATE INDEX ix_models_model_id ON models (model_id);
CREATE INDEX ix_aliases_changed ON aliases (changed_at_revision);
CREATE INDEX ix_aliases_model_row ON aliases (model_row);
CREATE UNIQUE INDEX ux_aliases_folded ON aliases (folded) WHERE deleted_at IS NULL;
CREATE TRIGGER change_sets_no_update BEFORE update ON change_sets 
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER change_sets_no_delete BEFORE delete ON change_sets 
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER change_entries_no_update BEFORE update ON change_entries 
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER change_entries_no_delete BEFORE delete ON change_entries WHEN NOT EXISTS (SELECT 1 FROM change_entries WHERE entity = 'journal' AND entity_id >= OLD.change_id)
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER change_digests_no_update BEFORE update ON change_digests 
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER change_digests_no_delete BEFORE delete ON change_digests 
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE INDEX ix_models_list ON models (id, provider_id, visible, agents_enabled, supports_tools, supports_vision, supports_streaming, task, source, context_length, max_output_tokens, missing_since, instr(lifecycle, '"state":"retired"'), created_at, updated_at, model_id, lower(display_name)) WHERE deleted_at IS NULL;
CREATE INDEX ix_claimed_changes_at ON claimed_changes (at);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('people',1);
INSERT INTO "sqlite_sequence" VALUES('change_sets',7);
INSERT INTO "sqlite_sequence" VALUES('providers',1);
INSERT INTO "sqlite_sequence" VALUES('models',2);
INSERT INTO "sqlite_sequence" VALUES('aliases',1);
INSERT INTO "sqlite_sequence" VALUES('keys',1);
COMMIT;
