-- Quantiles of durations that can be added up: calls are counted in buckets, four to each
-- doubling, so that a quantile is right to within 10 %, or a millisecond.

-- The bucket of a duration in milliseconds.
CREATE OR REPLACE TEMP MACRO bucket_of(milliseconds) AS
    floor(4 * log2(greatest(milliseconds, 1)))::SMALLINT;

-- The middle of a bucket in seconds.
CREATE OR REPLACE TEMP MACRO seconds_of(bucket) AS
    round(pow(2, (bucket + if(bucket = 0, 0, 0.5)) / 4) / 1000, 4);

-- Milliseconds from a call to its result by the times of their lines, a person's approval and
-- other calls in front included; NULL where both lines have one time, which tells nothing.
CREATE OR REPLACE TEMP MACRO waited_ms(called_at, returned_at) AS
    if(returned_at > called_at, epoch_ms(returned_at) - epoch_ms(called_at), NULL);
