-- Which trace a trace is the replay of, as its own run.start says.
ALTER TABLE traces ADD COLUMN parent_trace_id TEXT;
UPDATE traces SET parent_trace_id = json_extract(run_start, '$.parent_trace_id') WHERE json_valid(run_start);
CREATE INDEX traces_by_parent ON traces (org_id, parent_trace_id) WHERE parent_trace_id IS NOT NULL;

CREATE TABLE replays (
    org_id          TEXT    NOT NULL,
    replay_id       TEXT    NOT NULL,
    trace_id        TEXT    NOT NULL,
    -- Playwright's project of the source, by which workers choose.
    project         TEXT    NOT NULL,
    request         TEXT    NOT NULL,
    idempotency_key TEXT,
    state           TEXT    NOT NULL DEFAULT 'queued',
    code            TEXT,
    message         TEXT,
    child_trace_id  TEXT,
    certificate     TEXT,
    timings         TEXT,
    -- Counts every claim: with the id it is the fencing token.
    attempt         INTEGER NOT NULL DEFAULT 0,
    -- Counts the workers that vanished with it.
    lost            INTEGER NOT NULL DEFAULT 0,
    worker          TEXT,
    lease_until     INTEGER NOT NULL DEFAULT 0,
    cancel_ms       INTEGER,
    created_ms      INTEGER NOT NULL,
    queued_ms       INTEGER NOT NULL,
    started_ms      INTEGER,
    ended_ms        INTEGER,
    PRIMARY KEY (org_id, replay_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX replays_by_key ON replays (org_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX replays_by_trace ON replays (org_id, trace_id, created_ms);
CREATE INDEX replays_open ON replays (created_ms) WHERE ended_ms IS NULL;

CREATE TABLE replay_progress (
    org_id    TEXT    NOT NULL,
    replay_id TEXT    NOT NULL,
    n         INTEGER NOT NULL,
    line      TEXT    NOT NULL,
    PRIMARY KEY (org_id, replay_id, n)
) STRICT, WITHOUT ROWID;

-- Who works, and for which suites; a row without a fresh seen_ms is a worker that has gone.
CREATE TABLE replay_workers (
    worker  TEXT    NOT NULL PRIMARY KEY,
    suites  TEXT    NOT NULL,
    seen_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
