-- +goose Up

-- What was said of a run, as JSON.
CREATE TABLE judgements (
    run       INTEGER PRIMARY KEY REFERENCES runs (seq) ON DELETE CASCADE,
    judgement TEXT    NOT NULL
) STRICT;

-- Deployments, changes of level, predictions. An empty check_id is all checks.
CREATE TABLE notes (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    id       TEXT    NOT NULL UNIQUE,
    check_id TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    note     TEXT    NOT NULL
) STRICT;
CREATE INDEX notes_by_check ON notes (check_id, at);

-- How far in the log a memory has come.
ALTER TABLE memories ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
