-- of: session.reported
-- Every reason that a report of the session ever named, with the count of the latest report.
MERGE INTO reported_stops AS t
USING (
    WITH told AS (
        SELECT session, stop_counts, origin, position
        FROM batch
        WHERE type = 'session.reported'
    ),
    latest AS (
        SELECT * FROM told
        QUALIFY row_number() OVER (PARTITION BY session ORDER BY position DESC) = 1
    ),
    named AS (
        SELECT session, unnest(stop_counts).reason AS reason FROM told
        UNION
        SELECT session, reason FROM reported_stops WHERE session IN (SELECT session FROM latest)
    ),
    counted AS (
        SELECT session, stop.reason, sum(stop.count)::BIGINT AS responses
        FROM (SELECT session, unnest(stop_counts) AS stop FROM latest)
        GROUP BY ALL
    )
    SELECT
        n.session,
        n.reason,
        coalesce(c.responses, 0) AS responses,
        l.origin,
        l.position AS changed
    FROM named AS n
    JOIN latest AS l ON l.session = n.session
    LEFT JOIN counted AS c ON c.session = n.session AND c.reason = n.reason
) AS b
ON t.session = b.session AND t.reason = b.reason
WHEN MATCHED THEN UPDATE SET responses = b.responses, origin = b.origin, changed = b.changed
WHEN NOT MATCHED THEN INSERT BY NAME *
