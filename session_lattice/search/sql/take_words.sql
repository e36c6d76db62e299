-- An index beside its texts cannot look up what it is to forget: it must be told.
INSERT INTO words (words, rowid, body, parts, names) VALUES ('delete', ?, ?, ?, ?)
