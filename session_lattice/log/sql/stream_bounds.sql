-- Epoch, oldest seq kept and newest given out of stream :name, and whether it has ended.
SELECT
    epoch,
    (SELECT min(seq) FROM events WHERE stream = streams.id),
    coalesce(streams.seq, 0),
    streams.ended IS NOT NULL
FROM meta
LEFT JOIN streams ON name = :name
