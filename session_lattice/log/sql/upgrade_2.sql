-- From schema 1, which knew neither marks nor reading by seq.
DROP INDEX events_stream;
CREATE INDEX events_stream ON events (stream, seq);
CREATE TABLE marks (
    position INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL
) STRICT;
INSERT INTO marks SELECT min(position), :now FROM events HAVING min(position) IS NOT NULL;
