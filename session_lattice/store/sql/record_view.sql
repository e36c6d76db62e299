-- What a view is and how its last refresh went.
INSERT INTO catalog BY NAME
SELECT
    $name AS name,
    $axis AS axis,
    $question AS question,
    $grain AS grain,
    $columns AS columns,
    $interval AS refresh_interval_seconds,
    $origin AS origin,
    $definition AS definition,
    $position AS refreshed_position,
    $at AS materialized_at,
    $rows AS rows,
    $error AS error
