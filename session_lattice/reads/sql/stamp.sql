-- What the generation says of itself.
SELECT
    generation, published_at, pull, log_epoch, log_position,
    upstream, upstream_version, schema_version, rows, sample
FROM stamp
