-- Give each name of a JSON list that has no stream yet an empty one.
INSERT OR IGNORE INTO streams (name) SELECT value FROM json_each(:names)
