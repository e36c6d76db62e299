-- What a view is and how its last refresh went.
INSERT INTO catalog BY NAME
SELECT
    $name AS name,
    $axis AS axis,
    $question AS question,
    $grain AS grain,
    $reads AS reads,
    $columns AS columns,
    $interval AS refresh_interval_seconds,
    $costly AS costly,
    $origin AS origin,
    $definition AS definition,
    $position AS refreshed_position,
    $pass AS refreshed_pass,
    $at AS materialized_at,
    $duration AS duration_ms,
    $rows AS rows,
    $error AS error
