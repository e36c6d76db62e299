-- `id` keeps it to one row. `position` is the last one given out, kept here so that it goes on
-- rising when the events themselves are trimmed.
CREATE TABLE IF NOT EXISTS meta (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    epoch    TEXT    NOT NULL,
    position INTEGER NOT NULL
) STRICT;

-- `seq` and `position` are the stream's last; `ended` is the position of its terminal event.
CREATE TABLE IF NOT EXISTS streams (
    id       INTEGER PRIMARY KEY,
    name     TEXT    NOT NULL UNIQUE,
    seq      INTEGER NOT NULL DEFAULT 0,
    position INTEGER NOT NULL DEFAULT 0,
    ended    INTEGER
) STRICT;

-- What few events differ in: kept once instead of in every row.
CREATE TABLE IF NOT EXISTS kinds (
    id       INTEGER PRIMARY KEY,
    type     TEXT    NOT NULL,
    terminal INTEGER NOT NULL,
    origin   TEXT    NOT NULL,
    UNIQUE (type, terminal, origin)
) STRICT;

CREATE TABLE IF NOT EXISTS events (
    position INTEGER PRIMARY KEY,
    stream   INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    ts       INTEGER NOT NULL,
    kind     INTEGER NOT NULL,
    data     BLOB    NOT NULL
) STRICT;

CREATE INDEX IF NOT EXISTS events_stream ON events (stream, seq);

-- When events were appended: those from `position` up to the next mark, at `at` or within
-- MARK_SECONDS of it. Microseconds since the epoch.
CREATE TABLE IF NOT EXISTS marks (
    position INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL
) STRICT;

-- Hashes of all keys ever appended. They fall on random pages, so a batch would rewrite most of
-- a large table: new ones gather in the small one and are moved many at a time.
CREATE TABLE IF NOT EXISTS keys (hash INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS recent_keys (hash INTEGER PRIMARY KEY);

CREATE TABLE IF NOT EXISTS checkpoints (
    source TEXT NOT NULL,
    key    TEXT NOT NULL,
    value  BLOB NOT NULL,
    PRIMARY KEY (source, key)
) STRICT, WITHOUT ROWID;
