-- Names of the streams in a JSON list of ids, as a JSON list of pairs.
SELECT json_group_array(json_array(id, name))
FROM streams
WHERE id IN (SELECT value FROM json_each(:ids))
