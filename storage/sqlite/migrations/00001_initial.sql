-- +goose Up

-- Times are nanoseconds since the Unix epoch, UTC; durations are nanoseconds.

-- The log of runs. Sequence numbers are given in the order of commits and are
-- never used again. run is the whole run as JSON; the columns before it are
-- what queries and roll-ups need.
CREATE TABLE runs (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT    NOT NULL UNIQUE,
    check_id    TEXT    NOT NULL,
    location    TEXT    NOT NULL,
    outcome     TEXT    NOT NULL,
    maintenance INTEGER NOT NULL,
    started     INTEGER NOT NULL,
    duration    INTEGER NOT NULL,
    run         TEXT    NOT NULL
) STRICT;
-- The newest runs of a check.
CREATE INDEX runs_by_check ON runs (check_id, seq);
-- Roll-ups read nothing but this index.
CREATE INDEX runs_by_hour ON runs (check_id, started, outcome, maintenance, duration);

CREATE TABLE steps (
    run      INTEGER NOT NULL REFERENCES runs (seq) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    name     TEXT    NOT NULL,
    outcome  TEXT    NOT NULL,
    duration INTEGER NOT NULL,
    PRIMARY KEY (run, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE artifacts (
    run        INTEGER NOT NULL REFERENCES runs (seq) ON DELETE CASCADE,
    name       TEXT    NOT NULL,
    media_type TEXT    NOT NULL,
    step       TEXT    NOT NULL,
    made       INTEGER NOT NULL,
    data       BLOB    NOT NULL,
    PRIMARY KEY (run, name)
) STRICT;
CREATE INDEX artifacts_by_age ON artifacts (made);

-- Every check with runs or hours. Hours before rolled_until are complete in
-- hours, runs that are still kept included; from there on, hours has only what
-- was already pruned, and the rest is computed from runs.
CREATE TABLE checks (
    id           TEXT    NOT NULL PRIMARY KEY,
    rolled_until INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE hours (
    check_id    TEXT    NOT NULL,
    hour        INTEGER NOT NULL,
    passed      INTEGER NOT NULL,
    degraded    INTEGER NOT NULL,
    failed      INTEGER NOT NULL,
    unknown     INTEGER NOT NULL,
    maintenance INTEGER NOT NULL,
    p50         INTEGER NOT NULL,
    p95         INTEGER NOT NULL,
    max         INTEGER NOT NULL,
    -- Runs of the hour are gone: it can no longer be computed from runs.
    pruned      INTEGER NOT NULL,
    PRIMARY KEY (check_id, hour)
) STRICT, WITHOUT ROWID;

-- How far each follower of a log has come.
CREATE TABLE cursors (
    name TEXT    NOT NULL PRIMARY KEY,
    seq  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What the judge remembers of each series of runs.
CREATE TABLE memories (
    check_id TEXT NOT NULL,
    location TEXT NOT NULL,
    data     BLOB NOT NULL,
    PRIMARY KEY (check_id, location)
) STRICT, WITHOUT ROWID;

-- incident is the incident as JSON, without its events.
CREATE TABLE incidents (
    id       TEXT    NOT NULL PRIMARY KEY,
    check_id TEXT    NOT NULL,
    state    TEXT    NOT NULL,
    opened   INTEGER NOT NULL,
    resolved INTEGER NOT NULL, -- 0 while open
    incident TEXT    NOT NULL
) STRICT;
CREATE INDEX incidents_by_opened ON incidents (opened);
CREATE INDEX incidents_by_check ON incidents (check_id, opened);
CREATE INDEX incidents_open ON incidents (opened) WHERE state = 'open';

-- The log of incident events; append only.
CREATE TABLE incident_events (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    incident TEXT    NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
    number   INTEGER NOT NULL,
    event    TEXT    NOT NULL,
    UNIQUE (incident, number)
) STRICT;

-- The outbox.
CREATE TABLE notifications (
    id           TEXT    NOT NULL PRIMARY KEY,
    incident     TEXT    NOT NULL,
    event        INTEGER NOT NULL,
    audience     TEXT    NOT NULL,
    channel      TEXT    NOT NULL,
    endpoint     TEXT    NOT NULL,
    payload      BLOB    NOT NULL,
    created      INTEGER NOT NULL,
    state        TEXT    NOT NULL,
    attempts     INTEGER NOT NULL,
    next_attempt INTEGER NOT NULL,
    delivered    INTEGER NOT NULL,
    last_error   TEXT    NOT NULL
) STRICT;
CREATE INDEX notifications_due ON notifications (endpoint, next_attempt) WHERE state = 'pending';
CREATE INDEX notifications_by_incident ON notifications (incident);
