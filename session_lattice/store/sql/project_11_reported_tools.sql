-- of: session.reported
-- Every tool that a report of the session ever named, with the counts of the latest report.
MERGE INTO reported_tools AS t
USING (
    WITH told AS (
        SELECT session, tool_counts, origin, position
        FROM batch
        WHERE type = 'session.reported'
    ),
    latest AS (
        SELECT * FROM told
        QUALIFY row_number() OVER (PARTITION BY session ORDER BY position DESC) = 1
    ),
    named AS (
        SELECT session, unnest(tool_counts).name AS tool FROM told
        UNION
        SELECT session, tool FROM reported_tools WHERE session IN (SELECT session FROM latest)
    ),
    counted AS (
        SELECT session, count.name AS tool, sum(count.calls)::BIGINT AS calls,
            sum(least(count.errors, count.calls))::BIGINT AS errors
        FROM (SELECT session, unnest(tool_counts) AS count FROM latest)
        GROUP BY ALL
    )
    SELECT
        n.session,
        n.tool,
        coalesce(c.calls, 0) AS calls,
        coalesce(c.errors, 0) AS errors,
        l.origin,
        l.position AS changed
    FROM named AS n
    JOIN latest AS l ON l.session = n.session
    LEFT JOIN counted AS c ON c.session = n.session AND c.tool = n.tool
) AS b
ON t.session = b.session AND t.tool = b.tool
WHEN MATCHED THEN UPDATE SET
    calls = b.calls, errors = b.errors, origin = b.origin, changed = b.changed
WHEN NOT MATCHED THEN INSERT BY NAME *
