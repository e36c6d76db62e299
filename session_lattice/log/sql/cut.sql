-- Number of the event, among those up to :until, with which :bytes are reached.
SELECT max(number)
FROM (
    SELECT number, sum(bytes) OVER (ORDER BY number) - bytes AS before
    FROM (
        SELECT /* number */ position AS number, length(data) AS bytes
        FROM events
        WHERE /* stream */ /* number */ position > :after AND /* number */ position <= :until
    )
)
WHERE before < :bytes
