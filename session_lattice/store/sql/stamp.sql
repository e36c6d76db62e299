-- Every published generation says what it is and which part of the log it holds.
INSERT INTO stamp BY NAME
SELECT
    $generation AS generation,
    $published_at AS published_at,
    $pull AS pull,
    a.epoch AS log_epoch,
    a.position AS log_position,
    $upstream AS upstream,
    $upstream_version AS upstream_version,
    $schema_version AS schema_version,
    $rows AS rows,
    $sample AS sample
FROM applied AS a
