-- Exactly one row: how far the index is. The walk under way goes through everything that
-- changed behind `position`, in order of time; it has come to `walked`, and ends at `target`.
CREATE TABLE state (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    epoch      TEXT    NOT NULL,  -- of the log whose positions these are
    position   INTEGER NOT NULL,  -- all that changed up to here is indexed; -1: not even the old
    target     INTEGER,           -- NULL: no walk is under way
    walked     INTEGER NOT NULL,  -- microseconds
    begun_at   INTEGER NOT NULL,  -- when the walk was begun
    whole_at   INTEGER NOT NULL,  -- when a walk that came to its end was begun; 0: none did
    written_at INTEGER NOT NULL,
    life       TEXT    NOT NULL   -- another one for each index that is made: ids mean nothing else
);

INSERT INTO state VALUES (1, '', -1, NULL, 0, 0, 0, 0, lower(hex(randomblob(8))));

-- What many documents have in common: sort is session, agent, kind, cwd or tool.
CREATE TABLE names (
    id        INTEGER PRIMARY KEY,
    sort      TEXT    NOT NULL,
    name      TEXT    NOT NULL,
    documents INTEGER NOT NULL,  -- that have it, or had it
    UNIQUE (sort, name)
);

-- In the order in which they came, which for a walk is that of time.
CREATE TABLE documents (
    id       INTEGER PRIMARY KEY,
    identity INTEGER NOT NULL UNIQUE,  -- a hash of session, sort and source
    ts       INTEGER NOT NULL,         -- microseconds
    session  INTEGER NOT NULL,         -- this and the next four are names.id
    agent    INTEGER NOT NULL,
    kind     INTEGER NOT NULL,
    cwd      INTEGER NOT NULL,
    tool     INTEGER NOT NULL,
    subagent TEXT    NOT NULL,
    source   TEXT    NOT NULL,         -- the message's or the call's own id
    body     NOT NULL                  -- text, or a blob that `plain` makes into one
);

-- Which documents there may be of a day since 1970, so that a search in time need not pass the rest.
CREATE TABLE days (
    day    INTEGER PRIMARY KEY,
    oldest INTEGER NOT NULL,
    newest INTEGER NOT NULL
);

-- Where the index finds the text again that it marks words in; it is kept once.
CREATE VIEW texts AS
SELECT id, plain(body) AS body, NULL AS parts, NULL AS names FROM documents;

CREATE VIRTUAL TABLE words USING fts5 (
    body,
    parts,  -- of camelCase identifiers
    names,  -- of the document, as words that nobody types: what filters ask for
    content = 'texts',
    content_rowid = 'id',
    tokenize = "unicode61 remove_diacritics 2"
);
