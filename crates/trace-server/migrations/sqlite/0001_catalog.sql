-- Tenant tables carry org_id first in their key, so that no row is ever found without it.
CREATE TABLE orgs (
    org_id     TEXT    NOT NULL PRIMARY KEY,
    pin_failed INTEGER NOT NULL DEFAULT 1,
    created_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE api_keys (
    key_id        TEXT    NOT NULL PRIMARY KEY,
    org_id        TEXT    NOT NULL,
    secret_sha256 BLOB    NOT NULL,
    scopes        TEXT    NOT NULL,
    name          TEXT    NOT NULL,
    created_ms    INTEGER NOT NULL,
    revoked_ms    INTEGER
) STRICT;
CREATE INDEX api_keys_by_org ON api_keys (org_id, created_ms);

CREATE TABLE traces (
    row_no            INTEGER PRIMARY KEY,
    org_id            TEXT    NOT NULL,
    trace_id          TEXT    NOT NULL,
    short_id          TEXT    NOT NULL,
    wall_ms           INTEGER NOT NULL,
    scenario_id       TEXT    NOT NULL,
    scenario_slug     TEXT    NOT NULL,
    scenario_title    TEXT    NOT NULL,
    project           TEXT    NOT NULL,
    run_id            TEXT    NOT NULL,
    retry             INTEGER NOT NULL,
    source            TEXT    NOT NULL,
    code_sha          TEXT,
    run_start         TEXT    NOT NULL,
    status            TEXT    NOT NULL,
    outcome           TEXT,
    abort_reason      TEXT,
    tier              TEXT    NOT NULL DEFAULT 'hot',
    pinned            INTEGER NOT NULL DEFAULT 0,
    duration_ms       REAL,
    failure_signature TEXT,
    failure_hash      TEXT,
    failed_step       TEXT,
    bytes             INTEGER NOT NULL DEFAULT 0,
    events            INTEGER NOT NULL DEFAULT 0,
    high_water        INTEGER NOT NULL DEFAULT 0,
    high_seq          INTEGER NOT NULL DEFAULT 0,
    -- live: chunks are separate objects; viewable: one file of the chunks; archived: one recompressed file
    form              TEXT    NOT NULL DEFAULT 'live',
    created_ms        INTEGER NOT NULL,
    active_ms         INTEGER NOT NULL,
    finalized_ms      INTEGER,
    finished_ms       INTEGER
) STRICT;
CREATE UNIQUE INDEX traces_by_id ON traces (org_id, trace_id);
CREATE UNIQUE INDEX traces_by_short_id ON traces (org_id, short_id);
CREATE INDEX traces_newest ON traces (org_id, created_ms DESC, trace_id DESC);
CREATE INDEX traces_by_signature ON traces (org_id, failure_signature, created_ms DESC);
CREATE INDEX traces_open ON traces (active_ms) WHERE finalized_ms IS NULL;

CREATE TABLE chunks (
    org_id    TEXT    NOT NULL,
    trace_id  TEXT    NOT NULL,
    chunk_no  INTEGER NOT NULL,
    sha256    TEXT    NOT NULL,
    bytes     INTEGER NOT NULL,
    raw_bytes INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,
    last_seq  INTEGER NOT NULL,
    min_ts_us INTEGER NOT NULL,
    max_ts_us INTEGER NOT NULL,
    PRIMARY KEY (org_id, trace_id, chunk_no)
) STRICT, WITHOUT ROWID;

-- One row per stored blob, of whatever organisation: only trace_blobs says who may read it.
CREATE TABLE blobs (
    sha256       TEXT    NOT NULL PRIMARY KEY,
    size         INTEGER NOT NULL,
    stored_bytes INTEGER NOT NULL,
    encoding     TEXT    NOT NULL,
    generation   INTEGER NOT NULL DEFAULT 0,
    created_ms   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE trace_blobs (
    org_id     TEXT    NOT NULL,
    trace_id   TEXT    NOT NULL,
    sha256     TEXT    NOT NULL,
    size       INTEGER NOT NULL,
    media_type TEXT    NOT NULL,
    PRIMARY KEY (org_id, trace_id, sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX trace_blobs_by_hash ON trace_blobs (org_id, sha256);
CREATE INDEX trace_blobs_references ON trace_blobs (sha256);

CREATE TABLE artifacts (
    org_id     TEXT    NOT NULL,
    trace_id   TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    sha256     TEXT    NOT NULL,
    bytes      INTEGER NOT NULL,
    made_by    TEXT    NOT NULL,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (org_id, trace_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE jobs (
    id          INTEGER PRIMARY KEY,
    org_id      TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    key         TEXT    NOT NULL UNIQUE,
    payload     TEXT    NOT NULL,
    state       TEXT    NOT NULL DEFAULT 'ready',
    attempt     INTEGER NOT NULL DEFAULT 0,
    lease_owner TEXT,
    lease_until INTEGER NOT NULL DEFAULT 0,
    run_at      INTEGER NOT NULL,
    step_state  TEXT    NOT NULL DEFAULT '{}',
    error       TEXT
) STRICT;
CREATE INDEX jobs_due ON jobs (state, run_at);

-- Tokens are made by us and joined by spaces, so the tokenizer has nothing left to decide.
CREATE VIRTUAL TABLE trace_text USING fts5 (org_id UNINDEXED, tokens, tokenize = "ascii", prefix = '2 3');
