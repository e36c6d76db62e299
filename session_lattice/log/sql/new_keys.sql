-- Keeps the hashes of a JSON list that are new. All of them are, unless something is delivered again.
INSERT OR IGNORE INTO recent_keys SELECT value FROM json_each(:hashes) WHERE value NOT IN keys
