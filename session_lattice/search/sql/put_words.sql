INSERT INTO words (rowid, body, parts, names) VALUES (?, ?, ?, ?)
