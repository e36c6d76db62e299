-- Streams by a JSON list of names, as a JSON list of (name, id, seq).
SELECT json_group_array(json_array(name, id, seq))
FROM streams
WHERE name IN (SELECT value FROM json_each(:names))
