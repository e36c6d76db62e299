-- From a JSON list of (id, seq, position, ended); `ended` is null unless the job ended now.
UPDATE streams
SET seq = given.seq, position = given.position, ended = coalesce(given.ended, streams.ended)
FROM (
    SELECT
        json_extract(value, '$[0]') AS id,
        json_extract(value, '$[1]') AS seq,
        json_extract(value, '$[2]') AS position,
        json_extract(value, '$[3]') AS ended
    FROM json_each(:streams)
) AS given
WHERE streams.id = given.id
