-- A batch as one row: columns as JSON lists, data as lines. A row each would make SQLite take
-- and release the interpreter's lock for each, and beside a busy thread that is 5 ms a row.
SELECT
    json_group_array(position),
    json_group_array(stream),
    json_group_array(seq),
    json_group_array(ts),
    json_group_array(kind),
    CAST(group_concat(data, char(10)) AS BLOB)
FROM (
    SELECT position, stream, seq, ts, kind, data
    FROM events
    WHERE /* stream */ /* number */ position > :after AND /* number */ position <= :until
    ORDER BY position
)
