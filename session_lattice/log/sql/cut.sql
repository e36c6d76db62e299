-- Position of the event, among those up to :until, with which :bytes are reached.
SELECT max(position)
FROM (
    SELECT position, sum(bytes) OVER (ORDER BY position) - bytes AS before
    FROM (
        SELECT position, length(data) AS bytes
        FROM events
        WHERE /* stream = :stream AND */ position > :after AND position <= :until
    )
)
WHERE before < :bytes
