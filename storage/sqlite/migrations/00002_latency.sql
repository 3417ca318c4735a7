-- +goose Up

-- The latencies that objectives promise, by check. For these hours are rolled
-- up; the counts of any other are taken from the runs.
CREATE TABLE latency_bounds (
    check_id TEXT    NOT NULL,
    bound    INTEGER NOT NULL,
    PRIMARY KEY (check_id, bound)
) STRICT, WITHOUT ROWID;

-- Like hours, for one bound: how many of an hour's runs counted, and how many
-- of those worked and took no longer.
CREATE TABLE latency_hours (
    check_id TEXT    NOT NULL,
    bound    INTEGER NOT NULL,
    hour     INTEGER NOT NULL,
    good     INTEGER NOT NULL,
    total    INTEGER NOT NULL,
    PRIMARY KEY (check_id, bound, hour)
) STRICT, WITHOUT ROWID;
