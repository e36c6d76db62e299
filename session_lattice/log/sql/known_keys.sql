-- Which of the given hashes, a JSON list, were appended before.
SELECT json_group_array(value)
FROM json_each(:hashes)
WHERE value IN keys OR value IN recent_keys
